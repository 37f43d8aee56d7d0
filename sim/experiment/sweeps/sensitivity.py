"""How much each key of a sweep matters to a metric: Morris's screening and Sobol's indices, by SALib.

Morris: `mu_star` is the mean size of the change in the metric when the key goes by a step of two thirds of its range,
scaled to the whole range; `sigma` how much that depends on where the others stand. Sobol: `first` is the share of the
metric's variance that the key explains alone, `total` that with all its interactions; both have 95 % half-widths by
bootstrap. The metric at a point is its mean over runs, which share their random numbers from point to point. Sources:
Morris (1991); Sobol' (1993); Saltelli et al. (2010). Left out: indices of the second order.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.experiment.axes import Axis
from sim.experiment.sweeps.designs import MORRIS_LEVELS, Design, problem

#: What there is for each kind of design, the one that ranks first.
INDICES: Final = {
    "morris": ("mu_star", "mu_star_half_width", "sigma"),
    "saltelli": ("total", "total_half_width", "first", "first_half_width"),
}


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What one key does to `metric` of `of`, a variant or a difference; `indices` by name, in the metric's unit."""

    key: str
    of: str
    metric: str
    indices: dict[str, float]


def sensitivities(
    design: Design, axes: Sequence[Axis], of: str, metric: str, means: NDArray[np.float64], seed: int
) -> list[Sensitivity]:
    """For each axis, from the metric's means (points,) over the design; without a value where a mean is not finite."""
    if np.isfinite(means).all():
        found = _analysed(design, means, len(axes), seed)
    else:
        found = dict.fromkeys(INDICES[design.kind], [math.nan] * len(axes))
    return [
        Sensitivity(axis.name, of, metric, {name: float(values[at]) for name, values in found.items()})
        for at, axis in enumerate(axes)
    ]


def _analysed(design: Design, means: NDArray[np.float64], axes: int, seed: int) -> dict[str, Any]:
    values: tuple[Any, ...]
    if design.kind == "morris":
        analyze = importlib.import_module("SALib.analyze.morris").analyze
        made = analyze(problem(axes), design.shares, means, num_levels=MORRIS_LEVELS, seed=seed)
        values = (made["mu_star"], made["mu_star_conf"], made["sigma"])
    elif np.ptp(means) == 0:  # no variance, so no shares of it
        values = ([math.nan] * axes,) * len(INDICES[design.kind])
    else:
        analyze = importlib.import_module("SALib.analyze.sobol").analyze
        made = analyze(problem(axes), means, calc_second_order=False, seed=seed)
        values = tuple(made[name] for name in ("ST", "ST_conf", "S1", "S1_conf"))
    return dict(zip(INDICES[design.kind], values, strict=True))
