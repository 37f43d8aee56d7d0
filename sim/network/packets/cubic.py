"""CUBIC: what its window makes of what was heard.

Slow start goes on until a packet is lost or HyStart ends it: acknowledgements that come close together for half the
shortest round trip, or eight of one round that all took an eighth longer than the shortest. Windows of slow start leave
as bursts, at twice the rate at which they are acknowledged, so two connections that begin together queue behind each
other: the one behind sees it, leaves slow start early, and then grows by 5 % a round trip until it loses something.

Source: RFC 9438 (CUBIC), RFC 9406 (HyStart's delay), RFC 6937 (how windows shrink); where these leave it open, Linux
6.18 (net/ipv4/tcp_cubic.c, tcp_input.c). Part of the text that `packets` begins.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.network.tcp.transport import CUBIC_ALPHA, CUBIC_STEEPNESS, CUBIC_UNTRIED
from sim.network.tcp.transport import CUBIC_BETA as BETA

LOW_WINDOW, SAMPLES = 16, 8
"""Smaller windows, and fewer samples, do not end slow start (RFC 9406, 4.3: 16 here; Linux)."""
LEAST_RISE_S, MOST_RISE_S, RISE = 0.004, 0.016, 1 / 8
"""By how much a round trip rises to end slow start: a part of the shortest, within bounds (RFC 9406, 4.3)."""
TRAIN_S, SENDING_S = 0.002, 0.001
"""Acknowledgements that come so soon after each other are of one train; what sending bursts may take of it (Linux)."""

TIMED_OUT = 2
"""What a flow's `recovery` is where a time-out began it; 1 where a loss did that was heard of."""

#: Of a flow's record, beside what `packets` has there.
CUBIC_FIELDS = (
    *((name, "f8") for name in ("ssthresh", "most", "bend", "origin", "epoch", "reno")),
    *((name, "f8") for name in ("lowest", "round_began", "last_ack")),
    *((name, "i8") for name in ("round_end", "samples", "peak", "limited", "told", "out", "before")),
)


def cubic_hears(flow: Any, number: int, arrived: int, missing: int, now: float) -> None:
    """So many packets have arrived, the last of them by transmission `number`, and so many were lost."""
    if flow.recovery == TIMED_OUT and flow.una >= flow.high:
        flow.recovery = 0
    if missing and not flow.recovery:
        _fall(flow, arrived + missing)
    if flow.recovery == 1:
        _shrink(flow, arrived)
        if flow.una >= flow.high:
            flow.recovery = 0
            flow.cwnd = flow.ssthresh
            flow.peak = 0
        return
    flow.least = min(flow.least, flow.trip)
    if flow.cwnd < flow.ssthresh:
        _look(flow, number, flow.trip, now)
    if flow.cwnd < flow.ssthresh:
        if flow.cwnd < 2 * flow.peak:
            flow.cwnd += arrived
    elif flow.limited:
        _grow(flow, arrived, now)


def cubic_times_out(flow: Any) -> None:
    """All under way was lost: slow start up to where a loss would have brought it, and nothing is known any more
    (tcp_cubic.c, `bictcp_reset`)."""
    if not flow.recovery:
        flow.ssthresh = max(flow.cwnd * BETA, 2.0)
    flow.most = 0.0
    flow.epoch = -1.0
    flow.peak = 0
    flow.least = flow.lowest = np.inf
    flow.round_end = flow.sent


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
        ends = now - flow.round_began > (flow.least + SENDING_S) / 2
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
        flow.bend = ((flow.origin - flow.cwnd) / CUBIC_STEEPNESS) ** (1 / 3)
    flow.reno += CUBIC_ALPHA * arrived / flow.cwnd
    target = flow.origin + CUBIC_STEEPNESS * (now - flow.epoch + flow.least - flow.bend) ** 3
    rise = max(target - flow.cwnd, flow.reno - flow.cwnd, 0.0) / flow.cwnd
    if flow.most == 0.0:
        rise = max(rise, CUBIC_UNTRIED)
    flow.cwnd += min(rise, 0.5) * arrived
