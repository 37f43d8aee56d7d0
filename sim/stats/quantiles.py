"""A sample reduced to its mean and quantiles, infinite values allowed.

The quantile at p per cent is the smallest value that at least p per cent of the sample do not exceed: the inverse of
the empirical distribution function, type 1 of Hyndman and Fan, "Sample Quantiles in Statistical Packages" (1996). It is
always a value that occurred, so an infinite one (a deploy that failed) is ranked last and never averaged with a finite
one. Ranks are computed in whole numbers; 0.95 n in floating point may fall on either side of one.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

#: The quantiles that a distribution is summarised by, in per cent.
PERCENTS: Final = {"p50": 50, "p95": 95, "p99": 99}


def summary(values: NDArray[np.float64]) -> dict[str, float]:
    """`mean`, `p50`, `p95`, `p99` and `max` of values (n,); all NaN when there are none."""
    n = len(values)
    if not n:
        return dict.fromkeys(("mean", *PERCENTS, "max"), float("nan"))
    ranks = [rank(n, percent) for percent in PERCENTS.values()]
    ordered = np.partition(values, (*ranks, n - 1))
    quantiles = {name: float(ordered[at]) for name, at in zip(PERCENTS, ranks, strict=True)}
    return {"mean": float(values.mean()), **quantiles, "max": float(ordered[-1])}


def rank(n: int, percent: int) -> int:
    """The place, from 0, of the quantile at `percent` among n ordered values."""
    return max(-(-percent * n // 100), 1) - 1
