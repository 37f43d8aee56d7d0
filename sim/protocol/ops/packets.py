"""Bodies that go packet by packet, where `run.wire` says so: what the protocol and the packet wire do for each other.

The wire has a queue of its own and keeps in step: it goes on until the run's next event or until a body has left,
whichever is first. The engine has it (`sim.engines.packets`); the row `packets` is how ops ask and are answered. A body
is a flight as any other, but on no link that `flows` know of, so that the two never share one.

Connections that are opened at one instant begin one after another, a fraction of a millisecond apart. What a body is
held back by is the link before which its packets waited the longest, for as long as that link takes for its bytes.

Left out: faults, capacities that change, and bodies within the initial window, which take the time of an idle lane.
"""

from __future__ import annotations

from typing import Any

from sim.protocol.codes import (
    BODY_BEGINS,
    PACKETS_ASKED,
    PACKETS_BEGIN,
    PACKETS_DRAW,
    PACKETS_DUE,
    PACKETS_RUN,
    PACKETS_WAIT,
)
from sim.protocol.machine import ask_host, run_ready_tasks
from sim.protocol.ops.flows import mark_ended, new_flight
from sim.protocol.tasks import make_ready
from sim.records.queue import next_event_s, push_event


def send_by_packets(w: Any, lane: int, size_bytes: float, p: int, round_trip_s: float) -> int:
    """Start a flight now that goes packet by packet; task `p` is ready when its last byte has left."""
    f = new_flight(w, lane, size_bytes, p)
    w.flights[f].trip_s = round_trip_s
    ask_host(w, PACKETS_ASKED, PACKETS_DRAW, f, 0)
    push_event(w, w.g.now_s + w.packets[0].delay_s, BODY_BEGINS, f, 0)
    return f


def body_begins(w: Any, f: int) -> None:
    """The first packets of a flight leave."""
    w.g.now_s = w.g.event_s
    ask_host(w, PACKETS_ASKED, PACKETS_BEGIN, f, 0)
    if w.packets[0].driven == 0:
        # Others that begin at this instant do so first.
        w.packets[0].driven = 1
        push_event(w, w.g.now_s, PACKETS_DUE, 0, 0)


def packets_due(w: Any) -> None:
    """The task of a flight that has ended goes on; packets do for as long as there are others."""
    g, call_row = w.g, w.packets[0]
    g.now_s = g.event_s
    f = call_row.ended
    if f >= 0:
        call_row.ended = -1
        mark_ended(w, f)
        flight = w.flights[f]
        flight.bound_s = min(flight.bound_s, g.now_s - flight.started_s)
        make_ready(w, flight.task)
        run_ready_tasks(w)
    call_row.until_s = next_event_s(w)
    ask_host(w, PACKETS_ASKED, PACKETS_RUN, 0, 0)
    if call_row.driven:
        push_event(w, call_row.at_s, PACKETS_DUE, 0, 0)


def packet_wait_s(w: Any, lane: int) -> float:
    """How long a packet that comes now waits in the queues of a lane."""
    if w.packets[0].driven == 0:
        return 0.0
    ask_host(w, PACKETS_ASKED, PACKETS_WAIT, lane, 0)
    return float(w.packets[0].wait_s)
