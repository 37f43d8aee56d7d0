"""Flights under way and who shares with whom: a flight is sent, and its task goes on when it has ended. Text.

A flight that meets no other has a known end, and is an event of its own (FLIGHT_DUE); flights that meet only others of
their lane fly in a convoy (`ops/convoys`). When an arrival overfills a link, the flights on that link go over to the
fair-share engine (`ops/fairshares`) with the bytes that they have left, and so does the new one. What capacities do
that change under flights is `ops/capacities`'.

Each handler of an event says whether the event still meant something; if so the clock stands where it was due, and the
tasks of the flights that have ended wait on the stack in the order in which those started. `started_s`, `shared`,
`broken`, `sent_bytes`, `bound_by` and `bound_s` (what held it back the longest, and how long) of a flight can be read
until it is freed.

Left out: delay, and all that `network/transport` adds.
"""

from __future__ import annotations

from typing import Any

from sim.network.fairshare.kernel import rate
from sim.protocol.ops.convoys import end_convoy_first, found_convoy, join_convoy, part_convoy
from sim.protocol.ops.fairshares import arm_fair, class_of_lane, end_shared, share_flight
from sim.protocol.ops.lanes import crosses_overfilled, leave_lane, mark_overfilled, reserve
from sim.protocol.ops.watch import begin_held_back, part_from_alone, unbound
from sim.protocol.state import FLIGHT_DUE, INF, NEVER
from sim.protocol.tasks import let_go
from sim.records.queue import push_event


def send(w: Any, lane: int, size_bytes: float, p: int) -> int:
    """Start a flight now; task `p` (-1: nobody) is let go when its last byte has left, or when it breaks off.

    Over a link that is down it breaks at once: then it is `over` already, and nobody is let go.
    """
    g = w.g
    f = new_flight(w, lane, size_bytes, p)
    row, flight = w.lanes[lane], w.flights[f]
    row.flying += 1
    if row.flying > 1 and row.cap_Bps == INF:
        _meet_on_lane(w, f)
    elif reserve(w, lane, row.bound):
        row.alone = f
        flight.before = g.last_lone
        if g.last_lone >= 0:
            w.flights[g.last_lone].next = f
        else:
            g.first_lone = f
        g.last_lone = f
        push_event(w, g.now_s + size_bytes / row.rate_Bps, FLIGHT_DUE, f, flight.generation)
    elif row.rate_Bps > 0.0:
        _meet(w, f)
    else:
        leave_lane(w, lane)
        break_flight(w, f, 0)
    return f


def new_flight(w: Any, lane: int, size_bytes: float, p: int) -> int:
    """A row for a flight that starts now, and rows for what holds it back."""
    g, row = w.g, w.lanes[lane]
    f = g.free_flight
    if f >= 0:
        g.free_flight = w.flights[f].next
    else:
        f = g.flights_used
        g.flights_used = f + 1
    flight = w.flights[f]
    if row.free_held_back >= 0:
        flight.first_held_back = row.free_held_back
        row.free_held_back = w.held_back[row.free_held_back].next
    else:
        flight.first_held_back = g.held_back_used
        g.held_back_used += row.end_link - row.first_link + 1
    flight.lane, flight.number, flight.task = lane, g.flow_number, p
    g.flow_number += 1
    flight.size_bytes = flight.sent_bytes = size_bytes
    flight.started_s, flight.bound_s = g.now_s, 0.0
    flight.shared = flight.over = flight.broken = 0
    flight.flow = flight.next = flight.before = -1
    return int(f)


def free_flight(w: Any, f: int) -> None:
    """Nobody asks for a flight any more that has ended."""
    flight = w.flights[f]
    row = w.lanes[flight.lane]
    w.held_back[flight.first_held_back].next = row.free_held_back
    row.free_held_back = flight.first_held_back
    flight.generation += 1
    flight.next = w.g.free_flight
    w.g.free_flight = f


def over_flight(w: Any, f: int) -> None:
    """A flight has ended; its event, if there is one, is void."""
    flight = w.flights[f]
    flight.over = 1
    flight.generation += 1


def break_flight(w: Any, f: int, sent_bytes: int) -> None:
    """A flight ends here, and so much has got through; telling those who wait is up to others."""
    over_flight(w, f)
    flight = w.flights[f]
    flight.broken = 1
    flight.sent_bytes = float(sent_bytes)
    unbound(w, f)


def hear_picked(w: Any, count: int) -> None:
    """The tasks of the first flights of `picked` are let go, the first one first."""
    for at in range(count - 1, -1, -1):
        p = w.flights[w.picked[at]].task
        if p >= 0:
            let_go(w, p)


def _end_picked(w: Any, count: int) -> None:
    """The first flights of `picked` have ended, having shared."""
    for at in range(count):
        over_flight(w, w.picked[at])
    hear_picked(w, count)


def leave_lone(w: Any, f: int) -> None:
    """A flight is none of those that fly alone any more."""
    g, flight = w.g, w.flights[f]
    if flight.before >= 0:
        w.flights[flight.before].next = flight.next
    else:
        g.first_lone = flight.next
    if flight.next >= 0:
        w.flights[flight.next].before = flight.before
    else:
        g.last_lone = flight.before
    flight.next = flight.before = -1
    w.lanes[flight.lane].alone = -1


def lone_left_bytes(w: Any, f: int) -> float:
    """What a flight that flies alone still has to send."""
    flight = w.flights[f]
    return float(max(flight.size_bytes - w.lanes[flight.lane].rate_Bps * (w.g.now_s - flight.started_s), 0.0))


def _meet(w: Any, f: int) -> None:
    """Those that fly alone over the links which a flight overfills share them from now on."""
    g, lane = w.g, w.flights[f].lane
    g.stamp += 1
    mark_overfilled(w, lane, g.stamp)
    gather_flights(w)
    begin_held_back(w, f)
    share_flight(w, f, w.flights[f].size_bytes)
    arm_fair(w)


def _meet_on_lane(w: Any, f: int) -> None:
    """Share a lane with those that fly there: in a convoy, unless they share with others already."""
    lane = w.flights[f].lane
    row = w.lanes[lane]
    first = row.alone
    if first < 0 and row.convoy == 0:
        _meet(w, f)
        return
    if row.convoy == 0:
        found_convoy(w, lane)
    if first >= 0:
        left_bytes = lone_left_bytes(w, first)
        _set_out(w, first, left_bytes, row.limit)
        join_convoy(w, lane, first, left_bytes)
    begin_held_back(w, f)
    join_convoy(w, lane, f, w.flights[f].size_bytes)


def gather_flights(w: Any) -> None:
    """Those that fly alone, or in a convoy, over links that are marked as overfilled share them from now on."""
    g = w.g
    stamp = g.stamp
    f = g.first_lone
    while f >= 0:
        following = w.flights[f].next
        lane = w.flights[f].lane
        if crosses_overfilled(w, lane, stamp):
            part_flight(w, f, lone_left_bytes(w, f), w.lanes[lane].limit)
        f = following
    lane = g.first_convoy
    while lane >= 0:
        following = w.lanes[lane].convoy_next
        if crosses_overfilled(w, lane, stamp):
            part_convoy(w, lane)
        lane = following


def part_flight(w: Any, f: int, left_bytes: float, limit: int) -> None:
    """A flight that has flown alone, held back by `limit`, goes on in the engine."""
    _set_out(w, f, left_bytes, limit)
    share_flight(w, f, left_bytes)


def _set_out(w: Any, f: int, left_bytes: float, limit: int) -> None:
    """A flight that has flown alone does so no longer; its event is void."""
    leave_lone(w, f)
    w.flights[f].generation += 1
    part_from_alone(w, f, left_bytes, limit)


def flight_due(w: Any, f: int, generation: int) -> int:
    """The end of a flight that had its links to itself; 0 if the event is void."""
    if w.flights[f].generation != generation:
        return 0
    w.g.now_s = w.g.event_s
    land_lone(w, f)
    return 1


def land_lone(w: Any, f: int) -> None:
    """A flight that had its links to itself ends now, and its task is let go."""
    flight = w.flights[f]
    lane = flight.lane
    leave_lane(w, lane)
    leave_lone(w, f)
    over_flight(w, f)
    flight.bound_by, flight.bound_s = w.lanes[lane].limit, w.g.now_s - flight.started_s
    if flight.task >= 0:
        let_go(w, flight.task)


def convoy_due(w: Any, lane: int, generation: int) -> int:
    """The first of a convoy have ended; 0 if the event is void."""
    if w.lanes[lane].convoy_generation != generation:
        return 0
    w.g.now_s = w.g.event_s
    end_convoy_due(w, lane)
    return 1


def end_convoy_due(w: Any, lane: int) -> None:
    """The first of a convoy end now, and their tasks are let go."""
    _end_picked(w, end_convoy_first(w, lane))


def fair_due(w: Any, generation: int) -> int:
    """The first flights of the engine have ended; 0 if the event is void.

    When those who waited have run, `arm_fair` is to be called: what they have set off may have armed it already.
    """
    g = w.g
    if g.fair_generation != generation:
        return 0
    g.now_s = g.event_s
    g.fair_armed_s = NEVER
    end_fair_due(w)
    return 1


def end_fair_due(w: Any) -> int:
    """The flights that the engine has through by now end, and their tasks are let go; how many."""
    ended = end_shared(w)
    _end_picked(w, ended)
    return ended


def add_up_loads(w: Any) -> None:
    """What each link carries just now, as `load_Bps` in `link_uses`."""
    for link in range(len(w.links)):
        w.link_uses[link].load_Bps = 0.0
    f = w.g.first_lone
    while f >= 0:
        lane = w.flights[f].lane
        _add_load(w, lane, w.lanes[lane].rate_Bps)
        f = w.flights[f].next
    lane = w.g.first_convoy
    while lane >= 0:
        _add_load(w, lane, w.lanes[lane].rate_Bps)
        lane = w.lanes[lane].convoy_next
    for flow in range(w.g.flows_used):
        f = w.flows[flow].token
        if f >= 0:
            lane = w.flights[f].lane
            _add_load(w, lane, rate(w, class_of_lane(w, lane)))


def _add_load(w: Any, lane: int, rate_Bps: float) -> None:
    row = w.lanes[lane]
    for h in range(row.first_link, row.end_link):
        w.link_uses[w.lane_links[h]].load_Bps += rate_Bps
