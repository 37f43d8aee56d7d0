"""Deploys across sites in a world worked out in the head, and deploys that start elsewhere than they were pushed to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sim.errors import InputError
from sim.scenario import Scenario
from sim.streams import Streams
from sim.workload.synthetic import generate

from .small import MB, App, Deploy, Seen, demand, exactly, play, scenario


def sites(**changes: Any) -> Scenario:
    """One node each at home (10 ms from the hub), far (200 ms) and near (50 ms), in this order."""
    own = {key: value for key, value in scenario().document["nodes"]["n"].items() if key != "count"}
    return scenario(
        sites={"home": {}, "far": {}, "near": {}},
        central__site="far",
        clients__dev__site="home",
        **{
            "nodes__n__site": "home", "nodes__n__delay": "10 ms",
            "nodes__n-far": {**own, "site": "far", "delay": "200 ms"},
            "nodes__n-near": {**own, "site": "near", "delay": "50 ms"},
            **changes,
        },
    )  # fmt: skip


def pushed_to(chosen: Scenario, draw: float = 0.0) -> tuple[list[str], list[str]]:
    """The registries that one deploy's bodies were pushed to, and the nodes on which it started."""
    seen = play(chosen, demand([Deploy(0.0)], [App(draw=draw)]))
    assert [row["reason"] for row in seen.deploys()] == [""]
    targets = dict.fromkeys(target for _, _, target, *_ in seen.bodies("push"))
    return list(targets), [row["node"] for row in seen.rows("starts")]


@pytest.mark.parametrize("fanout", ["sync-then-pull", "peer", "push-each"])
@pytest.mark.parametrize("route", ["central", "node-direct", "both"])
@pytest.mark.parametrize("name", ["one-per-site", "nearest", "weighted", {"name": "n-per-site", "n": 1}])
def test_every_route_and_fanout_works_with_every_placement(name: Any, route: str, fanout: str) -> None:
    """Three instances start on the three nodes; what is pushed straight goes to the nearest, or to all by push-each."""
    chosen = sites(policies__placement=name, policies__route=route, policies__fanout=fanout, demand__nodes=3)
    targets, started = pushed_to(chosen)
    assert set(started) == {"n", "n-near", "n-far"}
    straight = {"n", "n-near", "n-far"} if fanout == "push-each" else {"n"}
    expected = {"central": {"central"}, "node-direct": straight, "both": {"central", *straight}}
    assert set(targets) == expected[route]


def test_the_push_goes_to_the_nearest_of_the_nodes_that_weights_chose() -> None:
    """Only the far and the near node weigh something: both start the image, and the near one is pushed to."""
    chosen = sites(
        policies__placement="weighted", policies__route="node-direct", demand__nodes=2, **{"nodes__n__weight": 0}
    )
    for draw in (0.1, 0.9):
        targets, started = pushed_to(chosen, draw)
        assert targets == ["n-near"]
        assert set(started) == {"n-near", "n-far"}


def test_nearest_counts_the_round_trip_from_the_client() -> None:
    """Without the node at home at 10 ms the one at 50 ms is next, wherever it stands in the file."""
    chosen = sites(policies__placement="nearest", policies__route="node-direct", demand__nodes=1)
    assert pushed_to(chosen) == (["n"], ["n"])
    slower = sites(
        policies__placement="nearest",
        policies__route="node-direct",
        demand__nodes=1,
        **{"nodes__n__delay": "60 ms"},
    )
    assert pushed_to(slower) == (["n-near"], ["n-near"])


def test_weights_of_nothing_are_refused() -> None:
    """Some node must weigh something."""
    with pytest.raises(InputError, match="scenario: nodes: all weights are 0; give one of them a weight above 0"):
        scenario(nodes__n__weight=0)


def elsewhere(chosen: Scenario, draw: float = 0.0) -> Seen:
    """One deploy that the platform starts on another node than the one that was chosen."""
    return play(chosen, replace(demand([Deploy(0.0)], [App(draw=draw)]), elsewhere=np.array([True])))


@pytest.mark.parametrize(
    ("route", "fanout", "pushed", "pulled_from"),
    [
        ("central", "sync-then-pull", {"central"}, {"central"}),
        ("node-direct", "sync-then-pull", {"n1"}, {"central"}),
        ("node-direct", "peer", {"n1"}, {"n1"}),
        ("node-direct", "push-each", {"n1"}, {"central"}),
        ("both", "sync-then-pull", {"central", "n1"}, {"central"}),
        ("both", "peer", {"central", "n1"}, {"n1"}),
    ],
)
def test_who_is_pushed_to_is_not_who_starts(route: str, fanout: str, pushed: set[str], pulled_from: set[str]) -> None:
    """An application of node 1 starts on node 2, by each route; node 2 pulls what it lacks as the fan-out says."""
    seen = elsewhere(scenario(nodes=3, policies__route=route, policies__fanout=fanout, policies__elsewhere=1.0))
    assert [row["failed"] for row in seen.deploys()] == [False]
    assert {target for _, _, target, *_ in seen.bodies("push")} == pushed
    assert [row["node"] for row in seen.rows("starts")] == ["n2"]
    assert {source for _, source, *_ in seen.bodies("pull")} == pulled_from


def test_a_start_elsewhere_waits_for_the_sync() -> None:
    """Pushed to node 1, started on node 2: what takes longer is the 7 s of the sync's delay, its copy and the pull."""
    chosen = scenario(nodes=2, policies__route="node-direct", policies__sync__delay="7 s", policies__elsewhere=1.0)
    there = play(chosen, demand([Deploy(0.0)])).deploys()[0]
    away = elsewhere(chosen).deploys()[0]
    assert there["push_s"] == exactly(away["push_s"])
    copied = elsewhere(chosen).rows("syncs")[0]
    assert copied["started_s"] - copied["published_s"] >= 7.0
    # Central has it when it is copied; the node then pulls 4 MB at 1 MB/s and boots.
    assert away["latency_s"] > copied["committed_s"] + 4.0
    assert there["latency_s"] < copied["started_s"]


def test_of_several_instances_one_starts_elsewhere() -> None:
    """Pushed to each of nodes 1 and 2, started on 3 and 2: node 3 pulls the 4 MB and their metadata, node 2 nothing."""
    chosen = scenario(
        nodes=3, policies__route="node-direct", policies__fanout="push-each", policies__elsewhere=1.0, demand__nodes=2
    )
    seen = elsewhere(chosen)
    assert {row["node"] for row in seen.rows("starts")} == {"n2", "n3"}
    assert {target for _, _, target, *_ in seen.bodies("pull")} == {"n3"}
    assert sum(size for *_, size in seen.bodies("pull")) == 4 * MB + 10_000


def test_the_share_that_starts_elsewhere_is_the_one_that_is_written() -> None:
    """Of some 1,000 deploys 20 % start on the node beside the application's own, within four standard deviations."""
    chosen = scenario(nodes=2, policies__route="node-direct", policies__elsewhere=0.2, demand__rate="1000/day")
    asked = generate.demand(chosen, Streams(1))
    assert asked.elsewhere is not None
    n = len(asked)
    assert abs(int(asked.elsewhere.sum()) - 0.2 * n) < 4 * (0.2 * 0.8 * n) ** 0.5
    assert generate.demand(scenario(nodes=2), Streams(1)).elsewhere is None


def test_elsewhere_needs_another_node() -> None:
    """With as many nodes as a deploy starts on there is no elsewhere."""
    problem = "needs a node more than a deploy starts on, got 2 nodes for deploys on 2; add nodes or lower it to 0"
    with pytest.raises(InputError, match=f"scenario: policies.elsewhere: {problem}"):
        scenario(nodes=2, policies__elsewhere=0.5, demand__nodes=2)
