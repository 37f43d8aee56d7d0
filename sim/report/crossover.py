"""Where the better of two variants changes: the answer in a sentence, a table of the values tried, and plot data.

"Lower" is said of the metric, whichever way is better; who fails more is the worse one whatever its metric.
"""

from __future__ import annotations

from collections import Counter

from sim.experiment.searches.crossover import Crossover
from sim.report import searches
from sim.report.formatting import foot_text
from sim.report.plot_data import PlotData, Series, Subplot
from sim.report.searches import TextTable, measured, range_text, value_text
from sim.tables import metric_names


def verdict(found: Crossover) -> str:
    """What failed, and the answer, one below the other."""
    return searches.verdict(found.points, _answer(found))


def _answer(found: Crossover) -> str:
    """Which variant has the less of the metric where."""
    answer = _changes(found) if found.changes else _no_change(found)
    undecided = sum(point.label == "undecided" for point in found.points)
    rest = "" if found.decided else f"; {undecided} of {len(found.points)} values stayed undecided"
    return f"{answer}{rest}{_failing_more(found)}."


def _changes(found: Crossover) -> str:
    """Who has the lower metric at first, and between which values each change lies."""
    parts = [f"{found.changes[0].below} has the lower {found.metric} at first"]
    parts += [
        f"{change.above} from a {found.axis.name} between {value_text(found.axis, change.low)} and "
        f"{value_text(found.axis, change.high)} on ({searches.AT})"
        for change in found.changes
    ]
    return ", ".join(parts)


def _no_change(found: Crossover) -> str:
    """Who has the lower metric all along, if anybody does."""
    labels = {point.label for point in found.points} - {"undecided"}
    key, span = found.axis.name, range_text(found.axis)
    if not labels:
        return f"undecided for {key} from {span}: no point tells {found.variant} and {found.baseline} apart"
    if labels == {"equal"}:
        return f"never for {key} from {span}: {found.metric} is the same with both"
    (label,) = labels - {"equal"}
    lower = {"lower": found.variant, "higher": found.baseline}[label]
    return f"never for {key} from {span}: {lower} has the lower {found.metric} wherever a difference was decided"


def _failing_more(found: Crossover) -> str:
    """Where the one that fails more was taken for the worse one."""
    counted = Counter(name for point in found.points for name in point.failing)
    where = " and ".join(f"{name} at {count} of {len(found.points)} values" for name, count in counted.items())
    return f"; whoever fails more counts as the worse one, {where}" if where else ""


def text_table(found: Crossover) -> TextTable:
    """A line for each value: the paired difference, and who has the less."""
    lower = {"lower": found.variant, "higher": found.baseline}
    failed = searches.failed_cells(found.points)
    lines = [
        [str(point.text), measured(point.evidence, found.metric, signed=True), *failed.get(point.number, ()),
         f"{lower.get(point.label, point.label)}{', fails less' if point.failing else ''}", str(point.runs)]
        for point in found.points
    ]  # fmt: skip
    apart = f"{found.variant} - {found.baseline}: {found.metric}"
    return [found.axis.name, apart, *searches.failed_heads(found.points), "lower", "runs"], lines


def plot_data(found: Crossover) -> PlotData:
    """The paired difference by value; it is zero where the two change places."""
    numbers, apart = [point.number for point in found.points], [point.evidence for point in found.points]
    name = f"{found.variant} - {found.baseline}"
    failed = [any(point.sample.failures(each).failed for each in point.sample.variants) for point in found.points]
    known = found.scenario.variants
    series = Series(name, numbers, apart, failed, known.index(found.variant) if found.variant in known else 0)
    subplot = Subplot(f"{name}: {found.metric}", metric_names.unit_of(found.metric), [series], 0.0)
    spans = [(change.low, change.high) for change in found.changes]
    foot = foot_text(found.scenario, found.seed, searches.level(found.points))
    return PlotData(searches.title(found.scenario), found.axis.name, found.unit, [subplot], spans, foot)
