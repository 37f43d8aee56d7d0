"""Deploys across sites in a world worked out in the head, and deploys that start elsewhere than they were pushed to."""

from __future__ import annotations

from typing import Any

import pytest

from sim.scenario import Scenario
from tests.world.small import App, Deploy, demand, play, scenario


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
    with pytest.raises(Exception, match="scenario: nodes: all weights are 0; give one of them a weight above 0"):
        scenario(nodes__n__weight=0)
