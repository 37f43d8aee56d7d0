"""Drawings whose rows have names: ranges with a mark in them, bars, bars of parts.

A row's name stands left of it where there is room, else above; amounts stand at the right end. A row may have a mark
for each variant, below one another.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from sim.report.page import svg

#: From which width on names stand beside their rows, px.
WIDE: Final = 520
_ROW: Final = 20
_GAP: Final = 9
_HEAD: Final = 18
_AXIS: Final = 24
#: How much wider a bold letter is, and a wide one.
_BOLD: Final = 1.3


@dataclass(frozen=True, slots=True)
class Mark:
    """One number with its range: the class that has its colour, its marker's number, and what it says at the right."""

    of: str
    number: int
    low: float
    middle: float
    high: float
    says: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar: the class that has its colour, how much it is, and how much of that was waiting."""

    of: str
    amount: float
    waited: float
    name: str


@dataclass(frozen=True, slots=True)
class Row:
    """A name, and its marks, or the parts of its bar with what they come to."""

    name: str
    marks: Sequence[Mark] = ()
    parts: Sequence[Part] = ()
    says: str = ""


def ranges(width: int, says: str, rows: Sequence[Row], unit: str, limits: tuple[float, float]) -> Markup:
    """A line from low to high with a marker in it, a row a mark; what lies outside the limits ends in an arrow."""

    def shape(x: svg.Scale, y: float, mark: Mark) -> Markup:
        parts = []
        if math.isfinite(mark.low) and math.isfinite(mark.high):
            parts.append(svg.element("line", x1=x(mark.low), x2=x(mark.high), y1=y, y2=y, class_=f"{mark.of} range"))
        for end, edge, step in ((mark.low, x.low, 6), (mark.high, x.high, -6)):
            if math.isfinite(end) and (end < edge if step > 0 else end > edge):
                at = x(edge)
                parts.append(svg.path([(at + step, y - 4), (at, y), (at + step, y + 4)], f"{mark.of} range"))
        parts.append(svg.marker(x(mark.middle), y, mark.number, f"{mark.of} mark"))
        return svg.joined(parts)

    return _rows(width, says, rows, unit, limits, shape)


def bars(width: int, says: str, rows: Sequence[Row], unit: str) -> Markup:
    """A bar from zero, a row a mark."""
    most = max((mark.middle for row in rows for mark in row.marks if math.isfinite(mark.middle)), default=1.0) or 1.0

    def shape(x: svg.Scale, y: float, mark: Mark) -> Markup:
        length = max(x(mark.middle) - x(0.0), 1.0)
        return svg.element("rect", x=x(0.0), y=y - 6, width=length, height=12, class_=f"{mark.of} bar")

    return _rows(width, says, rows, unit, (0.0, most), shape)


def _rows(
    width: int, says: str, rows: Sequence[Row], unit: str, limits: tuple[float, float],
    shape: Callable[[svg.Scale, float, Mark], Markup],
) -> Markup:  # fmt: skip
    beside = width >= WIDE
    texts = max((svg.wide(mark.says) for row in rows for mark in row.marks), default=0.0) + 12
    names = min(max((svg.wide(row.name) for row in rows), default=0.0) + 14, 0.36 * width) if beside else 0.0
    if width - names - texts < 0.3 * width:
        texts = 0.7 * width - names
    x = svg.Scale(*limits, names + 8, width - texts, unit=unit)
    heights = [_ROW * len(row.marks) + _GAP + (0 if beside else _HEAD) for row in rows]
    bottom = sum(heights) + 4
    parts = [svg.bottom_axis(x, bottom, 0, lambda number: svg.tick_text(number, unit))]
    if limits[0] < 0 < limits[1]:
        parts.append(svg.element("line", x1=x(0.0), x2=x(0.0), y1=0, y2=bottom, class_="zero"))
    y = 0.0
    for row, height in zip(rows, heights, strict=True):
        if beside:
            parts.append(svg.text(0, y + _GAP / 2 + _ROW * len(row.marks) / 2 + 4, row.name, most=names - 6))
        else:
            parts.append(svg.text(0, y + 13, row.name, class_="name over", most=width / _BOLD))
        at = y + (0 if beside else _HEAD) + _GAP / 2 + _ROW / 2
        for mark in row.marks:
            parts.append(shape(x, at, mark))
            parts.append(svg.text(width, at + 4, mark.says, "end", most=texts))
            at += _ROW
        y += height
    return svg.drawing(width, bottom + _AXIS, says, *parts)


def stacks(width: int, says: str, rows: Sequence[Row], unit: str, pattern: str) -> Markup:
    """A bar of parts a row, on one scale, its name and sum above; what was waited of a part is hatched by `pattern`.

    `pattern` is a name that no other drawing of the page has.
    """
    most = max((sum(part.amount for part in row.parts) for row in rows), default=1.0) or 1.0
    x = svg.Scale(0.0, most, 1, width - 10, unit=unit)
    bottom = 48 * len(rows) + 2
    hatch = svg.element(
        "pattern", svg.element("path", d="M-1 1L1 -1M0 6L6 0M5 7L7 5", class_="hatch"), id_=pattern, width=6, height=6,
        patternUnits="userSpaceOnUse",
    )  # fmt: skip
    parts = [
        svg.element("defs", hatch),
        svg.bottom_axis(x, bottom, 0, lambda number: svg.tick_text(number, unit)),
    ]
    for at, row in enumerate(rows):
        y, begins = 48 * at, 0.0
        parts.append(svg.text(0, y + 14, row.name, class_="name", most=(width - svg.wide(row.says) - 16) / _BOLD))
        parts.append(svg.text(width, y + 14, row.says, "end"))
        for part in row.parts:
            for length, hatched in ((part.amount - part.waited, False), (part.waited, True)):
                if length <= 0:
                    continue
                left, right = x(begins), x(begins + length)
                begins += length
                about = svg.element("title", f"{part.name}{', waited' if hatched else ''}")
                box = {"x": left, "y": y + 20.0, "width": right - left, "height": 22}
                parts.append(svg.element("rect", about, class_=f"{part.of} bar part", **box))
                if hatched:
                    parts.append(svg.element("rect", fill=f"url(#{pattern})", **box))
    return svg.drawing(width, bottom + _AXIS, says, *parts)
