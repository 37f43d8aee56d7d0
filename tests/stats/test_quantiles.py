"""Quantiles by the inverse of the distribution function, infinite values included."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim.stats.quantiles import PERCENTS, summary

VALUES = st.lists(st.floats(0, 1e9) | st.just(np.inf), min_size=1, max_size=300)


def test_a_hundred_values_have_their_own_ranks_as_quantiles() -> None:
    """Of 1 to 100 in any order, p50 is 50, p95 is 95 and p99 is 99."""
    values = np.random.default_rng(1).permutation(np.arange(1.0, 101.0))
    assert summary(values) == {"mean": 50.5, "p50": 50.0, "p95": 95.0, "p99": 99.0, "max": 100.0}


def test_a_rank_that_is_whole_takes_that_value_and_no_later_one() -> None:
    """The 19th of 20 values is p95: exactly 95 per cent do not exceed it."""
    assert summary(np.arange(1.0, 21.0))["p95"] == 19.0


def test_one_value_is_every_quantile() -> None:
    """A sample of one is its own mean, quantiles and maximum."""
    assert set(summary(np.array([3.0])).values()) == {3.0}


def test_infinite_values_rank_last_and_are_never_averaged_with_finite_ones() -> None:
    """With 5 of 100 infinite p95 is still finite; with 6 it is infinite, and p50 stays as it was."""
    five = summary(np.array([1.0] * 95 + [np.inf] * 5))
    six = summary(np.array([np.inf] * 6 + [1.0] * 94))
    assert (five["p50"], five["p95"], five["p99"], five["mean"]) == (1.0, 1.0, np.inf, np.inf)
    assert (six["p50"], six["p95"]) == (1.0, np.inf)


def test_no_values_have_no_statistics() -> None:
    """An empty sample gives NaN for everything, without a warning."""
    assert all(np.isnan(value) for value in summary(np.array([])).values())


@given(VALUES)
def test_a_quantile_is_the_smallest_value_that_enough_of_the_sample_do_not_exceed(values: list[float]) -> None:
    """Counted in whole numbers, at least p per cent are at or below the quantile, and fewer below it."""
    found = summary(np.array(values))
    for name, percent in PERCENTS.items():
        at_or_below = sum(value <= found[name] for value in values)
        below = sum(value < found[name] for value in values)
        assert found[name] in values
        assert Fraction(at_or_below, len(values)) >= Fraction(percent, 100) > Fraction(below, len(values))
