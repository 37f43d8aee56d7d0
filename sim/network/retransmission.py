"""How a TCP connection gets over a time in which nothing gets through, and how it comes back. Pure formulas.

What is sent meanwhile is lost. Its sender tries again after a time-out, and after twice that, and so on: RFC 6298, 5.5;
the time-out is the smoothed round trip and at least 200 ms (Linux's `TCP_RTO_MIN`, its bound on four times the round
trip's variation), and never more than 120 s (`TCP_RTO_MAX`). Before the first time-out one probe goes out (RFC 8985, 7:
after two round trips, for a single packet a delayed acknowledgement later, and never later than the time-out). A
connection that is being opened tries again after 1, 2, 4, ... s (RFC 6298, 2.1 and 5.5). Linux gives an open one up
after as long as 15 doubled time-outs of 200 ms take, 924.6 s (ip-sysctl, `tcp_retries2`), one being opened after 6 of
1 s, 127 s (`tcp_syn_retries`).

Once something gets through again the window begins with one packet. `cubic` doubles it up to 0.7 of what it was and
then goes by a curve that knows of no former window (RFC 9438, 4.8; Linux, tcp_cubic.c, `bictcp_reset`). `bbr` doubles
up to what it was, and if its start-up was not over by then takes the three round trips without growth for its end: it
waits for its turn to probe, 3.5 round trips in the mean of seven, and then finds a quarter more where it sends a
quarter more, heard of one and a half round trips later on average (`bbr`). Its start-up floods queues that are shorter
than twice a round trip, and a connection that still repairs that sends no probe (RFC 8985, 7.3), so `bbr` has none.

`tests/calibrate/test_cuts.py` holds all of this against uploads through real outages of 0.5 to 4 s. Leaves out
spurious time-outs that are undone (RFC 5682), and that a connection may be in the middle of a repair.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from sim.network.cubic import ALPHA, STEEPNESS, UNTRIED
from sim.network.pool import LEAST_TIMEOUT_S
from sim.network.transport import CUBIC_BETA, INITIAL_WINDOW, MSS_BYTES

Control = Literal["cubic", "bbr"]

MOST_TIMEOUT_S: Final = 120.0
"""The longest retransmission time-out of Linux (`TCP_RTO_MAX`)."""
SYN_TIMEOUT_S: Final = 1.0
"""The first time-out of a connection that is being opened (RFC 6298, 2.1)."""
_BBR_TURN, _BBR_GROWTH = 3.5, 1.25 ** (2 / 3)
_LEAST_WINDOW = 2.0


def timeout_s(round_trip_s: float) -> float:
    """The first retransmission time-out of a connection in use."""
    return round_trip_s + LEAST_TIMEOUT_S


def tries_s(first_s: float, timeout_s: float) -> Iterator[float]:
    """When something is sent again, s after it was sent or cut off: first then, later after doubling time-outs."""
    at_s, wait_s = first_s, timeout_s
    while True:
        yield at_s
        at_s += wait_s
        wait_s = min(2 * wait_s, MOST_TIMEOUT_S)


def body_tries_s(round_trip_s: float, control: Control) -> Iterator[float]:
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


def given_up_s(retries: int, first_s: float = LEAST_TIMEOUT_S) -> float:
    """How long a connection is tried that may time out so many times and once more, the first time after `first_s`."""
    return sum(min(first_s * 2.0**number, MOST_TIMEOUT_S) for number in range(retries + 1))


def opening_windows() -> Iterator[float]:
    """The windows of slow start, segments: IW, 2 IW, 4 IW, ... (RFC 5681, 3.1)."""
    window = float(INITIAL_WINDOW)
    while True:
        yield window
        window *= 2


def regained_windows(before: float, round_trip_s: float, control: Control, starting: bool) -> Iterator[float]:
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
        reno += ALPHA
        curve = slow_until + STEEPNESS * (since_s + round_trip_s) ** 3
        window += min(max(curve - window, reno - window, UNTRIED * window), window / 2)


def _doubled(until: float) -> Iterator[float]:
    window = 1.0
    while window < until:
        yield window
        window *= 2


def _probing(window: float) -> Iterator[float]:
    """BBR after a start-up that ended too early."""
    for _ in range(math.ceil(_BBR_TURN)):
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
