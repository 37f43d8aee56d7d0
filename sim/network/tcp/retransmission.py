"""How a TCP connection gets over a time in which nothing gets through, and how its window comes back. Formulas.

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
quarter more, which it learns one and a half round trips later on average (`bbr`). Its start-up floods queues that are
shorter than twice a round trip, and a connection that still repairs that sends no probe (RFC 8985, 7.3), so `bbr` has
none.

`tests/calibrate/rig/test_cuts.py` holds all of this against uploads through real outages of 0.5 to 4 s. Leaves out
spurious time-outs that are undone (RFC 5682), and that a connection may be in the middle of a repair.
"""

from __future__ import annotations

import math
from typing import Final

from sim.network.tcp.transport import CUBIC_ALPHA, CUBIC_BETA, CUBIC_C, CUBIC_NO_LOSS_GROWTH, INITIAL_WINDOW, MSS_BYTES

LEAST_TIMEOUT_S: Final = 0.2
"""The shortest retransmission timeout of Linux (`TCP_RTO_MIN`)."""
MOST_TIMEOUT_S: Final = 120.0
"""The longest retransmission time-out of Linux (`TCP_RTO_MAX`)."""
SYN_TIMEOUT_S: Final = 1.0
"""The first time-out of a connection that is being opened (RFC 6298, 2.1)."""
_BBR_WAITS: Final = 4.0
"""Whole round trips until BBR's turn to probe."""
_BBR_GROWTH: Final = 1.25 ** (2 / 3)
"""What it finds more in each round trip from then on."""
_LEAST_WINDOW: Final = 2.0


def timeout_s(round_trip_s: float) -> float:
    """The first retransmission time-out of a connection in use."""
    return round_trip_s + LEAST_TIMEOUT_S


# What follows up to `ramp_after` is kernel code (see `sim.records`): tries and windows one by one, from numbers that
# their user keeps. A *curve* says how windows grow.

DOUBLING: Final = 0  # slow start of a new connection
AS_CUBIC: Final = 1  # after an outage
AS_BBR: Final = 2


def next_timeout_s(wait_s: float) -> float:
    """The time-out after one that has run out."""
    return min(2 * wait_s, MOST_TIMEOUT_S)


def body_try_s(round_trip_s: float, bbr: int) -> tuple[float, float]:
    """When the last of many packets under way is first sent again, s after it was cut, and the time-out from there."""
    wait_s = timeout_s(round_trip_s)
    if bbr:
        return wait_s, 2 * wait_s
    return min(2 * round_trip_s, wait_s), wait_s


def first_window(curve: int, before: float, starting: int) -> tuple[float, float]:
    """The first window, segments, and what `next_window` takes as `w_est` then."""
    if curve == DOUBLING:
        return float(INITIAL_WINDOW), 0.0
    if curve == AS_BBR and before <= 1.0:
        return before if starting else math.inf, 1.0
    return 1.0, 0.0


def next_window(
    curve: int, before: float, round_trip_s: float, starting: int, window: float, w_est: float, since_s: float
) -> tuple[float, float, float]:
    """The window a round trip later, where it was `before` the outage.

    `starting` says that it had not yet found what its path carries.
    `w_est` is 0 while windows double. From then on it is CUBIC's lower bound (RFC 9438, 4.3), `since_s` after the last
    doubling, or BBR's count of round trips since then.
    """
    if curve == DOUBLING:
        return window * 2, 0.0, 0.0
    if curve == AS_BBR:
        if w_est == 0.0 and window * 2 < before:
            return window * 2, 0.0, 0.0
        w_est += 1.0
        if starting == 0:
            return math.inf, w_est, 0.0
        return before if w_est <= _BBR_WAITS else before * _BBR_GROWTH ** (w_est - _BBR_WAITS), w_est, 0.0
    slow_until = max(CUBIC_BETA * before, _LEAST_WINDOW)
    if w_est == 0.0:
        if window * 2 < slow_until:
            return window * 2, 0.0, 0.0
        return slow_until, slow_until, 0.0
    since_s += round_trip_s
    w_est += CUBIC_ALPHA
    cubed = slow_until + CUBIC_C * (since_s + round_trip_s) ** 3.0
    window += min(max(max(cubed - window, w_est - window), CUBIC_NO_LOSS_GROWTH * window), window / 2)
    return window, w_est, since_s


def ramp_from(
    curve: int, before: float, round_trip_s: float, starting: int, size_bytes: float, rate_Bps: float
) -> tuple[int, float]:
    """How many windows are too small to keep `rate_Bps` busy, as long as anything of `size_bytes` is left after them.

    And how much later than at that rate from the start the bytes arrive.
    """
    pipe = rate_Bps * round_trip_s / MSS_BYTES
    left_bytes, sent, count = size_bytes, 0.0, 0
    window, w_est = first_window(curve, before, starting)
    since_s = 0.0
    while not (window >= pipe or window * MSS_BYTES >= left_bytes):
        left_bytes -= window * MSS_BYTES
        sent += window
        count += 1
        window, w_est, since_s = next_window(curve, before, round_trip_s, starting, window, w_est, since_s)
    if count == 0:
        return 0, 0.0
    return count, count * round_trip_s - MSS_BYTES * sent / rate_Bps


def ramp_after(
    curve: int, before: float, round_trip_s: float, starting: int, count: int, after_s: float
) -> tuple[float, float]:
    """What the first `count` windows have sent so long after the first began, in round trips that are over, bytes.

    And the window then, segments; that of the last from there on.
    """
    rounds = int(after_s / round_trip_s) if round_trip_s > 0 else count
    window, w_est = first_window(curve, before, starting)
    since_s = sent = 0.0
    for number in range(count):
        if number == rounds:
            break
        sent += window
        if number + 1 < count:
            window, w_est, since_s = next_window(curve, before, round_trip_s, starting, window, w_est, since_s)
    return MSS_BYTES * sent, window if count else 1.0


def given_up_s(retries: int, first_s: float = LEAST_TIMEOUT_S) -> float:
    """How long a connection is tried that may time out so many times and once more, the first time after `first_s`."""
    return sum(min(first_s * 2.0**number, MOST_TIMEOUT_S) for number in range(retries + 1))
