"""Figures as people read them: three significant digits with a unit, signed where they are differences."""

from __future__ import annotations

import math

from sim.stats.intervals import Interval
from sim.units import format_bytes, format_seconds


def amount(value: float, unit: str) -> str:
    """`1.16 s`, `18.2 GB`, `12`: a value in the unit of its metric; `infinite` and `none` where it is no number."""
    if math.isnan(value):
        return "none"
    if math.isinf(value):
        return "infinite" if value > 0 else "-infinite"
    rounded = float(f"{abs(value):.3g}")
    sign = "-" if value < 0 and rounded else ""
    if unit == "s":
        return sign + format_seconds(rounded)
    if unit == "bytes":
        return sign + format_bytes(round(rounded))
    number = f"{rounded:,.0f}" if rounded >= 100 else f"{rounded:g}"
    return f"{sign}{number} {unit}".rstrip()


def change(value: float, unit: str) -> str:
    """An amount that says which way it goes: `+1.16 s`."""
    return ("+" if value > 0 else "") + amount(value, unit)


def per_cent(share: float) -> str:
    """`-52 %`, `+0.31 %`: a share of something, signed; `none` when there is none."""
    return f"{100 * share:+.2g} %" if abs(share) < 0.1 else "none" if math.isnan(share) else f"{100 * share:+,.0f} %"


def bounds(found: Interval, unit: str) -> str:
    """`-1.3 s to -1.2 s`: a difference's interval."""
    return f"{change(found.low, unit)} to {change(found.high, unit)}"
