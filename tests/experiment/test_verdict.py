"""The sentence a planner reads, from made-up runs whose numbers can be checked in the head."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pytest

from sim.experiment.comparison import Comparison
from sim.experiment.words import amount, change, per_cent
from sim.experiment.worker import Outcome
from sim.scenario import Scenario

QUIET: Mapping[str, float] = {
    "deploy_latency_s.p50": 2.0,
    "deploy_latency_s.p95": 10.0,
    "wan_bytes": 4e9,
    "central_egress_bytes": 2e9,
    "stale_starts": 0.0,
    "failed_deploys": 0.0,
}


def comparison(scenario: Scenario, runs: int = 3, **variants: Mapping[str, float | Sequence[float]]) -> Comparison:
    """Variants that differ from a quiet one as told: a number for every run, or one for each."""
    outcomes = {}
    for name, told in variants.items():
        made = []
        for run in range(runs):
            own = {metric: value[run] if isinstance(value, Sequence) else value for metric, value in told.items()}
            made.append(Outcome({**QUIET, **own}, "", 1, 1, 1, None))
        outcomes[name.replace("_", "-")] = tuple(made)
    baseline = next(iter(outcomes))
    return Comparison(
        scenario=scenario, seed=1, runs=runs, baseline=baseline, executor="serial", outcomes=outcomes, wall_s=1.0
    )


def test_a_faster_variant_is_said_to_be_by_how_much_and_at_what_cost(scenario: Scenario) -> None:
    """Half the latency at p50 and p95, half the WAN bytes, no egress, three stale starts."""
    found = comparison(
        scenario,
        central={},
        direct={
            "deploy_latency_s.p50": 1.0,
            "deploy_latency_s.p95": 5.0,
            "wan_bytes": 2e9,
            "central_egress_bytes": 0.0,
            "stale_starts": 3.0,
        },
    ).verdict
    assert found == (
        "direct deploys faster than central: p50 1.00 s against 2.00 s (-1.00 s, -50 %, from -1.00 s to -1.00 s) and "
        "p95 5.00 s against 10.0 s (-5.00 s, -50 %, from -5.00 s to -5.00 s), "
        "WAN bytes 2.00 GB against 4.00 GB a run (-2.00 GB, -50 %, from -2.00 GB to -2.00 GB), "
        "central egress 0 B against 2.00 GB a run (-2.00 GB, -100 %, from -2.00 GB to -2.00 GB), "
        "stale starts 3 against 0 a run (+3, from +3 to +3), no failed deploys in either "
        "(over 3 paired runs; intervals at 95 %)."
    )


def test_a_slower_variant_is_called_slower(scenario: Scenario) -> None:
    """Twice the latency at both quantiles."""
    slow = {"deploy_latency_s.p50": 4.0, "deploy_latency_s.p95": 20.0}
    assert comparison(scenario, central={}, direct=slow).verdict.startswith(
        "direct deploys slower than central: p50 4.00 s against 2.00 s (+2.00 s, +100 %, from +2.00 "
        "s to +2.00 s) and p95"
    )


def test_an_interval_that_spans_zero_is_undecided_whatever_its_mean(scenario: Scenario) -> None:
    """Runs of 0, 0 and 3 s have a mean of 1 s, half the baseline, and prove nothing."""
    loose = {
        "deploy_latency_s.p50": [0.0, 0.0, 3.0],
        "deploy_latency_s.p95": [1.0, 2.0, 30.0],
        "wan_bytes": [1e9, 2e9, 9e9],
    }
    found = comparison(scenario, central={}, direct=loose).verdict
    assert found.startswith(
        "whether direct deploys faster than central is undecided: p50 1.00 s against 2.00 s (-1.00 s, -50 %, from -"
    )
    assert "WAN bytes 4.00 GB against 4.00 GB a run (0 B, +0 %, from -10.8 GB to +10.8 GB, undecided)" in found


def test_a_variant_that_changes_nothing_deploys_as_fast(scenario: Scenario) -> None:
    """Latencies that differ by a clock's rounding alone, 1e-11 s, are the same; a byte in 4 GB is a difference."""
    dust = {"deploy_latency_s.p50": 2.0 + 1e-11, "deploy_latency_s.p95": 10.0 + 1e-11, "wan_bytes": 4e9 + 1}
    found = comparison(scenario, central={}, twin=dust)
    assert found.verdict.startswith("twin deploys as fast as central: p50 ")
    assert "central egress the same, no stale starts in either" in found.verdict
    assert not found.difference("twin", "deploy_latency_s.p50").decided
    assert found.difference("twin", "wan_bytes").decided


def test_quantiles_that_disagree_are_told_apart(scenario: Scenario) -> None:
    """Faster at p50 and slower at p95 is both, in that order."""
    mixed = {"deploy_latency_s.p50": 1.0, "deploy_latency_s.p95": 20.0}
    found = comparison(scenario, central={}, direct=mixed).verdict
    assert found.startswith("direct against central is faster at p50 1.00 s against 2.00 s (-1.00 s")
    assert " but slower at p95 20.0 s against 10.0 s (+10.0 s" in found


def test_one_run_decides_nothing(scenario: Scenario) -> None:
    """Without an interval even a large difference is undecided, and the verdict says why."""
    found = comparison(scenario, runs=1, central={}, direct={"deploy_latency_s.p50": 1.0}).verdict
    assert found.startswith(
        "whether direct deploys faster than central is undecided: p50 1.00 s against 2.00 s (-1.00 s, -50 %)"
    )
    assert "central egress the same, no stale starts in either, no failed deploys in either" in found
    assert "over one run, which gives no interval" in found


def test_failures_that_reach_a_quantile_leave_it_without_an_interval(scenario: Scenario) -> None:
    """An infinite p95 is said to be infinite, is not decided, and does not hide the faster p50."""
    broken = {
        "deploy_latency_s.p50": 1.0,
        "deploy_latency_s.p95": [5.0, math.inf, 5.0],
        "failed_deploys": [0.0, 9.0, 0.0],
    }
    found = comparison(scenario, central={}, direct=broken).verdict
    assert found.startswith("direct against central is faster at p50 1.00 s")
    assert "but undecided at p95 infinite against 10.0 s (+infinite, no interval, as deploys fail)" in found
    assert "failed deploys 3 against 0 a run" in found


def test_of_several_variants_the_lowest_are_named_with_those_level_with_them(scenario: Scenario) -> None:
    """Each variant is held against the baseline; the lowest p50 is proven, the lowest p95 is not."""
    found = comparison(
        scenario,
        central={},
        direct={"deploy_latency_s.p50": 1.0, "deploy_latency_s.p95": [4.0, 5.0, 6.0]},
        mixed={"deploy_latency_s.p50": 1.5, "deploy_latency_s.p95": [5.0, 6.0, 4.6]},
    ).verdict
    assert "; mixed deploys faster than central: p50 1.50 s against 2.00 s" in found
    assert "; lowest p50: direct, lowest p95: direct, not told apart from mixed (over 3 paired runs" in found


def test_one_variant_alone_is_told_with_its_intervals(scenario: Scenario) -> None:
    """Nothing to compare with: p50 and p95, and where they lie."""
    assert comparison(scenario, only={}).verdict == (
        "only deploys within p50 2.00 s (2.00 s to 2.00 s) and p95 10.0 s (10.0 s to 10.0 s); there "
        "is no variant to compare it with."
    )


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.15639, "s", "1.16 s"),
        (0.0446, "s", "44.6 ms"),
        (-0.5, "s", "-500 ms"),
        (18.2290e9, "bytes", "18.2 GB"),
        (0.0, "bytes", "0 B"),
        (12.0, "", "12"),
        (12345.0, "", "12,345"),
        (0.75, "USD", "0.750 USD"),
        (math.inf, "s", "infinite"),
        (math.nan, "s", "none"),
        (-0.0, "s", "0 s"),
    ],
)
def test_amounts_have_three_digits_and_a_unit_and_counts_are_whole(value: float, unit: str, text: str) -> None:
    """Figures are told as people say them."""
    assert amount(value, unit) == text


def test_changes_are_signed() -> None:
    """More is +, less is -, and no change is neither."""
    assert (change(2.0, "s"), change(-2.0, "s"), change(0.0, "s")) == ("+2.00 s", "-2.00 s", "0 s")
    assert (per_cent(0.5), per_cent(-0.0312), per_cent(12.0), per_cent(math.nan)) == (
        "+50 %",
        "-3.1 %",
        "+1,200 %",
        "none",
    )
