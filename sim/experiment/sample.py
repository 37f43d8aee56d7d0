"""What runs measured, as intervals at a confidence: of each variant's metrics, and of paired differences."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim import metric_names
from sim.experiment.worker import Outcome
from sim.stats.intervals import CONFIDENCE, Interval, interval
from sim.stats.paired import difference

#: How far apart two durations may be and still be one: clocks add up what they wait for, and after a week of simulated
#: time the sums are exact to 1e-10 s. Bytes and counts are whole numbers and exact.
RESOLUTION_S: Final = 1e-9

Values = Mapping[str, Mapping[str, NDArray[np.float64]]]


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


def interval_of(values: NDArray[np.float64], confidence: float = CONFIDENCE) -> Interval:
    """The interval of a metric's mean, values (runs,): times, bytes, counts and costs are never below zero."""
    return interval(values, confidence, positive=True)


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

    def difference(self, variant: str, metric: str, than: str) -> Interval:
        """How much more the variant has of a metric than another, paired run by run."""
        return difference(
            self._values[variant][metric], self._values[than][metric], self.confidence, resolution=resolution(metric)
        )
