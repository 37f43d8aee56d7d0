"""Random choices that all demand shares: one of several by weights or by Zipf's law, and which ones belong to a share.

Each takes uniform draws, not a generator, so that the same draws choose alike under other weights. Left out: weights
that change during a run.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def choose(weights: Sequence[float] | NDArray[np.float64], draws: NDArray[np.float64]) -> NDArray[np.int64]:
    """An index for each draw in [0, 1), in proportion to the weights."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    return np.searchsorted(edges / edges[-1], draws, side="right").astype(np.int64)


def zipf(count: int, exponent: float, draws: NDArray[np.float64]) -> NDArray[np.int64]:
    """One of so many for each draw, the k-th with a weight of k to the power of -`exponent`; 0 where there is none."""
    weights = np.arange(1, count + 1, dtype=np.float64) ** -exponent if count else np.ones(1)
    return choose(weights, draws)


def share(part: float, n: int, rng: np.random.Generator) -> NDArray[np.bool_] | None:
    """Which of n deploys belong to a share of them; None where it is 0."""
    return rng.random(n) < part if part else None
