"""A result's runs made again from its manifest: equal bit for bit, or what differs.

What is equal is the digest of each run's rows. Where digests differ, what is otherwise now than when they were recorded
is named: the model's source, versions, the machine, files that were read. Left out: by how much metrics moved (`gate`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sim.engines.run import Engine
from sim.experiment.execution import executors
from sim.experiment.execution.runs import Progress, Runs
from sim.experiment.execution.worker import Outcome, Task
from sim.experiment.measures import NOTHING, Measures
from sim.experiment.recorded import Recorded, recorded
from sim.manifest import about_now, files_read

__all__ = ["Recorded", "Rerun", "recorded", "rerun"]


@dataclass(frozen=True, slots=True)
class Rerun:
    """All recorded runs, made again; `about` is what now is otherwise than when they were recorded."""

    recorded: Recorded
    outcomes: Mapping[Task, Outcome]
    about: tuple[str, ...]

    @property
    def differing(self) -> tuple[Task, ...]:
        """The runs that came out otherwise."""
        return tuple(
            task for task, digest in self.recorded.digests.items() if self.outcomes[task].digest != digest
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """The document `regsim.rerun/1`."""
        return {
            "schema": "regsim.rerun/1",
            "scenario": self.recorded.scenario.name,
            "warnings": [each.to_json() for each in self.recorded.scenario.warnings],
            "seed": self.recorded.seed,
            "runs": len(self.outcomes),
            "equal": not self.differing,
            "differing": [
                {"variant": task.variant, "run": task.run, "settings": dict(task.settings)} for task in self.differing
            ],
            "now_otherwise": list(self.about),
        }


def rerun(
    found: Recorded,
    executor: str = "processes",
    progress: Progress | None = None,
    measures: Measures = NOTHING,
    engine: Engine | None = None,
) -> Rerun:
    """Make every recorded run again, measured also as `measures` say; no store is asked."""
    tasks = list(found.digests)
    executor = executors.resolved(executor, len(tasks))
    with Runs(found.scenario, found.seed, executor, None, progress, measures, engine) as made:
        outcomes = dict(zip(tasks, made.outcomes(tasks), strict=True))
    return Rerun(found, outcomes, tuple(otherwise(found)))


def otherwise(found: Recorded) -> Iterator[str]:
    """What this machine, what computes on it and the files that are read differ in from what is recorded."""
    manifest = found.manifest
    then_about: dict[str, Any] = {"model": manifest.model, "versions": manifest.versions, "machine": manifest.machine}
    read = {
        path: digest for scenario in found.scenario.with_its_variants() for path, digest in files_read(scenario).items()
    }
    for path, digest in manifest.files.items():
        if read.get(path) != digest:
            yield f"{path} {'has other contents' if path in read else 'is not there'}"
    yield from _other_rules(found)
    for name, now in about_now().items():
        then = then_about.get(name)
        if name == "model":
            if then != now:
                yield "the model's source"
        elif isinstance(then, Mapping):
            for part in sorted(now.keys() | then.keys()):
                if then.get(part) != now.get(part):
                    yield f"{part} {now.get(part)}, was {then.get(part)}"


def _other_rules(found: Recorded) -> Iterator[str]:
    """The rules of a user's own that say something else now."""
    scenarios = found.scenario.with_its_variants()
    there = {rule for scenario in scenarios for own in scenario.rules.values() for rule in own.values()}
    for then in found.manifest.rules:
        now = [rule for rule in there if (rule.kind, rule.name) == (then.kind, then.name)]
        if now and then.sha256 not in {rule.digest for rule in now}:
            yield f"the source of the {now[0].kind} {now[0].name} in {now[0].path}"
