"""Links whose capacity changes under the flights on them.

A capacity may change at any instant. What has got through by then has ended, though its event at that instant may be
yet to come; the rest goes on at its new rate, and breaks off if the link is down. Tasks that are ready run in between,
so that a change comes in parts, between which its caller runs tasks:

    while settle_flows(w):
        run_ready_tasks(w)
    resize(w, link, capacity_Bps)       (or `divert(w)`)
    run_ready_tasks(w)
    arm_fair(w)

A run in which no capacity changes pays nothing for this.
"""

from __future__ import annotations

from typing import Any

from sim.network.fairshare.kernel import next_end_s, set_capacity
from sim.protocol.codes import INF
from sim.protocol.ops.fair_sharing import disarm_fair, move_shared, sort_picked, stop_shared
from sim.protocol.ops.flow_monitor import advance_monitor
from sim.protocol.ops.flows import (
    break_off,
    end_fair_due,
    leave_lone,
    lone_ended,
    lone_left_bytes,
    ps_end_due,
    ready_picked,
    share_lone,
    share_overfilled,
)
from sim.protocol.ops.lanes import (
    crosses_link,
    leave_lane,
    mark_overfilled,
    narrow_lane,
    release,
    reservations_of,
    reserve,
    residual_units,
)
from sim.protocol.ops.processor_sharing import ps_next_s, ps_to_solver


def settle_flows(w: Any) -> int:
    """Whatever has got through by now ends: 1 where tasks are ready, which are to run before this is called again.

    In the end 0; flights that shared a lane among themselves have gone to the solver by then, where links may change.
    """
    g = w.g
    if g.settle_stage == 0:
        g.settle_stage = 1
        if end_fair_due(w):
            return 1
    if g.settle_stage == 1:
        lane = g.first_ps_lane
        while lane >= 0:
            if ps_next_s(w, lane) <= g.now_s:
                ps_end_due(w, lane)
                return 1
            lane = w.lanes[lane].ps_next
        g.settle_stage = 2
    f = g.first_lone
    while f >= 0:
        flight = w.flights[f]
        if flight.started_s + flight.size_bytes / w.lanes[flight.lane].rate_Bps <= g.now_s:
            lone_ended(w, f)
            return 1
        f = flight.next
    g.settle_stage = 0
    lane = g.first_ps_lane
    while lane >= 0:
        following = w.lanes[lane].ps_next
        ps_to_solver(w, lane)
        lane = following
    return 0


def nominal_capacity(w: Any, link: int, capacity_Bps: float) -> float:
    """From now on a link would carry so many bytes/s; what outages leave of that is returned, for `resize`.

    To be called before flows are settled.
    """
    part = w.links[link].capacity / w.nominal_Bps[link]
    w.nominal_Bps[link] = capacity_Bps
    return float(capacity_Bps * part)


def resize(w: Any, link: int, capacity_Bps: float) -> None:
    """From now on a link carries so many bytes/s; at 0 it is down, and the flights on it break off."""
    g = w.g
    g.stamp += 1
    for lane in range(g.lanes_used):
        if crosses_link(w, lane, link):
            w.lanes[lane].crossing = g.stamp
    stamp = g.stamp
    count = _pick_crossing(w, stamp)
    if capacity_Bps > 0.0:
        _resize_under(w, link, capacity_Bps, stamp, count)
    else:
        _take_off(w, count)
        # No flight is on the lanes any more, so none is picked anew.
        _resize_under(w, link, 0.0, stamp, 0)
        ready_picked(w, count)


def divert(w: Any) -> None:
    """Routes have changed under lanes that are `abandoned`: flights on them break off now, to go on elsewhere.

    Where there is no such lane flows need not be settled either.
    """
    g = w.g
    g.stamp += 1
    for lane in range(g.lanes_used):
        row = w.lanes[lane]
        if row.abandoned:
            row.abandoned = 0
            row.crossing = g.stamp
    count = _pick_crossing(w, g.stamp)
    _take_off(w, count)
    ready_picked(w, count)


def _pick_crossing(w: Any, stamp: int) -> int:
    """How many flights are on lanes with this stamp. They are in `picked`: those that share no link, the solver's."""
    g = w.g
    count = 0
    f = g.first_lone
    while f >= 0:
        if w.lanes[w.flights[f].lane].crossing == stamp:
            w.picked[count] = f
            count += 1
        f = w.flights[f].next
    for flow in range(g.flows_used):
        f = w.flows[flow].token
        if f >= 0 and w.lanes[w.flights[f].lane].crossing == stamp:
            w.picked[count] = f
            count += 1
    return count


def _take_off(w: Any, count: int) -> None:
    """End the first flights of `picked` before their time, in the order they started."""
    sort_picked(w, count)
    for at in range(count):
        f = w.picked[at]
        flight = w.flights[f]
        leave_lane(w, flight.lane)
        if flight.shared:
            # As its segment and the bins have counted it, each in whole bytes.
            shared_bytes = w.flows[flight.flow].asked
            left_bytes = stop_shared(w, f)
            sent_bytes = int(flight.size_bytes) - int(shared_bytes) + int(shared_bytes - left_bytes)
        else:
            sent_bytes = int(flight.size_bytes - lone_left_bytes(w, f))
            leave_lone(w, f)
        break_off(w, f, sent_bytes)
    if next_end_s(w) == INF:
        disarm_fair(w)


def _resize_under(w: Any, link: int, capacity_Bps: float, stamp: int, count: int) -> None:
    """The same, where lanes over the link have this stamp and the first flights of `picked` are on them."""
    g = w.g
    for at in range(count):
        f = w.picked[at]
        if w.flights[f].shared == 0:
            w.flights[f].left_bytes = lone_left_bytes(w, f)
    for lane in range(g.lanes_used):
        row = w.lanes[lane]
        if row.crossing == stamp:
            row.was_rate_Bps, row.was_cap_Bps, row.was_limit = row.rate_Bps, row.cap_Bps, row.limit
            release(w, lane, row.bound * reservations_of(w, lane))
    w.residual[link] += residual_units(capacity_Bps) - residual_units(w.links[link].capacity)
    change = w.capacity_changes[g.capacity_changes_used]
    change.link, change.at_s, change.capacity_Bps = link, g.now_s, capacity_Bps
    g.capacity_changes_used += 1
    advance_monitor(w, g.now_s)
    set_capacity(w, g.now_s, link, capacity_Bps)
    for lane in range(g.lanes_used):
        row = w.lanes[lane]
        if row.crossing == stamp:
            narrow_lane(w, lane)
            reserve(w, lane, row.bound * reservations_of(w, lane))
    for at in range(count):
        f = w.picked[at]
        flight = w.flights[f]
        row = w.lanes[flight.lane]
        if flight.shared:
            if row.cap_Bps != row.was_cap_Bps:
                move_shared(w, f)
        elif row.rate_Bps != row.was_rate_Bps or row.cap_Bps != row.was_cap_Bps:
            share_lone(w, f, flight.left_bytes, row.was_limit)
    # Flights that may be faster now can overfill their other links.
    g.stamp += 1
    for lane in range(g.lanes_used):
        if w.lanes[lane].crossing == stamp:
            mark_overfilled(w, lane, g.stamp)
    share_overfilled(w)
