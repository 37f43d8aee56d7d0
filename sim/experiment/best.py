"""The best of several variants by one metric, with a promise: runs are added until KN has chosen.

Variants that cannot be the best drop out on the way and get no more runs. See `sim.stats.selection` for what is
promised and for whom: runs whose metric is about normal, which means and quantiles of many deploys are.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from sim import metric_names
from sim.errors import InputError
from sim.experiment import executors
from sim.experiment.measures import Custom, Measures, known_metric
from sim.experiment.runs import Progress, Runs
from sim.experiment.sample import interval_of
from sim.experiment.store import Store
from sim.experiment.variants import variants
from sim.experiment.words import amount
from sim.experiment.worker import Task
from sim.scenario import Scenario
from sim.scenario.warnings import ScenarioWarning
from sim.stats.intervals import CONFIDENCE, Interval
from sim.stats.selection import FIRST_STAGE, Selection

#: Runs of a variant at most while several are left.
MOST_RUNS: Final = 400
#: What is a difference not worth acting on, as a share of the first variant's mean over the first stage.
SHARE: Final = 0.05
#: Runs that are asked for at once: workers are kept busy, and few are wasted on a variant that drops out.
_BATCH: Final = 10


@dataclass(frozen=True, slots=True)
class Best:
    """Which variant was chosen, None where the runs did not do; intervals are of the runs that each variant had."""

    scenario: Scenario
    seed: int
    metric: str
    indifference: float
    chosen: str | None
    surviving: tuple[str, ...]
    found: Mapping[str, Interval]
    made: int
    wall_s: float

    @property
    def verdict(self) -> str:
        """One sentence to act on."""
        unit = metric_names.unit_of(self.metric)
        promise = f"with {100 * CONFIDENCE:g} % confidence, unless another is within {amount(self.indifference, unit)}"
        if self.chosen is None:
            return f"undecided between {' and '.join(self.surviving)} by {self.metric}; allow more runs with --runs."
        return f"{self.chosen} has the best {self.metric} of {len(self.found)} variants, {promise}."

    @property
    def warnings(self) -> tuple[ScenarioWarning, ...]:
        """What may be wrong with the question."""
        return self.scenario.warnings

    def to_json(self) -> dict[str, Any]:
        """The document `regsim.best/1`."""
        return {
            "schema": "regsim.best/1",
            "scenario": self.scenario.name,
            "warnings": [each.to_json() for each in self.warnings],
            "seed": self.seed,
            "metric": self.metric,
            "indifference": self.indifference,
            "chosen": self.chosen,
            "surviving": list(self.surviving),
            "variants": {name: each.to_json() | {"runs": each.n} for name, each in self.found.items()},
            "verdict": self.verdict,
            "made": self.made,
        }


def best(
    scenario: Scenario,
    metric: str,
    indifference: float | None = None,
    *,
    most_runs: int = MOST_RUNS,
    seed: int | None = None,
    executor: str = "processes",
    progress: Progress | None = None,
    store: Store | None = None,
    metrics: Custom | None = None,
) -> Best:
    """Choose the variant with the lowest metric, or the highest of one of which more is better.

    `indifference` is in the metric's unit; unless given it is 5 % of the baseline's mean over the first runs.
    InputError for a metric that there is not, or that deploys which fail make infinite.
    """
    measures = Measures.of((), metrics, [metric])
    about = known_metric(metric, measures.names, scenario)
    seed = scenario.run.seed if seed is None else seed
    named = variants(scenario)
    if len(named) < 2:
        raise InputError(scenario.name, "has no two variants to choose from", "write [variants.NAME] twice")
    values: dict[str, list[float]] = {name: [] for name in named}
    began = time.perf_counter()
    with Runs(scenario, seed, executors.resolved(executor, most_runs * len(named)), store, progress, measures) as made:

        def more(names: tuple[str, ...], count: int) -> None:
            runs = range(len(values[names[0]]), count)
            tasks = [Task(named[name], run) for run in runs for name in names]
            for at, outcome in enumerate(made.outcomes(tasks)):
                values[names[at % len(names)]].append(_finite(outcome.metrics[metric], metric, names[at % len(names)]))

        more(tuple(named), FIRST_STAGE)
        if indifference is None:
            indifference = SHARE * abs(float(np.mean(next(iter(values.values()))))) or 1.0
        selection = Selection(tuple(named), indifference, largest=about.lower_is_better is False)
        told = 0
        while selection.chosen is None and told < most_runs:
            if told == len(values[selection.surviving[0]]):
                more(selection.surviving, min(told + _BATCH, most_runs))
            selection.tell({name: values[name][told] for name in selection.surviving})
            told += 1
        return Best(
            scenario, seed, metric, indifference, selection.chosen, selection.surviving,
            {name: interval_of(np.array(each)) for name, each in values.items()}, made.made,
            time.perf_counter() - began,
        )  # fmt: skip


def _finite(value: float, metric: str, variant: str) -> float:
    if not math.isfinite(value):
        problem = f"{metric} of {variant} has no finite value, as deploys fail"
        raise InputError("--metric", problem, "compare by another metric, such as failed_deploys")
    return value
