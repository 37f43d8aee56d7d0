"""What the world writes down: one row per deploy, whatever happens, and what it moved on the way."""

from __future__ import annotations

import math
from typing import NamedTuple

from sim.registry.oci import Digest
from sim.rows import PULL, START, SYNC_WAIT, new_tables
from sim.workload.demand import Ask
from sim.world.flight import Flight, Lane
from sim.world.path import Path
from sim.world.places import ImageKind, Machine, Registry

_NEVER = float("inf")


class Booted(NamedTuple):
    """The image that an instance runs, the newest that its reference meant, and for how long it had trailed that."""

    digest: Digest
    meant: Digest
    trailing_s: float | None


NOTHING = Booted(Digest(""), Digest(""), None)


class Log:
    """The tables of one run."""

    def __init__(self) -> None:
        self.tables = new_tables()
        self._starts = self.tables["starts"].append

    def start(
        self, row: DeployRow, node: Registry, kind: str, asked_s: float, pulled_s: float, ready_s: float,
        booted: Booted | None,
    ) -> None:  # fmt: skip
        """One start of an instance: ready, or without its image where nothing was booted."""
        digest, meant, trailing_s = booted or NOTHING
        self._starts(
            (row.ask.deploy, node.name, kind, asked_s, pulled_s, ready_s, pulled_s - asked_s, booted is None,
             digest, meant, trailing_s is not None, 0.0 if trailing_s is None else trailing_s)
        )  # fmt: skip

    def keep_on_disk(self) -> None:
        """Rows may be more than memory holds."""
        for table in self.tables.values():
            table.keep_on_disk()

    def settle(self) -> None:
        """Turn what has gathered in buffers into columns."""
        for table in self.tables.values():
            table.settle()


class Moved:
    """What one push, pull or sync moves: a row for each body, and the bytes of all of them.

    Configs travel beside larger blobs: `metadata_bytes` gathers them for the one row of metadata at the end.
    """

    __slots__ = ("_write", "deploy", "metadata_bytes", "purpose", "saved_bytes", "size_bytes")

    def __init__(self, log: Log, deploy: int, purpose: str) -> None:
        self._write = log.tables["transfers"].append
        self.deploy = deploy
        self.purpose = purpose
        self.size_bytes = self.saved_bytes = self.metadata_bytes = 0

    def add(
        self, content: str, lane: Lane, started_s: float, ended_s: float, size_bytes: int,
        waited_s: float = 0.0, shared: bool = False, bound_by: str = "", bound_s: float = 0.0,
    ) -> None:  # fmt: skip
        """One body that has crossed a lane, and what held it back the longest."""
        self.size_bytes += size_bytes
        self._write(
            (self.deploy, self.purpose, content, lane.source, lane.target, lane.wan, started_s, ended_s, size_bytes,
             waited_s, shared, lane.number, bound_by, bound_s)
        )  # fmt: skip

    def land(self, flight: Flight, content: str, ended_s: float, waited_s: float) -> int:
        """A flight has ended; the bytes that got through. `waited_s` is what it took beyond idle, whole links."""
        lane, started_s, size_bytes = flight.lane, flight.started_s, int(flight.sent_bytes)
        waited_s = max(0.0, waited_s)
        if flight.broken:
            self.add(content, lane, started_s, ended_s, size_bytes, waited_s, flight.shared)
        elif flight.shared:
            self.add(content, lane, started_s, ended_s, size_bytes, waited_s, True, *flight.bound)
        else:
            bound_s = ended_s - started_s
            self.add(content, lane, started_s, ended_s, size_bytes, waited_s, False, lane.bound_by, bound_s)
        return size_bytes

    def add_metadata(self, lane: Lane, at_s: float, size_bytes: int) -> None:
        """Manifests, and what was gathered before them, as one body at one instant."""
        self.add("metadata", lane, at_s, at_s, self.metadata_bytes + size_bytes)
        self.metadata_bytes = 0


class DeployRow:
    """The row of one deploy while it is under way; `missing` are the machines that lack the image so far.

    Of a deploy that fails, what had ended before keeps its time: a part that failed, or was never come to, is infinite.
    """

    __slots__ = (
        "ask", "client", "client_latency_s", "coalesced_bytes", "kind", "missing", "nodes", "pull_s", "pulled_bytes",
        "push_s", "pushed", "repository", "route", "saved_bytes", "stale_starts",
    )  # fmt: skip

    ask: Ask
    client: Machine
    repository: str
    kind: ImageKind
    nodes: list[Registry]
    route: str
    pushed: Moved

    def __init__(self) -> None:
        self.client_latency_s = self.push_s = _NEVER
        self.pull_s = 0.0
        self.missing = 0
        self.pulled_bytes = self.saved_bytes = self.coalesced_bytes = self.stale_starts = 0

    def end(self, log: Log, path: Path, reason: str = "") -> None:
        """Write the row: ready where `path` ends, or failed there for that reason."""
        path.end()
        failed = bool(reason)
        latency_s = _NEVER if failed else path.now_s - path.started_s
        had = not self.missing
        ask, client, pushed = self.ask, self.client, self.pushed
        fleet_lag_s = path.phases_s[SYNC_WAIT] + path.phases_s[PULL] if had else _NEVER
        if self.route == START:
            fleet_lag_s = math.nan
        log.tables["deploys"].append(
            (ask.deploy, path.started_s, path.now_s, client.name, client.site, self.repository, self.kind.name,
             self.route, ask.update, ask.kernel, len(self.nodes), failed, reason, latency_s,
             self.client_latency_s, self.push_s, self.pull_s if had else _NEVER,
             *path.phases_s, *path.waited_s,
             pushed.size_bytes, self.pulled_bytes, pushed.saved_bytes + self.saved_bytes, self.coalesced_bytes,
             self.stale_starts, fleet_lag_s)
        )  # fmt: skip
