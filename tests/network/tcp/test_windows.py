"""How a CUBIC window goes from round to round, in numbers that a reader checks in the head."""

from __future__ import annotations

import pytest

from sim.network.tcp.transport import MSS_BYTES, slow_start_s
from sim.network.tcp.windows import (
    CONGESTION_AVOIDANCE,
    NO_LOSS_YET,
    SLOW_START,
    after_loss,
    after_round,
    after_slow_start,
    burst_delay_s,
    burst_left,
    queue_delay_s,
    rise_s,
)

SEGMENTS_PER_S = 10_000
RATE_BPS = SEGMENTS_PER_S * MSS_BYTES


def test_half_of_a_burst_at_twice_the_rate_is_still_queued_when_it_has_come() -> None:
    """100 segments come within 5 ms and leave within 10: 50 wait, 5 ms. At the link's own rate none would."""
    assert burst_left(RATE_BPS, 2 * RATE_BPS) == 0.5
    assert burst_delay_s(100, 1 / SEGMENTS_PER_S, 0.5, 0.0) == pytest.approx(0.005)
    assert burst_left(RATE_BPS, RATE_BPS) == burst_left(2 * RATE_BPS, RATE_BPS) == 0.0


def test_who_comes_later_finds_less_of_a_burst() -> None:
    """Of 100 segments, 10 ms, nothing is left after 10 ms, and 2 ms after 8 ms."""
    assert burst_delay_s(100, 1 / SEGMENTS_PER_S, 0.5, 0.008) == pytest.approx(0.002)
    assert burst_delay_s(100, 1 / SEGMENTS_PER_S, 0.5, 0.012) == 0.0


def test_hystart_allows_an_eighth_of_the_round_trip_within_bounds() -> None:
    """10 ms for 80 ms; 4 ms for 8 ms, 16 ms for 800 ms (RFC 9406, 4.3)."""
    assert [rise_s(trip_s) for trip_s in (0.08, 0.008, 0.8)] == [0.01, 0.004, 0.016]


def test_slow_start_doubles_until_the_path_is_full_or_others_are_seen() -> None:
    """Round trip 80 ms at 10,000 segments/s, so that 800 fill it: 320 double; 640 take 64 ms of acknowledgements, more
    than half, and 405 of these come before that is seen. A delay of 11 ms ends it at 160, nine acknowledgements of two
    segments later, but not below 16 segments."""
    assert after_slow_start(320, RATE_BPS, 0.08, 0.0) == (640, SLOW_START)
    assert after_slow_start(640, RATE_BPS, 0.08, 0.0) == (pytest.approx(640 + 405), NO_LOSS_YET)
    assert after_slow_start(160, RATE_BPS, 0.08, 0.011) == (178, NO_LOSS_YET)
    assert after_slow_start(10, RATE_BPS, 0.08, 0.011) == (20, SLOW_START)


@pytest.mark.parametrize("trip_s", [0.005, 0.02, 0.08, 0.3])
@pytest.mark.parametrize("rate", [500, 10_000, 100_000])
def test_a_lone_slow_start_ends_no_earlier_than_the_path_is_full(trip_s: float, rate: int) -> None:
    """So a lone transfer takes what slow start by the book does, whatever rate and round trip."""
    window, growth = 10.0, SLOW_START
    sent, rounds = 0.0, 0
    while growth == SLOW_START and window < rate * trip_s:
        sent, rounds = sent + window, rounds + 1
        window, growth = after_slow_start(window, rate * MSS_BYTES, trip_s, 0.0)
    assert window >= rate * trip_s
    book_s = slow_start_s(1e12, rate * MSS_BYTES, trip_s, 10 * MSS_BYTES)
    assert rounds * trip_s - sent / rate == pytest.approx(book_s, abs=1e-9)


def test_a_loss_leaves_seven_tenths_and_aims_lower_below_the_last_one() -> None:
    """Of 100: 70, and back to 100; if it was at 200 before, only to 85 (RFC 9438, 4.6 and 4.7)."""
    assert after_loss(100, 0.0) == (pytest.approx(70), 100)
    assert after_loss(100, 200.0) == (pytest.approx(70), pytest.approx(85))


def test_windows_grow_by_a_twentieth_until_they_lose_and_by_the_curve_then() -> None:
    """100 to 105. After a loss at 100, K is the cube root of 75 s, 4.22 s: a round trip before that it is back at
    100 (RFC 9438, 4.2)."""
    assert after_round(NO_LOSS_YET, 100, 0.1, 0.0, 0.0, 0.0)[0] == pytest.approx(105)
    back_s = (30 / 0.4) ** (1 / 3)
    assert after_round(CONGESTION_AVOIDANCE, 99, 0.1, 100.0, 70.0, back_s - 0.1)[0] == pytest.approx(100)


def test_what_windows_hold_beyond_the_round_trip_waits() -> None:
    """1000 segments at 10,000/s are 100 ms: over a round trip of 60 ms 40 ms of them wait (Little's law)."""
    assert queue_delay_s(1000 * MSS_BYTES, RATE_BPS, 0.06) == pytest.approx(0.04)
    assert queue_delay_s(500 * MSS_BYTES, RATE_BPS, 0.06) == 0.0
