"""Finished runs on disk: each is written once and found again under a key of all that decides it.

    store = Store("runs")
    name = key(scenario.variant("central"), seed=1, run=0)
    outcome = store.get(name)  # None when it was never made, or is damaged
    store.put(name, outcome)

A key is the SHA-256 of the resolved scenario, of the files that it reads, of the rules of a user's own that it chooses,
of the model's own source and the versions of what it computes with, of seed and run, and of what is measured of it
beside its own metrics (by group, or by a user's function). So a run is found again whatever asked for it, a comparison,
a sweep or a search, and never after something changed that could change it.

A file holds the SHA-256 of its second line and, in that line, the outcome as JSON with its key. It is written beside
its place, forced to the disk and renamed: killed at any moment, a process leaves whole files and perhaps a temporary
one, which nobody reads. Two processes may share a store; when both make the same run, both write the same bytes. What
does not match its checksum or its place is named, taken as missing, and written anew. Left out: tables (run 0 is made
again where somebody wants to see it), and throwing old runs away.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from sim.errors import InputError
from sim.experiment.execution.worker import Outcome
from sim.files import folder, parse_json, read_bytes, replacing
from sim.manifest import files_read, model_digest, rules_chosen
from sim.scenario import Scenario, canonical

_SCHEMA: Final = "regsim.outcome/7"
#: An outcome of 10,000 metrics has 1 MB.
_MOST_BYTES: Final = 1 << 28


def key(scenario: Scenario, seed: int, run: int, measured: Sequence[Any] | None = None) -> str:
    """Under what a run of a scenario, or of the variant that it is, is kept: 64 hexadecimal digits.

    `measured` is the identity of what was measured of it beside its own metrics (`sim.experiment.measures`).
    """
    decides = [_SCHEMA, model_digest(), canonical(scenario), [*files_read(scenario).values()], seed, run]
    rules = {name: rule.digest for name, rule in rules_chosen(scenario).items()}
    if rules:
        decides.append(rules)
    if measured is not None:
        decides.append(measured)
    return hashlib.sha256(json.dumps(decides).encode()).hexdigest()


class Store:
    """The finished runs in a directory, which is made if it is not there; `complain` gets a line for damaged ones.

    One that is not `lasting` goes away with whoever made it, so that nobody is told to go on from there. InputError
    when the directory cannot be made, or a file in it cannot be written.

    >>> import sim, tempfile
    >>> asked = sim.load("metros", {"demand.rate": "50/day"})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = sim.Store(folder)
    ...     outcome = sim.compare(asked, runs=2, executor="serial", store=store)
    ...     len(store)
    4
    """

    def __init__(
        self, directory: str | Path, complain: Callable[[str], None] | None = None, lasting: bool = True
    ) -> None:
        self.directory = folder(directory)
        self.lasting = lasting
        self._complain = complain or _to_stderr

    def get(self, name: str) -> Outcome | None:
        """The outcome kept under a key, without its tables; None when there is none to rely on."""
        path = self._path(name)
        try:
            written = read_bytes(path, _MOST_BYTES)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unusable(path, "read", error) from error
        try:
            return _read_outcome(name, written)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):  # whatever somebody wrote there
            self._complain(f"{path}: is damaged; making that run again")
            return None

    def put(self, name: str, outcome: Outcome) -> None:
        """Keep an outcome, whole or not at all, on the disk when this returns."""
        path = self._path(name)
        document = {"schema": _SCHEMA, "key": name, **outcome.to_json()}
        line = json.dumps(document).encode() + b"\n"
        try:
            self._make_folder(path.parent)
            with replacing(path) as temporary, temporary.open("wb") as file:
                file.write(hashlib.sha256(line).hexdigest().encode() + b"\n" + line)
                file.flush()
                os.fsync(file.fileno())
            _settle(path.parent)
        except OSError as error:
            raise _unusable(path, "written", error) from error

    def _make_folder(self, folder: Path) -> None:
        """A folder that whoever may write to the store may write to: several users may share one."""
        try:
            folder.mkdir()
        except FileExistsError:
            return
        shared = stat.S_IMODE(self.directory.stat().st_mode)
        if shared & (stat.S_IWGRP | stat.S_IWOTH):
            folder.chmod(shared)

    def __len__(self) -> int:
        return sum(1 for _ in self.directory.glob("??/*.json"))

    def _path(self, name: str) -> Path:
        return self.directory / name[:2] / f"{name}.json"


def _read_outcome(name: str, written: bytes) -> Outcome:
    """What a file holds; ValueError when it is not what was written, or not under this key."""
    checksum, _, line = written.partition(b"\n")
    if hashlib.sha256(line).hexdigest().encode() != checksum:
        raise ValueError("checksum")
    document = parse_json(line)
    if document.pop("schema") != _SCHEMA or document.pop("key") != name:
        raise ValueError("place")
    found = Outcome.from_json(document)
    if json.dumps(found.to_json(), sort_keys=True) != json.dumps(document, sort_keys=True):
        raise ValueError("shape")
    return found


def _settle(directory: Path) -> None:
    """Force a directory's names to the disk, where the system can."""
    if os.name == "posix":
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _unusable(path: Path, done: str, error: OSError) -> InputError:
    return InputError(str(path), f"cannot be {done} ({error.strerror})", "make room, or name another --store")


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr)
