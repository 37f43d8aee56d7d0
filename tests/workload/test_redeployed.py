"""A log's pushes by the policies: what travels by each route, in the small world, and what was there before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import sim
from sim.errors import InputError
from sim.scenario import Scenario
from sim.streams import Streams
from sim.workload import redeployed
from sim.workload import replay as logs
from sim.workload.demand import Demand
from tests.protocol.small import MB
from tests.protocol.small import scenario as small

HEAD = "at_s,op,client,count,repository,tag,blobs\n"
#: Two versions of one image that share a kernel of 3 MB, pulled five times in between, and another image.
LOG = (
    HEAD + "0,push,builder,1,shop,v1,kernel=3000000 rootfs-1=1000000 config-1=1000\n"
    "60,pull,edge,5,shop,v1,\n"
    "100,push,builder,1,shop,v2,kernel=3000000 rootfs-2=2000000 config-2=1000\n"
    "200,push,ops,1,blog,v1,rootfs-3=1000000 config-3=1000\n"
)


def scenario(folder: Path, log: str = LOG, **changes: Any) -> Scenario:
    """The log in the small world of two nodes and two clients, its pushes by the policies."""
    (folder / "log.csv").write_text(log)
    replay = {"log": "log.csv", "route": "policies", **changes.pop("replay", {})}
    given = {"nodes": 2, "clients": 2, "run__duration": "1 h", **changes}
    document = small(**given).document
    return Scenario.from_document(document, str(folder / "x.toml"), {"demand.replay": replay})


def demand(chosen: Scenario) -> Demand:
    return redeployed.demand(chosen, logs.source(chosen), Streams(1))


@pytest.mark.parametrize(
    ("route", "sent"),
    [
        ("central", {"push": 7, "pull": 7, "sync": 0}),
        ("node-direct", {"push": 7, "pull": 0, "sync": 7}),
        ("both", {"push": 14, "pull": 0, "sync": 0}),
    ],
)
def test_two_routes_differ_on_the_same_pushes(tmp_path: Path, route: str, sent: dict[str, int]) -> None:
    """Layers of 4, 2 and 1 MB are pushed, then pulled from central, copied there, or pushed twice."""
    result = sim.run(scenario(tmp_path, policies__route=route))
    assert result.deploys["asked_s"].tolist() == [0.0, 100.0, 200.0]
    assert result.deploys["repository"].tolist() == ["shop", "shop", "blog"]
    assert result.deploys["update"].tolist() == [False, True, False]
    layers = result.transfers[result.transfers["content"] != "metadata"]
    moved = {purpose: int(layers[layers["purpose"] == purpose]["size_bytes"].sum()) for purpose in sent}
    assert moved == {purpose: of_layers * MB for purpose, of_layers in sent.items()}
    assert (result.deploys["route"] == route).all()


def test_routes_under_a_log_no_longer_tie(tmp_path: Path) -> None:
    """As logged two routes are one question and the rows are equal; by the policies straight to the node is faster."""
    as_logged = {"route": "logged"}
    rows = {
        (how, route): sim.run(
            scenario(tmp_path, policies__route=route, replay=as_logged if how == "logged" else {})
        )
        for how in ("logged", "policies")
        for route in ("central", "node-direct")
    }  # fmt: skip
    assert rows["logged", "central"].digest == rows["logged", "node-direct"].digest
    slower, faster = (rows["policies", route].metrics["deploy_latency_s.p50"] for route in ("central", "node-direct"))
    assert faster < slower - 3.0  # without a pull of 2 MB from central at 1 MB/s, and its requests


def test_fan_outs_and_placements_apply(tmp_path: Path) -> None:
    """On two nodes each, pushed to both at once by push-each: 14 MB of layers, and nothing pulled."""
    result = sim.run(
        scenario(
            tmp_path, policies__route="node-direct", policies__fanout="push-each", policies__placement="nearest",
            demand__nodes=2,
        )
    )  # fmt: skip
    assert len(result.starts) == 6
    assert result.metrics["pull_bytes"] == 0
    assert result.metrics["push_bytes"] > 14 * MB


def test_what_was_pushed_before_the_window_is_there(tmp_path: Path) -> None:
    """From 50 s on the shop is known, with its kernel at central and on its node, so that only 2 MB are sent."""
    chosen = scenario(tmp_path, replay={"since": "1970-01-01T00:00:50Z"}, policies__route="node-direct")
    asked = demand(chosen)
    assert (asked.at_s.tolist(), asked.known_apps, asked.update.tolist()) == ([50.0, 150.0], 1, [True, False])
    assert asked.rootfs_bytes is not None
    assert asked.rootfs_bytes.tolist() == [2 * MB, 1 * MB]
    result = sim.run(chosen)
    assert result.deploys["saved_bytes"].tolist() == [3 * MB, 0]


def test_a_route_by_size_sees_what_a_push_would_send(tmp_path: Path) -> None:
    """Below 3 MB straight to the node: the first push of 4 MB goes to central, the update's new 2 MB do not."""
    chosen = scenario(tmp_path, policies__route={"name": "direct-below", "size": "3 MB"})
    assert sim.run(chosen).deploys["route"].tolist() == ["central", "node-direct", "node-direct"]


def test_a_log_without_a_push_is_refused(tmp_path: Path) -> None:
    """In a window of pulls there is nothing to deploy."""
    chosen = scenario(
        tmp_path, replay={"since": "1970-01-01T00:00:50Z", "until": "1970-01-01T00:01:30Z"},
    )  # fmt: skip
    with pytest.raises(InputError, match=r"no push falls into the window; widen demand\.replay\.since"):
        sim.run(chosen)


def test_a_node_deploys_nothing(tmp_path: Path) -> None:
    """A push whose origin is a group of nodes is refused by name."""
    chosen = scenario(tmp_path, replay={"origins": {"all": {"addresses": "builder", "group": "n"}}})
    with pytest.raises(InputError, match="the log has a push from n1, which is a node"):
        sim.run(chosen)


def test_keys_of_a_logged_replay_are_idle(tmp_path: Path) -> None:
    """With routes of the policies it is what pulls do as logged that has no effect, and routes have one."""
    chosen = scenario(tmp_path, replay={"start": "1 s"}, policies__route="node-direct")
    assert [str(each).partition(": ")[2] for each in chosen.warnings] == [
        "demand.replay.start: has no effect: nobody pulls as it was logged, demand.replay.route is policies"
    ]
