"""The map as SVG: a line as wide as its capacity, by direction in the colour of its use, and dashed where unused.

Width goes with the logarithm of the capacity, colour with the share used in the busiest minute. Hosts stand in a box
beside their place, a row a group with its number, capacity and line; the link that held bodies back the longest has a
ring. Left out: what happened when; delays are in the links' titles.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from markupsafe import Markup

from sim.report.formatting import amount
from sim.report.map import land
from sim.report.map.layout import Box, Point, Room, View, between, by_force, on_earth
from sim.report.map.network import Group, Line, Network, Use
from sim.report.page import svg
from sim.units import format_rate

STYLE: Final = (Path(__file__).parent / "map.css").read_text(encoding="utf-8")
#: Shares used in the busiest minute from which on a line has the next colour.
_STEPS: Final = (0.1, 0.3, 0.6, 0.9)
_ROW: Final = 17
#: Of a longer name the beginning stands in a box, px.
_NAME_PX: Final = 190
_MOST_ROWS: Final = 6
_LEGEND: Final = 64
#: How much larger a drawing is made at most, one step after another, until all boxes find room.
_LARGER: Final = (1.0, 1.35, 1.8, 2.4)
_MOST_NAMED: Final = 14  # links that have their capacity written beside them


def drawing(network: Network, width: int = 900) -> Markup:
    """The whole map, with its legend; higher where boxes would find no room."""
    for larger in _LARGER:
        view, at, height = _placed(network, width, larger)
        on_lines = [between(at[line.a], at[line.b], step / 40) for line in network.lines for step in range(1, 40)]
        room = Room(width, height, [(x - 7, y - 7, x + 7, y + 7) for x, y in at.values()], on_lines)
        # The larger a box, the less room it finds later.
        order = sorted(network.places, key=lambda place: -_texts(network, place).high)
        texts = {place: _beside(network, place, at[place], room) for place in order}
        unnamed = sum(not box for _, box in texts.values())
        if not unnamed:
            break
    parts = [svg.element("rect", width=float(width), height=height, class_="sea")]
    parts += _earth(view) if view is not None else []
    parts += [part for line in network.lines for part in _link(line, at, network)]
    parts += [part for leader, _ in texts.values() for part in leader]
    parts += [svg.element("circle", cx=x, cy=y, r=4.5, class_="dot") for x, y in at.values()]
    parts += [part for _, box in texts.values() for part in box]
    parts += _capacities(network, at, room)
    parts += _legend(network, width, height, unnamed)
    return _whole(network, width, height, parts)


def _placed(network: Network, width: int, larger: float) -> tuple[View | None, dict[str, Point], float]:
    """Where places stand, on Earth if all have a position, and how high the drawing is."""
    if network.placed:
        view, at = on_earth(network, width, 0.9 * width, larger)
        return view, at, view.height
    boxes = [_texts(network, place) for place in network.places]
    margin = min(max(box.wide for box in boxes) + 20, 0.46 * width), max(box.high for box in boxes) + 24
    least = 0.5 * width if len(boxes) > 1 else 0.0
    height = larger * max(least, 2.2 * margin[1], 45 * math.sqrt(len(boxes)))
    return None, by_force(network, width, height, (margin[0], min(margin[1], 0.4 * height))), height


def _whole(network: Network, width: int, height: float, parts: Sequence[Markup]) -> Markup:
    says = describe(network)
    return svg.element(
        "svg", svg.element("title", says), *parts, class_="map", role="img", aria_label=says, width=width,
        height=height + _LEGEND, viewBox=f"0 0 {width:g} {height + _LEGEND:.1f}",
    )  # fmt: skip


def standalone(network: Network, width: int = 900) -> str:
    """The map as a file of its own."""
    made = str(drawing(network, width))
    head, tail = made.split(">", 1)
    return f'{head} xmlns="http://www.w3.org/2000/svg"><style>{STYLE}</style>{tail}\n'


def describe(network: Network) -> str:
    """What the map shows, in a sentence."""
    hosts = sum(group.count for group in network.groups)
    worst = network.bottleneck
    held = f"; {worst} held transfers back the longest" if worst else ""
    return (
        f"{network.title}: {len(network.places)} places, {len(network.lines)} links between them, {hosts} hosts{held}"
    )


def _earth(view: View) -> Iterator[Markup]:
    """Land, and every so many degrees a line."""
    for ring in land.rings():
        easts, norths = zip(*ring, strict=True)
        if max(easts) < view.west or min(easts) > view.east or max(norths) < view.south or min(norths) > view.north:
            continue
        points = _thinned([view(*point) for point in ring])
        if len(points) > 2:
            yield svg.element("path", d=f"M{'L'.join(f'{x:.0f} {y:.0f}' for x, y in points)}Z", class_="land")
    step = next(step for step in (1, 2, 5, 10, 15, 30, 45) if (view.east - view.west) / step <= 9 or step == 45)
    for east in range(math.ceil(view.west / step) * step, math.floor(view.east) + 1, step):
        yield svg.path([view(east, view.south), view(east, view.north)], "net")
    for north in range(math.ceil(view.south / step) * step, math.floor(view.north) + 1, step):
        yield svg.path([view(view.west, north), view(view.east, north)], "net")


def _thinned(points: Sequence[Point]) -> list[Point]:
    """Those that a pixel tells apart."""
    found: list[Point] = []
    for point in points:
        if not found or abs(point[0] - found[-1][0]) + abs(point[1] - found[-1][1]) >= 1.5:
            found.append(point)
    return found


def _width(capacity_Bps: float) -> float:
    """From a hair at 1 Mbit/s and below to 8 px at 100 Gbit/s."""
    decades = math.log10(max(8 * capacity_Bps, 1.0)) - 6
    return min(max(1.0 + 1.4 * decades, 1.0), 8.0)


def _colour(use: Use | None) -> str:
    if use is None:
        return "u u0"
    if not use.carried_bytes:
        return "u u0 none"
    return f"u u{step_of(use.peak)}"


def step_of(share: float) -> int:
    """Which of the colours a share has, from 0 on."""
    return sum(share >= step for step in _STEPS)


def _thick(width: float, use: Use | None) -> float:
    """Dashes are thin: what carries nothing is not to be seen first."""
    return min(width, 1.5) if use is not None and not use.carried_bytes else width


def _link(line: Line, at: dict[str, Point], network: Network) -> Iterator[Markup]:
    """Both directions side by side, and a ring where it holds others back the longest."""
    a, b = at[line.a], at[line.b]
    widths = [_width(rate) for rate in (line.up_Bps, line.down_Bps)]
    for rate_width, use, side in zip(widths, (line.up, line.down), (1, -1), strict=True):
        aside = side * (rate_width / 2 + 0.75)
        ends = between(a, b, 0.0, aside), between(a, b, 1.0, aside)
        about = svg.element("title", _about(line))
        yield svg.element(
            "path", about, d=f"M{ends[0][0]:.1f} {ends[0][1]:.1f}L{ends[1][0]:.1f} {ends[1][1]:.1f}",
            class_=_colour(use), stroke_width=_thick(rate_width, use), data_link=_direction(line, side),
        )  # fmt: skip
    if line.name == network.bottleneck:
        x, y = between(a, b, 0.5)
        yield svg.element("circle", cx=x, cy=y, r=sum(widths) / 2 + 8, class_="ring")


def _direction(line: Line, side: int) -> str:
    """The name of one direction of a link, as tables have it."""
    return f"{line.name}-{'up' if side > 0 else 'down'}"


def _about(line: Line) -> str:
    used = "".join(
        f", {name} {100 * use.peak:.0f} % in its busiest minute" for name, use in (("up", line.up), ("down", line.down))
        if use is not None
    )  # fmt: skip
    return f"{line.name}: {_rates(line)}, {amount(2 * line.delay_s, 's')} there and back{used}"


def _rates(line: Line) -> str:
    """`10 Gbit/s`, or `50 up, 200 down Mbit/s`."""
    up, down = format_rate(line.up_Bps), format_rate(line.down_Bps)
    if up == down:
        return up
    (rate, unit), (other, same) = up.split(" "), down.split(" ")
    return f"{rate} up, {other} down {unit}" if unit == same else f"{up} up, {down} down"


def _usual(network: Network) -> str:
    """The capacity that most links between places have."""
    counted = Counter(_rates(line) for line in network.lines)
    return counted.most_common(1)[0][0] if counted else ""


def _capacities(network: Network, at: dict[str, Point], room: Room) -> Iterator[Markup]:
    """The capacity of each link beside it that has not the usual one, where there are few and there is room."""
    usual = _usual(network)
    unusual = [line for line in network.lines if _rates(line) != usual]
    for line in unusual if len(unusual) <= _MOST_NAMED else ():
        text = _rates(line)
        for share in (0.5, 0.35, 0.65):
            box = room.beside(between(at[line.a], at[line.b], share), svg.wide(text), 14, 8, near=True)
            if box is not None:
                yield svg.text(box[0], box[3] - 3, text, class_="soft over")
                break


class _Texts(NamedTuple):
    """What stands in a place's box, how many groups more there are, and how large the box is, px."""

    groups: list[Group]
    texts: list[str]
    more: int
    wide: float
    high: float


def _texts(network: Network, place: str) -> _Texts:
    groups = [group for group in network.groups if group.place == place]
    more = len(groups) - _MOST_ROWS
    if more > 1:
        groups = groups[:_MOST_ROWS]
    texts = [f"{_named(group)}, {_rates(group.line)}" for group in groups]
    wide = max([min(svg.wide(place), _NAME_PX) + 8, *(svg.wide(text) + 46 for text in texts)]) + 8
    return _Texts(groups, texts, max(more, 0), wide, 22.0 + _ROW * (len(groups) + (more > 1)))


def _beside(network: Network, place: str, at: Point, room: Room) -> tuple[list[Markup], list[Markup]]:
    """A line from a place to the box beside it, and the box; nothing where there is no room for it."""
    texts = _texts(network, place)
    box = room.beside(at, texts.wide, texts.high)
    if box is None:
        return [], []
    near = min(max(at[0], box[0]), box[2]), min(max(at[1], box[1]), box[3])
    leader = svg.element("line", x1=at[0], y1=at[1], x2=near[0], y2=near[1], class_="leader")
    return [leader], [*_box(network, place, texts, box)]


def _box(network: Network, place: str, of: _Texts, box: Box) -> Iterator[Markup]:
    """A place's name and its groups of hosts, in a box."""
    groups, texts, more, wide, high = of
    left, top, _, bottom = box
    if groups:
        yield svg.element("rect", x=left, y=top, width=wide, height=high, rx=4, class_="plate")
    yield svg.text(left + 6, top + 15, place, class_="place" if groups else "place over", most=_NAME_PX)
    for number, (group, text) in enumerate(zip(groups, texts, strict=True)):
        y = top + 20 + _ROW * number + 8
        yield _mark(group.kind, left + 12, y)
        for side, rate_Bps, use in ((1, group.line.up_Bps, group.line.up), (-1, group.line.down_Bps, group.line.down)):
            thick = min(_width(rate_Bps), 5.0)
            at_y = y - side * (thick / 2 + 0.5)
            yield svg.element("line", x1=left + 20, x2=left + 40, y1=at_y, y2=at_y, class_=_colour(use),
                              stroke_width=_thick(thick, use), data_link=_direction(group.line, side))  # fmt: skip
        if group.line.name == network.bottleneck:
            yield svg.element("rect", x=left + 16, y=y - 9, width=28, height=18, rx=9, class_="ring")
        yield svg.text(left + 48, y + 4, text)
    if more > 1:
        yield svg.text(left + 48, bottom - 6, f"and {more} more groups", class_="soft")


def _named(group: Group) -> str:
    if group.kind == "central":
        return "central"
    return f"{group.kind} {svg.fitted(group.name, _NAME_PX)}" + (f" \u00d7 {group.count:,}" if group.count > 1 else "")


def _mark(kind: str, x: float, y: float) -> Markup:
    """Central is a diamond, nodes are squares, caches triangles, clients circles."""
    return svg.marker(x, y, {"central": 3, "caches": 2, "nodes": 1}.get(kind, 0), "host", 4)


def _legend(network: Network, width: int, height: float, unnamed: int) -> Iterator[Markup]:
    """What widths, colours, dashes, the ring and the marks mean, in as many rows as fit."""
    entries: list[tuple[float, list[Markup], str]] = []

    def sample(class_: str, thick: float, text: str) -> None:
        entries.append((24, [svg.element("line", x1=0, x2=20, y1=-4, y2=-4, class_=class_, stroke_width=thick)], text))

    kinds = [("central", 3), ("nodes", 1), ("clients", 0)]
    if any(group.kind == "caches" for group in network.groups):
        kinds.insert(1, ("caches", 2))
    for kind, number in kinds:
        entries.append((12, [svg.marker(5, -4, number, "host", 4)], kind))
    for rate_bps in (10e6, 1e9, 100e9):
        sample("u u0", _width(rate_bps / 8), format_rate(rate_bps / 8))
    if network.ran:
        edges = [0.0, *_STEPS, 1.0]
        for step in range(len(_STEPS) + 1):
            sample(f"u u{step}", 5.0, f"{100 * edges[step]:.0f}\u2013{100 * edges[step + 1]:.0f} %")
        sample("u u0 none", 3.0, "nothing carried")
        if network.bottleneck:
            ring = svg.element("circle", cx=8, cy=-4, r=7, class_="ring")
            entries.append((20, [ring], "held transfers back the longest"))
    if network.lines and len({_rates(line) for line in network.lines}) <= _MOST_NAMED:
        entries.append((0, [], f"links without a figure: {_usual(network)}"))
    if not network.placed:
        entries.append((0, [], "places stand where links put them: not all have a position"))
    if unnamed:
        entries.append((0, [], f"{unnamed} places have no room for their names"))
    yield svg.element("rect", y=height, width=float(width), height=float(_LEGEND), class_="foot")
    x, y = 8.0, height + 18
    for before, marks, text in entries:
        long = before + svg.wide(text) + 14
        if x + long > width and x > 8:
            x, y = 8.0, y + 18
        yield svg.element("g", *marks, svg.text(before, 0, text), transform=f"translate({x:.1f} {y:.1f})")
        x += long
