"""Flows as events: a flow ends when the fluid network says so, whether it had its links to itself or had to share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.network import Flow, simulate
from sim.world.clock import Clock, Steps
from sim.world.flight import Lane
from sim.world.places import Machine
from sim.world.wire import Wire

A, B = Machine("a", "dal", 0, 1), Machine("b", "was", 1, 1)
NEVER = float("inf")


class Sent(NamedTuple):
    """A flow to send: when, how much, over which links, how fast at most."""

    start_s: float
    size_bytes: float
    route: tuple[int, ...] = (0,)
    cap_Bps: float = NEVER


class Ended(NamedTuple):
    """What a flow came to: when, and whether it shared; and the place among all ends at which it was heard of."""

    at_s: float
    shared: bool
    place: int


def play(capacity_Bps: Sequence[float], flows: Sequence[Sent], together: bool = False) -> tuple[list[Ended], Wire]:
    """Send flows over a wire, in the order of their starts; when each ended, in their own order.

    Each has a lane of its own, or flies `together` with all others of its route and cap.
    """
    clock = Clock()
    wire = Wire(clock, capacity_Bps)
    ended: dict[int, Ended] = {}
    lanes: dict[object, Lane] = {}

    def one(number: int, sent: Sent) -> Steps:
        key = (sent.route, sent.cap_Bps) if together else number
        lane = lanes.get(key) or lanes.setdefault(key, wire.lane(A, B, sent.route, sent.cap_Bps))
        yield float(sent.start_s)
        flight = wire.send(lane, sent.size_bytes)
        yield flight
        ended[number] = Ended(clock.now, flight.shared, len(ended))

    for number, sent in enumerate(flows):
        clock.start(one(number, sent))
    clock.run_out()
    return [ended[number] for number in range(len(flows))], wire


@st.composite
def loads(draw: st.DrawFn) -> tuple[list[int], list[Sent]]:
    """Up to five links and twelve flows that come soon after each other, or at one instant."""
    capacity_Bps = draw(st.lists(st.integers(1, 50), min_size=1, max_size=5))
    routes = st.lists(st.integers(0, len(capacity_Bps) - 1), min_size=1, max_size=4, unique=True).map(tuple)
    caps = st.one_of(st.just(NEVER), st.integers(1, 20).map(float))
    starts = st.one_of(st.integers(0, 9).map(float), st.floats(0, 10))
    return capacity_Bps, draw(st.lists(st.builds(Sent, starts, st.integers(1, 100), routes, caps), max_size=12))


@given(loads(), st.booleans())
def test_flows_end_when_the_fluid_network_says(load: tuple[list[int], list[Sent]], together: bool) -> None:
    """Whatever flows meet, on lanes of their own or on one, the wire's ends are `simulate`'s, to 1e-9 of their time."""
    capacity_Bps, flows = load
    named = {f"l{number}": float(capacity) for number, capacity in enumerate(capacity_Bps)}
    expected_s = simulate(
        named,
        [Flow(f.start_s, f.size_bytes, tuple(f"l{link}" for link in f.route), 1.0, f.cap_Bps) for f in flows],
        compiled=False,
    )
    ended, wire = play(capacity_Bps, flows, together)
    assert [end.at_s for end in ended] == pytest.approx(expected_s.tolist(), rel=1e-9)
    assert wire.flows == len(flows)
    assert wire.under_way == 0
    # Everybody has left: the next flow has its links to itself.
    assert all(wire._room.take((link,), round(capacity * 1024)) for link, capacity in enumerate(capacity_Bps))


@given(loads())
def test_a_flow_that_shared_nothing_took_its_idle_time(load: tuple[list[int], list[Sent]]) -> None:
    """No flow is faster than on an idle lane, and one that was never shared is not slower."""
    capacity_Bps, flows = load
    ended, wire = play(capacity_Bps, flows)
    for flow, end, lane in zip(flows, ended, wire.lanes, strict=True):
        took_s, idle_s = end.at_s - flow.start_s, lane.idle_s(flow.size_bytes)
        assert took_s >= idle_s * (1 - 1e-9) - 1e-9
        if not end.shared:
            assert took_s == pytest.approx(idle_s, rel=1e-9, abs=1e-9)


def test_a_flow_alone_runs_at_its_narrowest_link() -> None:
    """100 bytes over links of 50, 10 and 20 bytes/s take 10 s, 20 s where the flow is capped at 5."""
    for cap_Bps, at_s in ((NEVER, 10.0), (5.0, 20.0), (10.0, 10.0)):
        ((end,), _) = play([50, 10, 20], [Sent(0.0, 100, (0, 1, 2), cap_Bps)])
        assert (end.at_s, end.shared) == (at_s, False)


def test_flows_that_fit_side_by_side_do_not_share() -> None:
    """Two flows capped at 4 and 6 bytes/s fill a link of 10 and never meet; a third makes all three share."""
    two = [Sent(0.0, 40, cap_Bps=4.0), Sent(0.0, 60, cap_Bps=6.0)]
    ended, _ = play([10], two)
    assert [(end.at_s, end.shared) for end in ended] == [(10.0, False), (10.0, False)]
    # From 5 s on 20, 30 and 10 bytes are left, at 10/3 bytes/s each: the last ends at 8 s; the others then have
    # 10 and 20 left at 4 and 6 bytes/s, so that they end at 10.5 and 11.333 s.
    ended, _ = play([10], [*two, Sent(5.0, 10)])
    assert [end.shared for end in ended] == [True, True, True]
    assert [end.at_s for end in ended] == pytest.approx([10.5, 8 + 20 / 6, 8.0])


def test_a_flow_met_half_way_has_half_left() -> None:
    """A flow of 100 bytes on 10 bytes/s is met at 5 s by one of 25: they end at 12.5 and 10 s."""
    ended, wire = play([10], [Sent(0.0, 100), Sent(5.0, 25)])
    assert [(end.at_s, end.shared) for end in ended] == [(12.5, True), (10.0, True)]
    assert wire.seen.partings == [(0, 0.0, 5.0, 50.0)]


def test_a_flow_that_starts_as_another_ends_meets_nobody() -> None:
    """At 10 s one flow ends and the next, sent afterwards at that instant, has the link to itself."""
    clock = Clock()
    wire = Wire(clock, [10.0])
    lane = wire.lane(A, B, (0,), NEVER)
    seen: list[tuple[float, bool]] = []

    def one_after_another() -> Steps:
        for _ in range(2):
            flight = wire.send(lane, 100)
            yield flight
            seen.append((clock.now, flight.shared))

    clock.start(one_after_another())
    clock.run_out()
    assert seen == [(10.0, False), (20.0, False)]


def test_others_are_left_alone() -> None:
    """Flows that meet on one link do not disturb one on another."""
    ended, _ = play([10, 10], [Sent(0.0, 100), Sent(0.0, 100), Sent(0.0, 100, (1,))])
    assert [(end.at_s, end.shared) for end in ended] == [(20.0, True), (20.0, True), (10.0, False)]


def test_flows_that_end_at_one_instant_end_in_the_order_they_started() -> None:
    """Three flows that share a link evenly from one instant on, and end at one, are heard of as they were sent."""
    ended, _ = play([10], [Sent(0.0, 100)] * 3)
    assert [(end.at_s, end.place) for end in ended] == [(30.0, 0), (30.0, 1), (30.0, 2)]


def test_flows_that_came_to_share_later_still_end_in_the_order_they_started() -> None:
    """Two flows on links of 10 bytes/s are met there at 3 and at 2 s, and both end at 13 s: the one of 0 s first."""
    # 30 bytes alone and 50 at half the rate; 10 alone and 55 at half the rate.
    first, second = Sent(0.0, 80, (0,)), Sent(1.0, 65, (1,))
    ended, _ = play([10, 10], [first, second, Sent(2.0, 100, (1,)), Sent(3.0, 100, (0,))])
    assert [(end.at_s, end.place) for end in ended[:2]] == [(13.0, 0), (13.0, 1)]


def test_a_link_is_free_again_when_flows_that_shared_it_have_ended() -> None:
    """After two flows shared until 20 s, a third at 30 s has the link to itself."""
    ended, _ = play([10], [Sent(0.0, 100), Sent(0.0, 100), Sent(30.0, 100)])
    assert (ended[2].at_s, ended[2].shared) == (40.0, False)


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
    """What a body takes beside others of its group is what the wire does to them when nobody else is there."""
    sent = [Sent(5.0, size_bytes), *(Sent(5.0 + later_s, size) for later_s, size in beside)]
    order = sorted(range(len(sent)), key=lambda at: sent[at].start_s)
    ended, wire = play([10], [sent[at] for at in order])
    assert wire.lanes[0].idle_s(size_bytes, beside) == pytest.approx(idle_s)
    assert ended[order.index(0)].at_s == pytest.approx(5.0 + idle_s)


def test_a_capped_group_shares_only_what_its_caps_reach() -> None:
    """Two bodies of 40 bytes capped at 4 bytes/s fit a link of 10 side by side: 10 s each; three take 12 s."""
    lane = Wire(Clock(), [10.0]).lane(A, B, (0,), 4.0)
    assert lane.idle_s(40) == lane.idle_s(40, [(0.0, 40)]) == 10.0
    assert lane.idle_s(40, [(0.0, 40), (0.0, 40)]) == pytest.approx(12.0)


def test_flows_of_a_random_day_end_as_simulated() -> None:
    """Two thousand flows over six links, busy and idle in turns, all end as `simulate` says."""
    rng = np.random.default_rng(1)
    start_s = np.sort(rng.random(2000)) * 86_400
    flows = [
        Sent(at_s, float(size_bytes), tuple(rng.permutation(6)[: rng.integers(1, 4)].tolist()))
        for at_s, size_bytes in zip(start_s.tolist(), rng.exponential(2000, 2000), strict=True)
    ]
    capacity_Bps = [50.0, 80.0, 110.0, 140.0, 170.0, 200.0]
    ended, _ = play(capacity_Bps, flows)
    expected_s = simulate(
        {f"l{number}": capacity for number, capacity in enumerate(capacity_Bps)},
        [Flow(f.start_s, f.size_bytes, tuple(f"l{link}" for link in f.route)) for f in flows],
        compiled=False,
    )
    assert 0.1 < np.mean([end.shared for end in ended]) < 0.9
    assert [end.at_s for end in ended] == pytest.approx(expected_s.tolist(), rel=1e-9)
