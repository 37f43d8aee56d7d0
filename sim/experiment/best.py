"""The best of several variants by one metric, with a promise: runs are added until KN has chosen.

Variants that cannot be the best drop out on the way and get no more runs. See `sim.stats.selection` for what is
promised and for whom: runs whose metric is about normal, which means and quantiles of many deploys are.

Before that goes who fails more than the one that fails least, unless failures are allowed: what fails moves no bytes
and costs little. It is looked at after the first runs and whenever one is chosen; when that one fails more it is ruled
out as well, and the others go on.
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
from sim.errors import InputError
from sim.experiment.execution import executors
from sim.experiment.execution.runs import Progress, Runs
from sim.experiment.execution.store import Store
from sim.experiment.execution.worker import Outcome, Settings, Task
from sim.experiment.measures import Custom, Measures, known_metric
from sim.experiment.panels import Curves
from sim.experiment.sample import Sample, fails_more, interval_of, least_failing
from sim.experiment.variants import variants
from sim.experiment.words import amount, failure_lines, mean_and_bounds
from sim.scenario import Scenario
from sim.scenario.warnings.warning import ScenarioWarning
from sim.stats.intervals import CONFIDENCE, Interval
from sim.stats.selection import FIRST_STAGE, Selection
from sim.tables import metric_names

#: Runs of a variant at most while several are left.
MOST_RUNS: Final = 400
#: What is a difference not worth acting on, as a share of the first variant's mean over the first stage.
SHARE: Final = 0.05
#: Runs that are asked for at once: workers are kept busy, and few are wasted on a variant that drops out.
_BATCH: Final = 10
_COSTS: Final = frozenset({"cost_usd", "cost_usd_per_month"})

Outcomes = Mapping[str, Sequence[Outcome]]


@dataclass(frozen=True, slots=True)
class Best:
    """Which variant was chosen, None where the runs did not do; `outcomes` are the runs that each variant had.

    `ruled_out` are the variants that fail more than the one that fails least.
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
        return "\n".join([*failure_lines(self.failures), f"{self._answer()}."])

    def _answer(self) -> str:
        left = [name for name in self.outcomes if name not in self.ruled_out]
        out = f"; {' and '.join(self.ruled_out)} ruled out by failed deploys" if self.ruled_out else ""
        if self.chosen is None:
            if all(self.failures[name].share == 1 for name in self.surviving):
                return "nothing to choose from: every deploy failed"
            between = " and ".join(self.surviving)
            return f"undecided between {between} by {self.metric}{out}; allow more runs with --runs"
        if len(left) == 1:
            return f"{self.chosen} is chosen, whatever its {self.metric}, as it fails less than any other{out}"
        if all(np.array_equal(_values(self.outcomes[name], self.metric), self._chosen_values(name)) for name in left):
            free = ", as nothing has a price" if self.metric in _COSTS and not self.found[self.chosen].mean else ""
            return f"{' and '.join(left)} have the same {self.metric} in every run{free}{out}"
        near = amount(self.indifference, metric_names.unit_of(self.metric))
        promise = f"with {100 * CONFIDENCE:g} % confidence, unless another is within {near}"
        promise += f", and {' and '.join(self.near)} came that near" if self.near else ""
        return f"{self.chosen} has the best {self.metric} of {len(left)} variants, {promise}{out}"

    @property
    def near(self) -> tuple[str, ...]:
        """The variants that came so near to the chosen one, over the runs of both, that nobody would act on it."""
        left = [name for name in self.outcomes if name not in (self.chosen, *self.ruled_out)]
        apart = {
            name: float(np.mean(_values(self.outcomes[name], self.metric)[: len(mine)] - mine))
            for name in (left if self.chosen is not None else [])
            if len(mine := self._chosen_values(name))
        }
        return tuple(name for name, by in apart.items() if abs(by) <= self.indifference)

    def _chosen_values(self, beside: str) -> NDArray[np.float64]:
        """The chosen variant's metric in the runs that another had, too."""
        mine = _values(self.outcomes[self.chosen or beside], self.metric)
        return mine[: len(self.outcomes[beside])]

    @property
    def rows(self) -> tuple[list[str], list[list[str]]]:
        """A table's heads, and a line for each variant: its mean over the runs that it had."""
        unit, failures = metric_names.unit_of(self.metric), self.failures
        any_failed = any(each.failed for each in failures.values())
        lines = [
            [name, " ".join(mean_and_bounds(found, unit)).rstrip(), *([failures[name].counted] if any_failed else []),
             str(found.n)]
            for name, found in self.found.items()
        ]  # fmt: skip
        return ["variant", self.metric, *(["failed"] if any_failed else []), "runs"], lines

    @property
    def curves(self) -> Curves:
        """Nothing is to be drawn: there is no key along which it could be."""
        return Curves(self.scenario.name, "", "", ())

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
    """
    measures = Measures.of((), metrics, [metric])
    about = known_metric(metric, measures.names, scenario)
    seed = scenario.run.seed if seed is None else seed
    named = variants(scenario)
    if len(named) < 2:
        raise InputError(scenario.name, "has no two variants to choose from", "write [variants.NAME] twice")
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
        )  # fmt: skip


def _selected(
    selection: Selection, outcomes: Outcomes, metric: str, more: Callable[[Sequence[str], int], None], most_runs: int
) -> tuple[str | None, tuple[str, ...]]:
    """Whom KN chooses, told run after run, and who was left; runs that lack are made some at a time."""
    told = 0
    while selection.chosen is None and told < most_runs:
        if told == min(len(outcomes[name]) for name in selection.surviving):
            more(selection.surviving, min(told + _BATCH, most_runs))
        selection.tell({name: _finite(outcomes[name][told], metric, name) for name in selection.surviving})
        told += 1
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
        raise InputError("--metric", problem, "compare by another metric, such as failed_deploys")
    return value
