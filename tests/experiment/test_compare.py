"""Comparisons of real runs: the same whatever makes them, paired by run, written whole."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sim
from sim.errors import InputError
from sim.experiment.comparison import Comparison
from sim.files import folder_name
from sim.report.formatting import failed_why
from sim.scenario import Scenario
from sim.stats.intervals import interval
from sim.tables import rows
from sim.tables.lanes import BESIDE


@pytest.mark.parametrize("executor", ["processes:1", "processes:2"])
def test_neither_executor_nor_number_of_workers_changes_anything(
    scenario: Scenario, outcome: Comparison, executor: str
) -> None:
    """Worker processes give the rows, bit for bit, and the document that serial runs give."""
    other = sim.compare(scenario, executor=executor)
    assert other.executor == executor
    assert other.digests == outcome.digests
    assert other.to_json() == outcome.to_json()
    assert other.samples["central"].digest == outcome.samples["central"].digest


def test_runs_of_one_number_share_their_demand_and_others_do_not(outcome: Comparison, scenario: Scenario) -> None:
    """Both variants' run 0 are asked for the same deploys at the same instants; run 1 has another digest."""
    asked = [sorted(sample.tables["deploys"].column("asked_s")) for sample in outcome.samples.values()]
    assert len(asked[0]) > 20
    assert asked[0] == asked[1]
    assert len(set(outcome.digests["central"])) == 3


def test_run_r_of_a_comparison_is_that_run_made_alone(scenario: Scenario, outcome: Comparison) -> None:
    """`sim.run` with the seed, run 2 and the variant makes the very rows of the comparison's run 2."""
    alone = sim.run(scenario, seed=7, run=2, variant="node-direct")
    assert alone.digest == outcome.digests["node-direct"][2]
    assert alone.metrics["wan_bytes"] == outcome.values["node-direct"]["wan_bytes"][2]


def test_seed_and_runs_are_the_scenario_s_unless_given(scenario: Scenario, outcome: Comparison) -> None:
    """Three runs with seed 7 as the scenario says; one with seed 8 when asked."""
    assert (outcome.runs, outcome.seed) == (3, 7)
    other = sim.compare(scenario, runs=1, seed=8, executor="serial")
    assert (other.runs, other.seed, len(other.digests["central"])) == (1, 8, 1)
    assert other.digests["central"][0] not in outcome.digests["central"]


def test_intervals_and_differences_are_those_of_the_statistics(outcome: Comparison) -> None:
    """The table holds intervals over runs; differences are taken run by run, variant less baseline."""
    direct, central = (outcome.values[name]["push_s.mean"] for name in ("node-direct", "central"))
    assert outcome.interval("central", "push_s.mean") == interval(central, positive=True)
    assert outcome.difference("node-direct", "push_s.mean") == interval(direct - central)
    assert outcome.relative("node-direct", "push_s.mean") == pytest.approx((direct - central).mean() / central.mean())


def test_three_variants_have_wider_intervals_that_hold_together(document: dict[str, Any]) -> None:
    """With two variants beside the baseline each difference is made at half the risk, whichever it is taken from."""
    document["variants"]["both"] = {"policies.route": "both"}
    outcome = sim.compare(Scenario.from_document(document), runs=2, executor="serial")
    apart = outcome.values["both"]["deploy_latency_s.mean"] - outcome.values["central"]["deploy_latency_s.mean"]
    assert outcome.difference("both", "deploy_latency_s.mean") == interval(apart, simultaneous=2)
    assert outcome.others == ("node-direct", "both")
    assert outcome.difference("both", "deploy_latency_s.mean", than="central") == interval(apart, simultaneous=2)


def test_the_baseline_is_the_one_named_or_else_the_first(document: dict[str, Any], outcome: Comparison) -> None:
    """Without `run.baseline` the first variant of the file is the baseline, with it the one it names."""
    document["run"]["baseline"] = "node-direct"
    named = sim.compare(Scenario.from_document(document), runs=1, executor="serial")
    assert (outcome.baseline, outcome.others) == ("central", ("node-direct",))
    assert (named.baseline, named.others) == ("node-direct", ("central",))


def test_a_scenario_without_variants_is_its_own_only_one(document: dict[str, Any]) -> None:
    """It has intervals, no differences, and a verdict that says there is nothing to compare it with."""
    del document["variants"]
    alone = sim.compare(Scenario.from_document(document), runs=2, executor="serial")
    assert alone.variants == ("scenario",)
    assert alone.to_json()["differences"] == {}
    assert alone.differences.empty
    assert "there is no variant to compare it with.\n" in alone.verdict


def test_a_scenario_that_is_a_variant_is_run_as_that_alone(scenario: Scenario, outcome: Comparison) -> None:
    """Its other variants are left aside, and its rows are those it has in the whole comparison."""
    alone = sim.compare(scenario.variant("node-direct"), executor="serial")
    assert alone.variants == ("node-direct",)
    assert alone.digests["node-direct"] == outcome.digests["node-direct"]


def test_progress_is_told_before_the_first_run_and_after_each(scenario: Scenario) -> None:
    """Two runs of two variants are told as 0, 1, 2, 3 and 4 of 4."""
    said: list[tuple[int, int]] = []
    sim.compare(scenario, runs=2, executor="processes:2", progress=lambda done, total: said.append((done, total)))
    assert said == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"runs": 0}, "runs: must be at least 1, got 0; two or more give intervals"),
        ({"executor": "cloud"}, 'executor: there is no "cloud"; use serial, processes, processes:N or dask:ADDRESS'),
    ],
)
def test_what_cannot_be_asked_is_one_line(scenario: Scenario, asked: dict[str, Any], message: str) -> None:
    """Bad runs and executors are named before anything runs."""
    with pytest.raises(InputError) as caught:
        sim.compare(scenario, **asked)
    assert str(caught.value) == message


def test_the_document_is_strict_json_with_every_part(outcome: Comparison) -> None:
    """All parts of `regsim.compare/1` are there; a lag without syncs is null; nothing is infinite."""
    found = json.loads(json.dumps(outcome.to_json(), allow_nan=False))
    assert (found["schema"], found["baseline"], found["runs"]) == ("regsim.compare/1", "central", 3)
    assert set(found["variants"]) == {"central", "node-direct"}
    assert set(found["variants"]["central"]) >= set(rows.METRICS)
    assert set(found["variants"]["central"]["push_s.p50"]) == {"mean", "low", "high"}
    assert set(found["differences"]) == set(found["pairing"]) == {"node-direct"}
    assert set(found["differences"]["node-direct"]["push_s.p50"]) == {"mean", "low", "high", "decided"}
    assert set(found["pairing"]["node-direct"]["push_s.p50"]) == {"correlation", "runs_saved"}
    assert found["variants"]["central"]["sync_lag_s.p50"] == {"mean": None, "low": None, "high": None}
    assert found["differences"]["node-direct"]["central_egress_bytes"]["decided"] is True
    assert found["verdict"] == outcome.verdict


def test_failures_are_counted_over_all_runs_with_their_reasons(failing: Comparison) -> None:
    """Every deploy of the variant whose copies come too late fails, for one reason, and none of the sound one's."""
    document = failing.to_json()["failures"]
    deploys = sum(outcome.deploys for outcome in failing.outcomes["late"])
    assert deploys > 100
    assert document == {
        "sound": {"failed": 0, "deploys": deploys, "reasons": {}},
        "late": {"failed": deploys, "deploys": deploys, "reasons": {"not at central within 60 s": deploys}},
    }
    assert failed_why(failing.failures("late")) == f"{deploys} of {deploys} deploys failed: not at central within 60 s"


def test_a_push_is_not_infinite_because_its_start_failed_later(failing: Comparison) -> None:
    """Pushes go the same way in both variants, so their times are finite and the same; pulls are infinite."""
    late, sound = (failing.interval(name, "push_s.p50") for name in ("late", "sound"))
    assert (late.mean, late.known) == (sound.mean, True)
    assert failing.interval("late", "pull_s.p50").mean == math.inf


def test_frames_say_what_the_document_says(outcome: Comparison) -> None:
    """The DataFrames have a row for each variant and metric, with the document's numbers and the metric's unit."""
    document, table, differences = outcome.to_json(), outcome.table, outcome.differences
    row = table[(table["variant"] == "central") & (table["metric"] == "push_s.p50")].iloc[0]
    assert row[["mean", "low", "high"]].to_dict() == document["variants"]["central"]["push_s.p50"]
    assert row["unit"] == "s"
    assert len(table) == sum(len(metrics) for metrics in document["variants"].values())
    apart = differences[differences["metric"] == "central_egress_bytes"].iloc[0]
    assert (apart["variant"], apart["baseline"], apart["unit"]) == ("node-direct", "central", "bytes")
    assert apart["relative"] == -1.0
    assert apart["decided"]


def test_everything_is_written_and_reads_back(outcome: Comparison, tmp_path: Path) -> None:
    """Metrics of every run, tables of each variant's run 0, the document and a manifest; no file is left half done."""
    outcome.write(tmp_path)
    tables = {f"{name}.parquet" for name in (*rows.TABLES, *BESIDE)}
    assert {path.name for path in tmp_path.iterdir()} == {
        "central", "node-direct", "metrics.parquet", "runs.parquet", "question.json", "compare.json", "manifest.json"
    }  # fmt: skip
    assert {path.name for path in (tmp_path / "central").iterdir()} == tables
    metrics = pd.read_parquet(tmp_path / "metrics.parquet")
    assert list(metrics) == ["variant", "run", "metric", "value"]
    pushed = metrics[(metrics["variant"] == "central") & (metrics["metric"] == "push_bytes")]
    assert pushed["run"].tolist() == [0, 1, 2]
    assert np.array_equal(pushed["value"], outcome.values["central"]["push_bytes"])
    deploys = pd.read_parquet(tmp_path / "node-direct" / "deploys.parquet")
    assert len(deploys) == len(outcome.samples["node-direct"].deploys)
    assert json.loads((tmp_path / "compare.json").read_text()) == outcome.to_json()
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["digests"]["central"] == list(outcome.digests["central"])
    assert set(manifest["resolved"]) == {"scenario", "central", "node-direct"}


@pytest.mark.parametrize(
    ("name", "folder"), [("node-direct", "node-direct"), ("../up", "..%2Fup"), ("..", "%2E%2E"), ("v1.2", "v1.2")]
)
def test_a_variant_s_folder_stays_in_its_directory(name: str, folder: str) -> None:
    """No name that a file may give a variant leads out of the directory."""
    assert folder_name(name) == folder


def test_links_that_only_one_variant_has_are_not_compared(document: dict[str, Any]) -> None:
    """A variant of another shape has links of its own: they are in its intervals and in no difference."""
    sited = ("central.site", "nodes.n.site", "clients.dev.site")
    document["variants"] = {
        "star": {},
        "metros": {"topology.shape": "metros", "sites.s": {}} | dict.fromkeys(sited, "s"),
    }
    outcome = sim.compare(Scenario.from_document(document), runs=1, executor="serial")
    mine, base = (set(outcome.values[name]) for name in ("metros", "star"))
    assert mine - base
    assert set(outcome.to_json()["differences"]["metros"]) == mine & base


def test_workers_load_no_library_that_only_shows_results(document: dict[str, Any]) -> None:
    """A whole run, reduced to what a worker hands back, needs neither pandas nor pyarrow, scipy or matplotlib."""
    code = """
import json, sys
from sim.experiment.execution.worker import Task, begin, measure
from sim.scenario import Scenario
begin(Scenario.from_document(json.loads(sys.argv[1])), 1)
assert measure(Task("central", 0)).deploys
print(sorted({"pandas", "pyarrow", "scipy", "matplotlib"} & sys.modules.keys()))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(document)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_what_is_infinite_in_one_run_is_null_and_undecided(outcome: Comparison) -> None:
    """A metric that is infinite in one run has an infinite mean, no bounds, and null in the document."""
    runs = list(outcome.outcomes["node-direct"])
    runs[1] = replace(runs[1], metrics={**runs[1].metrics, "push_s.p50": math.inf})
    broken = replace(outcome, outcomes={**outcome.outcomes, "node-direct": tuple(runs)})
    found = broken.to_json()
    assert broken.interval("node-direct", "push_s.p50").mean == math.inf
    assert found["variants"]["node-direct"]["push_s.p50"] == {"mean": None, "low": None, "high": None}
    assert found["differences"]["node-direct"]["push_s.p50"]["decided"] is False


def test_what_runs_show_so_far_is_of_runs_that_all_variants_have(scenario: Scenario, outcome: Comparison) -> None:
    """Of three runs each there is a comparison after the first, the second and the third; the last is the answer."""
    seen: list[Comparison] = []
    sim.compare(scenario, executor="serial", so_far=seen.append)
    assert [(one.runs, {len(runs) for runs in one.outcomes.values()}) for one in seen] == [(1, {1}), (2, {2}), (3, {3})]
    assert seen[-1].differences.equals(outcome.differences)
