"""SVG (W3C, SVG 2) as text: elements whose attributes and texts are escaped, scales with round ticks, markers.

Colours are never said here: elements have classes, of which the page's style knows the colour in light, in dark and on
paper. How wide a text is has to be guessed, since only a browser knows its font: a bit more than is usual.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

from sim.errors import one_line
from sim.report.formatting import scale

#: Width of a letter as a share of the font's size: wider than most fonts without serifs, so that guesses are on the
#: safe side.
_LETTER: Final = 0.55
#: Sizes of text, px.
SMALL: Final = 12
#: Room that every drawing has beyond the end of its lower axis, px.
EDGE: Final = 10.0
_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
_SHAPES: Final = 5


def element(tag: str, *children: str | Markup, **attributes: object) -> Markup:
    """`<tag ...>children</tag>`; names with `_` are written with `-`, one at the end is left out, None is no attribute.

    Text among the children is escaped, and control characters in it are written out.
    """
    given = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(_value(value))}"'
        for name, value in attributes.items() if value is not None
    )  # fmt: skip
    inside = "".join(child if isinstance(child, Markup) else escape(one_line(child)) for child in children)
    return Markup(f"<{tag}{given}>{inside}</{tag}>" if inside else f"<{tag}{given}/>")


def joined(parts: Sequence[Markup]) -> Markup:
    """Elements one after another."""
    return Markup("").join(parts)


def drawing(width: float, height: float, says: str, *children: Markup) -> Markup:
    """A whole drawing, which grows and shrinks with the page."""
    return element(
        "svg", element("title", says), *children, role="img", aria_label=one_line(says), width=width, height=height,
        viewBox=f"0 0 {width:g} {height:g}",
    )  # fmt: skip


def text(x: float, y: float, content: str, anchor: str = "start", class_: str = "", most: float = math.inf) -> Markup:
    """A text that ends in dots where it is wider than `most`; the whole of it is then its title."""
    shown = fitted(content, most)
    children: list[str | Markup] = [shown] if shown == content else [element("title", content), shown]
    return element(
        "text", *children, x=x, y=y, text_anchor=None if anchor == "start" else anchor, class_=class_ or None
    )  # fmt: skip


def wide(content: str) -> float:
    """About how wide a small text is, px."""
    return len(one_line(content)) * SMALL * _LETTER


def fitted(content: str, most: float) -> str:
    """The text, or as much of it as is about so wide."""
    content = one_line(content)
    if wide(content) <= most:
        return content
    return content[: max(int(most / (SMALL * _LETTER)) - 1, 1)] + "\u2026"


def path(points: Sequence[tuple[float, float]], class_: str, **attributes: object) -> Markup:
    """A line through points, each where a pixel's tenth says."""
    d = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return element("path", d=d.replace(".0 ", " ").replace(".0L", "L"), class_=class_, **attributes)


def marker(x: float, y: float, number: int, class_: str, size: float = 4.5) -> Markup:
    """A variant's own shape: circle, square, triangle, diamond, or triangle downwards."""
    kind = number % _SHAPES
    if kind == 0:
        return element("circle", cx=x, cy=y, r=size, class_=class_)
    if kind == 1:
        return element("rect", x=x - size, y=y - size, width=2 * size, height=2 * size, class_=class_)
    r = 1.25 * size
    corners = {
        2: [(x, y - r), (x + r, y + 0.8 * r), (x - r, y + 0.8 * r)],
        3: [(x, y - r), (x + r, y), (x, y + r), (x - r, y)],
        4: [(x, y + r), (x + r, y - 0.8 * r), (x - r, y - 0.8 * r)],
    }[kind]
    return element("polygon", points=" ".join(f"{a:.1f},{b:.1f}" for a, b in corners), class_=class_)


@dataclass(frozen=True, slots=True)
class Scale:
    """Where numbers from `low` to `high` stand between two pixels, evenly or by ratios.

    Ticks are round in the unit that amounts of `unit` are written in: full minutes, not thousands of seconds.
    """

    low: float
    high: float
    start: float
    end: float
    ratios: bool = False
    unit: str = ""

    def __call__(self, number: float) -> float:
        """The pixel, within the scale's ends."""
        number = min(max(number, self.low), self.high)
        if self.ratios:
            share = math.log(number / self.low) / math.log(self.high / self.low)
        else:
            share = (number - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self, most: int) -> list[float]:
        """At most so many round numbers."""
        if self.ratios:
            return _ratio_ticks(self.low, self.high, most)
        factor = scale(max(abs(self.low), abs(self.high)), self.unit)[1]
        return [factor * each for each in _even_ticks(self.low / factor, self.high / factor, most)]


def _even_ticks(low: float, high: float, most: int) -> list[float]:
    rough = (high - low) / max(most, 1)
    tenth = 10.0 ** math.floor(math.log10(rough))
    step = next((step * tenth for step in _STEPS if (high - low) / (step * tenth) <= most), 10 * tenth)
    first = math.ceil(low / step - 1e-9)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]


def _ratio_ticks(low: float, high: float, most: int) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
        found = [factor * 10.0**decade for decade in decades for factor in factors]
        found = [number for number in found if low * (1 - 1e-9) <= number <= high * (1 + 1e-9)]
        if len(found) <= most:
            return found
    return found[:: math.ceil(len(found) / max(most, 1))]


def tick_text(number: float, unit: str) -> str:
    """`500 ms`, `2 s`, `-20 %`: a round number with its unit."""
    if unit == "%":
        return f"{number:+g} %" if number else "0 %"
    name, factor = scale(number, unit)
    return f"{number / factor:,.6g} {name}".rstrip()


def bottom_axis(scale: Scale, y: float, top: float, label: Callable[[float], str]) -> Markup:
    """Lines from top to bottom at round numbers, named below; as many as have room."""
    most = 8
    while most > 1:
        ticks = scale.ticks(most)
        room = abs(scale.end - scale.start) / max(len(ticks), 1)
        if all(wide(label(each)) + 10 < room for each in ticks):
            break
        most -= 1
    parts = []
    for each in scale.ticks(most):
        x = scale(each)
        parts.append(element("line", x1=x, x2=x, y1=top, y2=y, class_="grid"))
        half = wide(label(each)) / 2
        if x < half:
            parts.append(text(0, y + 15, label(each), "start", "soft"))
        elif x + half > scale.end + EDGE:
            parts.append(text(scale.end + EDGE, y + 15, label(each), "end", "soft"))
        else:
            parts.append(text(x, y + 15, label(each), "middle", "soft"))
    return joined(parts)


def left_axis(scale: Scale, x: float, right: float, label: Callable[[float], str], most: int = 5) -> Markup:
    """Lines from left to right at round numbers, named at their left."""
    parts = []
    for each in scale.ticks(most):
        y = scale(each)
        parts.append(element("line", x1=x, x2=right, y1=y, y2=y, class_="grid"))
        parts.append(text(x - 6, y + 4, label(each), "end", "soft"))
    return joined(parts)


def _value(value: object) -> str:
    return one_line(value) if isinstance(value, str) else f"{value:.1f}".removesuffix(".0") if isinstance(
        value, float
    ) else str(value)  # fmt: skip
