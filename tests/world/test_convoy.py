"""Flights that share their lane with each other alone: what a reader works out in the head, and to the byte."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.world.clock import Clock, Steps
from sim.world.flight import Flight, Lane
from sim.world.places import Machine
from sim.world.wire import Wire

A, B = Machine("a", "dal", 0, 1), Machine("b", "was", 1, 1)
NEVER = float("inf")


class World:
    """A wire, its clock, and what was sent on it by name."""

    def __init__(self, *capacity_Bps: float) -> None:
        self.clock = Clock()
        self.wire = Wire(self.clock, list(capacity_Bps))
        self.flights: dict[str, Flight] = {}
        self._ended: dict[str, float] = {}

    def lane(self, *route: int) -> Lane:
        return self.wire.lane(A, B, route, NEVER)

    def send(self, name: str, at_s: float, lane: Lane, size_bytes: int) -> None:
        def steps() -> Steps:
            yield at_s
            self.flights[name] = flight = self.wire.send(lane, size_bytes)
            yield flight
            self._ended[name] = self.clock.now

        self.clock.start(steps())

    def run(self) -> dict[str, float]:
        """When each ended, in the order in which that was heard."""
        self.clock.run_out()
        return self._ended


def test_a_lane_is_shared_evenly() -> None:
    """30 and 90 bytes set out together at 10 bytes/s: 5 each until 6 s, then 60 bytes alone until 12 s."""
    here = World(10.0)
    lane = here.lane(0)
    here.send("small", 0.0, lane, 30)
    here.send("large", 0.0, lane, 90)
    assert here.run() == {"small": 6.0, "large": 12.0}
    assert here.wire._fluid.next_finish_s == NEVER
    assert all(flight.shared for flight in here.flights.values())
    assert here.flights["small"].bound == ("link 0", 6.0)
    assert here.flights["large"].bound == ("link 0", 12.0)
    # The link was full for 12 s, and held both back for 18 s together.
    assert here.wire.seen.alone_s[0] == 12.0
    assert here.wire.seen.held_s[0] == 6.0


def test_who_comes_later_meets_who_is_alone() -> None:
    """100 bytes alone for 5 s; 25 more at 5 s: both at 5 bytes/s until 10 s, then 25 bytes alone until 12.5 s."""
    here = World(10.0)
    lane = here.lane(0)
    here.send("first", 0.0, lane, 100)
    here.send("second", 5.0, lane, 25)
    assert here.run() == {"second": 10.0, "first": 12.5}
    assert [piece[1:] for piece in here.wire.seen.partings if piece.carried_bytes] == [
        (0.0, 5.0, 50), (5.0, 10.0, 25), (5.0, 10.0, 25), (10.0, 12.5, 25),
    ]  # fmt: skip


def test_those_who_end_at_one_instant_end_in_the_order_they_started() -> None:
    """Three equal flights set out at one instant and end at one, as they were sent."""
    here = World(10.0)
    lane = here.lane(0)
    for name in "bca":
        here.send(name, 0.0, lane, 10)
    assert list(here.run().items()) == [("b", 3.0), ("c", 3.0), ("a", 3.0)]


def test_another_lane_breaks_a_convoy_up() -> None:
    """Two flights of 50 bytes share 10 bytes/s; at 4 s (30 left each) a third comes from another lane: 10/3 each."""
    here = World(10.0)
    lane, other = here.lane(0), here.lane(0)
    here.send("a", 0.0, lane, 50)
    here.send("b", 0.0, lane, 50)
    here.send("c", 4.0, other, 10)
    ended = here.run()
    # 10 bytes at 10/3 bytes/s: c ends at 7 s; a and b have 20 left each, at 5 bytes/s.
    assert ended == pytest.approx({"c": 7.0, "a": 11.0, "b": 11.0})
    assert here.wire.under_way == 0


def test_who_joins_a_lane_that_shares_with_others_shares_with_them() -> None:
    """While lane A shares a link with lane B, another flight on A makes three, though A alone would fill it."""
    here = World(12.0)
    lane, other = here.lane(0), here.lane(0)
    here.send("a", 0.0, lane, 60)
    here.send("b", 0.0, other, 60)
    here.send("c", 5.0, lane, 20)
    # 30 left of a and b at 5 s; at 4 bytes/s each c ends at 10 s; then 10 left each at 6 bytes/s.
    assert here.run() == pytest.approx({"c": 10.0, "a": 10 + 10 / 6, "b": 10 + 10 / 6})


def test_a_link_that_weakens_slows_a_convoy_down() -> None:
    """Two flights of 50 bytes at 10 bytes/s; from 4 s on (30 left each) the link carries 6: 3 each, until 14 s."""
    here = World(10.0)
    lane = here.lane(0)
    here.send("a", 0.0, lane, 50)
    here.send("b", 0.0, lane, 50)
    here.clock.at(4.0).callbacks.append(lambda _: here.wire.set_capacity(0, 6.0))
    assert here.run() == pytest.approx({"a": 14.0, "b": 14.0})


def test_a_link_that_goes_down_breaks_a_convoy_off() -> None:
    """Two flights of 50 bytes at 10 bytes/s have 20 bytes each through at 4 s, when the link goes down."""
    here = World(10.0)
    lane = here.lane(0)
    here.send("a", 0.0, lane, 50)
    here.send("b", 0.0, lane, 50)
    here.clock.at(4.0).callbacks.append(lambda _: here.wire.set_capacity(0, 0.0))
    assert here.run() == {"a": 4.0, "b": 4.0}
    assert [flight.sent_bytes for flight in here.flights.values()] == [20, 20]


def test_whoever_is_cut_off_leaves_the_rest_more() -> None:
    """Of two flights of 50 bytes at 10 bytes/s one is cut at 4 s; the other's 30 bytes then take 3 s."""
    here = World(10.0)
    lane = here.lane(0)
    here.send("a", 0.0, lane, 50)
    here.send("b", 0.0, lane, 50)
    here.clock.at(4.0).callbacks.append(lambda _: here.wire.cut(here.flights["a"]))
    assert here.run() == {"a": 4.0, "b": 7.0}
    assert here.flights["a"].sent_bytes == 20


sends = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 10**7), st.integers(0, 1)), min_size=1, max_size=12)


@given(sends, st.lists(st.tuples(st.integers(0, 300), st.sampled_from([3e5, 1e6, 7e5])), max_size=2))
def test_pieces_add_up_to_the_byte(asked: list[tuple[int, int, int]], changes: list[tuple[int, float]]) -> None:
    """What flights carried alone, in convoys and in the engine is their sizes, whoever comes when and whatever links
    do."""
    here = World(1e6, 3e6)
    lanes = [here.lane(0, 1), here.lane(1)]
    for number, (at, size_bytes, way) in enumerate(asked):
        here.send(f"{number}", at / 10, lanes[way], size_bytes)

    def change(capacity_Bps: float) -> Any:
        return lambda _: here.wire.set_capacity(0, capacity_Bps)

    for at, capacity_Bps in changes:
        here.clock.at(at / 10).callbacks.append(change(capacity_Bps))
    assert len(here.run()) == len(asked)
    in_pieces = sum(piece.carried_bytes for piece in here.wire.seen.partings)
    in_engine = int(here.wire.seen.watch.bins()[:, 1].sum())
    alone = sum(int(flight.size_bytes) for flight in here.flights.values() if not flight.shared)
    assert in_pieces + in_engine + alone == sum(size_bytes for _, size_bytes, _ in asked)
