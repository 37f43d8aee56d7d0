"""Links that keep hours, with numbers that a reader checks in the head."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.network import Flow, Schedule, simulate
from sim.scenario import Scenario
from sim.streams import Streams
from sim.workload import synthetic
from sim.world.build import build
from sim.world.clock import Clock, Steps
from sim.world.hours import Hours
from sim.world.network import spans_of
from sim.world.places import Machine
from sim.world.wire import Wire

A, B = Machine("a", "dal", 0, 1), Machine("b", "was", 1, 1)


def play(schedules: dict[str, Schedule], flows: list[Flow]) -> tuple[list[float], Clock, Wire]:
    """When each flow ended, over links that begin as their schedules do."""
    clock = Clock()
    wire = Wire(clock, [schedule.capacity_Bps(0.0) for schedule in schedules.values()])
    links = {name: number for number, name in enumerate(schedules)}
    Hours(clock, wire, schedules.values(), links)
    ended: dict[int, float] = {}

    def one(number: int, flow: Flow) -> Steps:
        lane = wire.lane(A, B, tuple(links[name] for name in flow.route), flow.cap_Bps)
        yield float(flow.start_s)
        yield wire.send(lane, flow.size_bytes)
        ended[number] = clock.now

    for number, flow in enumerate(flows):
        clock.start(one(number, flow))
    clock.run_out()
    return [ended[number] for number in range(len(flows))], clock, wire


def test_a_flow_feels_the_hours_of_its_link() -> None:
    """From 10 bytes/s the link goes to 2 at 8 s and back at 13 s: 80, 10 and 10 bytes end at 14 s, each day anew."""
    day = {"wan": Schedule("wan", [(8, 2.0), (13, 10.0)], period_s=100)}
    flows = [Flow(0, 100, ("wan",)), Flow(200, 100, ("wan",))]
    ended, clock, wire = play(day, flows)
    assert ended == [14, 214]
    # Nothing comes after that, though the schedule goes on forever.
    assert clock.now == 214
    assert wire.nominal_Bps == [10]


def test_flows_that_share_feel_it_together() -> None:
    """Two flows of 50 bytes have 5 bytes/s each until 8 s, 1 each until 13 s, and end at 14 s."""
    day = {"wan": Schedule("wan", [(8, 2.0), (13, 10.0)], period_s=100)}
    assert play(day, [Flow(0, 50, ("wan",))] * 2)[0] == [14, 14]


def test_hours_hold_for_what_is_not_broken() -> None:
    """A link that has lost half of its capacity carries half of what its hours say, and one that is down nothing."""
    wire = Wire(Clock(), [10.0, 10.0])
    wire.set_capacity(0, 5.0)
    wire.set_capacity(1, 0.0)
    wire.set_nominal(0, 20.0)
    wire.set_nominal(1, 20.0)
    assert wire.capacity_Bps == [10, 0]
    assert wire.nominal_Bps == [20, 20]


@st.composite
def days(draw: st.DrawFn) -> tuple[dict[str, Schedule], list[Flow]]:
    """One to three links with a few steps in 10 s, and up to eight flows in the first 25 s."""
    names = ("a", "b", "c")[: draw(st.integers(1, 3))]
    steps = st.dictionaries(st.integers(0, 9), st.integers(1, 20).map(float), min_size=1, max_size=4)
    schedules = {name: Schedule(name, sorted(draw(steps).items()), period_s=10) for name in names}
    routes = st.lists(st.sampled_from(names), min_size=1, unique=True).map(tuple)
    caps = st.one_of(st.just(float("inf")), st.integers(1, 20).map(float))
    flow = st.builds(Flow, st.integers(0, 25), st.integers(1, 100), routes, st.just(1.0), caps)
    return schedules, draw(st.lists(flow, max_size=8))


@settings(deadline=None)
@given(days())
def test_under_any_hours_flows_end_when_the_fluid_network_says(case: tuple[dict[str, Schedule], list[Flow]]) -> None:
    """The wire's ends are those of `simulate` under the same changes, to 1e-9 of their time."""
    schedules, flows = case
    capacity_Bps = {name: schedule.capacity_Bps(0.0) for name, schedule in schedules.items()}
    changes = [change for schedule in schedules.values() for change in schedule.changes(850.0)]
    expected_s = simulate(capacity_Bps, flows, changes, compiled=False)
    assert play(schedules, flows)[0] == pytest.approx(expected_s.tolist(), rel=1e-9)


WINDOWS = {
    "office": {"from": "8 h", "until": "18 h", "capacity": "1 Gbit/s"},
    "night": {"from": "22 h", "until": "6 h", "up": "8 Gbit/s"},
}


def scenario(schedule: dict[str, Any], link: str = "dal-was") -> Scenario:
    """Two sites and a link, which keeps hours."""
    document: dict[str, Any] = {
        "sites": {"was": {}, "dal": {}},
        "links": {"dal-was": {"between": ["dal", "was"], "rtt": "30 ms", "up": "4 Gbit/s", "down": "2 Gbit/s"}},
        "central": {"site": "was"},
        "nodes": {"n": {"site": "dal"}},
        "clients": {"dev": {"site": "dal", "up": "50 Mbit/s"}},
        "images": {"http": {"rootfs": "1.3 MB"}},
    }
    document["links"].setdefault(link, {})["schedule"] = schedule
    return Scenario.from_document(document)


def test_a_scenarios_windows_are_steps_of_the_day() -> None:
    """Office hours narrow both ways, a night that spans midnight widens one; outside, the link's own rates hold."""
    span = next(span for span in spans_of(scenario(WINDOWS)) if span.name == "dal-was")
    up, down = span.hours
    assert [up.capacity_Bps(h * 3600) * 8 / 1e9 for h in (0, 5, 6, 8, 17, 18, 21, 22, 32)] == [
        8,
        8,
        4,
        1,
        1,
        4,
        4,
        8,
        1,
    ]
    assert [down.capacity_Bps(h * 3600) * 8 / 1e9 for h in (0, 8, 18, 22)] == [2, 1, 2, 2]
    assert (span.up_Bps, span.down_Bps) == (1e9, 0.25e9)


def test_a_hosts_own_line_may_keep_hours() -> None:
    """The generated link of a host takes a schedule by its name; without one no link keeps hours."""
    evening = {"evening": {"from": "18 h", "until": "24 h", "capacity": "8 Mbit/s"}}
    spans = {span.name: span for span in spans_of(scenario(evening, "dev"))}
    up, down = spans["dev"].hours
    assert [up.capacity_Bps(h * 3600) for h in (0, 18, 24)] == [6.25e6, 1e6, 6.25e6]
    assert down.capacity_Bps(0.0) == 25e6
    assert spans["dal-was"].hours == ()


def test_windows_are_times_of_the_day_at_which_the_run_starts() -> None:
    """A run from 17:30 on meets the last half hour of office hours, 8 to 18, and the next ones 14.5 h later."""
    chosen = scenario({"office": WINDOWS["office"]})
    chosen = Scenario.from_document(chosen.document | {"run": {"start": "Tue 17:30"}})
    up, _ = {span.name: span for span in spans_of(chosen)}["dal-was"].hours
    changes = [(change.at_s / 3600, change.capacity_Bps * 8 / 1e9) for change in up.changes(until_s=20 * 3600)]
    assert changes == [(0, 1), (0.5, 4), (14.5, 1)]


def test_a_link_that_comes_back_carries_what_its_hours_say() -> None:
    """Down from 7:50 to 8:10, in which office hours begin, a link of 4 Gbit/s comes back with their 1 Gbit/s."""
    document: dict[str, Any] = {
        "run": {"duration": "9 h"},
        "demand": {"rate": "4/h", "apps": 1},
        "faults": {"cut": {"kind": "link-down", "target": "dal-was", "at": "470 min", "lasts": "20 min"}},
    }
    chosen = scenario({"office": WINDOWS["office"]})
    chosen = Scenario.from_document(chosen.document | document)
    streams = Streams(1, 0)
    asked = synthetic.demand(chosen, streams)
    world = build(chosen, asked, streams)
    seen: list[float] = []

    def look() -> Steps:
        for at_s in (460 * 60.0, 479 * 60.0, 481 * 60.0, 491 * 60.0):
            yield at_s
            seen.append(world.wire.capacity_Bps[world.network.graph.index["dal-was-up"]] * 8 / 1e9)

    world.clock.start(look())
    world.clock.run_out()
    assert seen == [4, 0, 0, 1]
