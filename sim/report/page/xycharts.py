"""Drawings of one number over another: shares below a latency, courses over time, metrics along a key.

Curves differ in colour and in dashes, so that neither has to be seen. A limit is a dashed line with its text; spans of
the lower axis are shaded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from markupsafe import Markup

from sim.report.page import svg

_TOP: Final = 22
_BOTTOM: Final = 40


@dataclass(frozen=True, slots=True)
class Curve:
    """Points in order; `spread` has the low and high end at each, where there are any, `stepped` holds in between."""

    of: str
    number: int
    points: Sequence[tuple[float, float]]
    spread: Sequence[tuple[float, float]] = ()
    stepped: bool = False
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis shows: its name, its limits, whether by ratios, and how a number on it is written."""

    name: str
    low: float
    high: float
    label: Callable[[float], str]
    ratios: bool = False
    unit: str = ""


def chart(
    width: int, says: str, across: Axis, up: Axis, curves: Sequence[Curve], height: int = 260,
    at_x: Sequence[tuple[float, str]] = (), at_y: Sequence[tuple[float, str]] = (),
    spans: Sequence[tuple[float, float, str]] = (),
) -> Markup:  # fmt: skip
    """The drawing; `at_x` and `at_y` are limits on either axis, `spans` what is shaded, each with its text."""
    top = _TOP + 16 * len(at_x)
    y = svg.Scale(up.low, up.high, height - _BOTTOM, top, up.ratios, up.unit)
    names = [up.label(tick) for tick in y.ticks(5)]
    left = max((svg.wide(name) for name in names), default=0.0) + 12
    x = svg.Scale(across.low, across.high, left, width - 12, across.ratios, across.unit)
    parts = [
        svg.bottom_axis(x, height - _BOTTOM, top, across.label),
        svg.left_axis(y, left, width - 12, up.label),
        svg.text((left + width) / 2, height - 4, across.name, "middle", "soft", most=width),
        svg.text(0, 12, up.name, class_="soft", most=width),
    ]
    for begins, ends, name in spans:
        box = {"x": x(begins), "width": max(x(ends) - x(begins), 2.0), "y": top, "height": height - _BOTTOM - top}
        parts.append(svg.element("rect", svg.element("title", name), class_="span", **box))
    parts += [_curve(curve, x, y) for curve in curves]
    parts += _limits(at_x, x, width, height)
    for value, name in at_y:
        if up.low <= value <= up.high:
            parts.append(svg.element("line", x1=left, x2=width - 12, y1=y(value), y2=y(value), class_="limit"))
            parts.append(svg.text(width - 14, y(value) - 5, name, "end", "over", most=width - left))
    return svg.drawing(width, height, says, *parts)


def _limits(at_x: Sequence[tuple[float, str]], x: svg.Scale, width: int, height: int) -> list[Markup]:
    """Upright lines, their texts above the curves, one below the other, so that none meets another."""
    parts = []
    for row, (value, name) in enumerate(at_x):
        if not x.low <= value <= x.high:
            continue
        at, down = x(value), _TOP + 9 + 16 * row
        parts.append(svg.element("line", x1=at, x2=at, y1=down - 9, y2=height - _BOTTOM, class_="limit"))
        before = at > width / 2
        room = at - x.start if before else x.end - at
        parts.append(svg.text(at - 5 if before else at + 5, down, name, "end" if before else "start", "over", room))
    return parts


def _curve(curve: Curve, x: svg.Scale, y: svg.Scale) -> Markup:
    points = [(x(a), y(b)) for a, b in curve.points if math.isfinite(b)]
    if curve.stepped:
        corners = [each for (a, b), (c, _) in pairwise(points) for each in ((a, b), (c, b))]
        points = [*corners, *points[-1:]]
    parts = []
    for (a, b), (low, high) in zip(curve.points, curve.spread, strict=False):
        if math.isfinite(b) and math.isfinite(low) and math.isfinite(high):
            parts.append(svg.element("line", x1=x(a), x2=x(a), y1=y(low), y2=y(high), class_=f"{curve.of} range"))
    if len(points) > 1:
        parts.append(svg.path(points, f"{curve.of} curve d{curve.number % 5}"))
    if curve.marked:
        parts += [svg.marker(a, b, curve.number, f"{curve.of} mark", 3.5) for a, b in points]
    return svg.joined(parts)


def limits(numbers: Sequence[float], ratios: bool = False) -> tuple[float, float]:
    """From the lowest to the highest of these, with a bit of room, from zero on where that is near."""
    finite = [number for number in numbers if math.isfinite(number) and (number > 0 or not ratios)]
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    if ratios:
        low, high = (low or 0.1), (high or 1.0)
        return (low / 1.08, high * 1.08) if high / low > 1.01 else (low / 2, high * 2)
    if low >= 0 and low < 0.6 * high:
        low = 0.0
    room = 0.06 * ((high - low) or abs(high) or 1.0)
    return (low - (room if low else 0.0), high + room)
