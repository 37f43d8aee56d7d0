"""Runs a scenario's variants side by side, every run r of them with the random numbers of (seed, r)."""

from __future__ import annotations

import time

from sim.errors import InputError
from sim.experiment import executors
from sim.experiment.comparison import Comparison
from sim.experiment.runs import Progress, Runs
from sim.experiment.store import Store
from sim.experiment.variants import variants
from sim.experiment.worker import Task
from sim.scenario import Scenario


def compare(
    scenario: Scenario,
    runs: int | None = None,
    seed: int | None = None,
    executor: str = "processes",
    progress: Progress | None = None,
    store: Store | None = None,
    tables: bool = True,
) -> Comparison:
    """Run every variant `runs` times and compare each with the baseline.

    A scenario without variants, or one that already is a variant, is its own only variant: intervals, no differences.

    `runs` and `seed` are the scenario's unless given; `executor` is `serial`, `processes` (one for each core) or
    `processes:N`. `progress(done, total)` is called before the first run and after each. Neither the executor nor its
    number of workers changes any value. Runs that `store` knows are not made again, all others are put there; with
    `tables` run 0 of each variant is made all the same, as its tables are not kept. InputError for fewer than one run,
    for an executor that there is not, and when a worker dies.
    """
    runs = scenario.run.runs if runs is None else runs
    if runs < 1:
        raise InputError("runs", f"must be at least 1, got {runs}", "two or more give intervals")
    seed = scenario.run.seed if seed is None else seed
    named = variants(scenario)
    tasks = [Task(variant, run, tables=tables and run == 0) for run in range(runs) for variant in named.values()]
    executor = executors.resolved(executor, len(tasks))
    began = time.perf_counter()
    with Runs(scenario, seed, executor, store, progress) as made:
        outcomes = dict(zip(((task.variant, task.run) for task in tasks), made.outcomes(tasks), strict=True))
    return Comparison(
        scenario=scenario,
        seed=seed,
        runs=runs,
        baseline=scenario.baseline if scenario.baseline in named else next(iter(named)),
        executor=executor,
        outcomes={name: tuple(outcomes[variant, run] for run in range(runs)) for name, variant in named.items()},
        wall_s=time.perf_counter() - began,
    )
