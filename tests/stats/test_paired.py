"""Paired differences, and what pairing was worth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.stats.intervals import interval
from sim.stats.paired import difference, pairing


def test_what_both_variants_share_cancels() -> None:
    """Runs that differ by far more than the variants do still give the difference exactly: 1."""
    baseline = np.array([10.0, 500.0, 90.0])
    found = difference(baseline + 1, baseline)
    assert (found.mean, found.low, found.high) == (1.0, 1.0, 1.0)
    assert found.decided
    assert pairing(baseline + 1, baseline).runs_saved == math.inf


def test_a_difference_is_that_of_the_runs_in_their_order() -> None:
    """5 - 1 and 8 - 2 are 4 and 6: mean 5, the interval of these two numbers."""
    assert difference(np.array([5.0, 8.0]), np.array([1.0, 2.0])) == interval(np.array([4.0, 6.0]))


def test_runs_saved_are_those_that_independent_samples_would_need_beyond() -> None:
    """Variances 8 and 2 apart against 2 paired need 5 times the 2 runs: 8 saved, at correlation 1."""
    found = pairing(np.array([0.0, 4.0]), np.array([0.0, 2.0]))
    assert found.correlation == pytest.approx(1.0)
    assert found.runs_saved == 8.0


def test_pairing_what_runs_against_each_other_costs_runs() -> None:
    """Variances 2 and 2 apart against 8 paired: half of the 2 runs would do, one fewer."""
    found = pairing(np.array([2.0, 0.0]), np.array([0.0, 2.0]))
    assert found.correlation == pytest.approx(-1.0)
    assert found.runs_saved == -1.0


def test_rounding_is_no_difference() -> None:
    """Four runs that are 1e-11 s slower, each by about as much, are not slower at a resolution of 1e-9 s."""
    baseline = np.array([1.0, 5.0, 2.0, 3.0])
    dusty = baseline + np.array([1e-11, 2e-11, 1e-11, 1e-11])
    assert difference(dusty, baseline).decided
    assert difference(dusty, baseline, resolution=1e-9) == interval(np.zeros(4))
    assert pairing(dusty, baseline, resolution=1e-9).runs_saved == math.inf
    assert math.isnan(pairing(dusty - baseline, np.zeros(4), resolution=1e-9).correlation)


def test_what_is_beyond_the_resolution_is_left_as_it_is() -> None:
    """A run that differs by more counts in full, beside one that does not; infinite and missing values stay."""
    found = difference(np.array([1.0, 3.0]), np.array([1.0 - 1e-12, 1.0]), resolution=1e-9)
    assert found == interval(np.array([0.0, 2.0]))
    assert difference(np.array([math.inf, 1.0]), np.array([1.0, 1.0]), resolution=1e-9).mean == math.inf
    assert math.isnan(difference(np.array([math.inf, 1.0]), np.array([math.inf, 1.0]), resolution=1e-9).mean)


def test_one_infinite_variant_is_infinitely_slower_without_an_interval() -> None:
    """Infinite less finite is infinite; no bounds, so nothing is decided."""
    found = difference(np.array([math.inf, math.inf]), np.array([1.0, 2.0]))
    assert found.mean == math.inf
    assert not found.decided


def test_two_infinite_variants_have_no_difference() -> None:
    """Infinite less infinite is missing, quietly, and pairing says nothing about it."""
    infinite = np.array([math.inf, 1.0])
    assert math.isnan(difference(infinite, infinite).mean)
    assert math.isnan(pairing(infinite, infinite).runs_saved)


@pytest.mark.parametrize("n", [1, 2])
def test_pairing_is_worth_nothing_where_nothing_varies(n: int) -> None:
    """One run, or runs that are all the same, have no correlation."""
    found = pairing(np.full(n, 2.0), np.full(n, 1.0))
    assert math.isnan(found.correlation)
    assert math.isnan(found.runs_saved)


def test_equal_variants_are_told_apart_as_seldom_as_promised() -> None:
    """Of 3,000 pairs of equal variants with shared noise, 5 % are decided, within 4 binomial deviations."""
    random = np.random.default_rng(4)
    shared, own = random.normal(0, 10, (3000, 1, 8)), random.normal(0, 1, (3000, 2, 8))
    decided = sum(difference(*trial).decided for trial in shared + own)
    assert abs(decided - 150) <= 4 * math.sqrt(3000 * 0.05 * 0.95)


def _times_left_out(simultaneous: int) -> int:
    """Of 1,500 comparisons of twelve equal variants, how often the last is told apart from the one found lowest."""
    draws = np.random.default_rng(6).normal(0.0, 1.0, (1500, 12, 6))
    left_out = 0
    for variants in draws:
        lowest = variants[variants.mean(axis=1).argmin()]
        left_out += difference(lowest, variants[-1], simultaneous=simultaneous).decided
    return left_out


MOST_LEFT_OUT = 1500 * 0.05 + 4 * math.sqrt(1500 * 0.05 * 0.95)


def test_the_true_lowest_is_seldom_told_apart_from_the_one_found_lowest() -> None:
    """Made to hold together for one variant against all others, intervals leave out any given true lowest under 5 %."""
    assert _times_left_out(simultaneous=11) <= MOST_LEFT_OUT


def test_the_audit_of_the_lowest_notices_intervals_that_hold_one_by_one() -> None:
    """Picking the lowest of twelve and testing it as if nobody had picked fails the same test."""
    assert _times_left_out(simultaneous=1) > MOST_LEFT_OUT
