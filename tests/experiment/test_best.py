"""The best of several variants: right, and the same by whatever executor."""

from __future__ import annotations

from typing import Any

import pytest

from sim.errors import InputError
from sim.experiment.best import best
from sim.scenario import Scenario


@pytest.fixture
def three(document: dict[str, Any]) -> Scenario:
    """A third variant has clients so slow that nobody would choose it."""
    document["variants"]["slow"] = {"policies.route": "central", "clients.dev.up": "5 Mbit/s"}
    return Scenario.from_document(document, "small")


@pytest.mark.parametrize("executor", ["serial", "processes:2"])
def test_the_best_is_chosen(three: Scenario, executor: str) -> None:
    """Straight to the node is faster than through central, over whichever line; workers change nothing."""
    found = best(three, "push_s.mean", 0.15, executor=executor)
    assert found.chosen == "node-direct"
    assert min(each.n for each in found.found.values()) >= 10
    assert found.verdict.startswith("node-direct has the best push_s.mean of 3 variants, with 95 % confidence")
    assert found.to_json() == best(three, "push_s.mean", 0.15, executor="serial").to_json()


def test_more_is_better_where_it_is(scenario: Scenario) -> None:
    """Of saved bytes the highest is the best; both save nearly the same, so one within the indifference is chosen."""
    found = best(scenario, "dedup_saved_bytes", executor="serial")
    means = {name: each.mean for name, each in found.found.items()}
    assert found.chosen is not None
    assert means[found.chosen] >= max(means.values()) - found.indifference


def test_too_few_runs_are_undecided(scenario: Scenario) -> None:
    """With an indifference far below the noise ten runs do not do."""
    found = best(scenario, "wan_bytes", 1.0, most_runs=10, executor="serial")
    assert found.chosen is None or found.found["central"].n == 10


def test_a_metric_that_fails_make_infinite_is_refused(document: dict[str, Any]) -> None:
    """Where deploys fail a quantile may be infinite, and no mean is left to compare."""
    document["faults"] = {"gone": {"kind": "registry-down", "target": "central", "at": "0 s", "lasts": "3 h"}}
    scenario = Scenario.from_document(document, "small")
    with pytest.raises(InputError, match="has no finite value, as deploys fail"):
        best(scenario, "deploy_latency_s.max", executor="serial")


def test_who_drops_out_gets_no_more_runs(document: dict[str, Any]) -> None:
    """Two variants that take turns run by run go on; a third that is a minute behind ends with the first stage."""
    document["variants"]["late"] = {"policies.route": "central", "images.app.boot": "60 s"}
    document["variants"]["node-direct"] = {"policies.route": "central", "demand.updates": 0.52}
    found = best(Scenario.from_document(document, "small"), "deploy_latency_s.p50", 0.2, executor="serial")
    assert found.found["late"].n == 10
    assert found.found["central"].n > 10


def test_one_variant_is_no_choice(document: dict[str, Any]) -> None:
    """With nothing to choose from, that is said."""
    del document["variants"]["node-direct"]
    with pytest.raises(InputError, match="has no two variants to choose from"):
        best(Scenario.from_document(document, "small"), "wan_bytes", executor="serial")
