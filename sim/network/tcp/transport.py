"""What a fluid leaves out of a connection: opening, slow start, ceilings, headers, queues, losses. Pure formulas.

Each mechanism stands alone and is off unless asked for; together they turn a link's capacity into what a transfer
sees. They leave out reordering, corruption, delayed acknowledgements, and congestion avoidance after the first
loss, whose mean a share already is. Sizes are bytes, rates bytes/s, `round_trip_s` is propagation there and back.

"""

from __future__ import annotations

import math
from collections.abc import Sequence

INITIAL_WINDOW = 10
"""Segments (RFC 6928)."""
INITIAL_WINDOW_BYTES = INITIAL_WINDOW * 1460
"""Ten segments of 1,460 bytes (RFC 6928)."""
MSS_BYTES = 1448
"""Payload of a full IP packet of 1,500 bytes: 20 of IP (RFC 791), 20 of TCP (RFC 9293), 12 of timestamps (RFC
7323)."""
MTU_BYTES = 1500
CUBIC_BETA = 0.7
"""What is left of CUBIC's window after a loss (RFC 9438, 4.6)."""
CUBIC_STEEPNESS = 0.4
"""Segments/s^3 of the cubic (RFC 9438, 5)."""
CUBIC_ALPHA = 3 * (1 - CUBIC_BETA) / (1 + CUBIC_BETA)
"""Segments a round trip by which a window grows at least, so that it is no slower than Reno's (RFC 9438, 4.3)."""
CUBIC_UNTRIED = 1 / 20
"""Segments a window grows by for each acknowledged one at least, as long as nothing was ever lost (Linux)."""
ACK_BYTES = 52
"""An IP packet that only acknowledges: the three headers above."""

_ENDLESS = 1023
"""Rungs to an infinite rate: as many as a float can double."""

WEIGHTS = tuple(2.0 ** (step / 2) for step in range(-4, 4))
"""The grid of weights, eight values half an octave apart, so that classes stay few."""


def open_s(round_trip_s: float, *, tls: str | None = "1.3", reused: bool = False) -> float:
    """Until the first request may leave: 1 round trip for TCP (RFC 9293, 3.5), 1 more for TLS 1.3 (RFC 8446, 2) or
    2 for TLS 1.2 (RFC 5246, 7.3), none on a connection that is reused. `tls` is "1.3", "1.2" or None for plain
    TCP."""
    try:
        trips = 0 if reused else {None: 1, "1.3": 2, "1.2": 3}[tls]
    except KeyError:
        raise ValueError(f'tls must be "1.3", "1.2" or None, got {tls!r}') from None
    return trips * round_trip_s


def rungs(rate_Bps: float, round_trip_s: float, initial_window_bytes: float = INITIAL_WINDOW_BYTES) -> int:
    """How many windows, IW, 2 IW, 4 IW ..., are each too small to keep `rate_Bps` busy for a round trip."""
    return rungs_from(initial_window_bytes, rate_Bps, round_trip_s)


def rungs_from(initial_window_bytes: float, rate_Bps: float, round_trip_s: float) -> int:
    """The same, as text that can be compiled."""
    windows = rate_Bps * round_trip_s / initial_window_bytes
    if math.isinf(windows):
        return _ENDLESS
    return math.ceil(math.log2(windows)) if windows > 1 else 0


def ramp_bytes(rate_Bps: float, round_trip_s: float, initial_window_bytes: float = INITIAL_WINDOW_BYTES) -> float:
    """What a connection sends in slow start before it keeps `rate_Bps` busy: IW (2^n - 1) with n `rungs`."""
    return initial_window_bytes * (2.0 ** rungs(rate_Bps, round_trip_s, initial_window_bytes) - 1)


def slow_start_s(
    size_bytes: float, rate_Bps: float, round_trip_s: float, initial_window_bytes: float = INITIAL_WINDOW_BYTES
) -> float:
    """How much later than at `rate_Bps` from the start a transfer ends because its window begins at IW and doubles.

    Each of the first n windows IW 2^k takes a round trip instead of IW 2^k / rate: n RTT - IW (2^n - 1) / rate,
    where n is the number of `rungs`, or of windows after which something is still left to send if that is less.
    Slow start: RFC 5681, 3.1; the sum: Cardwell, Savage, Anderson, "Modeling TCP latency", INFOCOM 2000.
    """
    return slow_start_from_s(initial_window_bytes, size_bytes, rate_Bps, round_trip_s)


def slow_start_from_s(initial_window_bytes: float, size_bytes: float, rate_Bps: float, round_trip_s: float) -> float:
    """The same, as text that can be compiled."""
    if size_bytes <= initial_window_bytes or rate_Bps <= 0:
        return 0.0
    waits = math.ceil(math.log2(size_bytes / initial_window_bytes + 1)) - 1
    waits = min(waits, rungs_from(initial_window_bytes, rate_Bps, round_trip_s))
    return waits * round_trip_s - initial_window_bytes * (2.0**waits - 1) / rate_Bps


def rung_Bps(rung: int, round_trip_s: float, initial_window_bytes: float = INITIAL_WINDOW_BYTES) -> float:
    """The cap on a connection's `rung`th round trip (from 0): IW 2^rung / RTT; none without a round trip."""
    return initial_window_bytes * 2.0**rung / round_trip_s if round_trip_s > 0 else math.inf


def ceiling_Bps(window_bytes: float, round_trip_s: float) -> float:
    """One connection's ceiling: a full receive window each round trip (RFC 7323, 1.1)."""
    return window_bytes / round_trip_s if round_trip_s > 0 else math.inf


def on_grid(weight: float, grid: Sequence[float] = WEIGHTS) -> float:
    """The grid's value nearest to `weight` by ratio."""
    if not 0 < weight < math.inf:
        raise ValueError(f"weight must be above 0 and finite, got {weight:g}")
    return min(grid, key=lambda value: abs(math.log(value / weight)))


def leaning_weight(
    round_trip_s: float, usual_s: float, lean: float, luck: float = 0.0, grid: Sequence[float] = WEIGHTS
) -> float:
    """A connection's weight on the grid: (usual / RTT)^lean e^luck.

    `lean` is 0 for equal shares, 1 where shares go as 1/RTT and up to 2 under synchronised losses (Lakshman,
    Madhow, "The performance of TCP/IP for networks with high bandwidth-delay products and random loss", 1997).
    `luck`, a draw that the caller makes, say normal with a fitted spread, stands for shares that differ without a
    cause the model knows.
    """
    return on_grid((usual_s / round_trip_s) ** lean * math.exp(luck) if round_trip_s > 0 else grid[-1], grid)


def wire_bytes(size_bytes: float, mss_bytes: int = MSS_BYTES, mtu_bytes: int = MTU_BYTES) -> float:
    """Bytes of IP packets that carry `size_bytes`: headers of `mtu` - `mss` on every packet, the last one
    included."""
    return size_bytes + (mtu_bytes - mss_bytes) * math.ceil(size_bytes / mss_bytes)


def ack_bytes(size_bytes: float, every: int = 2) -> float:
    """Bytes of IP packets that come back to acknowledge `size_bytes`: one for each `every` packets (RFC 5681,
    4.2)."""
    return float(ACK_BYTES * math.ceil(math.ceil(size_bytes / MSS_BYTES) / every))


def queue_s(depth_bytes: float, capacity_Bps: float, full: bool) -> float:
    """By how much a drop-tail queue lengthens the round trip of all that cross its link: its depth while the link
    is full (loss-based senders keep it near there: Gettys, Nichols, "Bufferbloat", CACM 2012), nothing while it is
    not."""
    return depth_bytes / capacity_Bps if full and capacity_Bps > 0 else 0.0


def overshoot_bytes(
    size_bytes: float,
    rate_Bps: float,
    round_trip_s: float,
    depth_bytes: float,
    initial_window_bytes: float = INITIAL_WINDOW_BYTES,
    dropped: float = 1.0,
) -> float:
    """What a drop-tail queue drops of slow start's last doubling, to be sent again.

    The pipe holds P = rate RTT + depth. The first window above P, W = IW 2^n, has W - P too much (Jacobson,
    "Congestion avoidance and control", SIGCOMM 1988); nothing if the transfer ends before it. `dropped` is the part of
    that which is lost, to be fitted: HyStart (Ha, Rhee, 2011) leaves slow start early where it sees delay grow. On our
    rig with queues of 60 ms, cubic lost next to nothing at a round trip of 30 ms, and at 100 ms from a quarter of this
    to twice as much; bbr lost more.
    """
    pipe = rate_Bps * round_trip_s + depth_bytes
    if rate_Bps <= 0:
        return 0.0
    n = math.floor(math.log2(pipe / initial_window_bytes)) + 1 if pipe >= initial_window_bytes else 0
    window = initial_window_bytes * 2.0**n
    sent = window - initial_window_bytes
    return dropped * max(0.0, min(window, size_bytes - sent) - pipe)


def recovery_s(lost_bytes: float, rate_Bps: float, round_trip_s: float) -> float:
    """How much later a transfer ends for what was lost: one round trip to learn of it and the bytes again (fast
    recovery with selective acknowledgements, RFC 6675)."""
    return round_trip_s + lost_bytes / rate_Bps if lost_bytes > 0 else 0.0


def back_off_bytes(rate_Bps: float, round_trip_s: float, depth_bytes: float, beta: float = CUBIC_BETA) -> float:
    """What stays unsent because a lone sender falls to `beta` of its window at a loss and the queue then runs dry.

    With P = rate RTT + depth, the window falls to beta P; the link idles for what beta P falls short of rate RTT. 0
    when the queue is at least (1 / beta - 1) round trips deep.
    """
    bandwidth_delay = rate_Bps * round_trip_s
    return max(0.0, bandwidth_delay - beta * (bandwidth_delay + depth_bytes))
