"""Which assumption could flip the verdict."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from typing import Any

import pytest

import sim
from sim.experiment.assumptions.assumed import Assumption, assumed
from sim.experiment.assumptions.examination import Assumptions, examine
from sim.report.assumptions import sentences, summary
from sim.report.formatting import failed_why
from sim.scenario import Scenario


@pytest.fixture(scope="module")
def asked(small_text: str) -> Scenario:
    """The small question with a slow sync, so that a second node turns it round."""
    document = tomllib.loads(small_text)
    document["run"]["duration"] = "30 min"
    document["nodes"]["n"]["count"] = 4
    document["policies"] = {"sync": {"delay": "30 s"}}
    document["demand"]["nodes"] = {"value": 1, "assumption": True, "range": [1, 3]}
    document["clients"]["dev"]["rtt"] = {"value": "20 ms", "assumption": True, "range": ["15 ms", "25 ms"]}
    document["clients"]["ci"] = {"up": "50 Mbit/s", "rtt": {"value": "20 ms", "assumption": True,
                                                            "range": ["15 ms", "25 ms"]}}  # fmt: skip
    return Scenario.from_document(document, "small")


@pytest.fixture(scope="module")
def found(asked: Scenario) -> Assumptions:
    """What each assumption does to the verdict, found once for the tests that read it."""
    return examine(asked, 4, 1, "serial")


def only(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Vary these assumptions alone, for tests that are about nothing else."""
    monkeypatch.setattr(
        "sim.experiment.assumptions.examination.assumed",
        lambda scenario: [one for one in assumed(scenario) if one.name in names],
    )


def test_an_assumption_that_stands_alike_in_many_tables_is_one(asked: Scenario) -> None:
    """Both clients' round trips are changed together; sourced figures and prices are left alone, defaults are not."""
    found = {assumption.name: assumption for assumption in assumed(asked)}
    assert found["clients.*.rtt"] == Assumption(
        ("clients.dev.rtt", "clients.ci.rtt"), "20 ms", ("15 ms", "25 ms")
    )  # fmt: skip
    assert found["demand.nodes"].ends == (1, 3)
    assert "nodes.n.workers" in found  # the model's own default
    assert not any("price" in name for name in found)
    assert "nodes.n.capacity" not in found  # written without saying what it rests on


@pytest.mark.slow
def test_the_one_that_flips_the_verdict_is_named(found: Assumptions) -> None:
    """With three nodes a deploy the sync turns the verdict round; a few milliseconds of round trip do not."""
    flips = {each.assumption.name for each in found.that("flips")}
    assert "demand.nodes" in flips
    assert "clients.*.rtt" not in flips
    assert "clients.*.rtt" in {each.assumption.name for each in found.that("keeps")}
    first, *rest = sentences(found)
    assert f"{len(found.varied)} assumptions" in first
    assert f"{len(flips)} could flip the verdict" in first
    assert any(line.startswith("flips: demand.nodes = 3 instead of 1: node-direct - central") for line in rest)


def test_ends_that_make_no_scenario_are_told(asked: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be tried is listed with the reason, and all else is tried."""
    only(monkeypatch, "demand.nodes", "clients.*.rtt")
    changed = Scenario.from_document(
        asked.document, "small", {"demand.nodes": {"value": 1, "assumption": True, "range": [1, 99]}}
    )
    found = examine(changed, 2, 1, "serial")
    ((assumption, end, why),) = found.skipped
    assert (assumption.name, end) == ("demand.nodes", 99)
    assert why
    assert {(each.assumption.name, each.end) for each in found.effects} == {
        ("demand.nodes", 1), ("clients.*.rtt", "15 ms"), ("clients.*.rtt", "25 ms")
    }  # fmt: skip


@pytest.mark.slow
def test_an_end_at_which_deploys_fail_flips_the_verdict(
    document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A boot that takes a minute longer at central is lost time; copies that come too late are lost deploys."""
    only(monkeypatch, "policies.sync.delay")
    document["demand"]["nodes"] = 2
    document["policies"] = {"sync": {"delay": {"value": "0 s", "assumption": True, "range": ["0 s", "120 s"]}}}
    document["variants"]["central"] = {"policies.route": "central", "images.app.boot": "60 s"}
    asked = Scenario.from_document(document, "small")
    found = examine(asked, 5, 1, "serial")
    (flip, _) = [each for each in found.that("flips") if each.assumption.name == "policies.sync.delay"]
    assert (flip.was, flip.now) == ("lower", "fails more")
    assert any(line.endswith(f"; of node-direct {failed_why(flip.failures)}") for line in sentences(found))
    assert flip.failures.share == 1.0
    assert "flipped by policies.sync.delay = 120 s instead of 0 s" in summary(found)
    allowed = examine(asked, 5, 1, "serial", allow_failures=True)
    assert not [each for each in allowed.that("flips") if each.assumption.name == "policies.sync.delay"]
    whole = replace(sim.compare(asked, 5, 1, "serial", tables=False), examined=found)
    assert whole.verdict.split("\n")[-1] == summary(found)


@pytest.mark.slow
def test_where_no_assumption_flips_it_that_is_said(found: Assumptions) -> None:
    """What keeps the verdict is counted and not named."""
    kept = replace(found, effects=found.that("keeps"))
    assert len(kept.effects) > 10
    assert summary(kept) == f"None of {len(found.varied)} assumptions flips it, each at both ends of its range."
