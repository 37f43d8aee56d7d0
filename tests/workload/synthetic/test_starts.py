"""Starts of what is there: scale-outs of other streams' apps, starts of own ones, and nodes that are replaced."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import sim
from sim.scenario import Scenario
from sim.streams import Streams
from sim.workload.demand import BY_DIGEST, Demand
from sim.workload.synthetic import generate

DOCUMENT: dict[str, Any] = {
    "run": {"duration": "24 h"},
    "topology": {"shape": "star"},
    "nodes": {"n": {"count": 4}},
    "clients": {"dev": {"count": 3}, "ops": {"count": 2}},
    "images": {"app": {"kernel": "10 MB", "rootfs": "1 MB"}},
    "demand": {"rate": "2000/day", "apps": 30, "popularity": 0.0},
}
PUSHES = {"demand.streams.pushes": {"apps": 30}}
MORE = {
    "demand.streams.more": {"kind": "starts", "of": "pushes", "rate": "1000/day", "nodes": 3, "reference": "digest"}
}


def ring(client: int, count: int, app_draw: float, draw: float) -> Sequence[int]:
    """The nodes that an app keeps: neighbours among four, from the one that its own draw names."""
    return [(int(app_draw * 4) + at) % 4 for at in range(count)]


def made(**overrides: Any) -> Demand:
    return generate.demand(Scenario.from_document(DOCUMENT, overrides=overrides), Streams(1), ring)


def of_stream(demand: Demand, name: str) -> Any:
    assert demand.stream is not None
    return demand.stream == demand.stream_names.index(name)


def test_starts_are_of_another_streams_apps_beside_their_nodes() -> None:
    """About 1000 starts, of all 30 apps that are there at the start, on three nodes beside the one that each has."""
    demand = made(**PUSHES, **MORE)
    more = of_stream(demand, "more")
    assert abs(more.sum() - 1000) < 4 * math.sqrt(1000)
    assert demand.pushes is not None
    assert np.array_equal(demand.pushes, ~more)
    assert set(demand.app[more].tolist()) == set(range(30))
    assert demand.beside is not None
    assert demand.nodes is not None
    assert set(zip(more.tolist(), demand.beside.tolist(), demand.nodes.tolist(), strict=True)) == {
        (False, 0, 1), (True, 1, 3),
    }  # fmt: skip
    assert demand.by_digest is not None
    assert np.array_equal(demand.by_digest, np.where(more, BY_DIGEST["digest"], BY_DIGEST["client"]))


def test_starts_come_from_the_clients_of_their_apps() -> None:
    """An app of dev's is started in dev's hours, from the host that owns it: no column says another."""
    demand = made(**PUSHES, **MORE, **{"demand.streams.pushes.clients": {"dev": 3, "ops": 1}})
    more = of_stream(demand, "more")
    assert demand.client is None
    from_dev = (demand.app_client[demand.app[more]] < 3).mean()
    assert abs(from_dev - 0.75) < 4 * math.sqrt(0.75 * 0.25 / more.sum())


def test_starts_of_apps_of_their_own_start_all_of_them() -> None:
    """Alone, `kind = "starts"` starts images that are there and pushes nothing: beside their nodes, or on these."""
    demand = made(**{"demand.kind": "starts"})
    assert demand.pushes is not None
    assert not demand.pushes.any()
    assert demand.update.all()
    assert demand.app.max() < 30
    assert demand.beside is not None
    assert set(demand.beside.tolist()) == {1}
    assert made(**{"demand.kind": "starts", "demand.starts_on": "same-nodes"}).beside is None


def test_a_replaced_nodes_instances_start_on_the_next_ones() -> None:
    """Of 30 apps each runs on the node that its draw names; when that goes it starts once more, beside it."""
    demand = made(**PUSHES, **{"demand.streams.gone": {"kind": "replacements", "rate": "2/day per node"}})
    gone = of_stream(demand, "gone")
    assert demand.beside is not None
    assert set(demand.beside[gone].tolist()) == {1}
    known = demand.app[gone] < 30
    runs_on = {app: int(demand.app_draw[app] * 4) for app in range(len(demand.app_draw))}
    times = sorted(set(demand.at_s[gone].tolist()))
    assert 0 < len(times) < 8 + 4 * math.sqrt(8)
    for at_s in times:
        moved = set(demand.app[gone & (demand.at_s == at_s)].tolist())
        (node,) = {runs_on[app] for app in moved}
        there = set(demand.app[(demand.at_s < at_s) & ~gone].tolist()) | set(range(30))
        assert moved == {app for app in there if runs_on[app] == node}
    assert known.any()


def test_nothing_runs_before_its_first_deploy_where_nothing_is_warm() -> None:
    """Not warm, only what was deployed before is moved."""
    gone = {"kind": "replacements", "rate": "2/day per node"}
    demand = made(**PUSHES, **{"demand.streams.gone": gone, "demand.warm": False, "demand.rate": "20/day"})
    moved = of_stream(demand, "gone")
    assert moved.any()
    for at_s, app in zip(demand.at_s[moved].tolist(), demand.app[moved].tolist(), strict=True):
        assert ((demand.app == app) & ~moved & (demand.at_s <= at_s)).any()


def test_an_instance_that_is_placed_anew_avoids_the_node_that_goes() -> None:
    """Where each start draws its node, the draw of a replacement is one that names another node."""

    def anywhere(client: int, count: int, app_draw: float, draw: float) -> Sequence[int]:
        return [(int(draw * 4) + at) % 4 for at in range(count)]

    overrides = {**PUSHES, "demand.streams.gone": {"kind": "replacements", "rate": "5/day per node"}}
    demand = generate.demand(Scenario.from_document(DOCUMENT, overrides=overrides), Streams(1), anywhere)
    gone = of_stream(demand, "gone")
    assert gone.any()
    for at_s in set(demand.at_s[gone].tolist()):
        at = gone & (demand.at_s == at_s)
        left = set()
        for app in demand.app[at].tolist():
            before = np.flatnonzero((demand.app == app) & ~gone & (demand.at_s <= at_s))
            draw = demand.place_draw[before[-1]] if len(before) else demand.app_draw[app]
            left.add(int(draw * 4))
        (node,) = left
        for draw in demand.place_draw[at].tolist():
            assert anywhere(0, 2, 0.0, draw)[1] != node


def test_who_replaces_nodes_must_say_where_deploys_start() -> None:
    """Without that, nobody knows what runs on a node."""
    overrides = {**PUSHES, "demand.streams.gone": {"kind": "replacements", "rate": "1/day"}}
    with pytest.raises(ValueError, match="where deploys start"):
        generate.demand(Scenario.from_document(DOCUMENT, overrides=overrides), Streams(1))


@pytest.mark.parametrize("placement", ["sticky", "spread"])
def test_a_run_moves_what_ran_on_the_nodes_that_went(placement: str) -> None:
    """In a run each moved instance starts on one node, another than its app had; it pulls what that one lacks."""
    overrides = {
        **PUSHES, "demand.streams.gone": {"kind": "replacements", "rate": "3/day per node"},
        "policies.placement": placement, "demand.rate": "100/day", "policies.route": "node-direct",
    }  # fmt: skip
    result = sim.run(Scenario.from_document(DOCUMENT, overrides=overrides))
    streams = result.tables["streams"]
    named = dict(zip(streams.column("deploy").tolist(), streams.column("stream"), strict=True))
    deploys = result.deploys.set_index("deploy")
    starts = result.starts.sort_values("asked_s")
    moved = 0
    for row in starts[starts.deploy.map(named) == "gone"].itertuples():
        repository = deploys.repository[row.deploy]
        before = [
            other.node
            for other in starts[starts.asked_s < deploys.asked_s[row.deploy]].itertuples()
            if deploys.repository[other.deploy] == repository and named[other.deploy] == "pushes"
        ]
        if before:
            moved += 1
            assert row.node != before[-1]
    assert moved > 20
    gone = deploys[[named[deploy] == "gone" for deploy in deploys.index]]
    assert set(gone.route) == {"start"}
    assert set(gone.nodes) == {1}
    assert not gone.failed.any()
    assert gone.pulled_bytes.sum() > 0 == gone.pushed_bytes.sum()
