"""A log's operations on their way into a state: a chunk at a time, with rows for what they are about.

Repositories, tags, images and blobs are numbered as they first appear, and stay: a log may be larger than memory, what
it names is not. An image has a row for each combination of blobs, sizes and manifest that the log has of it. Its rank
orders it among others by the beginning of its digest, so that of two published under one tag at one instant, which the
log's start may have, the one with the greater digest is the newer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace as changed
from itertools import islice
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.protocol.build import Built
from sim.protocol.codes import ROOTFS
from sim.protocol.names import Names
from sim.protocol.state import LAYOUT
from sim.records.cells import cell, lengthen, set_cells, write_rows
from sim.records.layout import State, table_of
from sim.registry.dedup import account_of
from sim.registry.oci import Image
from sim.registry.reference import is_digest
from sim.scenario.model.replay import Replay
from sim.workload.logs.operations import Logged, Operation
from sim.workload.redeployed import image_of, layers_of

CHUNK: Final = 4096
"""Operations that are handed over at a time."""
KIND: Final = "logged"
"""The kind of all images that a log has."""
_ROW_FIELDS: Final = LAYOUT.dtype("operations").names or ()
_RANK_DIGITS: Final = 15  # of a digest, in a whole number of 63 bits


class LogFeed:
    """Operations for one run: `built` is made ready for them, `refill` hands over the next."""

    def __init__(
        self, built: Built, replay: Replay, host: Callable[[str], str],
        operations: Iterable[tuple[float, Operation]], entries: Mapping[str, int],
    ) -> None:  # fmt: skip
        self._replay, self._host = replay, host
        self._operations = enumerate(iter(operations))
        self._machines = {name: number for number, name in enumerate(built.names.machines) if number}
        self._profiles = built.tables["machines"]["profile"].tolist()
        self._pulling = len(built.tables["profiles"])
        self._blobs: dict[str, int] = {}
        self._images: dict[tuple[object, ...], int] = {}
        self._repositories: dict[str, int] = {}
        self._accounts: dict[str, int] = {}
        self._named: dict[tuple[str, str], int] = {}
        self._clients: dict[str, int] = {}
        self._repository_names: list[str] = []
        self._tags: list[str] = []
        self._digests: list[str] = []
        self._new = _New(built.tables)
        self._most_blobs = 0
        self._prepare(built, entries)
        self.names: Names = changed(
            built.names, repositories=self._repository_names, tags=self._tags, digests=self._digests, kinds=[KIND]
        )

    def _prepare(self, built: Built, entries: Mapping[str, int]) -> None:
        """What a log's state has beside that of a run that is asked for nothing."""
        tables, replay = built.tables, self._replay
        if len(tables["names"]) or len(tables["images"]):
            raise ValueError("a state that a log is replayed in has no applications of its own")
        # A pull's client starts as late as the log's clients do.
        pulling = tables["profiles"].copy()
        pulling["start_s"] = replay.start_s + pulling["start_s"]
        tables["profiles"] = np.concatenate([tables["profiles"], pulling])
        tables["request_counts"] = np.tile(tables["request_counts"], 2)
        tables["operations"], tables["logged"] = LAYOUT.rows("operations", CHUNK), LAYOUT.rows("logged", 1)
        g = tables["g"][0]
        g["logged"], g["log_starts_s"] = 1, replay.start_s
        g["log_cache"], g["log_configs"] = replay.cache, replay.configs
        g["push_logged_entry"], g["pull_logged_entry"] = entries["PUSH_LOGGED"], entries["PULL_LOGGED"]

    def refill(self, state: State, a: int = 0, b: int = 0, c: int = 0) -> None:
        """Hand over the next operations; none when the log has ended."""
        rows = LAYOUT.rows("operations", CHUNK)
        count = found = 0
        for number, (at_s, operation) in islice(self._operations, CHUNK):
            row = self._row(number, float(at_s), operation, found)
            rows[count] = tuple(row[field] for field in _ROW_FIELDS)
            count, found = count + 1, found + row["found"]
        self._new.write(state)
        write_rows(state, "operations", 0, rows[:count])
        self._set_margins(state)
        set_cells(state, "g", 0, {"operation": 0, "operations_end": count})

    def _set_margins(self, state: State) -> None:
        """A task may add as many rows as an image has blobs, and more than that."""
        for name in ("margin", "node_margin"):
            margin = int(cell(state, "g", 0, name))
            set_cells(state, "g", 0, {name: max(margin, 8 * self._most_blobs + 64)})
        set_cells(state, "g", 0, {"tasks_until_growth": 0})
        for name in LAYOUT.tables:
            if name.startswith("beside_"):
                short = self._most_blobs + 2 - state.length(name)
                if short > 0:
                    state.grow(name, short)

    def _row(self, number: int, at_s: float, operation: Operation, first_found: int) -> dict[str, Any]:
        """An operation as a row; what it names is numbered."""
        pushes, digest = operation.kind == "push", is_digest(operation.reference)
        machine = self._machines[self._host(operation.client)] if at_s >= 0 else 0
        found = 0
        if at_s >= 0:
            for blob in layers_of(operation.blobs, self._replay.unknown_bytes):
                if blob.digest in operation.found:
                    self._new.found(first_found + found, self._blob(blob.digest))
                    found += 1
        image = image_of(operation.blobs, operation.manifest_bytes, self._replay.unknown_bytes)
        profile = self._profiles[machine]
        return {
            "at_s": at_s, "number": number, "pushes": pushes,
            "client": self._clients.setdefault(operation.client, len(self._clients)), "machine": machine,
            "profile": profile if pushes else self._pulling + profile,
            # Only pushes name digests: whoever pulls one asks for an image.
            "name": self._name(operation.repository, operation.reference if pushes or not digest else ""),
            "image": self._image(image), "by_digest": digest, "known": operation.known, "first_found": first_found,
            "found": found,
        }  # fmt: skip

    def _name(self, repository: str, tag: str) -> int:
        number = self._named.get((repository, tag))
        if number is None:
            number = self._named[repository, tag] = len(self._named)
            self._tags.append(tag)
            of = self._repositories.get(repository)
            if of is None:
                of = self._repositories[repository] = len(self._repositories)
                self._repository_names.append(repository)
                account = account_of(repository)
                self._new.column("repository_account", self._accounts.setdefault(account, len(self._accounts)))
            self._new.row("names", repository=of, newest=-1, removed=-1)
        return number

    def _image(self, image: Image) -> int:
        sizes = tuple(blob.size_bytes for blob in image.blobs)
        key = (image.digest, sizes, image.manifest_bytes)
        number = self._images.get(key)
        if number is None:
            number = self._images[key] = len(self._images)
            self._digests.append(image.digest)
            self._most_blobs = max(self._most_blobs, len(sizes))
            first = self._new.count("image_blobs")
            for blob in image.blobs:
                self._new.column("image_blobs", self._blob(blob.digest))
                self._new.column("logged_bytes", blob.size_bytes)
            self._new.row(
                "images", first_blob=first, blobs=len(sizes), manifest_bytes=image.manifest_bytes,
                index_bytes=image.index_bytes, rom=image.is_rom, rank=rank_of(image.digest),
            )  # fmt: skip
        return number

    def _blob(self, digest: str) -> int:
        number = self._blobs.get(digest)
        if number is None:
            number = self._blobs[digest] = self._new.count("blobs")
            self._new.row("blobs", size_bytes=0, content=ROOTFS)
        return number


class _New:
    """Rows that are to be added to tables, which double when they are full."""

    def __init__(self, tables: Mapping[str, NDArray[Any]]) -> None:
        self._counts = {name: len(tables.get(name, ())) for name in (*_GROWING, *_GROWING_COLUMNS)}
        self._rows: dict[str, list[dict[str, Any]]] = {name: [] for name in _GROWING}
        self._columns: dict[str, list[int]] = {name: [] for name in _GROWING_COLUMNS}
        self._found: list[int] = []

    def count(self, name: str) -> int:
        """The number of the next row."""
        return self._counts[name]

    def row(self, name: str, **fields: Any) -> None:
        """Another row."""
        self._rows[name].append(fields)
        self._counts[name] += 1

    def column(self, name: str, value: int) -> None:
        """The same of a column."""
        self._columns[name].append(value)
        self._counts[name] += 1

    def found(self, at: int, blob: int) -> None:
        """Number `at` of the blobs that this chunk's pushes find."""
        assert at == len(self._found)
        self._found.append(blob)

    def write(self, state: State) -> None:
        """Put all of them into a state."""
        for name, rows in self._rows.items():
            fields = rows[0] if rows else {}
            made = table_of(LAYOUT, name, {field: [row[field] for row in rows] for field in fields}, len(rows))
            self._append(state, name, made)
            rows.clear()
        for name, values in self._columns.items():
            self._append(state, name, np.array(values, np.int64))
            values.clear()
        lengthen(state, "found_blobs", len(self._found))
        write_rows(state, "found_blobs", 0, np.array(self._found, np.int64))
        self._found.clear()

    def _append(self, state: State, name: str, rows: NDArray[Any]) -> None:
        count = self._counts[name]
        lengthen(state, name, count)
        write_rows(state, name, count - len(rows), rows)


_GROWING: Final = ("images", "blobs", "names")
_GROWING_COLUMNS: Final = ("image_blobs", "logged_bytes", "repository_account")


def rank_of(digest: str) -> int:
    """A whole number that orders digests as their text does, as far as their first digits differ."""
    digits = digest.removeprefix("sha256:")[:_RANK_DIGITS].ljust(_RANK_DIGITS, "0")
    try:
        return int(digits, 16)
    except ValueError:
        return int.from_bytes(digest.encode()[:7].ljust(7, b"\0"), "big")


def counts_of(state: State) -> Logged:
    """What the simulation did, to be held against the log."""
    row = state["logged"][0]
    fields = {name: int(row[name]) for name in row.dtype.names}
    for name in ("sent_bytes", "saved_bytes", "fetched_bytes"):
        fields[name] = float(fields[name])  # type: ignore[assignment]
    return Logged(**fields)  # type: ignore[arg-type]
