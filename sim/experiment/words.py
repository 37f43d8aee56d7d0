"""Figures as people read them: an amount with its unit and, in the same unit and as many decimals, its interval.

Three significant digits of the mean, since more would be noise at the usual ten runs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from sim.accounting.failures import Failures
from sim.stats.intervals import ENOUGH_RUNS, Interval
from sim.units import bytes_of, seconds_of

# From which amount on a unit is used: five minutes are still read well as 300 s.
_UNITS: Final[Mapping[str, tuple[tuple[str, float, float], ...]]] = {
    "s": tuple((name, seconds_of(f"1 {name}"), seconds_of(start)) for name, start in (
        ("ms", "0 s"), ("s", "1 s"), ("min", "5 min"), ("h", "5 h")
    )),
    "bytes": tuple((name, bytes_of(f"1 {name}"), bytes_of(start)) for name, start in (
        ("B", "0 B"), ("kB", "1 kB"), ("MB", "1 MB"), ("GB", "1 GB"), ("TB", "1 TB")
    )),
}  # fmt: skip
# Units of which there are no parts.
_WHOLE: Final = ("", "B", "bytes")


def mean_and_bounds(found: Interval, unit: str, signed: bool = False) -> tuple[str, str]:
    """`1.16 s` and `[1.10, 1.22]`; the second is empty where there is no interval."""
    if not math.isfinite(found.mean):
        if math.isnan(found.mean):
            return "none", ""
        return ("+" if signed else "") + "infinite" if found.mean > 0 else "-infinite", ""
    told = [found.mean, found.low, found.high] if found.known else [found.mean]
    leading = abs(found.mean) or max(map(abs, told))
    name, factor = scale(leading, unit)
    values = [value / factor for value in told]
    decimals = (
        0
        if unit in _WHOLE and all(value == round(value) for value in told) and name in _WHOLE
        else _decimals(leading / factor)
    )
    texts = [_number(value, decimals) for value in values]
    plus = "+" if signed and found.mean > 0 else ""
    return f"{plus}{texts[0]} {name}".rstrip(), f"[{texts[1]}, {texts[2]}]" if found.known else ""


def amount(value: float, unit: str) -> str:
    """`1.16 s`, `18.2 GB`, `12`: one value."""
    return mean_and_bounds(Interval(value, math.nan, math.nan, 1), unit)[0]


def change(value: float, unit: str) -> str:
    """An amount that says which way it goes: `+1.16 s`."""
    return mean_and_bounds(Interval(value, math.nan, math.nan, 1), unit, signed=True)[0]


def per_cent(share: float) -> str:
    """`-52 %`, `+0.31 %`: a share of something, signed; `none` when there is none."""
    return f"{100 * share:+.2g} %" if abs(share) < 0.1 else "none" if math.isnan(share) else f"{100 * share:+,.0f} %"


def bounds(found: Interval, unit: str) -> str:
    """`-1.3 s to -1.2 s`: a difference's interval."""
    return f"{change(found.low, unit)} to {change(found.high, unit)}"


def failure_lines(failures: Mapping[str, Failures]) -> list[str]:
    """How many failed, of how many, and why: a line for each name, none where nothing failed."""
    if not any(each.failed for each in failures.values()):
        return []
    return [f"{name}: {each.line() or f'{each.counted} deploys failed'}" for name, each in failures.items()]


def few(runs: int) -> str:
    """What is said of few runs, in a sentence; nothing of one, which has no interval."""
    return f"{runs} runs are few, so that intervals are wide: 10 or more are better." if 1 < runs < ENOUGH_RUNS else ""


def scale(value: float, unit: str) -> tuple[str, float]:
    """The unit to tell an amount in, and how much of the base unit it is."""
    rounded = float(f"{abs(value):.3g}")
    fitting = [(name, factor) for name, factor, start in _UNITS.get(unit, ()) if rounded >= start]
    if unit in _UNITS and not rounded:
        return {"s": ("s", 1.0), "bytes": ("B", 1.0)}[unit]
    return fitting[-1] if fitting else (unit, 1.0)


def _decimals(leading: float) -> int:
    return max(2 - math.floor(math.log10(float(f"{leading:.3g}"))), 0) if leading else 0


def _number(value: float, decimals: int) -> str:
    if math.isinf(value):
        return "infinite"
    text = f"{value:,.{decimals}f}"
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text
