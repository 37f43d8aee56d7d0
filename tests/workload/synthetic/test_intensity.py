"""Rates that change over time: integrals and inverses worked out by hand, and counts against the integral.

Tolerances of counts are four standard errors of a Poisson mean; of a distribution, Kolmogorov and Smirnov's at the
level of 1 in 10,000. The seeds are arbitrary.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from sim.workload.synthetic.intensity import Intensity

#: 2 a second for 5 s, none for 5 s, then from 0 to 4 a second over 10 s: 10, none and 20.
BUMPY = Intensity(np.array([0.0, 5.0, 10.0, 20.0]), np.array([2.0, 0.0, 0.0]), np.array([2.0, 0.0, 4.0]))


def test_the_integral_is_the_area_under_the_rate() -> None:
    """Rectangles and triangles: 10 until 5 s, still 10 at 10 s, 30 at 20 s."""
    assert BUMPY.integral.tolist() == [0.0, 10.0, 10.0, 30.0]
    assert BUMPY.expected == 30.0


@pytest.mark.parametrize(
    ("count", "at_s"),
    [(0.0, 0.0), (5.0, 2.5), (9.0, 4.5), (10.0, 10.0), (15.0, 15.0), (30.0 - 1e-12, 20.0)],
)
def test_the_inverse_says_when_so_many_are_expected(count: float, at_s: float) -> None:
    """At 2 a second 5 take 2.5 s; of a rate that rises by 0.4 a second each second 5 take 5 s; none come in between."""
    assert BUMPY.inverse(np.array([count]))[0] == pytest.approx(at_s, abs=1e-9)


def test_a_rate_that_falls_to_nothing_is_inverted_to_its_end() -> None:
    """From 4 a second to none over 10 s: 15 of 20 have come after 5 s, the last at 10 s."""
    falling = Intensity(np.array([0.0, 10.0]), np.array([4.0]), np.array([0.0]))
    assert falling.inverse(np.array([15.0, 20.0])).tolist() == pytest.approx([5.0, 10.0])


def test_times_come_as_often_as_the_integral_says_and_where_it_says() -> None:
    """Over 400 runs the mean of 30 is met, none comes in the quiet part, and the times follow the integral."""
    runs = [BUMPY.times(np.random.default_rng(seed)) for seed in range(400)]
    counts = np.array([len(run) for run in runs])
    assert abs(counts.mean() - 30) < 4 * math.sqrt(30 / 400)
    assert abs(counts.var(ddof=1) / 30 - 1) < 4 * math.sqrt(2 / 399)
    times = np.concatenate(runs)
    assert not ((times > 5) & (times < 10)).any()
    share = np.interp(times, [0, 5, 10], [0, 10, 10]) + np.clip(times - 10, 0, None) ** 2 * 0.2
    assert stats.kstest(share / 30, "uniform").pvalue > 1e-4


def test_batches_come_as_much_more_seldom_as_they_are_large() -> None:
    """Batches of 5 deploys: 6 arrivals are expected where 30 deploys are."""
    counts = [len(BUMPY.times(np.random.default_rng(seed), batch=5)) for seed in range(400)]
    assert abs(np.mean(counts) - 6) < 4 * math.sqrt(6 / 400)


def test_even_times_are_as_far_apart_as_one_more_is_expected() -> None:
    """10 come half a second apart, the next ones from 10 s on at the roots of a parabola: sqrt(5 k)."""
    found = BUMPY.even_times()
    assert len(found) == 30
    assert found[:10].tolist() == pytest.approx([0.5 * k for k in range(10)])
    assert found[10:13].tolist() == pytest.approx([10.0, 10 + math.sqrt(5), 10 + math.sqrt(10)])
