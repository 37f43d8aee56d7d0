"""Intervals over runs: by hand, at the edges, and whether they cover as often as they say."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.stats.intervals import interval

# t with 1 degree of freedom is the Cauchy distribution, so its 97.5 % quantile is tan(0.475 pi).
T_ONE = math.tan(0.475 * math.pi)


def test_two_runs_have_the_interval_of_the_cauchy_quantile() -> None:
    """0 and 2 have mean 1 and standard error 1, so the interval is 1 -+ 12.7."""
    found = interval(np.array([0.0, 2.0]))
    assert found.mean == 1.0
    assert found.n == 2
    assert found.high - 1.0 == pytest.approx(T_ONE, rel=1e-12)
    assert 1.0 - found.low == pytest.approx(T_ONE, rel=1e-12)
    assert found.known
    assert not found.decided


def test_a_difference_is_decided_when_zero_lies_outside_its_interval() -> None:
    """13 -+ 12.7 lies above zero and -13 -+ 12.7 below it; 12 -+ 12.7 spans it."""
    assert interval(np.array([12.0, 14.0])).decided
    assert interval(np.array([-12.0, -14.0])).decided
    assert not interval(np.array([11.0, 13.0])).decided


def test_what_is_never_negative_has_bounds_above_zero() -> None:
    """1 and 3 have mean 2 and standard error 1: t's 2 -+ 12.7 is below zero, on the log scale it is 2 exp(-+ 6.35)."""
    values = np.array([1.0, 3.0])
    assert interval(values).low < 0
    found = interval(values, positive=True)
    assert (found.mean, found.known) == (2.0, True)
    assert found.low == pytest.approx(2 * math.exp(-T_ONE / 2), rel=1e-12)
    assert found.high == pytest.approx(2 * math.exp(T_ONE / 2), rel=1e-12)


def test_where_runs_hardly_vary_both_intervals_are_the_same() -> None:
    """A half-width of a thousandth of the mean is the same on either scale, to a millionth of the mean."""
    values = 1 + 0.001 * np.array([-1.0, 0.0, 1.0])
    plain, positive = interval(values), interval(values, positive=True)
    assert positive.low == pytest.approx(plain.low, abs=1e-5)
    assert positive.high == pytest.approx(plain.high, abs=1e-5)


def test_zero_is_among_what_is_never_negative_and_minus_one_is_not() -> None:
    """Three runs without a stale start and one with four have an interval above zero; a negative value has t's."""
    assert interval(np.array([0.0, 0.0, 0.0, 4.0]), positive=True).low > 0
    values = np.array([-1.0, 4.0])
    assert interval(values, positive=True) == interval(values)


def test_runs_that_say_nothing_have_an_open_upper_bound() -> None:
    """At a confidence of many looks two runs far apart bound the mean below by zero, and above by nothing."""
    found = interval(np.array([1e-9, 1.0]), confidence=1 - 1e-9, positive=True)
    assert (found.low, found.high) == (0.0, math.inf)


def test_one_run_has_a_mean_and_no_interval() -> None:
    """A single value says nothing about how runs vary."""
    found = interval(np.array([3.0]))
    assert found.mean == 3.0
    assert not found.known
    assert not found.decided


@pytest.mark.parametrize(
    ("values", "mean"),
    [
        ([1.0, math.inf], math.inf),
        ([-math.inf, 1.0, 2.0], -math.inf),
        ([math.inf, -math.inf], math.nan),
        ([1.0, math.nan], math.nan),
        ([math.inf], math.inf),
    ],
)
def test_infinite_and_missing_values_give_no_interval(values: list[float], mean: float) -> None:
    """An infinite value makes the mean infinite, a missing one makes it missing, and neither has bounds."""
    found = interval(np.array(values))
    assert found.mean == pytest.approx(mean, nan_ok=True)
    assert not found.known
    assert not found.decided


def test_runs_that_never_vary_have_an_interval_of_no_width() -> None:
    """Ten times 0.1 is exactly 0.1, although a floating sum of them is not 1."""
    found = interval(np.full(10, 0.1))
    assert (found.mean, found.low, found.high) == (0.1, 0.1, 0.1)
    assert found.decided
    assert not interval(np.zeros(10)).decided


def test_five_intervals_that_hold_together_are_each_made_at_a_fifth_of_the_risk() -> None:
    """Five simultaneous intervals at 95 % are single ones at 99 %."""
    values = np.array([1.0, 2.0, 4.0])
    assert interval(values, 0.95, simultaneous=5).low == pytest.approx(interval(values, 0.99).low, rel=1e-12)


def _within(covered: int, trials: int, probability: float) -> bool:
    """Whether a count lies within 4 standard deviations of its binomial mean (missed once in 16,000 seeds)."""
    return abs(covered - trials * probability) <= 4 * math.sqrt(trials * probability * (1 - probability))


@pytest.mark.parametrize("n", [2, 5, 10])
def test_intervals_cover_the_true_mean_as_often_as_they_say(n: int) -> None:
    """Of 3,000 samples of n normal values, 95 % have intervals around the true mean, within binomial error."""
    draws = np.random.default_rng(n).normal(5.0, 3.0, (3000, n))
    found = [interval(row) for row in draws]
    assert _within(sum(each.low <= 5.0 <= each.high for each in found), len(found), 0.95)


def test_the_audit_of_coverage_notices_an_interval_that_is_too_narrow() -> None:
    """Intervals made at 93 % fail the test that intervals at 95 % pass."""
    draws = np.random.default_rng(10).normal(5.0, 3.0, (3000, 10))
    found = [interval(row, confidence=0.93) for row in draws]
    assert not _within(sum(each.low <= 5.0 <= each.high for each in found), len(found), 0.95)


def test_simultaneous_intervals_all_cover_at_once_as_often_as_they_say() -> None:
    """Three independent intervals made to hold together at 95 % do so with (1 - 0.05 / 3)^3."""
    draws = np.random.default_rng(3).normal(0.0, 1.0, (3000, 3, 5))
    found = [[interval(row, simultaneous=3) for row in trial] for trial in draws]
    covered = sum(all(each.low <= 0.0 <= each.high for each in trial) for trial in found)
    assert _within(covered, len(found), (1 - 0.05 / 3) ** 3)
