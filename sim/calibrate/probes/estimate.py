"""Estimates with 95 % intervals from observations, and what evidence says and leaves open.

Means by Student's t, medians by order statistics, rates of a Poisson process and shares exactly, spreads by bootstrap,
lines by least squares. Observations count as independent: durations from one busy minute are less than that, and their
intervals then too narrow. The residual plot shows whether they drift. Left out: correlation between observations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sim.errors import InputError
from sim.stats.intervals import CONFIDENCE, interval

Unit = Literal["s", "bytes/s", "1/s", "share", "bytes"]
Values = NDArray[np.float64]
#: No probe measures as much: 30,000 years, 8 Pbit/s, a petabyte.
LARGEST: Final = 1e15


@dataclass(frozen=True, slots=True)
class Estimate:
    """One figure: its value and bounds in `unit`, from `n` observations.

    `key` is a scenario's, with `CLIENT` and `REGISTRY` for the tables that it is asked for; without one it is
    reported and not written as a figure.
    """

    name: str
    unit: Unit
    value: float
    low: float
    high: float
    n: int
    source: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Residuals:
    """How far observations are from what was fitted, as a share of it, over `x`; (n,) each."""

    name: str
    along: str
    x: Values
    share: Values


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one file shows: figures, what it leaves open (each completes "cannot tell ..."), and residuals."""

    path: str
    kind: str
    estimates: tuple[Estimate, ...]
    open: tuple[str, ...]
    residuals: tuple[Residuals, ...] = ()


def sensible(value: float) -> float:
    """A duration, s, a rate, bytes/s, or a size, as it is. ValueError where it is negative, or nothing measures it."""
    if not 0 <= value < LARGEST:
        raise ValueError(f"{value:g} is nothing that can be measured")
    return value


def values_of(path: str, found: Sequence[float], what: str, least: int = 3) -> Values:
    """The observations, (n,). InputError when they are too few to say how far they scatter, or no measurement."""
    if len(found) < least:
        problem = f"has {len(found)} {what}, and an interval needs {least}"
        raise InputError(path, problem, "measure longer")
    if not all(0 <= each < LARGEST for each in found):
        raise InputError(path, f"has {what} that cannot be measured", "give the file as it was written")
    return np.array(found, dtype=np.float64)


def mean(name: str, unit: Unit, values: Values, source: str, key: str | None = None) -> Estimate:
    """The mean, its interval by Student's t; above zero where no value is below it."""
    found = interval(values, positive=True)
    return Estimate(name, unit, found.mean, found.low, found.high, found.n, source, key)


def median(name: str, unit: Unit, values: Values, source: str, key: str | None = None) -> Estimate:
    """The median, its interval by order statistics: whatever the distribution (scipy's quantile_test)."""
    found: Any = stats.quantile_test(values, p=0.5).confidence_interval(CONFIDENCE)
    middle = float(np.median(values))
    # Too few observations leave an end open: then all that was seen is the interval.
    low = found.low if np.isfinite(found.low) else values.min()
    high = found.high if np.isfinite(found.high) else values.max()
    return Estimate(name, unit, middle, min(float(low), middle), max(float(high), middle), len(values), source, key)


def spread(name: str, values: Values, source: str) -> Estimate:
    """The coefficient of variation: 0 where all are the same, 1 for an exponential distribution."""
    found = stats.bootstrap((values,), stats.variation, n_resamples=999, method="percentile", rng=1).confidence_interval
    low, high = float(found.low), float(found.high)
    return Estimate(name, "share", float(stats.variation(values)), low, high, len(values), source)


def poisson(name: str, count: int, over_s: float, source: str, key: str | None = None) -> Estimate:
    """The rate of a Poisson process of which `count` events were seen (F. Garwood, "Fiducial limits for the Poisson
    distribution", 1936)."""
    outside = (1 - CONFIDENCE) / 2
    low = float(stats.chi2.ppf(outside, 2 * count)) / 2 if count else 0.0
    high = float(stats.chi2.ppf(1 - outside, 2 * count + 2)) / 2
    return Estimate(name, "1/s", count / over_s, low / over_s, high / over_s, count, source, key)


def share(name: str, count: int, of: int, source: str, key: str | None = None) -> Estimate:
    """A share, its interval by Clopper and Pearson (1934)."""
    found = stats.binomtest(count, of).proportion_ci(CONFIDENCE)
    return Estimate(name, "share", count / of, float(found.low), float(found.high), of, source, key)


@dataclass(frozen=True, slots=True)
class Line:
    """`seconds = start_s + size / rate_Bps`, fitted; `residuals` are shares of the fitted seconds."""

    start: Estimate
    rate: Estimate | None
    fitted_s: Values


def line(size_bytes: Values, taken_s: Values, source: str) -> Line:
    """Seconds over bytes by least squares; without a rate where the slope is not above 0 at 95 %."""
    found = stats.linregress(size_bytes, taken_s)
    outside = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(taken_s) - 2))
    wide = outside * float(found.intercept_stderr)
    intercept, slope = float(found.intercept), float(found.slope)
    start = Estimate("fixed time", "s", intercept, intercept - wide, intercept + wide, len(taken_s), source)
    low, high = slope - outside * float(found.stderr), slope + outside * float(found.stderr)
    rate = None
    if low > 0:
        rate = Estimate("rate", "bytes/s", 1 / slope, 1 / high, 1 / low, len(taken_s), source)
    return Line(start, rate, intercept + slope * size_bytes)


def about(name: str, along: str, x: Sequence[float] | Values, values: Values, fitted: float | Values) -> Residuals:
    """The residuals of observations about what was fitted to them."""
    return Residuals(name, along, np.asarray(x, dtype=np.float64), np.asarray((values - fitted) / fitted))
