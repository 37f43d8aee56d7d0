"""Results made again from their manifests, and the gate that catches what moved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.errors import InputError
from sim.experiment.comparison import Comparison
from sim.experiment.gate import gate
from sim.experiment.rerun import recorded, rerun
from sim.report.reruns import sentences
from sim.scenario import Scenario

GATE = Path(__file__).parents[1] / "data" / "gate"


@pytest.fixture
def stored(outcome: Comparison, tmp_path: Path) -> Path:
    outcome.write(tmp_path / "stored")
    return tmp_path / "stored"


def change(directory: Path, **parts: Any) -> None:
    """Another value in a manifest."""
    path = directory / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | parts))


@pytest.mark.parametrize("executor", ["serial", "processes:2"])
def test_a_comparison_is_equal_bit_for_bit(stored: Path, executor: str) -> None:
    """All runs of both variants have the digests that the manifest records."""
    again = rerun(recorded(stored), executor)
    assert [*sentences(again)] == ["equal bit for bit: 6 of 6 runs"]
    assert again.to_json()["equal"] is True


@pytest.mark.parametrize("variant", [None, "node-direct"])
def test_one_run_is_made_again(scenario: Scenario, variant: str | None, tmp_path: Path) -> None:
    """A plain scenario's run and a variant's, by the number that it had."""
    chosen = scenario if variant is None else scenario.variant(variant)
    sim.run(chosen, run=2).write(tmp_path)
    assert [*sentences(rerun(recorded(tmp_path), "serial"))] == ["equal bit for bit: 1 of 1 runs"]


def test_what_differs_is_named(stored: Path) -> None:
    """Another seed, another numpy and another source than recorded: each run, and each cause, is told."""
    manifest = json.loads((stored / "manifest.json").read_text())
    change(stored, seed=8, model="0" * 64, versions=manifest["versions"] | {"numpy": "1.0"})
    again = rerun(recorded(stored), "serial")
    first, *causes = sentences(again)
    assert first.startswith("6 of 6 runs came out otherwise: central, run 0; ")
    assert "now otherwise: the model's source" in causes
    assert any(cause.startswith("now otherwise: numpy ") and cause.endswith("was 1.0") for cause in causes)


@pytest.mark.parametrize(
    ("text", "problem"),
    [(None, "cannot be read"), ("{", "is not JSON"), ("{}", "must be regsim.manifest/1"), ("[]", "must be regsim"),
     ('{"schema": "regsim.manifest/1"}', "lacks what runs are made from")],
)  # fmt: skip
def test_what_is_no_result_is_said(text: str | None, problem: str, tmp_path: Path) -> None:
    """No manifest, no JSON, another schema, half of one: one line that names the file and says what to name."""
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(InputError, match=problem) as caught:
        recorded(tmp_path)
    assert str(tmp_path / "manifest.json") in str(caught.value)


def test_the_gate_passes_what_is_as_it_was(stored: Path) -> None:
    """Nothing moved, and every metric was looked at."""
    found = gate(stored, executor="serial")
    assert found.passed
    assert found.to_json()["moved"] == []
    assert found.metrics > 50


def test_the_gate_measures_by_group_what_was_so_measured(scenario: Scenario, tmp_path: Path) -> None:
    """A comparison by site and by client that comes out equal bit for bit has moved in no metric of a group either."""
    sim.compare(scenario, runs=2, executor="serial", by=["site", "client"]).write(tmp_path / "stored")
    found = gate(tmp_path / "stored", executor="serial")
    assert found.passed
    assert found.moved == ()


@pytest.mark.parametrize(("request_time", "passed"), [("5.0001 ms", True), ("7 ms", False)])
def test_the_gate_catches_a_made_up_change(request_time: str, passed: bool, stored: Path) -> None:
    """A node that takes 2 ms longer for each request is caught, by metric and size; 100 ns are within what may move."""
    manifest = json.loads((stored / "manifest.json").read_text())
    document = manifest["document"]
    document["nodes"]["n"]["request_time"] = request_time
    change(stored, document=document)
    found = gate(stored, executor="serial")
    assert found.again.differing
    assert found.passed == passed
    if not passed:
        assert {each.metric for each in found.moved} >= {"push_s.p50", "deploy_latency_s.p50"}
        assert all(abs(each.apart.mean) > 0.01 * abs(each.was) for each in found.moved)


@pytest.mark.slow
def test_the_model_still_says_what_it_said() -> None:
    """The stored comparison comes out within 1 % in every metric.

    Where a change of the model is meant to move it: `regsim compare tests/data/gate/scenario.toml --out
    tests/data/gate`, and say in CHANGELOG.md what moved and why.
    """
    found = gate(GATE)
    assert found.moved == ()
