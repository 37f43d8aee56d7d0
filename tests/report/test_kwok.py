"""Delays of pulls per image and node, as Stages that KWOK takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import sim
from sim import cli
from sim.report.kwok import stages
from sim.scenario import Scenario

#: 1 MB at 1 MB/s down each node's line, one request at a time, from a central next to them.
ASKED: dict[str, Any] = {
    "run": {"duration": "1 h"},
    "topology": {"shape": "star"},
    "central": {"rtt": "0 s", "first_byte": "0 s", "request_time": "0.1 ms", "tls": False, "anonymous": True},
    "nodes": {"n": {"count": 2, "capacity": "8 Mbit/s", "rtt": "0 s"}},
    "clients": {"dev": {"up": "8 Gbit/s", "rtt": "0 s"}},
    "images": {"app": {"rootfs": "1 MB", "boot": "1 s"}},
    "demand": {"table": "time,client,app,nodes\n0,dev,shop,2\n600,dev,shop,2\n"},
    "policies": {"create": "at-once"},
}


def asked(**changes: Any) -> Scenario:
    return Scenario.from_document(ASKED, overrides={key.replace("__", "."): value for key, value in changes.items()})


def test_a_delay_is_what_pulls_took_on_that_node() -> None:
    """Each of two nodes pulls 1 MB twice at 1 MB/s: a second and hardly more, alike each time, without the boot."""
    items = stages(sim.run(asked()))["items"]
    assert [each["metadata"]["annotations"] for each in items] == [
        {"regsim/image": "app", "regsim/node": node, "regsim/pulls": "2"} for node in ("n1", "n2")
    ]
    for each in items:
        delay = each["spec"]["delay"]
        assert 1000 <= delay["durationMilliseconds"] <= delay["jitterDurationMilliseconds"] <= 1020


def test_a_uniform_delay_has_the_mean_and_the_deviation_of_the_pulls() -> None:
    """Where the second app's image is 3 MB, pulls take 1 and 3 s: a mean of 2 s and a deviation of 1 s, so that KWOK
    draws from 2 s less and more the square root of 3."""
    table = "time,client,app,rootfs\n0,dev,shop,1 MB\n600,dev,shop,3 MB\n"
    (only,) = stages(sim.run(asked(nodes__n__count=1, demand__table=table)))["items"]
    delay = only["spec"]["delay"]
    assert delay["durationMilliseconds"] == pytest.approx(2000 - 1732, abs=20)
    assert delay["jitterDurationMilliseconds"] == pytest.approx(2000 + 1732, abs=20)


def test_a_stage_is_for_the_pods_of_one_image_on_one_node() -> None:
    """What matches is the node that a pod is on and its container's image; what misses its image is no delay."""
    first = stages(sim.run(asked()))["items"][0]
    chosen = {rule["key"]: rule.get("values") for rule in first["spec"]["selector"]["matchExpressions"]}
    assert (first["kind"], first["apiVersion"]) == ("Stage", "kwok.x-k8s.io/v1alpha1")
    assert chosen[".spec.nodeName"] == ["n1"]
    assert chosen[".spec.containers.[].image"] == ["app"]
    never = asked(policies__sync__to_nodes="never")
    assert stages(sim.run(never))["items"] == []


def test_the_verb_writes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`run --kwok FILE` writes a list that is JSON, and says where it cannot."""
    target = tmp_path / "stages.json"
    command = ["regsim", "run", "metros", "--set", "demand.rate=50/day", "--quiet", "--engine", "reference"]
    monkeypatch.setattr("sys.argv", [*command, "--kwok", str(target)])
    assert cli.main() == 0
    written = json.loads(target.read_text())
    assert (written["kind"], {item["kind"] for item in written["items"]}) == ("List", {"Stage"})
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("sys.argv", [*command, "--kwok", str(tmp_path / "file" / "stages.json")])
    assert cli.main() == 2
    assert "file" in capsys.readouterr().err
