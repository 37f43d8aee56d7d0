"""The Pareto set: the points that no other is better than in everything that counts.

Points are what they are; that they are means with intervals is not looked at here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def pareto(points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of points (n, k), smaller being better, no other dominates: (n,).

    One dominates another if it is nowhere worse and somewhere better, so equal points stay together. A point with a NaN
    is never in the set and dominates none.
    """
    known: NDArray[np.bool_] = np.logical_not(np.isnan(points).any(axis=1))
    found = known.copy()
    rivals = points[known]
    for at in np.flatnonzero(known):
        nowhere_worse = (rivals <= points[at]).all(axis=1)
        somewhere_better = (rivals < points[at]).any(axis=1)
        found[at] = not (nowhere_worse & somewhere_better).any()
    return found
