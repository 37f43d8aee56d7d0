"""Flights that share their lane with each other alone: what a reader works out in the head, and to the byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.protocol.codes import INF

from .flowing import Case, Changed, Flow, Sent, Way, capacity, driven, ends, play


def ended_s(capacity_Bps: list[float], sent: list[tuple[float, int, float]], *changed: Changed) -> list[float]:
    """When flights end that set out at a time, over one of two lanes of the same link, with so many bytes."""
    lanes = [Way((0,), INF)] * 2
    bodies = [Sent(at_s, ((lane, float(size)),)) for at_s, lane, size in sent]
    return [end.at_s for end in ends(driven(Case(capacity_Bps, lanes, bodies, [*changed])))]


def test_a_lane_is_shared_evenly() -> None:
    """30 and 90 bytes set out together at 10 bytes/s: 5 each until 6 s, then 60 bytes alone until 12 s."""
    ended, seen = play([10], [Flow(0, 30), Flow(0, 90)], together=True)
    assert [(end.at_s, end.shared) for end in ended] == [(6.0, True), (12.0, True)]
    assert [(body[5], body[6]) for body in seen.bodies] == [(0, 6.0), (0, 12.0)]  # held back by link 0
    # The link was full for 12 s, and held both back for 18 s together.
    assert seen.alone_s[0] == 12.0
    assert seen.held_s[0] == 6.0
    assert seen.bins == []  # the fair-share engine had nothing to do with it


def test_who_comes_later_meets_who_is_alone() -> None:
    """100 bytes alone for 5 s; 25 more at 5 s: both at 5 bytes/s until 10 s, then 25 bytes alone until 12.5 s."""
    ended, seen = play([10], [Flow(0, 100), Flow(5, 25)], together=True)
    assert [end.at_s for end in ended] == [12.5, 10.0]
    assert [piece[1:] for piece in seen.segments if piece[3]] == [
        (0.0, 5.0, 50), (5.0, 10.0, 25), (5.0, 10.0, 25), (10.0, 12.5, 25),
    ]  # fmt: skip


def test_those_who_end_at_one_instant_end_in_the_order_they_started() -> None:
    """Three equal flights set out at one instant and end at one, as they were sent."""
    _, seen = play([10], [Flow(0, 10)] * 3, together=True)
    assert [(body[1], body[0]) for body in seen.bodies] == [(3.0, 0), (3.0, 1), (3.0, 2)]


def test_a_flight_of_another_lane_ends_processor_sharing() -> None:
    """Two flights of 50 bytes share 10 bytes/s; at 4 s (30 left each) a third comes from another lane: 10/3 each."""
    # 10 bytes at 10/3 bytes/s: it ends at 7 s; the two have 20 left each, at 5 bytes/s.
    assert ended_s([10.0], [(0.0, 0, 50), (0.0, 0, 50), (4.0, 1, 10)]) == pytest.approx([11.0, 11.0, 7.0])


def test_who_joins_a_lane_that_shares_with_others_shares_with_them() -> None:
    """While lane A shares a link with lane B, another flight on A makes three, though A alone would fill it."""
    # 30 left of both at 5 s; at 4 bytes/s each the third ends at 10 s; then 10 left each at 6 bytes/s.
    found = ended_s([12.0], [(0.0, 0, 60), (0.0, 1, 60), (5.0, 0, 20)])
    assert found == pytest.approx([10 + 10 / 6, 10 + 10 / 6, 10.0])


def test_a_link_that_weakens_slows_all_on_the_lane_down() -> None:
    """Two flights of 50 bytes at 10 bytes/s; from 4 s on (30 left each) the link carries 6: 3 each, until 14 s."""
    assert ended_s([10.0], [(0.0, 0, 50)] * 2, capacity(4, 0, 6)) == pytest.approx([14.0, 14.0])


def test_a_link_that_goes_down_breaks_all_on_the_lane_off() -> None:
    """Two flights of 50 bytes at 10 bytes/s have 20 bytes each through at 4 s, when the link goes down."""
    ended, _ = play([10], [Flow(0, 50)] * 2, [capacity(4, 0, 0)], together=True)
    assert [(end.at_s, end.sent_bytes, end.broken) for end in ended] == [(4.0, 20, True)] * 2


def test_flights_of_a_way_that_leads_elsewhere_break_off() -> None:
    """The same where their lane is left at 4 s, and a flight of another lane then has the link to itself."""
    lanes, sent = [Way((0,), INF)] * 2, [Sent(0.0, ((0, 50.0),)), Sent(0.0, ((0, 50.0),)), Sent(4.0, ((1, 50.0),))]
    found = ends(driven(Case([10.0], lanes, sent, [Changed(4.0, 2, 0, 0.0)])))
    assert [(end.at_s, end.sent_bytes, end.broken) for end in found] == [(4.0, 20, True)] * 2 + [(9.0, 50, False)]


sends = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 10**7), st.integers(0, 1)), min_size=1, max_size=12)


@given(sends, st.lists(st.tuples(st.integers(0, 300), st.sampled_from([3e5, 1e6, 7e5])), max_size=2))
def test_pieces_add_up_to_the_byte(asked: list[tuple[int, int, int]], changes: list[tuple[int, float]]) -> None:
    """What flights carried alone, by processor sharing and by fair sharing is their sizes, whoever comes when and
    whatever links do."""
    routes = ((0, 1), (1,))
    flows = [Flow(at / 10, size_bytes, routes[way]) for at, size_bytes, way in asked]
    changed = [capacity(at / 10, 0, capacity_Bps) for at, capacity_Bps in changes]
    ended, seen = play([1e6, 3e6], flows, changed, together=True)
    in_pieces = sum(piece[3] for piece in seen.segments)
    in_engine = sum(carried for _, link, carried in seen.bins if link == 1)
    alone = sum(int(flow.size_bytes) for flow, end in zip(flows, ended, strict=True) if not end.shared)
    assert in_pieces + in_engine + alone == sum(size_bytes for _, size_bytes, _ in asked)
