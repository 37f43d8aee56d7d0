"""The tries and windows that kernel code goes through one by one are those of the sequences, to the last bit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from sim.network.tcp.retransmission import (
    AS_BBR,
    AS_CUBIC,
    DOUBLING,
    body_try_s,
    first_window,
    next_timeout_s,
    next_window,
    ramp_after,
    ramp_from,
)
from sim.network.tcp.transport import Congestion

from .retransmitting import body_tries_s, opening_windows, ramp, regained_windows

CURVES: dict[Congestion, int] = {"cubic": AS_CUBIC, "bbr": AS_BBR}
ROUND_TRIPS = st.one_of(st.just(0.0), st.floats(1e-5, 3.0))
BEFORE = st.one_of(st.just(1.0), st.floats(1.0, 1e5), st.integers(0, 12).map(lambda power: 2.0**power))


def windows(curve: int, before: float, round_trip_s: float, starting: int) -> Iterator[float]:
    """The windows that kernel code goes through."""
    window, w_est = first_window(curve, before, starting)
    since_s = 0.0
    while True:
        yield window
        window, w_est, since_s = next_window(curve, before, round_trip_s, starting, window, w_est, since_s)


@given(round_trip_s=ROUND_TRIPS, control=st.sampled_from(["cubic", "bbr"]))
def test_a_body_is_tried_again_when_the_sequence_says(round_trip_s: float, control: Congestion) -> None:
    """The first try, then time-outs that double up to two minutes."""
    at_s, wait_s = body_try_s(round_trip_s, control == "bbr")
    for expected_s in islice(body_tries_s(round_trip_s, control), 16):
        assert at_s == expected_s
        at_s += wait_s
        wait_s = next_timeout_s(wait_s)


def test_a_new_connection_doubles_its_window() -> None:
    """Ten segments, twenty, forty."""
    assert list(islice(windows(DOUBLING, 1.0, 0.1, 0), 12)) == list(islice(opening_windows(), 12))


@given(before=BEFORE, round_trip_s=ROUND_TRIPS, control=st.sampled_from(["cubic", "bbr"]), starting=st.booleans())
def test_windows_come_back_one_by_one(before: float, round_trip_s: float, control: Congestion, starting: bool) -> None:
    """The first sixty."""
    found = islice(windows(CURVES[control], before, round_trip_s, int(starting)), 60)
    assert list(found) == list(islice(regained_windows(before, round_trip_s, control, starting), 60))


@given(
    before=BEFORE, round_trip_s=ROUND_TRIPS, control=st.sampled_from(["cubic", "bbr"]), starting=st.booleans(),
    size=st.integers(0, 10**9), rate_Bps=st.one_of(st.just(math.inf), st.just(0.0), st.floats(1e2, 1e10)),
    part=st.floats(0.0, 1.2),
)  # fmt: skip
def test_a_ramp_is_what_the_sequence_of_its_windows_makes(
    before: float, round_trip_s: float, control: Congestion, starting: bool, size: int, rate_Bps: float, part: float
) -> None:
    """How many windows, what they lose, and what they have sent at any time."""
    expected = ramp(regained_windows(before, round_trip_s, control, starting), size, rate_Bps, round_trip_s)
    told = CURVES[control], before, round_trip_s, int(starting)
    count, lag_s = ramp_from(*told, float(size), rate_Bps)
    assert (count, lag_s) == (len(expected.windows), expected.lag_s)
    after_s = part * count * round_trip_s
    assert ramp_after(*told, count, after_s) == (expected.sent_bytes(after_s), expected.window(after_s))
