"""The closed forms themselves, by cases worked out in the head and by limits that they must meet."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import theory
from sim.network.tcp.transport import slow_start_s


def test_erlangs_formula_in_the_head() -> None:
    """One worker half busy makes half of all wait, 1 s in the mean; two workers offered 1 make a third wait."""
    assert theory.erlang_c(1, 0.5) == pytest.approx(0.5)
    assert theory.mmc_wait_s(1, 0.5, 1.0) == pytest.approx(1.0)
    assert theory.erlang_c(2, 1.0) == pytest.approx(1 / 3)


@pytest.mark.parametrize("servers", [1, 3, 32, 500])
def test_nobody_waits_where_nobody_comes_and_all_wait_where_it_is_full(servers: int) -> None:
    """The chance to wait runs from 0 without load to 1 at full load, for many servers too."""
    assert theory.erlang_c(servers, 0.0) == 0.0
    assert theory.erlang_c(servers, servers * (1 - 1e-9)) == pytest.approx(1.0, abs=1e-6)


def test_one_exponential_worker_is_both_queues() -> None:
    """M/G/1 with a squared coefficient of variation of 1 is M/M/1; with 0 it waits half as long."""
    assert theory.mg1_wait_s(0.7, 1.0, 1.0) == pytest.approx(theory.mmc_wait_s(1, 0.7, 1.0))
    assert theory.mg1_wait_s(0.7, 1.0, 0.0) == pytest.approx(theory.mmc_wait_s(1, 0.7, 1.0) / 2)


@pytest.mark.parametrize("overload", [1.0, 1.5, -0.1])
def test_a_queue_that_grows_for_ever_has_no_mean(overload: float) -> None:
    """At or beyond full load the forms refuse."""
    with pytest.raises(ValueError, match="offered load must be at least 0 and below 1"):
        theory.mg1_wait_s(overload, 1.0, 1.0)
    with pytest.raises(ValueError, match="below 1"):
        theory.mmc_wait_s(1, overload, 1.0)
    with pytest.raises(ValueError, match="below 1"):
        theory.sharing_s(1.0, 1.0, overload)


def test_flows_on_a_half_busy_link_take_twice_as_long() -> None:
    """200 bytes over 100 bytes/s take 2 s alone and 4 s on a link that is half busy."""
    assert theory.sharing_s(200.0, 100.0, 0.0) == 2.0
    assert theory.sharing_s(200.0, 100.0, 0.5) == 4.0


def test_slow_start_window_by_window() -> None:
    """Windows of 10, 20 and 40 take a round trip of 1 s each, then 30 are left at 100 a second."""
    assert theory.slow_start_transfer_s(100.0, 100.0, 1.0, 10.0) == pytest.approx(3.3)
    assert theory.slow_start_transfer_s(10.0, 100.0, 1.0, 10.0) == pytest.approx(0.1)
    assert theory.slow_start_transfer_s(1000.0, 100.0, 0.1, 10.0) == pytest.approx(10.0)


@given(
    st.floats(1, 1e10), st.floats(1e3, 1e10), st.floats(0, 1)
)  # fmt: skip
def test_the_network_s_ramp_is_the_sum_over_windows(size_bytes: float, rate_Bps: float, round_trip_s: float) -> None:
    """The network's closed form and the protocol's windows, added up, give the same time for any transfer."""
    by_windows = theory.slow_start_transfer_s(size_bytes, rate_Bps, round_trip_s, 14_600)
    assert size_bytes / rate_Bps + slow_start_s(size_bytes, rate_Bps, round_trip_s) == pytest.approx(by_windows)


def test_a_cache_of_equals_hits_by_its_share() -> None:
    """Of ten items asked for alike, four in the cache answer nearly four requests in ten."""
    assert theory.che_hit_chances([1.0] * 10, 4) == pytest.approx([0.4] * 10)


def test_ches_approximation_holds_for_a_skewed_cache() -> None:
    """An LRU list of 100 places, asked a thousand items by Zipf's law, hits within 1 % of what Che's form says."""
    popularity = np.arange(1, 1001, dtype=np.float64) ** -0.8
    popularity /= popularity.sum()
    asked = np.random.default_rng(1).choice(1000, 200_000, p=popularity).tolist()
    form = float(theory.che_hit_chances(popularity, 100) @ popularity)
    assert lru_hits(asked, 100, warm_up=5_000) == pytest.approx(form, rel=0.01)


def lru_hits(items: Sequence[int], places: int, warm_up: int = 0) -> float:
    """The share of requests, after the first `warm_up`, that a cache of so many places with LRU answers."""
    held: OrderedDict[int, None] = OrderedDict()
    hits = 0
    for number, item in enumerate(items):
        if item in held:
            held.move_to_end(item)
            hits += number >= warm_up
        else:
            held[item] = None
            if len(held) > places:
                held.popitem(last=False)
    return hits / (len(items) - warm_up)


def test_a_cache_holds_some_but_not_all() -> None:
    """No places or a place for each item need no approximation, and are refused."""
    for places in (0, 3):
        with pytest.raises(ValueError, match="places must be 1 to 2"):
            theory.che_hit_chances([1.0, 1.0, 1.0], places)


def test_the_share_of_fresh_requests_in_the_head() -> None:
    """One request is fresh; of two requests for two items alike, the second is fresh half the time."""
    assert theory.fresh_share([1.0, 1.0], 1) == 1.0
    assert theory.fresh_share([1.0, 1.0], 2) == pytest.approx(0.75)


def test_operational_laws_in_the_head() -> None:
    """Two a second that stay 3 s are 6 inside; with 1 s of service at 4 servers these are half busy."""
    assert theory.little(2.0, 3.0) == 6.0
    assert theory.utilisation(2.0, 1.0, 4) == 0.5
