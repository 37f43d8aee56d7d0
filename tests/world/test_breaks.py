"""Links that fail, weaken and recover under flows, with numbers that a reader checks in the head."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.network import Change, Flow, simulate
from sim.world.clock import Clock, Steps
from sim.world.flight import Flight
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
    """When a flow ended, what had got through, and whether that was not all."""

    at_s: float
    sent_bytes: float
    broken: bool = False


#: When something is done to the wire, given all flights so far.
Deed = tuple[float, Callable[[Wire, list[Flight]], None]]


def capacity(at_s: float, link: int, capacity_Bps: float) -> Deed:
    return at_s, lambda wire, _: wire.set_capacity(link, capacity_Bps)


def play(capacity_Bps: Sequence[float], flows: Sequence[Sent], deeds: Sequence[Deed]) -> list[Ended]:
    """What each flow came to; deeds at one instant come after the flows that start at it."""
    clock = Clock()
    wire = Wire(clock, capacity_Bps)
    flights: list[Flight] = []
    ended: dict[int, Ended] = {}

    def one(number: int, sent: Sent) -> Steps:
        lane = wire.lane(A, B, sent.route, sent.cap_Bps)
        yield float(sent.start_s)
        flight = wire.send(lane, sent.size_bytes)
        flights.append(flight)
        value = yield flight
        assert (value is not None) == flight.broken
        ended[number] = Ended(clock.now, flight.sent_bytes, flight.broken)

    def do(at_s: float, deed: Callable[[Wire, list[Flight]], None]) -> Steps:
        yield float(at_s)
        deed(wire, flights)

    for number, sent in enumerate(flows):
        clock.start(one(number, sent))
    for at_s, deed in deeds:
        clock.start(do(at_s, deed))
    clock.run_out()
    return [ended[number] for number in range(len(flows))]


def test_a_flow_alone_breaks_when_its_link_goes_down() -> None:
    """Of 100 bytes at 10 bytes/s 30 have got through when the link goes down at 3 s; a flow elsewhere ends at 10 s."""
    ended = play([10, 10], [Sent(0, 100), Sent(0, 100, (1,))], [capacity(3, 0, 0)])
    assert ended == [Ended(3, 30, True), Ended(10, 100)]


def test_flows_that_share_a_link_break_together() -> None:
    """Two flows at 5 bytes/s each have sent 20 when their link goes down at 4 s."""
    assert play([10], [Sent(0, 100)] * 2, [capacity(4, 0, 0)]) == [Ended(4, 20, True)] * 2


def test_nothing_gets_over_a_link_that_is_down() -> None:
    """Between 2 and 6 s the link is down: a flow at 3 s breaks at once, one at 6 s takes its 10 s."""
    flows = [Sent(3, 100), Sent(7, 100)]
    assert play([10], flows, [capacity(2, 0, 0), capacity(6, 0, 10)]) == [Ended(3, 0, True), Ended(17, 100)]


def test_others_take_what_broken_flows_leave() -> None:
    """Flows over links 0 and 1 share link 0 until link 1 goes down at 4 s: 20 through, then 80 at 10 bytes/s."""
    ended = play([10, 10], [Sent(0, 100), Sent(0, 100, (0, 1))], [capacity(4, 1, 0)])
    assert ended == [Ended(12, 100), Ended(4, 20, True)]


def test_a_flow_alone_goes_on_at_the_rate_that_its_link_is_given() -> None:
    """50 of 100 bytes at 10 bytes/s until 5 s, 10 more at 1 byte/s until 15 s, the last 40 at 20 bytes/s by 17 s."""
    assert play([10], [Sent(0, 100)], [capacity(5, 0, 1), capacity(15, 0, 20)]) == [Ended(17, 100)]


def test_flows_that_share_go_on_at_the_rates_that_their_link_is_given() -> None:
    """Two flows of 100 bytes at 5 bytes/s each until 10 s, then at 1 byte/s each until 20 s, then at 10 each."""
    assert play([10], [Sent(0, 100)] * 2, [capacity(10, 0, 2), capacity(20, 0, 20)]) == [Ended(24, 100)] * 2


def test_a_cap_holds_again_when_a_link_is_wide_again() -> None:
    """A link of 2 bytes/s holds a flow capped at 5 until 10 s; of 20 bytes/s it does not, and 80 bytes take 16 s."""
    assert play([2], [Sent(0, 100, (0,), 5.0)], [capacity(10, 0, 20)]) == [Ended(26, 100)]
    # Two of them, from 1 byte/s each: 90 bytes left at 5 bytes/s.
    assert play([2], [Sent(0, 100, (0,), 5.0)] * 2, [capacity(10, 0, 20)]) == [Ended(28, 100)] * 2


def test_a_flow_that_is_let_loose_meets_others_further_on() -> None:
    """A flow held to 2 bytes/s by link 0 leaves 8 of link 1 to another; from 10 s on they have 5 each."""
    flows = [Sent(0, 100, (0, 1)), Sent(0, 180, (1,), 8.0)]
    # 80 left at 5 bytes/s and 100 left at 5: the first ends at 26 s, the other has 20 left, at 8 bytes/s.
    assert play([2, 10], flows, [capacity(10, 0, 10)]) == [Ended(26, 100), Ended(28.5, 180)]


def test_what_has_got_through_at_the_instant_of_a_break_is_not_broken() -> None:
    """A flow alone and two that share end at 10 s, the instant at which both links go down: all are whole."""
    flows = [Sent(0, 100), Sent(0, 50, (1,)), Sent(0, 50, (1,))]
    # The deeds are queued first, so the break comes before the flows' own turn.
    assert play([10, 10], flows, [capacity(10, 0, 0), capacity(10, 1, 0)]) == [
        Ended(10, 100), Ended(10, 50), Ended(10, 50)
    ]  # fmt: skip


@pytest.mark.parametrize(("flows", "sent_bytes", "other"), [(1, 30, None), (2, 15, Ended(11.5, 100))])
def test_a_flow_can_be_cut(flows: int, sent_bytes: int, other: Ended | None) -> None:
    """Cut at 3 s, a flow alone has sent 30 bytes, one of two 15; the other then has 85 left, at 10 bytes/s."""
    first, *others = play([10], [Sent(0, 100)] * flows, [(3, lambda wire, flights: wire.cut(flights[0]))])
    assert first == Ended(3, sent_bytes, True)
    assert others == ([] if other is None else [other])


def test_cutting_what_has_ended_does_nothing() -> None:
    """A flow that is cut after its end, or twice, ended once and as it did; the next has the link to itself."""

    def cut(wire: Wire, flights: list[Flight]) -> None:
        wire.cut(flights[0])
        wire.cut(flights[0])

    for at_s, first in ((10, Ended(10, 100)), (12, Ended(10, 100)), (5, Ended(5, 50, True))):
        assert play([10], [Sent(0, 100), Sent(20, 100)], [(at_s, cut)]) == [first, Ended(30, 100)]


def test_a_broken_flow_may_be_sent_again_by_whoever_hears_of_it() -> None:
    """The link goes down at 3 s and up at 5 s; who waits a second after each break gets through from 5 s to 15 s."""
    clock = Clock()
    wire = Wire(clock, [10])
    lane = wire.lane(A, B, (0,), NEVER)
    seen: list[float] = []

    def insist() -> Steps:
        while (yield wire.send(lane, 100)) is not None:
            seen.append(clock.now)
            yield clock.now + 1.0
        seen.append(clock.now)

    def fail() -> Steps:
        yield 3.0
        wire.set_capacity(0, 0)
        yield 5.0
        wire.set_capacity(0, 10)

    clock.start(fail())
    clock.start(insist())
    clock.run_out()
    assert seen == [3, 4, 15]


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[int], list[Sent], list[tuple[float, int, int]]]:
    """Up to four links, ten flows and six changes of capacity, often at one instant."""
    capacity_Bps = draw(st.lists(st.integers(1, 50), min_size=1, max_size=4))
    links = st.integers(0, len(capacity_Bps) - 1)
    routes = st.lists(links, min_size=1, max_size=3, unique=True).map(tuple)
    caps = st.one_of(st.just(NEVER), st.integers(1, 20).map(float))
    starts = st.one_of(st.integers(0, 9).map(float), st.floats(0, 10))
    flows = draw(st.lists(st.builds(Sent, starts, st.integers(1, 100), routes, caps), max_size=10))
    return capacity_Bps, flows, draw(st.lists(st.tuples(starts, links, st.integers(1, 50)), max_size=6))


@given(worlds())
def test_under_any_changes_flows_end_when_the_fluid_network_says(
    world: tuple[list[int], list[Sent], list[tuple[float, int, int]]],
) -> None:
    """Whatever links are changed to, the wire's ends are `simulate`'s under the same changes, to 1e-9 of their time."""
    capacity_Bps, flows, changes = world
    named = {f"l{number}": float(capacity) for number, capacity in enumerate(capacity_Bps)}
    in_order = sorted(changes, key=lambda change: change[0])
    # `simulate` sorts changes at one instant; here the last one stands.
    last = {(at_s, link): Change(at_s, f"l{link}", float(to_Bps)) for at_s, link, to_Bps in in_order}
    expected_s = simulate(
        named,
        [Flow(f.start_s, f.size_bytes, tuple(f"l{link}" for link in f.route), 1.0, f.cap_Bps) for f in flows],
        last.values(),
        compiled=False,
    )
    ended = play(capacity_Bps, flows, [capacity(*change) for change in in_order])
    assert [end.at_s for end in ended] == pytest.approx(expected_s.tolist(), rel=1e-9)
    assert not any(end.broken for end in ended)


def test_what_is_broken_does_not_lengthen_the_run() -> None:
    """Two flows that share would end at 20 s; when both break at 4 s nothing is left to happen: the clock stands."""
    clock = Clock()
    wire = Wire(clock, [10])
    lane = wire.lane(A, B, (0,), NEVER)

    def fail() -> Steps:
        for _ in range(2):
            wire.send(lane, 100)
        yield 4.0
        wire.set_capacity(0, 0)

    clock.start(fail())
    clock.run_out()
    assert clock.now == 4
