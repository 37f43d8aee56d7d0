"""Plots of metrics along a key: a subplot for each metric, a curve for each variant with its interval at each point.

A limit is a dashed line with its value, the interval that a search returned a grey band. Values without an interval are
dots; infinite ones, of deploys that failed, are crosses at the top. Where some deploys failed a marker is hollow. Cost
against latency is drawn here, too (`pareto`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from sim.experiment.tradeoff import Choice
from sim.report import style
from sim.report.formatting import amount, scale
from sim.report.plot_data import PlotData, Series, Subplot
from sim.scenario import Scenario

#: Said of a plot in which there are such markers.
HOLLOW: Final = "hollow: some deploys failed there; a cross: so many that there is no value"
#: A key over more than this ratio is drawn on a logarithmic scale.
_WIDE: Final = 8.0
_SUBPLOT_INCHES: Final = (4.6, 4.4)
_KEY_INCHES: Final = 1.2
_LEGEND_LETTERS: Final = 34
#: Lines of its legends stand nearer to each other than others' do.
_OF_LINE: Final = 0.86


def draw(data: PlotData) -> Figure:
    """The plot of data that have at least one subplot."""
    width, height = _SUBPLOT_INCHES
    failed = any(any(series.failed) for subplot in data.subplots for series in subplot.series)
    many = max((len(subplot.series) for subplot in data.subplots), default=0)
    with style.styled():
        size = (width * len(data.subplots) + _KEY_INCHES, height + 0.19 * many)
        plot = style.figure(size, data.title, " | ".join([data.foot, *([HOLLOW] if failed else [])]).strip(" |"))
        for axes, subplot in zip(np.ravel(plot.subplots(1, len(data.subplots))), data.subplots, strict=True):
            into(axes, subplot, data)
    return plot


def into(axes: Axes, subplot: Subplot, data: PlotData) -> None:
    """One metric along the key, into axes; its legend stands above them."""
    intervals = [found for series in subplot.series for found in series.intervals]
    numbers = [number for found in intervals for number in (found.mean, found.low, found.high)]
    finite = [abs(number) for number in (*numbers, subplot.limit or 0.0) if np.isfinite(number)]
    unit, factor = scale(max(finite, default=0.0), subplot.unit)
    scale_key(axes, [number for series in subplot.series for number in series.numbers])
    for low, high in data.spans:
        axes.axvspan(low, high, color=style.SHADE, lw=0, zorder=0)
    for series in subplot.series:
        _draw_series(axes, series, factor)
    if subplot.limit is not None:
        _limit(axes, subplot.limit, factor, subplot.unit)
    many = len(subplot.series) > 1
    style.headed(axes, subplot.metric, _OF_LINE * _key_lines(subplot) if many else 0)
    metric = subplot.metric.split(": ")[-1]
    axes.set_ylabel(style.plain(unit if unit and style.narrow(axes) else f"{metric}{f', {unit}' if unit else ''}"))
    style.labelled(axes, f"{data.key}, {data.unit}" if data.unit else data.key)
    axes.grid(axis="y", color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
    style.clean(axes)
    if many:
        style.key(axes, 1, handlelength=2.6, labelspacing=0.25)


def _key_lines(subplot: Subplot) -> int:
    """Lines that a legend of one column takes above the axes."""
    return sum(1 + style.name_lines(each.name, _LEGEND_LETTERS).count("\n") for each in subplot.series)


def _limit(axes: Axes, limit: float, factor: float, unit: str) -> None:
    """A dashed line with what it stands for; zero is only a line, between more and less."""
    axes.axhline(limit / factor, color="black", linestyle="--", linewidth=1)
    if limit:
        axes.annotate(
            f"limit {amount(limit, unit)}", (1, limit / factor), xycoords=("axes fraction", "data"), xytext=(-2, 3),
            textcoords="offset points", ha="right", fontsize=8,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5}, zorder=5,
        )  # fmt: skip


def write(data: PlotData, directory: Path, name: str) -> None:
    """The plot as `NAME.png` and `NAME.svg`, if anything is to be drawn."""
    if data.subplots:
        style.write(draw(data), directory, name)


def _draw_series(axes: Axes, series: Series, factor: float) -> None:
    """Means with their intervals, in units of `factor`; hollow markers where deploys failed, crosses without a mean."""
    colour, (shape, _) = style.colour(series.place), style.marker(series.place + series.nth)
    middle, below, above = (
        np.array([getattr(found, which) for found in series.intervals], float) / factor
        for which in ("mean", "low", "high")
    )
    numbers, there = np.array(series.numbers), np.isfinite(middle)
    spread = np.nan_to_num(np.vstack([middle - below, above - middle]), posinf=0.0)
    axes.errorbar(
        numbers, np.where(there, middle, np.nan), spread, color=colour, marker=shape, markersize=4, linewidth=1.1,
        linestyle=style.DASHES[series.nth % len(style.DASHES)], capsize=2,
        label=style.name_lines(series.name, _LEGEND_LETTERS),
    )  # fmt: skip
    failed = np.array(series.failed, dtype=bool) if len(series.failed) else np.zeros(len(numbers), bool)
    axes.plot(
        numbers[there & failed], middle[there & failed], linestyle="", color=colour, marker=shape, markersize=4,
        markerfacecolor="white", zorder=3,
    )  # fmt: skip
    gone = np.isposinf(middle)
    if gone.any():
        height = np.full(int(gone.sum()), 0.985)
        axes.plot(numbers[gone], height, "x", color=colour, markersize=6, transform=axes.get_xaxis_transform())


def scale_key(axes: Axes, numbers: Sequence[float]) -> None:
    """By ratios where the key's numbers are far apart, with whole ticks where all of them are whole."""
    if min(numbers, default=0.0) > 0 and max(numbers) / min(numbers) > _WIDE:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if max(numbers) / min(numbers) < 300 else (1,)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
    elif all(number == round(number) for number in numbers):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def write_tradeoff(choices: Sequence[Choice], scenario: Scenario, foot: str, directory: Path) -> None:
    """Cost against p99 as `pareto.png` and `pareto.svg`."""
    with style.styled():
        plot = style.figure((9.0, 5.2), style.title_of(scenario), foot)
        pareto(plot.subplots(), choices, scenario)
    style.write(plot, directory, "pareto")


def pareto(axes: Axes, choices: Sequence[Choice], scenario: Scenario) -> None:
    """Cost against p99: every choice, a line through those worth having, each of these with where it was measured.

    Those that fail more than another are crosses; those without a p99, as deploys fail, are left out.
    """
    names = dict.fromkeys(each.variant for each in choices)
    for name in names:
        place = style.place_of(scenario, name)
        mine = [each for each in choices if each.variant == name and np.isfinite(each.latency_s)]
        for shape, label, these in (
            (style.marker(place)[0], name, [each for each in mine if not each.fails_more]),
            ("x", f"{name}, more deploys fail", [each for each in mine if each.fails_more]),
        ):
            if these:
                costs, latencies = [each.cost_usd_per_month for each in these], [each.latency_s for each in these]
                axes.scatter(
                    costs, latencies, s=26, color=style.colour(place), marker=shape, label=style.short(label, 48)
                )
    members = [each for each in choices if each.member and np.isfinite(each.latency_s)]
    costs, latencies = [each.cost_usd_per_month for each in members], [each.latency_s for each in members]
    axes.step(costs, latencies, where="post", color="0.3", linewidth=1, zorder=0)
    for each in members:
        where = f"{each.variant} at {', '.join(map(str, each.values))}" if each.values else each.variant
        text = f"{style.short(where, 48)}\n{amount(each.cost_usd_per_month, 'USD')}, {amount(each.latency_s, 's')}"
        axes.annotate(
            text, (each.cost_usd_per_month, each.latency_s), xytext=(5, 5), textcoords="offset points", fontsize=7.5,
        )  # fmt: skip
    axes.margins(x=0.14, y=0.16)
    style.headed(axes, "Cost against p99: no choice lies below the line", len(axes.collections))
    axes.set_xlabel("cost of 30 days like the run, USD")
    axes.set_ylabel("deploy latency p99, s")
    style.clean(axes)
    style.key(axes, 1)
