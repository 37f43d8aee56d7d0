"""The audit: invariants that are checked while a run goes on and when it has ended (`run.audit`).

It is for those who change the model, and for runs that money hangs on. No registry has a manifest whose blob is
missing, no link carries more than its capacity, the accounts of a bounded registry balance, and no copy does what the
replication table has no place for. In the end nothing is left under way, every deploy that was asked for has its one
row, and what rows say crossed a link is what was on it. A breach is a fault of this program, never of the scenario.
What is checked is counted here again, from other rows than those in which ops keep count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from sim.protocol.codes import AUDIT_ASKED
from sim.protocol.names import Names
from sim.protocol.ops.places import BLOB_KEY, IMAGE_KEY, STORED_KEY
from sim.records.cells import cell
from sim.records.layout import State, used
from sim.scenario import Scenario
from sim.tables.columns import Table

#: Checks over a run's duration, beside the one at its end.
CHECKS: Final = 48
#: Rates and sums of floats may be off by so much of themselves.
_SLACK: Final = 1e-9
_LOW: Final = (1 << 31) - 1
_HIGH: Final = (1 << 27) - 1
_PURPOSES: Final = ("push_bytes", "pull_bytes", "sync_bytes")

Ints = NDArray[np.int64]


class AuditError(AssertionError):
    """An invariant does not hold; says which, where and when."""


class Audit:
    """The checks of one run, if its scenario asks for them."""

    def __init__(self, scenario: Scenario, names: Names, tables: dict[str, NDArray[Any]]) -> None:
        self._names = names
        self._asked = scenario.run.audit
        if self._asked:
            tables["g"]["checks"] = CHECKS

    def answers(self) -> dict[int, Callable[[State, int, int, int], None]]:
        """What answers for it while the run goes on; what links carry has just been added up."""
        return {AUDIT_ASKED: self._look} if self._asked else {}

    def _look(self, state: State, a: int, b: int, c: int) -> None:
        """Check the state, and that no link carries more than its capacity."""
        self._check(state)
        self._links(state)

    def ended(self, state: State) -> None:
        """What must hold of a state when its run has ended."""
        if not self._asked:
            return
        self._check(state)
        flows = _flows(state)
        if flows:
            _breach(state, f"{flows} flows never ended")
        for registry in np.flatnonzero(state["registries"]["first_fetch"] >= 0).tolist():
            _breach(state, f"{self._names.machines[registry]} still expects a blob")
        tasks = int(cell(state, "g", 0, "tasks_used")) - _listed(state["tasks"]["next"], state, "free_task")
        if tasks:
            _breach(state, f"{tasks} tasks never ended")

    def check_tables(self, state: State, tables: Mapping[str, Table], asked: int | None = None) -> None:
        """What must hold of a run's rows: each deploy has one, and links carried what their transfers say.

        `asked` is how many deploys there were, None for a log.
        """
        if not self._asked:
            return
        deploy = tables["deploys"].column("deploy")
        times = np.bincount(deploy, minlength=asked or 0)
        if (times > 1).any() or (asked is not None and (times != 1).any()):
            twice = np.flatnonzero(times > 1).tolist()
            count = len(times) if asked is None else asked
            _breach(state, f"{count} deploys were asked for and {times.sum()} have a row, {twice or 'none'} twice")
        links = tables["links"]
        code, words = tables["utilisation"].codes("link")
        carried = np.bincount(code, tables["utilisation"].column("carried_bytes"), len(words)).astype(np.int64)
        on_link = dict(zip(words, carried.tolist(), strict=True))
        total = sum(links.column(purpose) for purpose in _PURPOSES)
        for link, size_bytes in zip(links.column("link"), total.tolist(), strict=True):
            if on_link.get(link, 0) != size_bytes:
                _breach(state, f"{size_bytes} bytes crossed {link} and {on_link.get(link, 0)} were on it")

    def _check(self, state: State) -> None:
        """What must hold at any instant."""
        moves = int(cell(state, "g", 0, "illegal_moves"))
        if moves:
            _breach(state, f"{moves} times a copy did what the replication table has no place for")
        self._holdings(state)
        self._storage(state)

    def _holdings(self, state: State) -> None:
        """Blobs that a manifest refers to are in its repository; a cache has those that it was asked for."""
        place, image, _ = _entries(state, IMAGE_KEY)
        whole = state["registries"]["cache"][state["places"]["registry"][place]] == 0
        place, image = place[whole], image[whole]
        owner, blob = _blobs(state, image, state["registries"]["architecture"][state["places"]["registry"][place]])
        lacks = ~np.isin((place[owner] << 31 | blob) + 1, state["held"])
        for at in owner[lacks].tolist():
            row, names = state["places"][place[at]], self._names
            _breach(
                state, f"{names.machines[row['registry']]} has {names.digests[image[at]]} in "
                f"{names.repositories[row['repository']]} and not all of its blobs",
            )  # fmt: skip

    def _storage(self, state: State) -> None:
        """A bounded registry's bytes are those of its images' layers, and of those that are coming, each once."""
        rows = state["registries"]
        place, image, _ = _entries(state, STORED_KEY)
        owner, blob = _blobs(state, image)
        registry = state["places"]["registry"][place][owner].astype(np.int64)
        at, coming, value = _entries(state, BLOB_KEY)
        is_coming = (value & 1) != 0
        layers = np.unique(np.append(registry << 31 | blob, (at << 31 | coming)[is_coming]))
        counted = np.bincount(layers >> 31, state["blobs"]["size_bytes"][layers & _LOW], len(rows)).astype(np.int64)
        for number in np.flatnonzero(rows["bounded"]).tolist():
            row, name = rows[number], self._names.machines[number]
            if row["used_bytes"] != counted[number]:
                _breach(state, f"{name} accounts for {row['used_bytes']} bytes and holds {counted[number]}")
            if 0 <= row["capacity_bytes"] < row["used_bytes"]:
                _breach(state, f"{name} holds {row['used_bytes']} of {row['capacity_bytes']} bytes")

    def _links(self, state: State) -> None:
        """No link carries more than its capacity."""
        load_Bps, capacity_Bps = state["link_uses"]["load_Bps"], state["links"]["capacity"]
        for link in np.flatnonzero(load_Bps > capacity_Bps * (1 + _SLACK)).tolist():
            _breach(state, f"link {link} carries {load_Bps[link]:g} of {capacity_Bps[link]:g} bytes/s")


def _entries(state: State, kind: int) -> tuple[Ints, Ints, Ints]:
    """The entries of a kind: the two numbers of each key, and its value."""
    entries = state["entries"]
    key = entries["key"]
    there = (key >> 58) == kind
    key = key[there]
    return key >> 31 & _HIGH, key & _LOW, entries["value"][there]


def _blobs(state: State, image: Ints, architecture: Ints | None = None) -> tuple[Ints, Ints]:
    """The blobs of images, and which of these each is of; with architectures, of the platforms that are of these."""
    rows = state["images"][image]
    count = rows["blobs"]
    owner = np.repeat(np.arange(len(image)), count)
    behind = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    if architecture is not None:
        below = np.array([(1 << max(int(number) - 1, 0)) - 1 for number in architecture], np.int64)
        platform = np.array([int(bits).bit_count() for bits in rows["architectures"] & below], np.int64)
        takes_all = (rows["platforms"] < 2) | (np.asarray(architecture) == 0)
        own = takes_all[owner] | (behind // (count // rows["platforms"])[owner] == platform[owner])
        owner, behind = owner[own], behind[own]
    return owner, state["image_blobs"][rows["first_blob"][owner] + behind]


def _flows(state: State) -> int:
    """How many flows have not ended."""
    lanes = used(state, "lanes")
    lone = _listed(state["flights"]["next"], state, "first_lone")
    return lone + int(lanes["ps_flights"].sum()) + int(cell(state, "g", 0, "sharing"))


def _listed(following: NDArray[np.int64], state: State, first: str) -> int:
    """How many rows a list has that begins in a global."""
    count, at = 0, int(cell(state, "g", 0, first))
    while at >= 0:
        count, at = count + 1, int(following[at])
    return count


def _breach(state: State, what: str) -> NoReturn:
    """An invariant does not hold."""
    raise AuditError(f"at {cell(state, 'g', 0, 'now_s'):g} s: {what}")
