"""CUBIC's windows, against the RFC's own formulas and what no link can do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.network import cubic, windows
from sim.network.transport import MSS_BYTES, slow_start_s
from sim.network.windows import DRAWS, STEP_S, Windows

from .draining import drain


def draws(seed):
    """What chance gives one connection."""
    return np.random.default_rng(seed).standard_exponential(DRAWS)


@pytest.mark.parametrize(("rate", "round_trip_s", "size"), [(1e7, 0.1, 5e6), (1e7, 0.02, 5e6), (1e6, 0.05, 2e5)])
def test_alone_a_transfer_ends_when_the_closed_form_says(rate, round_trip_s, size):
    """Size / rate + slow_start_s, which grows by whole round trips: within one of these."""
    network = Windows([rate], [rate], 1.0)
    network.start(0.0, (0,), size, round_trip_s, "x", draws(0))
    assert drain(network)["x"] == pytest.approx(size / rate + slow_start_s(size, rate, round_trip_s), abs=round_trip_s)


def test_after_a_loss_a_window_is_back_when_the_rfc_says():
    """RFC 9438, 4.2: K = cbrt(W (1 - 0.7) / 0.4) s after the fall from W segments to 0.7 W."""
    flow = np.zeros(1, cubic.FLOW).view(np.recarray)[0]
    flow.window, flow.trip = 500 * MSS_BYTES, 0.2
    cubic._fall(flow, 0.0)
    assert flow.window == pytest.approx(350 * MSS_BYTES)
    back_s = (500 * 0.3 / 0.4) ** (1 / 3)
    now = flow.epoch
    while now < flow.epoch + back_s:
        assert flow.window < 500 * MSS_BYTES
        now += 0.001
        cubic._grow(flow, flow.window / flow.trip * 0.001, now, 0.001)
    assert flow.window == pytest.approx(500 * MSS_BYTES, rel=0.01)


def test_who_falls_before_it_was_back_aims_lower():
    """RFC 9438, 4.7: from 400 segments, having fallen from 500, the next goal is 400 (1 + 0.7) / 2 = 340."""
    flow = np.zeros(1, cubic.FLOW).view(np.recarray)[0]
    flow.window, flow.trip, flow.most = 400 * MSS_BYTES, 0.1, 500.0
    cubic._fall(flow, 0.0)
    assert flow.most == pytest.approx(340)


def test_a_short_round_trip_gets_more():
    """Equal transfers over one link: on average the one with 20 ms ends well before the one with 150 ms."""
    near, far = [], []
    for seed in range(10):
        network = Windows([5e6], [3e5], 0.02)
        for token, round_trip_s in enumerate((0.02, 0.15)):
            network.start(0.0, (0,), 2e7, round_trip_s, token, draws(2 * seed + token))
        ended = drain(network)
        near.append(ended[0])
        far.append(ended[1])
    assert np.mean(near) < 0.9 * np.mean(far)


@given(
    st.lists(
        st.tuples(st.integers(0, 3000), st.integers(1000, 5_000_000), st.integers(5, 300), st.integers(0, 2)),
        min_size=1, max_size=8,
    )
)  # fmt: skip
def test_no_link_carries_more_than_it_can_and_no_queue_holds_more(asked):
    """Whatever meets: by the end of each transfer no link had the time for fewer bytes than have ended on it."""
    routes, capacity = ((0, 1), (1,), (0, 2)), [2e6, 3e6, 1e6]
    depth = [0.06 * rate for rate in capacity]
    network = Windows(capacity, depth, 0.02)
    ended = {}
    for number, (start_ms, size, round_trip_ms, way) in enumerate(sorted(asked)):
        ended |= drain(network, start_ms / 1e3)
        network.start(start_ms / 1e3, routes[way], size, round_trip_ms / 1e3, number, draws(number))
        assert all(held <= most for held, most in zip(network.queue_bytes(), depth, strict=True))
    ended |= drain(network)
    assert len(ended) == len(asked)
    in_order = sorted(asked)
    for link, rate in enumerate(capacity):
        own = [(end_s, in_order[number]) for number, end_s in ended.items() if link in routes[in_order[number][3]]]
        for until_s, _ in own:
            carried = sum(size for end_s, (_, size, _, _) in own if end_s <= until_s)
            began_s = min(start_ms / 1e3 for _, (start_ms, _, _, _) in own)
            assert carried <= rate * (until_s - began_s + STEP_S) * (1 + 1e-9)


def test_what_begins_elsewhere_changes_nothing():
    """A transfer on another link leaves this one's end where it was, to within a step."""
    ends = []
    for beside in (False, True):
        network = Windows([1e6, 1e6], [6e4, 6e4], 0.02)
        network.start(0.0, (0,), 3e6, 0.05, "x", draws(1))
        if beside:
            network.start(0.7, (1,), 1e6, 0.05, "y", draws(2))
        ends.append(drain(network)["x"])
    assert ends[1] == pytest.approx(ends[0], abs=2 * STEP_S)


def test_a_link_that_is_down_is_refused():
    """Windows stand still for good on a link that carries nothing."""
    with pytest.raises(ValueError, match="above 0"):
        Windows([1e6, 0.0], [6e4, 6e4], 0.02)


def test_routes_in_a_circle_are_refused():
    """Each link passes on what others have passed on before it."""
    network = Windows([1e6, 1e6], [6e4, 6e4], 0.02)
    network.start(0.0, (0, 1), 1e6, 0.05, "x", draws(1))
    with pytest.raises(ValueError, match="cycle"):
        network.start(0.0, (1, 0), 1e6, 0.05, "y", draws(2))


def test_the_interpreter_and_the_compiled_text_agree_bit_for_bit():
    """Three connections on two links for 3 s, as numba runs them and as Python does."""
    told = []
    for play in (windows.compiled(), cubic.play):
        links = np.zeros(2, cubic.LINK)
        links["capacity"], links["depth"] = [2e6, 3e6], [1e5, 2e5]
        flows = np.zeros(3, cubic.FLOW)
        flows["window"], flows["left"], flows["round_trip"] = 14600, 1e7, [0.02, 0.1, 0.2]
        flows["slow"], flows["hops"] = 1, [2, 1, 1]
        hops = np.array([[0, 1], [0, -1], [1, -1]])
        chance = np.stack([draws(number) for number in range(3)])
        tables = links.view(np.recarray), flows.view(np.recarray), hops, np.array([0, 1]), chance
        now = play(*tables, 3, 0.0, 3.0, STEP_S, 0.05)
        told.append((now, links.tobytes(), flows.tobytes()))
    assert flows["slow"].sum() < 3  # some have noticed a drop
    assert told[0] == told[1]
