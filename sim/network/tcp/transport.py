"""What a fluid leaves out of a connection: opening it, slow start, its ceiling, headers and acknowledgements. Formulas.

Each mechanism stands alone and is off unless asked for; together they turn a link's capacity into what a transfer
sees. They leave out reordering, corruption, delayed acknowledgements, losses (packet by packet: `sim.network.packets`;
around an outage: `retransmission`), and congestion avoidance after a loss, whose mean a fair share already is. Sizes
are bytes, rates bytes/s, `round_trip_s` is propagation there and back. Sources stand beside what they say.
"""

from __future__ import annotations

import math
from typing import Final, Literal

Congestion = Literal["cubic", "bbr"]
"""What says how fast a connection sends."""

INITIAL_WINDOW: Final = 10
"""Segments (RFC 6928)."""
INITIAL_WINDOW_BYTES: Final = INITIAL_WINDOW * 1460
"""Ten segments of 1,460 bytes (RFC 6928)."""
MSS_BYTES: Final = 1448
"""Payload of a full IP packet of 1,500 bytes: 20 of IP (RFC 791), 20 of TCP (RFC 9293), 12 of timestamps (RFC
7323)."""
MTU_BYTES: Final = 1500
ACK_BYTES: Final = 52
"""An IP packet that only acknowledges: the three headers above."""

CUBIC_BETA: Final = 0.7
"""What is left of CUBIC's window after a loss (RFC 9438, 4.6)."""
CUBIC_C: Final = 0.4
"""Segments/s^3 of the cubic (RFC 9438, 5)."""
CUBIC_ALPHA: Final = 3 * (1 - CUBIC_BETA) / (1 + CUBIC_BETA)
"""Segments a round trip by which a window grows at least, so that it is no slower than Reno's (RFC 9438, 4.3)."""
CUBIC_NO_LOSS_GROWTH: Final = 1 / 20
"""Segments a window grows by for each acknowledged one at least, as long as nothing was ever lost (Linux)."""

_ENDLESS: Final = 1023
"""Doublings to an infinite rate: as many as a float can double."""


def open_s(round_trip_s: float, *, tls: str | None = "1.3", reused: bool = False) -> float:
    """Until the first request may leave: 1 round trip for TCP (RFC 9293, 3.5), 1 more for TLS 1.3 (RFC 8446, 2) or
    2 for TLS 1.2 (RFC 5246, 7.3), none on a connection that is reused. `tls` is "1.3", "1.2" or None for plain
    TCP."""
    try:
        trips = 0 if reused else {None: 1, "1.3": 2, "1.2": 3}[tls]
    except KeyError:
        raise ValueError(f'tls must be "1.3", "1.2" or None, got {tls!r}') from None
    return trips * round_trip_s


def ceiling_Bps(window_bytes: float, round_trip_s: float) -> float:
    """One connection's ceiling: a full receive window each round trip (RFC 7323, 1.1)."""
    return window_bytes / round_trip_s if round_trip_s > 0 else math.inf


def ack_bytes(size_bytes: float, every: int = 2) -> float:
    """Bytes of IP packets that come back to acknowledge `size_bytes`: one for each `every` packets (RFC 5681,
    4.2)."""
    return float(ACK_BYTES * math.ceil(math.ceil(size_bytes / MSS_BYTES) / every))


# Kernel code, too (see `sim.records`), which knows no defaults.


def doublings(initial_window_bytes: float, rate_Bps: float, round_trip_s: float) -> int:
    """How many windows, IW, 2 IW, 4 IW ..., are each too small to keep `rate_Bps` busy for a round trip."""
    windows = rate_Bps * round_trip_s / initial_window_bytes
    if math.isinf(windows):
        return _ENDLESS
    return math.ceil(math.log2(windows)) if windows > 1 else 0


def slow_start_s(
    size_bytes: float, rate_Bps: float, round_trip_s: float, initial_window_bytes: float = INITIAL_WINDOW_BYTES
) -> float:
    """How much later than at `rate_Bps` from the start a transfer ends because its window begins at IW and doubles.

    Each of the first n windows IW 2^k takes a round trip instead of IW 2^k / rate: n RTT - IW (2^n - 1) / rate,
    where n is the number of `doublings`, or of windows after which something is still left to send if that is less.
    Slow start: RFC 5681, 3.1; the sum: Cardwell, Savage, Anderson, "Modeling TCP latency", INFOCOM 2000.
    """
    if size_bytes <= initial_window_bytes or rate_Bps <= 0:
        return 0.0
    rounds = math.ceil(math.log2(size_bytes / initial_window_bytes + 1)) - 1
    rounds = min(rounds, doublings(initial_window_bytes, rate_Bps, round_trip_s))
    return rounds * round_trip_s - initial_window_bytes * (2.0**rounds - 1) / rate_Bps
