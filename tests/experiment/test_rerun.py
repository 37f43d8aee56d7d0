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
from sim.policies import outside
from sim.policies.userrule import UserRule
from sim.report import saving
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
    assert "changed since then: the model's source" in causes
    assert any(cause.startswith("changed since then: numpy ") and cause.endswith("was 1.0") for cause in causes)


@pytest.mark.parametrize(
    ("text", "problem"),
    [(None, "cannot be read"), ("{", "is not JSON"), ("{}", "must be regsim.manifest/1"), ("[]", "must be regsim"),
     ('{"schema": "regsim.manifest/1"}', "seed: is missing"),
     ('{"schema": "regsim.manifest/9"}', "is of a newer regsim"),
     ('{"schema": "regsim.manifest/0"}', "is of an older regsim"),
     (f'{{"schema": {9000 * "9"}}}', "cannot be read"), (100_000 * "[", "nested too deeply"), ("\x00", "is not JSON")],
)  # fmt: skip
def test_what_is_no_result_is_said(text: str | None, problem: str, tmp_path: Path) -> None:
    """No manifest, no JSON, another schema, half of one: one line that names the file and says what to name."""
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(InputError, match=problem) as caught:
        recorded(tmp_path)
    assert str(tmp_path / "manifest.json") in str(caught.value)


def ruled(scenario: Scenario, folder: Path, text: str = "view.nodes[: view.wanted]") -> Scenario:
    """The small question with a placement of one's own."""
    (folder / "placement").mkdir(parents=True, exist_ok=True)
    (folder / "placement" / "mine.py").write_text(
        f'"""Mine."""\n\n\ndef place(view, parameters):\n    """Mine."""\n    return {text}\n'
    )
    return scenario.with_({"run.policies_path": str(folder), "policies.placement": "mine"})


def test_a_rule_of_ones_own_is_found_again(scenario: Scenario, tmp_path: Path) -> None:
    """The manifest says where it was and what its digest is; the run comes out equal bit for bit."""
    chosen = ruled(scenario, tmp_path / "rules")
    sim.run(chosen).write(tmp_path / "out")
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    own = chosen.policies.placement.own
    assert own is not None
    assert manifest["rules"] == [
        {"kind": "placement", "name": "mine", "path": own.path, "sha256": own.digest, "registered": False}
    ]
    assert [*found_again(tmp_path / "out")] == ["equal bit for bit: 1 of 1 runs"]


def test_rules_that_a_sweep_goes_through_are_recorded(scenario: Scenario, tmp_path: Path) -> None:
    """The manifest has the one that no variant chooses and a value of the sweep names."""
    chosen = ruled(scenario, tmp_path / "rules").with_({"policies.placement": "sticky"})
    found = sim.sweep(chosen, ["policies.placement=sticky,mine"], runs=1, executor="serial")
    saving.save(found, tmp_path / "out", "sweep")
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert [rule["name"] for rule in manifest["rules"]] == ["mine"]


def test_an_edited_rule_is_named(scenario: Scenario, tmp_path: Path) -> None:
    """Rows that differ have their cause beside them; so has a rule that says the same in other words."""
    sim.run(ruled(scenario, tmp_path / "rules")).write(tmp_path / "out")
    path = tmp_path / "rules/placement/mine.py"
    for text, equal in (("tuple(view.nodes[: view.wanted])", True), ("view.nodes[::-1][: view.wanted]", False)):
        ruled(scenario, tmp_path / "rules", text)
        first, *causes = found_again(tmp_path / "out")
        assert first.startswith("equal bit for bit") == equal
        assert causes == [f"changed since then: the source of the placement mine in {path}"]


def test_a_rule_that_is_not_there_any_more_is_one_line(scenario: Scenario, tmp_path: Path) -> None:
    """Its file, or its folder, is named with the remedy; a folder that has it elsewhere is taken."""
    sim.run(ruled(scenario, tmp_path / "rules")).write(tmp_path / "out")
    (tmp_path / "rules").rename(tmp_path / "moved")
    with pytest.raises(InputError) as caught:
        recorded(tmp_path / "out")
    assert str(caught.value) == (
        f"{tmp_path}/out/manifest.json: placement mine: {tmp_path}/rules/placement/mine.py is not there; "
        "name the folder that has placement/mine.py with --policies DIR"
    )
    moved = {"run.policies_path": str(tmp_path / "moved")}
    assert [*found_again(tmp_path / "out", moved)] == ["equal bit for bit: 1 of 1 runs"]
    with pytest.raises(InputError, match="placement mine: is not in "):
        recorded(tmp_path / "out", {"run.policies_path": str(tmp_path / "out")})


def test_a_rule_of_a_program_is_found_where_it_is_registered(
    scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the program itself; another is asked for a file."""
    monkeypatch.setattr(outside, "_REGISTERED", {})
    rule = ruled(scenario, tmp_path / "rules").policies.placement.own
    assert rule is not None
    outside.register(UserRule("placement", "of-program", "<policy placement of-program>", rule.text, True))
    sim.run(scenario.with_({"policies.placement": "of-program"})).write(tmp_path / "out")
    assert [*found_again(tmp_path / "out")] == ["equal bit for bit: 1 of 1 runs"]
    monkeypatch.setattr(outside, "_REGISTERED", {})
    with pytest.raises(InputError) as caught:
        recorded(tmp_path / "out")
    assert str(caught.value) == (
        f"{tmp_path}/out/manifest.json: placement of-program: was registered by a program, which is not this one; "
        "write it into a file DIR/placement/of_program.py and name --policies DIR"
    )


def found_again(directory: Path, overrides: dict[str, str] | None = None) -> list[str]:
    """What is said of a result made again, but for what the machine and the model were."""
    said = sentences(rerun(recorded(directory, overrides), "serial"))
    return [line for line in said if "changed since then" not in line or "placement" in line]


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


def test_the_model_still_says_what_it_said() -> None:
    """The stored comparison comes out within 1 % in every metric.

    Where a change of the model is meant to move it: `regsim compare tests/data/gate/scenario.toml --out
    tests/data/gate`, and say in CHANGELOG.md what moved and why.
    """
    found = gate(GATE)
    assert found.moved == ()
