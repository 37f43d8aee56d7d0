"""The verbs that search and sweep, and those that make results again, as a planner asks them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from sim.experiment.assumptions.assumed import assumed

Ask = Callable[..., Any]
UP = "clients.dev.up=10 Mbit/s..1 Gbit/s"


def test_capacity_prints_points_and_a_sentence(regsim: Ask, small: str) -> None:
    """A line for each value, then the answer; its document says the same, and the store knows every run."""
    words = ("capacity", small, "--vary", UP, "--until", "deploy_latency_s.p95 < 5 s", "--variant", "central",
             "--runs", "20", "--within", "30 %", "--executor", "serial", "--store", "runs")  # fmt: skip
    answer = regsim(*words)
    assert answer.code == 0
    assert "the smallest clients.dev.up that meets the thresholds is between" in answer.out
    document = json.loads(regsim(*words, "--json").out)
    assert document["schema"] == "regsim.capacity/1"
    assert f"between {document['low']:g} Mbit/s and {document['high']:g} Mbit/s" in answer.out
    assert document["made"] == 0  # all of it was in the store
    assert len([*Path("runs").rglob("*.json")]) == document["runs"]


def test_a_threshold_that_is_asked_twice_counts_once(regsim: Ask, small: str) -> None:
    """By the file and by --until: the answer names it once, and the plot along the key is drawn."""
    words = ("capacity", small, "--vary", UP, "--until", "deploy_latency_s.p95 < 10 h", "--variant", "central",
             "--until", "deploy_latency_s.p95 < 10 h", "--runs", "5", "--executor", "serial")  # fmt: skip
    assert regsim(*words, "--out", "found").code == 0
    document = json.loads(Path("found/capacity.json").read_text())
    assert [len(point["thresholds"]) for point in document["points"]] == [1] * len(document["points"])
    assert Path("found/capacity.png").is_file()


@pytest.mark.parametrize(("limit", "runs", "code"), [("1 ms", "20", 99), ("10 h", "20", 0), ("300 ms", "5", 98)])
def test_capacity_out_of_reach_has_its_exit_code(regsim: Ask, small: str, limit: str, runs: str, code: int) -> None:
    """Missed everywhere is 99, met everywhere is 0, undecided at both ends is 98."""
    until = f"deploy_latency_s.p50 < {limit}"
    answer = regsim("capacity", small, "--vary", UP, "--until", until, "--runs", runs, "--executor", "serial", "-q")
    assert (answer.code, answer.err) == (code, "")


def test_a_key_that_moves_nothing_is_warned_of_when_the_runs_show_it(regsim: Ask, small: str) -> None:
    """After the answer, on standard error; with `--strict` that is a fault of the question."""
    asked = ("capacity", small, "--vary", "central.workers=100..200", "--until", "deploy_latency_s.p50 < 10 h",
             "--runs", "2", "--executor", "serial", "-q")  # fmt: skip
    assert regsim(*asked).err == ""
    answer = regsim(*asked[:-1], "--strict")
    assert answer.code == 2
    assert "every value of central.workers from 100 to 200 that was tried meets the thresholds" in answer.out
    assert "central.workers: moves nothing: every run has the same latencies" in answer.err.splitlines()[-1]


def test_crossover_says_never(regsim: Ask, small: str) -> None:
    """A difference that keeps its sign has no crossover."""
    answer = regsim(
        "crossover", small, "--vary", UP, "--metric", "central_egress_bytes", "--runs", "5", "--executor", "serial"
    )
    assert answer.code == 0
    assert "never for clients.dev.up from 10 Mbit/s to 1000 Mbit/s" in answer.out


def test_a_sweep_is_written_and_made_again(regsim: Ask, small: str) -> None:
    """Document, figure and manifest under `--out`; `rerun` finds every run equal, bit for bit."""
    answer = regsim(
        "sweep", small, "--vary", f"{UP}:log:3", "--vary", "demand.updates=0.2,0.8", "--runs", "2", "--out", "out",
        "--executor", "serial",
    )  # fmt: skip
    assert answer.code == 0
    assert "of 6 points" in answer.out
    document = json.loads(Path("out/sweep.json").read_text())
    assert len(document["points"]) == 6
    assert {path.name for path in Path("out").iterdir()} == {
        "sweep.json", "sweep.png", "sweep.svg", "manifest.json", "metrics.parquet", "runs.parquet", "question.json",
    }  # fmt: skip
    again = regsim("rerun", "out", "--executor", "serial", "-q")
    assert (again.code, again.out) == (0, "equal bit for bit: 24 of 24 runs\n")


@pytest.mark.usefixtures("no_flips")
def test_what_came_out_otherwise_is_99(regsim: Ask, small: str) -> None:
    """A manifest with another seed: `rerun` and `bench` say what differs and end with 99."""
    assert regsim("compare", small, "--gains", "0", "--out", "out", "--executor", "serial", "-q").code == 0
    assert regsim("bench", "out", "--executor", "serial", "-q").code == 0
    manifest = json.loads(Path("out/manifest.json").read_text())
    Path("out/manifest.json").write_text(json.dumps(manifest | {"seed": 8}))
    again = regsim("rerun", "out", "--executor", "serial", "--json", "-q")
    assert again.code == 99
    assert json.loads(again.out)["equal"] is False
    moved = regsim("bench", "out", "--executor", "serial", "-q")
    assert moved.code == 99
    assert "deploy_latency_s.p50" in moved.out


PRECISE = ("--precision", "60 %", "--runs", "60", "--executor", "serial", "--store", "runs", "--out", "out")


@pytest.mark.usefixtures("no_flips")
def test_compare_adds_runs(regsim: Ask, small: str) -> None:
    """With a precision as many runs as it takes, of which the store knows every one."""
    assert regsim("compare", small, *PRECISE, "--gains", "0").code == 0
    runs = json.loads(Path("out/compare.json").read_text())["runs"]
    assert 8 <= runs <= 60
    assert len([*Path("runs").rglob("*.json")]) >= 2 * runs
    assert set(pq.read_table("out/metrics.parquet").column("run").to_pylist()) == {*range(runs)}


@pytest.mark.usefixtures("no_flips")
def test_compare_varies_assumptions(regsim: Ask, small: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each assumption at both ends of its range, with the runs that were made for the comparison."""
    some = ("central.request_time", "policies.sync.delay")
    monkeypatch.setattr(
        "sim.experiment.assumptions.examination.assumed",
        lambda scenario: [one for one in assumed(scenario) if one.name in some],
    )
    words = ("compare", small, "--runs", "3", "--gains", "0", "--assumptions", "--executor", "serial")
    answer = regsim(*words, "--store", "runs")
    assert answer.code == 0
    assert "2 assumptions, each at both ends of its range, 3 runs a variant:" in answer.out
    # Two variants, as they are and at four ends, three times each.
    assert len([*Path("runs").rglob("*.json")]) == 2 * (1 + 4) * 3


@pytest.mark.slow
def test_compare_adds_runs_and_varies_assumptions(regsim: Ask, small: str) -> None:
    """With a precision as many runs as it takes; each assumption at both ends of its range, from one store."""
    answer = regsim("compare", small, *PRECISE, "--assumptions")
    assert answer.code == 0
    runs = json.loads(Path("out/compare.json").read_text())["runs"]
    assert 8 <= runs <= 60
    assert f"assumptions, each at both ends of its range, {runs} runs a variant:" in answer.out
    assert pq.read_table("out/metrics.parquet").num_rows > 0
