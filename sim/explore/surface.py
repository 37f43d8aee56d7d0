"""What lies between design points of a grid, and how far off that is at places that were run to check.

Values are interpolated evenly along each axis, linear in each of them by itself (multilinear interpolation: W. H. Press
et al., "Numerical Recipes", 3rd ed., 3.6), here logarithms of latencies. The page's script does the same in a few
lines. Left out: which points there are, and what is run there (`twin`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np

#: A number, or as many lists within lists as there are sliders; None where deploys fail.
Nested: TypeAlias = "float | list[Nested] | None"


#: Of each variant the logarithm of each quantile in s, None where deploys fail.
Logs: TypeAlias = Mapping[str, Mapping[str, float | None]]


class Cell(NamedTuple):
    """Where a place lies on one axis: between two levels by their numbers, and at what share of the way."""

    low: int
    high: int
    share: float


class Error(NamedTuple):
    """What held-out places say of a quantile: relative errors, how far off a ratio of two variants was, and verdicts.

    `ratio` is the worst error of the logarithm of a ratio; `same` of `of` places have the same variant as the faster.
    """

    median: float
    worst: float
    ratio: float
    same: int
    of: int


@dataclass(frozen=True)
class Surface:
    """Logarithms of each variant's quantiles at the design points, by variant and quantile."""

    levels: tuple[tuple[int, ...], ...]
    logs: Mapping[str, Mapping[str, Nested]]

    def at(self, variant: str, quantile: str, places: Sequence[int]) -> float | None:
        """The logarithm of a quantile there, in s; None where deploys fail next to it."""
        cells = [cell_of(levels, place) for levels, place in zip(self.levels, places, strict=True)]
        return between(self.logs[variant][quantile], cells)

    def error(
        self, baseline: str, quantile: str, held: Sequence[tuple[int, ...]], logs: Mapping[tuple[int, ...], Logs]
    ) -> Error:
        """What it says at places that were held out, against the `logs` of the runs made there."""
        off, ratios, same, of = [], [], 0, 0
        for place in held:
            said = {name: self.at(name, quantile, place) for name in self.logs}
            both = {
                name: (a, b)
                for name in said
                if (a := said[name]) is not None and (b := logs[place][name][quantile]) is not None
            }
            off += [abs(math.expm1(a - b)) for a, b in both.values()]
            for name in both if len(both) == len(said) else ():
                if name != baseline:
                    here, there = (both[name][which] - both[baseline][which] for which in (0, 1))
                    ratios.append(abs(here - there))
                    of += 1
                    same += (here < 0) == (there < 0)
        median, worst = (float(np.median(off)), max(off)) if off else (math.nan, math.nan)
        return Error(median, worst, max(ratios, default=math.nan), same, of)


def cell_of(levels: Sequence[int], place: int) -> Cell:
    """Between which levels a place lies.

    >>> cell_of((0, 4, 8), 5)
    Cell(low=1, high=2, share=0.25)
    """
    high = next(at for at, level in enumerate(levels) if level >= place)
    low = high if levels[high] == place else high - 1
    return Cell(low, high, 0.0 if low == high else (place - levels[low]) / (levels[high] - levels[low]))


def between(values: Nested, cells: Sequence[Cell]) -> float | None:
    """What lies there, evenly between its neighbours along each axis; the page's script does the same.

    >>> between([1.0, 3.0], [Cell(0, 1, 0.25)])
    1.5
    """
    if not isinstance(values, list):
        return values
    (low, high, share), *rest = cells
    one = between(values[low], rest)
    other = one if share == 0.0 else between(values[high], rest)
    return None if one is None or other is None else one + share * (other - one)
