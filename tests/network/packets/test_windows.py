"""Packet by packet: what holds for every congestion control, and CUBIC's windows against the RFC's own formulas."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.network.packets import cubic
from sim.network.packets.state import LAYOUT, SEND_BUFFER
from sim.network.packets.windows import Windows
from sim.network.tcp.transport import MSS_BYTES, slow_start_s
from sim.records import ObjectState

from ..draining import drain


@pytest.mark.parametrize(("rate", "round_trip_s", "size"), [(1e7, 0.1, 5e6), (1e7, 0.02, 5e6), (1e6, 0.05, 2e5)])
def test_alone_a_transfer_ends_when_the_closed_form_says(rate, round_trip_s, size):
    """Size / rate + slow_start_s, within a round trip: the last window of slow start may be a part of one."""
    network = Windows([rate], [rate])
    network.start(0.0, (0,), size, round_trip_s, "x")
    assert drain(network)["x"] == pytest.approx(size / rate + slow_start_s(size, rate, round_trip_s), abs=round_trip_s)


def flow(**figures):
    """A connection in the middle of its life."""
    w = ObjectState(LAYOUT, {"flows": LAYOUT.rows("flows", 1)})
    for name, value in {"epoch_s": -1.0, "min_rtt_s": 0.1, **figures}.items():
        setattr(w.flows[0], name, value)
    return w, w.flows[0]


def test_after_a_loss_a_window_is_back_when_the_rfc_says():
    """RFC 9438, 4.2: K = cbrt(W (1 - 0.7) / 0.4) s after the fall from W segments to 0.7 W, a round trip less as the
    curve is looked at where it will be then."""
    w, one = flow(cwnd=500.0, min_rtt_s=0.2)
    cubic._on_loss(w, 0, 1)
    assert one.ssthresh == pytest.approx(350)
    one.cwnd = one.ssthresh
    back_s = (500 * 0.3 / 0.4) ** (1 / 3)
    now = 0.0
    while now < back_s - 0.2:
        assert one.cwnd < 500
        now += 0.01
        cubic._avoid_congestion(w, 0, one.cwnd / 0.2 * 0.01, now)
    assert one.cwnd == pytest.approx(500, rel=0.01)


def test_who_falls_before_it_was_back_aims_lower():
    """RFC 9438, 4.7: from 400 segments, having fallen from 500, the next goal is 400 (1 + 0.7) / 2 = 340."""
    w, one = flow(cwnd=400.0, w_max=500.0)
    cubic._on_loss(w, 0, 1)
    assert one.w_max == pytest.approx(340)


def test_who_has_lost_nothing_grows_by_5_percent_a_round_trip():
    """As many acknowledgements as the window has segments add a twentieth of it: 500 become 525."""
    w, one = flow(cwnd=500.0)
    for _ in range(500):
        cubic._avoid_congestion(w, 0, 1, 1.0)
    assert one.cwnd == pytest.approx(525, rel=0.003)  # later ones count a little less, as the window grows meanwhile


def ended(network, *tokens):
    """What connections look like when all have ended."""
    drain(network)
    return [network.flow(token) for token in tokens]


@pytest.mark.parametrize(("rate", "round_trip_s"), [(1e7, 0.1), (5e6, 0.06), (2e7, 0.04)])
def test_a_train_of_acknowledgements_ends_slow_start_before_anything_is_lost(rate, round_trip_s):
    """The first window W that takes half a round trip ends it when as much is acknowledged: W + P / 2, with P what the
    path holds and W from P / 2 to P. The queue has room for that, so six times what
    the path holds is sent once."""
    network = Windows([rate], [rate * round_trip_s])
    network.start(0.0, (0,), 6 * rate * round_trip_s, round_trip_s, "x")
    (one,) = ended(network, "x")
    path = rate * round_trip_s / MSS_BYTES
    assert 0.95 * path <= one["ssthresh"] <= 1.55 * path
    assert network.resent_bytes("x") == 0


def test_who_begins_behind_another_leaves_slow_start_earlier():
    """The second connection's bursts queue behind the first one's: HyStart sees the delay, and it ends last."""
    network = Windows([1e7], [6e5])
    for at, token in enumerate("ab"):
        network.start(at * 1e-4, (0,), 1e7, 0.1, token)
    first, second = ended(network, "a", "b")
    assert second["ssthresh"] < 0.7 * first["ssthresh"]


def test_what_a_short_queue_drops_is_sent_again_and_arrives():
    """Slow start over a queue of a tenth of the path loses packets: they count twice, and the transfer ends."""
    network = Windows([1e7], [1e5])
    network.start(0.0, (0,), 2e7, 0.1, "x")
    (one,) = ended(network, "x")
    assert one["received"] == one["packets"] == -(-20_000_000 // MSS_BYTES)
    assert 0 < network.resent_bytes("x") < 2e6


@pytest.mark.parametrize("congestion", ["cubic", "bbr"])
def test_a_socket_holds_4_mebibytes(congestion):
    """Where the path would take more, what is under way is what the buffer holds: it is filled up when a third of it is
    free, so each round trip carries from two thirds of it to all of it."""
    rate, round_trip_s, buffer = 2e8, 0.2, SEND_BUFFER * MSS_BYTES
    network = Windows([rate], [rate * round_trip_s], congestion)
    network.start(0.0, (0,), 4e7, round_trip_s, "small")
    small_s = drain(network)["small"]
    network.start(10.0, (0,), 8e7, round_trip_s, "large")
    more_s = drain(network)["large"] - 10 - small_s  # of which nothing is slow start
    assert 4e7 * round_trip_s / buffer < more_s < 1.5 * 4e7 * round_trip_s / buffer + round_trip_s


def test_a_short_round_trip_gets_more():
    """Equal transfers over one link that begin within 50 ms: on average the one with 20 ms ends well before the one
    with 150 ms."""
    near, far = [], []
    for apart_ms in range(0, 50, 5):
        network = Windows([5e6], [3e5])
        network.start(0.0, (0,), 2e7, 0.15, "far")
        network.start(apart_ms / 1e3, (0,), 2e7, 0.02, "near")
        ends = drain(network)
        near.append(ends["near"])
        far.append(ends["far"])
    assert np.mean(near) < 0.9 * np.mean(far)


@given(
    st.lists(
        st.tuples(st.integers(0, 3000), st.integers(1000, 5_000_000), st.integers(5, 300), st.integers(0, 2)),
        min_size=1, max_size=8,
    ),
    st.sampled_from(["cubic", "bbr"]),
)  # fmt: skip
def test_no_link_carries_more_than_it_can_and_no_queue_holds_more(asked, congestion):
    """Whatever meets: by the end of each transfer no link had the time for fewer bytes than have ended on it."""
    routes, capacity = ((0, 1), (1,), (0, 2)), [2e6, 3e6, 1e6]
    depth = [0.06 * rate for rate in capacity]
    network = Windows(capacity, depth, congestion)
    ended = {}
    for number, (start_ms, size, round_trip_ms, way) in enumerate(sorted(asked)):
        ended |= drain(network, start_ms / 1e3)
        network.start(start_ms / 1e3, routes[way], size, round_trip_ms / 1e3, number)
        assert all(delay_s <= 0.06 + 1e-9 for delay_s in network.queue_delays_s(start_ms / 1e3))
    ended |= drain(network)
    assert len(ended) == len(asked)
    in_order = sorted(asked)
    for link, rate in enumerate(capacity):
        own = [(end_s, in_order[number]) for number, end_s in ended.items() if link in routes[in_order[number][3]]]
        for until_s, _ in own:
            carried = sum(size for end_s, (_, size, _, _) in own if end_s <= until_s)
            began_s = min(start_ms / 1e3 for _, (start_ms, _, _, _) in own)
            assert carried <= rate * (until_s - began_s) * (1 + 1e-9)


@pytest.mark.parametrize("congestion", ["cubic", "bbr"])
def test_what_begins_elsewhere_changes_nothing(congestion):
    """A transfer on another link leaves this one's end where it was."""
    ends = []
    for beside in (False, True):
        network = Windows([1e6, 1e6], [6e4, 6e4], congestion)
        network.start(0.0, (0,), 3e6, 0.05, "x")
        if beside:
            network.start(0.7, (1,), 1e6, 0.05, "y")
        ends.append(drain(network)["x"])
    assert ends[0] == ends[1]


@pytest.mark.parametrize("congestion", ["cubic", "bbr"])
def test_a_first_window_that_is_lost_on_the_way_is_sent_again(congestion):
    """Nothing of it passes its second link, whose queue others keep full: it tries again until it arrives."""
    network = Windows([1e8, 1e6], [1e6, 6e4], congestion)
    for at in range(12):
        network.start(at * 0.001, (1,), 3e6, 0.02, at)
    network.start(2.0, (0, 1), 2e4, 0.1, "late")
    network.set_down(2.0, [1], True)
    network.set_down(2.05, [1], False)
    assert len(drain(network)) == 13


@pytest.mark.parametrize("congestion", ["cubic", "bbr"])
def test_a_transfer_goes_on_when_a_broken_link_is_back(congestion):
    """Everything is lost for a second: it arrives all the same, not before the link was back, nor twice as late."""
    ends = []
    for broken in (False, True):
        network = Windows([1e6], [6e4], congestion)
        network.start(0.0, (0,), 3e6, 0.05, "x")
        for at_s, down in ((1.0, True), (2.0, False)) if broken else ():
            network.set_down(at_s, [0], down)
        ends.append(drain(network)["x"])
    assert ends[0] + 0.9 < ends[1] < ends[0] + 2.5


def test_a_link_that_is_down_is_refused():
    """Windows stand still for good on a link that carries nothing."""
    with pytest.raises(ValueError, match="above 0"):
        Windows([1e6, 0.0], [6e4, 6e4])


@pytest.mark.parametrize("congestion", ["cubic", "bbr"])
def test_the_interpreter_and_machine_code_agree_bit_for_bit(congestion):
    """Three connections on two links, as numba runs them and as Python does."""
    seen = []
    for compiled in (True, False):
        network = Windows([2e6, 3e6], [5e4, 2e5], congestion, compiled)
        for at, (route, round_trip_s) in enumerate([((0, 1), 0.02), ((0,), 0.1), ((1,), 0.2)]):
            network.start(at * 0.01, route, 1e6, round_trip_s, at, seed=at)
        seen.append((drain(network), [network.flow(at).tobytes() for at in range(3)]))
        assert network.resent_bytes(0) + network.resent_bytes(1) > 0  # something was lost
    assert seen[0] == seen[1]


def advanced(network, step_s):
    """Lets happen what is asked for bit by bit, looking ahead at nothing; when each token ended, which is forgotten."""
    ended, now_s = {}, 0.0
    while network.next_finish_s < math.inf:
        at_s, token = network.advance(now_s)
        if token is None:
            now_s += step_s
        else:
            ended[token] = at_s
            network.forget(token)
    return ended


@pytest.mark.parametrize("congestion", ["cubic", "bbr"])
def test_connections_end_the_same_whether_looked_ahead_at_or_not(congestion):
    """Ten transfers over two lines: in steps of 70 ms they end at the very times that looking ahead finds."""
    found = []
    for drained in (drain, lambda network: advanced(network, 0.07)):
        network = Windows([1e6, 2e6], [6e4, 1.2e5], congestion)
        for at in range(10):
            network.start(0.0, (at % 2, 1)[at % 2 :], 2e5 * (at + 1), 0.05, at, seed=at)
        found.append(drained(network))
    assert found[0] == found[1]


def test_rows_of_who_is_forgotten_are_used_again():
    """One transfer goes on; beside it twenty come one after another, half a second apart, in the rows of two."""
    network = Windows([1e6], [1e5])
    network.start(0.0, (0,), 2e7, 0.05, "long")
    for at in range(20):
        token = None
        while token is None:  # up to its turn, then until it has ended
            at_s, token = network.advance(at / 2)
            if token is None:
                network.start(at / 2, (0,), 1000.0, 0.05, at)
                at_s, token = network.advance(at / 2 + 0.4)
        assert token == at
        assert at / 2 <= at_s <= at / 2 + 0.2
        network.forget(token)
    assert network._state.g["flows_used"] == 2


def test_a_receive_window_is_all_that_is_under_way():
    """50 segments a round trip of 0.2 s: 1,000 segments take twenty, but for the last, which has yet to come back."""
    network = Windows([1e7], [1e6])
    network.start(0.0, (0,), 1000 * MSS_BYTES, 0.2, "x", receive_window_bytes=50.5 * MSS_BYTES)
    assert 19 * 0.2 <= drain(network)["x"] <= (19 + 3) * 0.2  # three to grow from 10 segments to 50


def test_packets_wait_the_longest_before_the_narrowest_line():
    """Behind a line of 1 MB/s one of 2 MB/s keeps none waiting; before it all arrive faster than they leave."""
    for capacity, place in (([1e6, 2e6], 0), ([2e6, 1e6], 1)):
        network = Windows(capacity, [1e6, 1e6])
        network.start(0.0, (0, 1), 1e6, 0.05, "x")
        drain(network)
        assert network.longest_wait("x") == place


def test_a_fast_line_has_any_number_of_acknowledgements_kept_back():
    """1 GB/s sends 27,600 packets in the 40 ms for which every second acknowledgement is kept back: more than there
    were rows for events at the start; 60 MB take 60 ms and some round trips of 0.2 ms."""
    network = Windows([1e9], [math.inf])
    network.start(0.0, (0,), 6e7, 2e-4, "x")
    assert drain(network)["x"] == pytest.approx(0.06, abs=0.01)
    assert len(network._state["events"]) > 0.5 * 0.04 * 1e9 / MSS_BYTES
