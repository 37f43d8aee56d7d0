"""What a sweep found: as a sentence, as lines of a table, and as curves."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from sim.experiment.axes import number_of
from sim.experiment.panels import Curves, Panel, Series
from sim.experiment.sample import fails_more, least_failing, side
from sim.experiment.sensitivity import INDICES
from sim.experiment.words import amount, change, failure_lines, few, mean_and_bounds
from sim.tables import metric_names

if TYPE_CHECKING:
    from sim.experiment.axes import Axis
    from sim.experiment.sensitivity import Sensitivity
    from sim.experiment.sweep import Spot, Sweep

#: Lines that are still told apart in one panel.
_MOST_SERIES: Final = 12


def verdict(found: Sweep) -> str:
    """In a line each: what failed, who is lower at how many points, where the lowest lies, what matters most."""
    metric = found.metrics[0]
    baseline, *others = found.variants
    clauses = [_counted(found, name, baseline, metric) for name in others]
    lowest = _lowest(found, metric)
    if lowest is not None:
        clauses.append(lowest)
    clauses += _ranked(found, metric)
    clauses += _worth_having(found)
    small = few(found.runs)
    told = [f"{clause}." for clause in clauses or (f"no point has a finite {metric}",)]
    return "\n".join([*failure_lines(found.failures), *told, *([small] if small else [])])


def _counted(found: Sweep, name: str, baseline: str, metric: str) -> str:
    """At how many points a variant is the lower of two; where one of them fails more none is."""
    sides = Counter(side(spot.sample, name, baseline, metric, found.allow_failures) for spot in found.spots)
    told = f"{name} has the lower {metric} at {sides['lower']} of {len(found.spots)} points, {baseline} at "
    told += str(sides["higher"])
    told += f", {sides['open']} undecided or equal" if sides["open"] else ""
    told += f", {name} fails more at {sides['fails more']}" if sides["fails more"] else ""
    return told + (f", {baseline} fails more at {sides['fails less']}" if sides["fails less"] else "")


def _lowest(found: Sweep, metric: str) -> str | None:
    """The lowest of all points, of those that fail no more than the one that fails least."""
    made = {(at, name): spot.sample for at, spot in enumerate(found.spots) for name in found.variants}
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
    where = ", ".join(f"{axis.name} = {value}" for axis, value in _placed(found, found.spots[at]))
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
        told = ", ".join(f"{each.key} ({_index(found, each, by)})" for each in known)
        yield f"what matters to {metric} of {known[0].of}, most first: {told}"
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


def table(found: Sweep) -> tuple[list[str], list[list[str]]]:
    """The points with their intervals; of a design for sensitivities the keys with their indices."""
    return _of_keys(found) if found.design.sensitivity else _of_points(found)


def _of_points(found: Sweep) -> tuple[list[str], list[list[str]]]:
    failed = any(each.failed for each in found.failures.values())
    heads = [axis.name for axis in found.axes] + ["variant", *(["failed"] if failed else []), *found.metrics]
    lines = [
        [
            *(str(value) for value in spot.values), name,
            *([spot.sample.failures(name).counted] if failed else []),
            *(" ".join(mean_and_bounds(spot.sample.interval(name, metric), metric_names.unit_of(metric))).rstrip()
              for metric in found.metrics),
        ]
        for spot in found.spots for name in found.variants
    ]  # fmt: skip
    return heads, lines


def _of_keys(found: Sweep) -> tuple[list[str], list[list[str]]]:
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
        return change(value, metric_names.unit_of(each.metric)).lstrip("+")
    return "none" if math.isnan(value) else f"{value:.2f}"


def curves(found: Sweep) -> Curves:
    """Metrics along the first axis whose values are numbers, a line for each variant and value of the other axes."""
    along = next((at for at, axis in enumerate(found.axes) if _numbers(axis, found, at)), None)
    title = f"{found.scenario.run.title or found.scenario.name} (seed {found.seed})"
    if along is None or found.design.kind != "grid":
        return Curves(title, "", "", [])
    axis = found.axes[along]
    lines: dict[tuple[str, ...], list[tuple[float, Spot]]] = {}
    for spot in found.spots:
        others = [f"{each.keys[0].split('.')[-1]} {value}" for each, value in _placed(found, spot) if each is not axis]
        number = _number(axis, spot.values[along])
        for name in found.variants:
            lines.setdefault((name, *others), []).append((number, spot))
    shown = list(lines.items())[:_MOST_SERIES]
    panels = [
        Panel(metric, metric_names.unit_of(metric), [
            Series(", ".join(name), [number for number, _ in line],
                   [spot.sample.interval(name[0], metric) for _, spot in line],
                   [spot.sample.failures(name[0]).failed > 0 for _, spot in line])
            for name, line in shown
        ])
        for metric in found.metrics
    ]  # fmt: skip
    unit = axis.range.unit.strip() if axis.range is not None else ""
    return Curves(title, axis.name, unit, panels)


def _placed(found: Sweep, spot: Spot) -> list[tuple[Axis, object]]:
    return list(zip(found.axes, spot.values, strict=True))


def _numbers(axis: Axis, found: Sweep, at: int) -> bool:
    return not np.isnan([_number(axis, spot.values[at]) for spot in found.spots]).any()


def _number(axis: Axis, value: object) -> float:
    """The value as a number of the axis's unit, or in base units where it is listed; NaN where it is a word."""
    number = number_of(value)
    if number is None:
        return math.nan
    if axis.range is None or not axis.range.unit:
        return float(number)
    return float(number) / axis.range.one
