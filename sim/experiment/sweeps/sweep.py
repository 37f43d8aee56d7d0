"""Every variant at every point of a design, with intervals over runs, paired differences, and what matters most.

Intervals hold at 95 % each by itself; a sweep of a hundred points has some that miss. All points share their random
numbers, so neighbours differ by what was changed and by little else. Left out: which points a design visits
(`designs`), what matters most (`sensitivity`), and how the answer is said (`sim.report.sweeps`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from sim.accounting.failures import Failures
from sim.engines.run import Engine
from sim.experiment.axes import Axis, axis, combined
from sim.experiment.doubts import varied_for_nothing
from sim.experiment.execution import executors
from sim.experiment.execution.at_hand import Asked
from sim.experiment.execution.runs import Progress, Runs, by_variant
from sim.experiment.execution.store import Store
from sim.experiment.execution.worker import Settings
from sim.experiment.measures import Custom, Measures, known_metric, split_by
from sim.experiment.sample import Sample
from sim.experiment.sweeps.designs import Design, design
from sim.experiment.sweeps.sensitivity import Sensitivity, sensitivities
from sim.experiment.tradeoff import Choice, tradeoff
from sim.experiment.variants import variants
from sim.rendering import Finding, render
from sim.scenario import Scenario
from sim.scenario.asked import seed_of
from sim.scenario.warnings.warning import ScenarioWarning

METRICS: Final = ("deploy_latency_s.p50", "deploy_latency_s.p99", "wan_bytes")


@dataclass(frozen=True, slots=True)
class DesignPoint:
    """One point of a design: the value of each axis, the settings that put them there, and what was measured."""

    values: tuple[Any, ...]
    settings: Settings
    sample: Sample


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Sweep(Finding):
    """What a sweep found; `metrics` are those that tables and plots show; documents have all.

    >>> import sim
    >>> asked = sim.load("metros", {"demand.rate": "50/day", "demand.apps": 20})
    >>> found = sim.sweep(asked, ["clients.*.up=10 Mbit/s, 100 Mbit/s"], runs=2, executor="serial")
    >>> found.table.shape  # points x variants x metrics
    (12, 10)
    >>> found.table.attrs["columns"]["mean"]["meaning"]
    'mean over runs; infinite where a deploy failed at that quantile'
    """

    scenario: Scenario
    seed: int
    runs: int
    axes: tuple[Axis, ...]
    design: Design
    metrics: tuple[str, ...]
    points: tuple[DesignPoint, ...]
    wall_s: float
    allow_failures: bool = False
    asked: Asked | None = None

    @property
    def variants(self) -> tuple[str, ...]:
        """The variants' names, the baseline first."""
        named = self.points[0].sample.variants
        return tuple(sorted(named, key=lambda name: name != self.scenario.baseline))

    @property
    def verdict(self) -> str:
        """A few sentences to act on."""
        made: str = render("sweeps.verdict", self)
        return made

    @property
    def samples(self) -> Iterator[tuple[Settings, Sample]]:
        """All runs, by the settings that they were made with."""
        return ((point.settings, point.sample) for point in self.points)

    @cached_property
    def tradeoff(self) -> tuple[Choice, ...]:
        """What each variant costs at each point against its p99, from the cheapest on; empty where nothing costs."""
        return tradeoff(((point.values, point.sample) for point in self.points), self.allow_failures)

    @property
    def failures(self) -> Mapping[str, Failures]:
        """How many of each variant's deploys failed at all points together, and why."""
        return {name: Failures.together(point.sample.failures(name) for point in self.points) for name in self.variants}

    @cached_property
    def sensitivity(self) -> tuple[Sensitivity, ...]:
        """How much each key matters to each metric of each variant, and to the differences from the baseline."""
        if not self.design.sensitivity:
            return ()
        baseline, *others = self.variants
        found: list[Sensitivity] = []
        for metric in self.metrics:
            means = {name: self._means(name, metric) for name in self.variants}
            of = means | {f"{name} - {baseline}": means[name] - means[baseline] for name in others}
            for name, values in of.items():
                found += sensitivities(self.design, self.axes, name, metric, values, self.seed)
        return tuple(found)

    def _means(self, variant: str, metric: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.array([point.sample.interval(variant, metric).mean for point in self.points])

    @property
    def warnings(self) -> tuple[ScenarioWarning, ...]:
        """What may be wrong with the question."""
        return (*self.scenario.warnings, *varied_for_nothing(self.scenario, self.axes, self.variants))

    def to_json(self) -> dict[str, Any]:
        """The document `regsim.sweep/1`."""
        return {
            "schema": "regsim.sweep/1",
            "scenario": self.scenario.name,
            "warnings": [each.to_json() for each in self.warnings],
            "seed": self.seed,
            "keys": [axis.name for axis in self.axes],
            "design": self.design.kind,
            "runs": self.runs,
            "points": [self._point(point) for point in self.points],
            "sensitivity": [
                {"key": found.key, "of": found.of, "metric": found.metric, **found.indices}
                for found in self.sensitivity
            ],
            "tradeoff": [choice.to_json() for choice in self.tradeoff],
            "failures": {name: each.to_json() for name, each in self.failures.items()},
            "verdict": self.verdict,
        }

    def _point(self, point: DesignPoint) -> dict[str, Any]:
        baseline, *others = self.variants
        sample = point.sample
        return {
            "values": {axis.name: value for axis, value in zip(self.axes, point.values, strict=True)},
            "variants": {
                name: {metric: sample.interval(name, metric).to_json() for metric in sample.metrics(name)}
                for name in self.variants
            },
            "failures": {name: sample.failures(name).to_json() for name in self.variants},
            "differences": {
                name: {
                    metric: (apart := sample.difference(name, metric, baseline)).to_json() | {"decided": apart.decided}
                    for metric in sample.metrics(name)
                    if metric in sample.metrics(baseline)
                }
                for name in others
            },
        }


def sweep(
    scenario: Scenario,
    axes: Sequence[Axis | str],
    *,
    kind: str = "grid",
    metrics: Sequence[str] | Custom = METRICS,
    by: str | Sequence[str] = (),
    variant: str | None = None,
    runs: int | None = None,
    seed: int | None = None,
    executor: str = "processes",
    progress: Progress | None = None,
    store: Store | None = None,
    allow_failures: bool = False,
    engine: Engine | None = None,
) -> Sweep:
    """Run every variant (or the one named) at every point of a design, `runs` times; the scenario's unless given.

    `metrics` are names of those to show, or the user's own, functions of a run's `Result` by name. With `by` the first
    of them is shown by each group, too.
    What fails more than something else is not called the lower, the lowest or worth having unless `allow_failures`.

    InputError when a value makes no scenario, for a metric that there is not, and for a design that there is not.

    >>> import sim
    >>> asked = sim.load("metros", {"demand.rate": "50/day", "demand.apps": 20})
    >>> sim.sweep(asked, ["nodes.*.count=1..2:2"], runs=2, executor="serial").table["nodes.*.count"].unique()
    array([1., 2.])
    """
    seed = seed_of(scenario, seed)
    runs = scenario.run.runs if runs is None else runs
    custom = metrics if isinstance(metrics, Mapping) else None
    measures = Measures.of(by, custom, metrics)
    for metric in metrics:
        known_metric(metric, measures.names, scenario)
    shown = (*metrics, *split_by(next(iter(metrics)), measures.by if by else (), scenario))
    every = [axes] if isinstance(axes, str) else axes
    varied = [axis(each, scenario) if isinstance(each, str) else each for each in every]
    named, visited = variants(scenario, variant), design(kind, varied, seed)
    arguments = {
        "axes": [each.to_json() for each in varied], "kind": kind, "metrics": list(metrics),
        "custom": custom is not None, "by": list(measures.by if by else ()), "variant": variant, "runs": runs,
        "seed": seed, "allow_failures": allow_failures,
    }  # fmt: skip
    began = time.perf_counter()
    places = [(values, combined(varied, values)) for values in visited.values]
    executor = executors.resolved(executor, len(places) * runs * len(named))
    with Runs(scenario, seed, executor, store, progress, measures, engine) as made:
        outcomes = by_variant(made, named, (settings for _, settings in places), runs)
        asked = Asked("sweep", arguments, made.known)
    points = tuple(DesignPoint(values, settings, Sample(outcomes[settings])) for values, settings in places)
    return Sweep(
        scenario=scenario, seed=seed, runs=runs, axes=tuple(varied), design=visited, metrics=shown,
        points=points, wall_s=time.perf_counter() - began, allow_failures=allow_failures, asked=asked,
    )  # fmt: skip
