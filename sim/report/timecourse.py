"""The time course of a run around its faults, as two subplots: how deploys fared, and how many were under way.

Each fault is shaded from when to when it held. Latencies stand at the times when deploys were asked for; what failed is
a cross at the top. Left out: the time far from any fault.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, MultipleLocator, NullFormatter
from numpy.typing import NDArray

from sim.accounting.fault_effects import under_way
from sim.report import style
from sim.result import Result
from sim.units import format_seconds

Floats = NDArray[np.float64]
#: Deploys that are drawn one by one at most; of more, bins of the time that is shown.
_POINTS: Final = 2000
_BINS: Final = 60
#: Steps of a curve at most: more than its pixels. Of more, the highest in each bin.
_STEPS: Final = 1500
#: Times of faults that are named at most.
_NAMED: Final = 6
#: As much before the first fault and after the last is shown as they hold together, times this, and this at least, s.
_AROUND: Final = 1.5
_LEAST_S: Final = 600.0
#: Between ticks, s, and how many ticks there are at most.
_STEPS_S: Final = (1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0, 1800.0, 3600.0, 10800.0, 21600.0, 86400.0, 604800.0)
_TICKS: Final = 8


def draw(latency: Axes, backlog: Axes, samples: Mapping[str, Result], colours: Sequence[str]) -> None:
    """Latency by when deploys were asked for, and how many are under way; a colour for each sample."""
    low_s, high_s = span_s(samples)
    for axes in (latency, backlog):
        shade(axes, samples, low_s, high_s)
        clock(axes, low_s, high_s)
        axes.set_xlabel("time of the run")
    for place, sample in enumerate(samples.values()):
        colour, width = colours[place % len(colours)], max(2.0 - 0.4 * place, 0.8)
        _latency(latency, sample, low_s, high_s, colour, width, place)
        deploys = sample.tables["deploys"]
        times_s, number = under_way(deploys.column("asked_s"), deploys.column("ended_s"))
        backlog.step(*_thinned(times_s, number, low_s, high_s), where="post", color=colour, linewidth=width)
    latency.set_yscale("log")
    low, high = latency.get_ylim()
    latency.yaxis.set_major_locator(LogLocator(subs=(1,) if high > 30 * low else (1, 2, 5)))
    latency.yaxis.set_minor_formatter(NullFormatter())
    latency.yaxis.set_major_formatter(FuncFormatter(lambda value_s, _: format_seconds(float(f"{value_s:.3g}"))))
    many = any(len(sample.tables["deploys"]) > _POINTS for sample in samples.values())
    latency.set_ylabel("p50, dotted p95; x failed" if many else "each deploy; x failed")
    backlog.set_ylim(bottom=0)
    backlog.yaxis.set_major_locator(MaxNLocator(integer=True))
    backlog.set_ylabel("deploys under way")


def span_s(samples: Mapping[str, Result]) -> tuple[float, float]:
    """From when until when is shown: the faults with some time around them, within the run."""
    episodes = [episode for sample in samples.values() for episode in sample.episodes]
    lasts_s = max(sample.scenario.run.duration_s for sample in samples.values())
    ends_s = max(sample.simulated_s for sample in samples.values())
    if not episodes:
        return 0.0, lasts_s
    first_s, last_s = min(each.from_s for each in episodes), max(each.until_s for each in episodes)
    around_s = max(_AROUND * (last_s - first_s), _LEAST_S)
    return max(first_s - around_s, 0.0), min(last_s + around_s, max(lasts_s, ends_s))


def shade(axes: Axes, samples: Mapping[str, Result], low_s: float, high_s: float) -> None:
    """Each time at which a fault held, once, with its name at the top."""
    seen = dict.fromkeys(episode for sample in samples.values() for episode in sample.episodes)
    for episode in seen:
        axes.axvspan(episode.from_s, min(episode.until_s, high_s), color=style.SHADE, linewidth=0, zorder=0)
        if low_s <= episode.from_s <= high_s and len(seen) <= _NAMED:
            axes.annotate(
                style.short(episode.fault), (episode.from_s, 0), xycoords=("data", "axes fraction"), xytext=(3, 3),
                textcoords="offset points", va="bottom", fontsize=8, color="0.35",
            )  # fmt: skip


def _latency(axes: Axes, sample: Result, low_s: float, high_s: float, colour: str, width: float, place: int) -> None:
    """A point each deploy, or median and p95 of each bin where there are many; crosses for those that failed."""
    deploys = sample.tables["deploys"]
    asked_s, latency_s = deploys.column("asked_s"), deploys.column("latency_s")
    shown = (asked_s >= low_s) & (asked_s < high_s)
    failed, ready = shown & deploys.column("failed"), shown & ~deploys.column("failed")
    if ready.sum() <= _POINTS:
        axes.plot(asked_s[ready], latency_s[ready], "o", color=colour, markersize=max(4.5 - place, 1.5), linewidth=0)
    else:
        edges_s = np.linspace(low_s, high_s, _BINS + 1)
        middles_s = (edges_s[1:] + edges_s[:-1]) / 2
        for percent, style in ((50, "-"), (95, ":")):
            found_s = _quantiles(asked_s[ready], latency_s[ready], edges_s, percent)
            axes.plot(middles_s, found_s, style, color=colour, linewidth=width)
    if failed.any():
        height = np.full(int(failed.sum()), 1.0 - 0.05 * (place + 1))
        axes.plot(asked_s[failed], height, "x", color=colour, markersize=5, transform=axes.get_xaxis_transform())


def _quantiles(asked_s: Floats, latency_s: Floats, edges_s: Floats, percent: float) -> Floats:
    """Each bin's percentile, (n_bins,) s; NaN where nothing was asked for."""
    number = np.searchsorted(edges_s, asked_s, side="right") - 1
    return np.array(
        [np.percentile(here_s, percent) if len(here_s := latency_s[number == at]) else np.nan for at in range(_BINS)]
    )


def _thinned(times_s: Floats, number: NDArray[np.int64], low_s: float, high_s: float) -> tuple[Floats, Floats]:
    """Times and numbers of a step curve from `low_s` to `high_s`, the highest of each bin where there are many."""
    first = int(np.searchsorted(times_s, low_s, side="right"))
    before = number[first - 1] if first else 0
    inside = slice(first, int(np.searchsorted(times_s, high_s, side="right")))
    times_s, number = times_s[inside], number[inside]
    if len(times_s) > _STEPS:
        starts = np.unique(np.searchsorted(times_s, np.linspace(low_s, high_s, _STEPS, endpoint=False)))
        starts = starts[starts < len(times_s)]
        times_s, number = times_s[starts], np.maximum.reduceat(number, starts)
    return np.concatenate(([low_s], times_s)), np.concatenate(([before], number)).astype(float)


def clock(axes: Axes, low_s: float, high_s: float) -> None:
    """Ticks at full minutes or hours."""
    ticks = _TICKS // 2 if style.narrow(axes) else _TICKS
    step_s = next((step for step in _STEPS_S if (high_s - low_s) / step <= ticks), _STEPS_S[-1])
    unit, name = next((factor, name) for factor, name in ((3600.0, "h"), (60.0, "min"), (1.0, "s")) if step_s >= factor)
    axes.xaxis.set_major_locator(MultipleLocator(step_s))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value_s, _: f"{value_s / unit:g} {name}"))
    axes.set_xlim(low_s, high_s)
