"""Slow start inside the engine, with numbers that a reader checks in the head."""

import pytest

from sim.network import Climb
from sim.network.transport import overshoot_bytes, slow_start_s

from .draining import drain


@pytest.mark.parametrize("size", [1, 10, 11, 30, 31, 70, 71, 1000])
@pytest.mark.parametrize("rate", [5.0, 40.0, 100.0])
def test_alone_a_transfer_ends_when_the_closed_form_says(size, rate):
    """IW 10, RTT 1: size / rate + slow_start_s, exactly, from one byte to many windows."""
    climb = Climb([rate], initial_window_bytes=10)
    climb.start(0.0, (0,), size, "x", round_trip_s=1.0)
    assert drain(climb) == {"x": pytest.approx(size / rate + slow_start_s(size, rate, 1.0, 10), rel=1e-12)}


def test_without_a_round_trip_there_is_no_ladder():
    """RTT 0 is the plain fluid: two transfers of 10 on 10 bytes/s end at 2 s, one event each way."""
    climb = Climb([10.0])
    climb.start(0.0, (0,), 10, "x", round_trip_s=0.0)
    climb.start(0.0, (0,), 10, "y", round_trip_s=0.0)
    assert drain(climb) == {"x": 2.0, "y": 2.0}
    assert climb.events == 4


def test_a_ceiling_ends_the_climb():
    """IW 10, RTT 1, ceiling 20 on 1,000 bytes/s: 10 in the first second, then 20 a second: 50 bytes take 3 s."""
    climb = Climb([1000.0], initial_window_bytes=10)
    climb.start(0.0, (0,), 50, "x", round_trip_s=1.0, ceiling_Bps=20.0)
    assert drain(climb) == {"x": 3.0}


def test_a_connection_climbs_on_when_its_share_grows():
    """Held at 10 by another until 2 s, a connection whose window of 20 then binds climbs to 40 a round trip later.

    Link 40, RTT 1, IW 20. x (ceiling 30, no ramp: RTT 0) takes 30 until its 60 bytes end at 2 s; y gets 10, then 20
    until 3 s, then 40: 20 + 20 + 40 bytes end at 4 s.
    """
    climb = Climb([40.0], initial_window_bytes=20)
    climb.start(0.0, (0,), 60, "x", round_trip_s=0.0, weight=3.0)
    climb.start(0.0, (0,), 80, "y", round_trip_s=1.0)
    assert drain(climb) == {"x": 2.0, "y": 4.0}


def test_a_full_link_lengthens_round_trips():
    """A queue of 20 bytes on 40 bytes/s stands for 0.5 s while two transfers fill the link, and not before."""
    climb = Climb([40.0], depth_bytes=[20.0])
    assert climb.round_trip_s(1.0, (0,)) == 1.0
    climb.start(0.0, (0,), 1000, "x", round_trip_s=0.0)
    climb.start(0.0, (0,), 1000, "y", round_trip_s=0.0)
    assert climb.round_trip_s(1.0, (0,)) == 1.5


def test_slow_start_past_the_queue_sends_again_what_was_dropped():
    """Two connections share 40 bytes/s with RTT 1 and a queue of 5: at a share of 20 the pipe holds 25.

    IW 10 grows to 20 after 1 s and to 40 after 2 s, which is 15 too much at 3 s; each sends 15 again.
    """
    climb = Climb([40.0], initial_window_bytes=10, depth_bytes=[5.0])
    for token in "xy":
        climb.start(0.0, (0,), 1000, token, round_trip_s=1.0)
    ended = drain(climb)
    assert climb.resent_bytes == 2 * overshoot_bytes(1000, 20, 1, 5, 10) == 30
    assert ended["x"] == ended["y"] == pytest.approx(1 + (2000 + 30 - 20) / 40)


def test_only_the_part_that_is_dropped_is_sent_again():
    """Of an overshoot of 15 bytes a fifth is dropped: 3."""
    climb = Climb([20.0], initial_window_bytes=10, depth_bytes=[5.0], dropped=0.2)
    climb.start(0.0, (0,), 1000, "x", round_trip_s=1.0)
    drain(climb)
    assert climb.resent_bytes == overshoot_bytes(1000, 20, 1, 5, 10, dropped=0.2) == 3


def test_events_per_transfer_are_starts_ends_and_rungs():
    """Two rungs up to 40 bytes/s from IW 10: one start, two rungs, one end."""
    climb = Climb([40.0], initial_window_bytes=10)
    climb.start(0.0, (0,), 1000, "x", round_trip_s=1.0)
    drain(climb)
    assert (climb.flows, climb.events) == (1, 4)
