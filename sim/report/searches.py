"""What the answers of both searches along a key have in common: how values, failures and titles are written.

The answers themselves are in `sim.report.capacity` and `sim.report.crossover`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Final

from sim.errors import one_line
from sim.experiment.axes import Axis
from sim.experiment.searches.bisection import Point, failures
from sim.report.formatting import failed_of, failure_sentences, few_runs, interval_text
from sim.scenario import Scenario
from sim.stats.intervals import CONFIDENCE, Interval
from sim.tables import metric_names

#: A table's heads and its lines.
TextTable = tuple[list[str], list[list[str]]]

AT: Final = f"at {100 * CONFIDENCE:g} %"


def verdict(points: Sequence[Point], answer: str) -> str:
    """What failed, the answer, and whether runs were few, one below the other."""
    few = few_runs(max(point.runs for point in points))
    return "\n".join(map(one_line, [*failure_sentences(failures(points)), answer, *few]))


def failed_heads(points: Sequence[Point]) -> list[str]:
    """A column for each variant of which a deploy failed anywhere."""
    return [f"{name}: failed" for name, each in failures(points).items() if each.failed]


def failed_cells(points: Sequence[Point]) -> Mapping[float, list[str]]:
    """The cells of these columns, by value: how many failed, of how many."""
    names = [name for name, each in failures(points).items() if each.failed]
    return {point.number: [failed_of(point.sample.failures(name)) for name in names] for point in points}


def measured(found: Interval, metric: str, signed: bool = False) -> str:
    """A metric's mean and interval in its unit."""
    return interval_text(found, metric_names.unit_of(metric), signed)


def title(scenario: Scenario) -> str:
    """What stands above a plot."""
    return scenario.run.title or PurePath(scenario.name).name


def level(points: Sequence[Point]) -> str:
    """How many runs the points had, and at which confidence their intervals hold, for a plot's foot."""
    runs = sorted({point.runs for point in points})
    spans = f"{runs[0]} to {runs[-1]}" if len(runs) > 1 else f"{runs[0]}"
    return f"{len(points)} values, {spans} runs each; all looks of the search together {AT}"


def range_text(axis: Axis) -> str:
    """`10 Mbit/s to 1 Gbit/s`: the range that was searched."""
    assert axis.range is not None
    return f"{value_text(axis, axis.range.low)} to {value_text(axis, axis.range.high)}"


def value_text(axis: Axis, number: float) -> str:
    """A number of the range's unit as a scenario has it."""
    assert axis.range is not None
    return str(axis.range.text(number))
