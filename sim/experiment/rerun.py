"""A result's runs made again from its manifest: equal bit for bit, or what differs.

What is equal is the digest of each run's rows. Where digests differ, what is otherwise now than when they were recorded
is named: the model's source, versions, the machine, files that were read. Left out: by how much metrics moved (`gate`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sim.engines.run import Engine
from sim.errors import InputError, shown
from sim.experiment.execution import executors
from sim.experiment.execution.runs import Progress, Runs
from sim.experiment.execution.worker import Outcome, Task
from sim.experiment.measures import NOTHING, Measures
from sim.experiment.variants import variants
from sim.manifest import about_now, files_read, rules_chosen
from sim.policies.outside import read_folder, registered
from sim.scenario import Scenario

_SCHEMA: Final = "regsim.manifest/1"
_REMEDY: Final = "name a directory that --out of run, compare, sweep, capacity or crossover wrote"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a manifest records: the scenario, the seed, and the digest of each run."""

    scenario: Scenario
    seed: int
    digests: Mapping[Task, str]
    manifest: Mapping[str, Any]

    @property
    def named(self) -> dict[str, str | None]:
        """The variants by the name that they are listed under."""
        return variants(self.scenario)


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


def recorded(directory: str | Path, overrides: Mapping[str, Any] | None = None) -> Recorded:
    """What the manifest in a directory records. InputError when there is none to make anything from.

    `overrides` are of what no run depends on: where rules of a user's own are now.
    """
    path = Path(directory) / "manifest.json"
    try:
        manifest = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(str(path), f"cannot be read ({error.strerror})", _REMEDY) from None
    except ValueError as error:
        raise InputError(str(path), f"is not JSON ({error})", _REMEDY) from None
    if not isinstance(manifest, dict) or manifest.get("schema") != _SCHEMA:
        schema = manifest.get("schema") if isinstance(manifest, dict) else manifest
        raise InputError(f"{path}: schema", f"must be {_SCHEMA}, got {shown(schema)}", _REMEDY)
    try:
        _find_rules(path, manifest, overrides or {})
        scenario = Scenario.from_document(
            manifest["document"], manifest["scenario"], overrides, variant=manifest["variant"]
        )
        seed = int(manifest["seed"])
        digests = dict(_digests(manifest, variants(scenario)))
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(str(path), f"lacks what runs are made from ({error})", _REMEDY) from None
    return Recorded(scenario, seed, digests, manifest)


def _find_rules(path: Path, manifest: Mapping[str, Any], overrides: Mapping[str, Any]) -> None:
    """InputError, before anything else is said, for a rule of a user's own that is not to be found again."""
    named = overrides.get("run.policies_path")
    here = registered()
    for name, rule in manifest.get("rules", {}).items():
        kind, _, word = name.partition(" ")
        where, file = f"{path}: {name}", Path(rule["path"])
        found = here if rule["registered"] and named is None else {}
        if named is not None:
            found = read_folder(Path(named)).rules
        elif not rule["registered"] and file.is_file():
            continue
        if (kind, word) in found:
            continue
        save = f"{kind}/{word.replace('-', '_')}.py"
        if named is not None:
            raise InputError(where, f"is not in {named}", f"name the folder that has {save} with --policies")
        if rule["registered"]:
            problem = "was registered by a program, which is not this one"
            raise InputError(where, problem, f"write it into a file DIR/{save} and name --policies DIR")
        raise InputError(where, f"{file} is not there", f"name the folder that has {save} with --policies DIR")


def _digests(manifest: Mapping[str, Any], named: Mapping[str, str | None]) -> Iterator[tuple[Task, str]]:
    if "made" in manifest:
        for part in manifest["made"]:
            settings = tuple(part["settings"].items())
            for run, digest in enumerate(part["digests"]):
                yield Task(named[part["variant"]], run, settings), digest
    elif "digests" in manifest:
        for name, digests in manifest["digests"].items():
            for run, digest in enumerate(digests):
                yield Task(named[name], run), digest
    else:
        yield Task(None, int(manifest["run"])), manifest["digest"]


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
    return Rerun(found, outcomes, tuple(_otherwise(found)))


def _otherwise(found: Recorded) -> Iterator[str]:
    """What this machine, what computes on it and the files that are read differ in from what is recorded."""
    manifest = found.manifest
    read = {
        path: digest for scenario in found.scenario.with_its_variants() for path, digest in files_read(scenario).items()
    }
    for path, digest in manifest.get("files", {}).items():
        if read.get(path) != digest:
            yield f"{path} {'has other contents' if path in read else 'is not there'}"
    yield from _other_rules(found)
    for name, now in about_now().items():
        then = manifest.get(name)
        if name == "model":
            if then != now:
                yield "the model's source"
        elif isinstance(then, Mapping):
            for part in now.keys() | then.keys():
                if then.get(part) != now.get(part):
                    yield f"{part} {now.get(part)}, was {then.get(part)}"


def _other_rules(found: Recorded) -> Iterator[str]:
    """The rules of a user's own that say something else now."""
    now = {
        name: rule for scenario in found.scenario.with_its_variants() for name, rule in rules_chosen(scenario).items()
    }
    for name, then in found.manifest.get("rules", {}).items():
        if name in now and now[name].digest != then["sha256"]:
            yield f"the source of the {name} in {now[name].path}"
