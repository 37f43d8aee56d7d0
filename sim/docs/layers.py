"""A graph without circles as a drawing: boxes in layers, arrows downwards, in SVG.

As Sugiyama, Tagawa and Toda have it (IEEE Transactions on Systems, Man, and Cybernetics 11, 1981): each box lies above
all that its arrows lead to; an arrow that passes a layer takes a place of its own there; places in a layer are put in
the order of the mean of their neighbours, again and again, and the order with the fewest crossings is kept. The same
graph gives the same drawing, letter by letter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from html import escape
from itertools import combinations, pairwise
from typing import Final

Arrows = Mapping[str, Set[str]]
Order = list[list[str]]

_SWEEPS: Final = 24
_LETTER: Final = 8.4
_SMALL: Final = 6.2
_PAD: Final = 14.0
_APART: Final = 26.0
_NARROW: Final = 10.0
_LAYER: Final = 96.0
_BESIDE: Final = 26.0
_MARGIN: Final = 30.0
_FONT: Final = "font-family='Helvetica, Arial, sans-serif'"
_COLOURS: Final = ("#e0e9f6", "#fbe3c0", "#dcefdc", "#f1dcec")


@dataclass(frozen=True, slots=True)
class Box:
    """What is drawn of a node: its name, small lines below it, a sentence that shows on pointing, and its mark."""

    name: str
    lines: tuple[str, ...] = ()
    about: str = ""
    mark: str = ""

    @property
    def width(self) -> float:
        return max([len(self.name) * _LETTER, *(len(line) * _SMALL for line in self.lines)]) + 2 * _PAD

    @property
    def height(self) -> float:
        return 32.0 + 14.0 * len(self.lines)


def reachable(arrows: Arrows) -> dict[str, frozenset[str]]:
    """All nodes that a way of arrows leads to. ValueError for a circle."""
    found: dict[str, frozenset[str]] = {}

    def visit(node: str, above: tuple[str, ...]) -> frozenset[str]:
        if node in above:
            raise ValueError(f"a circle: {' -> '.join((*above[above.index(node) :], node))}")
        if node not in found:
            below = [visit(each, (*above, node)) | {each} for each in sorted(arrows[node])]
            found[node] = frozenset().union(*below)
        return found[node]

    for node in arrows:
        visit(node, ())
    return found


def reduced(arrows: Arrows) -> dict[str, set[str]]:
    """The arrows without those that a longer way says as well."""
    far = reachable(arrows)
    return {
        node: {to for to in below if not any(to in far[other] for other in below if other != to)}
        for node, below in arrows.items()
    }


def levels(arrows: Arrows) -> dict[str, int]:
    """The layer of each node, 0 at the bottom: one above the highest that it leads to.

    What leads nowhere, or to less than leads to it, lies right below the lowest that leads to it.
    """
    few, far = reduced(arrows), reachable(arrows)
    found: dict[str, int] = {}
    for node in sorted(arrows, key=lambda each: (len(far[each]), each)):
        found[node] = 1 + max((found[to] for to in arrows[node]), default=-1)
    for node in sorted(arrows, key=lambda each: (-found[each], each)):
        users = [other for other in arrows if node in few[other]]
        if users and len(few[node]) < len(users):
            found[node] = min(found[other] for other in users) - 1
    return found


def svg(boxes: Mapping[str, Box], arrows: Arrows, title: str, legend: Sequence[tuple[str, str]] = ()) -> str:
    """The drawing; `legend` has the marks that are coloured, each with what it says."""
    few = reduced(arrows)
    layered, chains = _layered(few, levels(arrows))
    order = _ordered(layered, chains)
    middle = _placed(order, chains, boxes)
    left = min(middle[name] - _width(name, boxes) / 2 for name in middle) - _MARGIN
    width = max(middle[name] + _width(name, boxes) / 2 for name in middle) + _MARGIN - left
    height = _LAYER * len(order) + 2 * _MARGIN + 24.0 * bool(legend)
    at = {
        name: (middle[name] - left, _MARGIN + _LAYER * (len(order) - 1 - level) + _LAYER / 2)
        for level, names in enumerate(order)
        for name in names
    }
    colours = dict(zip(("", *(mark for mark, _ in legend)), _COLOURS, strict=False))
    lines = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:.0f} {height:.0f}' width='{width:.0f}' "
        f"height='{height:.0f}' role='img'>",
        f"<title>{escape(title)}</title>",
        "<defs><marker id='head' viewBox='0 0 8 8' refX='7' refY='4' markerWidth='7' markerHeight='7' "
        "orient='auto'><path d='M0 0.8 L7 4 L0 7.2 z' fill='#5c6b7d'/></marker></defs>",
        f"<rect width='{width:.0f}' height='{height:.0f}' fill='#ffffff'/>",
        *_arrow_lines(chains, at, boxes),
        *(line for name in sorted(boxes) for line in _box_lines(boxes[name], at[name], colours)),
        *_legend_lines(legend, colours, height),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _layered(few: Arrows, level: Mapping[str, int]) -> tuple[Order, dict[tuple[str, str], list[str]]]:
    """The nodes of each layer, and for each arrow the places that it passes, its ends included."""
    layered: Order = [sorted(name for name in few if level[name] == at) for at in range(max(level.values()) + 1)]
    chains: dict[tuple[str, str], list[str]] = {}
    for node in sorted(few):
        for to in sorted(few[node]):
            passed = [f"{node}>{to}@{at}" for at in range(level[node] - 1, level[to], -1)]
            for at, name in zip(range(level[node] - 1, level[to], -1), passed, strict=True):
                layered[at].append(name)
            chains[node, to] = [node, *passed, to]
    return layered, chains


def _neighbours(chains: Mapping[tuple[str, str], list[str]]) -> dict[str, tuple[list[str], list[str]]]:
    """By place, those right below and those right above that a line joins to it."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for chain in chains.values():
        for upper, lower in pairwise(chain):
            found.setdefault(upper, ([], []))[0].append(lower)
            found.setdefault(lower, ([], []))[1].append(upper)
    return found


def _ordered(layered: Order, chains: Mapping[tuple[str, str], list[str]]) -> Order:
    """The order with the fewest crossings of those that sweeps up and down come by."""
    joined = _neighbours(chains)
    order = [[*layer] for layer in layered]
    best, fewest = order, _crossings(order, joined)
    for sweep in range(_SWEEPS):
        side = sweep % 2  # 0: by those below, upwards; 1: by those above, downwards
        for at in range(len(order)) if side == 0 else reversed(range(len(order))):
            place = {name: number / max(len(layer) - 1, 1) for layer in order for number, name in enumerate(layer)}
            order[at].sort(
                key=lambda name: _mean([place[each] for each in joined.get(name, ([], []))[side]], place[name])
            )
        crossed = _crossings(order, joined)
        if crossed < fewest:
            best, fewest = [[*layer] for layer in order], crossed
    return best


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _crossings(order: Order, joined: Mapping[str, tuple[list[str], list[str]]]) -> int:
    count = 0
    for lower, upper in pairwise(order):
        place = {name: at for at, name in enumerate(lower)}
        lines = [(at, place[to]) for at, name in enumerate(upper) for to in joined.get(name, ([], []))[0]]
        count += sum((a - c) * (b - d) < 0 for (a, b), (c, d) in combinations(lines, 2))
    return count


def _width(name: str, boxes: Mapping[str, Box]) -> float:
    return boxes[name].width if name in boxes else _NARROW


def _placed(order: Order, chains: Mapping[tuple[str, str], list[str]], boxes: Mapping[str, Box]) -> dict[str, float]:
    """The middle of each place: near the mean of its neighbours, and none over another."""
    joined = _neighbours(chains)
    middle: dict[str, float] = {}
    for layer in order:
        at = 0.0
        for name in layer:
            middle[name] = at + _width(name, boxes) / 2
            at += _width(name, boxes) + _APART
        for name in layer:
            middle[name] -= (at - _APART) / 2
    for sweep in range(2 * _SWEEPS):
        for layer in order if sweep % 2 == 0 else reversed(order):
            wanted = {
                name: _mean([middle[each] for side in joined.get(name, ([], [])) for each in side], middle[name])
                for name in layer
            }
            _spread(layer, wanted, middle, boxes)
    return middle


def _spread(
    layer: Sequence[str], wanted: Mapping[str, float], middle: dict[str, float], boxes: Mapping[str, Box]
) -> None:
    """Put a layer's places where they are wanted, as far as they keep apart: those that would overlap go as one."""
    groups: list[tuple[list[str], float]] = []  # names, and the left end that suits them on average
    for name in layer:
        members, start = [name], wanted[name] - _width(name, boxes) / 2
        while groups and groups[-1][1] + _length(groups[-1][0], boxes) + _APART > start:
            before, left = groups.pop()
            length = _length(before, boxes) + _APART
            start = (left * len(before) + (start - length) * len(members)) / (len(before) + len(members))
            members = [*before, *members]
        groups.append((members, start))
    for members, start in groups:
        for name in members:
            middle[name] = start + _width(name, boxes) / 2
            start += _width(name, boxes) + _APART


def _length(names: Sequence[str], boxes: Mapping[str, Box]) -> float:
    return sum(_width(name, boxes) for name in names) + _APART * (len(names) - 1)


def _arrow_lines(
    chains: Mapping[tuple[str, str], list[str]], at: Mapping[str, tuple[float, float]], boxes: Mapping[str, Box]
) -> Iterator[str]:
    for (start, end), chain in chains.items():
        (x, y), *passed, (to_x, to_y) = (at[name] for name in chain)
        y += boxes[start].height / 2
        path = f"M{x:.1f} {y:.1f}"
        for by_x, by_y in passed:  # straight down between the boxes of that layer
            path += _curve(x, y, by_x, by_y - _BESIDE) + f" V{by_y + _BESIDE:.1f}"
            x, y = by_x, by_y + _BESIDE
        path += _curve(x, y, to_x, to_y - boxes[end].height / 2 - 2)
        yield (
            f"<path data-from='{start}' data-to='{end}' d='{path}' fill='none' stroke='#5c6b7d' stroke-width='1.3' "
            f"marker-end='url(#head)'><title>{start} imports {end}</title></path>"
        )


def _curve(x: float, y: float, to_x: float, to_y: float) -> str:
    """On, first downwards and in the end downwards."""
    bend = (to_y - y) / 2
    return f" C{x:.1f} {y + bend:.1f} {to_x:.1f} {to_y - bend:.1f} {to_x:.1f} {to_y:.1f}"


def _box_lines(box: Box, at: tuple[float, float], colours: Mapping[str, str]) -> Iterator[str]:
    x, y = at
    top = y - box.height / 2
    yield f"<g data-box='{box.name}'><title>{escape(box.about)}</title>"
    yield (
        f"<rect x='{x - box.width / 2:.1f}' y='{top:.1f}' width='{box.width:.1f}' height='{box.height:.1f}' rx='6' "
        f"fill='{colours[box.mark]}' stroke='#40526a' stroke-width='1.1'/>"
    )
    yield _text(x, top + 21, 15, escape(box.name), " font-weight='bold'")
    for number, line in enumerate(box.lines):
        yield _text(x, top + 37 + 14 * number, 11.5, escape(line), " fill='#40526a'")
    yield "</g>"


def _text(x: float, y: float, size: float, words: str, more: str = "") -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size}' text-anchor='middle' {_FONT}{more}>{words}</text>"


def _legend_lines(legend: Sequence[tuple[str, str]], colours: Mapping[str, str], height: float) -> Iterator[str]:
    x, y = _MARGIN, height - _MARGIN
    for mark, words in legend:
        yield (
            f"<rect x='{x:.1f}' y='{y - 11:.1f}' width='14' height='14' rx='3' fill='{colours[mark]}' "
            "stroke='#40526a'/>"
        )
        yield f"<text x='{x + 20:.1f}' y='{y + 1:.1f}' font-size='12' {_FONT}>{escape(words)}</text>"
        x += 40 + len(words) * 6.6
