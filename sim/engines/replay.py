"""A log replayed by either engine: operations are read while it runs, and rows that have ended go to disk meanwhile.

A log, and what it did, may be larger than memory; what it names may not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from sim.engines.audit import Audit
from sim.engines.collected import LOGGED, Collected, Taken, narrow
from sim.engines.host import Host
from sim.engines.reasons import REASONS
from sim.engines.rows import stored_bytes, tables_of
from sim.engines.run import Engine, Ran, answers, complete, left_of, programs, started
from sim.protocol.build import build
from sim.protocol.codes import N_PHASES, OPERATIONS_ASKED
from sim.protocol.logs import KIND, LogFeed, counts_of
from sim.protocol.names import Names
from sim.records.layout import State
from sim.scenario import Scenario
from sim.streams import Streams
from sim.tables.rows import PULL, SYNC_WAIT
from sim.workload.demand import Demand
from sim.workload.logs.operations import Logged
from sim.workload.replay import Places, Source

_ROUTES: Final = ("pull", "push")


def _deploys(rows: Taken, state: State, names: Names) -> Iterator[Any]:
    """The columns of a log's operations, in the order in which they ended."""
    rows.sort("ended_s")
    pushes, reasons = rows["pushes"] != 0, rows["reason"]
    n, failed, had = len(pushes), reasons != 0, rows["missing"] == 0
    nothing = np.zeros(n, np.int8)
    words = sorted({names.sites[machine] for machine in np.unique(rows["client"]).tolist()})
    site = np.array([words.index(name) if name in words else -1 for name in names.sites], np.int32)
    patience_s = state["g"]["patience_s"][0]
    reason = np.zeros(max(REASONS) + 1, np.int8)
    reason[[*REASONS]] = np.arange(len(REASONS))
    yield from (rows["number"], rows["at_s"], rows["ended_s"])
    yield rows["client"], names.machines
    yield site[rows["client"]], words
    yield narrow(state["names"]["repository"][rows["name"]]), names.repositories
    yield nothing, [KIND]
    yield pushes.astype(np.int8), _ROUTES
    yield rows["update"] != 0
    yield from (nothing, nothing)
    yield failed
    yield reason[reasons], [text.format(patience_s=patience_s) for text in REASONS.values()]
    yield np.where(failed, np.inf, rows["ended_s"] - rows["at_s"])
    yield np.where(pushes, rows["took_s"], np.nan)
    yield np.where(pushes, rows["took_s"], np.nan)
    yield np.where(pushes, np.nan, np.where(had, rows["took_s"], np.inf))
    for part in ("phases", "waited"):
        yield from (rows[f"logged_{part}_s.{phase}"] for phase in range(N_PHASES))
    yield np.where(pushes, rows["moved_bytes"], 0)
    yield np.where(pushes, 0, rows["moved_bytes"])
    yield rows["saved_bytes"]
    yield from (nothing, nothing)
    lag_s = rows[f"logged_phases_s.{SYNC_WAIT}"] + rows[f"logged_phases_s.{PULL}"]
    yield np.where(had, lag_s, np.inf)


def replay(scenario: Scenario, source: Source, streams: Streams, engine: Engine) -> tuple[Ran, Logged]:
    """Replay a log to its end; and what the simulation did, to be held against the log."""
    nothing = Demand.nothing()
    built, assembled = build(scenario, nothing, streams), programs()
    collected = Collected(on_disk=True)
    operations = source.operations(scenario.run.duration_s)
    feed = LogFeed(built, source.replay, Places(scenario, source.replay).host, operations, assembled.entries)
    complete(built, assembled, scenario, nothing)
    audit = Audit(scenario, feed.names, built.tables)

    def refill(state: State, a: int, b: int, c: int) -> None:
        feed.refill(state)
        collected.take_if_many(state)

    host = Host({**answers(built, audit, engine), OPERATIONS_ASKED: refill}, collected)
    running = started(scenario, engine, assembled, built.tables, host)
    running.run()
    state: State = running.state
    audit.ended(state)
    tables = tables_of(state, feed.names, stored_bytes(state), collected, asked=False)
    tables["deploys"].fill(_deploys(collected.columns(state, *LOGGED), state, feed.names))
    audit.check_tables(state, tables)
    return left_of(state, tables), counts_of(state)
