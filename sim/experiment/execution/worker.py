"""One run as a task: what a worker is given, what it hands back. Imports neither pandas nor scipy nor matplotlib.

A worker is given the scenario once, when it starts, and then only the names of runs. It hands back metrics, digest and
counters; tables are large, so they come along only where a task asks for them, to be looked at and written. Left out:
who the workers are, which is for `executors`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Self

import numpy as np

from sim.accounting.failures import Failures
from sim.accounting.held_back import NOTHING_HELD, HeldBack
from sim.engines.run import Engine
from sim.experiment.measures import NOTHING, Measures
from sim.result import Result
from sim.runner import run
from sim.scenario import Scenario

#: Values by dotted key that a run has instead of the scenario's: `(("links.wan.capacity", "1 Gbit/s"),)`.
Settings = tuple[tuple[str, Any], ...]

#: How many of the places that held others back an outcome names.
_NAMED = 3
#: What part of its latency a deploy has to wait for others to notice them.
_NOTICED: Final = 0.01
#: Resolved scenarios that a process keeps at hand; a search goes from point to point and seldom far back.
_KEPT = 64

#: What a run is counted by, which no noise moves: what it did and what that cost.
COUNTS: Final = ("deploys", "events", "flows", "solver_calls")

# Filled by `begin` in a process that makes runs: what it was asked about, for as long as it lives.
_QUESTION: ContextVar[Question] = ContextVar("question")


class Task(NamedTuple):
    """One run of one variant, None where the scenario has none, with some values set otherwise.

    A variant that writes a key itself keeps its own value under `settings`, but not under `overrides`.
    """

    variant: str | None
    run: int
    settings: Settings = ()
    tables: bool = False
    overrides: Settings = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is kept of one run; `bound_by` are the links and registries that held others back, and how long, s.

    `reasons` are those of the deploys that failed, with how many had each; `too_short` is a run in which no end of the
    warm-up was seen. `waiting` are the deploys that waited for others so long that it shows.
    """

    metrics: Mapping[str, float]
    digest: str
    deploys: int
    events: int
    bound_by: tuple[tuple[str, float], ...]
    too_short: bool = False
    held: HeldBack = NOTHING_HELD
    reasons: Mapping[str, int] = field(default_factory=dict)
    waiting: int = 0
    flows: int = 0
    solver_calls: int = 0
    sample: Result | None = None

    @property
    def failures(self) -> Failures:
        """How many of its deploys failed, and why."""
        return Failures(self.deploys, self.reasons)

    def to_json(self) -> dict[str, Any]:
        """All but the sample, as values that JSON in Python's dialect (with NaN and Infinity) holds exactly."""
        return {
            "digest": self.digest,
            "deploys": self.deploys,
            "events": self.events,
            "flows": self.flows,
            "solver_calls": self.solver_calls,
            "too_short": self.too_short,
            "reasons": dict(self.reasons),
            "waiting": self.waiting,
            "held": self.held.to_json(),
            "bound_by": [list(pair) for pair in self.bound_by],
            "metrics": dict(self.metrics),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """What `to_json` gave, without a sample."""
        kinds = {"digest": str, "too_short": bool, "reasons": dict} | dict.fromkeys((*COUNTS, "waiting"), int)
        wrong = [name for name, kind in kinds.items() if type(document[name]) is not kind]
        wrong += [name for name, value in document["metrics"].items() if type(value) not in (float, int)]
        wrong += [name for name, failed in document["reasons"].items() if type(failed) is not int]
        if wrong:
            raise TypeError(f"of another kind: {', '.join(wrong)}")
        bound_by = tuple((str(name), float(held_s)) for name, held_s in document["bound_by"])
        return cls(**{**document, "bound_by": bound_by, "held": HeldBack.from_json(document["held"])})


@dataclass(slots=True)
class Question:
    """What a process is asked about: a scenario, the seed, what is measured of runs beside their own metrics.

    Which engine makes them, where that is said. And what became of the scenario under each setting.
    """

    scenario: Scenario
    seed: int
    measures: Measures = NOTHING
    engine: Engine | None = None
    _made: dict[tuple[Any, ...], Scenario] = field(default_factory=dict)

    def asked(self, task: Task) -> Scenario:
        """The scenario that a task runs. InputErrors when its settings do not make one."""
        # Overrides are known by their text, since their values may be tables, which no mapping takes as a key.
        which = task.settings, task.variant, repr(task.overrides)
        if which not in self._made:
            made = self._make(task.settings, task.variant)
            if task.overrides:
                made = made.with_(dict(task.overrides), self.scenario.rules)
            if len(self._made) >= _KEPT:
                self._made.clear()
            self._made[which] = made
        return self._made[which]

    def _make(self, settings: Settings, variant: str | None) -> Scenario:
        if variant is not None:
            return self.asked(Task(None, 0, settings)).variant(variant)
        if not settings:
            return self.scenario
        base = self.scenario
        return Scenario.from_document(base.document, base.name, dict(settings), base.variant_name, base.rules)


def begin(scenario: Scenario, seed: int, measures: Measures = NOTHING, engine: Engine | None = None) -> None:
    """Tell this process what the runs to come are of."""
    _QUESTION.set(Question(scenario, seed, measures, engine))


def measure(task: Task) -> Outcome:
    """Make one run."""
    question = _QUESTION.get()
    result = run(question.asked(task), question.seed, task.run, engine=question.engine)
    return outcome_of(result, question.measures, task.tables)


def outcome_of(result: Result, measures: Measures = NOTHING, tables: bool = False) -> Outcome:
    """What is kept of a run, with its `tables` or without."""
    return Outcome(
        metrics={**result.metrics, **measures.measured(result)},
        digest=result.digest,
        deploys=len(result.tables["deploys"]),
        events=result.events,
        flows=result.flows,
        solver_calls=result.solver_calls,
        bound_by=_bound_by(result),
        too_short=result.warm_up.too_short,
        held=result.held_back,
        reasons=result.failures.reasons,
        waiting=_waiting(result),
        sample=result if tables else None,
    )


def _waiting(result: Result) -> int:
    """How many deploys got ready and waited for others a noticeable part of their latency."""
    deploys = result.tables["deploys"]
    latency_s = deploys.column("latency_s")
    columns = [name for column in deploys.columns if (name := column.name).endswith("_waited_s")]
    waited_s = np.nansum([deploys.column(name) for name in columns], axis=0)
    return int((waited_s > _NOTICED * latency_s)[~deploys.column("failed")].sum())


def _bound_by(result: Result) -> tuple[tuple[str, float], ...]:
    """Links by how long they held transfers back, registries by how long requests waited for a worker; longest first.

    Both are summed over transfers and over requests, s.
    """
    links, registries = result.tables["links"], result.tables["registries"]
    held = dict(zip(links.column("link"), links.column("bound_s").tolist(), strict=True))
    for name, waited_s in zip(registries.column("registry"), registries.column("waited_s").tolist(), strict=True):
        held[f"{name}'s workers"] = waited_s
    longest = sorted(held.items(), key=lambda pair: -pair[1])[:_NAMED]
    return tuple(pair for pair in longest if pair[1])
