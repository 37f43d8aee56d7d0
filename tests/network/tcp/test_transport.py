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
    assert t.rungs(40, 1, 10) == 2
    assert t.ramp_bytes(40, 1, 10) == 30
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
    assert t.ramp_bytes(math.inf, 1) == math.inf


def test_a_ladder_doubles_from_the_initial_window():
    """The caps are IW / RTT, twice that, four times that; without a round trip there is none."""
    assert [t.rung_Bps(k, 0.5, 10) for k in range(3)] == [20, 40, 80]
    assert t.rung_Bps(0, 0) == math.inf


def test_a_window_bounds_one_connection():
    """64 KiB each 0.5 s are 128 KiB/s."""
    assert t.ceiling_Bps(65536, 0.5) == 131072
    assert t.ceiling_Bps(65536, 0) == math.inf


def test_weights_lie_on_a_grid_of_eight():
    """Any weight becomes the nearest of eight values half an octave apart; 1 is one of them."""
    assert len(t.WEIGHTS) == 8
    assert t.on_grid(1.1) == 1
    assert t.on_grid(1e9) == max(t.WEIGHTS)
    with pytest.raises(ValueError, match="above 0"):
        t.on_grid(0)


def test_shares_lean_on_the_round_trip():
    """At lean 1 half the usual round trip has twice the weight; at lean 0 all are equal; luck multiplies."""
    assert t.leaning_weight(0.05, 0.1, 1) == 2
    assert t.leaning_weight(0.05, 0.1, 0) == 1
    assert t.leaning_weight(0.1, 0.1, 1, luck=math.log(2)) == 2


def test_headers_ride_on_every_packet():
    """1,448 bytes are one packet of 1,500; one byte more is a second packet with 52 bytes of headers."""
    assert t.wire_bytes(1448) == 1500
    assert t.wire_bytes(1449) == 1500 + 53
    assert t.ack_bytes(3 * 1448) == 2 * 52


def test_a_full_link_lengthens_round_trips_by_its_queue():
    """A queue of 60 bytes on 1,000 bytes/s stands for 60 ms while the link is full."""
    assert t.queue_s(60, 1000, full=True) == 0.06
    assert t.queue_s(60, 1000, full=False) == 0


@pytest.mark.parametrize(("size", "lost"), [(1000, 25), (150, 25), (130, 5), (125, 0), (70, 0)])
def test_slow_start_overshoots_by_what_the_pipe_cannot_hold(size, lost):
    """IW 10, 40 bytes/s, RTT 1, queue 15: the pipe holds 55, the window of 80 loses 25, a transfer that ends in it
    less."""
    assert t.overshoot_bytes(size, 40, 1, 15, 10) == lost


def test_what_was_lost_is_sent_again_after_a_round_trip():
    """25 bytes at 40 bytes/s and a round trip of 1 s: 1.625 s; nothing lost, nothing late."""
    assert t.recovery_s(25, 40, 1) == 1.625
    assert t.recovery_s(0, 40, 1) == 0


def test_a_deep_queue_hides_the_back_off():
    """At beta 0.5 a queue as deep as the pipe keeps the link busy; without one half a pipe stays unsent."""
    assert t.back_off_bytes(40, 1, 40, beta=0.5) == 0
    assert t.back_off_bytes(40, 1, 0, beta=0.5) == 20
