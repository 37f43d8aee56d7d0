"""The best of several variants: right, and the same by whatever executor."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sim.errors import InputError
from sim.experiment.comparison import Comparison
from sim.experiment.execution.worker import Outcome
from sim.experiment.rerun import recorded, rerun
from sim.experiment.searches.best import best
from sim.report import saving
from sim.report.best import text_table
from sim.scenario import Scenario


@pytest.fixture
def three(document: dict[str, Any]) -> Scenario:
    """A third variant has clients so slow that nobody would choose it."""
    document["variants"]["slow"] = {"policies.route": "central", "clients.dev.up": "5 Mbit/s"}
    return Scenario.from_document(document, "small")


@pytest.mark.parametrize("executor", ["serial", pytest.param("processes:2", marks=pytest.mark.slow)])
def test_the_best_is_chosen(three: Scenario, executor: str) -> None:
    """Straight to the node deploys start sooner than through central, over whichever line; workers change nothing.

    Pushes take as long to either, and the node that starts the instance need not pull: some 0.15 s.
    """
    found = best(three, "deploy_latency_s.mean", 0.1, executor=executor)
    assert found.chosen == "node-direct"
    assert min(each.n for each in found.found.values()) >= 10
    assert found.verdict.startswith(
        "node-direct has the best deploy_latency_s.mean of 3 variants, with 95 % confidence"
    )
    assert found.to_json() == best(three, "deploy_latency_s.mean", 0.1, executor="serial").to_json()


def test_more_is_better_where_it_is(scenario: Scenario) -> None:
    """Of saved bytes the highest is the best; both save nearly the same, so one within the indifference is chosen."""
    found = best(scenario, "dedup_saved_bytes", executor="serial")
    means = {name: each.mean for name, each in found.found.items()}
    assert found.chosen is not None
    assert means[found.chosen] >= max(means.values()) - found.indifference


def test_one_that_is_as_good_is_named(three: Scenario) -> None:
    """With a minute's indifference the two variants over good lines are alike, and the verdict names the other one."""
    found = best(three, "push_s.mean", 60.0, executor="serial")
    others = tuple(name for name in found.outcomes if name != found.chosen)
    assert found.near == others
    assert f"unless another is within 60.0 s, and {' and '.join(others)} came that near" in found.verdict
    assert "slow" not in best(three, "push_s.mean", 0.15, executor="serial").near


def test_what_has_no_price_is_no_choice_by_cost(three: Scenario) -> None:
    """Where nothing costs anything no variant is called the cheapest."""
    found = best(three, "cost_usd", executor="serial")
    said = "central and node-direct and slow have the same cost_usd in every run, as nothing has a price."
    assert found.verdict.endswith(said)
    assert "best" not in found.verdict


def test_too_few_runs_are_undecided(scenario: Scenario) -> None:
    """With an indifference far below the noise ten runs do not do."""
    found = best(scenario, "wan_bytes", 1.0, most_runs=10, executor="serial")
    assert found.chosen is None or found.found["central"].n == 10


def test_a_metric_that_fails_make_infinite_is_refused(document: dict[str, Any]) -> None:
    """Where failures are allowed, or strike all alike, a quantile may be infinite, and no mean is left to compare."""
    document["faults"] = {"gone": {"kind": "registry-down", "target": "central", "at": "0 s", "lasts": "3 h"}}
    scenario = Scenario.from_document(document, "small")
    with pytest.raises(InputError, match="has no finite value, as deploys fail"):
        best(scenario, "deploy_latency_s.max", executor="serial", allow_failures=True)
    document["faults"]["gone"]["lasts"] = "5 min"
    document["variants"] = {"one": {}, "other": {"images.app.boot": "1 s"}}
    with pytest.raises(InputError, match="has no finite value, as deploys fail"):
        best(Scenario.from_document(document, "small"), "deploy_latency_s.max", executor="serial")


def test_a_metric_without_a_value_is_refused(document: dict[str, Any]) -> None:
    """Nothing comes in the first hour of the day: no latency is the lowest, and no deploy is said to have failed."""
    document["demand"]["hours"] = "10:00-11:00"
    with pytest.raises(InputError, match="has no finite value, as a run has nothing to measure"):
        best(Scenario.from_document(document, "small"), "deploy_latency_s.p50", executor="serial")


@pytest.mark.parametrize("metric", ["wan_bytes", "cost_usd", "pull_bytes", "deploy_latency_s.p50"])
def test_whoever_fails_is_not_chosen_by_what_that_saves(failing: Comparison, metric: str) -> None:
    """Deploys that all fail fetch nothing and cost nothing; the variant that does not fail is chosen all the same."""
    found = best(failing.scenario, metric, executor="serial")
    assert (found.chosen, found.ruled_out) == ("sound", ("late",))
    deploys = found.failures["late"].deploys
    assert f"late: {deploys} of {deploys} deploys failed: not at central within 60 s\n" in found.verdict
    assert found.verdict.endswith("as it fails less than any other; late ruled out by failed deploys.")
    assert found.to_json()["failures"]["sound"]["failed"] == 0
    assert [line[2] for line in text_table(found)[1]] == [f"0 of {deploys}", f"{deploys} of {deploys}"]


def test_failures_may_be_allowed(failing: Comparison) -> None:
    """Asked so, the variant whose deploys all fail has the fewest bytes to fetch, none."""
    found = best(failing.scenario, "pull_bytes", executor="serial", allow_failures=True)
    assert (found.chosen, found.ruled_out) == ("late", ())


def test_where_every_deploy_fails_nothing_is_chosen(failing: Comparison) -> None:
    """Two variants that both fail in full leave nothing to choose from."""
    broken = failing.scenario.with_({"policies.sync.to_central": "never"})
    found = best(broken, "wan_bytes", executor="serial")
    assert (found.chosen, found.surviving) == (None, ("sound", "late"))
    assert found.verdict.endswith("nothing to choose from: every deploy failed.")


def test_one_that_turns_out_to_fail_later_is_ruled_out_then(
    monkeypatch: pytest.MonkeyPatch, scenario: Scenario
) -> None:
    """A first look sees no failures and the faster one is chosen; the look at the choice sees them: the other it is."""
    looks: list[bool] = []

    def later(mine: Sequence[Outcome], other: Sequence[Outcome], simultaneous: int) -> bool:
        assert simultaneous == 2  # two looks at two variants
        looks.append(mine is other)
        return len(looks) > 2 and mine is not other

    monkeypatch.setattr("sim.experiment.searches.best.fails_more", later)
    found = best(scenario, "deploy_latency_s.mean", 0.1, executor="serial")
    assert looks == [True, False, True, False, True]
    assert (found.chosen, found.ruled_out) == ("central", ("node-direct",))


def test_a_choice_is_written_and_made_again(scenario: Scenario, tmp_path: Path) -> None:
    """The document, the metrics of every run, and a manifest from which they come out the same, bit for bit."""
    found = best(scenario, "push_s.mean", 0.15, executor="serial")
    saving.save(found, tmp_path, "best")
    assert {path.name for path in tmp_path.iterdir()} == {
        "best.json",
        "manifest.json",
        "metrics.parquet",
        "runs.parquet",
        "question.json",
    }
    assert json.loads((tmp_path / "best.json").read_text())["chosen"] == found.chosen
    metrics = pd.read_parquet(tmp_path / "metrics.parquet")
    mine = metrics[(metrics.variant == "central") & (metrics.metric == "push_s.mean")]
    assert mine["value"].mean() == pytest.approx(found.found["central"].mean)
    again = rerun(recorded(tmp_path), "serial")
    assert len(again.outcomes) == sum(len(each) for each in found.outcomes.values())
    assert again.differing == ()


@pytest.mark.slow
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
