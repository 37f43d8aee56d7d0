"""What a sweep found: who is better where, in a few sentences; a table of the points, and plot data.

A table of a design for sensitivities has a line for each key instead. Plot data are metrics along the first axis whose
values are numbers; designs other than a grid have none, as no two of their points differ in one key alone.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from sim.errors import one_line
from sim.experiment.axes import Axis, number_along, unit_along
from sim.experiment.sample import fails_more, least_failing, side
from sim.experiment.sweeps.sensitivity import INDICES, Sensitivity
from sim.experiment.sweeps.sweep import DesignPoint, Sweep
from sim.report.formatting import (
    amount,
    failed_of,
    failure_sentences,
    few_runs,
    foot_text,
    interval_text,
    signed_amount,
)
from sim.report.plot_data import PlotData, Series, Subplot
from sim.report.searches import TextTable, title
from sim.stats.intervals import CONFIDENCE
from sim.tables import metric_names

#: Series that can still be seen apart in one subplot.
_MOST_SERIES: Final = 12


def verdict(found: Sweep) -> str:
    """A sentence each: what failed, who is lower at how many points, where the lowest lies, what matters most."""
    metric = found.metrics[0]
    baseline, *others = found.variants
    clauses = [_counted(found, name, baseline, metric) for name in others]
    lowest = _lowest(found, metric)
    if lowest is not None:
        clauses.append(lowest)
    clauses += _ranked(found, metric)
    clauses += _worth_having(found)
    sentences = [f"{clause}." for clause in clauses or (f"no point has a finite {metric}",)]
    return "\n".join(map(one_line, [*failure_sentences(found.failures), *sentences, *few_runs(found.runs)]))


def _counted(found: Sweep, name: str, baseline: str, metric: str) -> str:
    """At how many points a variant is the lower of two; where one of them fails more none is."""
    sides = Counter(side(point.sample, name, baseline, metric, found.allow_failures) for point in found.points)
    parts = [f"{name} has the lower {metric} at {sides['lower']} of {len(found.points)} points"]
    parts += [f"{baseline} at {sides['higher']}"]
    parts += [f"{sides['open']} undecided or equal"] if sides["open"] else []
    parts += [f"{name} fails more at {sides['fails more']}"] if sides["fails more"] else []
    parts += [f"{baseline} fails more at {sides['fails less']}"] if sides["fails less"] else []
    return ", ".join(parts)


def _lowest(found: Sweep, metric: str) -> str | None:
    """The lowest of all points, of those that fail no more than the one that fails least."""
    made = {(at, name): point.sample for at, point in enumerate(found.points) for name in found.variants}
    outcomes = {f"{at} {name}": sample.outcomes[name] for (at, name), sample in made.items()}
    least = outcomes[least_failing(outcomes)]
    together = max(len(made) - 1, 1)
    means = {
        (at, name): sample.interval(name, metric).mean
        for (at, name), sample in made.items()
        if found.allow_failures or not fails_more(sample.outcomes[name], least, simultaneous=together)
    }
    finite = {place: mean for place, mean in means.items() if math.isfinite(mean)}
    if not finite:
        return None
    at, name = min(finite, key=lambda place: finite[place])
    where = ", ".join(f"{axis.name} = {value}" for axis, value in _placed(found, found.points[at]))
    return f"the lowest is {amount(finite[at, name], metric_names.unit_of(metric))}, {name} at {where}"


def _ranked(found: Sweep, metric: str) -> Iterator[str]:
    """The keys from the one that matters most, to the last of the quantities: a difference where there is one."""
    about = [each for each in found.sensitivity if each.metric == metric]
    if not about:
        return
    about = [each for each in about if each.of == about[-1].of]
    by = INDICES[found.design.kind][0]
    known = sorted((each for each in about if math.isfinite(each.indices.get(by, math.nan))),
                   key=lambda each: -each.indices[by])  # fmt: skip
    if known:
        keys = ", ".join(f"{each.key} ({_index(found, each, by)})" for each in known)
        yield f"what matters to {metric} of {known[0].of}, most first: {keys}"
    else:
        yield f"what matters to {metric} of {about[0].of} cannot be told: it is infinite somewhere, or never varies"


def _worth_having(found: Sweep) -> Iterator[str]:
    """The two ends of the Pareto set of cost and p99, where there is a cost."""
    members = [choice for choice in found.tradeoff if choice.member]
    if members:
        ends = [
            f"{amount(choice.cost_usd_per_month, 'USD')} a month for {amount(choice.latency_s, 's')} "
            f"({choice.variant} at {', '.join(map(str, choice.values))})"
            for choice in dict.fromkeys((members[0], members[-1]))
        ]
        counted = f"{len(members)} of {len(found.tradeoff)} choices are worth having"
        yield f"of cost against p99 {counted}: {' to '.join(ends)}"


def text_table(found: Sweep) -> TextTable:
    """The points with their intervals; of a design for sensitivities the keys with their indices."""
    return _of_keys(found) if found.design.sensitivity else _of_points(found)


def _of_points(found: Sweep) -> TextTable:
    failed = any(each.failed for each in found.failures.values())
    heads = [axis.name for axis in found.axes] + ["variant", *(["failed"] if failed else []), *found.metrics]
    lines = [
        [
            *(str(value) for value in point.values), name,
            *([failed_of(point.sample.failures(name))] if failed else []),
            *(interval_text(point.sample.interval(name, metric), metric_names.unit_of(metric))
              for metric in found.metrics),
        ]
        for point in found.points for name in found.variants
    ]  # fmt: skip
    return heads, lines


def _of_keys(found: Sweep) -> TextTable:
    names = list(found.sensitivity[0].indices) if found.sensitivity else []
    lines = [
        [each.key, each.of, each.metric, *(_index(found, each, name) for name in each.indices)]
        for each in found.sensitivity
    ]
    return ["key", "of", "metric", *names], lines


def _index(found: Sweep, each: Sensitivity, name: str) -> str:
    """Sobol's indices are shares, Morris's are in the metric's unit."""
    value = each.indices[name]
    if found.design.kind == "morris":
        return signed_amount(value, metric_names.unit_of(each.metric)).lstrip("+")
    return "none" if math.isnan(value) else f"{value:.2f}"


def plot_data(found: Sweep) -> PlotData:
    """Metrics along the first axis of numbers, a series for each variant and value of the other axes."""
    along = next((at for at, axis in enumerate(found.axes) if _is_numeric(axis, found, at)), None)
    above = title(found.scenario)
    if along is None or found.design.kind != "grid":
        return PlotData(above, "", "", [])
    axis = found.axes[along]
    made: dict[tuple[str, ...], list[tuple[float, DesignPoint]]] = {}
    for point in found.points:
        others = [f"{_short(each)} {value}" for each, value in _placed(found, point) if each is not axis]
        number = number_along(axis, point.values[along])
        for name in found.variants:
            made.setdefault((name, *others), []).append((number, point))
    shown = list(made.items())[:_MOST_SERIES]
    nth = {name: [own for own, _ in shown if own[0] == name[0]].index(name) for name, _ in shown}
    known = found.scenario.variants
    subplots = [
        Subplot(
            metric,
            metric_names.unit_of(metric),
            [
                replace(_series(name, placed, metric), place=known.index(name[0]) if known else 0, nth=nth[name])
                for name, placed in shown
            ],
        )
        for metric in found.metrics
    ]
    points = f"{len(found.points)} points"
    runs = f"{found.runs} runs each, intervals at {100 * CONFIDENCE:g} %" if found.runs > 1 else "one run each"
    foot = foot_text(found.scenario, found.seed, points, runs)
    return PlotData(above, axis.name, unit_along(axis)[0], subplots, foot=foot)


def _short(axis: Axis) -> str:
    """A key by its last two parts, so that a legend says which link: `was-fra.capacity`."""
    return ".".join(axis.name.split(".")[-2:])


def _series(name: tuple[str, ...], placed: Sequence[tuple[float, DesignPoint]], metric: str) -> Series:
    """A variant's metric at these points; its name stands before the values of the other axes."""
    variant = name[0]
    samples = [point.sample for _, point in placed]
    return Series(
        ", ".join(name), [number for number, _ in placed], [sample.interval(variant, metric) for sample in samples],
        [sample.failures(variant).failed > 0 for sample in samples],
    )  # fmt: skip


def _placed(found: Sweep, point: DesignPoint) -> list[tuple[Axis, object]]:
    return list(zip(found.axes, point.values, strict=True))


def _is_numeric(axis: Axis, found: Sweep, at: int) -> bool:
    return not np.isnan([number_along(axis, point.values[at]) for point in found.points]).any()
