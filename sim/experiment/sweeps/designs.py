"""Which points a sweep visits: every combination, points that fill the space, or those that sensitivities need.

    grid          every combination of the values of all axes
    latin:N       a Latin hypercube of N points (scipy.stats.qmc)
    sobol:N       N scrambled Sobol points (scipy.stats.qmc); a power of two is best balanced
    morris:N      N trajectories for Morris's screening: N (axes + 1) points (SALib)
    saltelli:N    N (axes + 2) points for Sobol's indices of first and total order (SALib); N a power of two

All but the grid take a range from end to end, by ratios where it is wide, and a list by its places. Sources: McKay,
Beckman and Conover (1979); Sobol' (1967), scrambled by Owen (1998); Morris (1991); Saltelli et al. (2010).
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.errors import ArgumentError, near, shown
from sim.experiment.axes import Axis

KINDS: Final = ("grid", "latin", "sobol", "morris", "saltelli")
#: Levels of Morris's grid, as SALib and most studies have it.
MORRIS_LEVELS: Final = 4
_MOST: Final = 100_000


@dataclass(frozen=True, slots=True)
class Design:
    """The points of a sweep: `values` by point and axis; `shares` (points, axes) from 0 to 1, None of a grid."""

    kind: str
    values: tuple[tuple[Any, ...], ...]
    shares: NDArray[np.float64] | None = None

    @property
    def sensitivity(self) -> bool:
        """Whether it is made for sensitivities."""
        return self.kind in ("morris", "saltelli")


def design(text: str, axes: Sequence[Axis], seed: int) -> Design:
    """The design that a text names, over those axes. InputError when it names none, or has too many points."""
    kind, colon, number = text.partition(":")
    if kind not in KINDS:
        raise ArgumentError("kind", "--design", f"there is no {shown(kind)}", near(kind, KINDS))
    if kind == "grid":
        if colon:
            raise ArgumentError(
                "kind", "--design", f"a grid takes no number, got {shown(text)}", "give each range one: LOW..HIGH:5"
            )
        return _grid(axes)
    if not number.isdecimal() or int(number) < 1:
        raise ArgumentError(
            "kind", "--design", f"needs a number of points, got {shown(text)}", f"write for example {kind}:64"
        )
    shares = _shares(kind, int(number), len(axes), seed)
    if len(shares) > _MOST:
        raise ArgumentError("kind", "--design", f"has {len(shares):,} points", f"keep to {_MOST:,}")
    values = tuple(tuple(axis.at(float(share)) for axis, share in zip(axes, row, strict=True)) for row in shares)
    return Design(kind, values, shares)


def _grid(axes: Sequence[Axis]) -> Design:
    for axis in axes:
        if not axis.values:
            raise ArgumentError(
                "axes", "--vary", f"the range of {axis.name} has no number of values", "end it in :5 or :log:5"
            )
    points = 1
    for axis in axes:
        points *= len(axis.values)
    if points > _MOST:
        raise ArgumentError(
            "axes", "--vary", f"makes {points:,} combinations", f"keep to {_MOST:,}, or take latin:1000"
        )
    return Design("grid", tuple(product(*(axis.values for axis in axes))))


def _shares(kind: str, number: int, axes: int, seed: int) -> NDArray[np.float64]:
    if kind in ("latin", "sobol"):
        qmc = importlib.import_module("scipy.stats.qmc")
        if kind == "latin":
            found = qmc.LatinHypercube(axes, rng=seed).random(number)
        else:  # the whole power of two at once, as a part of it is not balanced
            found = qmc.Sobol(axes, rng=seed).random_base2(max((number - 1).bit_length(), 0))[:number]
    elif kind == "morris":
        sample = importlib.import_module("SALib.sample.morris").sample
        found = sample(problem(axes), number, num_levels=MORRIS_LEVELS, seed=seed)
    else:
        if number & (number - 1):
            raise ArgumentError(
                "kind", "--design", f"must be a power of two, got saltelli:{number}", "write saltelli:64"
            )
        found = importlib.import_module("SALib.sample.sobol").sample(
            problem(axes), number, calc_second_order=False, seed=seed
        )
    made: NDArray[np.float64] = np.asarray(found, dtype=np.float64)
    return made


def problem(axes: int) -> dict[str, Any]:
    """Axes as SALib takes them, each from 0 to 1."""
    return {"num_vars": axes, "names": [f"axis{number}" for number in range(axes)], "bounds": [[0.0, 1.0]] * axes}
