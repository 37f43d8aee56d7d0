"""Where along a key the better of two variants changes, as intervals.

A few points over the whole range are tested first, so that a change there and back again is found when the points see
it; then each change is narrowed by `bisection`. At a point the variant is lower or higher in the metric than the
baseline, paired run by run; equal when it is the same in every run; or undecided. Where one of the two fails more the
other is the better one, whatever the metric says, unless failures are allowed. Left out: changes there and back between
two of the first points, which these do not see; and how the answer is said (`sim.report.crossover`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from sim.engines.run import Engine
from sim.errors import ArgumentError, InputError, near, shown
from sim.experiment.axes import Axis, ranged
from sim.experiment.doubts import moves_nothing, varied_for_nothing
from sim.experiment.execution import executors
from sim.experiment.execution.at_hand import Asked
from sim.experiment.execution.runs import Progress, Runs
from sim.experiment.execution.store import Store
from sim.experiment.execution.worker import Settings
from sim.experiment.measures import Custom, Measures, known_metric
from sim.experiment.sample import Sample, side
from sim.experiment.searches.bisection import RUNS, WITHIN, Look, Point, Prober, failures, narrow, points_at_most
from sim.experiment.variants import variants
from sim.rendering import Finding, render
from sim.scenario import Scenario
from sim.scenario.asked import seed_of
from sim.scenario.warnings.warning import ScenarioWarning

#: Into how many parts the range is cut at first.
PARTS: Final = 4
METRIC: Final = "deploy_latency_s.p50"


@dataclass(frozen=True, slots=True)
class Changeover:
    """Between two values one variant has the less of a metric at first and the other from then on."""

    low: float
    high: float
    below: str
    above: str


@dataclass(frozen=True, eq=False, repr=False)
class Crossover(Finding):
    """Where `variant` and `baseline` change places in a metric; numbers are of `unit`, `points` by value.

    `changes` is empty where one of the two has the less of the metric all along.

    >>> import sim
    >>> asked = sim.load("metros", {"demand.rate": "50/day", "demand.apps": 20})
    >>> found = sim.crossover(asked, "clients.*.up=20 Mbit/s..1 Gbit/s", runs=5, executor="serial")
    >>> found.baseline, found.variant, found.changes
    ('central', 'node-direct', ())
    """

    scenario: Scenario
    seed: int
    axis: Axis
    metric: str
    variant: str
    baseline: str
    changes: tuple[Changeover, ...]
    runs: int
    made: int
    points: tuple[Point, ...]
    wall_s: float
    asked: Asked | None = None

    @property
    def unit(self) -> str:
        assert self.axis.range is not None
        return self.axis.range.unit.strip()

    @property
    def decided(self) -> bool:
        """Whether the points at both ends, and all those that no change lies at, were decided."""
        inside = [(change.low, change.high) for change in self.changes]
        return all(
            point.label != "undecided" or any(low < point.number < high for low, high in inside)
            for point in self.points
        )  # fmt: skip

    @property
    def verdict(self) -> str:
        """A few sentences to act on."""
        made: str = render("crossover.verdict", self)
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
        shown = moves_nothing(self.scenario, self.axis, low, high, everywhere=True)
        return (*self.scenario.warnings, *asked, *shown)

    def to_json(self) -> dict[str, Any]:
        """The document `regsim.crossover/1`."""
        return {
            "schema": "regsim.crossover/1",
            "scenario": self.scenario.name,
            "warnings": [each.to_json() for each in self.warnings],
            "seed": self.seed,
            "key": self.axis.name,
            "metric": self.metric,
            "variant": self.variant,
            "baseline": self.baseline,
            "unit": self.unit,
            "changes": [
                {"low": change.low, "high": change.high, "below": change.below, "above": change.above}
                for change in self.changes
            ],
            "decided": self.decided,
            "failures": {name: each.to_json() for name, each in failures(self.points).items()},
            "verdict": self.verdict,
            "runs": self.runs,
            "made": self.made,
            "points": [point.to_json() | point.evidence.to_json() for point in self.points],
        }


def crossover(
    scenario: Scenario,
    axis: Axis | str,
    metric: str = METRIC,
    *,
    variant: str | None = None,
    runs: int = RUNS,
    within: float = WITHIN,
    seed: int | None = None,
    executor: str = "processes",
    progress: Progress | None = None,
    store: Store | None = None,
    metrics: Custom | None = None,
    allow_failures: bool = False,
    engine: Engine | None = None,
) -> Crossover:
    """Search `axis`, a range, for where `variant` (by default the only one) and the baseline change places.

    Points get at most `runs` runs of both; each change is narrowed to `within`. InputError when the scenario has no two
    variants, for a metric that there is not, and when a value makes no scenario.

    >>> import sim
    >>> asked = sim.load("metros", {"demand.rate": "50/day", "demand.apps": 20})
    >>> found = sim.crossover(asked, "clients.*.up=20 Mbit/s..1 Gbit/s", "wan_bytes", runs=5, executor="serial")
    >>> found.metric, found.unit
    ('wan_bytes', 'Mbit/s')
    """
    seed = seed_of(scenario, seed)
    axis = ranged(axis, scenario) if isinstance(axis, str) else axis
    assert axis.range is not None
    baseline, variant = _two(scenario, variant)
    measures = Measures.of((), metrics, [metric])
    about = known_metric(metric, measures.names, scenario)
    #: How the one that fails is labelled: as having more of what is better little, or less of what is better much.
    worse, better = ("lower", "higher") if about.lower_is_better is False else ("higher", "lower")

    def test(sample: Sample) -> Look:
        if metric not in sample.metrics(variant):
            problem = f"there is no such link, got {shown(metric)}"
            raise ArgumentError(
                "metric", "--metric", problem, "sim.run(scenario).metrics has them", "see regsim run --json"
            )
        apart = sample.difference(variant, metric, baseline)
        found = side(sample, variant, baseline, metric, allow_failures)
        if found in ("fails more", "fails less"):
            more = found == "fails more"
            return Look(worse if more else better, apart, (variant if more else baseline,))
        if apart.low == apart.high == 0:
            return Look("equal", apart)
        return Look(None if found == "open" else found, apart)

    arguments = {
        "axis": axis.to_json(), "metric": metric, "variant": variant, "runs": runs, "within": within, "seed": seed,
        "metrics": list(measures.names), "allow_failures": allow_failures,
    }  # fmt: skip
    began = time.perf_counter()
    with Runs(scenario, seed, executors.resolved(executor, 2 * runs), store, progress, measures, engine) as made:
        most = points_at_most(axis.range, within, PARTS)
        prober = Prober(made, axis, {baseline: baseline, variant: variant}, test, runs, most)
        for part in range(PARTS + 1):
            prober.label(axis.range.at(part / PARTS))
        decided = [point for point in prober.points if point.label in ("lower", "higher")]
        turns = [(one, other) for one, other in pairwise(decided) if one.label != other.label]
        lower = {"lower": variant, "higher": baseline}
        changes = [
            Changeover(*narrow(prober, one.number, other.number, within), lower[one.label], lower[other.label])
            for one, other in turns
        ]
        return Crossover(
            scenario, seed, axis, metric, variant, baseline, tuple(changes), made.asked, made.made, prober.points,
            time.perf_counter() - began, Asked("crossover", arguments, made.known),
        )  # fmt: skip


def _two(scenario: Scenario, chosen: str | None) -> tuple[str, str]:
    """The baseline, and the variant to hold against it."""
    named: Sequence[str] = tuple(variants(scenario))
    baseline = scenario.baseline
    others = [name for name in named if name != baseline]
    if baseline is None or not others:
        raise InputError(scenario.name, "has no two variants to compare", "write [variants.NAME] twice")
    if chosen is None and len(others) > 1:
        problem = f"is needed with {len(named)} variants"
        raise ArgumentError("variant", "--variant", problem, f"name one of {', '.join(others)}")
    if chosen is not None and chosen not in others:
        problem = f"must be a variant beside the baseline {baseline}, got {shown(chosen)}"
        raise ArgumentError("variant", "--variant", problem, near(chosen, others))
    return baseline, chosen or others[0]
