"""The best of several variants by one metric, with a promise: runs are added until KN has chosen.

Variants that cannot be the best drop out on the way and get no more runs. See `sim.stats.selection` for what is
promised and for whom: runs whose metric is about normal, which means and quantiles of many deploys are.

Before that goes who fails more than the one that fails least, unless failures are allowed: what fails moves no bytes
and costs little. It is looked at after the first runs and whenever one is chosen; when that one fails more it is ruled
out as well, and the others go on. Left out: how the answer is said (`sim.report.best`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.accounting.failures import Failures
from sim.engines.run import Engine
from sim.errors import ArgumentError, InputError
from sim.experiment.execution import executors
from sim.experiment.execution.at_hand import Asked
from sim.experiment.execution.runs import Progress, Runs
from sim.experiment.execution.store import Store
from sim.experiment.execution.worker import Outcome, Settings, Task
from sim.experiment.measures import Custom, Measures, known_metric
from sim.experiment.sample import Sample, fails_more, interval_of, least_failing
from sim.experiment.variants import variants
from sim.rendering import Finding, render
from sim.scenario import Scenario
from sim.scenario.asked import seed_of
from sim.scenario.warnings.warning import ScenarioWarning
from sim.stats.intervals import Interval
from sim.stats.selection import FIRST_STAGE, Selection

#: Runs of a variant at most while several are left.
MOST_RUNS: Final = 400
#: What is a difference not worth acting on, as a share of the first variant's mean over the first stage.
SHARE: Final = 0.05
#: Runs that are asked for at once: workers are kept busy, and few are wasted on a variant that drops out.
_BATCH: Final = 10

Outcomes = Mapping[str, Sequence[Outcome]]


@dataclass(frozen=True, eq=False, repr=False)
class Best(Finding):
    """Which variant was chosen, None where the runs did not do; `outcomes` are the runs that each variant had.

    `ruled_out` are the variants that fail more than the one that fails least.

    `found[NAME]` is the metric's mean over the runs that a variant had, with its interval, in the metric's unit.

    >>> import sim
    >>> asked = sim.load("metros", {"demand.rate": "50/day", "demand.apps": 20})
    >>> found = sim.best(asked, "central_egress_bytes", executor="serial")
    >>> found.chosen
    'node-direct'
    >>> found.table[["variant", "unit", "chosen"]].to_numpy().tolist()
    [['central', 'bytes', False], ['node-direct', 'bytes', True]]
    """

    scenario: Scenario
    seed: int
    metric: str
    indifference: float
    chosen: str | None
    surviving: tuple[str, ...]
    ruled_out: tuple[str, ...]
    outcomes: Mapping[str, tuple[Outcome, ...]]
    made: int
    wall_s: float
    asked: Asked | None = None

    @property
    def found(self) -> Mapping[str, Interval]:
        """The metric's interval over the runs that each variant had."""
        return {name: interval_of(_values(made, self.metric)) for name, made in self.outcomes.items()}

    @property
    def failures(self) -> Mapping[str, Failures]:
        """How many of each variant's deploys failed, and why."""
        return {name: _failures(made) for name, made in self.outcomes.items()}

    @property
    def verdict(self) -> str:
        """What failed, and whom to choose."""
        made: str = render("best.verdict", self)
        return made

    @property
    def near(self) -> tuple[str, ...]:
        """The variants that came so near to the chosen one, over the runs of both, that nobody would act on it."""
        if self.chosen is None:
            return ()
        left = [name for name in self.outcomes if name not in (self.chosen, *self.ruled_out)]
        pairs = {name: self.paired_with_chosen(name) for name in left}
        apart = {name: float(np.mean(other - chosen)) for name, (other, chosen) in pairs.items() if len(chosen)}
        return tuple(name for name, by in apart.items() if abs(by) <= self.indifference)

    @property
    def level(self) -> bool:
        """Whether all variants that are not ruled out have the same metric in every run."""
        left = [name for name in self.outcomes if name not in self.ruled_out]
        return self.chosen is not None and all(np.array_equal(*self.paired_with_chosen(name)) for name in left)

    def paired_with_chosen(self, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """A variant's metric and the chosen one's, (n_runs,) each, over the runs that both had."""
        assert self.chosen is not None
        mine, chosen = (_values(self.outcomes[each], self.metric) for each in (name, self.chosen))
        both = min(len(mine), len(chosen))
        return mine[:both], chosen[:both]

    @property
    def samples(self) -> Iterator[tuple[Settings, Sample]]:
        """All runs; none has settings of its own."""
        yield (), Sample(self.outcomes)

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
            "ruled_out": list(self.ruled_out),
            "near": list(self.near),
            "variants": {name: each.to_json() | {"runs": each.n} for name, each in self.found.items()},
            "failures": {name: each.to_json() for name, each in self.failures.items()},
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
    allow_failures: bool = False,
    engine: Engine | None = None,
) -> Best:
    """Choose the variant with the lowest metric, or the highest of one of which more is better.

    `indifference` is in the metric's unit; unless given it is 5 % of the baseline's mean over the first runs. Variants
    that fail more than another are ruled out first, unless `allow_failures`. InputError for a metric that there is not,
    that deploys which fail make infinite, or that has no value.

    >>> import sim
    >>> asked = sim.load("metros", {"demand.rate": "50/day", "demand.apps": 20})
    >>> found = sim.best(asked, "wan_bytes", most_runs=20, executor="serial")
    >>> found.metric, found.chosen in (None, *found.outcomes)
    ('wan_bytes', True)
    """
    seed = seed_of(scenario, seed)
    measures = Measures.of((), metrics, [metric])
    about = known_metric(metric, measures.names, scenario)
    named = variants(scenario)
    if len(named) < 2:
        raise InputError(scenario.name, "has no two variants to choose from", "write [variants.NAME] twice")
    arguments = {
        "metric": metric, "indifference": indifference, "most_runs": most_runs, "seed": seed,
        "metrics": list(measures.names), "allow_failures": allow_failures,
    }  # fmt: skip
    outcomes: dict[str, list[Outcome]] = {name: [] for name in named}
    began = time.perf_counter()
    executor = executors.resolved(executor, most_runs * len(named))
    with Runs(scenario, seed, executor, store, progress, measures, engine) as made:

        def more(names: Sequence[str], count: int) -> None:
            tasks = [(name, Task(named[name], run)) for name in names for run in range(len(outcomes[name]), count)]
            for (name, _), outcome in zip(tasks, made.outcomes([task for _, task in tasks]), strict=True):
                outcomes[name].append(outcome)

        more(tuple(named), FIRST_STAGE)
        largest = about.lower_is_better is False
        answers = len(named) * (len(named) - 1)  # at first and once for every choice, all to hold together
        out: tuple[str, ...] = () if allow_failures else _ruled_out(outcomes, answers)
        while True:
            left = tuple(name for name in named if name not in out)
            zone = indifference or SHARE * abs(float(np.mean(_values(outcomes[left[0]], metric)))) or 1.0
            if not allow_failures and all(_failures(outcomes[name]).share == 1 for name in left):
                chosen, surviving = None, left
                break
            chosen, surviving = _selected(Selection(left, zone, largest=largest), outcomes, metric, more, most_runs)
            if allow_failures or chosen not in _ruled_out({name: outcomes[name] for name in left}, answers):
                break
            out = tuple(name for name in named if name in out or name == chosen)
        return Best(
            scenario, seed, metric, zone, chosen, surviving, out,
            {name: tuple(each) for name, each in outcomes.items()}, made.made, time.perf_counter() - began,
            Asked("best", arguments, made.known),
        )  # fmt: skip


def _selected(
    selection: Selection, outcomes: Outcomes, metric: str, more: Callable[[Sequence[str], int], None], most_runs: int
) -> tuple[str | None, tuple[str, ...]]:
    """Whom KN chooses, given run after run, and who was left; runs that lack are made some at a time."""
    run = 0
    while selection.chosen is None and run < most_runs:
        if run == min(len(outcomes[name]) for name in selection.surviving):
            more(selection.surviving, min(run + _BATCH, most_runs))
        selection.observe({name: _finite(outcomes[name][run], metric, name) for name in selection.surviving})
        run += 1
    return selection.chosen, selection.surviving


def _ruled_out(outcomes: Outcomes, answers: int) -> tuple[str, ...]:
    """Those that fail more than the one that fails least, over the runs that both have; one of so many answers."""
    least = outcomes[least_failing(outcomes)]
    return tuple(name for name, made in outcomes.items() if fails_more(made, least, simultaneous=answers))


def _failures(outcomes: Sequence[Outcome]) -> Failures:
    return Failures.together(outcome.failures for outcome in outcomes)


def _values(outcomes: Sequence[Outcome], metric: str) -> NDArray[np.float64]:
    return np.array([outcome.metrics[metric] for outcome in outcomes])


def _finite(outcome: Outcome, metric: str, variant: str) -> float:
    value = outcome.metrics[metric]
    if not math.isfinite(value):
        why = "as deploys fail" if math.isinf(value) else "as a run has nothing to measure"
        problem = f"{metric} of {variant} has no finite value, {why}"
        raise ArgumentError("metric", "--metric", problem, "compare by another metric, such as failed_deploys")
    return value
