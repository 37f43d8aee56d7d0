"""What is to be drawn of metrics along a key, before anything is: `sim.experiment.curves` draws it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sim.stats.intervals import Interval


@dataclass(frozen=True, slots=True)
class Series:
    """One variant's metric by value: numbers (n,), as many intervals, and whether any deploys failed there."""

    name: str
    numbers: Sequence[float]
    found: Sequence[Interval]
    failed: Sequence[bool] = ()


@dataclass(frozen=True, slots=True)
class Panel:
    """One metric, in `unit`; `limit` is the threshold on it, if there is one."""

    metric: str
    unit: str
    series: Sequence[Series]
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Curves:
    """What is to be drawn: panels over one key in its unit, and the intervals found on it."""

    title: str
    key: str
    unit: str
    panels: Sequence[Panel]
    spans: Sequence[tuple[float, float]] = ()
