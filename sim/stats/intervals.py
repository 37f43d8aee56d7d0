"""Confidence intervals of a mean over independent runs, by Student's t.

Runs are independent and a metric over one run is itself a mean or a quantile of many deploys, so the normal theory
behind t holds well at ten runs. Left out: intervals from within one run (batch means).

A latency, bytes and a count cannot be negative, yet mean -+ half goes below zero where runs are few or vary much. Their
interval is taken on the logarithm of the mean: by the delta method log(mean) has the standard error s / (mean sqrt n),
so that the bounds are mean exp(-+ half / mean), above zero, and the same as t's where the half is small. Runs that lean
to the right it covers more often than t does, a bootstrap far less often where runs are few: `sim.stats.audit` has all
three. Differences keep t's interval.

What has no interval says so instead of failing: one run, or a value that is infinite or missing. The mean is then still
given, and is infinite when a value is. Several intervals hold together at the confidence asked for when each is made at
1 - (1 - confidence) / k (Bonferroni; no independence needed).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

CONFIDENCE: Final = 0.95
#: From how many runs on they are not called few.
ENOUGH_RUNS: Final = 5


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over n runs and the bounds within which the true mean lies; the bounds are NaN when there are none."""

    mean: float
    low: float
    high: float
    n: int

    @property
    def known(self) -> bool:
        """Whether there are bounds."""
        return not math.isnan(self.low)

    def to_json(self) -> dict[str, float]:
        """Its part of a document."""
        return {"mean": self.mean, "low": self.low, "high": self.high}

    @property
    def decided(self) -> bool:
        """Whether zero lies outside the bounds."""
        return self.low > 0 or self.high < 0


def interval(
    values: NDArray[np.float64], confidence: float = CONFIDENCE, simultaneous: int = 1, positive: bool = False
) -> Interval:
    """The mean of values (n,), n >= 1, one from each run, with its interval at `confidence`.

    `simultaneous` is the number of intervals that are to hold together at that confidence. The bounds of what is
    `positive`, never below zero, are above zero; a value below zero takes that back.
    """
    n = len(values)
    if not np.isfinite(values).all():
        return Interval(_infinite_mean(values), math.nan, math.nan, n)
    mean = float(values.mean())
    if n == 1:
        return Interval(mean, math.nan, math.nan, n)
    if values.min() == values.max():  # the rounding of a mean is no variance
        mean = float(values[0])
        return Interval(mean, mean, mean, n)
    half = half_width(float(values.std(ddof=1)), n, confidence, simultaneous)
    if not positive or values.min() < 0:
        return Interval(mean, mean - half, mean + half, n)
    with np.errstate(over="ignore"):  # of two runs far apart nothing is known but that they are positive
        factor = float(np.exp(half / mean))
    return Interval(mean, mean / factor, mean * factor, n)


def half_width(deviation: float, n: int, confidence: float = CONFIDENCE, simultaneous: int = 1) -> float:
    """t s / sqrt(n) for a sample deviation s of n values, with the two-sided quantile t of n - 1 degrees of freedom."""
    outside = (1 - confidence) / simultaneous
    return float(stdtrit(n - 1, 1 - outside / 2)) * deviation / math.sqrt(n)


def _infinite_mean(values: NDArray[np.float64]) -> float:
    """The mean of values not all finite: NaN if one is missing or infinities of both signs meet."""
    if np.isnan(values).any() or (values.max() == np.inf and values.min() == -np.inf):
        return math.nan
    return float(values[np.isinf(values)][0])
