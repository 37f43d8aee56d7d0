"""BBR's rates and windows: against what its paper says of them, and what a link can carry."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.network.packets.bbr import HIGH_GAIN, MAX_QUANTUM, RT_PROP_S
from sim.network.packets.policing import POLICED_ROUNDS, update_policing
from sim.network.packets.state import LAYOUT
from sim.network.packets.windows import Windows
from sim.network.tcp.transport import INITIAL_WINDOW, MSS_BYTES
from sim.records import ObjectState

from ..draining import drain


def watched(network, until_s, token="x", step_s=0.01):
    """How long the queue of the first link is, and how much of a connection is in flight, every now and then.

    Looking settles nothing: (n, 3) of time, s, wait, s, and segments.
    """
    seen = []
    for now_s in np.arange(step_s, until_s, step_s):
        delay_s = network.queue_delays_s(now_s)[0]
        seen.append((now_s, delay_s, network.flow(token)["in_flight"]))
    return np.array(seen)


@pytest.mark.parametrize(("rate", "round_trip_s"), [(1e6, 0.05), (1e7, 0.02), (2e7, 0.04)])
def test_alone_it_keeps_its_link_busy(rate, round_trip_s):
    """Paced by 99 % of what arrives, with a cycle whose gains are 1 in the mean: size / rate, a hundredth more, and
    start-up, whose rounds double what is sent until the path is full, and its drain."""
    size = 9 * rate
    network = Windows([rate], [rate * round_trip_s * 2], "bbr")
    network.start(0.0, (0,), size, round_trip_s, "x")
    took_s = drain(network)["x"]
    doublings = np.log2(rate * round_trip_s / (INITIAL_WINDOW * MSS_BYTES))
    assert size / rate < took_s < size / rate / 0.99 + (doublings + 2) * round_trip_s


def test_it_leaves_no_standing_queue():
    """What it piles up to try for more is a quarter of what the path holds, gone a round trip later: a lone transfer's
    queue is at most that, with a burst, and empty at times. CUBIC fills it to the brim."""
    rate, round_trip_s = 1e7, 0.04
    deepest = {}
    for congestion in ("bbr", "cubic"):
        network = Windows([rate], [rate * 0.06], congestion)
        network.start(0.0, (0,), 8 * rate, round_trip_s, "x")
        waits_s = watched(network, 7.0)[100:, 1]  # after start-up
        deepest[congestion] = waits_s.max()
        assert congestion == "cubic" or waits_s.min() < 0.002
    assert deepest["bbr"] < round_trip_s / 4 + 0.005 < 0.055 < deepest["cubic"]


def test_start_up_loses_what_path_and_queue_do_not_hold():
    """It has at most 2.885 P and three bursts under way, with P what the path holds: a queue of 1.885 P and these loses
    nothing; a shorter one the excess, for as many rounds as it takes to see that there is no more: at most 4."""
    rate, round_trip_s = 1e7, 0.08
    path = rate * round_trip_s
    for depth in ((HIGH_GAIN - 1) * path + 3 * MAX_QUANTUM * MSS_BYTES, 0.5 * path):
        network = Windows([rate], [depth], "bbr")
        network.start(0.0, (0,), 5 * rate, round_trip_s, "x")
        drain(network)
        excess = (HIGH_GAIN - 1) * path + 3 * MAX_QUANTUM * MSS_BYTES - depth
        again = network.resent_bytes("x")
        assert again == 0 if excess <= 0 else 0.5 * excess < again < 4 * excess


def test_after_ten_seconds_it_all_but_stops():
    """Nobody saw a shorter round trip for 10 s: it has 4 segments in flight for 0.2 s, and the queue is empty then."""
    rate, round_trip_s = 1e6, 0.05
    network = Windows([rate], [rate * 0.06], "bbr")
    for at, token in enumerate("ab"):  # two, since alone it sees the empty queue every cycle
        network.start(at * 0.2, (0,), 20 * rate, round_trip_s, token, seed=at)
    seen = watched(network, 14.0, "a")
    dips = seen[(seen[:, 2] <= 4) & (seen[:, 0] > 1)]
    assert RT_PROP_S < dips[0, 0] < RT_PROP_S + 3
    assert 0.15 < len(dips) * 0.01 < 0.5
    assert dips[-1, 1] < 0.01


def test_where_its_cycle_begins_is_drawn():
    """The same draw gives the same, bit for bit; another gives another end of the two that meet."""
    ends = []
    for seed in (1, 1, 2):
        network = Windows([2e6], [1e5], "bbr")
        for at, token in enumerate("ab"):
            network.start(at * 0.01, (0,), 6e6, 0.03, token, seed=seed + at)
        ends.append(drain(network))
    assert ends[0] == ends[1] != ends[2]


def test_a_long_round_trip_gets_more():
    """Its window is twice what the path holds at its rate, and so it fills the queue for those with a short one: of two
    equal transfers the one with 80 ms ends well before the one with 20 ms. With CUBIC it is the other way round."""
    near, far = [], []
    for seed in range(8):
        network = Windows([5e6], [5e6 * 0.12], "bbr")
        network.start(0.0, (0,), 2e7, 0.08, "far", seed=seed)
        network.start(0.01, (0,), 2e7, 0.02, "near", seed=seed + 100)
        ends = drain(network)
        near.append(ends["near"])
        far.append(ends["far"])
    assert np.mean(far) < 0.9 * np.mean(near)


def flow(**figures):
    """A connection in the middle of its life."""
    w = ObjectState(LAYOUT, {"flows": LAYOUT.rows("flows", 1)})
    for name, value in figures.items():
        setattr(w.flows[0], name, value)
    return w


def interval(w, began_s, rate, lost_share):
    """Five rounds of 0.1 s at this rate, segments/s, of which so much is lost."""
    for number in range(1, 6):
        w.flows[0].delivered += int(rate * 0.1)
        w.flows[0].losses += int(rate * 0.1 * lost_share)
        update_policing(w, 0, 0, int(lost_share > 0), False, True, began_s + 0.1 * number)


@pytest.mark.parametrize(("second", "lost_share", "policed"), [(1000, 0.3, 1), (1500, 0.3, 0), (1000, 0.1, 0)])
def test_two_intervals_alike_that_lose_a_fifth_tell_a_policer(second, lost_share, policed):
    """At 1,000 segments/s with 3 lost to 10 that arrive, twice: that is the rate from now on. Not where the second goes
    half as fast again, nor where a tenth is lost."""
    w = flow()
    interval(w, 0.0, 1000, lost_share)
    interval(w, 0.5, second, lost_share)
    assert w.flows[0].policed == policed
    assert not policed or w.flows[0].policed_bw == pytest.approx(1000, rel=0.25)


def test_who_was_policed_tries_again_after_48_rounds():
    """Then the rate counts again, and its cycle begins anew."""
    w = flow(policed=1, policed_bw=1000.0)
    anew = [update_policing(w, 0, 0, 0, True, True, 0.1 * number) for number in range(POLICED_ROUNDS)]
    assert anew == [False] * (POLICED_ROUNDS - 1) + [True]
    assert w.flows[0].policed == 0


@given(st.integers(10_000, 3_000_000), st.integers(1, 200), st.integers(200, 20_000), st.integers(5, 300))
def test_whatever_the_path_everything_arrives(size, round_trip_ms, rate_kBps, depth_ms):
    """Once each, and no sooner than the link can carry it."""
    rate = rate_kBps * 1e3
    network = Windows([rate], [max(rate * depth_ms / 1e3, 2.0 * MSS_BYTES)], "bbr")
    network.start(0.0, (0,), size, round_trip_ms / 1e3, "x")
    assert drain(network)["x"] >= size / rate * (1 - 1e-12)
    assert network.flow("x")["received"] == network.flow("x")["packets"]


def test_it_paces_by_a_hundredth_less_than_it_was_heard():
    """Once it cruises on a link of 10 MB/s: 0.99 of the 6,906 segments/s that arrive, give or take the last burst."""
    network = Windows([1e7], [6e5], "bbr")
    network.start(0.0, (0,), 8e7, 0.04, "x")
    paces = []
    for now_s in np.arange(2.0, 6.0, 0.01):
        network.queue_delays_s(now_s)
        one = network.flow("x")
        if one["pacing_gain"] == 1.0:
            paces.append(float(one["pacing_rate"]))
    assert len(paces) > 200
    assert np.median(paces) == pytest.approx(0.99 * 1e7 / MSS_BYTES, rel=0.005)
