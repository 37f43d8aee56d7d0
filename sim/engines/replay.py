"""A log replayed by either engine: operations are read while it runs, and rows that have ended are taken out meanwhile.

Left out: keeping rows on disk, so that a log may be longer than memory and what it did may not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.engines.audit import Audit
from sim.engines.collected import Collected, narrow
from sim.engines.host import Host
from sim.engines.rows import REASONS, stored_bytes, tables_of
from sim.engines.run import Engine, Ran, complete, programs, started
from sim.engines.swarm import swarm_answers
from sim.protocol.build import build
from sim.protocol.logs import KIND, LogFeed, counts_of
from sim.protocol.names import Names
from sim.protocol.state import DRAWS_ASKED, N_PHASES, OPERATIONS_ASKED, ROUTE_ASKED, ROUTES_CHANGED
from sim.records.cells import set_cells
from sim.records.layout import State, used
from sim.scenario import Scenario
from sim.streams import Streams
from sim.tables.rows import PULL, SYNC_WAIT, new_tables
from sim.workload.demand import Demand
from sim.workload.logged import Logged
from sim.workload.replay import Places, Source

_MANY: Final = 1 << 16
_ROUTES: Final = ("pull", "push")


class Ended:
    """Operations that have ended, taken out of the state so that it has room for others."""

    def __init__(self) -> None:
        self._rows: list[NDArray[Any]] = []
        self._phases_s: list[NDArray[np.float64]] = []

    def take(self, state: State, many: int = 0) -> None:
        """Take them all if there are so many."""
        rows = used(state, "logged_deploys")
        if len(rows) < many:
            return
        phases_s = [used(state, f"logged_{name}_s").reshape(-1, N_PHASES) for name in ("phases", "waited")]
        self._rows.append(rows.copy())
        self._phases_s.append(np.hstack(phases_s))
        set_cells(state, "g", 0, {"logged_deploys_used": 0})

    def deploys(self, state: State, names: Names) -> Iterator[Any]:
        """The columns of their rows, in the order in which they ended."""
        self.take(state)
        rows, phases_s = np.concatenate(self._rows), np.concatenate(self._phases_s)
        self._rows.clear()
        self._phases_s.clear()
        order = np.argsort(rows["ended_s"], kind="stable")
        rows, phases_s = rows[order], phases_s[order]
        n, failed, pushes = len(rows), rows["reason"] != 0, rows["pushes"] != 0
        nothing, had = np.zeros(n, np.int8), rows["missing"] == 0
        words = sorted({names.sites[machine] for machine in np.unique(rows["client"]).tolist()})
        site = np.array([words.index(name) if name in words else -1 for name in names.sites], np.int32)
        patience_s = state["g"]["patience_s"][0]
        reason = np.zeros(max(REASONS) + 1, np.int8)
        reason[[*REASONS]] = np.arange(len(REASONS))
        yield from (narrow(rows["number"]), rows["at_s"], rows["ended_s"])
        yield narrow(rows["client"]), names.machines
        yield site[rows["client"]], words
        yield narrow(state["names"]["repository"][rows["name"]]), names.repositories
        yield nothing, [KIND]
        yield pushes.astype(np.int8), _ROUTES
        yield rows["update"] != 0
        yield from (nothing, nothing)
        yield failed
        yield reason[rows["reason"]], [text.format(patience_s=patience_s) for text in REASONS.values()]
        yield np.where(failed, np.inf, rows["ended_s"] - rows["at_s"])
        yield np.where(pushes, rows["took_s"], np.nan)
        yield np.where(pushes, rows["took_s"], np.nan)
        yield np.where(pushes, np.nan, np.where(had, rows["took_s"], np.inf))
        yield from phases_s.T
        yield np.where(pushes, rows["moved_bytes"], 0)
        yield np.where(pushes, 0, rows["moved_bytes"])
        yield narrow(rows["saved_bytes"])
        yield from (nothing, nothing)
        yield np.where(had, phases_s[:, SYNC_WAIT] + phases_s[:, PULL], np.inf)


def replay(scenario: Scenario, source: Source, streams: Streams, engine: Engine) -> tuple[Ran, Logged]:
    """Replay a log to its end; and what the simulation did, to be held against the log."""
    nothing = Demand.nothing()
    built, assembled = build(scenario, nothing, streams), programs()
    ended, collected = Ended(), Collected()
    operations = source.operations(scenario.run.duration_s)
    feed = LogFeed(built, source.replay, Places(scenario, source.replay).host, operations, assembled.entries)
    complete(built, assembled, scenario, nothing)
    audit = Audit(scenario, feed.names, built.tables)

    def refill(state: State, a: int, b: int, c: int) -> None:
        feed.refill(state)
        ended.take(state, _MANY)
        collected.take_if_many(state)

    host = Host(
        {
            ROUTE_ASKED: built.routes.work_out,
            ROUTES_CHANGED: lambda state, a, b, c: built.routes.reroute(state),
            DRAWS_ASKED: lambda state, registry, b, c: built.draws.refill(state, registry),
            OPERATIONS_ASKED: refill,
            **swarm_answers(built, engine == "compiled"),
            **audit.answers(),
        }
    )
    running = started(scenario, engine, assembled, built.tables, host)
    running.run()
    state: State = running.state
    audit.ended(state, None)
    tables = tables_of(state, feed.names, stored_bytes(state), collected)
    tables["deploys"] = new_tables()["deploys"]
    tables["deploys"].fill(ended.deploys(state, feed.names))
    audit.told(state, tables)
    g: Any = state["g"][0]
    ran = Ran(tables, int(g["order"]), int(g["flow_number"]), max(float(g["now_s"]), float(g["lasts_s"])), state)
    return ran, counts_of(state)
