"""CUBIC packet by packet over drop-tail queues: who sends when, what a full queue drops, what its sender makes of it.

A packet waits in the queue of each link of its route in turn, and is dropped where it finds no room. Its sender hears
of it a round trip later; what was sent before a packet that arrived and has not arrived itself is lost, since nothing
overtakes on the way. Propagation is all on the way back, which no sender can tell: so a body ends when its last byte
leaves the last queue.

Slow start goes on until a packet is lost or HyStart ends it: acknowledgements that come close together for half the
shortest round trip, or eight of one round that all took an eighth longer than the shortest. Windows of slow start leave
as bursts, at twice the rate at which they are acknowledged, so two connections that begin together queue behind each
other: the one behind sees it, leaves slow start early, and then grows by 5 % a round trip until it loses something.

Source: RFC 9438 (CUBIC), RFC 9406 (HyStart's delay), RFC 6937 (how windows shrink), RFC 8985 (losses by order, probes);
where these leave it open, Linux 6.18 (net/ipv4/tcp_cubic.c, tcp_input.c). Leaves out receive windows and what readers
of sockets do to them, that a time-out begins slow start anew, and queues of acknowledgements. Text for both ways to run
(see `jit`): `begin` and `play` are all that others call.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from sim.network.agenda import add, take
from sim.network.transport import CUBIC_BETA as BETA
from sim.network.transport import MSS_BYTES

STEEPNESS = 0.4
"""Segments/s^3 of the cubic (RFC 9438, 5)."""
ALPHA = 3 * (1 - BETA) / (1 + BETA)
"""Segments a round trip by which a window grows at least, so that it is no slower than Reno's (RFC 9438, 4.3)."""
UNTRIED = 1 / 20
"""Segments a window grows by for each acknowledged one at least, as long as nothing was ever lost (Linux)."""
LOW_WINDOW, SAMPLES = 16, 8
"""Smaller windows, and fewer samples, do not end slow start (RFC 9406, 4.3: 16 here; Linux)."""
LEAST_RISE_S, MOST_RISE_S, RISE = 0.004, 0.016, 1 / 8
"""By how much a round trip rises to end slow start: a part of the shortest, within bounds (RFC 9406, 4.3)."""
TRAIN_S = 0.002
"""Acknowledgements that come so soon after each other are of one train (Linux)."""
DELAYED_S = 0.04
"""How long a receiver keeps the acknowledgement of a single packet to itself (Linux; RFC 9293, 3.8.6.3)."""
LEAST_WAIT_S = 0.2
"""What a retransmission's timer allows beyond a round trip (Linux, `TCP_RTO_MIN`); it doubles (RFC 6298, 5.5)."""
TRIES = 15
"""Times that a packet is sent anew before a connection is given up, which then never ends (Linux, `tcp_retries2`)."""
SEND_BUFFER = (4 << 20) // MSS_BYTES
"""Segments under way at most (Linux, `net.ipv4.tcp_wmem`: 4 MiB)."""
INITIAL_WINDOW = 10
"""Segments (RFC 6928)."""
RING = 8192
"""Transmissions that are remembered: more than can be under way."""

#: `empty` is when a link will have sent all that it holds.
LINK = np.dtype([(name, "f8") for name in ("capacity", "depth", "empty")])
FLOW = np.dtype(
    [
        *((name, "f8") for name in ("round_trip", "last_bytes", "cwnd", "ssthresh")),
        *((name, "f8") for name in ("most", "bend", "origin", "epoch", "reno", "trip")),
        *((name, "f8") for name in ("least", "lowest", "round_began", "last_ack")),
        # Transmissions are counted: `sent` is the next one's number, `oldest` the first that is not accounted for.
        *((name, "i8") for name in ("packets", "new", "got", "una", "sent", "oldest", "lost_first", "lost_last")),
        *((name, "i8") for name in ("round_end", "samples", "flying", "held", "in_flight", "peak", "limited")),
        *((name, "i8") for name in ("recovery", "high", "tries", "told", "out", "before", "hops", "done")),
    ]
)
#: A transmission: which packet, when, and whether it arrived.
SENT = np.dtype([("packet", "i8"), ("at", "f8"), ("arrived", "i8")])
#: What is due at the sender instead of at a link, whose numbers of hops count from 0.
ACK, PROBE, END = -1, -2, -3


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
    """Flow `f` sends its first window."""
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
            continue
        if hop == ACK:
            flow.flying -= 1
            flow.tries = 0
            if number >= flow.oldest:
                _acknowledged(flow, tables.sent[f], tables.lost[f], tables.there[f], number, now)
            _send(tables, f, now)
        elif flow.flying == 0 and flow.in_flight > 0:
            # All under way was lost: the last of it once more tells (RFC 8985, 7; RFC 6298, 5).
            flow.tries += 1
            _transmit(tables, f, tables.sent[f, (flow.sent - 1) % RING].packet, now)
        _probe_later(tables, f, now)
    return until


def _send(tables: Any, f: int, now: float) -> None:
    """All that the window allows, what was lost first."""
    flow = tables.flows[f]
    flow.limited = 0
    while True:
        again = flow.lost_first < flow.lost_last
        if not again and (flow.new >= flow.packets or flow.new - flow.una >= SEND_BUFFER):
            return
        if flow.in_flight + 1 > flow.cwnd:
            flow.limited = 1
            return
        if again:
            packet = tables.lost[f, flow.lost_first % RING]
            flow.lost_first += 1
        else:
            packet = flow.new
            flow.new += 1
        _transmit(tables, f, packet, now)


def _transmit(tables: Any, f: int, packet: int, now: float) -> None:
    flow = tables.flows[f]
    one = tables.sent[f, flow.sent % RING]
    one.packet, one.at, one.arrived = packet, now, 0
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
    if flow.flying == 0 and flow.in_flight > 0 and flow.tries < TRIES:
        wait = 2 * flow.trip if flow.tries == 0 else (flow.trip + LEAST_WAIT_S) * 2.0 ** (flow.tries - 1)
        add(tables.heap, tables.count, now + wait, f, 0, PROBE)


def _acknowledged(flow: Any, sent: Any, lost: Any, there: Any, number: int, now: float) -> None:
    """Transmission `number` has arrived, and what was sent before it has arrived or is lost."""
    arrived = missing = 0
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
    flow.trip = trip = now - sent[number % RING].at
    if missing and not flow.recovery:
        _fall(flow, arrived + missing)
    if flow.recovery:
        _shrink(flow, arrived)
        if flow.una >= flow.high:
            flow.recovery = 0
            flow.cwnd = flow.ssthresh
            flow.peak = 0
        return
    flow.least = min(flow.least, trip)
    if flow.cwnd < flow.ssthresh:
        _look(flow, number, trip, now)
    if flow.cwnd < flow.ssthresh:
        if flow.cwnd < 2 * flow.peak:
            flow.cwnd += arrived
    elif flow.limited:
        _grow(flow, arrived, now)


def _look(flow: Any, number: int, trip: float, now: float) -> None:
    """HyStart: whether this acknowledgement ends slow start."""
    if number >= flow.round_end:
        flow.round_end = flow.sent
        flow.round_began = flow.last_ack = now
        flow.lowest = np.inf
        flow.samples = 0
    if flow.cwnd < LOW_WINDOW:
        return
    ends = False
    if now - flow.last_ack <= TRAIN_S:
        flow.last_ack = now
        ends = now - flow.round_began > flow.least / 2
    flow.lowest = min(flow.lowest, trip)
    flow.samples += 1
    if flow.samples > SAMPLES:
        ends = ends or flow.lowest > flow.least + min(max(RISE * flow.least, LEAST_RISE_S), MOST_RISE_S)
    if ends:
        flow.ssthresh = flow.cwnd


def _fall(flow: Any, gone: int) -> None:
    """A loss (RFC 9438, 4.6 and 4.7): it aims lower than before if it was still below where it last fell."""
    flow.most = flow.cwnd * (1 + BETA) / 2 if flow.cwnd < flow.most else flow.cwnd
    flow.ssthresh = max(flow.cwnd * BETA, 2.0)
    flow.epoch = -1.0
    flow.recovery, flow.high = 1, flow.new
    flow.before, flow.told, flow.out = flow.in_flight + gone, 0, 0


def _shrink(flow: Any, arrived: int) -> None:
    """While what was lost is sent again, the window comes down bit by bit (RFC 6937)."""
    flow.told += arrived
    if flow.in_flight > flow.ssthresh:
        more = math.ceil(flow.told * flow.ssthresh / flow.before) - flow.out
    else:
        more = min(int(flow.ssthresh) - flow.in_flight, max(flow.told - flow.out, arrived) + 1)
    flow.cwnd = flow.in_flight + max(more, 1 if flow.out == 0 else 0)


def _grow(flow: Any, arrived: int, now: float) -> None:
    """CUBIC goes where its curve will be a round trip later, by half a segment for each acknowledged one at most
    (RFC 9438, 4.2 to 4.5)."""
    if flow.epoch < 0.0:
        flow.epoch = now
        flow.reno = flow.cwnd
        flow.origin = max(flow.most, flow.cwnd)
        flow.bend = ((flow.origin - flow.cwnd) / STEEPNESS) ** (1 / 3)
    flow.reno += ALPHA * arrived / flow.cwnd
    target = flow.origin + STEEPNESS * (now - flow.epoch + flow.least - flow.bend) ** 3
    rise = max(target - flow.cwnd, flow.reno - flow.cwnd, 0.0) / flow.cwnd
    if flow.most == 0.0:
        rise = max(rise, UNTRIED)
    flow.cwnd += min(rise, 0.5) * arrived
