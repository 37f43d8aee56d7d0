"""What is to be drawn of metrics along a key, as data: results make it, `sim.report.curves` draws it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sim.stats.intervals import Interval


@dataclass(frozen=True, slots=True)
class Series:
    """One variant's metric by value: numbers (n,), as many intervals, and whether any deploys failed there."""

    name: str
    numbers: Sequence[float]
    intervals: Sequence[Interval]
    failed: Sequence[bool] = ()


@dataclass(frozen=True, slots=True)
class Subplot:
    """One metric, in `unit`; `limit` is the threshold on it, if there is one."""

    metric: str
    unit: str
    series: Sequence[Series]
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class PlotData:
    """Subplots over one key in its unit, and the intervals found on it, which are shaded; nothing without subplots."""

    title: str
    key: str
    unit: str
    subplots: Sequence[Subplot]
    spans: Sequence[tuple[float, float]] = ()
