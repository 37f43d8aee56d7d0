"""Flows under way (*flights*), and with whom each shares its links: its end makes its task ready.

A flight that shares no link has a known end, which is an event of its own (LONE_DUE). Flights that meet only others of
their lane share it as in processor sharing (`ops/processor_sharing`). When a flight that starts overfills a link, all
flights on that link go over to the max-min solver (`ops/fair_sharing`) with the bytes that they have left, and so does
the new one. All three say the same; they differ in cost. Capacities that change under flights are `ops/capacities`'.

Each handler of an event returns whether the event still meant something. If so the clock is at its time, and the tasks
of the flights that have ended are ready, in the order in which those started. `started_s`, `shared`, `broken`,
`sent_bytes`, `bound_by` and `bound_s` (what held it back the longest, and how long) of a flight can be read until it is
freed.

Left out: delay, and what TCP adds (`sim.network.tcp.transport`).
"""

from __future__ import annotations

from typing import Any

from sim.network.fairshare.kernel import rate
from sim.protocol.codes import INF, LONE_DUE, NEVER
from sim.protocol.ops.fair_sharing import arm_fair, end_shared, share_flight
from sim.protocol.ops.flow_monitor import begin_held_back, clear_bound, end_lone_segment
from sim.protocol.ops.lanes import crosses_overfilled, leave_lane, mark_overfilled, reserve
from sim.protocol.ops.processor_sharing import ps_begin, ps_end_first, ps_join, ps_to_solver
from sim.protocol.ops.window_sums import count_window
from sim.protocol.tasks import make_ready
from sim.records.queue import push_event


def send(w: Any, lane: int, size_bytes: float, p: int) -> int:
    """Start a flight now; task `p` (-1: none) is ready when its last byte has left, or when it breaks off.

    Over a link that is down it breaks off at once: then it has `ended` already, and no task is made ready.
    """
    g = w.g
    f = new_flight(w, lane, size_bytes, p)
    row, flight = w.lanes[lane], w.flights[f]
    row.flights += 1
    if row.flights > 1 and row.cap_Bps == INF:
        _share_lane(w, f)
    elif reserve(w, lane, row.bound):
        row.alone = f
        flight.before = g.last_lone
        if g.last_lone >= 0:
            w.flights[g.last_lone].next = f
        else:
            g.first_lone = f
        g.last_lone = f
        push_event(w, g.now_s + size_bytes / row.rate_Bps, LONE_DUE, f, flight.generation)
    elif row.rate_Bps > 0.0:
        _share_links(w, f)
    else:
        leave_lane(w, lane)
        break_off(w, f, 0)
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
    flight.window = 0.0
    flight.started_s, flight.bound_s = g.now_s, 0.0
    flight.shared = flight.ended = flight.broken = 0
    flight.flow = flight.next = flight.before = -1
    return int(f)


def free_flight(w: Any, f: int) -> None:
    """A flight that has ended is needed no more."""
    flight = w.flights[f]
    row = w.lanes[flight.lane]
    w.held_back[flight.first_held_back].next = row.free_held_back
    row.free_held_back = flight.first_held_back
    flight.generation += 1
    flight.next = w.g.free_flight
    w.g.free_flight = f


def mark_ended(w: Any, f: int) -> None:
    """A flight has ended; its event, if there is one, is void."""
    flight = w.flights[f]
    if flight.window > 0.0:
        count_window(w, f, -1.0)
        flight.last_window, flight.window = flight.window, 0.0
    flight.ended = 1
    flight.generation += 1


def break_off(w: Any, f: int, sent_bytes: int) -> None:
    """A flight ends here, and so much has got through; its task is its caller's business."""
    mark_ended(w, f)
    flight = w.flights[f]
    flight.broken = 1
    flight.sent_bytes = float(sent_bytes)
    clear_bound(w, f)


def ready_picked(w: Any, count: int) -> None:
    """The tasks of the first flights of `picked` are ready, the first one first."""
    for at in range(count - 1, -1, -1):
        p = w.flights[w.picked[at]].task
        if p >= 0:
            make_ready(w, p)


def _end_picked(w: Any, count: int) -> None:
    """The first flights of `picked` have ended, having shared."""
    for at in range(count):
        mark_ended(w, w.picked[at])
    ready_picked(w, count)


def leave_lone(w: Any, f: int) -> None:
    """A flight is no longer among those that share no link."""
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
    """What a flight that shares no link still has to send."""
    flight = w.flights[f]
    return float(max(flight.size_bytes - w.lanes[flight.lane].rate_Bps * (w.g.now_s - flight.started_s), 0.0))


def _share_links(w: Any, f: int) -> None:
    """A flight overfills links: those that shared no link, or only their lane, share these links from now on."""
    g, lane = w.g, w.flights[f].lane
    g.stamp += 1
    mark_overfilled(w, lane, g.stamp)
    share_overfilled(w)
    begin_held_back(w, f)
    share_flight(w, f, w.flights[f].size_bytes)
    arm_fair(w)


def _share_lane(w: Any, f: int) -> None:
    """Share a lane with its flights: among themselves, unless they share with others already."""
    lane = w.flights[f].lane
    row = w.lanes[lane]
    first = row.alone
    if first < 0 and row.ps_flights == 0:
        _share_links(w, f)
        return
    if row.ps_flights == 0:
        ps_begin(w, lane)
    if first >= 0:
        left_bytes = lone_left_bytes(w, first)
        _end_lone_flight(w, first, left_bytes, row.limit)
        ps_join(w, lane, first, left_bytes)
    begin_held_back(w, f)
    ps_join(w, lane, f, w.flights[f].size_bytes)


def share_overfilled(w: Any) -> None:
    """Flights on links that are marked as overfilled, and not in the solver yet, go there."""
    g = w.g
    stamp = g.stamp
    f = g.first_lone
    while f >= 0:
        following = w.flights[f].next
        lane = w.flights[f].lane
        if crosses_overfilled(w, lane, stamp):
            share_lone(w, f, lone_left_bytes(w, f), w.lanes[lane].limit)
        f = following
    lane = g.first_ps_lane
    while lane >= 0:
        following = w.lanes[lane].ps_next
        if crosses_overfilled(w, lane, stamp):
            ps_to_solver(w, lane)
        lane = following


def share_lone(w: Any, f: int, left_bytes: float, limit: int) -> None:
    """A flight that shared no link, held back by `limit`, goes on in the solver."""
    _end_lone_flight(w, f, left_bytes, limit)
    share_flight(w, f, left_bytes)


def _end_lone_flight(w: Any, f: int, left_bytes: float, limit: int) -> None:
    """A flight that shared no link does so now; its event is void."""
    leave_lone(w, f)
    w.flights[f].generation += 1
    end_lone_segment(w, f, left_bytes, limit)


def lone_due(w: Any, f: int, generation: int) -> int:
    """The end of a flight that shared no link; 0 if the event is void."""
    if w.flights[f].generation != generation:
        return 0
    w.g.now_s = w.g.event_s
    lone_ended(w, f)
    return 1


def lone_ended(w: Any, f: int) -> None:
    """A flight that shared no link ends now, and its task is ready."""
    flight = w.flights[f]
    lane = flight.lane
    leave_lane(w, lane)
    leave_lone(w, f)
    mark_ended(w, f)
    flight.bound_by, flight.bound_s = w.lanes[lane].limit, w.g.now_s - flight.started_s
    if flight.task >= 0:
        make_ready(w, flight.task)


def ps_due(w: Any, lane: int, generation: int) -> int:
    """The first flights of a lane that share it among themselves have ended; 0 if the event is void."""
    if w.lanes[lane].ps_generation != generation:
        return 0
    w.g.now_s = w.g.event_s
    ps_end_due(w, lane)
    return 1


def ps_end_due(w: Any, lane: int) -> None:
    """They end now, and their tasks are ready."""
    _end_picked(w, ps_end_first(w, lane))


def fair_due(w: Any, generation: int) -> int:
    """The first flights of the solver have ended; 0 if the event is void.

    When the tasks that are ready now have run, `arm_fair` is to be called: flights that these start may have armed it.
    """
    g = w.g
    if g.fair_generation != generation:
        return 0
    g.now_s = g.event_s
    g.fair_armed_s = NEVER
    end_fair_due(w)
    return 1


def end_fair_due(w: Any) -> int:
    """The flights that the solver has through by now end, and their tasks are ready; how many."""
    ended = end_shared(w)
    _end_picked(w, ended)
    return ended


def sum_loads(w: Any) -> None:
    """What each link carries just now, as `load_Bps` in `link_uses`."""
    for link in range(len(w.links)):
        w.link_uses[link].load_Bps = 0.0
    f = w.g.first_lone
    while f >= 0:
        lane = w.flights[f].lane
        _add_load(w, lane, w.lanes[lane].rate_Bps)
        f = w.flights[f].next
    lane = w.g.first_ps_lane
    while lane >= 0:
        _add_load(w, lane, w.lanes[lane].rate_Bps)
        lane = w.lanes[lane].ps_next
    for flow in range(w.g.flows_used):
        f = w.flows[flow].token
        if f >= 0:
            lane = w.flights[f].lane
            _add_load(w, lane, rate(w, w.flows[flow].owner))


def _add_load(w: Any, lane: int, rate_Bps: float) -> None:
    """The links of a lane carry so much more."""
    row = w.lanes[lane]
    for h in range(row.first_link, row.end_link):
        w.link_uses[w.lane_links[h]].load_Bps += rate_Bps
