"""Packets over drop-tail queues: who sends when, what a full queue drops, and what its sender learns of it.

A packet waits in the queue of each link of its route in turn, and is dropped where the queue is full. Its sender learns
of it a round trip later; what was sent before a packet that arrived and has not arrived itself is lost, since nothing
overtakes on the way. Propagation is all on the way back, which makes no difference to a sender: so a body ends when its
last byte leaves the last queue. How large a sender's window is, and how fast it may send, is for its congestion control
to say: `cubic` or `bbr`.

Source: RFC 8985 (losses by order, probes), RFC 6298 (timers), RFC 5681, 4.2 (acknowledgements); where these leave it
open, Linux 6.18 (net/ipv4/tcp_input.c, tcp_output.c, tcp_rate.c). Leaves out what readers of sockets do to receive
windows, which are as large from the start as they ever get, and queues of acknowledgements. Kernel code (see
`sim.records`): `open_flow` and `run_until` are all that others call.
"""

from __future__ import annotations

from typing import Any

from sim.network.packets.bbr import bbr_init, bbr_on_ack, bbr_on_send, bbr_on_timeout, bbr_send_quantum
from sim.network.packets.cubic import cubic_on_ack, cubic_on_timeout
from sim.network.packets.state import BBR, BY_TIMEOUT, RING, SEND_BUFFER
from sim.network.tcp.retransmission import LEAST_TIMEOUT_S
from sim.network.tcp.transport import INITIAL_WINDOW, MSS_BYTES
from sim.records.queue import pop_event, push_event

DELAYED_ACK_S = 0.04
"""How long a receiver keeps the acknowledgement of a single packet to itself (Linux; RFC 9293, 3.8.6.3)."""
MAX_TIMEOUTS = 15
"""Times that a packet is sent anew before a connection is given up, which then never ends (Linux, `tcp_retries2`)."""
WRITE_WAKES_AT = SEND_BUFFER - SEND_BUFFER // 3
"""Who waits for space in the socket's buffer is woken when it holds so few (Linux, `sk_stream_write_space`: a third is
free)."""
EVENTS_AT_ONCE = SEND_BUFFER + 64
"""Events that one may bring about, at most."""
#: What happens at the sender instead of at a link, whose numbers of hops count from 0.
ACK, PROBE, END, PACE = -1, -2, -3, -4


def open_flow(w: Any, now: float, f: int) -> None:
    """Flow `f` sends its first window; the packets that opened it waited in the queues as they are."""
    flow = w.flows[f]
    flow.written = min(flow.packets, SEND_BUFFER)
    if flow.control == BBR:
        opened_s = flow.round_trip_s
        for h in range(flow.first_hop, flow.end_hop):
            opened_s += max(w.links[w.hops[h]].free_s - now, 0.0)
        bbr_init(w, f, opened_s, now)
    _send(w, f, now)
    _set_timer(w, f, now)


def run_until(w: Any, until: float) -> float:
    """Goes on until the first flow has arrived, or until nothing is due by `until`; the time then.

    Below 0 where it needs more rows for events: each may have a socket's buffer sent.
    """
    g = w.g
    while g.events_used > 0 and w.events[0].at_s <= until:
        if g.events_used + EVENTS_AT_ONCE > len(w.events):
            return -1.0
        pop_event(w)
        now, f, number, hop = g.event_s, g.event_what, g.event_generation, g.event_kind
        flow = w.flows[f]
        if hop == END:
            flow.done = 1
            return float(now)
        if flow.done:
            continue
        if hop >= 0:
            _arrive(w, f, number, hop, now)
        elif hop == ACK:
            flow.in_network -= 1
            flow.timeouts = 0
            if number >= flow.oldest:
                _on_ack(w, f, number, now)
            _send(w, f, now)
        elif hop == PACE:
            flow.timer_set = 0
            _send(w, f, now)
        elif flow.in_network == 0 and flow.in_flight > 0:
            flow.timeouts += 1
            if flow.timeouts == 1:
                # All in flight was lost, it seems: the last of it once more, as a probe (RFC 8985, 7).
                _transmit(w, f, w.transmissions[f * RING + (flow.transmissions - 1) % RING].packet, now)
            else:
                _on_timeout(w, f)
                _send(w, f, now)
        _set_timer(w, f, now)
    return until


def _push(w: Any, at_s: float, hop: int, f: int, number: int) -> None:
    """Something is to happen to a packet of flow `f`, or to its sender."""
    w.flows[f].last_event_s = max(w.flows[f].last_event_s, at_s)
    push_event(w, at_s, hop, f, number)


def _send(w: Any, f: int, now: float) -> None:
    """All that the window allows, what was lost first; burst by burst where they are paced."""
    flow = w.flows[f]
    if flow.control != BBR:
        while _send_one(w, f, now):
            pass
        return
    while flow.timer_set == 0:
        if flow.departs_s > now:
            flow.timer_set = 1
            _push(w, flow.departs_s, PACE, f, 0)
            return
        quantum, sent = bbr_send_quantum(w, f), 0
        while sent < quantum and _send_one(w, f, now):
            sent += 1
        if sent > 0 and flow.transmissions > INITIAL_WINDOW:
            bbr_on_send(w, f, sent, now)
        if sent < quantum:
            return


def _send_one(w: Any, f: int, now: float) -> bool:
    """One packet, if there is one and the window allows it."""
    flow = w.flows[f]
    flow.cwnd_limited = 0
    again = flow.retransmit_first < flow.retransmit_end
    if not again and (flow.snd_nxt >= flow.written or flow.snd_nxt - flow.snd_una >= flow.rwnd):
        return False
    if flow.in_flight + 1 > flow.cwnd:
        flow.cwnd_limited = 1
        return False
    if again:
        packet = w.lost[f * RING + flow.retransmit_first % RING]
        flow.retransmit_first += 1
    else:
        packet = flow.snd_nxt
        flow.snd_nxt += 1
    _transmit(w, f, packet, now)
    return True


def _transmit(w: Any, f: int, packet: int, now: float) -> None:
    flow = w.flows[f]
    sent = w.transmissions[f * RING + flow.transmissions % RING]
    sent.packet, sent.sent_s, sent.arrived = packet, now, 0
    if flow.in_flight == 0:
        flow.first_sent_s = flow.delivered_s = now
    sent.delivered, sent.delivered_s, sent.first_sent_s = flow.delivered, flow.delivered_s, flow.first_sent_s
    sent.app_limited = int(flow.app_limited > 0)
    flow.in_flight += 1
    flow.max_in_flight = max(flow.max_in_flight, flow.in_flight)
    flow.prr_out += 1
    flow.in_network += 1
    flow.transmissions += 1
    _arrive(w, f, flow.transmissions - 1, 0, now)


def _arrive(w: Any, f: int, number: int, hop: int, now: float) -> None:
    """A packet comes to a link of its route, or to its end."""
    flow = w.flows[f]
    sent = w.transmissions[f * RING + number % RING]
    if flow.first_hop + hop < flow.end_hop:
        link = w.links[w.hops[flow.first_hop + hop]]
        size = flow.last_packet_bytes if sent.packet == flow.packets - 1 else float(MSS_BYTES)
        starts = max(link.free_s, now)
        if (starts - now) * link.capacity + size > link.depth:
            flow.in_network -= 1
            return
        link.free_s = starts + size / link.capacity
        w.hop_waits_s[flow.first_hop + hop] += starts - now
        if flow.first_hop + hop + 1 < flow.end_hop:
            _push(w, link.free_s, hop + 1, f, number)
            return
        now = link.free_s
    flow.in_network -= 1
    sent.arrived = 1
    if w.arrived[flow.first_packet + sent.packet] == 0:
        w.arrived[flow.first_packet + sent.packet] = 1
        flow.received += 1
        if flow.received == flow.packets:
            _push(w, now, END, f, number)
            return
    flow.in_network += 1
    # Every second packet is acknowledged at once, and each while one is missing.
    flow.ack_withheld = 1 - flow.ack_withheld
    wait = DELAYED_ACK_S if flow.ack_withheld and not flow.recovery else 0.0
    _push(w, now + flow.round_trip_s + wait, ACK, f, number)


def _set_timer(w: Any, f: int, now: float) -> None:
    """Where nothing that was sent will be acknowledged, try again after two round trips, then ever more seldom."""
    flow = w.flows[f]
    if flow.in_network == 0 and flow.in_flight > 0 and flow.timer_set == 0 and flow.timeouts < MAX_TIMEOUTS:
        wait = 2 * flow.rtt_s
        if flow.timeouts > 0:
            wait = (flow.rtt_s + LEAST_TIMEOUT_S) * 2.0 ** (flow.timeouts - 1)
        _push(w, now + wait, PROBE, f, 0)


def _on_timeout(w: Any, f: int) -> None:
    """Nothing in flight is acknowledged: all of it is lost, and it begins again with one packet (RFC 6298, 5; RFC 5681,
    3.1)."""
    flow = w.flows[f]
    before = -1
    while flow.oldest < flow.transmissions:
        packet = w.transmissions[f * RING + flow.oldest % RING].packet
        if packet != before:  # the last one was sent again before
            w.lost[f * RING + flow.retransmit_end % RING] = packet
            flow.retransmit_end += 1
        before = packet
        flow.in_flight -= 1
        flow.oldest += 1
    if flow.control == BBR:
        bbr_on_timeout(w, f)
    else:
        cubic_on_timeout(w, f)
    flow.recovery, flow.recovery_point, flow.cwnd = BY_TIMEOUT, flow.snd_nxt, 1.0


def _write(w: Any, f: int) -> None:
    """Whoever has the bytes fills the socket's buffer. If all that was there is in flight, its delivery rate is that at
    which bytes were written, and not the path's (tcp_rate.c, `tcp_rate_check_app_limited`)."""
    flow = w.flows[f]
    if flow.written == flow.packets or flow.written - flow.snd_una > WRITE_WAKES_AT:
        return
    nothing_left = flow.snd_nxt == flow.written and flow.retransmit_first == flow.retransmit_end
    if nothing_left and flow.in_flight < flow.cwnd:
        flow.app_limited = max(flow.delivered + flow.in_flight, 1)
    flow.written = min(flow.snd_una + SEND_BUFFER, flow.packets)


def _on_ack(w: Any, f: int, number: int, now: float) -> None:
    """Transmission `number` has arrived, and what was sent before it has arrived or is lost."""
    flow = w.flows[f]
    prior_in_flight, arrived, missing = flow.in_flight, 0, 0
    while flow.oldest <= number:
        sent = w.transmissions[f * RING + flow.oldest % RING]
        if sent.arrived:
            arrived += 1
            w.arrived[flow.first_packet + sent.packet] = 2
        elif w.arrived[flow.first_packet + sent.packet] < 2:
            missing += 1
            w.lost[f * RING + flow.retransmit_end % RING] = sent.packet
            flow.retransmit_end += 1
        flow.in_flight -= 1
        flow.oldest += 1
    while flow.snd_una < flow.packets and w.arrived[flow.first_packet + flow.snd_una] == 2:
        flow.snd_una += 1
    _write(w, f)
    flow.rtt_s = now - w.transmissions[f * RING + number % RING].sent_s
    if flow.control == BBR:
        bbr_on_ack(w, f, number, arrived, missing, prior_in_flight, now)
    else:
        cubic_on_ack(w, f, number, arrived, missing, now)
