"""How many runs are enough: as many as make the intervals narrow, and keep them so.

After n runs an interval is precise when its farther bound is at most a share of its mean away. By chance the first few
runs may agree too well; so the intervals have to stay precise for `look_ahead(n)` further runs, and where they do not,
it goes on from there (K. Hoad, S. Robinson and R. Davies, "Automated selection of the number of replications for a
discrete-event simulation", 2010, with their k = 5). The number that comes out depends on the runs alone, not on how
many were made at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.experiment.sample import interval_of

#: Runs before the first look.
FEWEST: Final = 3
_AHEAD: Final = 5


def look_ahead(runs: int) -> int:
    """For how many further runs the precision has to hold: 5, and 5 % beyond a hundred."""
    return max(_AHEAD, math.ceil(_AHEAD * runs / 100))


def width_share(values: NDArray[np.float64]) -> float:
    """How far the upper bound, the farther one, is away, as a share of the mean; infinite where there is no interval.

    0 where nothing varies.
    """
    found = interval_of(values)
    if found.high == found.low:
        return 0.0
    return (found.high - found.mean) / found.mean if found.known else math.inf


def enough(series: Mapping[str, NDArray[np.float64]], precision: float) -> int | None:
    """The fewest runs, look-ahead included, at which every series is precise and stays so; None if these do not do.

    `series` are values (runs,) by what they measure, all equally long.
    """
    runs = len(next(iter(series.values())))
    precise = [
        count >= FEWEST and all(width_share(values[:count]) <= precision for values in series.values())
        for count in range(runs + 1)
    ]
    for count in range(FEWEST, runs + 1):
        last = count + look_ahead(count)
        if last > runs:
            return None
        if all(precise[count : last + 1]):
            return last
    return None


def until_enough(
    make: Callable[[int], Mapping[str, NDArray[np.float64]]], precision: float, most: int
) -> tuple[int, bool]:
    """The number of runs to take, and whether it reaches the precision; `make(n)` gives the first n runs' values.

    Runs are made in growing batches: at first what the look-ahead needs at least, then what the widest interval says.
    """
    runs = min(FEWEST + look_ahead(FEWEST), most)
    while True:
        series = make(runs)
        found = enough(series, precision)
        if found is not None:
            return found, True
        if runs >= most:
            return most, False
        widest = max(width_share(values) for values in series.values())
        wanted = runs * (widest / precision) ** 2 if math.isfinite(widest) else 2 * runs
        runs = min(max(runs + look_ahead(runs), math.ceil(min(wanted, 2 * runs))), most)
