"""Findings as pandas DataFrames, a row for each number; loaded only when somebody asks for one.

Numbers are in base units and not rounded. What has no interval has NaN for its bounds, what failed is infinite. What
each column means is said once, below: frames have it in `attrs["columns"]`, and the pages of the docs are written from
it. Left out: a run's own tables (`sim.tables`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import pandas as pd

from sim.experiment.axes import Axis, number_along, unit_along
from sim.experiment.comparison import Comparison
from sim.experiment.searches.best import Best
from sim.experiment.searches.bisection import Point
from sim.experiment.searches.capacity import Capacity
from sim.experiment.searches.crossover import Crossover
from sim.experiment.sweeps.sweep import Sweep
from sim.result import Result
from sim.stats.intervals import Interval
from sim.tables import metric_names
from sim.tables.columns import Column
from sim.tables.frames import explained

_METRIC: Final = (
    Column("metric", "text", "name of the metric"),
    Column("unit", "text", "unit of the numbers that follow: s, bytes, USD; empty for counts and shares"),
)
_VARIANT: Final = Column("variant", "text", "name of the variant")
_INTERVAL: Final = (
    Column("mean", "float", "mean over runs; infinite where a deploy failed at that quantile"),
    Column("low", "float", "lower bound of the interval within which the true mean lies; NaN where there is none"),
    Column("high", "float", "upper bound of that interval"),
)
_APART: Final = (
    Column("mean", "float", "mean of the paired differences, run by run"),
    Column("low", "float", "lower bound of the difference's interval; all variants' hold together at 95 %"),
    Column("high", "float", "upper bound of that interval"),
    Column("decided", "bool", "whether zero lies outside the interval"),
)
_COUNTS: Final = (
    Column("runs", "int", "runs of this variant that the numbers rest on"),
    Column("deploys", "int", "deploys in these runs together"),
    Column("failed", "int", "how many of them failed"),
)
_VALUE: Final = Column("value", "float", "value of the key that was searched, in the unit that attrs has")
#: By the frame's name, as the docs have them, its columns; a sweep's have one for each of its keys before them.
COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = {
    "Result.table": (*_METRIC, Column("value", "float", "what the metric is in this run")),
    "Comparison.table": (_VARIANT, *_METRIC, *_INTERVAL),
    "Comparison.differences": (
        _VARIANT, *_METRIC, Column("baseline", "text", "the variant that it is compared with"), *_APART,
        Column("relative", "float", "the mean as a share of the baseline's mean; NaN where that is zero"),
        Column("correlation", "float", "between the two variants' runs of the same number"),
        Column("runs_saved", "float", "how many more runs of each it would have taken without shared random numbers"),
    ),
    "Comparison.by": (
        _VARIANT, Column("group", "text", "the group; the column has the dimension's name"), *_METRIC, *_INTERVAL,
        Column("difference", "float", "mean of the paired differences from the baseline; empty for the baseline"),
        Column("difference_low", "float", "lower bound of the difference's interval"),
        Column("difference_high", "float", "upper bound of that interval"),
        Column("decided", "bool", "whether zero lies outside that interval"),
    ),
    "Sweep.table": (_VARIANT, *_METRIC, *_INTERVAL, *_COUNTS),
    "Capacity.table": (
        _VALUE, Column("of", "text", "variant, or difference of two, that a threshold is about"), *_METRIC,
        Column("mean", "float", "what was measured: mean over runs"),
        Column("low", "float", "lower bound of its interval, at the level at which all looks of the search hold"),
        Column("high", "float", "upper bound of that interval"),
        Column("threshold", "text", "the threshold as it was asked for"),
        Column("limit", "float", "its limit, in the metric's unit"),
        Column("outcome", "text", "met, missed or undecided"),
        Column("point", "text", "what the value was found to be: met or missed by all thresholds, or undecided"),
        *_COUNTS,
    ),
    "Crossover.table": (
        _VALUE, *_METRIC,
        Column("mean", "float", "mean of the variant less the baseline, paired run by run"),
        Column("low", "float", "lower bound of its interval, at the level at which all looks of the search hold"),
        Column("high", "float", "upper bound of that interval"),
        Column("lower", "text", "who has the less of the metric, or fails less; equal, or undecided"),
        *_COUNTS,
    ),
    "Best.table": (
        _VARIANT, *_METRIC, *_INTERVAL,
        Column("chosen", "bool", "whether it is the one that was chosen"),
        Column("near", "bool", "whether it came so near to the chosen one that nobody would act on it"),
        Column("ruled_out", "bool", "whether it fails more than the one that fails least"),
        *_COUNTS,
    ),
}  # fmt: skip


def table(found: Any) -> pd.DataFrame:
    """The frame of a finding: `COLUMNS` has what its columns mean."""
    if isinstance(found, Sweep):
        return _swept(found)
    makers: Mapping[type, Any] = {
        Result: _run, Comparison: _compared, Capacity: _capacity, Crossover: _crossover, Best: _best
    }  # fmt: skip
    name = f"{type(found).__name__}.table"
    made = _frame(makers[type(found)](found), COLUMNS[name])
    if isinstance(found, Capacity | Crossover):
        made.attrs["columns"]["value"] |= {"unit": found.unit, "meaning": f"value of {found.axis.name}"}
    return made


def _frame(lines: Iterable[Sequence[Any]], columns: Sequence[Column]) -> pd.DataFrame:
    names = [column.name for column in columns]
    return explained(pd.DataFrame([*lines], columns=names), columns)


def _bounds(found: Interval) -> tuple[float, float, float]:
    return found.mean, found.low, found.high


def _run(result: Result) -> Iterator[tuple[Any, ...]]:
    for metric, value in result.metrics.items():
        yield metric, metric_names.unit_of(metric), value


def _compared(outcome: Comparison) -> Iterator[tuple[Any, ...]]:
    for name in outcome.variants:
        for metric in outcome.values[name]:
            yield name, metric, metric_names.unit_of(metric), *_bounds(outcome.interval(name, metric))


def _swept(found: Sweep) -> pd.DataFrame:
    """A row for each point, variant and metric; keys of numbers are numbers."""
    keys = [_of_key(axis, [point.values[at] for point in found.points]) for at, axis in enumerate(found.axes)]
    lines = [
        (*(values[at] for _, values in keys), name, metric, metric_names.unit_of(metric),
         *_bounds(point.sample.interval(name, metric)), *_counts(point.sample, [name]))
        for at, point in enumerate(found.points) for name in found.variants for metric in found.metrics
    ]  # fmt: skip
    made = _frame(lines, (*(column for column, _ in keys), *COLUMNS["Sweep.table"]))
    for (column, _), axis in zip(keys, found.axes, strict=True):
        made.attrs["columns"][column.name]["unit"] = unit_along(axis)[0]
    return made


def _of_key(axis: Axis, values: Sequence[Any]) -> tuple[Column, Sequence[Any]]:
    """The column of a key, and its values by point: numbers of its unit, or text where some are words."""
    numbers = [number_along(axis, value) for value in values]
    kept = [str(value) for value in values] if any(map(math.isnan, numbers)) else numbers
    return Column(axis.name, "text" if kept is not numbers else "float", f"value of {axis.name}"), kept


def _counts(sample: Any, names: Iterable[str]) -> tuple[int, int, int]:
    """Runs of a variant, and the deploys and failures of these variants together."""
    failures = [sample.failures(name) for name in names]
    return sample.runs, sum(each.deploys for each in failures), sum(each.failed for each in failures)


def _capacity(found: Capacity) -> Iterator[tuple[Any, ...]]:
    for point in found.points:
        for judgement in point.evidence:
            metric = judgement.threshold.metric
            about = [name for name in point.sample.variants if name == judgement.of] or point.sample.variants
            yield (
                point.number, judgement.of, metric, metric_names.unit_of(metric), *_bounds(judgement.measured),
                judgement.threshold.text, judgement.threshold.limit, judgement.outcome, point.label,
                *_counts(point.sample, about),
            )  # fmt: skip


def _crossover(found: Crossover) -> Iterator[tuple[Any, ...]]:
    lower = {"lower": found.variant, "higher": found.baseline}
    for point in found.points:
        yield (
            point.number, found.metric, metric_names.unit_of(found.metric), *_bounds(_evidence(point)),
            lower.get(point.label, point.label), *_counts(point.sample, point.sample.variants),
        )  # fmt: skip


def _evidence(point: Point) -> Interval:
    found: Interval = point.evidence
    return found


def _best(found: Best) -> Iterator[tuple[Any, ...]]:
    near, unit = found.near, metric_names.unit_of(found.metric)
    for name, interval in found.found.items():
        failures = found.failures[name]
        yield (
            name, found.metric, unit, *_bounds(interval), name == found.chosen, name in near, name in found.ruled_out,
            interval.n, failures.deploys, failures.failed,
        )  # fmt: skip


def by(outcome: Comparison, by: str) -> pd.DataFrame:
    """A row for each variant, group and metric, with the paired difference from the baseline."""
    made = []
    outcome.groups(by)  # which says so when it was not asked for
    for name in outcome.variants:
        shared = set(outcome.shared_metrics(name)) if name != outcome.baseline else set()
        for metric in outcome.values[name]:
            parts = metric_names.split(metric)
            if parts is None or parts.by != by:
                continue
            found = outcome.interval(name, metric)
            apart = outcome.difference(name, metric) if metric in shared else None
            difference = (None,) * 4 if apart is None else (*_bounds(apart), apart.decided)
            made.append((name, parts.group, parts.base, metric_names.unit_of(metric), *_bounds(found), *difference))
    group = Column(by, "text", f"group of the dimension {by}")
    columns = (group if column.name == "group" else column for column in COLUMNS["Comparison.by"])
    return _frame(made, [*columns])


def differences(outcome: Comparison) -> pd.DataFrame:
    """A row for each variant but the baseline and each metric that both have; `relative` is a share of its mean."""
    made = []
    for name in outcome.others:
        for metric in outcome.shared_metrics(name):
            found, paired = outcome.difference(name, metric), outcome.pairing(name, metric)
            made.append(
                (name, metric, metric_names.unit_of(metric), outcome.baseline, *_bounds(found),
                 found.decided, outcome.relative(name, metric), paired.correlation, paired.runs_saved)
            )  # fmt: skip
    return _frame(made, COLUMNS["Comparison.differences"])
