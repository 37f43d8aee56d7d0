"""What a directory of results was made from: enough to make it again, and to know whether it came out the same.

A manifest holds the resolved scenario and the document it was read from, the digests of the files that it reads, of the
rules of a user's own that it chooses, and of the model's source, the versions of everything that computes, seed and
runs, the machine, and when it was written. Left out: the files themselves, and who made it.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
from collections.abc import Collection, Mapping
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from sim.policies.userrule import UserRule
from sim.scenario import Scenario, canonical
from sim.scenario.model.choices import choices
from sim.scenario.model.deploylist import is_file_name
from sim.version import __version__

_SIM: Final = Path(__file__).parent
#: Rooms and modules that decide no run: they ask for runs, or write down what came out.
_BESIDE: Final = frozenset(
    {"calibrate", "cli", "docs", "experiment", "explore", "manifest.py", "rendering.py", "report"}
)
_COMPUTING: Final = ("python", "simpy", "numpy", "numba", "scipy", "networkx", "pydantic")
_DISTRIBUTIONS: Final = ("simpy", "numpy", "numba", "scipy", "pandas", "pyarrow", "networkx", "pydantic")


def manifest(scenario: Scenario, seed: int, about: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest of something made from one scenario (of each of its variants too, if it has any)."""
    tables = {None: scenario} | {name: scenario.variant(name) for name in scenario.variants}
    return {
        "schema": "regsim.manifest/1",
        "scenario": scenario.name,
        "variant": scenario.variant_name,
        "seed": seed,
        **about,
        "document": scenario.document,
        "files": {path: digest for table in tables.values() for path, digest in files_read(table).items()},
        **_rules(tables.values(), about),
        "resolved": {name or "scenario": json.loads(canonical(table)) for name, table in tables.items()},
        **about_now(),
        "written": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def files_read(scenario: Scenario) -> dict[str, str]:
    """By path, the SHA-256 of each file that a run reads besides the scenario: a table, a log, sizes, a topology."""
    asked = scenario.demand
    paths = [scenario.folder / asked.replay.log] if asked.replay else []
    if asked.table is not None and is_file_name(asked.table):
        paths.append(scenario.folder / asked.table)
    drawn = [image.sizes.path for image in scenario.images.values() if image.sizes is not None]
    found = {}
    for path in (*paths, *drawn, getattr(scenario.topology.parameters, "path", None)):
        if isinstance(path, Path) and path.is_file():
            about = path.stat()
            found[str(path)] = _file_digest(path, about.st_mtime_ns, about.st_size)
    return found


def rules_chosen(scenario: Scenario) -> dict[str, UserRule]:
    """The rules of a user's own that a run asks, by kind and name as in `placement warmest`, in a fixed order."""
    own = {choice.own for choice in choices(scenario.policies) if choice.own is not None}
    return {f"{rule.kind} {rule.name}": rule for rule in sorted(own, key=lambda rule: (rule.kind, rule.name))}


def _rules(tables: Collection[Scenario], about: Mapping[str, Any]) -> dict[str, Any]:
    """What a manifest says of those, and of others that settings of single runs name; nothing where there are none."""
    settings = [value for part in about.get("made", ()) for value in part["settings"].values()]
    named = [value.get("name") if isinstance(value, Mapping) else value for value in settings]
    chosen = {rule for table in tables for rule in rules_chosen(table).values()}
    there = {rule for table in tables for own in table.rules.values() for rule in own.values() if rule.name in named}
    found = sorted(chosen | there, key=lambda rule: (rule.kind, rule.name, rule.path))
    listed = [
        {"kind": rule.kind, "name": rule.name, "path": rule.path, "sha256": rule.digest, "registered": rule.registered}
        for rule in found
    ]
    return {"rules": listed} if listed else {}


@lru_cache(maxsize=64)
def _file_digest(path: Path, written_ns: int, size_bytes: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def about_now() -> dict[str, Any]:
    """What computes here and now: the digest of the model's source, versions, the machine."""
    return {
        "model": model_digest(),
        "versions": versions(),
        "machine": {"system": f"{platform.system()} {platform.machine()}", "cpus": os.cpu_count()},
    }


def versions() -> dict[str, str]:
    """This program's version, Python's, and those of the libraries that are installed."""
    found = {"regsim": __version__, "python": platform.python_version()}
    for name in _DISTRIBUTIONS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


@lru_cache(maxsize=1)
def model_digest() -> str:
    """SHA-256 of the source of every room that decides a run, and of the versions of what computes it."""
    seen = hashlib.sha256(json.dumps([versions().get(name) for name in _COMPUTING]).encode())
    for path in sorted(_SIM.rglob("*")):
        place = path.relative_to(_SIM)
        if path.suffix in (".py", ".toml") and place.parts[0] not in _BESIDE:
            seen.update(f"{place.as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return seen.hexdigest()
