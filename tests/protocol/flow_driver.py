"""Bodies that set out over lanes one after another, and links that change under them: what tests run flows with.

In the subset of Python that `sim/protocol` is in: it runs in the interpreter and compiled.
"""

from __future__ import annotations

from typing import Any

from sim.protocol.codes import FAIR_DUE, LONE_DUE, PS_DUE, SCHEDULE_STEP, TASK_DUE
from sim.protocol.ops.capacities import divert, nominal_capacity, resize, settle_flows
from sim.protocol.ops.fair_sharing import arm_fair
from sim.protocol.ops.flow_monitor import close_bins, flow_rows_are_low
from sim.protocol.ops.flows import (
    fair_due,
    free_flight,
    lone_due,
    ps_due,
    send,
    sum_loads,
)
from sim.records.queue import pop_event, push_event


class Body:
    """A flow to send at `at_s` (or, below 0, when the one before it has ended), and what came of it."""

    lane: int
    size_bytes: float
    at_s: float
    next: int = -1
    flight: int = -1
    ended_s: float = -1.0
    place: int
    shared: int
    broken: int
    sent_bytes: float
    bound_by: int
    bound_s: float


class Shift:
    """A change at `at_s`: of a link's capacity (0) or what it would be were nothing broken (1), flights of a lane
    diverted (2), or a look at loads (3)."""

    at_s: float
    kind: int
    what: int
    capacity_Bps: float
    under_way: int


def begin_bodies(w: Any) -> None:
    for body in range(len(w.bodies)):
        if w.bodies[body].at_s >= 0.0:
            push_event(w, w.bodies[body].at_s, TASK_DUE, body, 0)
    for shift in range(len(w.shifts)):
        push_event(w, w.shifts[shift].at_s, SCHEDULE_STEP, shift, 0)


def drive_bodies(w: Any) -> int:
    """Until all has ended (0), or more room is needed (1)."""
    while w.g.events_used > 0:
        if flow_rows_are_low(w, w.events[0].at_s):
            return 1
        pop_event(w)
        drive_event(w)
    close_bins(w)
    return 0


def drive_event(w: Any) -> None:
    g = w.g
    if g.event_kind == TASK_DUE:
        g.now_s = g.event_s
        send_bodies(w, g.event_what)
    elif g.event_kind == LONE_DUE:
        lone_due(w, g.event_what, g.event_generation)
    elif g.event_kind == PS_DUE:
        ps_due(w, g.event_what, g.event_generation)
    elif g.event_kind == FAIR_DUE:
        if fair_due(w, g.event_generation):
            bodies_go_on(w)
            arm_fair(w)
    else:
        g.now_s = g.event_s
        shift_links(w, g.event_what)
    bodies_go_on(w)


def bodies_go_on(w: Any) -> None:
    while w.g.ready_used > 0:
        w.g.ready_used -= 1
        body = w.ready[w.g.ready_used]
        body_ended(w, body)
        send_bodies(w, w.bodies[body].next)


def send_bodies(w: Any, body: int) -> None:
    while body >= 0:
        row = w.bodies[body]
        row.flight = send(w, row.lane, row.size_bytes, body)
        if w.flights[row.flight].ended == 0:
            return
        body_ended(w, body)
        body = row.next


def body_ended(w: Any, body: int) -> None:
    row = w.bodies[body]
    flight = w.flights[row.flight]
    row.ended_s, row.shared, row.broken = w.g.now_s, flight.shared, flight.broken
    row.sent_bytes, row.bound_by, row.bound_s = flight.sent_bytes, flight.bound_by, flight.bound_s
    row.place = w.g.bodies_ended
    w.g.bodies_ended += 1
    free_flight(w, row.flight)


def shift_links(w: Any, shift: int) -> None:
    row = w.shifts[shift]
    if row.kind == 3:
        row.under_way = flights_under_way(w)
        sum_loads(w)
        for link in range(len(w.links)):
            w.link_loads[shift * len(w.links) + link] = w.link_uses[link].load_Bps
        return
    capacity_Bps = row.capacity_Bps
    if row.kind == 1:
        capacity_Bps = nominal_capacity(w, row.what, capacity_Bps)
    if row.kind == 2:
        w.lanes[row.what].abandoned = 1
    while settle_flows(w):
        bodies_go_on(w)
    if row.kind == 2:
        divert(w)
    else:
        resize(w, row.what, capacity_Bps)
    bodies_go_on(w)
    arm_fair(w)


def flights_under_way(w: Any) -> int:
    """How many flights have not ended."""
    count = w.g.sharing
    f = w.g.first_lone
    while f >= 0:
        count += 1
        f = w.flights[f].next
    lane = w.g.first_ps_lane
    while lane >= 0:
        count += w.lanes[lane].ps_flights
        lane = w.lanes[lane].ps_next
    return int(count)
