"""Flights in the max-min solver: those that share links with flights of other lanes.

The solver is `sim.network.fairshare`, with the state `w` for its own: exact weighted max-min fairness with caps.
Flights of one route and cap are one class there, made when the first of them comes. A flight in it is a row of `flows`,
whose `token` is the flight, or -1 in a row that is free. One event serves all of them. It is armed for the next end,
and again only when that moves earlier; when rates fall and it moves later, the event finds no flight through and is
armed again.
"""

from __future__ import annotations

from typing import Any

from sim.network.fairshare.kernel import finish, move, next_end_s, reshape, start, stop
from sim.network.fairshare.state import UNBOUNDED_BPS
from sim.protocol.codes import FAIR_DUE, INF, NEVER
from sim.protocol.ops.flow_monitor import advance_monitor, monitor_ended, monitor_moved, monitor_started
from sim.protocol.ops.lanes import is_one_connection, leave_lane
from sim.records.queue import push_event


def class_of_lane(w: Any, lane: int) -> int:
    """The class of flights on a lane, as wide as it is now."""
    row = w.lanes[lane]
    if is_one_connection(w, lane):
        if row.open_class < 0:
            row.open_class = add_lane_class(w, lane)
        return int(row.open_class)
    if row.cap_Bps == INF:
        first = w.lanes[row.along]
        if first.open_class < 0:
            first.open_class = add_lane_class(w, lane)
        return int(first.open_class)
    first = w.lanes[row.like]
    if first.capped_class < 0:
        first.capped_class = add_lane_class(w, lane)
    return int(first.capped_class)


def add_lane_class(w: Any, lane: int) -> int:
    """One more class, for flights over a lane's links."""
    g, row = w.g, w.lanes[lane]
    c, first = g.classes_used, g.hops_used
    g.hops_used = first + row.end_link - row.first_link
    narrow_Bps = UNBOUNDED_BPS
    for at in range(row.end_link - row.first_link):
        link = w.lane_links[row.first_link + at]
        hop = w.hops[first + at]
        hop.link, hop.owner = link, c
        narrow_Bps = min(narrow_Bps, w.links[link].capacity)
    k = w.classes[c]
    k.cap, k.narrowest = row.cap_Bps, narrow_Bps
    k.first_hop, k.end_hop = first, g.hops_used
    g.classes_used = c + 1
    g.nodes_used = len(w.links) + g.classes_used
    # Once a capacity has changed no link is dominated.
    along = w.lanes[row.along]
    if g.capacity_changes_used == 0 and along.shaded == 0:
        along.shaded = 1
        for h in range(k.first_hop, k.end_hop):
            _shade_link(w, c, w.hops[h].link)
    return int(c)


def _shade_link(w: Any, c: int, link: int) -> None:
    """Mark a link that can hold no class back, since all that cross it also cross another of no more capacity.

    Of the links that all of its classes cross a bit is kept for each hop of the first class; they only get fewer.
    """
    use = w.link_uses[link]
    if use.common_class < 0:
        use.common_class = c
        use.common = -1
    first, k = w.classes[use.common_class], w.classes[c]
    capacity_Bps = w.links[link].capacity
    dominated = 0
    for at in range(first.end_hop - first.first_hop):
        if (use.common >> at) & 1 == 0:
            continue
        other = w.hops[first.first_hop + at].link
        shared = False
        for h in range(k.first_hop, k.end_hop):
            if w.hops[h].link == other:
                shared = True
        if not shared:
            use.common -= 1 << at
        elif w.links[other].capacity < capacity_Bps or (w.links[other].capacity == capacity_Bps and other < link):
            dominated = 1
    w.links[link].dominated = dominated


def share_flight(w: Any, f: int, left_bytes: float) -> None:
    """A flight goes on in the solver, with so many bytes left."""
    share_in_class(w, f, class_of_lane(w, w.flights[f].lane), left_bytes)


def share_in_class(w: Any, f: int, c: int, left_bytes: float) -> None:
    """The same in a class that is given."""
    g, flight = w.g, w.flights[f]
    flight.shared = 1
    flow = g.free_flow
    if flow >= 0:
        g.free_flow = w.flows[flow].next
    else:
        flow = g.flows_used
        g.flows_used = flow + 1
        w.flows[flow].token = -1
    advance_monitor(w, g.now_s)
    start(w, g.now_s, c, flow, left_bytes)
    w.flows[flow].token = f
    flight.flow = flow
    g.sharing += 1
    weigh_connection(w, flight.lane)
    monitor_started(w, f)


def weigh_connection(w: Any, lane: int) -> None:
    """Where a lane is one connection, its flights in the solver have one connection's share and cap together: each of n
    has an n-th of these."""
    row = w.lanes[lane]
    if not is_one_connection(w, lane) or row.open_class < 0:
        return
    streams = w.classes[row.open_class].count
    if streams > 0:
        reshape(w, w.g.now_s, row.open_class, 1.0 / streams, row.own_cap_Bps / streams)


def _free_flow_row(w: Any, flow: int) -> None:
    """A row of the solver is free."""
    row = w.flows[flow]
    row.token = -1
    row.next = w.g.free_flow
    w.g.free_flow = flow
    w.g.sharing -= 1


def move_shared(w: Any, f: int) -> None:
    """A flight of the solver goes on in another class, since its lane's cap holds it back now, or does so no more."""
    g, flight = w.g, w.flights[f]
    if flight.window > 0.0:  # its class is its own, and capped anew round by round
        return
    old = w.flows[flight.flow].owner
    c = class_of_lane(w, flight.lane)
    advance_monitor(w, g.now_s)
    move(w, g.now_s, flight.flow, c, 0.0)
    monitor_moved(w, f, old)


def stop_shared(w: Any, f: int) -> float:
    """Take a flight out of the solver; the bytes that it still had to send."""
    g, flight = w.g, w.flights[f]
    flow = flight.flow
    row = w.flows[flow]
    advance_monitor(w, g.now_s)
    left_bytes, _ = stop(w, g.now_s, flow)
    monitor_ended(w, f, row.owner, row.asked, left_bytes)
    _free_flow_row(w, flow)
    flight.flow = -1
    weigh_connection(w, flight.lane)
    return float(left_bytes)


def end_shared(w: Any) -> int:
    """The flights that the solver has through by now leave it: how many, in `picked` in the order they started."""
    g = w.g
    now_s = g.now_s
    if next_end_s(w) > now_s:
        return 0
    advance_monitor(w, now_s)
    ended, _ = finish(w, now_s)
    for at in range(ended):
        flow = w.flows[at].ended
        row = w.flows[flow]
        f = row.token
        w.picked[at] = f
        monitor_ended(w, f, row.owner, row.asked, 0.0)
        _free_flow_row(w, flow)
        w.flights[f].flow = -1
    sort_picked(w, ended)
    for at in range(ended):
        leave_lane(w, w.flights[w.picked[at]].lane)
        weigh_connection(w, w.flights[w.picked[at]].lane)
    return int(ended)


def sort_picked(w: Any, count: int) -> None:
    """The first flights of `picked` by their numbers (Shell, "A high-speed sorting procedure", CACM 1959)."""
    gap = 1
    while gap < count:
        gap = 3 * gap + 1
    while gap > 1:
        gap //= 3
        for at in range(gap, count):
            f = w.picked[at]
            number = w.flights[f].number
            before = at
            while before >= gap and w.flights[w.picked[before - gap]].number > number:
                w.picked[before] = w.picked[before - gap]
                before -= gap
            w.picked[before] = f


def arm_fair(w: Any) -> None:
    """Have an event when the solver's next flow ends, unless there is one; one for later is void."""
    g = w.g
    next_s = next_end_s(w)
    if next_s < g.fair_armed_s:
        g.fair_armed_s = next_s
        g.fair_generation += 1
        push_event(w, next_s, FAIR_DUE, 0, g.fair_generation)


def disarm_fair(w: Any) -> None:
    """The solver's event is void."""
    w.g.fair_generation += 1
    w.g.fair_armed_s = NEVER
