"""TCP's tries and windows as sequences: what `sim.network.tcp.retransmission` goes through, told once more."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sim.network.tcp.retransmission import MOST_TIMEOUT_S, SYN_TIMEOUT_S, timeout_s
from sim.network.tcp.transport import (
    CUBIC_ALPHA,
    CUBIC_BETA,
    CUBIC_C,
    CUBIC_NO_LOSS_GROWTH,
    INITIAL_WINDOW,
    MSS_BYTES,
    Congestion,
)

_BBR_WAITS, _BBR_GROWTH = 4, 1.25 ** (2 / 3)
_LEAST_WINDOW = 2.0


def tries_s(first_s: float, timeout_s: float) -> Iterator[float]:
    """When something is sent again, s after it was sent or cut off: first then, later after doubling time-outs."""
    at_s, wait_s = first_s, timeout_s
    while True:
        yield at_s
        at_s += wait_s
        wait_s = min(2 * wait_s, MOST_TIMEOUT_S)


def body_tries_s(round_trip_s: float, control: Congestion) -> Iterator[float]:
    """The same for the last of many packets under way."""
    wait_s = timeout_s(round_trip_s)
    if control == "bbr":
        return tries_s(wait_s, 2 * wait_s)
    return tries_s(min(2 * round_trip_s, wait_s), wait_s)


def message_tries_s(round_trip_s: float) -> Iterator[float]:
    """The same for a packet alone: a request, an answer."""
    wait_s = timeout_s(round_trip_s)
    return tries_s(wait_s, wait_s)


def opening_tries_s() -> Iterator[float]:
    """The same for a connection that is being opened."""
    return tries_s(SYN_TIMEOUT_S, 2 * SYN_TIMEOUT_S)


def opening_windows() -> Iterator[float]:
    """The windows of slow start, segments: IW, 2 IW, 4 IW, ... (RFC 5681, 3.1)."""
    window = float(INITIAL_WINDOW)
    while True:
        yield window
        window *= 2


def regained_windows(before: float, round_trip_s: float, control: Congestion, starting: bool) -> Iterator[float]:
    """The windows of the round trips after an outage, segments, where it was `before` the outage.

    `starting` says that it had not yet found what its path carries.
    """
    if control == "bbr":
        yield from _doubled(before)
        yield from _probing(before) if starting else _ever(math.inf)
    slow_until = max(CUBIC_BETA * before, _LEAST_WINDOW)
    yield from _doubled(slow_until)
    window = reno = slow_until
    since_s = 0.0
    while True:
        yield window
        since_s += round_trip_s
        reno += CUBIC_ALPHA
        curve = slow_until + CUBIC_C * (since_s + round_trip_s) ** 3
        window += min(max(curve - window, reno - window, CUBIC_NO_LOSS_GROWTH * window), window / 2)


def _doubled(until: float) -> Iterator[float]:
    window = 1.0
    while window < until:
        yield window
        window *= 2


def _probing(window: float) -> Iterator[float]:
    """BBR after a start-up that ended too early."""
    for _ in range(_BBR_WAITS):
        yield window
    yield from (window * _BBR_GROWTH**number for number in range(1, 1000))


def _ever(window: float) -> Iterator[float]:
    while True:
        yield window


@dataclass(frozen=True, slots=True)
class Ramp:
    """The round trips of a connection before it keeps its rate busy: the window of each, segments.

    `lag_s` is how much later than at that rate from the start its bytes arrive.
    """

    windows: tuple[float, ...]
    round_trip_s: float
    lag_s: float

    def sent_bytes(self, after_s: float) -> float:
        """What it has sent so long after it began, in round trips that are over."""
        return MSS_BYTES * sum(self.windows[: self._rounds(after_s)])

    def window(self, after_s: float) -> float:
        """The window then, segments; that of its last round trip from there on."""
        return self.windows[min(self._rounds(after_s), len(self.windows) - 1)] if self.windows else 1.0

    def _rounds(self, after_s: float) -> int:
        return int(after_s / self.round_trip_s) if self.round_trip_s > 0 else len(self.windows)


def ramp(windows: Iterable[float], size_bytes: float, rate_Bps: float, round_trip_s: float) -> Ramp:
    """The windows too small to keep `rate_Bps` busy, as long as anything of `size_bytes` is left after them."""
    pipe = rate_Bps * round_trip_s / MSS_BYTES
    left_bytes, chosen = size_bytes, []
    for window in windows:
        if window >= pipe or window * MSS_BYTES >= left_bytes:
            break
        left_bytes -= window * MSS_BYTES
        chosen.append(window)
    lag_s = len(chosen) * round_trip_s - MSS_BYTES * sum(chosen) / rate_Bps if chosen else 0.0
    return Ramp(tuple(chosen), round_trip_s, lag_s)
