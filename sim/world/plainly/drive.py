"""A plain world's run: the compiled text goes on by itself, and stops where flows meet flows of other lanes.

Those share in the fair-share engine, which is the world's own: it is told who meets, and the text when they end.
"""

from __future__ import annotations

import importlib
import itertools
from operator import attrgetter
from typing import Any

import numpy as np

from sim.plain import records
from sim.plain.records import Tables
from sim.workload.demand import Demand
from sim.world.flight import CAP, Flight, Lane
from sim.world.plainly.conditions import Plan
from sim.world.plainly.rows import write_rows
from sim.world.plainly.tables import flows, write_down
from sim.world.world import World

_NEVER = float("inf")
#: Columns of the table of flows.
_NUMBER, _LANE, _SIZE, _LEFT, _STARTED, _HELD = (
    (records.FLOW.names or ()).index(name) for name in ("number", "lane", "size_f", "left_f", "started_s", "held_s")
)


def carry_out(world: World, demand: Demand, plan: Plan) -> bool:
    """Run a plain world to its end, rows and all. False if it turned out not to be plain: it is of no use then."""
    tables, ways = write_down(world, demand, plan)
    driver = _Driver(world, tables, ways.lanes)
    if not driver.run():
        return False
    board = driver.tables.board[0]
    world.clock._now = max(float(board["now_s"]), float(board["lasts_s"]))
    world.clock._eid = itertools.count(int(board["order"]))
    world.wire.flows = int(board["flows"])
    write_rows(world, demand, plan, driver.tables, ways.lanes)
    return True


class _Sharing(Flight):
    """A flow in the engine: its row in the text's table."""

    __slots__ = ("row",)

    row: int


class _Driver:
    def __init__(self, world: World, tables: Tables, lanes: list[Lane]) -> None:
        self.tables = tables
        self._text = importlib.import_module("sim.plain.compiled")
        self._wire = world.wire
        self._lanes = lanes
        self._armed_s = _NEVER
        world.wire.seen.alone_s, world.wire.seen.held_s = tables.held_s

    def run(self) -> bool:
        """Whether the world stayed plain to its end."""
        text = self._text
        if len(self.tables.deploys):
            text.schedule(self.tables, float(self.tables.deploys["at_s"][0]), records.ARRIVED, 0, 0)
        ended, arm_s = 0, _NEVER
        while True:
            stopped = text.run(self.tables, ended, arm_s)
            ended, arm_s = 0, _NEVER
            if stopped == records.MEET:
                self._share()
                arm_s = self._next_s()
            elif stopped == records.DUE:
                self._armed_s = _NEVER
                ended = self._end()
                arm_s = self._next_s()
            elif stopped == records.FULL:
                self._make_room()
            else:
                return bool(stopped == records.OVER)

    def _share(self) -> None:
        """Flows that have met go on in the engine."""
        tables, fluid = self.tables, self._wire.fluid
        board = tables.board[0]
        now_s = float(board["now_s"])
        for at in tables.meeting["flow"][: int(board["meeting"])].tolist():
            row = tables.flows[at].item()
            lane = self._lanes[row[_LANE]]
            flight = _Sharing(row[_NUMBER], lane, row[_SIZE], row[_STARTED], _nobody)
            flight.row = at
            flight.held_s = {lane.limit: row[_HELD]} if row[_HELD] > 0 else {}
            fluid.start(now_s, fluid.class_of(lane.route, 1.0, lane.cap_Bps), row[_LEFT], flight)

    def _end(self) -> int:
        """Flows of the engine have ended: how many."""
        fluid, now_s = self._wire.fluid, float(self.tables.board["now_s"][0])
        if fluid.next_finish_s > now_s:
            return 0
        ended: list[_Sharing] = fluid.finished(now_s)
        ended.sort(key=attrgetter("number"))
        for at, flight in enumerate(ended):
            held_s = flight.held_s
            longest = max(held_s, key=held_s.__getitem__, default=CAP)
            self.tables.meeting[at] = flight.row, longest, held_s.get(longest, 0.0)
        return len(ended)

    def _next_s(self) -> float:
        """When the engine's next flow ends, if the text does not know it."""
        next_s = float(self._wire.fluid.next_finish_s)
        if next_s >= self._armed_s:
            return _NEVER
        self._armed_s = next_s
        return next_s

    def _make_room(self) -> None:
        """Double whatever is nearly full."""
        tables = self.tables
        board: Any = tables.board[0]
        more: dict[str, Any] = {}
        count = len(tables.flows)
        for name, margin in (("events", records.MARGIN), ("transfers", records.MARGIN), ("partings", count)):
            table = getattr(tables, name)
            if board[name] + margin > len(table):
                more[name] = np.concatenate([table, np.zeros_like(table)])
        if board["free_flow"] < 0:
            more["flows"] = np.concatenate([tables.flows, flows(count, count)])
            more["meeting"] = np.concatenate([tables.meeting, np.zeros_like(tables.meeting)])
            board["free_flow"] = count
        self.tables = tables._replace(**more)


def _nobody(flight: Flight) -> None:
    """The text is told by its driver."""
