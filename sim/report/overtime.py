"""Pictures over a run's time: how full links were, how late copies and stale starts, how a release spreads.

Faults are shaded when they held. Left out: the time course of deploys around faults (`timecourse`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter
from numpy.typing import NDArray

from sim.errors import InputError
from sim.report import style, timecourse
from sim.report.latency import Drawn
from sim.result import Result
from sim.tables import rows

Floats = NDArray[np.float64]
_LINKS: Final = 24
_COLUMNS: Final = 240
_BINS: Final = 48
_BIN_S: Final = 60.0
_NAME_LETTERS: Final = 26
_NARROW_LETTERS: Final = 16


def utilisation(axes: Axes, result: Result) -> None:
    """A heat map: the fullest links, a row each, how full each was over time."""
    table = result.tables["utilisation"]
    codes, names = table.codes("link")
    if not len(codes):
        raise InputError("plot", "no link carried anything", "see .utilisation")
    from_s, share = table.column("from_s"), table.column("mean_utilisation")
    minutes = int(from_s.max() // _BIN_S) + 1
    used = np.bincount(codes, share, len(names))
    most = _LINKS // 2 if style.narrow(axes) else _LINKS
    order = np.argsort(-used, kind="stable")[: min(most, int((used > 0).sum()))]
    row = np.full(len(names), -1)
    row[order] = np.arange(len(order))
    width = max(-(-minutes // _COLUMNS), 1)  # minutes in a column, of which the fullest counts
    grid = np.zeros((len(order), -(-minutes // width)))
    shown = row[codes] >= 0
    np.maximum.at(grid, (row[codes][shown], (from_s[shown] // (_BIN_S * width)).astype(int)), share[shown])
    until_s = grid.shape[1] * _BIN_S * width
    picture = axes.imshow(
        100 * grid, aspect="auto", interpolation="nearest", cmap="Blues", vmin=0, vmax=100,
        extent=(0.0, until_s, len(order) - 0.5, -0.5),
    )  # fmt: skip
    letters = _NARROW_LETTERS if style.narrow(axes) else _NAME_LETTERS
    bar = axes.figure.colorbar(picture, ax=axes, pad=0.01, aspect=30)
    bar.set_label("of what the link carries, %")
    axes.set_yticks(range(len(order)), [style.short(names[at], letters) for at in order], fontsize=7.5)
    for episode in result.episodes:
        axes.axvspan(
            episode.from_s, min(episode.until_s, until_s), facecolor="none", edgecolor="#D55E00", linewidth=1.4
        )
    timecourse.clock(axes, 0.0, until_s)
    faults = "; faults are framed" if result.episodes else ""
    cells = f"the fullest minute of {width}" if width > 1 else "a minute"
    style.labelled(axes, f"time of the run; a cell is {cells}{faults}")
    few = f"the {len(order)} most used of {len(names)} links" if len(order) < len(names) else "links, disks and caps"
    style.headed(axes, f"How full {few} were")
    style.clean(axes)


def lag(axes: Axes, drawn: Sequence[Drawn]) -> None:
    """How long copies took from one registry to another, by when they were published; those given up are crosses."""
    samples = {one.name: one.sample for one in drawn}
    until_s = _until_s(drawn)
    timecourse.shade(axes, samples, 0.0, until_s)
    seen = False
    for at, one in enumerate(drawn):
        syncs = one.sample.tables["syncs"]
        published_s, lag_s = syncs.column("published_s"), syncs.column("lag_s")
        done = np.isfinite(lag_s) & (lag_s > 0)
        seen = seen or bool(done.any())
        middles_s, of_bins = _bins(published_s[done], lag_s[done], until_s, (50, 95))
        for values, dash in zip(of_bins, ("-", ":"), strict=True):
            axes.plot(middles_s, values, dash, marker=".", color=one.colour, linewidth=1.3,
                      label=style.named(axes, one.name, many=len(drawn)) if dash == "-" else None)  # fmt: skip
        lost = ~np.isfinite(lag_s)
        if lost.any():
            height = np.full(int(lost.sum()), 0.97 - 0.04 * at)
            axes.plot(published_s[lost], height, "x", color=one.colour, transform=axes.get_xaxis_transform())
    _over_time(axes, drawn, until_s, "How late copies were (dotted: p95, x: given up)")
    if not seen:
        axes.set_yticks([])
        axes.annotate("nothing was copied", (0.5, 0.5), xycoords="axes fraction", ha="center", color="0.35")
    else:
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(NullFormatter())
        style.seconds_on(axes.yaxis, *axes.get_ylim())
    axes.set_ylabel("lag")


def staleness(axes: Axes, drawn: Sequence[Drawn]) -> None:
    """The share of instances that booted an image older than their tag then meant, by when they were asked for."""
    samples = {one.name: one.sample for one in drawn}
    until_s = _until_s(drawn)
    timecourse.shade(axes, samples, 0.0, until_s)
    for one in drawn:
        starts = one.sample.tables["starts"]
        asked_s, stale = starts.column("asked_s"), starts.column("stale")
        edges_s = np.linspace(0.0, until_s, _BINS + 1)
        every, _ = np.histogram(asked_s, edges_s)
        old, _ = np.histogram(asked_s[stale], edges_s)
        share = np.where(every > 0, 100 * old / np.maximum(every, 1), np.nan)
        axes.plot((edges_s[1:] + edges_s[:-1]) / 2, share, marker=".", color=one.colour, linewidth=1.3,
                  label=style.named(axes, one.name, f": {stale.sum():,} of {len(stale):,}", len(drawn)))  # fmt: skip
    _over_time(axes, drawn, until_s, "How many starts were stale")
    axes.set_ylim(0, max(axes.get_ylim()[1], 1.0))
    axes.set_ylabel("stale, % of starts")


def convergence(axes: Axes, drawn: Sequence[Drawn]) -> None:
    """After a kernel's release: the share of the apps that it redeploys that run it. InputError without a release."""
    released = [one for one in drawn if one.sample.scenario.demand.kernel_release is not None]
    if not released:
        raise InputError("plot", "the scenario releases no kernel", 'say when: {"demand.kernel_release.at": "1 h"}')
    longest_s = 1.0
    for at, one in enumerate(released):
        release = one.sample.scenario.demand.kernel_release
        assert release is not None
        since_s, share = _converged(one.sample, release.at_s)
        longest_s = max(longest_s, float(since_s[-1]) if len(since_s) else 0.0)
        last = f"all after {style.seconds(float(since_s[-1]))}" if len(share) and share[-1] == 1 else "never all"
        axes.step(
            np.append(0.0, since_s), 100 * np.append(0.0, share), where="post", color=one.colour,
            linestyle=style.DASHES[at % 2], linewidth=max(2.2 - 0.4 * at, 1.0),
            label=style.named(axes, one.name, f": {last}", len(released)),
        )  # fmt: skip
    over_s = max(one.sample.scenario.demand.kernel_release.over_s for one in released)  # type: ignore[union-attr]
    axes.axvspan(0, over_s, color=style.SHADE, linewidth=0, zorder=0)
    timecourse.clock(axes, 0.0, max(longest_s, over_s) * 1.03)
    axes.set_ylim(0, 101)
    style.upright(axes, "apps that run the new kernel, %")
    style.labelled(axes, "time since the release; shaded while apps redeploy")
    style.headed(axes, "How a new kernel reaches the fleet", style.key_rows(axes, len(released)))
    style.key(axes, style.key_columns(axes, len(released)))
    style.clean(axes)


def _converged(sample: Result, at_s: float) -> tuple[Floats, Floats]:
    """When one app after the other was ready with the new kernel, s since its release, and their share by then."""
    deploys = sample.tables["deploys"]
    carried = (deploys.column("kernel") == 1) & ~deploys.where("route", rows.START) & deploys.column("update")
    repositories, _ = deploys.codes("repository")
    ended_s, failed = deploys.column("ended_s")[carried], deploys.column("failed")[carried]
    _, first = np.unique(repositories[carried], return_index=True)
    ready_s = np.sort(np.where(failed, np.inf, ended_s)[first] - at_s)
    share = np.arange(1, len(ready_s) + 1) / max(len(ready_s), 1)
    return ready_s[np.isfinite(ready_s)], share[np.isfinite(ready_s)]


def _until_s(drawn: Sequence[Drawn]) -> float:
    return max((one.sample.scenario.run.duration_s for one in drawn), default=1.0)


def _bins(at_s: Floats, values: Floats, until_s: float, percents: Sequence[float]) -> tuple[Floats, list[Floats]]:
    """The middles of bins of time, (n_bins,), and in each the percentiles of what falls into it; NaN for nothing."""
    edges_s = np.linspace(0.0, until_s, _BINS + 1)
    number = np.clip(np.searchsorted(edges_s, at_s, side="right") - 1, 0, _BINS - 1)
    groups = [values[number == at] for at in range(_BINS)]
    found = [np.array([np.percentile(own, p) if len(own) else np.nan for own in groups]) for p in percents]
    middles_s: Floats = (edges_s[1:] + edges_s[:-1]) / 2
    return middles_s, found


def _over_time(axes: Axes, drawn: Sequence[Drawn], until_s: float, title: str) -> None:
    timecourse.clock(axes, 0.0, until_s)
    faults: Any = any(one.sample.episodes for one in drawn)
    style.labelled(axes, f"time of the run{'; faults are shaded' if faults else ''}")
    style.headed(axes, title, style.key_rows(axes, len(drawn)))
    style.key(axes, style.key_columns(axes, len(drawn)))
    style.clean(axes)
