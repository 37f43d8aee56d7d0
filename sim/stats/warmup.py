"""Where a run's warm-up ends, by MSER-5: cut as much as makes the mean of what is left most certain.

The series is averaged in batches of five, and of all places to cut in its first half the one is taken at which the
squared standard error of the rest, sum (z - mean)^2 / m^2 over its m batches, is least. A least value at the very half
says that the series is too short to tell: no end of the warm-up was seen. (Places in the second half are not looked at:
a few batches that happen to be alike would win there.) Source: K. P. White, "An effective truncation heuristic for bias
reduction in simulation output", Simulation 69 (1997), with batches as in Spratt's MSER-5 (1998); K. Hoad, S. Robinson
and R. Davies, "Automating warm-up length estimation" (2010), compare it with others and choose it.

For steady-state questions only: a rollout has no warm-up, its beginning is the answer.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

BATCH: Final = 5
#: Batches that always stay: fewer say nothing of their spread.
_LEFT: Final = 5


class WarmUp(NamedTuple):
    """How many observations to leave out at the beginning, and whether the series was long enough to tell."""

    cut: int
    long_enough: bool


def mser5(values: NDArray[np.float64]) -> WarmUp:
    """The warm-up of values (n,), in their order; too short with less than ten batches, or when one is infinite."""
    batches = len(values) // BATCH
    if batches < 2 * _LEFT or not np.isfinite(values).all():
        return WarmUp(0, long_enough=False)
    means = values[: batches * BATCH].reshape(batches, BATCH).mean(axis=1)
    half = batches // 2
    cut = int(standard_errors(means)[: half + 1].argmin())
    if cut == half:
        return WarmUp(0, long_enough=False)
    return WarmUp(cut * BATCH, long_enough=True)


def standard_errors(means: NDArray[np.float64]) -> NDArray[np.float64]:
    """The squared standard error of what is left after each cut, for batch means (m,): shape (m - 4,)."""
    centred = means - means.mean()  # so that sums of squares lose no digits
    left = np.arange(len(means), 0, -1)
    total = np.cumsum(centred[::-1])[::-1]
    squares = np.cumsum(centred[::-1] ** 2)[::-1]
    errors = (squares - total**2 / left) / left**2.0
    found: NDArray[np.float64] = np.maximum(errors[: len(means) - _LEFT + 1], 0.0)
    return found
