"""Plots of residuals: what was observed against what was fitted, as a share of it, one plot below the other.

Left out: tests of whether residuals are random; a reader looks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sim.calibrate.probes.estimate import Evidence, Residuals
from sim.calibrate.rig.score import Scored

_PLOT_IN = (6.4, 2.2)


def of_evidence(evidence: Sequence[Evidence]) -> Figure:
    """One plot for each series of residuals that the evidence has."""
    return plot([residuals for one in evidence for residuals in one.residuals])


def of_rig(scored: Sequence[Scored]) -> Figure:
    """One plot for each group of a rig's scores, over what was measured."""
    series = []
    for group in dict.fromkeys(one.group for one in scored):
        own = [one for one in scored if one.group == group]
        measured = np.array([one.measured for one in own])
        fitted = np.array([one.simulated for one in own])
        along = "measured, bytes" if group.endswith("-bytes") else "measured, s"
        series.append(Residuals(group, along, measured, (measured - fitted) / fitted))
    return plot(series)


def plot(series: Sequence[Residuals]) -> Figure:
    """Points about a line at 0; two thirds of them lie within the grey band."""
    drawn = Figure(figsize=(_PLOT_IN[0], _PLOT_IN[1] * max(len(series), 1)), layout="constrained")
    FigureCanvasAgg(drawn)
    for at, one in enumerate(series, 1):
        axes = drawn.add_subplot(len(series), 1, at)
        band = float(np.quantile(np.abs(one.share), 2 / 3))
        axes.axhspan(-100 * band, 100 * band, color="0.92")
        axes.axhline(0.0, color="0.4", linewidth=0.8)
        axes.plot(one.x, 100 * one.share, ".", markersize=4, color="#0072B2")
        axes.set_title(f"{one.name}: {len(one.share)} observed, two thirds within {100 * band:.2g} %", loc="left")
        axes.set_xlabel(one.along)
        axes.set_ylabel("observed less fitted, %")
        axes.spines[["top", "right"]].set_visible(False)
    return drawn
