"""Plots of metrics along a key: a subplot for each metric, a curve for each variant with its interval at each point.

A limit is a dashed line, the interval that a search returned a grey band. Values without an interval are dots; infinite
ones, of deploys that failed, are left out. Where deploys failed a marker is hollow. Cost against latency is drawn here,
too. Colours and sizes are those of `sim.report.plots`.
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

from sim.experiment.tradeoff import Choice
from sim.report import plots
from sim.report.formatting import scale
from sim.report.plot_data import PlotData, Series, Subplot

#: Said of a plot in which there are such markers.
HOLLOW: Final = "hollow: deploys failed there"
#: A key over more than this ratio is drawn on a logarithmic scale.
_WIDE: Final = 8.0
_SUBPLOT_INCHES: Final = (6.0, 4.2)
_KEY_INCHES: Final = 1.6


def draw(data: PlotData) -> Figure:
    """The plot of data that have at least one subplot."""
    width, height = _SUBPLOT_INCHES
    with mpl.rc_context(plots.STYLE):
        plot = Figure(figsize=(width * len(data.subplots) + _KEY_INCHES, height), layout="constrained")
        FigureCanvasAgg(plot)
        plot.suptitle(data.title, x=0.01, ha="left", fontsize=11)
        for axes, subplot in zip(np.ravel(plot.subplots(1, len(data.subplots))), data.subplots, strict=True):
            _draw_subplot(axes, subplot, data)
        if max(len(subplot.series) for subplot in data.subplots) > 1:
            plot.legend(*axes.get_legend_handles_labels(), loc="outside right upper", frameon=False)
        if any(any(series.failed) for subplot in data.subplots for series in subplot.series):
            plot.text(0.99, 0.99, HOLLOW, ha="right", va="top")
    return plot


def write(data: PlotData, directory: Path, name: str) -> None:
    """The plot as `NAME.png` and `NAME.svg`, if anything is to be drawn."""
    if data.subplots:
        plots.write(draw(data), directory, name)


def write_tradeoff(choices: Sequence[Choice], directory: Path) -> None:
    """Cost against p99 as `pareto.png` and `pareto.svg`: every choice, and a line through those worth having.

    Those that fail more than another are crosses.
    """
    with mpl.rc_context(plots.STYLE):
        plot = Figure(figsize=_SUBPLOT_INCHES, layout="constrained")
        FigureCanvasAgg(plot)
        axes = plot.subplots()
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
    plots.write(plot, directory, "pareto")


def _draw_subplot(axes: Axes, subplot: Subplot, data: PlotData) -> None:
    intervals = [found for series in subplot.series for found in series.intervals]
    numbers = [number for found in intervals for number in (found.mean, found.low, found.high)]
    finite = [abs(number) for number in (*numbers, subplot.limit or 0.0) if np.isfinite(number)]
    unit, factor = scale(max(finite, default=0.0), subplot.unit)
    _scale_key(axes, [number for series in subplot.series for number in series.numbers])
    for low, high in data.spans:
        axes.axvspan(low, high, color="0.85", lw=0)
    for colour, marker, series in zip(plots.COLOURS * 10, "os^Dv" * 14, subplot.series, strict=False):
        _draw_series(axes, series, factor, colour, marker)
    if subplot.limit is not None:
        axes.axhline(subplot.limit / factor, color="black", linestyle="--", linewidth=1)
    axes.set_title(subplot.metric)
    axes.set_ylabel(unit)
    axes.set_xlabel(f"{data.key}, {data.unit}" if data.unit else data.key)


def _draw_series(axes: Axes, series: Series, factor: float, colour: str, marker: str) -> None:
    """Means with their intervals, in units of `factor`; hollow markers where deploys failed."""
    middle, below, above = (
        np.array([getattr(found, which) for found in series.intervals]) / factor for which in ("mean", "low", "high")
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


def _scale_key(axes: Axes, numbers: Sequence[float]) -> None:
    """By ratios where the key's numbers are far apart, with whole ticks where all of them are whole."""
    if min(numbers, default=0.0) > 0 and max(numbers) / min(numbers) > _WIDE:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
    elif all(number == round(number) for number in numbers):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
