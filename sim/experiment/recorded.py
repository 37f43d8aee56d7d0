"""What a directory of results records, read strictly: a manifest may have been edited, cut short or made by another
version, and then a line says so.

Its shape is checked once, here, key by key; whatever stands in its scenario is for the scenario's own checks. Left out:
making the runs again (`rerun`), and what the machine and the model were (which is only ever shown beside).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sim.errors import InputError, InputErrors, shown
from sim.experiment.execution.worker import Task
from sim.experiment.variants import variants
from sim.files import read_json
from sim.policies.outside import read_folder, registered
from sim.scenario import Scenario
from sim.schemas import named, unread

_REMEDY: Final = "name a directory that --out of run, compare, sweep, capacity, crossover, best or replay wrote"
#: A manifest of 10,000 runs has 1 MB.
_MOST_BYTES: Final = 1 << 28

_Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_Digests = Annotated[list[_Digest], Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class _Rule(_Part):
    kind: str
    name: str
    path: str
    sha256: _Digest
    registered: bool


class _Made(_Part):
    """Runs with the same settings of one variant."""

    settings: dict[str, Any]
    variant: str
    digests: _Digests


class Manifest(_Part):
    """A manifest: a comparison has `digests` by variant, a search or a sweep `made`, a run a `digest`."""

    scenario: str
    variant: str | None
    seed: int = Field(ge=0, lt=2**63)
    document: dict[str, Any]
    files: dict[str, str]
    rules: list[_Rule] = []
    digests: dict[str, _Digests] | None = None
    made: list[_Made] | None = None
    run: int = Field(default=0, ge=0, lt=2**31)
    digest: _Digest | None = None
    counts: dict[str, Any] | None = None
    wall_s: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    written: str | None = None
    model: str
    versions: dict[str, str]
    machine: dict[str, str | int | None]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a manifest records: the scenario, the seed, and the digest of each run."""

    scenario: Scenario
    seed: int
    digests: Mapping[Task, str]
    manifest: Manifest

    @property
    def named(self) -> dict[str, str | None]:
        """The variants by the name that they are listed under."""
        return variants(self.scenario)


def recorded(directory: str | Path, overrides: Mapping[str, Any] | None = None) -> Recorded:
    """What the manifest in a directory records. InputError(s) when there is none to make anything from.

    `overrides` are of what no run depends on: where rules of a user's own are now.
    """
    path = Path(directory) / "manifest.json"
    manifest = checked(read_json(path, _MOST_BYTES, _REMEDY), path)
    return of_manifest(manifest, path, overrides)


def checked(document: Any, path: Path) -> Manifest:
    """A document as a manifest. InputErrors with every key that is not as a manifest has it."""
    schema = document.get("schema") if isinstance(document, dict) else document
    if not isinstance(document, dict) or schema != named("manifest"):
        raise InputError(f"{path}: schema", *unread(schema, "manifest", _REMEDY))
    try:
        return Manifest.model_validate(document)
    except ValidationError as error:
        faults = [
            InputError(f"{path}: {'.'.join(map(str, each['loc']))}", _problem(each), _REMEDY)
            for each in error.errors(include_url=False)
        ]
        raise InputErrors(faults) from None


def _problem(fault: Mapping[str, Any]) -> str:
    """One of pydantic's faults in our words."""
    if fault["type"] == "missing":
        return "is missing"
    return (
        f"{fault['msg'].replace('Input should', 'must').replace('String should', 'must')}, got {shown(fault['input'])}"
    )


def of_manifest(manifest: Manifest, path: Path, overrides: Mapping[str, Any] | None = None) -> Recorded:
    """The runs that a manifest names. InputError(s) for a scenario that is none, and for runs of no variant of it."""
    _find_rules(path, manifest, overrides or {})
    scenario = Scenario.from_document(manifest.document, manifest.scenario, overrides, variant=manifest.variant)
    digests = dict(_digests(manifest, path, variants(scenario)))
    if not digests:
        raise InputError(f"{path}: digests", "has no run", _REMEDY)
    return Recorded(scenario, manifest.seed, digests, manifest)


def _find_rules(path: Path, manifest: Manifest, overrides: Mapping[str, Any]) -> None:
    """InputError, before anything else is said, for a rule of a user's own that is not to be found again."""
    folder = overrides.get("run.policies_path")
    here = registered()
    for rule in manifest.rules:
        where, save = f"{path}: {rule.kind} {rule.name}", f"{rule.kind}/{rule.name.replace('-', '_')}.py"
        found = here if rule.registered and folder is None else {}
        if folder is not None:
            found = read_folder(Path(folder)).rules
        elif not rule.registered and Path(rule.path).is_file():
            continue
        if (rule.kind, rule.name) in found:
            continue
        if folder is not None:
            raise InputError(where, f"is not in {folder}", f"name the folder that has {save} with --policies")
        if rule.registered:
            problem = "was registered by a program, which is not this one"
            raise InputError(where, problem, f"write it into a file DIR/{save} and name --policies DIR")
        raise InputError(where, f"{rule.path} is not there", f"name the folder that has {save} with --policies DIR")


def _digests(manifest: Manifest, path: Path, known: Mapping[str, str | None]) -> Iterator[tuple[Task, str]]:
    listed: Iterator[tuple[tuple[tuple[str, Any], ...], str, list[str]]]
    if manifest.made is not None:
        listed = ((tuple(part.settings.items()), part.variant, part.digests) for part in manifest.made)
    elif manifest.digests is not None:
        listed = (((), name, digests) for name, digests in manifest.digests.items())
    elif manifest.digest is not None:
        yield Task(None, manifest.run), manifest.digest
        return
    else:
        raise InputError(f"{path}: digests", "is missing", _REMEDY)
    for settings, name, digests in listed:
        if name not in known:
            raise InputError(f"{path}: digests", f"are of no variant of its scenario, got {shown(name)}", _REMEDY)
        for run, digest in enumerate(digests):
            yield Task(known[name], run, settings), digest
