"""Residual plots: what was observed against what was fitted, as a share of it, one panel for each kind of data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sim.calibrate.probes.estimate import Evidence, Residuals
from sim.calibrate.rig.score import Scored

_PANEL_IN = (6.4, 2.2)


def of_evidence(evidence: Sequence[Evidence]) -> Figure:
    """One panel for each series of residuals that the evidence has."""
    return figure([residuals for one in evidence for residuals in one.residuals])


def of_rig(scored: Sequence[Scored]) -> Figure:
    """One panel for each group of a rig's figures, over what was measured."""
    panels = []
    for group in dict.fromkeys(one.group for one in scored):
        own = [one for one in scored if one.group == group]
        measured = np.array([one.measured for one in own])
        fitted = np.array([one.simulated for one in own])
        along = "measured, bytes" if group.endswith("-bytes") else "measured, s"
        panels.append(Residuals(group, along, measured, (measured - fitted) / fitted))
    return figure(panels)


def figure(panels: Sequence[Residuals]) -> Figure:
    """Points about a line at 0; two thirds of them lie within the grey band."""
    drawn = Figure(figsize=(_PANEL_IN[0], _PANEL_IN[1] * max(len(panels), 1)), layout="constrained")
    FigureCanvasAgg(drawn)
    for at, panel in enumerate(panels, 1):
        axes = drawn.add_subplot(len(panels), 1, at)
        band = float(np.quantile(np.abs(panel.share), 2 / 3))
        axes.axhspan(-100 * band, 100 * band, color="0.92")
        axes.axhline(0.0, color="0.4", linewidth=0.8)
        axes.plot(panel.x, 100 * panel.share, ".", markersize=4, color="#0072B2")
        axes.set_title(f"{panel.name}: {len(panel.share)} observed, two thirds within {100 * band:.2g} %", loc="left")
        axes.set_xlabel(panel.along)
        axes.set_ylabel("observed less fitted, %")
        axes.spines[["top", "right"]].set_visible(False)
    return drawn
