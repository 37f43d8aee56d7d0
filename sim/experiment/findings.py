"""What searches found: as a plain sentence that a planner can act on, as lines of a table, and as curves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sim.experiment.panels import Curves, Panel, Series
from sim.experiment.search import Point, failures
from sim.experiment.words import failure_lines, few, mean_and_bounds
from sim.stats.intervals import CONFIDENCE, Interval
from sim.tables import metric_names

if TYPE_CHECKING:
    from sim.experiment.axes import Range
    from sim.experiment.capacity import Capacity
    from sim.experiment.crossover import Crossover

#: A table's heads and its lines.
Rows = tuple[list[str], list[list[str]]]

_AT = f"at {100 * CONFIDENCE:g} %"


def capacity_lines(found: Capacity) -> str:
    """What failed, and the answer, one below the other."""
    return _lines(found, _capacity(found))


def crossover_lines(found: Crossover) -> str:
    """What failed, and the answer, one below the other."""
    return _lines(found, _crossover(found))


def _lines(found: Capacity | Crossover, answer: str) -> str:
    small = few(max(point.runs for point in found.points))
    return "\n".join([*failure_lines(failures(found.points)), answer, *([small] if small else [])])


def _capacity(found: Capacity) -> str:
    """The values between which the smallest or largest that will do lies, and what binds."""
    span, key = _range(found.axis.range), found.axis.name
    if found.answer == "met everywhere":
        return f"every value of {key} from {span} that was tried meets the thresholds."
    if found.answer == "undecided":
        ends = " and ".join(f"{point.label} at {point.text}" for point in (found.points[0], found.points[-1]))
        return f"{key} from {span} is undecided: the thresholds are {ends}; allow more runs with --runs."
    if found.answer == "missed everywhere":
        return f"no value of {key} from {span} that was tried meets the thresholds{_binding(found)}."
    which = "smallest" if found.smallest else "largest"
    between = f"between {_value(found.axis.range, found.low)} and {_value(found.axis.range, found.high)}"
    return f"the {which} {key} that meets the thresholds is {between} ({_AT}){_binding(found)}."


def _crossover(found: Crossover) -> str:
    """Which variant has the less of the metric where."""
    key, metric = found.axis.name, found.metric
    if found.changes:
        first = found.changes[0].below
        parts = [f"{first} has the lower {metric} at first"]
        parts += [
            f"{change.above} from a {key} between {_value(found.axis.range, change.low)} and "
            f"{_value(found.axis.range, change.high)} on ({_AT})"
            for change in found.changes
        ]
        told = ", ".join(parts)
    else:
        labels = {point.label for point in found.points} - {"undecided"}
        lower = {"lower": found.variant, "higher": found.baseline}
        span = _range(found.axis.range)
        if labels == {"equal"}:
            told = f"never for {key} from {span}: {metric} is the same with both"
        elif labels:
            (label,) = labels - {"equal"}
            told = (
                f"never for {key} from {span}: {lower[label]} has the lower {metric} wherever a difference was decided"
            )
        else:
            told = f"undecided for {key} from {span}: no point tells {found.variant} and {found.baseline} apart"
    undecided = sum(point.label == "undecided" for point in found.points)
    rest = "" if found.decided else f"; {undecided} of {len(found.points)} values stayed undecided"
    return f"{told}{rest}{_counted_out(found)}."


def _counted_out(found: Crossover) -> str:
    """Where the one that fails more was taken for the worse one."""
    counted = Counter(name for point in found.points for name in point.failing)
    told = " and ".join(f"{name} at {count} of {len(found.points)} values" for name, count in counted.items())
    return f"; whoever fails more counts as the worse one, {told}" if told else ""


def capacity_rows(found: Capacity) -> Rows:
    """A line for each value: what was measured of each threshold's metric and of those beside, and what came of it."""
    heads = [f"{judgement.of}: {judgement.threshold.metric}" for judgement in found.points[0].told]
    beside = [(name, metric) for metric in found.shown for name in found.points[0].sample.variants]
    heads += [f"{name}: {metric}" for name, metric in beside]
    failed = _failed(found.points)
    lines = [
        [str(point.text), *(_measured(judgement.measured, judgement.threshold.metric) for judgement in point.told),
         *(_measured(point.sample.interval(name, metric), metric) for name, metric in beside),
         *failed.get(point.number, ()), point.label, str(point.runs)]
        for point in found.points
    ]  # fmt: skip
    return [found.axis.name, *heads, *_failed_heads(found.points), "outcome", "runs"], lines


def crossover_rows(found: Crossover) -> Rows:
    """A line for each value: the paired difference, and who has the less."""
    lower = {"lower": found.variant, "higher": found.baseline}
    failed = _failed(found.points)
    lines = [
        [str(point.text), _measured(point.told, found.metric, signed=True), *failed.get(point.number, ()),
         f"{lower.get(point.label, point.label)}{', fails less' if point.failing else ''}", str(point.runs)]
        for point in found.points
    ]  # fmt: skip
    apart = f"{found.variant} - {found.baseline}: {found.metric}"
    return [found.axis.name, apart, *_failed_heads(found.points), "lower", "runs"], lines


def _failed_heads(points: Sequence[Point]) -> list[str]:
    """A column for each variant of which a deploy failed anywhere."""
    return [f"{name}: failed" for name, each in failures(points).items() if each.failed]


def _failed(points: Sequence[Point]) -> Mapping[float, list[str]]:
    """Its cells, by value: how many failed, of how many."""
    names = [name for name, each in failures(points).items() if each.failed]
    return {point.number: [point.sample.failures(name).counted for name in names] for point in points}


def capacity_curves(found: Capacity) -> Curves:
    """Each threshold's metric by value, with its limit."""
    panels = []
    for threshold in dict.fromkeys(judgement.threshold for judgement in found.points[0].told):
        by_variant: dict[str, list[Interval]] = {}
        failed = {
            name: [point.sample.failures(name).failed > 0 for point in found.points]
            for name in found.points[0].sample.variants
        }
        for point in found.points:
            for judgement in point.told:
                if judgement.threshold == threshold:
                    by_variant.setdefault(judgement.of, []).append(judgement.measured)
        numbers = [point.number for point in found.points]
        series = [Series(name, numbers, measured, failed.get(name, ())) for name, measured in by_variant.items()]
        panels.append(Panel(threshold.metric, metric_names.unit_of(threshold.metric), series, threshold.limit))
    spans = [(found.low, found.high)] if found.answer == "found" else []
    return Curves(_title(found), found.axis.name, found.unit, panels, spans)


def crossover_curves(found: Crossover) -> Curves:
    """The paired difference by value; it is zero where the two change places."""
    numbers, apart = [point.number for point in found.points], [point.told for point in found.points]
    name = f"{found.variant} - {found.baseline}"
    failed = [any(point.sample.failures(each).failed for each in point.sample.variants) for point in found.points]
    panel = Panel(
        f"{name}: {found.metric}", metric_names.unit_of(found.metric), [Series(name, numbers, apart, failed)], 0.0
    )
    return Curves(
        _title(found), found.axis.name, found.unit, [panel], [(change.low, change.high) for change in found.changes]
    )


def _title(found: Capacity | Crossover) -> str:
    return f"{found.scenario.run.title or found.scenario.name} (seed {found.seed})"


def _measured(found: Interval, metric: str, signed: bool = False) -> str:
    return " ".join(mean_and_bounds(found, metric_names.unit_of(metric), signed)).rstrip()


def _binding(found: Capacity) -> str:
    if not found.binding:
        failing = [f"of {name} {failures(found.points)[name].why}" for name in found.failing]
        return f"; what binds is that deploys fail, {' and '.join(failing)}" if failing else ""
    missed = " and ".join(f"{judgement.of}: {judgement.condition}" for judgement in found.binding)
    place = f", where {found.bound_by[0]} holds others back the longest" if found.bound_by else ""
    return f"; what binds is {missed}{place}"


def _range(found: Range | None) -> str:
    assert found is not None
    return f"{_value(found, found.low)} to {_value(found, found.high)}"


def _value(found: Range | None, number: float) -> str:
    assert found is not None
    return str(found.text(number))
