"""MSER-5 cuts what is biased, leaves what is not, and says when a series is too short."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sim.stats import queues
from sim.stats.warmup import BATCH, mser5, standard_errors


def test_a_step_is_cut_where_it_is() -> None:
    """A hundred values around 50 before four hundred around 10: the cut is at the hundredth."""
    rng = np.random.default_rng(1)
    values = np.concatenate([rng.normal(50, 1, 100), rng.normal(10, 1, 400)])
    assert mser5(values) == (100, True)


def test_a_backlog_that_drains_is_cut() -> None:
    """A queue that starts with 60 s of work and drains half a second a customer is cut for most of those 120."""
    drawn = queues.draws(np.random.default_rng(2), 200, 4000)
    found = [(mser5(waits_s), waits_s) for waits_s in queues.waits_s(drawn, 2.0, start_s=60.0)]
    assert sum(each.long_enough for each, _ in found) >= 195
    cuts = [each.cut for each, _ in found if each.long_enough]
    assert 90 < np.mean(cuts) < 400
    truth_s = queues.mean_wait_s(2.0)
    off_s = np.mean([waits_s[each.cut :].mean() for each, waits_s in found]) - truth_s
    uncut_s = np.mean([waits_s.mean() for _, waits_s in found]) - truth_s
    assert abs(off_s) < 0.1 * uncut_s


def test_what_is_steady_is_hardly_cut() -> None:
    """Of independent values with one mean at most a third is cut, and on average little (White 1997 sees the same)."""
    cuts = [mser5(np.random.default_rng(seed).normal(10, 1, 1000)) for seed in range(50)]
    assert np.mean([found.cut for found in cuts if found.long_enough]) < 150


def test_what_never_settles_is_too_short() -> None:
    """A ramp has no steady state, few values say nothing, and neither does a failure among them."""
    assert not mser5(np.concatenate([np.linspace(0, 100, 400), np.full(60, 100.0)])).long_enough
    assert not mser5(np.ones(49)).long_enough
    assert not mser5(np.array([1.0] * 100 + [np.inf])).long_enough
    assert mser5(np.ones(50)) == (0, True)


@given(arrays(np.float64, st.integers(10, 40), elements=st.floats(-100, 100, width=16)))
def test_errors_are_those_of_a_plain_loop(means: np.ndarray) -> None:
    """The running sums give what each rest's own sum of squares gives."""
    plain = [((rest := means[cut:]).var() / len(rest)) for cut in range(len(means) - BATCH + 1)]
    np.testing.assert_allclose(standard_errors(means), plain, rtol=1e-6, atol=1e-6)
