"""Runs a scenario's variants side by side, every run r of them with the random numbers of (seed, r).

Here runs are asked for, as many as were said or as a precision takes; what they show is in `comparison`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from sim.engines.run import Engine
from sim.errors import InputError, shown
from sim.experiment.assumptions.flips import flips, sides_of
from sim.experiment.comparison import Comparison, Precision
from sim.experiment.doubling import doubled
from sim.experiment.execution import executors
from sim.experiment.execution.at_hand import Asked
from sim.experiment.execution.runs import Progress, Runs, by_variant
from sim.experiment.execution.store import Store
from sim.experiment.execution.worker import Outcome, Task
from sim.experiment.measures import Custom, Measures
from sim.experiment.precision import until_enough
from sim.experiment.sample import values_of
from sim.experiment.variants import variants
from sim.scenario import Scenario
from sim.scenario.asked import seed_of

if TYPE_CHECKING:
    import pandas as pd

#: The metrics that a precision is asked of.
PRECISE: Final = ("deploy_latency_s.p50", "deploy_latency_s.p95")
#: Runs of each variant at most while a precision is not reached.
MOST_RUNS: Final = 200

Outcomes = dict[str, tuple[Outcome, ...]]


def compare(
    scenario: Scenario,
    runs: int | None = None,
    seed: int | None = None,
    executor: str = "processes",
    progress: Progress | None = None,
    store: Store | None = None,
    tables: bool = True,
    precision: float | None = None,
    most_runs: int = MOST_RUNS,
    by: str | Sequence[str] = (),
    metrics: Custom | None = None,
    allow_failures: bool = False,
    demand: pd.DataFrame | str | None = None,
    gains: int = 0,
    engine: Engine | None = None,
    turns: bool = False,
    so_far: Callable[[Comparison], None] | None = None,
) -> Comparison:
    """Run every variant `runs` times and compare each with the baseline.

    `demand` lists the deploys of all of them, as in `sim.run`.

    With `precision` as often as it takes until the interval of each of `PRECISE` of each variant is that narrow (see
    `sim.experiment.precision`), but no more than `most_runs` times; `runs` is not looked at then.

    A variant that fails more than another is not called better, cheaper or worth having unless `allow_failures`.

    A scenario without variants, or one that already is a variant, is its own only variant: intervals, no differences.

    `by` names one or more of `site`, `client`, `image`, `route`, `nodes`: every metric is measured by these, too
    (`deploy_latency_s.p95[site=sin]`, `Comparison.by`). `metrics` are the user's own: functions of a run's `Result`
    that give a number, by name; what ends in `_s`, `_bytes` or `_usd` has that unit.

    With `gains` so many of the things that held each variant's deploys back the longest are doubled, one at a time, in
    up to three further runs each (`Comparison.gains`, `sim.experiment.doubling`). With `turns` a worker finds
    `Comparison.flips` meanwhile.

    `runs` and `seed` are the scenario's unless given; `executor` is `serial`, `processes` (one for each core) or
    `processes:N`. `progress(done, total)` is called before the first run and after each. Neither the executor nor its
    number of workers nor the `engine` (see `sim.run`) changes any value. `so_far` is given the comparison of the runs
    that every variant has, each time that these are more. Runs that `store` knows are not made again,
    all others are put there; with `tables` run 0 of each variant is made all the same, as its tables are not kept.
    InputError for fewer than one run, for an executor or an engine that there is not, and when a worker dies.

    >>> import sim
    >>> asked = sim.load("metros", {"demand.rate": "50/day", "demand.apps": 20})
    >>> outcome = sim.compare(asked, runs=3, by="site", executor="serial")
    >>> outcome.by("site")["site"].unique().tolist()
    ['dal', 'fra', 'sfo', 'sin', 'was']
    """
    seed = seed_of(scenario, seed)
    if precision is not None and not (isinstance(precision, int | float) and 0 < precision <= 1):
        raise InputError("precision", f"must be a number above 0, at most 1, got {shown(precision)}", "5 % is 0.05")
    if demand is not None:
        scenario = scenario.with_({"demand.table": demand})
    runs = scenario.run.runs if runs is None else runs
    if runs < 1:
        raise InputError("runs", f"must be at least 1, got {runs}", "two or more give intervals")
    named = variants(scenario)
    executor = executors.resolved(executor, (runs if precision is None else most_runs) * len(named))
    began = time.perf_counter()
    measures = Measures.of(by, metrics)
    arguments = {
        "runs": runs, "seed": seed, "tables": tables, "precision": precision, "most_runs": most_runs,
        "by": list(measures.by), "metrics": list(measures.names), "allow_failures": allow_failures, "gains": gains,
    }  # fmt: skip

    def found(outcomes: Outcomes, reached: bool | None = None) -> Comparison:
        return Comparison(
            scenario=scenario, seed=seed, runs=len(next(iter(outcomes.values()))), executor=executor,
            outcomes=outcomes, measures=measures, allow_failures=allow_failures, wall_s=time.perf_counter() - began,
            baseline=scenario.baseline if scenario.baseline in named else next(iter(named)),
            precision=None if precision is None or reached is None else Precision(precision, reached),
        )  # fmt: skip

    ended = None if so_far is None else _SoFar(named, lambda outcomes: so_far(found(outcomes)))
    with Runs(scenario, seed, executor, store, progress, measures, engine, ended) as made:

        def make(count: int) -> Outcomes:
            return by_variant(made, named, [()], count, tables)[()]

        reached = None
        if precision is not None:
            runs, reached = until_enough(lambda count: _series(make(count)), precision, most_runs)
        compared = found(make(runs), reached)
        turned = made.aside(flips, scenario, seed, runs, sides_of(compared, compared.baseline)) if turns else None
        gained = doubled(made, named, compared.outcomes, gains) if gains else {}
        turning = None if turned is None else tuple(turned())
        asked = Asked("compare", arguments, made.known)
    return replace(compared, gains=gained, turned=turning, asked=asked, wall_s=time.perf_counter() - began)


class _SoFar:
    """Hands on the runs that every variant has, in their order, each time that these are more."""

    def __init__(self, named: Mapping[str, str | None], tell: Callable[[Outcomes], None]) -> None:
        self._named, self._tell = named, tell
        self._told = 0

    def __call__(self, known: Mapping[Task, Outcome]) -> None:
        plain = {
            (task.variant, task.run): outcome for task, outcome in known.items()
            if not task.settings and not task.overrides
        }  # fmt: skip
        numbers = sorted({run for _, run in plain})
        shared = [run for run in numbers if all((which, run) in plain for which in self._named.values())]
        if len(shared) > self._told:
            self._told = len(shared)
            self._tell({name: tuple(plain[which, run] for run in shared) for name, which in self._named.items()})


def _series(outcomes: Outcomes) -> dict[str, NDArray[np.float64]]:
    """What has to be precise, by variant and metric."""
    found = values_of(outcomes)
    return {f"{name} {metric}": found[name][metric] for name in found for metric in PRECISE}
