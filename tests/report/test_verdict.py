"""The lines a planner reads, from made-up runs whose numbers can be checked in the head."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

import sim
from sim.experiment.comparison import Comparison
from sim.experiment.execution.worker import Outcome
from sim.scenario import Scenario

QUIET: Mapping[str, float] = {
    "deploy_latency_s.p50": 2.0,
    "deploy_latency_s.p95": 10.0,
    "deploy_latency_s.p99": 20.0,
    "wan_bytes": 4e9,
    "central_egress_bytes": 2e9,
    "push_bytes": 2e9,
    "pull_bytes": 2e9,
    "sync_bytes": 0.0,
    "stale_starts": 0.0,
    "cost_usd": 0.0,
    "cost_usd_per_month": 0.0,
}
RESTS = "This rests on 5 paired runs in which no deploy failed; intervals are at 95 %."
ASK = "Which assumed figure could flip it is not asked yet: add --assumptions."


def comparison(
    scenario: Scenario, runs: int = 5, failing: Mapping[str, int] | None = None, allow_failures: bool = False,
    **variants: Mapping[str, float | Sequence[float]],
) -> Comparison:  # fmt: skip
    """Variants that differ from a quiet one as given: a number for every run, or one for each.

    Of the 100 deploys of each run so many of a variant in `failing` fail.
    """
    outcomes = {}
    for name, given in variants.items():
        made = []
        for run in range(runs):
            own = {metric: value[run] if isinstance(value, Sequence) else value for metric, value in given.items()}
            failed = (failing or {}).get(name, 0)
            made.append(Outcome({**QUIET, **own}, "", 100, 1, (), reasons={"too late": failed} if failed else {}))
        outcomes[name] = tuple(made)
    baseline = next(iter(outcomes))
    return Comparison(
        scenario=scenario, seed=1, runs=runs, baseline=baseline, executor="serial", outcomes=outcomes, wall_s=1.0,
        allow_failures=allow_failures,
    )  # fmt: skip


DIRECT = {
    "deploy_latency_s.p50": 1.0, "deploy_latency_s.p95": 5.0, "wan_bytes": 2e9, "central_egress_bytes": 0.0,
    "pull_bytes": 0.0, "sync_bytes": 2e9, "stale_starts": 3.0,
}  # fmt: skip


def test_a_faster_variant_is_said_to_be_by_how_much_and_at_what_cost(scenario: Scenario) -> None:
    """Half the latency at p50 and p95, half the bytes, three stale starts; central sends nothing, and syncs come in."""
    assert comparison(scenario, central={}, direct=DIRECT).verdict.split("\n") == [
        "direct deploys faster than central: p50 1.00 s against 2.00 s (-50 %, -1.00 s to -1.00 s), "
        "p95 5.00 s against 10.0 s (-50 %, -5.00 s to -5.00 s).",
        "A run of direct against central: bytes between sites 2.00 GB against 4.00 GB (-50 %); "
        "central egress 0 B against 2.00 GB (-100 %), instead 2.00 GB of syncs (none before); stale starts 3 against 0 "
        "(+3).",
        RESTS,
        ASK,
    ]


def test_what_costs_is_said_to(scenario: Scenario) -> None:
    """Three dollars a month against four; where nothing has a price no cost is named."""
    found = comparison(scenario, central={"cost_usd_per_month": 4.0}, direct={"cost_usd_per_month": 3.0}).verdict
    assert "; cost a month 3.00 USD against 4.00 USD (-25 %); " in found
    assert "\nA month is 30 d that go on like the 1 h of a run.\n" in found
    assert "USD" not in comparison(scenario, central={}, direct={}).verdict


def test_less_egress_with_nothing_in_its_place_is_said_so(scenario: Scenario) -> None:
    """Central sends half of what it did, and no push, pull or sync sends more; more egress has nothing in its place."""
    less = comparison(scenario, central={}, dedup={"central_egress_bytes": 1e9, "pull_bytes": 1e9}).verdict
    assert "central egress 1.00 GB against 2.00 GB (-50 %), and nothing else moved more instead" in less
    more = comparison(scenario, central={}, eager={"central_egress_bytes": 4e9, "sync_bytes": 2e9}).verdict
    assert "central egress 4.00 GB against 2.00 GB (+100 %); " in more


def test_a_slower_variant_is_called_slower(scenario: Scenario) -> None:
    """Twice the latency at both quantiles."""
    slow = {"deploy_latency_s.p50": 4.0, "deploy_latency_s.p95": 20.0}
    assert comparison(scenario, central={}, direct=slow).verdict.startswith(
        "direct deploys slower than central: p50 4.00 s against 2.00 s (+100 %, +2.00 s to +2.00 s), p95"
    )


def test_an_interval_that_spans_zero_is_undecided_whatever_its_mean(scenario: Scenario) -> None:
    """Runs of 0, 0 and 3 s have a mean of 1 s, half the baseline, and prove nothing."""
    loose = {
        "deploy_latency_s.p50": [0.0, 0.0, 3.0],
        "deploy_latency_s.p95": [1.0, 2.0, 30.0],
        "wan_bytes": [1e9, 2e9, 9e9],
    }
    found = comparison(scenario, runs=3, central={}, direct=loose).verdict
    assert found.startswith(
        "Whether direct deploys faster than central is undecided: p50 1.00 s against 2.00 s (-50 %, -"
    )
    assert "bytes between sites 4.00 GB against 4.00 GB (+0 %, undecided)" in found


def test_a_variant_that_changes_nothing_deploys_as_fast(scenario: Scenario) -> None:
    """Latencies that differ by a clock's rounding alone, 1e-11 s, are the same; a byte in 4 GB is a difference."""
    dust = {"deploy_latency_s.p50": 2.0 + 1e-11, "deploy_latency_s.p95": 10.0 + 1e-11, "wan_bytes": 4e9 + 1}
    found = comparison(scenario, central={}, twin=dust)
    assert found.verdict.startswith("twin deploys as fast as central: p50 2.00 s, p95 10.0 s.")
    assert "; central egress the same; no stale starts." in found.verdict
    assert not found.difference("twin", "deploy_latency_s.p50").decided
    assert found.difference("twin", "wan_bytes").decided


def test_quantiles_that_disagree_are_told_apart(scenario: Scenario) -> None:
    """Faster at p50 and slower at p95 is both, in that order."""
    mixed = {"deploy_latency_s.p50": 1.0, "deploy_latency_s.p95": 20.0}
    found = comparison(scenario, central={}, direct=mixed).verdict
    assert found.startswith("direct against central is faster at p50 1.00 s against 2.00 s (-50 %, -1.00 s")
    assert " but slower at p95 20.0 s against 10.0 s (+100 %, +10.0 s" in found


def test_one_run_decides_nothing(scenario: Scenario) -> None:
    """Without an interval even a large difference is undecided, and the verdict says why and what to do."""
    found = comparison(scenario, runs=1, central={}, direct={"deploy_latency_s.p50": 1.0}).verdict
    assert found.startswith(
        "Whether direct deploys faster than central is undecided: p50 1.00 s against 2.00 s (-50 %)"
    )
    assert "central egress the same; no stale starts." in found
    assert "on one run in which no deploy failed, which gives no interval: take 10 or more with --runs." in found


@pytest.mark.parametrize(("runs", "few"), [(1, False), (2, True), (4, True), (5, False)])
def test_a_small_number_of_runs_is_said_to_be_small(runs: int, few: bool, scenario: Scenario) -> None:
    """Two to four runs have intervals, wide ones; one has none, which is said otherwise."""
    found = comparison(scenario, runs=runs, central={}, direct=DIRECT).verdict.split("\n")
    assert (f"{runs} runs are few, so that intervals are wide: 10 or more are better." in found) is few


def test_who_fails_more_is_ruled_out_whatever_else_it_is(scenario: Scenario) -> None:
    """All of 500 against none: that it is faster, cheaper and sends less is not said, and the other is what is left."""
    cheap = {**DIRECT, "cost_usd": 1.0, "cost_usd_per_month": 1.0}
    found = comparison(
        scenario, central={"cost_usd": 4.0, "cost_usd_per_month": 4.0}, late=cheap, failing={"late": 100}
    )
    assert found.verdict.split("\n") == [
        "late is ruled out by failed deploys: of late 500 of 500 (too late); of central 0 of 500.",
        "--allow-failures compares all the same.",
        "central deploys within p50 2.00 s (2.00 s to 2.00 s) and p95 10.0 s (10.0 s to 10.0 s); "
        "nothing else is left to compare it with.",
        "This rests on 5 paired runs; intervals are at 95 %.",
        ASK,
    ]
    assert found.ruled_out == ("late",)
    assert found.to_json()["ruled_out"] == ["late"]
    assert [choice.variant for choice in found.tradeoff if choice.member] == ["central"]


def test_failures_may_be_allowed(scenario: Scenario) -> None:
    """Asked so, the same variant is faster and worth having, and how much fails is still said first."""
    cheap = {**DIRECT, "cost_usd": 1.0, "cost_usd_per_month": 1.0}
    found = comparison(
        scenario, central={"cost_usd": 4.0, "cost_usd_per_month": 4.0}, late=cheap, failing={"late": 100},
        allow_failures=True,
    )  # fmt: skip
    lines = found.verdict.split("\n")
    assert lines[0] == "Failures: central: none failed; late: 500 of 500 deploys failed: too late."
    assert lines[1].startswith("late deploys faster than central: p50 1.00 s against 2.00 s")
    assert "cost a month 1.00 USD against 4.00 USD (-75 %)" in lines[2]
    assert [choice.variant for choice in found.tradeoff if choice.member] == ["late"]


def test_failures_that_tell_nobody_apart_are_counted(scenario: Scenario) -> None:
    """One in a run of a hundred more is five in all, and chance; both are compared."""
    found = comparison(scenario, central={}, direct=DIRECT, failing={"central": 3, "direct": 4})
    lines = found.verdict.split("\n")
    assert lines[0] == (
        "Failures: central: 15 of 500 deploys failed: too late; direct: 20 of 500 deploys failed: too late; "
        "this tells none of them apart."
    )
    assert lines[1].startswith("direct deploys faster than central")
    assert found.ruled_out == ()


def test_where_everything_fails_there_is_nothing_to_choose_from(scenario: Scenario) -> None:
    """No speed is told of variants none of whose deploys got ready."""
    found = comparison(scenario, central={}, direct=DIRECT, failing={"central": 100, "direct": 100})
    assert found.verdict == (
        "Nothing to choose from: central: 500 of 500 deploys failed: too late; direct: 500 of 500 deploys failed: "
        "too late."
    )


def test_where_nothing_is_deployed_there_is_nothing_to_choose_from(document: dict[str, Any]) -> None:
    """Nothing comes in the first hour of the day: nobody is the fastest, and no failures are spoken of."""
    document["demand"]["hours"] = "10:00-11:00"
    found = sim.compare(Scenario.from_document(document, "small"), executor="serial")
    assert found.verdict == "Nothing to choose from: no run has a deploy."


@pytest.mark.parametrize("more", [(), ("third",)])
def test_where_no_latency_counts_nobody_is_the_fastest_and_none_is_said_to_fail(
    scenario: Scenario, more: Sequence[str]
) -> None:
    """A warm-up that outlasts the run leaves bytes to tell, and no latency: that is not for failures."""
    blank = {"deploy_latency_s.p50": math.nan, "deploy_latency_s.p95": math.nan}
    found = comparison(scenario, central=blank, direct={**DIRECT, **blank}, **dict.fromkeys(more, blank)).verdict
    assert found.startswith("Nobody is the fastest: no run has a deploy whose latency counts.\n")
    assert "2.00 GB" in found
    assert not any(word in found for word in ("as deploys fail", "faster", "Fastest", "undecided"))


def test_failures_that_reach_a_quantile_leave_it_without_an_interval(scenario: Scenario) -> None:
    """An infinite p95 is said to be infinite, is not decided, and does not hide the faster p50."""
    broken = {"deploy_latency_s.p50": 1.0, "deploy_latency_s.p95": [5.0, math.inf, 5.0, 5.0, 5.0]}
    found = comparison(scenario, central={}, direct=broken, failing={"direct": 1}).verdict
    assert "direct against central is faster at p50 1.00 s" in found
    assert "but undecided at p95 infinite against 10.0 s (+infinite, no interval, as deploys fail)" in found


def test_three_variants_are_ranked_with_those_level_with_the_first(scenario: Scenario) -> None:
    """Each is held against the baseline; the lowest p50 is proven, the lowest p95 is not."""
    found = comparison(
        scenario,
        runs=3,
        central={},
        direct={**DIRECT, "deploy_latency_s.p95": [4.0, 5.0, 6.0]},
        mixed={"deploy_latency_s.p50": 1.5, "deploy_latency_s.p95": [5.0, 6.0, 4.6]},
    ).verdict.split("\n")
    assert found[:4] == [
        "Fastest first, p50: direct 1.00 s (-50 %), mixed 1.50 s (-25 %), central 2.00 s (the baseline).",
        "In the same order, p95: direct 5.00 s (-50 %), mixed 5.20 s (-48 %, not told apart from direct), "
        "central 10.0 s (the baseline).",
        "Bytes between sites a run: direct 2.00 GB (-50 %), mixed 4.00 GB (as central), "
        "central 4.00 GB (the baseline).",
        "Central egress a run: direct 0 B (-100 %, instead 2.00 GB of syncs (none before)), "
        "mixed 2.00 GB (as central), central 2.00 GB (the baseline).",
    ]


def test_the_ruled_out_are_not_ranked(scenario: Scenario) -> None:
    """Of three the one that fails is out, and the two that are left are held against each other."""
    found = comparison(scenario, late=DIRECT, central={}, direct={"deploy_latency_s.p50": 1.5}, failing={"late": 50})
    lines = found.verdict.split("\n")
    assert lines[0] == (
        "late is ruled out by failed deploys: of late 250 of 500 (too late); of central 0 of 500, of direct 0 of 500."
    )
    assert "direct against central is faster at p50 1.50 s against 2.00 s (-25 %" in lines[2]
    assert not any("late deploys" in line for line in lines)


def test_one_variant_alone_is_told_with_its_intervals(scenario: Scenario) -> None:
    """Nothing to compare with: p50 and p95, and where they lie."""
    assert comparison(scenario, only={}).verdict.split("\n") == [
        "only deploys within p50 2.00 s (2.00 s to 2.00 s) and p95 10.0 s (10.0 s to 10.0 s); there "
        "is no variant to compare it with.",
        RESTS.replace("paired ", ""),
    ]
