"""Metrics along a key as a figure: a panel for each metric, a line for each variant with its interval at each point.

A limit is a dashed line, the interval that a search returned a grey band. Values without an interval are dots; infinite
ones, of deploys that failed, are left out. Where deploys failed a marker is hollow. Colours and sizes are those of
`sim.report.plots`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from sim.experiment.panels import Curves, Panel
from sim.experiment.tradeoff import Choice
from sim.experiment.words import scale
from sim.report import plots

#: Said of a figure in which there are such markers.
HOLLOW: Final = "hollow: deploys failed there"
_WIDE: Final = 8.0
_PANEL_INCHES: Final = (6.0, 4.2)
_KEY_INCHES: Final = 1.6


def draw(curves: Curves) -> Figure:
    """The figure."""
    width, height = _PANEL_INCHES
    with mpl.rc_context(plots.STYLE):
        figure = Figure(figsize=(width * len(curves.panels) + _KEY_INCHES, height), layout="constrained")
        FigureCanvasAgg(figure)
        figure.suptitle(curves.title, x=0.01, ha="left", fontsize=11)
        for axes, panel in zip(np.ravel(figure.subplots(1, len(curves.panels))), curves.panels, strict=True):
            _panel(axes, panel, curves)
        if max(len(panel.series) for panel in curves.panels) > 1:
            figure.legend(*axes.get_legend_handles_labels(), loc="outside right upper", frameon=False)
        if any(any(series.failed) for panel in curves.panels for series in panel.series):
            figure.text(0.99, 0.99, HOLLOW, ha="right", va="top")
    return figure


def write(curves: Curves, directory: Path, name: str) -> None:
    """The figure as `NAME.png` and `NAME.svg`."""
    if curves.panels:
        plots.write(draw(curves), directory, name)


def write_tradeoff(choices: Sequence[Choice], directory: Path) -> None:
    """Cost against p99 as `pareto.png` and `pareto.svg`: every choice, and a line through those worth having.

    Those that fail more than another are crosses.
    """
    with mpl.rc_context(plots.STYLE):
        figure = Figure(figsize=_PANEL_INCHES, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        for colour, name in zip(plots.COLOURS * 10, dict.fromkeys(each.variant for each in choices), strict=False):
            mine = [each for each in choices if each.variant == name and np.isfinite(each.latency_s)]
            for marker, label, these in (
                ("o", name, [each for each in mine if not each.fails_more]),
                ("x", f"{name}, more deploys fail", [each for each in mine if each.fails_more]),
            ):
                if these:
                    costs, latencies = [each.cost_usd_per_month for each in these], [each.latency_s for each in these]
                    axes.scatter(costs, latencies, s=16, color=colour, marker=marker, label=label)
        members = [each for each in choices if each.member and np.isfinite(each.latency_s)]
        costs, latencies = [each.cost_usd_per_month for each in members], [each.latency_s for each in members]
        axes.step(costs, latencies, where="post", color="black", linewidth=1)
        axes.set_title("Cost against p99: no choice lies below the line")
        axes.set_xlabel("cost of 30 days like the run, USD")
        axes.set_ylabel("deploy latency p99, s")
        axes.legend(frameon=False)
    plots.write(figure, directory, "pareto")


def _panel(axes: Axes, panel: Panel, curves: Curves) -> None:
    told = [bound for series in panel.series for found in series.found for bound in (found.mean, found.low, found.high)]
    finite = [abs(value) for value in (*told, panel.limit or 0.0) if np.isfinite(value)]
    unit, factor = scale(max(finite, default=0.0), panel.unit)
    numbers = [number for series in panel.series for number in series.numbers]
    if min(numbers, default=0.0) > 0 and max(numbers) / min(numbers) > _WIDE:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
    for low, high in curves.spans:
        axes.axvspan(low, high, color="0.85", lw=0)
    for colour, marker, series in zip(plots.COLOURS * 10, "os^Dv" * 14, panel.series, strict=False):
        middle, below, above = (
            np.array([getattr(found, which) for found in series.found]) / factor for which in ("mean", "low", "high")
        )
        spread = np.nan_to_num(np.vstack([middle - below, above - middle]), posinf=0.0)
        axes.errorbar(
            series.numbers, np.where(np.isfinite(middle), middle, np.nan), spread, color=colour,
            marker=marker, markersize=4, linewidth=1, capsize=2, label=series.name,
        )  # fmt: skip
        hollow = np.isfinite(middle) & (np.array(series.failed, dtype=bool) if series.failed else False)
        axes.plot(
            np.array(series.numbers)[hollow], middle[hollow], linestyle="", color=colour, marker=marker,
            markersize=4, markerfacecolor="white", zorder=3,
        )  # fmt: skip
    if panel.limit is not None:
        axes.axhline(panel.limit / factor, color="black", linestyle="--", linewidth=1)
    axes.set_title(panel.metric)
    axes.set_ylabel(unit)
    axes.set_xlabel(f"{curves.key}, {curves.unit}" if curves.unit else curves.key)
    if all(number == round(number) for number in numbers) and axes.get_xscale() == "linear":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
