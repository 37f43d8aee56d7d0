"""Each formula on numbers that a reader checks in the head."""

import math

import pytest

from sim.network.tcp import transport as t


@pytest.mark.parametrize(("tls", "trips"), [(None, 1), ("1.3", 2), ("1.2", 3)])
def test_opening_costs_round_trips(tls, trips):
    """TCP takes 1 round trip, TLS 1.3 one more and TLS 1.2 two; a reused connection none."""
    assert t.open_s(0.5, tls=tls) == trips * 0.5
    assert t.open_s(0.5, tls=tls, reused=True) == 0


def test_an_unknown_tls_is_refused():
    """A version that nobody speaks is named in the error."""
    with pytest.raises(ValueError, match=r"tls must be .* got '1.1'"):
        t.open_s(0.1, tls="1.1")


def test_slow_start_costs_a_round_trip_for_each_window_too_small():
    """IW 10, rate 40, RTT 1: windows 10 and 20 take 1 s instead of 0.25 and 0.5, so 1.25 s more; 40 is enough."""
    assert t.doublings(10, 40, 1) == 2
    assert t.slow_start_s(1000, 40, 1, 10) == 1.25


@pytest.mark.parametrize(("size", "extra"), [(10, 0), (11, 0.75), (30, 0.75), (31, 1.25), (71, 1.25)])
def test_a_transfer_waits_only_while_something_is_left(size, extra):
    """30 bytes leave in windows of 10 and 20: one wait; the 31st byte waits a second time."""
    assert t.slow_start_s(size, 40, 1, 10) == extra


@pytest.mark.parametrize("size", [1, 14_600, 14_601, 1e5, 1.3e6, 3.6e7, 1e9])
@pytest.mark.parametrize("rate", [1e3, 6.25e6, 1.25e9])
@pytest.mark.parametrize("round_trip", [0, 1e-4, 0.0135, 0.2])
def test_the_closed_form_is_the_sum_over_windows(size, rate, round_trip):
    """Window by window, the extra time is the same."""
    extra, window, sent = 0.0, 14_600.0, 0.0
    while window < rate * round_trip and sent + window < size:
        extra += round_trip - window / rate
        sent += window
        window *= 2
    assert t.slow_start_s(size, rate, round_trip) == pytest.approx(extra, rel=1e-12, abs=1e-15)


def test_an_infinite_share_is_never_reached():
    """Towards an infinite rate every window waits: 71 bytes leave in windows of 10, 20, 40 and the rest."""
    assert t.slow_start_s(71, math.inf, 1, 10) == 3


def test_a_window_bounds_one_connection():
    """64 KiB each 0.5 s are 128 KiB/s."""
    assert t.ceiling_Bps(65536, 0.5) == 131072
    assert t.ceiling_Bps(65536, 0) == math.inf


def test_every_second_packet_is_acknowledged():
    """Three packets of 1,448 bytes come to two acknowledgements of 52."""
    assert t.ack_bytes(3 * 1448) == 2 * 52
