"""Estimates hold what they claim: their intervals cover the truth as often as they say."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.calibrate.probes.estimate import Estimate, line, mean, median, poisson, share, spread, values_of
from sim.errors import InputError

TRIALS = 400
#: A 95 % interval covers 0.95 of the time; 400 trials show that to within 0.033 (three standard errors).
COVERED = pytest.approx(0.95, abs=0.04)


def covers(found: Estimate, truth: float) -> bool:
    return found.low <= truth <= found.high


def test_medians_cover_the_true_one() -> None:
    """The interval of a median of 30 exponential times holds log 2 as often as it claims, or a little more."""
    rng = np.random.default_rng(1)
    hits = [covers(median("x", "s", rng.exponential(1.0, 30), ""), math.log(2)) for _ in range(TRIALS)]
    assert 0.93 < np.mean(hits) < 0.99


def test_means_cover_the_true_one() -> None:
    """The interval of a mean of 100 normal values holds the true mean as often as it claims."""
    rng = np.random.default_rng(2)
    assert np.mean([covers(mean("x", "s", rng.normal(5.0, 1.0, 100), ""), 5.0) for _ in range(TRIALS)]) == COVERED


def test_rates_and_shares_cover_the_true_ones() -> None:
    """Exact intervals cover at least as often as they claim, for few events too."""
    rng = np.random.default_rng(3)
    assert np.mean([covers(poisson("x", int(rng.poisson(8)), 4.0, ""), 2.0) for _ in range(TRIALS)]) > 0.93
    assert np.mean([covers(share("x", int(rng.binomial(20, 0.3)), 20, ""), 0.3) for _ in range(TRIALS)]) > 0.93
    assert poisson("x", 0, 10.0, "").low == 0.0


def test_a_line_finds_the_fixed_time_and_the_rate() -> None:
    """Times of 1 s and 10 ms a megabyte, 5 % off, give back both within their intervals, as often as they claim."""
    rng = np.random.default_rng(4)
    size_bytes = np.linspace(1e6, 1e9, 20)
    hits = []
    for _ in range(TRIALS):
        found = line(size_bytes, 1.0 + size_bytes / 1e8 + rng.normal(0, 0.1, 20), "")
        assert found.rate is not None
        hits.append((covers(found.start, 1.0), covers(found.rate, 1e8)))
    assert np.mean(hits, axis=0) == pytest.approx([0.95, 0.95], abs=0.04)


def test_times_that_do_not_grow_have_no_rate() -> None:
    """Where the slope may be 0 a rate is not claimed."""
    rng = np.random.default_rng(5)
    claimed = [line(np.arange(1.0, 21), rng.normal(5, 1, 20), "").rate is not None for _ in range(TRIALS)]
    assert np.mean(claimed) == pytest.approx(0.025, abs=0.025)


def test_the_spread_shows_fixed_from_exponential() -> None:
    """Service times that are all alike vary by nothing, exponential ones by as much as their mean."""
    rng = np.random.default_rng(6)
    assert spread("x", rng.normal(5.0, 0.05, 200), "").high < 0.02
    assert covers(spread("x", rng.exponential(5.0, 500), ""), 1.0)


def test_two_observations_are_too_few() -> None:
    """An interval needs three; with fewer the file is named."""
    with pytest.raises(InputError, match=r"ping\.txt: has 2 replies, and an interval needs 3; measure longer"):
        values_of("ping.txt", [1.0, 2.0], "replies")
