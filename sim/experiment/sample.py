"""What runs measured, as intervals at a confidence: of each variant's metrics, and of paired differences.

Failures come before any metric: of two variants the one that fails more is never the better one (`side`). Whatever
was measured of variants side by side, be it a whole comparison or a sample at one point of a search, answers the same
questions (`Measured`). Left out: how intervals are made (`sim.stats`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.accounting.failures import Failures
from sim.experiment.execution.worker import COUNTS, Outcome
from sim.stats import failing
from sim.stats.intervals import CONFIDENCE, Interval, interval
from sim.stats.paired import difference
from sim.tables import metric_names
from sim.tables.columns import Column

#: How far apart two durations may be and still be one: clocks add up what they wait for, and after a week of simulated
#: time the sums are exact to 1e-10 s. Bytes and counts are whole numbers and exact.
RESOLUTION_S: Final = 1e-9

#: What is written of every run of every variant.
RUN_COLUMNS: Final = (
    Column("variant", "text", "name of the variant"),
    Column("run", "int", "number of the run, from 0; runs of one number share their random numbers"),
    Column("metric", "text", "name of the metric, which carries the unit"),
    Column("value", "float", "its value in that run; NaN where it has none"),
)

Values = Mapping[str, Mapping[str, NDArray[np.float64]]]

#: Of two variants the first against the second.
Side = Literal["lower", "higher", "open", "fails more", "fails less"]


def resolution(metric: str) -> float:
    """By how much two values of a metric may differ and still be the same."""
    return RESOLUTION_S if metric_names.unit_of(metric) == "s" else 0.0


def values_of(outcomes: Mapping[str, Sequence[Outcome]]) -> Values:
    """Each variant's metrics, arrays (runs,) by run; NaN in runs that have no such group."""
    return {
        name: {
            metric: np.array([outcome.metrics.get(metric, np.nan) for outcome in runs])
            for metric in dict.fromkeys(metric for outcome in runs for metric in outcome.metrics)
        }
        for name, runs in outcomes.items()
    }


def counts_of(outcomes: Mapping[str, Sequence[Outcome]]) -> dict[str, dict[str, list[int]]]:
    """What each variant's runs are counted by (`worker.COUNTS`), by run."""
    return {
        name: {what: [int(getattr(outcome, what)) for outcome in runs] for what in COUNTS}
        for name, runs in outcomes.items()
    }


def rows_of(values: Values) -> dict[str, list[object]]:
    """Every metric of every run as the columns `RUN_COLUMNS`."""
    long = [
        (name, run, metric, value)
        for name, metrics in values.items()
        for metric, by_run in metrics.items()
        for run, value in enumerate(by_run.tolist())
    ]
    names = (column.name for column in RUN_COLUMNS)
    return {name: list(column) for name, column in zip(names, zip(*long, strict=True), strict=True)}


def interval_of(values: NDArray[np.float64], confidence: float = CONFIDENCE) -> Interval:
    """The interval of a metric's mean, values (runs,): times, bytes, counts and costs are never below zero."""
    return interval(values, confidence, positive=True)


def counts_failures(metric: str) -> bool:
    """Whether a metric is how many deploys failed, of all or of a group."""
    parts = metric_names.split(metric)
    return (metric if parts is None else parts.base) == "failed_deploys"


def fails_more(
    mine: Sequence[Outcome], other: Sequence[Outcome], confidence: float = CONFIDENCE, simultaneous: int = 1
) -> bool:
    """Whether more deploys fail in these runs than in the others, over those that both have (`sim.stats.failing`)."""
    runs = min(len(mine), len(other))
    return failing.fails_more(*_counts(mine[:runs]), *_counts(other[:runs]), confidence, simultaneous)


def _counts(outcomes: Sequence[Outcome]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How many failed and how many there were, by run."""
    failed = np.array([outcome.failures.failed for outcome in outcomes], dtype=np.float64)
    return failed, np.array([outcome.deploys for outcome in outcomes], dtype=np.float64)


def least_failing(outcomes: Mapping[str, Sequence[Outcome]]) -> str:
    """The variant of which the smallest share of deploys failed, the first if several are level."""
    return min(outcomes, key=lambda name: Failures.together(each.failures for each in outcomes[name]).share)


class Measured(Protocol):
    """Variants that were run side by side: a comparison, or a sample at one point of a search or a sweep."""

    @property
    def outcomes(self) -> Mapping[str, Sequence[Outcome]]: ...
    @property
    def variants(self) -> tuple[str, ...]: ...
    @property
    def runs(self) -> int: ...
    def metrics(self, variant: str) -> Collection[str]: ...
    def interval(self, variant: str, metric: str) -> Interval: ...
    def difference(self, variant: str, metric: str, than: str) -> Interval: ...
    def failures(self, variant: str) -> Failures: ...
    def fails_more(self, variant: str, than: str) -> bool: ...


def side(measured: Measured, variant: str, than: str, metric: str, allow_failures: bool = False) -> Side:
    """Which of two variants fails less, or else has the less of a metric; `open` where it is undecided."""
    if not allow_failures:
        if measured.fails_more(variant, than):
            return "fails more"
        if measured.fails_more(than, variant):
            return "fails less"
    apart = measured.difference(variant, metric, than)
    return "lower" if apart.high < 0 else "higher" if apart.low > 0 else "open"


@dataclass(frozen=True, slots=True)
class Sample:
    """All runs of some variants at one point; every interval holds at `confidence` by itself."""

    outcomes: Mapping[str, Sequence[Outcome]]
    confidence: float = CONFIDENCE
    _values: Values = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_values", values_of(self.outcomes))

    @property
    def variants(self) -> tuple[str, ...]:
        return tuple(self.outcomes)

    @property
    def runs(self) -> int:
        return len(next(iter(self.outcomes.values())))

    def metrics(self, variant: str) -> Collection[str]:
        """The metrics that a variant has: those of links where the links are."""
        return self._values[variant].keys()

    def interval(self, variant: str, metric: str) -> Interval:
        """The metric's mean over the variant's runs."""
        return interval_of(self._values[variant][metric], self.confidence)

    def failures(self, variant: str) -> Failures:
        """How many of a variant's deploys failed in all its runs, and why."""
        return Failures.together(outcome.failures for outcome in self.outcomes[variant])

    def fails_more(self, variant: str, than: str) -> bool:
        """Whether more of a variant's deploys fail than of another's."""
        return fails_more(self.outcomes[variant], self.outcomes[than], self.confidence)

    def difference(self, variant: str, metric: str, than: str) -> Interval:
        """How much more the variant has of a metric than another, paired run by run."""
        return difference(
            self._values[variant][metric], self._values[than][metric], self.confidence, resolution=resolution(metric)
        )
