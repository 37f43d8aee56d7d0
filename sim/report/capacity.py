"""What a search for a capacity found: the answer in a sentence, a table of the values tried, and plot data.

With the answer stands what binds: the thresholds that are missed first, and where others are held back the longest.
"""

from __future__ import annotations

from sim.experiment.searches.bisection import failures
from sim.experiment.searches.capacity import Capacity
from sim.report import searches
from sim.report.formatting import foot_text, reasons
from sim.report.plot_data import PlotData, Series, Subplot
from sim.report.searches import TextTable, measured, range_text, value_text
from sim.stats.intervals import Interval
from sim.tables import metric_names


def verdict(found: Capacity) -> str:
    """What failed, and the answer, one below the other."""
    return searches.verdict(found.points, _answer(found))


def _answer(found: Capacity) -> str:
    """The values between which the smallest or largest that will do lies, and what binds."""
    span, key = range_text(found.axis), found.axis.name
    if found.answer == "met everywhere":
        return f"every value of {key} from {span} that was tried meets the thresholds."
    if found.answer == "undecided":
        ends = " and ".join(f"{point.label} at {point.text}" for point in (found.points[0], found.points[-1]))
        return f"{key} from {span} is undecided: the thresholds are {ends}; allow more runs with --runs."
    if found.answer == "missed everywhere":
        return f"no value of {key} from {span} that was tried meets the thresholds{_binding(found)}."
    which = "smallest" if found.smallest else "largest"
    between = f"between {value_text(found.axis, found.low)} and {value_text(found.axis, found.high)}"
    return f"the {which} {key} that meets the thresholds is {between} ({searches.AT}){_binding(found)}."


def _binding(found: Capacity) -> str:
    """The thresholds that are missed first, and where others are held back the longest; or whose deploys fail."""
    if not found.binding:
        failing = [f"of {name} {reasons(failures(found.points)[name])}" for name in found.failing]
        return f"; what binds is that deploys fail, {' and '.join(failing)}" if failing else ""
    missed = " and ".join(f"{judgement.of}: {judgement.condition}" for judgement in found.binding)
    place = f", where {found.bound_by[0]} holds others back the longest" if found.bound_by else ""
    return f"; what binds is {missed}{place}"


def text_table(found: Capacity) -> TextTable:
    """A line for each value: what was measured of each threshold's metric and of those beside, and what came of it."""
    heads = [f"{judgement.of}: {judgement.threshold.metric}" for judgement in found.points[0].evidence]
    beside = [(name, metric) for metric in found.shown for name in found.points[0].sample.variants]
    heads += [f"{name}: {metric}" for name, metric in beside]
    failed = searches.failed_cells(found.points)
    lines = [
        [str(point.text),
         *(measured(judgement.measured, judgement.threshold.metric) for judgement in point.evidence),
         *(measured(point.sample.interval(name, metric), metric) for name, metric in beside),
         *failed.get(point.number, ()), point.label, str(point.runs)]
        for point in found.points
    ]  # fmt: skip
    return [found.axis.name, *heads, *searches.failed_heads(found.points), "outcome", "runs"], lines


def plot_data(found: Capacity) -> PlotData:
    """Each threshold's metric by value, with its limit."""
    subplots = []
    numbers = [point.number for point in found.points]
    failed = {
        name: [point.sample.failures(name).failed > 0 for point in found.points]
        for name in found.points[0].sample.variants
    }
    for threshold in dict.fromkeys(judgement.threshold for judgement in found.points[0].evidence):
        by_variant: dict[str, dict[float, Interval]] = {}
        for point in found.points:
            for judgement in point.evidence:
                if judgement.threshold == threshold:  # a file and --until may both ask it
                    by_variant.setdefault(judgement.of, {})[point.number] = judgement.measured
        known = found.scenario.variants
        series = [
            Series(name, numbers, [*by.values()], failed.get(name, ()), known.index(name) if name in known else 0)
            for name, by in by_variant.items()
        ]
        subplots.append(Subplot(threshold.metric, metric_names.unit_of(threshold.metric), series, threshold.limit))
    spans = [(found.low, found.high)] if found.answer == "found" else []
    foot = foot_text(found.scenario, found.seed, searches.level(found.points))
    return PlotData(searches.title(found.scenario), found.axis.name, found.unit, subplots, spans, foot)
