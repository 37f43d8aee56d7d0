"""What faults did, as tables for people and in documents."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.report.terminal.faults import comparison_blocks, run_blocks
from sim.scenario import Scenario

FAULTY = """
run = { duration = "2 h", seed = 5, runs = 2 }
topology = { shape = "star" }
nodes.n = {}
clients.dev = { count = 3 }
images.app = { rootfs = "2 MB" }
demand = { rate = "60/h", apps = 6 }
faults.cut = { kind = "registry-down", target = "central", at = "1 h", lasts = "5 min" }
variants.central = { policies.route = "central" }
variants.drawn = { faults.drawn = { kind = "registry-slow", target = "n", between = "1 h", lasts = "1 min" } }
"""


@pytest.fixture(scope="module")
def faulty() -> Scenario:
    return Scenario.from_document(tomllib.loads(FAULTY), "faulty")


def test_a_run_has_a_column_for_each_fault_and_says_what_it_is(faulty: Scenario) -> None:
    """How many met it, how many failed, how slow, and how long its traces lasted."""
    (block,) = run_blocks(sim.run(faulty, variant="drawn"))
    assert list(block.columns) == ["cut", "drawn"]
    assert block.notes[:2] == (
        "cut: registry-down of central, at 1 h for 5 min",
        "drawn: registry-slow of n, drawn, 1 h apart and 1 min long on average",
    )
    assert block.columns["cut"][block.labels.index("registries agreed after")] == ("none",)


def test_a_run_without_faults_has_no_such_table(faulty: Scenario) -> None:
    """Nothing is said of what there is not."""
    assert list(run_blocks(sim.run(faulty.with_({"faults.cut": None}), variant="central"))) == []


def test_a_comparison_has_a_table_for_each_fault_of_any_variant(faulty: Scenario) -> None:
    """A fault that one variant alone has is a column of `none` for the other."""
    cut, drawn = comparison_blocks(sim.compare(faulty, executor="serial"))
    assert cut.title == "What fault cut did: registry-down of central, at 1 h for 5 min"
    assert "came, times a run" not in cut.labels
    assert drawn.title == "What fault drawn did: of some variants"
    assert set(drawn.columns["central"]) == {("none",)}


def test_documents_tell_of_faults_and_thresholds_judge_them(
    faulty: Scenario, tmp_path: Path, regsim: Callable[..., Any]
) -> None:
    """By variant, fault and metric, with intervals; a threshold on a fault's traces is judged."""
    path = tmp_path / "faulty.toml"
    path.write_text(FAULTY)
    until = "central: faults.cut.drained_s < 1 h"
    answer = regsim("compare", str(path), "--executor", "serial", "-q", "--json", "--until", until, "--gains", "0")
    document = json.loads(answer.out)
    assert document["faults"]["central"]["cut"]["times"]["mean"] == 1
    assert list(document["faults"]["drawn"]) == ["cut", "drawn"]
    assert [each["outcome"] for each in document["thresholds"]] == ["met"]
    assert "gains" in document
