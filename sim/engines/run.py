"""One run of a scenario's demand by either engine: its tables, and how much happened.

A run is built (`sim.protocol.build`), completed with what engines need, run, audited, and its rows made tables
(`rows`).
"""

from __future__ import annotations

import ctypes
import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

import numpy as np

from sim.engines.audit import Audit
from sim.engines.collected import Collected
from sim.engines.host import Host
from sim.engines.packets import packet_answers
from sim.engines.requests_seen import Seen
from sim.engines.rows import stored_bytes, tables_of
from sim.engines.swarm import swarm_answers
from sim.engines.watched import Watching
from sim.protocol.assembly import Assembled, assemble
from sim.protocol.build import Built, build
from sim.protocol.codes import (
    DECISION_ASKED,
    DRAWS_ASKED,
    ROUTE_ASKED,
    ROUTES_CHANGED,
)
from sim.protocol.rules import functions, outside_of
from sim.protocol.state import (
    LAYOUT,
)
from sim.records.layout import ArrayState, State, used
from sim.registry.replication import MOVES, Event
from sim.registry.replication import State as Replicated
from sim.scenario import Scenario
from sim.streams import Streams
from sim.tables.columns import Table
from sim.workload.demand import Demand

Engine = Literal["reference", "compiled"]

RESTARTS_S: Final = (0.0, 5.0, 10.0, 20.0, 40.0, 300.0)
"""How long the platform waits before it starts an instance again that failed (unikraft-cloud/docs, instances.mdx)."""
_MARGIN: Final = 64
_READ_NO_MORE: Final = (
    "entries", "held_images", "tags", "publishes", "tasks", "timelines", "phases_s", "waited_s", "events", "held_back",
    "flights", "way_index", "ways", "warm_places", "copies", "images", "image_blobs",
)  # fmt: skip
"""Tables that may be large, and from which nothing is told."""
_FEW: Final = 100
"""Deploys below which a run is over sooner than rows for many tasks are made."""
_LIBC: Final = ctypes.CDLL(None) if sys.platform == "linux" else None
_M_MMAP_THRESHOLD: Final = -3
_APART_BYTES: Final = 1 << 20
ON_DISK_FROM: Final = 200_000
"""Deploys from which on what a run leaves is kept on disk: some 600 bytes each."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What is left of a run."""

    tables: dict[str, Table]
    events: int
    flows: int
    simulated_s: float
    state: State
    solver_calls: int = 0
    packets: int = 0
    packets_again: int = 0


@cache
def programs() -> Assembled:
    """The protocol, as engines run it."""
    return assemble()


def run(scenario: Scenario, demand: Demand, streams: Streams, engine: Engine) -> Ran:
    """Run a demand to its end, when every deploy has ended."""
    return run_built(scenario, built(scenario, demand, streams), len(demand), engine)


def built(scenario: Scenario, demand: Demand, streams: Streams) -> Built:
    """What a run starts with; nobody reads the demand after that."""
    if len(demand) >= ON_DISK_FROM:
        _give_back(keep_apart=True)
    made = build(scenario, demand, streams)
    complete(made, programs(), scenario, demand)
    return made


def run_built(scenario: Scenario, built: Built, deploys: int, engine: Engine, seen: Seen | None = None) -> Ran:
    """Run so many deploys to their end; with `seen`, the reference engine, and what that is to see of it."""
    if seen is not None:
        seen.clients, seen.names = built.profiles, built.names
    assembled, collected = programs(), Collected(on_disk=deploys >= ON_DISK_FROM)
    if collected.on_disk:
        _give_back()
    audit = Audit(scenario, built.names, built.tables)
    host = Host(
        {
            **answers(built, audit, engine),
            **({} if built.decisions is None else {DECISION_ASKED: built.decisions.answer}),
        },
        collected,
    )
    running = started(scenario, engine, assembled, built.tables, host, seen)
    running.run()
    state: State = running.state
    audit.ended(state)
    if isinstance(state, ArrayState):
        built.tables.clear()
        for name in _READ_NO_MORE:  # there is to be room for the tables in which the run ends
            state.replace(name, LAYOUT.rows(name, 0))
    stored = stored_bytes(state)
    if isinstance(state, ArrayState):
        # Rows of layers that were unpacked say which, and blobs what these are.
        for name in ("held", "places", *(() if len(used(state, "unpacks")) else ("blobs",))):
            state.replace(name, LAYOUT.rows(name, 0))
    tables = tables_of(state, built.names, stored, collected)
    audit.check_tables(state, tables, deploys)
    return left_of(state, tables)


def answers(built: Built, audit: Audit, engine: Engine) -> dict[int, Callable[[State, int, int, int], None]]:
    """What every run answers that ops ask, by its number."""
    return {
        ROUTE_ASKED: built.routes.work_out,
        ROUTES_CHANGED: lambda state, a, b, c: built.routes.reroute(state),
        DRAWS_ASKED: lambda state, registry, b, c: built.draws.refill(state, registry),
        **swarm_answers(built, engine == "compiled"),
        **packet_answers(built),
        **audit.answers(),
    }


def left_of(state: State, tables: dict[str, Table]) -> Ran:
    """A run that is over, by its state and the tables that were made of it."""
    g: Any = state["g"][0]
    simulated_s = max(float(g["now_s"]), float(g["runs_until_s"]))
    (packets,) = state["packets"]
    return Ran(
        tables, int(g["order"]), int(g["flow_number"]), simulated_s, state, int(g["solver_calls"]),
        int(packets["sent"]), int(packets["again"]),
    )  # fmt: skip


def _give_back(keep_apart: bool = False) -> None:
    """Have glibc give back what was freed: of a long run's memory it would keep a tenth as holes between tables.

    To `keep_apart` is to map large arrays from now on each on its own, and to unmap them when they are dropped; unless
    that is said the size from which on this is done rises to 32 MB as arrays come and go (mallopt(3)).
    """
    mallopt, trim = (getattr(_LIBC, name, None) for name in ("mallopt", "malloc_trim"))
    if mallopt is not None and trim is not None:
        if keep_apart:
            mallopt(_M_MMAP_THRESHOLD, _APART_BYTES)
        trim(0)


def started(
    scenario: Scenario, engine: Engine, assembled: Assembled, tables: dict[str, Any], host: Host,
    seen: Seen | None = None,
) -> Any:  # fmt: skip
    """An engine at the start of a run of a scenario."""
    module: Any = importlib.import_module(f"sim.engines.{engine}")
    outside = outside_of(scenario)
    if seen is not None:
        return Watching(assembled, tables, host, functions(outside) if outside else None, seen)
    if engine == "compiled":
        return module.Compiled(assembled, tables, host, [one for one in outside if one.own is not None])
    return module.Reference(assembled, tables, host, functions(outside) if outside else None)


def complete(built: Built, assembled: Assembled, scenario: Scenario, demand: Demand) -> None:
    """What engines need beside what is built: programs, the replication table, room for what every deploy leaves."""
    tables, entries, count = built.tables, assembled.entries, len(demand)
    tables["program"] = assembled.cells
    tables["restarts_s"] = np.array(RESTARTS_S)
    tables["replica_moves"] = np.array(
        [_place(MOVES.get((state, event))) for state in Replicated for event in Event], np.int64
    )
    g = tables["g"]
    nodes = int(g["nodes"][0])
    tables["holders"] = np.zeros(nodes + 1, np.int64)
    tables["holder_round_trips_s"] = np.zeros(nodes + 1)
    tables["chosen"] = np.zeros(nodes + 1, np.int64)
    g["deploys"] = count
    ranges = max(1, int(tables["registries"]["ranges"].max()))
    g["margin"] = _MARGIN + 8 * int(tables["images"]["blobs"].max(initial=0)) * ranges
    g["node_margin"] = g["margin"] + 4 * nodes
    # What is known to happen is scheduled at the start, all at once.
    known = 3 * len(tables.get("outages", ())) + len(tables.get("schedule_steps", ()))
    tables["events"] = LAYOUT.rows("events", known + 2 * int(g["margin"][0]))
    if 0 < count < _FEW:  # none: a log's, nobody knows how many
        g["tasks_per_growth"] = 1
    warm = len(tables["warm_places"]) if "warm_places" in tables else 0
    for name, each in (("held", int(tables["images"]["blobs"].max(initial=0))), ("entries", 3)):
        # What is there at the start is known, and to spread keys again and again as they come takes its time.
        tables[name] = LAYOUT.rows(name, 2 * each * warm + 2 * _MARGIN)
    for name, program in (
        ("deploy_entry", "DEPLOY"), ("when_due_entry", "COPY_WHEN_DUE"), ("job_entry", "COPY_JOB"),
        ("unpack_entry", "UNPACK_LAYER"),
    ):  # fmt: skip
        g[name] = entries[program]


def _place(state: Replicated | None) -> int:
    """The number of a state of replication; -1 for none."""
    return -1 if state is None else list(Replicated).index(state)
