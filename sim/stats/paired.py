"""The difference between two variants whose runs share their random numbers, taken run by run.

Run r of both meets the same demand, so what demand does to both cancels: Var(X - Y) = Var X + Var Y - 2 Cov(X, Y)
(common random numbers; Law, "Simulation Modeling and Analysis", section 11.2). How much that is worth is given as
the runs that independent samples would need beyond these for an interval as narrow.

Sums in floating point leave differences where there are none. These repeat from run to run, so that their interval may
well lie beside zero. Hence the `resolution` of values: what differs by no more does not differ. Left out: unpaired
samples, since runs of one number always share their random numbers here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.stats.intervals import CONFIDENCE, Interval, interval


@dataclass(frozen=True, slots=True)
class Pairing:
    """What pairing was worth: the runs' correlation, and how many runs per variant it saved; NaN where undefined."""

    correlation: float
    runs_saved: float


def difference(
    values: NDArray[np.float64],
    baseline: NDArray[np.float64],
    confidence: float = CONFIDENCE,
    simultaneous: int = 1,
    resolution: float = 0.0,
) -> Interval:
    """The mean of values - baseline, both (n,) by run. Where both are infinite the difference is missing: NaN."""
    with np.errstate(invalid="ignore"):
        apart = values - baseline
        return interval(np.where(np.abs(apart) <= resolution, 0.0, apart), confidence, simultaneous)


def pairing(values: NDArray[np.float64], baseline: NDArray[np.float64], resolution: float = 0.0) -> Pairing:
    """What pairing values with baseline, both (n,) by run, was worth.

    Unpaired, the difference of means has variance (Var X + Var Y) / n, so that n (Var X + Var Y) / Var(X - Y) runs
    would be needed. Negative when pairing cost runs, infinite when the difference never varies.
    """
    n = len(values)
    if n < 2 or not (np.isfinite(values).all() and np.isfinite(baseline).all()):
        return Pairing(math.nan, math.nan)
    of_values, of_baseline, of_difference = (
        float(each.var(ddof=1)) if np.ptp(each) > resolution else 0.0 for each in (values, baseline, values - baseline)
    )
    apart = of_values + of_baseline
    if apart == 0:
        return Pairing(math.nan, math.nan)
    spread = math.sqrt(of_values * of_baseline)
    correlation = (apart - of_difference) / 2 / spread if spread else math.nan
    return Pairing(correlation, float(round(n * apart / of_difference - n)) if of_difference else math.inf)
