"""One plot of a comparison, or of a run: how long deploys take, where their time goes, which bytes are moved.

Drawn from the tables of one run of each variant, the first; what varies from run to run is in the comparison's table.
Every subplot names its own curves and parts, so that no legend has to be looked up; hatching always means waiting for
others. Colours are those of Okabe and Ito, "Color Universal Design" (2008), distinct with any colour vision. Left out:
intervals over runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, SubFigure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from sim.accounting.failures import Failures
from sim.experiment.comparison import Comparison
from sim.files import replacing
from sim.report import timecourse
from sim.report.formatting import failed_of
from sim.result import ONLY, Result
from sim.scenario import Scenario
from sim.stats.quantiles import PERCENTS, rank
from sim.tables import rows
from sim.units import bytes_of, format_seconds

_BLACK, _ORANGE, _SKY, _GREEN, _YELLOW, _BLUE, _RED, _PINK = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
)  # fmt: skip
COLOURS: Final = (_BLUE, _RED, _GREEN, _PINK, _ORANGE, _SKY, _BLACK)
#: A marker on a curve, and the letter that looks like it.
_MARKERS: Final = (("o", "\u25cf"), ("s", "\u25a0"), ("^", "\u25b2"), ("D", "\u25c6"), ("v", "\u25bc"))
_OF_PHASES: Final = dict(zip(rows.PHASES, ("#999999", _SKY, _BLUE, _PINK, _YELLOW, _RED, _GREEN), strict=True))
_OF_PURPOSES: Final = {"push": _BLUE, "pull": _RED, "sync": _YELLOW}

STYLE: Final[Any] = {
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "hatch.linewidth": 0.7,
    "svg.hashsalt": "regsim",
}
_POINTS: Final = 600  # of a curve: more than its pixels
_BAR: Final = 0.6  # of the way from bar to bar
_HEADROOM: Final = 1.15  # above the highest bar, for its total
# Up to how many decades there is room for which ticks within each; and what the axis spans at least.
_TICKS: Final = ((1.0, (1, 1.5, 2, 3, 5, 7)), (2.5, (1, 2, 5)), (np.inf, (1,)))
_SPAN: Final = 2.5
_PLATE: Final[Mapping[str, Any]] = {"facecolor": "white", "edgecolor": "none", "boxstyle": "round,pad=0.2"}

# Text beside what it names, in points.
_LINE_PT: Final = 12.0
_LETTER_PT: Final = 5.3
_COLUMN_PT: Final = 50.0
_MARK_PT: Final = 14.0
_NAME_LETTERS: Final = 24  # in a line of the key
_TITLE_LETTERS: Final = 140
_COURSE_INCHES: Final = 3.0
_TICK_LETTERS: Final = 40  # under all bars together
_BARS_PT: Final = 225.0  # height of a subplot of bars


def comparison(outcome: Comparison) -> Figure:
    """The first run of each variant, side by side."""
    runs = f"first of {outcome.runs} runs" if outcome.runs > 1 else "one run"
    return _plot(outcome.samples, f"{_title(outcome.scenario)} ({runs}, seed {outcome.seed})")


def run(result: Result) -> Figure:
    """One run alone."""
    name = result.variant or ONLY
    return _plot({name: result}, f"{_title(result.scenario)} (one run, seed {result.seed})")


def write(plot: Figure, directory: Path, name: str) -> None:
    """The plot as `NAME.png` and `NAME.svg`, each whole or not there, the same for the same rows."""
    with mpl.rc_context(STYLE):
        with replacing(directory / f"{name}.png") as path:
            plot.savefig(path, format="png", dpi=150)
        with replacing(directory / f"{name}.svg") as path:
            plot.savefig(path, format="svg", metadata={"Date": None})


def _title(scenario: Scenario) -> str:
    return scenario.run.title or scenario.name


def _plot(samples: Mapping[str, Result], title: str) -> Figure:
    names = {name: fill(_named(name, sample.failures), _NAME_LETTERS) for name, sample in samples.items()}
    key_lines = 1 + sum(1 + name.count("\n") for name in names.values())
    tick_lines = max(1 + _tick(name, len(samples)).count("\n") for name in samples)
    with mpl.rc_context(STYLE):
        height_inches = 4.1 + (key_lines + tick_lines) * _LINE_PT / 72
        faulted = any(sample.episodes for sample in samples.values())
        plot = Figure(
            figsize=(13.5, height_inches + faulted * _COURSE_INCHES), layout=ConstrainedLayoutEngine(w_pad=0.12)
        )
        FigureCanvasAgg(plot)
        plot.suptitle(fill(title, _TITLE_LETTERS), x=0.01, ha="left", fontsize=11)
        above: Figure | SubFigure = plot
        if faulted:
            both: Any = plot.subfigures(2, 1, height_ratios=(height_inches, _COURSE_INCHES))
            above = both[0]
            _course(both[1], samples)
        latency, phases, moved = subplots = above.subplots(1, 3, width_ratios=(1.35, 1, 1))
        headings = ("How long a deploy takes", "Where its time goes, on average", "Bytes moved")
        for axes, heading in zip(subplots, headings, strict=True):
            axes.set_title(heading, pad=10 + key_lines * _LINE_PT)
        _latency(latency, samples, names, key_lines)
        _above(phases, "hatched: spent waiting for others", 0, key_lines)
        _phases(phases, samples)
        _above(moved, "above the bars: in all, and between sites", 0, key_lines)
        _moved(moved, samples)
    return plot


def _course(below: SubFigure, samples: Mapping[str, Result]) -> None:
    """How deploys fared before, during and after faults."""
    latency, backlog = below.subplots(1, 2, width_ratios=(1.35, 1))
    latency.set_title("How long deploys took by when they were asked for; faults are shaded")
    backlog.set_title("How many were under way")
    timecourse.draw(latency, backlog, samples, COLOURS)


def _named(name: str, failures: Failures) -> str:
    """`central: 3 of 292 failed`."""
    return f"{name}: {failed_of(failures)} failed" if failures.failed else name


def _latency(axes: Axes, samples: Mapping[str, Result], names: Mapping[str, str], key_lines: int) -> None:
    """The share of deploys that are ready within a time; a deploy that failed never is."""
    letters = max(len(part) for name in names.values() for part in name.split("\n"))
    columns_pt = [_MARK_PT + letters * _LETTER_PT + at * _COLUMN_PT for at in range(1, 1 + len(PERCENTS))]
    for percentile, column_pt in zip(PERCENTS, columns_pt, strict=True):
        _above(axes, percentile, column_pt, key_lines, ha="right")
        axes.axhline(PERCENTS[percentile] / 100, color="0.8", linewidth=0.7, zorder=0)
    line = key_lines - 1
    for place, (name, sample) in enumerate(samples.items()):
        colour = COLOURS[place % len(COLOURS)]
        marker, glyph = _MARKERS[place % len(_MARKERS)]
        width = max(2.4 - 0.4 * place, 1.0)  # so that one under another is still seen
        quantiles_s = _curve(axes, _ready_s(sample), width, colour, marker)
        _above(axes, glyph, 0, line, color=colour)
        _above(axes, names[name], _MARK_PT, line, color=colour)
        for quantile_s, column_pt in zip(quantiles_s, columns_pt, strict=True):
            _above(axes, _seconds(quantile_s), column_pt, line, color=colour, ha="right")
        line -= 1 + names[name].count("\n")
    axes.set_xscale("log")
    low_s, high_s = axes.get_xlim()
    if high_s < low_s * _SPAN:
        low_s, high_s = (np.sqrt(low_s * high_s) * _SPAN**side for side in (-0.5, 0.5))
        axes.set_xlim(low_s, high_s)
    ticks = next(ticks for decades, ticks in _TICKS if np.log10(high_s / low_s) <= decades)
    axes.xaxis.set_major_locator(LogLocator(subs=ticks))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value_s, _: _seconds(value_s)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("from the client's start until the last instance is ready")
    axes.set_ylabel("share of deploys")
    axes.set_ylim(0, 1.01)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 0.95], ["0 %", "25 %", "50 %", "75 %", "95 %"])
    axes.annotate("99 %", (1, 0.99), xycoords="axes fraction", xytext=(3, 0), textcoords="offset points", va="center")


def _ready_s(sample: Result) -> NDArray[np.float64]:
    deploys = sample.tables["deploys"]
    return np.sort(np.where(deploys.column("failed"), np.inf, deploys.column("latency_s")))


def _curve(axes: Axes, ordered_s: NDArray[np.float64], width: float, colour: str, marker: str) -> list[float]:
    """Draw a distribution and mark its p50, p95 and p99, which are returned; NaN when it has no values."""
    n = len(ordered_s)
    if not n:
        return [np.nan] * len(PERCENTS)
    evenly, to_the_end = np.linspace(0, n - 1, _POINTS), n - np.geomspace(1, n, _POINTS)
    at = np.unique(np.concatenate([evenly, to_the_end]).astype(int))
    at = at[np.isfinite(ordered_s[at])]
    axes.step(ordered_s[at], (at + 1) / n, where="post", color=colour, linewidth=width)
    quantiles_s = [float(ordered_s[rank(n, percent)]) for percent in PERCENTS.values()]
    axes.plot(quantiles_s, [percent / 100 for percent in PERCENTS.values()], marker, color=colour, markersize=5)
    return quantiles_s


def _phases(axes: Axes, samples: Mapping[str, Result]) -> None:
    """The mean phases of deploys that got ready, each split into its own time and its waiting."""
    parts: dict[str, list[tuple[float, float]]] = {phase: [] for phase in rows.PHASES}
    for sample in samples.values():
        deploys = sample.tables["deploys"]
        ready = ~deploys.column("failed")
        for phase in rows.PHASES:
            both = [deploys.column(name)[ready] for name in (f"{phase}_s", f"{phase}_waited_s")]
            whole_s, waited_s = (float(values.mean()) if len(values) else 0.0 for values in both)
            parts[phase].append((whole_s - waited_s, waited_s))
    totals = np.sum([np.sum(pairs, axis=1) for pairs in parts.values()], axis=0)
    _stacks(axes, parts, _OF_PHASES, list(samples), totals)
    for at, (total_s, sample) in enumerate(zip(totals, samples.values(), strict=True)):
        text = _seconds(total_s) if not sample.tables["deploys"].column("failed").all() else "none ready"
        axes.annotate(text, (at, total_s), xytext=(0, 3), textcoords="offset points", ha="center")
    axes.set_ylabel("mean of ready deploys, seconds")


def _moved(axes: Axes, samples: Mapping[str, Result]) -> None:
    """Bytes by what they were sent for."""
    metrics = [sample.metrics for sample in samples.values()]
    highest = max(sum(found[f"{purpose}_bytes"] for purpose in _OF_PURPOSES) for found in metrics)
    unit = next((name for name in ("TB", "GB", "MB", "kB") if highest >= bytes_of(f"1 {name}")), "B")
    scale_bytes = bytes_of(f"1 {unit}")
    parts = {purpose: [(found[f"{purpose}_bytes"] / scale_bytes, 0.0) for found in metrics] for purpose in _OF_PURPOSES}
    totals = np.sum([np.sum(pairs, axis=1) for pairs in parts.values()], axis=0)
    _stacks(axes, parts, _OF_PURPOSES, list(samples), totals)
    for at, (total, found) in enumerate(zip(totals, metrics, strict=True)):
        text = f"{total:.3g}\nWAN {found['wan_bytes'] / scale_bytes:.3g}"
        axes.annotate(text, (at, total), xytext=(0, 3), textcoords="offset points", ha="center")
    axes.set_ylabel(f"sent, {unit}")


def _stacks(
    axes: Axes,
    parts: Mapping[str, Sequence[tuple[float, float]]],
    colours: Mapping[str, str],
    variants: Sequence[str],
    totals: NDArray[np.float64],
) -> None:
    """A bar for each variant, of parts (own time, waiting) from below, named beside the last bar."""
    places = np.arange(len(variants))
    base = np.zeros(len(variants))
    beside = {}
    for name, pairs in parts.items():
        split = np.array(pairs)
        heights = split.sum(axis=1)
        middles = base + heights / 2
        label = name.replace("_", " ")
        if heights[-1]:
            beside[label] = middles[-1]
        elif heights.any():
            at = int(heights.argmax())
            axes.annotate(label, (at, middles[at]), ha="center", va="center", bbox=dict(_PLATE))
        for values, hatch in zip(split.T, ("", "/////"), strict=True):
            axes.bar(places, values, _BAR, base, color=colours[name], hatch=hatch, edgecolor="white", linewidth=0)
            base = base + values
    axes.set_xticks(places, [_tick(name, len(variants)) for name in variants])
    axes.set_xlim(-0.5, len(variants) - 0.5)
    axes.set_ylim(0, (float(totals.max()) or 1) * _HEADROOM)
    _beside(axes, beside, len(variants))


def _tick(name: str, bars: int) -> str:
    """A variant's name in lines that fit under its bar."""
    return fill(name, max(_TICK_LETTERS // bars, 5))


def _beside(axes: Axes, labels: Mapping[str, float], bars: int) -> None:
    """Name parts of the last bar at the right, moved apart as little as letters need, each with a line to its part."""
    if not labels:
        return
    top = axes.get_ylim()[1]
    gap = _LINE_PT / _BARS_PT * top
    steps = gap * np.arange(len(labels))
    shifted = isotonic_regression(np.array(list(labels.values())) - steps).x
    places = np.clip(shifted, 0, max(top - steps[-1], 0)) + steps
    leader = {"arrowstyle": "-", "color": "0.6", "linewidth": 0.6, "shrinkA": 1, "shrinkB": 0, "relpos": (0, 0.5)}
    for (name, height), place in zip(labels.items(), places, strict=True):
        axes.annotate(
            name, (bars - 1 + _BAR / 2, height), xytext=(bars - 0.42, float(place)),
            va="center", annotation_clip=False, arrowprops=leader,
        )  # fmt: skip


def _above(axes: Axes, text: str, x_pt: float, line: int, **style: Any) -> None:
    """Text in a line above the subplot, the first line being the lowest."""
    place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "top"}
    axes.annotate(text, (0, 1), xytext=(x_pt, 4 + line * _LINE_PT), **place, **style)


def _seconds(value_s: float) -> str:
    """`1.16 s`; `never` for what is infinite."""
    return format_seconds(float(f"{value_s:.3g}")) if np.isfinite(value_s) else "never"
