"""How a CUBIC connection's window goes, round by round: who leaves slow start early, and who meets a full queue.

A *round* is what a window's bytes take to be delivered, so a round trip and the wait in queues. From round to round
windows double (RFC 5681, 3.1) until HyStart ends that (RFC 9406 and Linux): where a round's acknowledgements alone take
half of the shortest round trip, the path is full (`train_is_long`); where a round trip has become an eighth longer,
others' packets are ahead. The latter is what two connections do to each other that begin together: windows leave as
bursts at twice the rate at which they are acknowledged, so that a burst of W segments leaves W/2 of them queued before
the next connection's, or less if a link on the way there slows bursts (`burst_delay_s`). Who comes second leaves slow
start early, and grows by 5 % a round from there (Linux: nothing was ever lost) until its packets meet a full queue.
Then CUBIC takes over: 0.7 of the window, and a curve back to it (RFC 9438, 4.2 to 4.7).

How long a standing queue is follows from Little's law: windows are what is under way, on links or in queues
(`queue_delay_s`).

Leaves out pacing, losses of single packets and what repairs them, and that a window needs to be asked for its growth.
Source: what is named above; Linux 6.18 (net/ipv4/tcp_cubic.c). Formulas; kernel code (see `sim.records`).
"""

from __future__ import annotations

from typing import Final

from sim.network.tcp.transport import CUBIC_ALPHA, CUBIC_BETA, CUBIC_C, CUBIC_NO_LOSS_GROWTH, MSS_BYTES

HYSTART_LOW_WINDOW: Final = 16
HYSTART_SAMPLES: Final = 8
"""Smaller windows, and fewer samples, do not end slow start (RFC 9406, 4.3: 16 here; Linux)."""
HYSTART_MIN_RISE_S: Final = 0.004
HYSTART_MAX_RISE_S: Final = 0.016
HYSTART_RISE: Final = 1 / 8
"""By how much a round trip rises to end slow start: a part of the shortest, within bounds (RFC 9406, 4.3)."""
BURST_ALLOWANCE_S: Final = 0.001
"""What sending bursts may take of half a round trip of acknowledgements (Linux)."""

# How a window grows.
SLOW_START: Final = 0
NO_LOSS_YET: Final = 1
CONGESTION_AVOIDANCE: Final = 2


def burst_left(capacity_Bps: float, burst_Bps: float) -> float:
    """What part of a burst is still queued before a link when its last packet has come, at `burst_Bps`."""
    return max(1.0 - capacity_Bps / burst_Bps, 0.0)


def burst_delay_s(window: float, ahead_s: float, left: float, lag_s: float) -> float:
    """How long bursts of a window each hold those up that come `lag_s` after the first of them began, s.

    `ahead_s` is what a link takes to send a segment of each. Who begins before they have all come gets behind the last
    of them, since acknowledgements come back in the order in which packets waited.
    """
    return min(ahead_s * left * window, max(ahead_s * window - lag_s, 0.0))


def queue_delay_s(windows_bytes: float, capacity_Bps: float, mean_trip_s: float) -> float:
    """How long packets wait before a link, s: what windows hold beyond what is on its way for a round trip without a
    queue, `mean_trip_s` by the rates of those who share (Little's law)."""
    return max(windows_bytes / capacity_Bps - mean_trip_s, 0.0)


def rise_s(round_trip_s: float) -> float:
    """By how much a round trip may rise in slow start (RFC 9406, 4.2: the threshold RttThresh)."""
    return min(max(HYSTART_RISE * round_trip_s, HYSTART_MIN_RISE_S), HYSTART_MAX_RISE_S)


def train_is_long(window: float, rate_Bps: float, round_trip_s: float) -> bool:
    """Whether a window's acknowledgements, at a bottleneck's rate, take half of the shortest round trip (Linux)."""
    return window * MSS_BYTES / rate_Bps > (round_trip_s + BURST_ALLOWANCE_S) / 2


def after_slow_start(window: float, rate_Bps: float, round_trip_s: float, delay_s: float) -> tuple[float, int]:
    """The window after a round of slow start, in which packets were held up `delay_s` by others, and how it grows then.

    Who sees the delay does after as many acknowledgements as HyStart wants, of two segments each; who sees a long train
    after half a round trip.
    """
    if window >= HYSTART_LOW_WINDOW and delay_s > rise_s(round_trip_s):
        return window + 2.0 * (HYSTART_SAMPLES + 1), NO_LOSS_YET
    if window >= HYSTART_LOW_WINDOW and train_is_long(window, rate_Bps, round_trip_s):
        return window + rate_Bps * (round_trip_s + BURST_ALLOWANCE_S) / 2 / MSS_BYTES, NO_LOSS_YET
    return 2 * window, SLOW_START


def after_loss(window: float, w_max: float) -> tuple[float, float]:
    """The window after a loss, and the one that its curve comes back to (RFC 9438, 4.6 and 4.7: it aims lower if it was
    still below where it last lost something)."""
    return max(window * CUBIC_BETA, 2.0), window * (1 + CUBIC_BETA) / 2 if window < w_max else window


def after_round(
    growth: int, window: float, round_trip_s: float, w_max: float, w_est: float, since_s: float
) -> tuple[float, float]:
    """The window after a round of congestion avoidance `since_s` after a loss, and Reno's (`w_est`; RFC 9438, 4.3)."""
    if growth == NO_LOSS_YET:
        return window * (1.0 + CUBIC_NO_LOSS_GROWTH), w_est
    w_est += CUBIC_ALPHA
    k_s = ((w_max - w_max * CUBIC_BETA) / CUBIC_C) ** (1.0 / 3.0)
    cubed = w_max + CUBIC_C * (since_s + round_trip_s - k_s) ** 3.0
    return window + min(max(max(cubed, w_est) - window, 0.0), window / 2), w_est
