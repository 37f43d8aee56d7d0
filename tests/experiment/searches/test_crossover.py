"""Where the better of two variants changes."""

from __future__ import annotations

from typing import Any

import pytest

from sim.errors import InputError
from sim.experiment.axes import ranged
from sim.experiment.searches.crossover import crossover
from sim.report.crossover import text_table
from sim.scenario import Scenario


def test_never_in_this_range_is_an_answer(scenario: Scenario) -> None:
    """Central's egress is nothing with pushes to nodes, whatever the uplink."""
    axis = ranged("clients.dev.up=10 Mbit/s..1 Gbit/s", scenario)
    found = crossover(scenario, axis, "central_egress_bytes", runs=5, executor="serial")
    assert found.changes == ()
    assert found.decided
    assert found.verdict == (
        "never for clients.dev.up from 10 Mbit/s to 1000 Mbit/s: node-direct has the lower central_egress_bytes "
        "wherever a difference was decided."
    )


def test_a_change_is_narrowed_to_neighbours(document: dict[str, Any]) -> None:
    """On one node the direct push is faster; a second node has to wait for the sync, which a push to central has not.

    So the better changes between one and two nodes a deploy.
    """
    document["nodes"]["n"]["count"] = 6
    document["policies"] = {"sync": {"delay": "30 s"}}
    scenario = Scenario.from_document(document, "small")
    found = crossover(scenario, ranged("demand.nodes=1..5", scenario), runs=5, executor="serial")
    (change,) = found.changes
    assert (change.low, change.high) == (1, 2)
    assert (change.below, change.above) == ("node-direct", "central")
    assert "node-direct has the lower deploy_latency_s.p50 at first, central from a demand.nodes between 1 and 2" in (
        found.verdict
    )
    document = found.to_json()
    assert document["changes"] == [{"low": 1.0, "high": 2.0, "below": "node-direct", "above": "central"}]


def test_equal_is_not_a_change(scenario: Scenario) -> None:
    """Neither variant fails a deploy, wherever."""
    axis = ranged("clients.dev.up=10 Mbit/s..1 Gbit/s", scenario)
    found = crossover(scenario, axis, "failed_deploys", runs=5, executor="serial")
    assert found.verdict.endswith("failed_deploys is the same with both.")


@pytest.mark.parametrize(
    ("changes", "metric", "variant", "problem"),
    [
        ({}, "deploy_latency_s.p5", None, "unknown metric"),
        ({}, "link_utilisation.nowhere.mean", None, "there is no such link"),
        ({}, "wan_bytes", "central", "must be a variant beside the baseline"),
        ({"lonely": {}, "policies.route": "central"}, "wan_bytes", None, "is needed with 3 variants"),
    ],
)
def test_what_cannot_be_compared_is_said(
    changes: dict[str, Any], metric: str, variant: str | None, problem: str, document: dict[str, Any]
) -> None:
    """An unknown metric, a link that there is not, the baseline against itself, and a choice that is not made."""
    if changes:
        document["variants"]["third"] = {"policies.route": "central"}
    scenario = Scenario.from_document(document, "small")
    with pytest.raises(InputError, match=problem):
        crossover(scenario, ranged("demand.nodes=1..2", scenario), metric, variant=variant, runs=2, executor="serial")


@pytest.mark.slow
def test_whoever_fails_more_is_the_worse_one_whatever_the_metric_says(document: dict[str, Any]) -> None:
    """Where copies come too late node-direct fetches less as its deploys fail: from there on central is the better."""
    document["demand"]["nodes"] = 2
    asked = Scenario.from_document(document, "small")
    axis = ranged("policies.sync.delay=5 s..120 s", asked)
    found = crossover(asked, axis, "pull_bytes", runs=5, within=0.3, executor="serial")
    (change,) = found.changes
    assert (change.below, change.above) == ("node-direct", "central")
    assert change.low < 60 < change.high + 20
    assert found.points[-1].failing == ("node-direct",)
    assert "; whoever fails more counts as the worse one, node-direct at " in found.verdict
    assert text_table(found)[1][-1][-2] == "central, fails less"
    allowed = crossover(asked, axis, "pull_bytes", runs=5, within=0.3, executor="serial", allow_failures=True)
    assert allowed.changes == ()
