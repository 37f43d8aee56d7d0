"""One run as a task: what a worker is given, what it hands back. Imports neither pandas nor scipy nor matplotlib.

A worker is given the scenario once, when it starts, and then only the names of runs. It hands back metrics, digest and
counters; tables are large, so only the first run of a variant brings them along, to be looked at and written.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import NamedTuple

from sim.result import Result
from sim.runner import run
from sim.scenario import Scenario

# Filled by `begin` in a process that makes runs: what it was asked about, for as long as it lives.
_QUESTION: ContextVar[tuple[Scenario, int]] = ContextVar("question")


class Task(NamedTuple):
    """One run of one variant, None where the scenario has none."""

    variant: str | None
    run: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is kept of one run."""

    metrics: Mapping[str, float]
    digest: str
    deploys: int
    events: int
    peak_rss_bytes: int
    sample: Result | None


def begin(scenario: Scenario, seed: int) -> None:
    """Tell this process what the runs to come are of."""
    _QUESTION.set((scenario, seed))


def measure(task: Task) -> Outcome:
    """Make one run."""
    scenario, seed = _QUESTION.get()
    result = run(scenario, seed, task.run, task.variant)
    return Outcome(
        metrics=result.metrics,
        digest=result.digest,
        deploys=len(result.tables["deploys"]),
        events=result.events,
        peak_rss_bytes=result.peak_rss_bytes,
        sample=result if task.run == 0 else None,
    )
