"""Connections kept open."""

from sim.network.pool import Pool
from sim.network.transport import INITIAL_WINDOW_BYTES


def test_an_empty_pool_has_nothing_to_reuse():
    """The first request opens a connection, the second finds it."""
    pool = Pool()
    assert pool.take(0.0) is None
    pool.keep(1.0)
    assert pool.take(2.0) == INITIAL_WINDOW_BYTES
    assert pool.take(2.0) is None


def test_a_connection_closes_when_it_has_idled_too_long():
    """Kept for 90 s and no longer; what idled longer than the one taken last is closed with it."""
    pool = Pool(idle_s=90)
    pool.keep(0.0)
    assert pool.take(90.0) is not None
    pool.keep(0.0)
    pool.keep(1.0)
    assert pool.take(91.5) is None
    assert len(pool) == 0


def test_a_window_outlives_a_short_pause_only():
    """After 0.2 s idle, or a longer round trip, a connection starts from the initial window again."""
    pool = Pool()
    for pause, round_trip, window in ((0.2, 0.0, 1e6), (0.25, 0.0, 14_600), (0.25, 0.3, 1e6)):
        pool.keep(10.0, 1e6)
        assert pool.take(10.0 + pause, round_trip) == window


def test_the_one_used_last_is_taken_first_and_the_oldest_gives_way():
    """Of three kept in a pool for two, the windows of the last two come back, last first."""
    pool = Pool(most=2)
    for at, window in enumerate((1.0, 2.0, 3.0)):
        pool.keep(at / 100, window)
    assert [pool.take(0.03), pool.take(0.03), pool.take(0.03)] == [3.0, 2.0, None]
