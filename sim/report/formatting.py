"""Numbers as people read them: an amount with its unit and, in the same unit and to as many decimals, its interval.

Three significant digits of the mean, since more would be noise at the usual ten runs. Seconds and bytes get the unit
that keeps them short; all else keeps its own. How often deploys failed is written here too, since every kind of result
says it. Left out: locales; a decimal point is a point.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import PurePath
from typing import Final

from sim.accounting.failures import Failures
from sim.scenario import Scenario
from sim.stats.intervals import ENOUGH_RUNS, Interval
from sim.units import bytes_of, seconds_of
from sim.version import __version__

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
    numbers = [found.mean, found.low, found.high] if found.known else [found.mean]
    leading = abs(found.mean) or max(map(abs, numbers))
    name, factor = scale(leading, unit)
    whole = unit in _WHOLE and name in _WHOLE and all(number == round(number) for number in numbers)
    decimals = 0 if whole else _decimals(leading / factor)
    texts = [_number(number / factor, decimals) for number in numbers]
    plus = "+" if signed and found.mean > 0 else ""
    return f"{plus}{texts[0]} {name}".rstrip(), f"[{texts[1]}, {texts[2]}]" if found.known else ""


def interval_text(found: Interval, unit: str, signed: bool = False) -> str:
    """`1.16 s [1.10, 1.22]`, or the mean alone."""
    return " ".join(mean_and_bounds(found, unit, signed)).rstrip()


def amount(value: float, unit: str) -> str:
    """`1.16 s`, `18.2 GB`, `12`: one value."""
    return mean_and_bounds(Interval(value, math.nan, math.nan, 1), unit)[0]


def signed_amount(value: float, unit: str) -> str:
    """An amount that says which way it goes: `+1.16 s`."""
    return mean_and_bounds(Interval(value, math.nan, math.nan, 1), unit, signed=True)[0]


def per_cent(share: float) -> str:
    """`-52 %`, `+0.31 %`: a share of something, signed; `none` when there is none."""
    return f"{100 * share:+.2g} %" if abs(share) < 0.1 else "none" if math.isnan(share) else f"{100 * share:+,.0f} %"


def bounds(found: Interval, unit: str) -> str:
    """`-1.3 s to -1.2 s`: a difference's interval."""
    return f"{signed_amount(found.low, unit)} to {signed_amount(found.high, unit)}"


def failed_of(failures: Failures) -> str:
    """`292 of 292`: how many deploys failed, of how many."""
    return f"{failures.failed:,} of {failures.deploys:,}"


def reasons(failures: Failures) -> str:
    """`not at central within 60 s (290), link down (2)`; without numbers where there is one reason."""
    if len(failures.reasons) == 1:
        return next(iter(failures.reasons))
    return ", ".join(f"{reason} ({count:,})" for reason, count in failures.reasons.items())


def failed_why(failures: Failures) -> str:
    """`292 of 292 deploys failed: not at central within 60 s (290), link down (2)`; empty when none did."""
    return f"{failed_of(failures)} deploys failed: {reasons(failures)}" if failures.failed else ""


def failure_sentences(failures: Mapping[str, Failures]) -> list[str]:
    """How many failed, of how many, and why: one for each name, none at all where nothing failed."""
    if not any(each.failed for each in failures.values()):
        return []
    return [
        f"{name}: {failed_why(each) or f'{failed_of(each)} deploys failed'}" for name, each in failures.items()
    ]  # fmt: skip


def foot_text(scenario: Scenario, seed: int, *more: str) -> str:
    """What a plot's foot says: what was simulated, from which file and seed, how often, by which version."""
    parts = [PurePath(scenario.name).name, *more, f"seed {seed}", f"regsim {__version__}"]
    return "Simulated: " + " | ".join(part for part in parts if part)


def few_runs(runs: int) -> list[str]:
    """What is said of few runs; nothing of one, which has no interval, and nothing of enough."""
    few = f"{runs} runs are few, so that intervals are wide: 10 or more are better."
    return [few] if 1 < runs < ENOUGH_RUNS else []


def scale(value: float, unit: str) -> tuple[str, float]:
    """The unit to write an amount in, and how much of the base unit it is."""
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
