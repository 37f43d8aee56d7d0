"""How often TCP tries again and how its window comes back, in numbers that a reader checks in the head."""

from __future__ import annotations

from itertools import islice

import pytest

from sim.network.tcp.retransmission import given_up_s
from sim.network.tcp.transport import MSS_BYTES, slow_start_s

from .retransmitting import (
    body_tries_s,
    message_tries_s,
    opening_tries_s,
    opening_windows,
    ramp,
    regained_windows,
    tries_s,
)


def first(count: int, values: object) -> list[float]:
    return [round(value, 9) for value in islice(values, count)]  # type: ignore[call-overload]


def test_time_outs_double_up_to_two_minutes() -> None:
    """After 50 s, then 50, 100 and ever 120 s later."""
    assert first(6, tries_s(50.0, 50.0)) == [50, 100, 200, 320, 440, 560]


def test_a_body_probes_and_then_times_out() -> None:
    """Round trip 100 ms: a probe after two of them, time-outs of 300 ms, 600 ms, 1.2 s; bbr sends no probe."""
    assert first(4, body_tries_s(0.1, "cubic")) == [0.2, 0.5, 1.1, 2.3]
    assert first(4, body_tries_s(0.1, "bbr")) == [0.3, 0.9, 2.1, 4.5]


def test_a_probe_is_never_later_than_the_time_out() -> None:
    """Round trip 1 s: the time-out is 1.2 s, and two round trips would be later."""
    assert first(3, body_tries_s(1.0, "cubic")) == [1.2, 2.4, 4.8]


def test_a_packet_alone_waits_for_its_time_out_before_it_probes() -> None:
    """Round trip 100 ms: the probe allows for a delayed acknowledgement and so comes when the time-out does."""
    assert first(4, message_tries_s(0.1)) == [0.3, 0.6, 1.2, 2.4]


def test_a_connection_that_is_opened_tries_after_1_3_7_15_s() -> None:
    """The first time-out is a second."""
    assert first(5, opening_tries_s()) == [1, 3, 7, 15, 31]


def test_linux_gives_up_after_924_6_s_and_an_opening_after_127_s() -> None:
    """Ten time-outs of 0.2 s doubled are 204.6 s, six more of 120 s 720 s; 1 + 2 + ... + 64 s are 127 s."""
    assert given_up_s(15) == pytest.approx(204.6 + 720)
    assert given_up_s(6, 1.0) == 127


def test_cubic_doubles_to_seven_tenths_and_then_grows_by_a_twentieth_at_least() -> None:
    """From 100 segments: 1, 2, 4, ..., 64, then 70 and 5 % more each round trip while its curve is flat."""
    windows = first(10, regained_windows(100.0, 0.01, "cubic", starting=False))
    assert windows == [1, 2, 4, 8, 16, 32, 64, 70, 73.5, 77.175]


def test_cubics_curve_takes_over_where_round_trips_are_long() -> None:
    """After a round trip of 2 s the curve is 0.4 x 4^3 = 25.6 above 7: no more than half the window at once."""
    assert first(5, regained_windows(10.0, 2.0, "cubic", starting=False)) == [1, 2, 4, 7, 10.5]


def test_bbr_takes_up_what_it_had_found() -> None:
    """From 100 segments: 1, 2, 4, ..., 64, and then whatever its path carries."""
    assert first(9, regained_windows(100.0, 0.1, "bbr", starting=False))[6:] == [64, float("inf"), float("inf")]


def test_bbr_that_had_found_nothing_yet_probes_for_it() -> None:
    """Cut at 16 segments: 1, 2, 4, 8, four round trips of 16, and from then on a sixth more in each."""
    windows = first(10, regained_windows(16.0, 0.1, "bbr", starting=True))
    assert windows[:8] == [1, 2, 4, 8, 16, 16, 16, 16]
    assert windows[8:] == [round(16 * 1.25 ** (2 / 3), 9), round(16 * 1.25 ** (4 / 3), 9)]


def test_a_ramp_of_slow_start_loses_what_the_formula_says() -> None:
    """Windows of 10, 20, 40 segments at a rate that needs 64 a round trip: the closed form, to its own segment size."""
    rate_Bps = 64 * MSS_BYTES / 0.1
    found = ramp(opening_windows(), 1e6, rate_Bps, 0.1)
    assert found.windows == (10, 20, 40)
    assert found.lag_s == pytest.approx(slow_start_s(1e6, rate_Bps, 0.1, 10 * MSS_BYTES))


def test_a_ramp_ends_with_the_bytes() -> None:
    """50 segments are 10, 20, and the rest of a third window, which is sent at the rate."""
    assert ramp(opening_windows(), 50 * MSS_BYTES, 1e9, 0.1).windows == (10, 20)
    assert ramp(opening_windows(), 5 * MSS_BYTES, 1e9, 0.1).lag_s == 0


def test_a_ramp_tells_what_it_had_sent_when_it_was_cut() -> None:
    """In the third round trip of 0.1 s, 10 and 20 segments are through and the window is 40."""
    found = ramp(opening_windows(), 1e6, 64 * MSS_BYTES / 0.1, 0.1)
    assert (found.sent_bytes(0.25), found.window(0.25)) == (30 * MSS_BYTES, 40)
    assert (found.sent_bytes(0.05), found.window(0.05)) == (0, 10)
