"""Packets over drop-tail queues: who sends when, what a full queue drops, and what its sender hears of it.

A packet waits in the queue of each link of its route in turn, and is dropped where it finds no room. Its sender hears
of it a round trip later; what was sent before a packet that arrived and has not arrived itself is lost, since nothing
overtakes on the way. Propagation is all on the way back, which no sender can tell: so a body ends when its last byte
leaves the last queue. How large a sender's window is, and how fast it may send, is for its congestion control to say:
`cubic` or `bbr`.

Source: RFC 8985 (losses by order, probes), RFC 6298 (timers), RFC 5681, 4.2 (acknowledgements); where these leave it
open, Linux 6.18 (net/ipv4/tcp_input.c, tcp_output.c, tcp_rate.c). Leaves out receive windows and what readers of
sockets do to them, and queues of acknowledgements. Text for both ways to run (see `jit`): `begin` and `play` are all
that others call.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sim.network.packets.bbr import BBR_FIELDS, bbr_begin, bbr_burst, bbr_hears, bbr_leaves, bbr_times_out
from sim.network.packets.cubic import CUBIC_FIELDS, TIMED_OUT, cubic_hears, cubic_times_out
from sim.network.packets.queue import add, take
from sim.network.tcp.transport import INITIAL_WINDOW, MSS_BYTES

CUBIC, BBR = 0, 1
"""Congestion controls."""
DELAYED_S = 0.04
"""How long a receiver keeps the acknowledgement of a single packet to itself (Linux; RFC 9293, 3.8.6.3)."""
LEAST_WAIT_S = 0.2
"""What a retransmission's timer allows beyond a round trip (Linux, `TCP_RTO_MIN`); it doubles (RFC 6298, 5.5)."""
TRIES = 15
"""Times that a packet is sent anew before a connection is given up, which then never ends (Linux, `tcp_retries2`)."""
SEND_BUFFER = (4 << 20) // MSS_BYTES
"""Segments that a sender's socket holds at most (Linux, `net.ipv4.tcp_wmem`: 4 MiB)."""
WAKES = SEND_BUFFER - SEND_BUFFER // 3
"""Who waits for room in it is woken when it holds so few (Linux, `sk_stream_write_space`: a third is free)."""
RING = 8192
"""Transmissions that are remembered: more than can be under way."""

#: `empty` is when a link will have sent all that it holds.
LINK = np.dtype([(name, "f8") for name in ("capacity", "depth", "empty")])
FLOW = np.dtype(
    [
        *((name, "f8") for name in ("round_trip", "last_bytes", "cwnd", "trip", "least")),
        # Transmissions are counted: `sent` is the next one's number, `oldest` the first that is not accounted for.
        *((name, "i8") for name in ("packets", "new", "got", "una", "sent", "oldest", "lost_first", "lost_last")),
        *((name, "i8") for name in ("flying", "held", "in_flight", "recovery", "high", "tries", "hops", "done")),
        *((name, "i8") for name in ("control", "waits", "written")),
        *CUBIC_FIELDS,
        *BBR_FIELDS,
    ]
)
#: A transmission: which packet, when, whether it arrived; and of its sender then, for the rate at which it is heard of:
#: how much was delivered, since when, and when what it was sent with began (tcp_rate.c).
SENT = np.dtype(
    [("packet", "i8"), ("at", "f8"), ("arrived", "i8"), ("delivered", "i8"), ("since", "f8"), ("first", "f8"),
     ("idle", "i8")]
)  # fmt: skip
#: What is due at the sender instead of at a link, whose numbers of hops count from 0.
ACK, PROBE, END, PACE = -1, -2, -3, -4


class Tables(NamedTuple):
    """`links`, `flows` : records; `hops` : (n_flows, most hops) link numbers; `sent` : (n_flows, RING) transmissions;
    `lost` : (n_flows, RING) packets to send again; `there` : (n_flows, most packets), 1 where a packet has arrived and
    2 where its sender knows; `heap` : what is due; `count` : how many of it, and how many there ever were."""

    links: Any
    flows: Any
    hops: Any
    sent: Any
    lost: Any
    there: Any
    heap: Any
    count: Any


def begin(tables: Any, f: int, now: float) -> None:
    """Flow `f` sends its first window; the packets that opened it waited in the queues as they are."""
    flow = tables.flows[f]
    flow.written = min(flow.packets, SEND_BUFFER)
    if flow.control == BBR:
        opened_s = flow.round_trip
        for hop in range(flow.hops):
            opened_s += max(tables.links[tables.hops[f, hop]].empty - now, 0.0)
        bbr_begin(flow, opened_s, now)
    _send(tables, f, now)
    _probe_later(tables, f, now)


def play(tables: Any, until: float) -> float:
    """Goes on until the first flow has arrived, or until nothing is due by `until`; the time then."""
    while tables.count[0] > 0 and tables.heap[0].due <= until:
        now, f, number, hop = tables.heap[0].due, tables.heap[0].flow, tables.heap[0].number, tables.heap[0].hop
        take(tables.heap, tables.count)
        flow = tables.flows[f]
        if hop == END:
            flow.done = 1
            return float(now)
        if flow.done:
            continue
        if hop >= 0:
            _arrive(tables, f, number, hop, now)
        elif hop == ACK:
            flow.flying -= 1
            flow.tries = 0
            if number >= flow.oldest:
                _acknowledged(flow, tables.sent[f], tables.lost[f], tables.there[f], number, now)
            _send(tables, f, now)
        elif hop == PACE:
            flow.waits = 0
            _send(tables, f, now)
        elif flow.flying == 0 and flow.in_flight > 0:
            flow.tries += 1
            if flow.tries == 1:
                # All under way was lost: the last of it once more tells (RFC 8985, 7).
                _transmit(tables, f, tables.sent[f, (flow.sent - 1) % RING].packet, now)
            else:
                _time_out(flow, tables.sent[f], tables.lost[f])
                _send(tables, f, now)
        _probe_later(tables, f, now)
    return until


def _send(tables: Any, f: int, now: float) -> None:
    """All that the window allows, what was lost first; burst by burst where they are paced."""
    flow = tables.flows[f]
    if flow.control != BBR:
        while _send_one(tables, f, now):
            pass
        return
    while flow.waits == 0:
        if flow.departs > now:
            flow.waits = 1
            add(tables.heap, tables.count, flow.departs, f, 0, PACE)
            return
        burst, sent = bbr_burst(flow), 0
        while sent < burst and _send_one(tables, f, now):
            sent += 1
        if sent > 0 and flow.sent > INITIAL_WINDOW:
            bbr_leaves(flow, sent, now)
        if sent < burst:
            return


def _send_one(tables: Any, f: int, now: float) -> bool:
    """One packet, if there is one and the window allows it."""
    flow = tables.flows[f]
    flow.limited = 0
    again = flow.lost_first < flow.lost_last
    if not again and flow.new >= flow.written:
        return False
    if flow.in_flight + 1 > flow.cwnd:
        flow.limited = 1
        return False
    if again:
        packet = tables.lost[f, flow.lost_first % RING]
        flow.lost_first += 1
    else:
        packet = flow.new
        flow.new += 1
    _transmit(tables, f, packet, now)
    return True


def _transmit(tables: Any, f: int, packet: int, now: float) -> None:
    flow = tables.flows[f]
    one = tables.sent[f, flow.sent % RING]
    one.packet, one.at, one.arrived = packet, now, 0
    if flow.in_flight == 0:
        flow.first = flow.since = now
    one.delivered, one.since, one.first, one.idle = flow.delivered, flow.since, flow.first, flow.idle_until > 0
    flow.in_flight += 1
    flow.peak = max(flow.peak, flow.in_flight)
    flow.out += 1
    flow.flying += 1
    flow.sent += 1
    _arrive(tables, f, flow.sent - 1, 0, now)


def _arrive(tables: Any, f: int, number: int, hop: int, now: float) -> None:
    """A packet comes to a link of its route, or to its end."""
    flow = tables.flows[f]
    if hop < flow.hops:
        link = tables.links[tables.hops[f, hop]]
        size = flow.last_bytes if tables.sent[f, number % RING].packet == flow.packets - 1 else float(MSS_BYTES)
        starts = max(link.empty, now)
        if (starts - now) * link.capacity + size > link.depth:
            flow.flying -= 1
            return
        link.empty = starts + size / link.capacity
        if hop + 1 < flow.hops:
            add(tables.heap, tables.count, link.empty, f, number, hop + 1)
            return
        now = link.empty
    flow.flying -= 1
    one = tables.sent[f, number % RING]
    one.arrived = 1
    if not tables.there[f, one.packet]:
        tables.there[f, one.packet] = 1
        flow.got += 1
        if flow.got == flow.packets:
            add(tables.heap, tables.count, now, f, number, END)
            return
    flow.flying += 1
    # Every second packet is acknowledged at once, and each while one is missing.
    flow.held = 1 - flow.held
    wait = DELAYED_S if flow.held and not flow.recovery else 0.0
    add(tables.heap, tables.count, now + flow.round_trip + wait, f, number, ACK)


def _probe_later(tables: Any, f: int, now: float) -> None:
    """Where nothing that was sent will be heard of, try again after two round trips, then ever more seldom."""
    flow = tables.flows[f]
    if flow.flying == 0 and flow.in_flight > 0 and flow.waits == 0 and flow.tries < TRIES:
        wait = 2 * flow.trip if flow.tries == 0 else (flow.trip + LEAST_WAIT_S) * 2.0 ** (flow.tries - 1)
        add(tables.heap, tables.count, now + wait, f, 0, PROBE)


def _time_out(flow: Any, sent: Any, lost: Any) -> None:
    """Nothing is heard of what is under way: all of it is lost, and it begins again with one packet (RFC 6298, 5; RFC
    5681, 3.1)."""
    before = -1
    while flow.oldest < flow.sent:
        packet = sent[flow.oldest % RING].packet
        if packet != before:  # the last one was sent again before
            lost[flow.lost_last % RING] = packet
            flow.lost_last += 1
        before = packet
        flow.in_flight -= 1
        flow.oldest += 1
    if flow.control == BBR:
        bbr_times_out(flow)
    else:
        cubic_times_out(flow)
    flow.recovery, flow.high, flow.cwnd = TIMED_OUT, flow.new, 1.0


def _write(flow: Any) -> None:
    """Whoever has the bytes fills the socket's buffer. If all that was there is under way, what is heard of that tells
    how fast they were written, and not what the path carries (tcp_rate.c, `tcp_rate_check_app_limited`)."""
    if flow.written == flow.packets or flow.written - flow.una > WAKES:
        return
    if flow.new == flow.written and flow.in_flight < flow.cwnd and flow.lost_first == flow.lost_last:
        flow.idle_until = max(flow.delivered + flow.in_flight, 1)
    flow.written = min(flow.una + SEND_BUFFER, flow.packets)


def _acknowledged(flow: Any, sent: Any, lost: Any, there: Any, number: int, now: float) -> None:
    """Transmission `number` has arrived, and what was sent before it has arrived or is lost."""
    flew, arrived, missing = flow.in_flight, 0, 0
    while flow.oldest <= number:
        one = sent[flow.oldest % RING]
        if one.arrived:
            arrived += 1
            there[one.packet] = 2
        elif there[one.packet] < 2:
            missing += 1
            lost[flow.lost_last % RING] = one.packet
            flow.lost_last += 1
        flow.in_flight -= 1
        flow.oldest += 1
    while flow.una < flow.packets and there[flow.una] == 2:
        flow.una += 1
    _write(flow)
    flow.trip = now - sent[number % RING].at
    if flow.control == BBR:
        bbr_hears(flow, sent[number % RING], arrived, missing, flew, now)
    else:
        cubic_hears(flow, number, arrived, missing, now)
