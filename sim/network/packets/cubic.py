"""CUBIC: what its window makes of an acknowledgement, a loss and a time-out.

Slow start goes on until a packet is lost or HyStart ends it: acknowledgements that come close together for half the
shortest round trip, or eight of one round that all took an eighth longer than the shortest. Windows of slow start leave
as bursts, at twice the rate at which they are acknowledged, so two connections that begin together queue behind each
other: the one behind sees it, leaves slow start early, and then grows by 5 % a round trip until it loses something.

Leaves out pacing (Linux has none for CUBIC without the fq queue) and undoing a reduction that was spurious.
Source: RFC 9438 (CUBIC), RFC 9406 (HyStart's delay), RFC 6937 (proportional rate reduction); where these leave it open,
Linux 6.18 (net/ipv4/tcp_cubic.c, tcp_input.c). Kernel code (see `sim.records`), part of what `packets` begins.
"""

from __future__ import annotations

import math
from typing import Any

from sim.network.packets.state import BY_LOSS, BY_TIMEOUT
from sim.network.tcp.transport import CUBIC_ALPHA, CUBIC_BETA, CUBIC_C, CUBIC_NO_LOSS_GROWTH
from sim.network.tcp.windows import BURST_ALLOWANCE_S, HYSTART_LOW_WINDOW, HYSTART_SAMPLES, rise_s

ACK_TRAIN_S = 0.002
"""Acknowledgements that come so soon after each other are of one train (Linux)."""


def cubic_on_ack(w: Any, f: int, number: int, arrived: int, missing: int, now: float) -> None:
    """So many packets have arrived, the last of them by transmission `number`, and so many were lost."""
    flow = w.flows[f]
    if flow.recovery == BY_TIMEOUT and flow.snd_una >= flow.recovery_point:
        flow.recovery = 0
    if missing and not flow.recovery:
        _on_loss(w, f, arrived + missing)
    if flow.recovery == BY_LOSS:
        _reduce_window(w, f, arrived)
        if flow.snd_una >= flow.recovery_point:
            flow.recovery = 0
            flow.cwnd = flow.ssthresh
            flow.max_in_flight = 0
        return
    flow.min_rtt_s = min(flow.min_rtt_s, flow.rtt_s)
    if flow.cwnd < flow.ssthresh:
        _hystart(w, f, number, now)
    if flow.cwnd < flow.ssthresh:
        if flow.cwnd < 2 * flow.max_in_flight:
            flow.cwnd += arrived
    elif flow.cwnd_limited:
        _avoid_congestion(w, f, arrived, now)


def cubic_on_timeout(w: Any, f: int) -> None:
    """All in flight was lost: slow start up to where a loss would have brought it, and nothing is known any more
    (tcp_cubic.c, `bictcp_reset`)."""
    flow = w.flows[f]
    if not flow.recovery:
        flow.ssthresh = max(flow.cwnd * CUBIC_BETA, 2.0)
    flow.w_max = 0.0
    flow.epoch_s = -1.0
    flow.max_in_flight = 0
    flow.min_rtt_s = flow.round_min_rtt_s = math.inf
    flow.round_end = flow.transmissions


def _hystart(w: Any, f: int, number: int, now: float) -> None:
    """Whether this acknowledgement ends slow start."""
    flow = w.flows[f]
    if number >= flow.round_end:
        flow.round_end = flow.transmissions
        flow.round_began_s = flow.last_ack_s = now
        flow.round_min_rtt_s = math.inf
        flow.rtt_samples = 0
    if flow.cwnd < HYSTART_LOW_WINDOW:
        return
    ends = False
    if now - flow.last_ack_s <= ACK_TRAIN_S:
        flow.last_ack_s = now
        ends = now - flow.round_began_s > (flow.min_rtt_s + BURST_ALLOWANCE_S) / 2
    flow.round_min_rtt_s = min(flow.round_min_rtt_s, flow.rtt_s)
    flow.rtt_samples += 1
    if flow.rtt_samples > HYSTART_SAMPLES:
        ends = ends or flow.round_min_rtt_s > flow.min_rtt_s + rise_s(flow.min_rtt_s)
    if ends:
        flow.ssthresh = flow.cwnd


def _on_loss(w: Any, f: int, gone: int) -> None:
    """A loss (RFC 9438, 4.6 and 4.7): it aims lower than before if it was still below where it last lost something."""
    flow = w.flows[f]
    flow.w_max = flow.cwnd * (1 + CUBIC_BETA) / 2 if flow.cwnd < flow.w_max else flow.cwnd
    flow.ssthresh = max(flow.cwnd * CUBIC_BETA, 2.0)
    flow.epoch_s = -1.0
    flow.recovery, flow.recovery_point = BY_LOSS, flow.snd_nxt
    flow.recover_fs, flow.prr_delivered, flow.prr_out = flow.in_flight + gone, 0, 0


def _reduce_window(w: Any, f: int, arrived: int) -> None:
    """While what was lost is sent again, the window comes down bit by bit (RFC 6937, 3.1)."""
    flow = w.flows[f]
    flow.prr_delivered += arrived
    if flow.in_flight > flow.ssthresh:
        more = math.ceil(flow.prr_delivered * flow.ssthresh / flow.recover_fs) - flow.prr_out
    else:
        more = min(int(flow.ssthresh) - flow.in_flight, max(flow.prr_delivered - flow.prr_out, arrived) + 1)
    flow.cwnd = flow.in_flight + max(more, 1 if flow.prr_out == 0 else 0)


def _avoid_congestion(w: Any, f: int, arrived: int, now: float) -> None:
    """It goes where its curve will be a round trip later, by half a segment for each acknowledged one at most
    (RFC 9438, 4.2 to 4.5)."""
    flow = w.flows[f]
    if flow.epoch_s < 0.0:
        flow.epoch_s = now
        flow.w_est = flow.cwnd
        flow.origin = max(flow.w_max, flow.cwnd)
        flow.k_s = ((flow.origin - flow.cwnd) / CUBIC_C) ** (1 / 3)
    flow.w_est += CUBIC_ALPHA * arrived / flow.cwnd
    target = flow.origin + CUBIC_C * (now - flow.epoch_s + flow.min_rtt_s - flow.k_s) ** 3
    rise = max(target - flow.cwnd, flow.w_est - flow.cwnd, 0.0) / flow.cwnd
    if flow.w_max == 0.0:
        rise = max(rise, CUBIC_NO_LOSS_GROWTH)
    flow.cwnd += min(rise, 0.5) * arrived
