"""What is to be drawn of metrics along a key, as data: results make it, `sim.report.curves` draws it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sim.stats.intervals import Interval


@dataclass(frozen=True, slots=True)
class Series:
    """One variant's metric by value: numbers (n,), as many intervals, and whether any deploys failed there.

    `place` is the variant's among its scenario's, by which it has its colour, and `nth` the series' among those of that
    variant, by which it has its dashes.
    """

    name: str
    numbers: Sequence[float]
    intervals: Sequence[Interval]
    failed: Sequence[bool] = ()
    place: int = 0
    nth: int = 0


@dataclass(frozen=True, slots=True)
class Subplot:
    """One metric, in `unit`; `limit` is the threshold on it, if there is one."""

    metric: str
    unit: str
    series: Sequence[Series]
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class PlotData:
    """Subplots over one key in its unit, and the intervals found on it, which are shaded; nothing without subplots.

    `foot` says what was simulated.
    """

    title: str
    key: str
    unit: str
    subplots: Sequence[Subplot]
    spans: Sequence[tuple[float, float]] = ()
    foot: str = ""
