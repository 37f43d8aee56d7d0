"""Runs as an experiment asks for them: each made at most once, then known from memory or from the store.

    with Runs(scenario, seed, "processes:2", store) as runs:
        outcomes = runs.outcomes([Task("central", run) for run in range(10)])
        more = runs.outcomes([Task("central", run) for run in range(20)])  # makes ten

The workers start when a run has to be made that nobody knows yet, and stay for those that follow. A run is put into
the store as soon as it ends, whatever its place among those asked for, so that being killed loses only what is under
way. Answers are handed out in the order of the tasks.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

from sim.engines.choice import checked
from sim.engines.run import Engine
from sim.errors import InputError
from sim.experiment.execution import executors
from sim.experiment.execution.at_hand import recorded
from sim.experiment.execution.notebook import notebook_progress
from sim.experiment.execution.store import Store, key
from sim.experiment.execution.worker import Outcome, Question, Settings, Task, begin, measure
from sim.experiment.measures import NOTHING, Measures
from sim.result import ONLY
from sim.scenario import Scenario

B = TypeVar("B")

Progress = Callable[[int, int], None]
Ended = Callable[[Mapping[Task, Outcome]], None]


class Runs:
    """The runs of a scenario, of its variants and of what settings make of them, under one seed.

    `measures` says what is measured of them beside their own metrics, `engine` which one makes them: what comes out is
    the same, so neither the store nor a manifest has it.

    `executor` is one that `executors.resolved` gave. `progress(done, total)` counts all runs asked for so far, those
    that were known included; in a notebook a bar shows that, unless it is given. `ended` is given all of them each
    time that one more is known.
    """

    def __init__(
        self, scenario: Scenario, seed: int, executor: str, store: Store | None = None,
        progress: Progress | None = None, measures: Measures = NOTHING, engine: Engine | None = None,
        ended: Ended | None = None,
    ) -> None:  # fmt: skip
        at_hand = recorded()
        self._question = Question(scenario, seed, measures, checked(engine))
        self._executor = executor
        if measures.custom and at_hand is None and not executors.shares_memory(executor):
            measures.check_sent()
        self._measured = measures.identity()
        if store is not None and self._measured is None and at_hand is None:
            print(
                f"the store is not used: {', '.join(measures.names)} cannot be known again, as not all are "
                "functions that a file defines", file=sys.stderr,
            )  # fmt: skip
            store = None
        self._store = store
        self._progress = progress or notebook_progress() or (lambda done, total: None)
        self._ended = ended or (lambda known: None)
        self._known: dict[Task, Outcome] = dict(at_hand or {})
        self._makes = at_hand is None
        self._workers = ExitStack()
        self._pool: Executor | None = None
        self._total = 0
        self.made = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            print(self._interrupted(), file=sys.stderr)
        return self._workers.__exit__(kind, error, trace)

    def _interrupted(self) -> str:
        """What is left of the runs that were made: those in the store, by variant, or none."""
        if self._store is None or not self._store.lasting:
            return f"{self.made} of {self._total} runs were made, and none is kept; a store keeps them (--store DIR)"
        there = [task for task in self._known if not task.overrides]
        numbers: dict[str, set[int]] = {}
        for task in there:
            numbers.setdefault(task.variant or ONLY, set()).add(task.run)
        points = len({task.settings for task in there})
        at = f" at {points} points" if points > 1 else ""
        which = ", ".join(f"{name} {_spans(sorted(runs))}" for name, runs in numbers.items())
        kept = f"{len(self._known)} of {self._total} runs are kept in {self._store.directory}"
        return f"{kept}{f' ({which}{at})' if which else ''}; the same question goes on from there"

    @property
    def asked(self) -> int:
        """How many runs were asked for so far, those that were known included."""
        return len(self._known)

    @property
    def known(self) -> Mapping[Task, Outcome]:
        """Every run that was asked for so far."""
        return dict(self._known)

    def scenario(self, task: Task) -> Scenario:
        """What a task runs. InputErrors when its settings do not make a scenario."""
        return self._question.asked(task)

    def outcomes(self, tasks: Sequence[Task]) -> list[Outcome]:
        """The outcome of each task. InputErrors, before any run is made, when settings do not make a scenario."""
        asked = dict.fromkeys(tasks)
        names = {task: self._name(task) for task in asked if task not in self._known}
        missing = [task for task in names if not self._recall(task, names[task])]
        done, total = len(self._known), len(self._known.keys() | asked.keys())
        self._total = total
        self._progress(done, total)
        self._ended(self._known)
        for task, outcome in self._make(missing):
            self._keep(task, names[task], outcome)
            done += 1
            self._progress(done, total)
            self._ended(self._known)
        return [self._known[task] for task in tasks]

    def aside(self, fn: Callable[..., B], *args: Any) -> Callable[[], B]:
        """Have a worker do something else, while others make runs; what is returned waits for what comes of it.

        It is done here where no run was made, and so no worker is there.
        """
        if self._pool is None:
            return partial(fn, *args)
        return self._pool.submit(fn, *args).result

    def _name(self, task: Task) -> str:
        scenario = self.scenario(task)
        if self._store is None:
            return ""
        beside = self._measured if self._question.measures else None
        return key(scenario, self._question.seed, task.run, beside)

    def _recall(self, task: Task, name: str) -> bool:
        """Whether the store knows a run; its tables it never does."""
        found = self._store.get(name) if self._store is not None and not task.tables else None
        if found is not None:
            self._known[task] = found
        return found is not None

    def _keep(self, task: Task, name: str, outcome: Outcome) -> None:
        self.made += 1
        self._known[task] = outcome
        if self._store is None:
            return
        before = self._store.get(name) if task.tables else None
        if before is None:
            self._store.put(name, outcome)
        elif before.digest != outcome.digest:
            # Only a machine that computes otherwise can be the cause: the key covers all else.
            print(f"run {task.run} came out otherwise than the one in the store: {name}", file=sys.stderr)

    def _make(self, tasks: Sequence[Task]) -> Iterable[tuple[Task, Outcome]]:
        if not tasks:
            return ()
        if not self._makes:
            problem = f"lacks {len(tasks)} of the runs that its answer rests on"
            raise InputError(self._question.scenario.name, problem, "ask the question anew")
        if self._pool is None:
            asked = self._question
            about = asked.scenario, asked.seed, asked.measures, asked.engine
            self._pool = self._workers.enter_context(executors.started(self._executor, begin, about))
        return executors.completed(self._pool, measure, tasks, executors.ahead(self._executor, self._pool))


def _spans(numbers: Sequence[int]) -> str:
    """Numbers in order, those that follow each other as one: `0-3, 7`."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(f"{first}-{last}" if last > first else f"{first}" for first, last in spans)


def by_variant(
    runs: Runs, named: Mapping[str, str | None], points: Iterable[Settings], count: int, tables: bool = False
) -> dict[Settings, dict[str, tuple[Outcome, ...]]]:
    """The first `count` runs of each variant at each point, all asked for at once; `tables` come with run 0."""
    tasks = {
        (point, name, run): Task(which, run, point, tables and run == 0)
        for point in points for run in range(count) for name, which in named.items()
    }  # fmt: skip
    made = dict(zip(tasks, runs.outcomes([*tasks.values()]), strict=True))
    return {
        point: {name: tuple(made[point, name, run] for run in range(count)) for name in named}
        for point in dict.fromkeys(point for point, _, _ in tasks)
    }
