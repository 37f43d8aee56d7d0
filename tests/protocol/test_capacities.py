"""Links that fail, weaken and recover under flows, with numbers that a reader checks in the head."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import network
from sim.network import Schedule, simulate
from sim.protocol.codes import INF

from .flowing import Case, Changed, Ended, Flow, Sent, Way, capacity, driven, play


def without_shared(ended: list[Ended]) -> list[Ended]:
    return [end._replace(shared=False) for end in ended]


def after(capacity_Bps: list[float], flows: list[Flow], *changed: Changed) -> list[Ended]:
    """What each flow came to; changes at one instant come after the flows that start at it."""
    return without_shared(play(capacity_Bps, flows, changed)[0])


def test_a_flow_alone_breaks_when_its_link_goes_down() -> None:
    """Of 100 bytes at 10 bytes/s 30 have got through when the link goes down at 3 s; a flow elsewhere ends at 10 s."""
    ended = after([10, 10], [Flow(0, 100), Flow(0, 100, (1,))], capacity(3, 0, 0))
    assert ended == [Ended(3, 30, True), Ended(10, 100)]


def test_flows_that_share_a_link_break_together() -> None:
    """Two flows at 5 bytes/s each have sent 20 when their link goes down at 4 s."""
    assert after([10], [Flow(0, 100)] * 2, capacity(4, 0, 0)) == [Ended(4, 20, True)] * 2


def test_nothing_gets_over_a_link_that_is_down() -> None:
    """Between 2 and 6 s the link is down: a flow at 3 s breaks at once, one at 7 s takes its 10 s."""
    flows = [Flow(3, 100), Flow(7, 100)]
    assert after([10], flows, capacity(2, 0, 0), capacity(6, 0, 10)) == [Ended(3, 0, True), Ended(17, 100)]


def test_others_take_what_broken_flows_leave() -> None:
    """Flows over links 0 and 1 share link 0 until link 1 goes down at 4 s: 20 through, then 80 at 10 bytes/s."""
    ended = after([10, 10], [Flow(0, 100), Flow(0, 100, (0, 1))], capacity(4, 1, 0))
    assert ended == [Ended(12, 100), Ended(4, 20, True)]


def test_a_flow_alone_goes_on_at_the_rate_that_its_link_is_given() -> None:
    """50 of 100 bytes at 10 bytes/s until 5 s, 10 more at 1 byte/s until 15 s, the last 40 at 20 bytes/s by 17 s."""
    assert after([10], [Flow(0, 100)], capacity(5, 0, 1), capacity(15, 0, 20)) == [Ended(17, 100)]


def test_flows_that_share_go_on_at_the_rates_that_their_link_is_given() -> None:
    """Two flows of 100 bytes at 5 bytes/s each until 10 s, then at 1 byte/s each until 20 s, then at 10 each."""
    assert after([10], [Flow(0, 100)] * 2, capacity(10, 0, 2), capacity(20, 0, 20)) == [Ended(24, 100)] * 2


def test_a_cap_holds_again_when_a_link_is_wide_again() -> None:
    """A link of 2 bytes/s holds a flow capped at 5 until 10 s; of 20 bytes/s it does not, and 80 bytes take 16 s."""
    assert after([2], [Flow(0, 100, (0,), 5.0)], capacity(10, 0, 20)) == [Ended(26, 100)]
    # Two of them, from 1 byte/s each: 90 bytes left at 5 bytes/s.
    assert after([2], [Flow(0, 100, (0,), 5.0)] * 2, capacity(10, 0, 20)) == [Ended(28, 100)] * 2


def test_a_flow_that_is_let_loose_meets_others_further_on() -> None:
    """A flow held to 2 bytes/s by link 0 leaves 8 of link 1 to another; from 10 s on they have 5 each."""
    flows = [Flow(0, 100, (0, 1)), Flow(0, 180, (1,), 8.0)]
    # 80 left at 5 bytes/s and 100 left at 5: the first ends at 26 s, the other has 20 left, at 8 bytes/s.
    assert after([2, 10], flows, capacity(10, 0, 10)) == [Ended(26, 100), Ended(28.5, 180)]


def test_what_has_got_through_at_the_instant_of_a_break_is_not_broken() -> None:
    """A flow alone and two that share end at 10 s, the instant at which both links go down: all are whole."""
    flows = [Flow(0, 100), Flow(0, 50, (1,)), Flow(0, 50, (1,))]
    # The changes are queued first, so the break comes before the flows' own turn.
    assert after([10, 10], flows, capacity(10, 0, 0), capacity(10, 1, 0)) == [
        Ended(10, 100), Ended(10, 50), Ended(10, 50)
    ]  # fmt: skip


def test_a_broken_flow_may_be_sent_again_by_whoever_hears_of_it() -> None:
    """The link goes down at 3 s and up at 5 s; who sends again at once is told at once, and gets through from 6 s
    on."""
    sent = [Sent(0.0, ((0, 100.0), (0, 100.0))), Sent(6.0, ((0, 100.0),))]
    case = Case([10.0], [Way((0,), INF)], sent, [capacity(3, 0, 0), capacity(5, 0, 10)])
    assert [(body[1], body[3], body[4]) for body in driven(case).bodies] == [(3, 1, 30), (3, 1, 0), (16, 0, 100)]


@st.composite
def changing(draw: st.DrawFn) -> tuple[list[int], list[Flow], list[tuple[float, int, int]]]:
    """Up to four links, ten flows and six changes of capacity, often at one instant."""
    capacity_Bps = draw(st.lists(st.integers(1, 50), min_size=1, max_size=4))
    links = st.integers(0, len(capacity_Bps) - 1)
    routes = st.lists(links, min_size=1, max_size=3, unique=True).map(tuple)
    caps = st.one_of(st.just(INF), st.integers(1, 20).map(float))
    starts = st.one_of(st.integers(0, 9).map(float), st.floats(0, 10))
    flows = draw(st.lists(st.builds(Flow, starts, st.integers(1, 100), routes, caps), max_size=10))
    return capacity_Bps, flows, draw(st.lists(st.tuples(starts, links, st.integers(1, 50)), max_size=6))


def named(flows: list[Flow]) -> list[network.Flow]:
    return [network.Flow(f.start_s, f.size_bytes, tuple(f"l{link}" for link in f.route), 1.0, f.cap_Bps) for f in flows]


@given(changing())
def test_under_any_changes_flows_end_when_the_fluid_network_says(
    case: tuple[list[int], list[Flow], list[tuple[float, int, int]]],
) -> None:
    """Whatever links are changed to, flows end when `simulate` says under the same changes, to 1e-9 of their time."""
    capacity_Bps, flows, changes = case
    rates = {f"l{number}": float(capacity) for number, capacity in enumerate(capacity_Bps)}
    in_order = sorted(changes, key=lambda change: change[0])
    # `simulate` sorts changes at one instant; here the last one stands.
    last = {(at_s, link): network.Change(at_s, f"l{link}", float(to_Bps)) for at_s, link, to_Bps in in_order}
    expected_s = simulate(rates, named(flows), last.values(), compiled=False)
    ended, _ = play(capacity_Bps, flows, [capacity(*change) for change in in_order])
    assert [end.at_s for end in ended] == pytest.approx(expected_s.tolist(), rel=1e-9)
    assert not any(end.broken for end in ended)


def test_hours_hold_for_what_is_not_broken() -> None:
    """A link that has lost half of its capacity carries half of what its hours say, and one that is down nothing."""
    flows = [Flow(2, 100), Flow(2, 100, (1,)), Flow(20, 100, (1,))]
    nominal = [Changed(1.0, 1, link, 20.0) for link in (0, 1)]
    ended = after([10, 10], flows, capacity(0, 0, 5), capacity(0, 1, 0), *nominal, capacity(15, 1, 20))
    assert ended == [Ended(12, 100), Ended(2, 0, True), Ended(25, 100)]


@st.composite
def days(draw: st.DrawFn) -> tuple[list[Schedule], list[Flow]]:
    """One to three links with a few steps in 10 s, and up to eight flows in the first 25 s."""
    count = draw(st.integers(1, 3))
    steps = st.dictionaries(st.integers(0, 9), st.integers(1, 20).map(float), min_size=1, max_size=4)
    schedules = [Schedule(f"l{link}", sorted(draw(steps).items()), period_s=10) for link in range(count)]
    routes = st.lists(st.integers(0, count - 1), min_size=1, unique=True).map(tuple)
    caps = st.one_of(st.just(INF), st.integers(1, 20).map(float))
    flow = st.builds(Flow, st.integers(0, 25), st.integers(1, 100), routes, caps)
    return schedules, draw(st.lists(flow, max_size=8))


@given(days())
def test_under_any_hours_flows_end_when_the_fluid_network_says(case: tuple[list[Schedule], list[Flow]]) -> None:
    """Flows end when `simulate` says under the same changes, to 1e-9 of their time."""
    schedules, flows = case
    rates = {schedule.link: schedule.capacity_Bps(0.0) for schedule in schedules}
    changes = [change for schedule in schedules for change in schedule.changes(850.0)]
    expected_s = simulate(rates, named(flows), changes, compiled=False)
    nominal = [Changed(float(one.at_s), 1, int(one.link[1:]), one.capacity_Bps) for one in changes]
    ended, _ = play([*rates.values()], flows, nominal)
    assert [end.at_s for end in ended] == pytest.approx(expected_s.tolist(), rel=1e-9)
