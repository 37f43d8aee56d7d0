"""Quantiles of latency against load, with the knee: where more load begins to cost more latency than it is worth.

The knee is where the power is greatest, load divided by the time that a deploy takes (here p95): from there on latency
grows by a larger share than load. Source: L. Kleinrock, "Power and deterministic rules of thumb for probabilistic
problems in computer communications", ICC 1979. Left out: a knee outside of the loads that were tried; where the
greatest power is at an end, none is drawn.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from sim.errors import InputError
from sim.experiment.axes import number_along, unit_along
from sim.experiment.sweeps.sweep import Sweep
from sim.report import curves, style

Floats = NDArray[np.float64]
_QUANTILES: Final = {"p50": "-", "p95": "--", "p99": ":"}
_OF_KNEE: Final = "p95"
#: Beyond what was measured, as a ratio.
_MARGIN: Final = 1.5


def knee(loads: Floats, latencies_s: Floats) -> int | None:
    """Where load divided by latency is greatest, both (n,) by load; None where that is at the last or the first."""
    power = np.where(np.isfinite(latencies_s) & (latencies_s > 0), loads / latencies_s, -np.inf)
    at = int(np.argmax(power))
    return at if 0 < at < len(loads) - 1 else None


def draw(axes: Axes, found: Sweep) -> None:
    """p50, p95 and p99 of each variant along the first key, and each one's knee.

    InputError for a sweep along several keys, or words.
    """
    axis = found.axes[0]
    loads = np.array([number_along(axis, point.values[0]) for point in found.points])
    if len(found.axes) > 1 or found.design.kind != "grid" or np.isnan(loads).any():
        raise InputError("plot", "quantiles are drawn along one key of numbers", "sweep one key, demand.rate=...")
    order = np.argsort(loads, kind="stable")
    unit = unit_along(axis)[0]
    told, seen_s = [], []
    none = "no knee" if style.narrow(axes) else "no knee within what was tried"
    for name in found.variants:
        colour = style.colour(style.place_of(found.scenario, name))
        for quantile, dash in _QUANTILES.items():
            metric = f"deploy_latency_s.{quantile}"
            each = [found.points[at].sample.interval(name, metric) for at in order]
            middle, low, high = (np.array([getattr(one, part) for one in each]) for part in ("mean", "low", "high"))
            finite = np.isfinite(middle)
            seen_s += [float(value_s) for value_s in middle[finite] if value_s > 0]
            axes.plot(loads[order][finite], middle[finite], dash, marker=".", color=colour, linewidth=1.3)
            axes.fill_between(loads[order], low, np.where(np.isfinite(high), high, middle), color=colour, alpha=0.12,
                              linewidth=0)  # fmt: skip
            if quantile == _OF_KNEE:
                at = knee(loads[order], middle)
                if at is not None:
                    axes.plot([loads[order][at]], [middle[at]], "o", color=colour, markersize=9, fillstyle="none",
                              markeredgewidth=1.6)  # fmt: skip
                where = none if at is None else f"knee {loads[order][at]:g} {unit}".strip()
                told.append((name, colour, where))
    for name, colour, where in told:
        axes.plot([], [], "-", color=colour, label=style.named(axes, name, f": {where}", len(told)))
    curves.scale_key(axes, [*loads])
    axes.set_yscale("log")
    if seen_s:  # intervals of few runs may be wider than anything that was measured
        axes.set_ylim(min(seen_s) / _MARGIN, max(seen_s) * _MARGIN)
    style.seconds_on(axes.yaxis, *axes.get_ylim())
    style.upright(axes, "p50, dashed p95, dotted p99")
    style.labelled(axes, f"{axis.name}{f', {unit}' if unit else ''}; ringed: the knee")
    style.headed(axes, "How long deploys take under load", style.key_rows(axes, len(told)))
    style.key(axes, style.key_columns(axes, len(told)))
    style.clean(axes)
