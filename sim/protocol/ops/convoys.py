"""Flights that share their lane with each other and with nobody else: processor sharing, in closed form. Text.

The blobs of one image set out together on one lane, and mostly meet nobody. All have the same route and weight, so each
has an equal part of the lane's rate, what each has got since the convoy formed is one number (`convoy_served_bytes`),
and a flight ends when that reaches its mark (Kleinrock, "Queueing Systems", vol. 2, 1976, 4.4). The fair-share engine
would say the same, at several times the cost. Members are a list by `Flight.next`, in the order in which they end.

Left out: lanes whose flights have a cap of their own; those share in the engine.
"""

from __future__ import annotations

from typing import Any

from sim.protocol.ops.fairshares import share_flight
from sim.protocol.ops.lanes import leave_lane
from sim.protocol.ops.watch import add_held_back, find_bound, place_of_limit, write_parting
from sim.protocol.state import CONVOY_DUE
from sim.records.queue import push_event


def found_convoy(w: Any, lane: int) -> None:
    """A lane has a convoy from now on, the last of all."""
    g, row = w.g, w.lanes[lane]
    row.convoy, row.convoy_first = 0, -1
    row.convoy_served_bytes, row.convoy_since_s = 0.0, g.now_s
    row.convoy_before, row.convoy_next = g.last_convoy, -1
    if g.last_convoy >= 0:
        w.lanes[g.last_convoy].convoy_next = lane
    else:
        g.first_convoy = lane
    g.last_convoy = lane


def _dissolve_convoy(w: Any, lane: int) -> None:
    """A lane has no convoy any more; its event is void."""
    g, row = w.g, w.lanes[lane]
    if row.convoy_before >= 0:
        w.lanes[row.convoy_before].convoy_next = row.convoy_next
    else:
        g.first_convoy = row.convoy_next
    if row.convoy_next >= 0:
        w.lanes[row.convoy_next].convoy_before = row.convoy_before
    else:
        g.last_convoy = row.convoy_before
    row.convoy, row.convoy_first = 0, -1
    row.convoy_generation += 1


def join_convoy(w: Any, lane: int, f: int, left_bytes: float) -> None:
    """One more flies along from now on, with so many bytes to go."""
    _advance_convoy(w, lane)
    row, flight = w.lanes[lane], w.flights[f]
    flight.shared = 1
    flight.joined_bytes, flight.booked_bytes = left_bytes, 0
    flight.mark_bytes = row.convoy_served_bytes + left_bytes
    before, other = -1, row.convoy_first
    while other >= 0 and _ends_before(w, other, f):
        before, other = other, w.flights[other].next
    flight.next = other
    if before >= 0:
        w.flights[before].next = f
    else:
        row.convoy_first = f
    row.convoy += 1
    _arm_convoy(w, lane)


def part_convoy(w: Any, lane: int) -> None:
    """The members of a convoy go on in the engine."""
    _advance_convoy(w, lane)
    row = w.lanes[lane]
    f, served_bytes = row.convoy_first, row.convoy_served_bytes
    _dissolve_convoy(w, lane)
    while f >= 0:
        following = w.flights[f].next
        share_flight(w, f, _convoy_left_bytes(w, f, served_bytes))
        f = following


def convoy_next_s(w: Any, lane: int) -> float:
    """When the next member of a convoy ends, if nobody else joins."""
    row = w.lanes[lane]
    left_bytes = w.flights[row.convoy_first].mark_bytes - row.convoy_served_bytes
    return float(row.convoy_since_s + left_bytes * row.convoy / row.rate_Bps)


def end_convoy_first(w: Any, lane: int) -> int:
    """The first members of a convoy have ended, all with the least mark: how many, in `picked` by their numbers."""
    row = w.lanes[lane]
    least_bytes = w.flights[row.convoy_first].mark_bytes
    _book_convoy(w, lane, least_bytes)
    ended = 0
    f = row.convoy_first
    while f >= 0 and w.flights[f].mark_bytes == least_bytes:
        w.picked[ended] = f
        ended += 1
        f = w.flights[f].next
    row.convoy_first = f
    row.convoy -= ended
    for at in range(ended):
        find_bound(w, w.picked[at])
    if f >= 0:
        _arm_convoy(w, lane)
    for _ in range(ended):
        leave_lane(w, lane)
    if f < 0:
        _dissolve_convoy(w, lane)
    return ended


def _ends_before(w: Any, f: int, other: int) -> bool:
    """Whether of two in a convoy it ends first, or was sent first if they end together."""
    one, two = w.flights[f], w.flights[other]
    if one.mark_bytes != two.mark_bytes:
        return bool(one.mark_bytes < two.mark_bytes)
    return bool(one.number < two.number)


def _convoy_left_bytes(w: Any, f: int, served_bytes: float) -> float:
    """What a member still has to get."""
    flight = w.flights[f]
    return float(min(max(flight.mark_bytes - served_bytes, 0.0), flight.joined_bytes))


def _advance_convoy(w: Any, lane: int) -> None:
    """Let time go by until now, in which nobody has ended."""
    row, now_s = w.lanes[lane], w.g.now_s
    lasted_s = now_s - row.convoy_since_s
    if row.convoy and lasted_s > 0.0:
        _book_convoy(w, lane, row.convoy_served_bytes + row.rate_Bps / row.convoy * lasted_s)
    row.convoy_since_s = now_s


def _book_convoy(w: Any, lane: int, served_bytes: float) -> None:
    """Everybody's part of what the lane has carried since it was last booked. One link is full for all of them."""
    row, now_s = w.lanes[lane], w.g.now_s
    limit, lasted_s = row.limit, now_s - row.convoy_since_s
    at = place_of_limit(w, limit)
    w.alone_s[at] += lasted_s
    w.held_s[at] += lasted_s * (row.convoy - 1)
    f = row.convoy_first
    while f >= 0:
        flight = w.flights[f]
        by_now = int(flight.joined_bytes) - int(_convoy_left_bytes(w, f, served_bytes))
        got_bytes = by_now - flight.booked_bytes
        flight.booked_bytes = by_now
        add_held_back(w, f, limit, lasted_s)
        write_parting(w, lane, row.convoy_since_s, got_bytes)
        f = flight.next
    row.convoy_served_bytes, row.convoy_since_s = served_bytes, now_s


def _arm_convoy(w: Any, lane: int) -> None:
    """Wake when the first of a convoy ends; what was settled for another time is void."""
    row = w.lanes[lane]
    row.convoy_generation += 1
    push_event(w, convoy_next_s(w, lane), CONVOY_DUE, lane, row.convoy_generation)
