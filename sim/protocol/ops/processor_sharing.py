"""Flights that share their lane with each other and with no others: processor sharing, in closed form.

The blobs of one image start together on one lane, and mostly meet no others. All have the same route and weight, so
each has an equal part of the lane's rate. What each has been served since they began to share is one number
(`ps_served_bytes`), and a flight ends when that reaches its virtual finish (Kleinrock, "Queueing Systems", vol. 2,
1976, 4.4). The max-min solver would say the same, at several times the cost. A lane's flights are a list by
`Flight.next`, in the order in which they end.

Left out: lanes whose flights have a cap of their own; those share in the solver.
"""

from __future__ import annotations

from typing import Any

from sim.protocol.codes import PS_DUE
from sim.protocol.ops.fair_sharing import share_flight
from sim.protocol.ops.flow_monitor import add_held_back, find_bound, place_of_limit, record_segment
from sim.protocol.ops.lanes import leave_lane
from sim.records.queue import push_event


def ps_begin(w: Any, lane: int) -> None:
    """A lane's flights share it among themselves from now on."""
    g, row = w.g, w.lanes[lane]
    row.ps_flights, row.ps_first = 0, -1
    row.ps_served_bytes, row.ps_since_s = 0.0, g.now_s
    row.ps_before, row.ps_next = g.last_ps_lane, -1
    if g.last_ps_lane >= 0:
        w.lanes[g.last_ps_lane].ps_next = lane
    else:
        g.first_ps_lane = lane
    g.last_ps_lane = lane


def _ps_end(w: Any, lane: int) -> None:
    """A lane's flights do so no longer; its event is void."""
    g, row = w.g, w.lanes[lane]
    if row.ps_before >= 0:
        w.lanes[row.ps_before].ps_next = row.ps_next
    else:
        g.first_ps_lane = row.ps_next
    if row.ps_next >= 0:
        w.lanes[row.ps_next].ps_before = row.ps_before
    else:
        g.last_ps_lane = row.ps_before
    row.ps_flights, row.ps_first = 0, -1
    row.ps_generation += 1


def ps_join(w: Any, lane: int, f: int, left_bytes: float) -> None:
    """One more flight shares the lane from now on, with so many bytes left."""
    _ps_advance(w, lane)
    row, flight = w.lanes[lane], w.flights[f]
    flight.shared = 1
    flight.ps_joined_bytes, flight.counted_bytes = left_bytes, 0
    flight.virtual_finish_bytes = row.ps_served_bytes + left_bytes
    before, other = -1, row.ps_first
    while other >= 0 and _finishes_before(w, other, f):
        before, other = other, w.flights[other].next
    flight.next = other
    if before >= 0:
        w.flights[before].next = f
    else:
        row.ps_first = f
    row.ps_flights += 1
    _ps_arm(w, lane)


def ps_to_solver(w: Any, lane: int) -> None:
    """The flights of a lane go on in the solver."""
    _ps_advance(w, lane)
    row = w.lanes[lane]
    f, served_bytes = row.ps_first, row.ps_served_bytes
    _ps_end(w, lane)
    while f >= 0:
        following = w.flights[f].next
        share_flight(w, f, _ps_left_bytes(w, f, served_bytes))
        f = following


def ps_next_s(w: Any, lane: int) -> float:
    """When the next flight of a lane ends, if none joins."""
    row = w.lanes[lane]
    left_bytes = w.flights[row.ps_first].virtual_finish_bytes - row.ps_served_bytes
    return float(row.ps_since_s + left_bytes * row.ps_flights / row.rate_Bps)


def ps_end_first(w: Any, lane: int) -> int:
    """The first flights of a lane have ended, all with the least virtual finish: how many, in `picked` by their
    numbers."""
    row = w.lanes[lane]
    least_bytes = w.flights[row.ps_first].virtual_finish_bytes
    _ps_account(w, lane, least_bytes)
    ended = 0
    f = row.ps_first
    while f >= 0 and w.flights[f].virtual_finish_bytes == least_bytes:
        w.picked[ended] = f
        ended += 1
        f = w.flights[f].next
    row.ps_first = f
    row.ps_flights -= ended
    for at in range(ended):
        find_bound(w, w.picked[at])
    if f >= 0:
        _ps_arm(w, lane)
    for _ in range(ended):
        leave_lane(w, lane)
    if f < 0:
        _ps_end(w, lane)
    return ended


def _finishes_before(w: Any, f: int, other: int) -> bool:
    """Whether of two flights of a lane it ends first, or started first if they end together."""
    one, two = w.flights[f], w.flights[other]
    if one.virtual_finish_bytes != two.virtual_finish_bytes:
        return bool(one.virtual_finish_bytes < two.virtual_finish_bytes)
    return bool(one.number < two.number)


def _ps_left_bytes(w: Any, f: int, served_bytes: float) -> float:
    """What a flight still has to be served."""
    flight = w.flights[f]
    return float(min(max(flight.virtual_finish_bytes - served_bytes, 0.0), flight.ps_joined_bytes))


def _ps_advance(w: Any, lane: int) -> None:
    """Serve the lane's flights until now; none has ended since."""
    row, now_s = w.lanes[lane], w.g.now_s
    lasted_s = now_s - row.ps_since_s
    if row.ps_flights and lasted_s > 0.0:
        _ps_account(w, lane, row.ps_served_bytes + row.rate_Bps / row.ps_flights * lasted_s)
    row.ps_since_s = now_s


def _ps_account(w: Any, lane: int, served_bytes: float) -> None:
    """Account for each flight's part of what the lane has carried since the last time. One link is full for all of
    them."""
    row, now_s = w.lanes[lane], w.g.now_s
    limit, lasted_s = row.limit, now_s - row.ps_since_s
    at = place_of_limit(w, limit)
    w.alone_s[at] += lasted_s
    w.held_s[at] += lasted_s * (row.ps_flights - 1)
    f = row.ps_first
    while f >= 0:
        flight = w.flights[f]
        by_now = int(flight.ps_joined_bytes) - int(_ps_left_bytes(w, f, served_bytes))
        got_bytes = by_now - flight.counted_bytes
        flight.counted_bytes = by_now
        add_held_back(w, f, limit, lasted_s)
        record_segment(w, lane, row.ps_since_s, got_bytes)
        f = flight.next
    row.ps_served_bytes, row.ps_since_s = served_bytes, now_s


def _ps_arm(w: Any, lane: int) -> None:
    """Have an event when the next flight of a lane ends; an earlier one is void."""
    row = w.lanes[lane]
    row.ps_generation += 1
    push_event(w, ps_next_s(w, lane), PS_DUE, lane, row.ps_generation)
