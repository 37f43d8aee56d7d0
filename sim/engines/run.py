"""One run of a scenario's demand by either engine: its tables, and how much happened."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

import numpy as np

from sim.engines.audit import Audit
from sim.engines.collected import Collected
from sim.engines.host import Host
from sim.engines.rows import stored_bytes, tables_of
from sim.engines.swarm import swarm_answers
from sim.protocol.assembly import Assembled, assemble
from sim.protocol.build import Built, build
from sim.protocol.rules import functions, outside_of
from sim.protocol.state import (
    DRAWS_ASKED,
    LAYOUT,
    N_PHASES,
    ROUTE_ASKED,
    ROUTES_CHANGED,
)
from sim.records.layout import ArrayState, State
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


@dataclass(frozen=True, slots=True)
class Ran:
    """What is left of a run."""

    tables: dict[str, Table]
    events: int
    flows: int
    simulated_s: float
    state: State


@cache
def programs() -> Assembled:
    """The protocol, as engines run it."""
    return assemble()


def run(scenario: Scenario, demand: Demand, streams: Streams, engine: Engine) -> Ran:
    """Run a demand to its end, when every deploy has ended."""
    built = build(scenario, demand, streams)
    assembled, collected = programs(), Collected()
    complete(built, assembled, scenario, demand)
    audit = Audit(scenario, built.names, built.tables)
    host = Host(
        {
            ROUTE_ASKED: built.routes.work_out,
            ROUTES_CHANGED: lambda state, a, b, c: built.routes.reroute(state),
            DRAWS_ASKED: lambda state, registry, b, c: built.draws.refill(state, registry),
            **swarm_answers(built, engine == "compiled"),
            **audit.answers(),
        },
        collected,
    )
    running = started(scenario, engine, assembled, built.tables, host)
    running.run()
    state: State = running.state
    audit.ended(state, len(demand))
    if isinstance(state, ArrayState):
        built.tables.clear()
        for name in _READ_NO_MORE:  # there is to be room for the tables in which the run ends
            state.replace(name, LAYOUT.rows(name, 0))
    stored = stored_bytes(state)
    if isinstance(state, ArrayState):
        for name in ("held", "places", "blobs"):
            state.replace(name, LAYOUT.rows(name, 0))
    tables = tables_of(state, built.names, stored, collected)
    audit.told(state, tables)
    g: Any = state["g"][0]
    return Ran(tables, int(g["order"]), int(g["flow_number"]), max(float(g["now_s"]), float(g["lasts_s"])), state)


def started(scenario: Scenario, engine: Engine, assembled: Assembled, tables: dict[str, Any], host: Host) -> Any:
    """An engine at the start of a run of a scenario."""
    module: Any = importlib.import_module(f"sim.engines.{engine}")
    if engine == "compiled":
        return module.Compiled(assembled, tables, host)
    outside = outside_of(scenario)
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
    jobs = LAYOUT.rows("target_jobs", nodes + 2)
    jobs["free"][0], jobs["free"][1:] = g["jobs_free"][0], g["jobs_each"][0]
    tables["target_jobs"] = jobs
    tables["deploy_phases_s"], tables["deploy_waited_s"] = (np.zeros(count * N_PHASES) for _ in range(2))
    tables["ended"] = np.zeros(count, np.int64)
    tables["holders"] = np.zeros(nodes + 1, np.int64)
    tables["holder_round_trips_s"] = np.zeros(nodes + 1)
    tables["chosen"] = np.zeros(nodes + 1, np.int64)
    g["deploys"] = count
    g["margin"] = _MARGIN + 8 * int(tables["images"]["blobs"].max(initial=0))
    g["node_margin"] = g["margin"] + 4 * nodes
    # What is known to happen is scheduled at the start, all at once.
    known = 3 * len(tables.get("outages", ())) + len(tables.get("hour_steps", ()))
    tables["events"] = LAYOUT.rows("events", known + 2 * int(g["margin"][0]))
    if 0 < count < _FEW:  # none: a log's, nobody knows how many
        g["room_runs"] = 1
    warm = len(tables["warm_places"]) if "warm_places" in tables else 0
    for name, each in (("held", int(tables["images"]["blobs"].max(initial=0))), ("entries", 3)):
        # What is there at the start is known, and to spread keys again and again as they come takes its time.
        tables[name] = LAYOUT.rows(name, 2 * each * warm + 2 * _MARGIN)
    for name, program in (
        ("deploy_entry", "DEPLOY"), ("when_due_entry", "COPY_WHEN_DUE"), ("job_entry", "COPY_JOB"),
    ):  # fmt: skip
        g[name] = entries[program]


def _place(state: Replicated | None) -> int:
    return -1 if state is None else list(Replicated).index(state)
