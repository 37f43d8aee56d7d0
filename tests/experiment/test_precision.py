"""Runs are added until intervals are narrow and stay so, and no further."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

import sim
from sim.experiment.precision import enough, look_ahead, until_enough, width_share
from sim.scenario import Scenario
from sim.stats.intervals import interval


def test_three_that_agree_by_luck_are_not_enough() -> None:
    """After three nearly equal values come some that differ: the look-ahead sees them."""
    lucky = np.array([10.0, 10.1, 9.9, 14.0, 6.0, 13.0, 7.0, 10.0])
    assert width_share(lucky[:3]) < 0.05
    assert enough({"x": lucky}, 0.05) is None
    steady = np.array([10.0, 10.1, 9.9, 10.0, 10.1, 9.9, 10.0, 10.0])
    assert enough({"x": steady}, 0.05) == 3 + look_ahead(3) == 8


def test_what_never_varies_is_enough_at_once() -> None:
    """Equal values have no width, at zero, too; one that is infinite never gets an interval."""
    assert enough({"x": np.zeros(8)}, 0.01) == 8
    assert enough({"x": np.full(40, np.inf)}, 0.01) is None


def test_the_number_does_not_depend_on_how_many_were_made_at_once() -> None:
    """The fewest runs that do are found in a long series, however far it was asked for."""
    values = np.random.default_rng(1).normal(10.0, 1.0, 500)
    asked: list[int] = []

    def make(count: int) -> dict[str, np.ndarray]:
        asked.append(count)
        return {"x": values[:count]}

    count, reached = until_enough(make, 0.05, 500)
    assert reached
    assert count == enough({"x": values}, 0.05)
    assert asked == sorted(asked)
    assert asked[-1] < 100
    assert until_enough(make, 0.001, 50) == (50, False)


def test_the_interval_still_covers_the_mean() -> None:
    """Stopping by width costs little: of 400 means of normal values 95 % intervals cover at least 92 %.

    Chow and Robbins (1965) show that coverage tends to the nominal one as the width goes to zero.
    """
    covered, tries = 0, 400
    for seed in range(tries):
        values = np.random.default_rng(seed).normal(10.0, 3.0, 400)
        count, reached = until_enough(lambda n, values=values: {"x": values[:n]}, 0.1, 400)  # type: ignore[misc]
        found = interval(values[:count])
        covered += reached and found.low <= 10.0 <= found.high
    assert covered >= binom.ppf(0.001, tries, 0.92)


@pytest.mark.slow
def test_a_comparison_makes_as_many_runs_as_it_takes(scenario: Scenario) -> None:
    """With 50 % a few runs do, the same number whoever makes them; both quantiles of both variants are that narrow."""
    outcomes = [
        sim.compare(scenario, executor=executor, precision=0.5, most_runs=60, gains=0, tables=False)
        for executor in ("serial", "processes:2")
    ]
    assert outcomes[0].runs == outcomes[1].runs
    for outcome in outcomes:
        assert outcome.precision is not None
        assert outcome.precision.reached
        for variant in outcome.variants:
            for metric in ("deploy_latency_s.p50", "deploy_latency_s.p95"):
                assert width_share(outcome.values[variant][metric]) <= 0.5


def test_a_precision_out_of_reach_is_said(scenario: Scenario) -> None:
    """After the most runs that are allowed the comparison stands, and says that it fell short."""
    outcome = sim.compare(scenario, executor="serial", precision=0.001, most_runs=9)
    assert outcome.runs == 9
    assert outcome.to_json()["precision"] == {"asked": 0.001, "reached": False}
