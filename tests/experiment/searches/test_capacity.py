"""The smallest link that meets a target, on scenarios of which the answer is known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.errors import InputError
from sim.experiment.axes import ranged
from sim.experiment.rerun import recorded, rerun
from sim.experiment.searches.capacity import Capacity, capacity
from sim.report import saving
from sim.report.capacity import text_table
from sim.scenario import Scenario
from sim.scenario.model.thresholds import threshold

#: Pushes of one blob of 10 MB arrive by Poisson at a node whose link is all that takes time: processor sharing.
SHARED: Mapping[str, Any] = {
    "run": {"duration": "600 s"},
    "topology": {"shape": "star"},
    "nodes": {
        "n": {"rtt": "2 us", "capacity": "16 MB/s", "request_time": "1 us", "workers": 1000, "disk": "1000 GB/s",
              "window": "1 GB"},
    },
    "clients": {
        "ci": {"count": 5, "rtt": "2 us", "up": "1000 Gbit/s", "down": "1000 Gbit/s", "profile": "skopeo",
               "window": "1 GB"},
    },
    "images": {"rom": {"rootfs": "10 MB", "config": "10 B"}},
    "demand": {"apps": 0, "updates": 0.0, "rate": "1/s"},
    "policies": {"route": "node-direct", "sync": {"to_central": "never"}, "tags": {"check": "absent"}},
}  # fmt: skip
SIZE_BYTES, RATE_PER_S = 10e6, 1.0


def alone_s() -> float:
    """What a push takes beside its transfer, from one that meets no other."""
    changes = {"demand.rate": "1/h", "demand.arrivals": "even", "run.duration": "1 h"}
    result = sim.run(Scenario.from_document(SHARED, "alone", changes))
    return float(result.metrics["deploy_latency_s.mean"]) - SIZE_BYTES / 16e6


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_it_finds_what_processor_sharing_says(seed: int) -> None:
    """Mean time x / (C - rate x) (Kleinrock 1967) is 1.5 s at C = rate x + x / 1.5; the interval has that inside."""
    scenario = Scenario.from_document(SHARED, "shared")
    wanted = threshold(f"deploy_latency_s.mean < {alone_s() + 1.5!r} s")
    axis = ranged("nodes.n.capacity=12 MB/s..40 MB/s", scenario)
    found = capacity(scenario, axis, [wanted], seed=seed, runs=20, executor="serial")
    assert found.answer == "found"
    assert found.smallest
    assert found.low <= (RATE_PER_S * SIZE_BYTES + SIZE_BYTES / 1.5) / 1e6 <= found.high
    assert found.high - found.low < 8
    assert found.bound_by is not None
    assert found.bound_by[0] == "hub-n-down"


@pytest.fixture(scope="module")
def small(scenario: Scenario) -> Capacity:
    """The smallest client uplink at which 95 % of deploys through central are ready within 5 s."""
    axis = ranged("clients.dev.up=10 Mbit/s..1 Gbit/s", scenario)
    wanted = [threshold("deploy_latency_s.p95 < 5 s")]
    return capacity(scenario, axis, wanted, variant="central", runs=10, within=0.3, executor="serial")


def test_what_is_missed_lies_below_and_what_is_met_above(small: Capacity) -> None:
    """The interval's ends are the nearest points that miss and that meet; the sentence names both and what binds."""
    labels = {point.number: point.label for point in small.points}
    assert (labels[small.low], labels[small.high]) == ("missed", "met")
    assert all(label == "missed" for number, label in labels.items() if number < small.low)
    assert all(label == "met" for number, label in labels.items() if number > small.high)
    assert small.high / small.low <= 1.3 + 1e-9 or "undecided" in labels.values()
    assert small.verdict.startswith("the smallest clients.dev.up that meets the thresholds is between ")
    assert "central: deploy_latency_s.p95 < 5 s" in small.verdict


@pytest.mark.slow
def test_what_was_found_is_written_whole_and_made_again(small: Capacity, tmp_path: Path) -> None:
    """Document, plot and manifest; from the manifest every run comes out the same, bit for bit."""
    saving.save(small, tmp_path, "capacity")
    assert {path.name for path in tmp_path.iterdir()} == {
        "capacity.json", "capacity.png", "capacity.svg", "manifest.json", "metrics.parquet",
        "runs.parquet", "question.json",
    }  # fmt: skip
    document = json.loads((tmp_path / "capacity.json").read_text())
    assert (document["low"], document["high"], document["unit"]) == (small.low, small.high, "Mbit/s")
    assert document["binding"] == "deploy_latency_s.p95"
    again = rerun(recorded(tmp_path), "serial")
    assert len(again.outcomes) == small.runs
    assert again.differing == ()


@pytest.mark.parametrize(
    ("limit", "answer", "words"),
    [("1 ms", "missed everywhere", "no value of"), ("10 h", "met everywhere", "every value of")],
)
def test_a_target_out_of_reach_is_said_so(limit: str, answer: str, words: str, scenario: Scenario) -> None:
    """When both ends miss, or both meet, there is nothing to narrow."""
    axis = ranged("clients.dev.up=10 Mbit/s..1 Gbit/s", scenario)
    found = capacity(scenario, axis, [threshold(f"deploy_latency_s.p50 < {limit}")], runs=20, executor="serial")
    assert found.answer == answer
    assert found.verdict.startswith(words)
    assert len(found.points) == 2


@pytest.mark.slow
def test_the_largest_load_is_found_as_well(scenario: Scenario) -> None:
    """Of a round trip less is better: the largest lies between one that meets the target and one that misses it."""
    axis = ranged("clients.dev.rtt=1 ms..10 s", scenario)
    found = capacity(
        scenario, axis, [threshold("deploy_latency_s.p50 < 10 s")], variant="central", runs=10, within=0.3,
        executor="serial",
    )  # fmt: skip
    labels = {point.number: point.label for point in found.points}
    assert not found.smallest
    assert (labels[found.low], labels[found.high]) == ("met", "missed")


@pytest.fixture
def two_nodes(document: dict[str, Any]) -> Scenario:
    """The second node of each deploy waits for the copy at central."""
    document["demand"]["nodes"] = 2
    return Scenario.from_document(document, "small")


def test_no_threshold_is_met_by_failing(two_nodes: Scenario) -> None:
    """Bytes stay below any limit where deploys fail; a delay of 120 s, beyond patience, is missed all the same."""
    axis = ranged("policies.sync.delay=5 s..120 s", two_nodes)
    wanted = [threshold("pull_bytes < 1 TB")]
    found = capacity(two_nodes, axis, wanted, variant="node-direct", within=0.3, executor="serial")
    assert (found.answer, found.points[-1].label, found.points[-1].failing) == ("found", "missed", ("node-direct",))
    assert found.low < 60 < found.high + 20
    first, *_ = found.verdict.split("\n")
    assert first.endswith("deploys failed: not at central within 60 s")
    assert "; what binds is that deploys fail, of node-direct not at central within 60 s." in found.verdict
    assert "node-direct: failed" in text_table(found)[0]
    document = found.to_json()
    assert document["points"][-1]["failing"] == ["node-direct"]
    assert document["points"][-1]["failures"]["node-direct"]["failed"] > 100
    assert document["failing"] == ["node-direct"]


@pytest.mark.parametrize(("until", "allow"), [("pull_bytes < 1 TB", True), ("failed_deploys < 1000", False)])
def test_failures_may_be_allowed_or_bounded_by_a_threshold(until: str, allow: bool, two_nodes: Scenario) -> None:
    """Asked so, bytes alone decide; whoever says how many may fail is taken at that word."""
    axis = ranged("policies.sync.delay=5 s..120 s", two_nodes)
    found = capacity(
        two_nodes, axis, [threshold(until)], variant="node-direct", executor="serial", allow_failures=allow
    )  # fmt: skip
    assert found.answer == "met everywhere"


def test_a_value_that_makes_no_scenario_is_told(scenario: Scenario) -> None:
    """The fault names the key and the value."""
    axis = ranged("nodes.n.nothing=1..9", scenario)
    with pytest.raises(InputError, match=r"nodes\.n\.nothing"):
        capacity(scenario, axis, [threshold("deploy_latency_s.p50 < 1 s")], executor="serial")


def test_with_a_rate_per_node_capacity_is_a_number_of_nodes() -> None:
    """One push of 10 MB an hour for each node: five nodes push less than 55 MB in an hour, six push more."""
    changes = {"demand.rate": "1/h per node", "demand.arrivals": "even", "run.duration": "1 h"}
    scenario = Scenario.from_document(SHARED, "nodes", changes)
    axis = ranged("nodes.n.count=1..40", scenario)
    found = capacity(scenario, axis, [threshold("push_bytes < 55 MB")], seed=1, runs=2, executor="serial")
    assert (found.answer, found.smallest, found.low, found.high) == ("found", False, 5, 6)
