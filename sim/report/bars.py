"""Lying intervals and bars: differences from the baseline, what matters most (a tornado), means of variants.

A difference is a share of the baseline's mean, so that seconds and bytes stand on one axis; the interval that spans
zero is hollow. A tornado has a bar for each key or assumption, the one that matters most on top: how far a metric goes
when it goes from one end of its range to the other. Left out: what two of them do together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes

from sim.errors import InputError
from sim.experiment.assumptions.examination import Assumptions
from sim.experiment.comparison import Comparison
from sim.experiment.searches.best import Best
from sim.experiment.sweeps.sensitivity import INDICES
from sim.experiment.sweeps.sweep import Sweep
from sim.report import style
from sim.report.formatting import amount, scale, signed_amount
from sim.tables import metric_names

_SHOWN: Final = (
    "deploy_latency_s.p50", "deploy_latency_s.p95", "deploy_latency_s.p99", "client_latency_s.p50", "wan_bytes",
    "central_egress_bytes", "cost_usd_per_month",
)  # fmt: skip
#: In a column, and there of more variants than so many.
_FEWER: Final = ("deploy_latency_s.p50", "deploy_latency_s.p95", "wan_bytes", "central_egress_bytes")
_FEW: Final = 5
_FEWEST: Final = ("deploy_latency_s.p50", "wan_bytes")
_MOST: Final = 14
_LETTERS: Final = 30


def differences(axes: Axes, outcome: Comparison) -> None:
    """A forest plot: each variant's paired differences from the baseline, as shares of it, with their intervals."""
    narrow, many = style.narrow(axes), len(outcome.others)
    shown = _SHOWN if not narrow else _FEWEST if many > _FEW else _FEWER
    lines = [
        (name, metric) for metric in shown for name in outcome.others
        if np.isfinite(outcome.relative(name, metric))
    ]  # fmt: skip
    if not lines:
        raise InputError("plot", "no difference can be drawn: there is no other variant, or deploys fail", "see .table")
    metrics = list(dict.fromkeys(metric for _, metric in lines))
    step = 0.8 / max(len(outcome.others), 1)
    for name, metric in lines:
        found, place = outcome.difference(name, metric), style.place_of(outcome.scenario, name)
        base = abs(found.mean / outcome.relative(name, metric)) if found.mean else 1.0
        y = metrics.index(metric) + step * (outcome.others.index(name) - (len(outcome.others) - 1) / 2)
        middle, low, high = (100 * value / base for value in (found.mean, found.low, found.high))
        apart = [[middle - low], [high - middle]] if found.known else None
        axes.errorbar(
            [middle], [y], xerr=apart, fmt=style.marker(place)[0], color=style.colour(place), capsize=3, markersize=5,
            markerfacecolor=style.colour(place) if found.decided else "white",
            label=style.named(axes, name, many=len(outcome.others)) if metric == metrics[0] else None,
        )  # fmt: skip
        if len(outcome.others) == 1:
            text = signed_amount(found.mean, metric_names.unit_of(metric))
            axes.annotate(text, (1, y), xycoords=("axes fraction", "data"), xytext=(4, 0),
                          textcoords="offset points", va="center", fontsize=8)  # fmt: skip
    axes.axvline(0, color="0.3", linewidth=0.9)
    axes.set_yticks(
        range(len(metrics)),
        [_metric(metric, narrow) for metric in metrics],
        fontsize=8 if narrow else None,
    )
    axes.set_ylim(len(metrics) - 0.5, -0.5)
    style.labelled(axes, f"paired difference from {style.cut(outcome.baseline, 40)}, % of its mean; hollow: undecided")
    style.headed(axes, "What changes", style.key_rows(axes, many) * (many > 1))
    if many > 1:
        style.key(axes, style.key_columns(axes, many))
    _finish(axes)


def _metric(name: str, narrow: bool) -> str:
    """A metric's name beside an axis: `deploy latency` over `p50` where there is little room."""
    return style.wrapped(name.replace("_s.", " ").replace("_", " "), 14) if narrow else style.plain(name)


def sensitivities(axes: Axes, found: Sweep) -> None:
    """A tornado of a sweep for sensitivities: a bar for each key, with its half-width.

    InputError for a design that has none.
    """
    if not found.sensitivity:
        raise InputError("plot", "the sweep is not made for sensitivities", 'ask sim.sweep(..., kind="morris:8")')
    metric = found.metrics[0]
    about = [each for each in found.sensitivity if each.metric == metric]
    about = [each for each in about if each.of == about[-1].of]
    index, half, *_ = INDICES[found.design.kind]
    about = sorted(about, key=lambda each: -np.nan_to_num(each.indices.get(index, 0.0)))[:_MOST]
    values = np.array([each.indices.get(index, np.nan) for each in about])
    halves = np.array([each.indices.get(half, 0.0) for each in about])
    unit, factor = scale(float(np.nanmax(np.abs(values), initial=0.0)), metric_names.unit_of(metric))
    if found.design.kind != "morris":
        unit, factor = "share of its variance", 1.0
    axes.barh(
        range(len(about)), values / factor, 0.62, xerr=np.nan_to_num(halves) / factor, color=style.colour(0),
        error_kw={"capsize": 3, "elinewidth": 1.0},
    )  # fmt: skip
    _named(axes, [each.key for each in about])
    style.labelled(axes, f"{index.replace('_', ' ')} on {metric} of {style.cut(about[0].of, 40)}, {unit or 'as it is'}")
    style.headed(axes, "What matters, the most on top")
    _finish(axes)


def assumptions(axes: Axes, found: Assumptions, variant: str, metric: str) -> None:
    """A tornado of assumptions: where each end of a range puts the difference from the baseline."""
    ends: dict[str, list[tuple[str, float]]] = {}
    before = np.nan
    for effect in found.effects:
        if (effect.variant, effect.metric) == (variant, metric) and np.isfinite(effect.after.mean):
            ends.setdefault(effect.assumption.name, []).append((str(effect.end), effect.after.mean))
            before = effect.before.mean
    if not ends:
        raise InputError("plot", "no assumption has an effect that can be drawn", "see .examined")
    swing = {name: max(abs(value - before) for _, value in each) for name, each in ends.items()}
    names = sorted(ends, key=lambda name: -swing[name])[:_MOST]
    largest = max((abs(value) for each in ends.values() for _, value in each), default=0.0)
    unit, factor = scale(max(largest, abs(before)), metric_names.unit_of(metric))
    for y, name in enumerate(names):
        for at, (end, value) in enumerate(ends[name][:2]):
            axes.barh(y, (value - before) / factor, 0.62, before / factor, color=style.colour(at))
            side = 1 if value >= before else -1
            axes.annotate(style.plain(end), (value / factor, y), xytext=(4 * side, 0), textcoords="offset points",
                          va="center", ha="left" if side > 0 else "right", fontsize=7.5)  # fmt: skip
    axes.axvline(before / factor, color="0.3", linewidth=0.9)
    axes.axvline(0, color="black", linestyle="--", linewidth=0.9)
    _named(axes, names)
    axes.margins(x=0.18)
    apart = f"{style.cut(variant, 40)} - {style.cut(found.baseline, 40)}"
    style.labelled(axes, f"{apart}: {metric}, {unit}; dashed: where the answer turns")
    style.headed(axes, "What the assumptions do to the answer")
    _finish(axes)


def means(axes: Axes, found: Best) -> None:
    """Each variant's mean with its interval; the one that is chosen is filled, those ruled out are crosses."""
    unit = metric_names.unit_of(found.metric)
    finite = [each.mean for each in found.found.values() if np.isfinite(each.mean)]
    name_of_unit, factor = scale(max(map(abs, finite), default=0.0), unit)
    for y, (name, each) in enumerate(found.found.items()):
        place = style.place_of(found.scenario, name)
        if not np.isfinite(each.mean):
            continue
        apart = [[(each.mean - each.low) / factor], [(each.high - each.mean) / factor]] if each.known else None
        axes.errorbar(
            [each.mean / factor], [y], xerr=apart, color=style.colour(place), capsize=3, markersize=6,
            fmt="x" if name in found.ruled_out else style.marker(place)[0],
            markerfacecolor=style.colour(place) if name == found.chosen else "white",
        )  # fmt: skip
        axes.annotate(f"{amount(each.mean, unit)}, {each.n} runs", (1, y), xycoords=("axes fraction", "data"),
                      xytext=(4, 0), textcoords="offset points", va="center", fontsize=8)  # fmt: skip
    _named(axes, list(found.found))
    style.labelled(axes, f"{found.metric}{f', {name_of_unit}' if name_of_unit else ''}")
    crosses = "; a cross: ruled out" if found.ruled_out else ""
    style.headed(axes, f"{'The best of them is filled' if found.chosen else 'No best is decided'}{crosses}")
    _finish(axes)


def _named(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), [style.name_lines(name, _LETTERS) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)


def _finish(axes: Axes) -> None:
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
    style.clean(axes)
