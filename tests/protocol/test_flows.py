"""Flows: one ends when the fluid network says so, whether it had its links to itself or had to share."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import network
from sim.network import simulate
from sim.network.fairshare import active, filling, kernel, pairing, sharing, solution
from sim.network.tcp import transport
from sim.protocol import tasks
from sim.protocol.codes import INF
from sim.protocol.growth import grow_flow_tables
from sim.protocol.ops import capacities, fair_sharing, flow_monitor, flows, lanes, processor_sharing, window_sums
from sim.protocol.ops.lanes import beside_idle_s, ramp_s, residual_units
from sim.records import queue
from sim.records.layout import ArrayState, ObjectState

from . import flow_driver
from .flowing import LAYOUT, Case, Changed, Flow, Sent, Way, cases, driven, ends, play, seen_in, state_of


@pytest.fixture(scope="module")
def compiled() -> Any:
    """What drives bodies, as machine code."""
    compiling = importlib.import_module("sim.records.compiling")
    solver = (pairing, filling, sharing, active, solution, kernel, transport)
    sharers = (flow_monitor, fair_sharing, processor_sharing, window_sums)
    protocol = (queue, tasks, lanes, *sharers, flows, capacities, flow_driver)
    return compiling.compile_calls(LAYOUT, (*solver, *protocol), ("begin_bodies", "drive_bodies"))


@pytest.mark.slow
@given(case=cases(True))
def test_flows_compiled_are_the_same(compiled: Any, case: Case) -> None:
    """Compiled, the same functions on arrays see the same to the last bit."""
    state = state_of(case, ArrayState)
    compiled.begin_bodies(state)
    while compiled.drive_bodies(state):
        grow_flow_tables(state)
    assert seen_in(case, state) == driven(case)


def test_flows_that_break_and_are_diverted() -> None:
    """Two flows meet on 10 kB/s; later ones of a task break off when link 1 goes down, and when their way moves."""
    ways = [Way((0,), INF), Way((0, 1), 5000.0)]
    sent = [Sent(0.0, ((0, 40_000.0),)), Sent(0.0, ((1, 40_000.0),)), Sent(20.0, ((1, 40_000.0), (0, 20_000.0)))]
    case = Case([10_000.0, 8000.0], ways, sent, [Changed(22.0, 0, 1, 0.0), Changed(23.0, 2, 0, 0.0)])
    seen = driven(case)
    assert [body[1] for body in seen.bodies] == [8.0, 8.0, 22.0, 23.0]
    assert [body[4] for body in seen.bodies] == [40_000.0, 40_000.0, 10_000.0, 10_000.0]


@st.composite
def loads(draw: st.DrawFn) -> tuple[list[int], list[Flow]]:
    """Up to five links and twelve flows that come soon after each other, or at one instant."""
    capacity_Bps = draw(st.lists(st.integers(1, 50), min_size=1, max_size=5))
    routes = st.lists(st.integers(0, len(capacity_Bps) - 1), min_size=1, max_size=4, unique=True).map(tuple)
    caps = st.one_of(st.just(INF), st.integers(1, 20).map(float))
    starts = st.one_of(st.integers(0, 9).map(float), st.floats(0, 10))
    return capacity_Bps, draw(st.lists(st.builds(Flow, starts, st.integers(1, 100), routes, caps), max_size=12))


def simulated_s(capacity_Bps: list[float], sent: list[Flow]) -> list[float]:
    """When they end by the network alone."""
    named = {f"l{number}": float(capacity) for number, capacity in enumerate(capacity_Bps)}
    alike = [network.Flow(f.start_s, f.size_bytes, tuple(f"l{link}" for link in f.route), 1.0, f.cap_Bps) for f in sent]
    found: list[float] = simulate(named, alike, compiled=False).tolist()
    return found


@given(loads(), st.booleans())
def test_flows_end_when_the_fluid_network_says(load: tuple[list[int], list[Flow]], together: bool) -> None:
    """Whatever flows meet, on lanes of their own or on one, their ends are `simulate`'s, to 1e-9 of their time."""
    capacity_Bps, sent = load
    ended, seen = play(capacity_Bps, sent, together=together)
    assert [end.at_s for end in ended] == pytest.approx(simulated_s([*map(float, capacity_Bps)], sent), rel=1e-9)
    assert all(end.sent_bytes == flow.size_bytes for end, flow in zip(ended, sent, strict=True))
    # Everybody has left: the next flow has its links to itself.
    assert seen.residual == [residual_units(float(capacity)) for capacity in capacity_Bps]


@given(loads())
def test_a_flow_that_shared_nothing_took_its_idle_time(load: tuple[list[int], list[Flow]]) -> None:
    """No flow is faster than on an idle lane, and one that was never shared is not slower."""
    capacity_Bps, sent = load
    ended, _ = play(capacity_Bps, sent)
    for flow, end in zip(sent, ended, strict=True):
        idle_s = flow.size_bytes / min(flow.cap_Bps, *(capacity_Bps[link] for link in flow.route))
        took_s = end.at_s - flow.start_s
        assert took_s >= idle_s * (1 - 1e-9) - 1e-9
        if not end.shared:
            assert took_s == pytest.approx(idle_s, rel=1e-9, abs=1e-9)


def test_a_flow_alone_runs_at_its_narrowest_link() -> None:
    """100 bytes over links of 50, 10 and 20 bytes/s take 10 s, 20 s where the flow is capped at 5."""
    for cap_Bps, at_s in ((INF, 10.0), (5.0, 20.0), (10.0, 10.0)):
        ((end,), _) = play([50, 10, 20], [Flow(0.0, 100, (0, 1, 2), cap_Bps)])
        assert (end.at_s, end.shared) == (at_s, False)


def test_flows_that_fit_side_by_side_do_not_share() -> None:
    """Two flows capped at 4 and 6 bytes/s fill a link of 10 and never meet; a third makes all three share."""
    two = [Flow(0.0, 40, cap_Bps=4.0), Flow(0.0, 60, cap_Bps=6.0)]
    ended, _ = play([10], two)
    assert [(end.at_s, end.shared) for end in ended] == [(10.0, False), (10.0, False)]
    # From 5 s on 20, 30 and 10 bytes are left, at 10/3 bytes/s each: the last ends at 8 s; the others then have
    # 10 and 20 left at 4 and 6 bytes/s, so that they end at 10.5 and 11.333 s.
    ended, _ = play([10], [*two, Flow(5.0, 10)])
    assert [end.shared for end in ended] == [True, True, True]
    assert [end.at_s for end in ended] == pytest.approx([10.5, 8 + 20 / 6, 8.0])


def test_a_flow_met_half_way_has_half_left() -> None:
    """A flow of 100 bytes on 10 bytes/s is met at 5 s by one of 25: they end at 12.5 and 10 s."""
    ended, seen = play([10], [Flow(0.0, 100), Flow(5.0, 25)])
    assert [(end.at_s, end.shared) for end in ended] == [(12.5, True), (10.0, True)]
    assert seen.segments == [(0, 0.0, 5.0, 50)]


def test_a_flow_that_starts_as_another_ends_meets_nobody() -> None:
    """At 10 s one flow ends and the next, sent afterwards at that instant, has the link to itself."""
    seen = driven(Case([10.0], [Way((0,), INF)], [Sent(0.0, ((0, 100.0), (0, 100.0)))], []))
    assert [(end.at_s, end.shared) for end in ends(seen)] == [(10.0, False), (20.0, False)]


def test_others_are_left_alone() -> None:
    """Flows that meet on one link do not disturb one on another."""
    ended, _ = play([10, 10], [Flow(0.0, 100), Flow(0.0, 100), Flow(0.0, 100, (1,))])
    assert [(end.at_s, end.shared) for end in ended] == [(20.0, True), (20.0, True), (10.0, False)]


def test_flows_that_end_at_one_instant_end_in_the_order_they_started() -> None:
    """Three flows that share a link evenly from one instant on, and end at one, are heard of as they were sent."""
    _, seen = play([10], [Flow(0.0, 100)] * 3)
    assert [(body[1], body[0]) for body in seen.bodies] == [(30.0, 0), (30.0, 1), (30.0, 2)]


def test_flows_that_came_to_share_later_still_end_in_the_order_they_started() -> None:
    """Two flows on links of 10 bytes/s are met there at 3 and at 2 s, and both end at 13 s: the one of 0 s first."""
    # 30 bytes alone and 50 at half the rate; 10 alone and 55 at half the rate.
    first, second = Flow(0.0, 80, (0,)), Flow(1.0, 65, (1,))
    _, seen = play([10, 10], [first, second, Flow(2.0, 100, (1,)), Flow(3.0, 100, (0,))])
    assert [(body[1], body[0]) for body in seen.bodies[:2]] == [(13.0, 0), (13.0, 1)]


def test_a_link_is_free_again_when_flows_that_shared_it_have_ended() -> None:
    """After two flows shared until 20 s, a third at 30 s has the link to itself."""
    ended, _ = play([10], [Flow(0.0, 100), Flow(0.0, 100), Flow(30.0, 100)])
    assert (ended[2].at_s, ended[2].shared) == (40.0, False)


def beside_s(cap_Bps: float, size_bytes: float, beside: list[tuple[float, float]]) -> float:
    """How long a body takes on 10 bytes/s beside those that set out so much later with so many bytes."""
    state = state_of(Case([10.0], [Way((0,), cap_Bps)], [], []), ObjectState)
    for at, (later_s, other_bytes) in enumerate(beside):
        state.beside_later_s[at], state.beside_bytes[at] = later_s, float(other_bytes)
    return beside_idle_s(state, 0, float(size_bytes), len(beside))


@pytest.mark.parametrize(
    ("size_bytes", "beside", "idle_s"),
    [
        (100, [], 10.0),
        (100, [(0.0, 100)], 20.0),  # both at 5 bytes/s
        (100, [(0.0, 25)], 12.5),  # 25 at 5 bytes/s, then 75 alone
        (25, [(0.0, 100)], 5.0),
        (100, [(4.0, 100)], 16.0),  # 40 alone, then 60 at 5 bytes/s
        (100, [(4.0, 20)], 12.0),  # 40 alone, 20 at 5 bytes/s, 40 alone
        (40, [(4.0, 20)], 4.0),
        (100, [(-4.0, 100)], 16.0),  # the other has 60 left, which take 12 s; then 40 alone
        (30, [(-4.0, 100)], 6.0),
        (30, [(-4.0, 30)], 3.0),
        (60, [(0.0, 30), (0.0, 90)], 15.0),  # 30 at a third of 10 bytes/s, 30 at 5
        (100, [(-1.0, 20), (4.0, 20)], 13.0),  # the first has 10 left, 2 s; 20 alone; 20 shared, 4 s; 50 alone
    ],
)
def test_a_groups_own_time_is_that_of_an_even_share(
    size_bytes: float, beside: list[tuple[float, float]], idle_s: float
) -> None:
    """What a body takes beside others of its group is what links do to them when nobody else is there."""
    sent = [Flow(5.0, size_bytes), *(Flow(5.0 + later_s, size) for later_s, size in beside)]
    order = sorted(range(len(sent)), key=lambda at: sent[at].start_s)
    ended, _ = play([10], [sent[at] for at in order])
    assert beside_s(INF, size_bytes, beside) == pytest.approx(idle_s)
    assert ended[order.index(0)].at_s == pytest.approx(5.0 + idle_s)


def test_a_capped_group_shares_only_what_its_caps_reach() -> None:
    """Two bodies of 40 bytes capped at 4 bytes/s fit a link of 10 side by side: 10 s each; three take 12 s."""
    assert beside_s(4.0, 40, []) == beside_s(4.0, 40, [(0.0, 40)]) == 10.0
    assert beside_s(4.0, 40, [(0.0, 40), (0.0, 40)]) == pytest.approx(12.0)


def test_slow_start_costs_what_its_windows_do() -> None:
    """At 1 MB/s and 200 ms windows of 14.6 to 116.8 kB take 0.8 s for 219 kB, which a link full takes 0.219 s for."""
    state = state_of(Case([1e6], [Way((0,), INF)], [], []), ObjectState)
    state.grow("ways", 1)
    way = state.ways[0]
    way.ramp_down, way.down_round_trip_s = 1.0, 0.2
    assert [ramp_s(state, 0, 0, 1, size) for size in (14_600, 400_000, 10**9)] == pytest.approx([0.0, 0.581, 0.581])


def test_flows_of_a_random_day_end_as_simulated() -> None:
    """Two thousand flows over six links, busy and idle in turns, all end as `simulate` says."""
    rng = np.random.default_rng(1)
    start_s = np.sort(rng.random(2000)) * 86_400
    sent = [
        Flow(at_s, float(size_bytes), tuple(rng.permutation(6)[: rng.integers(1, 4)].tolist()))
        for at_s, size_bytes in zip(start_s.tolist(), rng.exponential(2000, 2000), strict=True)
    ]
    capacity_Bps = [50.0, 80.0, 110.0, 140.0, 170.0, 200.0]
    ended, _ = play(capacity_Bps, sent)
    assert 0.1 < np.mean([end.shared for end in ended]) < 0.9
    assert [end.at_s for end in ended] == pytest.approx(simulated_s(capacity_Bps, sent), rel=1e-9)
