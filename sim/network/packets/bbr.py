"""BBR, version 1: how fast a connection sends, from the rate at which it is delivered and its shortest round trip.

A sender takes the highest rate at which packets arrived over ten round trips for what its path carries (the bottleneck
bandwidth), paces what it sends by that, and keeps at most twice what the path then holds in flight. It starts at 2.89
times the rate that it has seen, until three round trips bring less than a quarter more; drains what it piled up; and
from then on tries a quarter more for one of eight round trips, a quarter less for the next. It does not slow down for a
loss, so what meets on a link whose queue is short goes on losing. After ten seconds without a shorter round trip it all
but stops for 0.2 s, to see one.

Leaves out idle restarts and receivers that hold back. Source: Cardwell, Cheng, Gunn, Yeganeh, Jacobson, "BBR:
congestion-based congestion control", ACM Queue 14(5), 2016, and draft-cardwell-iccrg-bbr-congestion-control-00; figures
and what these leave open by Linux 6.18 (net/ipv4/tcp_bbr.c, tcp_rate.c, tcp_output.c). Kernel code (see `sim.records`),
part of what `packets` begins.
"""

from __future__ import annotations

import math
from typing import Any

from sim.network.packets.policing import update_policing
from sim.network.packets.state import BW_ROUNDS, BW_SAMPLES, BY_LOSS, BY_TIMEOUT, RING
from sim.network.tcp.transport import INITIAL_WINDOW

HIGH_GAIN = 2.885
"""2 / ln 2: the least that doubles what is sent each round trip."""
CWND_GAIN = 2.0
PROBE_GAIN, DRAIN_GAIN, CYCLE_PHASES = 1.25, 0.75, 8
"""Pacing gains of the first two phases of a cycle; the others go at the rate itself."""
RANDOM_PHASES = 7
"""Where in the cycle it begins is drawn from so many; never with the phase that drains."""
PACING_MARGIN = 0.99
"""Packets are paced so much slower than the rate, so that a queue runs dry."""
FULL_GROWTH, FULL_ROUNDS = 1.25, 3
"""Start-up ends when the rate has not grown by so much for so many rounds."""
MIN_CWND = 4
RT_PROP_S, PROBE_RTT_S = 10.0, 0.2
"""How long the shortest round trip counts, and how long it then waits with `MIN_CWND` in flight."""
QUANTUM_S, MIN_QUANTUM, MAX_QUANTUM = 1 / 1024, 2, 44
"""What leaves at once: what a millisecond sends, at least two packets, at most 64 KiB."""
EXTRA_ACKED_ROUNDS, EXTRA_ACKED_S = 5, 0.1
"""How long it counts that acknowledgements came ahead of the rate, and by how much of the rate at most."""

STARTUP, DRAIN, PROBE_BW, PROBE_RTT = 0, 1, 2, 3
"""States of a connection."""


def bbr_init(w: Any, f: int, rtt_s: float, now: float) -> None:
    """A connection that took a round trip of `rtt_s` to open."""
    flow = w.flows[f]
    flow.min_rtt_s = flow.rt_prop_s = flow.rtt_s = rtt_s
    flow.rt_prop_seen_s = flow.delivered_s = flow.cycle_began_s = flow.ack_epoch_s = now
    flow.pacing_gain = HIGH_GAIN
    flow.pacing_rate = HIGH_GAIN * PACING_MARGIN * flow.cwnd / rtt_s if rtt_s > 0 else math.inf


def bbr_send_quantum(w: Any, f: int) -> int:
    """How many packets leave at once."""
    return int(min(max(w.flows[f].pacing_rate * QUANTUM_S, MIN_QUANTUM), MAX_QUANTUM))


def bbr_on_send(w: Any, f: int, packets: int, now: float) -> None:
    """So many have left now: when the next may. A delay is made up for by half the time between two."""
    flow = w.flows[f]
    behind = max(now - flow.departs_s, 0.0)
    apart = packets / flow.pacing_rate
    flow.departs_s = max(flow.departs_s, now) + apart - min(apart / 2, behind)


def bbr_on_ack(w: Any, f: int, number: int, arrived: int, missing: int, prior_in_flight: int, now: float) -> None:
    """So many packets have arrived, the last of them by transmission `number`, and so many were lost; before that
    `prior_in_flight` were in flight."""
    flow, sent = w.flows[f], w.transmissions[f * RING + number % RING]
    if flow.recovery and flow.snd_una >= flow.recovery_point:
        flow.recovery = 0
    if missing and not flow.recovery:
        flow.recovery, flow.recovery_point = BY_LOSS, flow.snd_nxt
        _save_cwnd(w, f)
    flow.min_rtt_s = min(flow.min_rtt_s, flow.rtt_s)
    flow.delivered += arrived
    flow.losses += missing
    took = max(sent.sent_s - sent.first_sent_s, now - sent.delivered_s)
    flow.first_sent_s, flow.delivered_s = sent.sent_s, now
    if 0 < flow.app_limited < flow.delivered:
        flow.app_limited = 0
    is_sample = took > 0 and took >= flow.min_rtt_s
    begins = is_sample and sent.delivered >= flow.next_round_delivered
    if begins:
        flow.next_round_delivered = flow.delivered
        flow.rounds += 1
        flow.packet_conservation = 0
    if is_sample:
        if update_policing(w, f, sent.app_limited, missing, begins and flow.state == PROBE_BW, begins, now):
            _enter_probe_bw(w, f, now)
        rate = (flow.delivered - sent.delivered) / took
        if not sent.app_limited or rate >= flow.bottleneck_bw:
            _update_bottleneck_bw(w, f, rate)
        _update_extra_acked(w, f, arrived, begins, now)
    if flow.state == PROBE_BW and _ends_phase(w, f, missing, prior_in_flight, now):
        _enter_next_phase(w, f, now)
    if begins and not sent.app_limited and not flow.full_bw_reached:
        _check_full_bw(w, f)
    if flow.state == STARTUP and flow.full_bw_reached:
        flow.state = DRAIN
    if flow.state == DRAIN and _in_flight_at_departure(w, f, flow.in_flight, now) <= _target(w, f, 1.0):
        _enter_probe_bw(w, f, now)
    _update_rt_prop(w, f, begins, now)
    _set_pacing_gain(w, f)
    rate = _bandwidth(w, f) * flow.pacing_gain * PACING_MARGIN
    if flow.full_bw_reached or rate > flow.pacing_rate:
        flow.pacing_rate = rate
    _set_cwnd(w, f, arrived, missing)


def bbr_on_timeout(w: Any, f: int) -> None:
    """All in flight was lost: whether start-up has found all is to be seen anew."""
    _save_cwnd(w, f)
    flow = w.flows[f]
    flow.prior_recovery = BY_TIMEOUT
    flow.packet_conservation = 0
    flow.full_bw = 0.0


def _update_bottleneck_bw(w: Any, f: int, rate: float) -> None:
    """The highest rate of the last rounds; those of rounds long past count until there is another."""
    flow, first = w.flows[f], f * BW_SAMPLES
    for ago in range(min(flow.rounds - flow.last_bw_round, BW_SAMPLES)):
        w.bw_samples[first + (flow.rounds - ago) % BW_SAMPLES] = 0.0
    flow.last_bw_round = flow.rounds
    at = first + flow.rounds % BW_SAMPLES
    w.bw_samples[at] = max(w.bw_samples[at], rate)
    flow.bottleneck_bw = 0.0
    for at in range(first, first + BW_ROUNDS + 1):
        flow.bottleneck_bw = max(flow.bottleneck_bw, w.bw_samples[at])


def _bandwidth(w: Any, f: int) -> float:
    """What the path is taken to carry."""
    flow = w.flows[f]
    return float(flow.policed_bw if flow.policed else flow.bottleneck_bw)


def _bdp(w: Any, f: int, bandwidth: float, gain: float) -> int:
    """What the path holds at that rate, times the gain."""
    holds: int = math.ceil(bandwidth * w.flows[f].rt_prop_s * gain)
    return holds


def _quantized(w: Any, f: int, packets: int) -> int:
    """With what is at either end, in whole pairs."""
    more = packets + 3 * bbr_send_quantum(w, f)
    return more + more % 2 + (2 if w.flows[f].state == PROBE_BW and w.flows[f].cycle_phase == 0 else 0)


def _target(w: Any, f: int, gain: float) -> int:
    """What is to be in flight at the bottleneck's rate, times the gain."""
    return _quantized(w, f, _bdp(w, f, w.flows[f].bottleneck_bw, gain))


def _in_flight_at_departure(w: Any, f: int, in_flight: int, now: float) -> float:
    """How much will be in flight when the next may leave, of so much now."""
    flow = w.flows[f]
    if flow.pacing_gain > 1.0:
        in_flight += bbr_send_quantum(w, f)
    return float(max(in_flight - _bandwidth(w, f) * max(flow.departs_s - now, 0.0), 0.0))


def _save_cwnd(w: Any, f: int) -> None:
    """The window to come back to."""
    flow = w.flows[f]
    if not flow.prior_recovery and flow.state != PROBE_RTT:
        flow.prior_cwnd = int(flow.cwnd)
    else:
        flow.prior_cwnd = max(flow.prior_cwnd, int(flow.cwnd))


def _update_extra_acked(w: Any, f: int, arrived: int, begins: bool, now: float) -> None:
    """By how much acknowledgements came ahead of the rate, at most, in the last five to ten rounds."""
    flow = w.flows[f]
    if begins:
        flow.extra_acked_rounds += 1
        if flow.extra_acked_rounds >= EXTRA_ACKED_ROUNDS:
            flow.extra_acked_rounds = 0
            flow.extra_acked_before = flow.extra_acked
            flow.extra_acked = 0
    expected = _bandwidth(w, f) * (now - flow.ack_epoch_s)
    if flow.acked_in_epoch <= expected:
        flow.acked_in_epoch = 0
        flow.ack_epoch_s = now
        expected = 0.0
    flow.acked_in_epoch += arrived
    flow.extra_acked = max(flow.extra_acked, int(min(flow.acked_in_epoch - expected, flow.cwnd)))


def _ends_phase(w: Any, f: int, missing: int, prior_in_flight: int, now: float) -> bool:
    """Whether the phase of the cycle has done what it is for."""
    flow = w.flows[f]
    long = now - flow.cycle_began_s > flow.rt_prop_s
    if flow.pacing_gain == 1.0:
        return bool(long)
    in_flight = _in_flight_at_departure(w, f, prior_in_flight, now)
    if flow.pacing_gain > 1.0:
        return bool(long and (missing > 0 or in_flight >= _target(w, f, flow.pacing_gain)))
    return bool(long or in_flight <= _target(w, f, 1.0))


def _enter_next_phase(w: Any, f: int, now: float) -> None:
    flow = w.flows[f]
    flow.cycle_phase = (flow.cycle_phase + 1) % CYCLE_PHASES
    flow.cycle_began_s = now


def _enter_probe_bw(w: Any, f: int, now: float) -> None:
    """The cycle begins somewhere: pseudo-random numbers go on from the one that its connection was given."""
    flow = w.flows[f]
    flow.state = PROBE_BW
    flow.random = (flow.random * 1103515245 + 12345) % 2147483648
    flow.cycle_phase = CYCLE_PHASES - 1 - (flow.random >> 16) % RANDOM_PHASES
    _enter_next_phase(w, f, now)


def _check_full_bw(w: Any, f: int) -> None:
    """A round begins: whether start-up has found all that there is."""
    flow = w.flows[f]
    if flow.bottleneck_bw >= flow.full_bw * FULL_GROWTH:
        flow.full_bw = flow.bottleneck_bw
        flow.full_bw_rounds = 0
        return
    flow.full_bw_rounds += 1
    flow.full_bw_reached = int(flow.full_bw_rounds >= FULL_ROUNDS)


def _update_rt_prop(w: Any, f: int, begins: bool, now: float) -> None:
    """The shortest round trip, and the stop that looks for it anew."""
    flow = w.flows[f]
    expired = now > flow.rt_prop_seen_s + RT_PROP_S
    if flow.rtt_s <= flow.rt_prop_s or expired:
        flow.rt_prop_s = flow.rtt_s
        flow.rt_prop_seen_s = now
    if expired and flow.state != PROBE_RTT:
        flow.state = PROBE_RTT
        _save_cwnd(w, f)
        flow.probe_rtt_ends_s = 0.0
    if flow.state != PROBE_RTT:
        return
    flow.app_limited = max(flow.delivered + flow.in_flight, 1)
    if flow.probe_rtt_ends_s == 0.0:
        if flow.in_flight <= MIN_CWND:
            flow.probe_rtt_ends_s = now + PROBE_RTT_S
            flow.probe_rtt_round_done = 0
            flow.next_round_delivered = flow.delivered
        return
    if begins:
        flow.probe_rtt_round_done = 1
    if flow.probe_rtt_round_done and now > flow.probe_rtt_ends_s:
        flow.rt_prop_seen_s = now
        flow.cwnd = max(flow.cwnd, flow.prior_cwnd)
        if flow.full_bw_reached:
            _enter_probe_bw(w, f, now)
        else:
            flow.state = STARTUP


def _set_pacing_gain(w: Any, f: int) -> None:
    flow = w.flows[f]
    if flow.state == STARTUP:
        flow.pacing_gain = HIGH_GAIN
    elif flow.state == DRAIN:
        flow.pacing_gain = 1 / HIGH_GAIN
    elif flow.state == PROBE_RTT or flow.policed or flow.cycle_phase > 1:
        flow.pacing_gain = 1.0
    else:
        flow.pacing_gain = PROBE_GAIN if flow.cycle_phase == 0 else DRAIN_GAIN


def _set_cwnd(w: Any, f: int, arrived: int, missing: int) -> None:
    flow = w.flows[f]
    if arrived:
        cwnd = int(flow.cwnd)
        if missing:
            cwnd = max(cwnd - missing, 1)
        if flow.recovery == BY_LOSS and flow.prior_recovery != BY_LOSS:
            # For the first round one may leave for each that has arrived.
            flow.packet_conservation = 1
            flow.next_round_delivered = flow.delivered
            cwnd = flow.in_flight + arrived
        elif flow.prior_recovery and not flow.recovery:
            cwnd = max(cwnd, flow.prior_cwnd)
            flow.packet_conservation = 0
        flow.prior_recovery = flow.recovery
        conserving = flow.packet_conservation
        flow.cwnd = max(cwnd, flow.in_flight + arrived) if conserving else _grown_cwnd(w, f, cwnd, arrived)
    if flow.state == PROBE_RTT:
        flow.cwnd = min(flow.cwnd, MIN_CWND)


def _grown_cwnd(w: Any, f: int, cwnd: int, arrived: int) -> int:
    """A window that may grow by what has arrived, up to its target."""
    flow = w.flows[f]
    bandwidth = _bandwidth(w, f)
    gain = HIGH_GAIN if flow.state <= DRAIN else 1.0 if flow.state == PROBE_RTT else CWND_GAIN
    extra = int(min(max(flow.extra_acked, flow.extra_acked_before), bandwidth * EXTRA_ACKED_S))
    if not flow.full_bw_reached:
        extra = 0
    target = _quantized(w, f, _bdp(w, f, bandwidth, gain) + extra)
    if flow.full_bw_reached:
        cwnd = min(cwnd + arrived, target)
    elif cwnd < target or flow.delivered < INITIAL_WINDOW:
        cwnd += arrived
    return max(cwnd, MIN_CWND)
