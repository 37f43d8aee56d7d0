"""The reference engine with what is none of the protocol's: events from outside, ops and functions of others."""

from __future__ import annotations

import gc
import weakref
from typing import Any, get_args

import pytest

import sim
from sim import engines
from sim.calibrate.rig.files import RigScenario
from sim.calibrate.rig.model import Rig
from sim.calibrate.rig.parameters import shipped
from sim.engines import Engine
from sim.engines.host import Host
from sim.engines.reference import Reference
from sim.protocol.assembly import assemble
from sim.protocol.codes import GO
from sim.protocol.ops.control import end
from sim.protocol.ops.requests import at_clock
from sim.protocol.programs import PROGRAMS, step
from sim.protocol.state import LAYOUT
from sim.protocol.tasks import make_ready, new_task, new_timeline
from sim.records.layout import table_of
from sim.streams import Streams
from sim.workload.synthetic import generate


class Seen:
    """An engine of a state with nothing in it but what a test adds; what happened when."""

    def __init__(self, **instead: Any) -> None:
        self.at_s: list[tuple[str, float]] = []
        assembled = assemble({**PROGRAMS, "OWN": (step(self.note, 1), step(at_clock), step(self.note, 2), step(end))})
        tables = {"g": table_of(LAYOUT, "g", {"margin": [64], "node_margin": [64]}), "program": assembled.cells}
        self.entry = assembled.entries["OWN"]
        self.engine = Reference(assembled, tables, Host({}), instead)

    def note(self, w: Any, p: int, number: int, b: int) -> int:
        """An op that is none of the protocol's; after the first the task has 2.5 s to wait."""
        self.at_s.append((f"op {number}", w.g.now_s))
        w.timelines[w.tasks[p].timeline].now_s = w.g.now_s + 2.5
        return GO

    def begin(self) -> None:
        """A task of the program."""
        w = self.engine.state
        make_ready(w, new_task(w, self.entry, new_timeline(w, 0.0, 0.0)))


def test_what_an_event_from_outside_makes_ready_runs_then() -> None:
    """At its own time exactly, 0.1 + 0.2 and not the sum's neighbours; its task waits as any other does."""
    seen = Seen()
    seen.engine.at(0.1 + 0.2, seen.begin)
    seen.engine.at(1.0, lambda: seen.at_s.append(("outside", seen.engine.state.g.now_s)))
    seen.engine.run()
    assert seen.at_s == [("op 1", 0.1 + 0.2), ("outside", 1.0), ("op 2", 0.1 + 0.2 + 2.5)]


def test_functions_of_the_protocol_may_be_others() -> None:
    """Whatever ops call by a name that is given, and no other engine, has the other function."""
    waits: list[float] = []
    seen, plain = Seen(wait_until=lambda w, p, at_s: waits.append(at_s)), Seen()
    for one in (seen, plain):
        one.engine.at(1.0, one.begin)
        one.engine.run()
    assert ([name for name, _ in seen.at_s], waits) == (["op 1"], [3.5])
    assert [name for name, _ in plain.at_s] == ["op 1", "op 2"]


def test_a_function_of_the_protocol_is_called_as_the_engine_has_it() -> None:
    """What it schedules is in the engine's own queue."""
    seen = Seen()
    w = seen.engine.state
    seen.engine.function("wait_until")(w, new_task(w, seen.entry, new_timeline(w, 0.0, 0.0)), 4.0)
    seen.engine.run()
    assert seen.at_s[0] == ("op 1", 4.0)


PUSH: dict[str, Any] = {"op": "push", "at": "a", "to": "b", "image": "o/i", "layers": [["k", 100_000]]}
HOSTS: list[dict[str, Any]] = [
    {"name": "a", "up": 10, "down": 10, "delay": 1},
    {"name": "b", "up": 10, "down": 10, "delay": 1, "registry": "plain"},
]


@pytest.mark.parametrize("engine", get_args(Engine))
def test_the_state_of_a_run_goes_at_once(engine: Engine) -> None:
    """Of run after run each would else stay until somebody looks for cycles, which in large processes is seldom."""
    scenario, streams = sim.load("metros.toml", {"demand.rate": "100/day"}).variant("central"), Streams(1)
    gc.disable()
    try:
        ran = engines.run(scenario, generate.demand(scenario, streams), streams, engine)
        left = weakref.ref(ran.state)
        del ran
        assert left() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("kind", ["engine", "rig"])
def test_rows_go_at_once_when_nobody_asks_for_them(kind: str) -> None:
    """Thousands of rows of a run that is over would else wait for the collector of cycles."""
    gc.disable()
    try:
        if kind == "engine":
            seen = Seen()
            seen.engine.run()
            left = weakref.ref(seen.engine)
            del seen
        else:
            document = {"name": "x", "congestion": "cubic", "hosts": HOSTS, "repeat": 1, "steps": [[PUSH]]}
            rig = Rig(RigScenario.model_validate(document), shipped("cubic"), Streams(0))
            rig.outcomes()
            left = weakref.ref(rig._engine)
            del rig
        assert left() is None
    finally:
        gc.enable()
