"""The smallest, or largest, value of a key at which all thresholds hold, as an interval.

    found = capacity(scenario, "links.was-fra.capacity=100 Mbit/s..10 Gbit/s", ["deploy_latency_s.p99 < 3 s"])
    found.low, found.high  # in the unit of the range: missed at one, met at the other

Both ends are tested first: whether more or less of it helps is what they say. Then `bisection` halves. That thresholds
once met stay met along the range is assumed, not tested.

A threshold can be met because deploys fail: those that failed move no bytes and cost nothing. So where more of a
variant's deploys fail than at that end of the range where fewer do, nothing is met, unless failures are allowed or a
threshold says itself how many may fail. Left out: how the answer is said (`sim.report.capacity`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sim.engines.run import Engine
from sim.errors import InputError, shown
from sim.experiment.axes import Axis, ranged
from sim.experiment.doubts import moves_nothing, varied_for_nothing
from sim.experiment.execution import executors
from sim.experiment.execution.at_hand import Asked
from sim.experiment.execution.runs import Progress, Runs, by_variant
from sim.experiment.execution.store import Store
from sim.experiment.execution.worker import Outcome, Settings
from sim.experiment.measures import Custom, Measures, check_group, split_by
from sim.experiment.sample import Sample, counts_failures, fails_more, least_failing
from sim.experiment.searches.bisection import (
    RUNS,
    WITHIN,
    Look,
    Point,
    Prober,
    bound_by,
    failures,
    looks,
    narrow,
    points_at_most,
)
from sim.experiment.thresholds import Judgement, judged, threshold
from sim.experiment.variants import variants
from sim.rendering import Finding, render
from sim.scenario import Scenario
from sim.scenario.asked import seed_of
from sim.scenario.model.thresholds import Threshold
from sim.scenario.warnings.warning import ScenarioWarning
from sim.tables import metric_names

Answer = Literal["found", "met everywhere", "missed everywhere", "undecided"]
_ANSWERS: Final[Mapping[tuple[str, str], Answer]] = {
    ("missed", "met"): "found",
    ("met", "missed"): "found",
    ("met", "met"): "met everywhere",
    ("missed", "missed"): "missed everywhere",
}


@dataclass(frozen=True, eq=False, repr=False)
class Capacity(Finding):
    """What a search for a capacity found, between `low` and `high`, numbers of `unit`; `points` are by value.

    `binding` are the thresholds that were missed at the nearest value that misses any, `bound_by` the link or registry
    that held transfers or requests back the longest there, in the variant that missed. `shown` are metrics that tables
    show beside those of the thresholds.

    >>> import sim
    >>> asked = sim.load("metros", {"demand.rate": "50/day", "demand.apps": 20}, variant="node-direct")
    >>> found = sim.capacity(asked, "clients.*.up=1 Mbit/s..1 Gbit/s", ["push_s.p50 < 2 s"], runs=5, executor="serial")
    >>> found.answer, found.unit, found.low < found.high
    ('undecided', 'Mbit/s', True)
    """

    scenario: Scenario
    seed: int
    axis: Axis
    answer: Answer
    low: float
    high: float
    runs: int
    made: int
    points: tuple[Point, ...]
    wall_s: float
    shown: tuple[str, ...] = ()
    asked: Asked | None = None

    @property
    def failing(self) -> tuple[str, ...]:
        """The variants whose deploys fail at the nearest value that was missed, and do not at an end of the range."""
        nearest = self._nearest_missed
        return nearest.failing if nearest else ()

    @property
    def unit(self) -> str:
        assert self.axis.range is not None
        return self.axis.range.unit.strip()

    @property
    def smallest(self) -> bool:
        """Whether it is the smallest value that meets the thresholds, and not the largest."""
        return self.points[-1].label == "met"

    @property
    def _nearest_missed(self) -> Point | None:
        missed = [point for point in self.points if point.label == "missed"]
        if not missed:
            return None
        return missed[-1] if self.smallest or self.answer != "found" else missed[0]

    @property
    def binding(self) -> tuple[Judgement, ...]:
        nearest = self._nearest_missed
        return tuple(judgement for judgement in nearest.evidence if judgement.outcome == "missed") if nearest else ()

    @property
    def bound_by(self) -> tuple[str, float] | None:
        """Its name, and how long it held others back in a run, s."""
        nearest, binding = self._nearest_missed, self.binding
        if nearest is None or not binding:
            return None
        variant = binding[0].threshold.variant or binding[0].of
        return bound_by(nearest.sample.outcomes[variant])

    @property
    def verdict(self) -> str:
        """A few sentences to act on."""
        made: str = render("capacity.verdict", self)
        return made

    @property
    def samples(self) -> Iterator[tuple[Settings, Sample]]:
        """All runs, by the settings that they were made with."""
        for point in self.points:
            yield self.axis.settings(point.text), point.sample

    @property
    def warnings(self) -> tuple[ScenarioWarning, ...]:
        """What may be wrong with the question, as it was asked and as the runs show."""
        low, high = self.points[0].sample, self.points[-1].sample
        asked = varied_for_nothing(self.scenario, [self.axis], low.variants)
        return (*self.scenario.warnings, *asked, *moves_nothing(self.scenario, self.axis, low, high))

    def to_json(self) -> dict[str, Any]:
        """The document `regsim.capacity/1`."""
        place, binding = self.bound_by, self.binding
        return {
            "schema": "regsim.capacity/1",
            "scenario": self.scenario.name,
            "warnings": [each.to_json() for each in self.warnings],
            "seed": self.seed,
            "key": self.axis.name,
            "answer": self.answer,
            "low": self.low,
            "high": self.high,
            "unit": self.unit,
            "smallest": self.smallest,
            "binding": binding[0].threshold.metric if binding else None,
            "bindings": [judgement.to_json() for judgement in binding],
            "failing": list(self.failing),
            "failures": {name: each.to_json() for name, each in failures(self.points).items()},
            "bound_by": None if place is None else {"name": place[0], "held_back_s": place[1]},
            "verdict": self.verdict,
            "runs": self.runs,
            "made": self.made,
            "points": [
                point.to_json() | {"thresholds": [judgement.to_json() for judgement in point.evidence]}
                for point in self.points
            ],
        }


def _spared(made: Runs, axis: Axis, named: Mapping[str, str | None], count: int) -> Mapping[str, Sequence[Outcome]]:
    """Each variant's first runs at that end of the range where the smaller share of its deploys fails."""
    assert axis.range is not None
    settings = [axis.settings(axis.range.text(end)) for end in (axis.range.low, axis.range.high)]
    ends = by_variant(made, named, settings, count)
    return {name: (at := {str(end): ends[end][name] for end in settings})[least_failing(at)] for name in named}


def capacity(
    scenario: Scenario,
    axis: Axis | str,
    thresholds: Sequence[Threshold | str],
    *,
    variant: str | None = None,
    runs: int = RUNS,
    within: float = WITHIN,
    seed: int | None = None,
    executor: str = "processes",
    progress: Progress | None = None,
    store: Store | None = None,
    metrics: Custom | None = None,
    by: str | Sequence[str] = (),
    allow_failures: bool = False,
    engine: Engine | None = None,
) -> Capacity:
    """Search `axis`, a range, for the value from which on, or up to which, every threshold holds for every variant.

    Both may be given as on the command line: `"clients.*.up=10 Mbit/s..1 Gbit/s"`, `"deploy_latency_s.p95 < 5 s"`.

    `metrics` are the user's own, functions of a run's `Result` by name, for thresholds to be on. With `by` the
    thresholds' metrics are shown by each group, too; what is searched for stays the same.

    Points get at most `runs` runs of each variant (or of the one named), and the interval is narrowed to `within`.
    InputError when a value makes no scenario, and for thresholds on what is not there.

    >>> import sim
    >>> asked = sim.load("metros", {"demand.rate": "50/day", "demand.apps": 20}, variant="node-direct")
    >>> sim.capacity(asked, "clients.*.up=1 Mbit/s..2 Mbit/s", ["push_s.p50 < 0.5 s"], runs=5, executor="serial").answer
    'missed everywhere'
    """
    seed = seed_of(scenario, seed)
    axis = ranged(axis, scenario) if isinstance(axis, str) else axis
    every = [thresholds] if isinstance(thresholds, str) else thresholds
    wanted = [threshold(each, metrics or ()) if isinstance(each, str) else each for each in every]
    if not wanted:
        raise InputError("thresholds", "are none, so that every value meets them", 'write "deploy_latency_s.p95 < 3 s"')
    measures = Measures.of(by, metrics, [each.metric for each in wanted])
    for each in wanted:
        check_group(f"threshold {shown(each.text)}", each.metric, scenario)
    assert axis.range is not None
    named = variants(scenario, variant)

    allowed = allow_failures or any(counts_failures(each.metric) for each in wanted)
    spared: dict[str, Sequence[Outcome]] = {}

    def test(sample: Sample) -> Look:
        judgements = judged(sample, wanted, allow_failures)
        failing = tuple(
            name for name, least in spared.items() if fails_more(sample.outcomes[name], least, sample.confidence)
        )
        outcomes = {judgement.outcome for judgement in judgements}
        if "missed" in outcomes or failing:
            return Look("missed", judgements, failing)
        return Look(None if "undecided" in outcomes else "met", judgements)

    whole = dict.fromkeys(each.metric for each in wanted if metric_names.split(each.metric) is None)
    beside = tuple(name for metric in whole for name in split_by(metric, measures.by if by else (), scenario))
    arguments = {
        "axis": axis.to_json(), "thresholds": [each.text for each in wanted], "variant": variant, "runs": runs,
        "within": within, "seed": seed, "metrics": list(measures.names), "by": list(measures.by if by else ()),
        "allow_failures": allow_failures,
    }  # fmt: skip
    began = time.perf_counter()
    decisions = points_at_most(axis.range, within) * max(len(wanted) * len(named), 1)
    executor = executors.resolved(executor, runs * len(named))
    with Runs(scenario, seed, executor, store, progress, measures, engine) as made:
        prober = Prober(made, axis, named, test, runs, decisions)
        low, high = axis.range.low, axis.range.high
        spared |= {} if allowed else _spared(made, axis, named, looks(runs)[0])
        answer = _ANSWERS.get((prober.label(low), prober.label(high)), "undecided")
        if answer == "found":
            low, high = narrow(prober, low, high, within)
        return Capacity(
            scenario, seed, axis, answer, low, high, made.asked, made.made, prober.points,
            time.perf_counter() - began, beside, Asked("capacity", arguments, made.known),
        )  # fmt: skip
