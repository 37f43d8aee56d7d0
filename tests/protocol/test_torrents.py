"""Layers in pieces from other nodes, in the world: what moves is written down, and breaks are told.

Lines carry 1 MB/s.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import sim

from . import shipped
from .small import MB, App, Deploy, Seen, demand, play, scenario

pytestmark = pytest.mark.integration

ROM = [App(kind=1)]


def swarm(**figures: Any) -> dict[str, Any]:
    """Kraken's rule with pieces of 20 kB, and whatever else is given."""
    return {"policies__source": {"name": "swarm", "piece": "20 kB"} | figures}


def received(seen: Seen) -> Counter[str]:
    """Bytes of the rootfs that each node received in pulls."""
    got: Counter[str] = Counter()
    for kind, _, target, _, _, size_bytes in seen.bodies("pull"):
        if kind == "rootfs":
            got[target] += size_bytes
    return got


def test_nodes_give_what_they_have_so_far() -> None:
    """Four nodes start at once: each receives the rootfs in whole pieces, and most of it is not central's to send."""
    seen = play(scenario(nodes=4, demand__nodes=4, **swarm()), demand([Deploy(0.0)], apps=ROM))
    assert not any(row["failed"] for row in seen.deploys())
    got = received(seen)
    assert sorted(got) == ["n1", "n2", "n3", "n4"]
    assert all(MB <= size_bytes < 2 * MB and size_bytes % 20_000 == 0 for size_bytes in got.values())
    sent = Counter[str]()
    for kind, source, _, _, _, size_bytes in seen.bodies("pull"):
        if kind == "rootfs":
            sent[source] += size_bytes
    assert sum(size_bytes for name, size_bytes in sent.items() if name != "central") > MB
    assert all(seen.has_image(node, 0) for node in seen.registries[1:])


def test_a_crowd_is_served_sooner_than_by_central_alone() -> None:
    """Eight nodes at a central that sends 1 MB/s: alone it takes 8 s, with their help far less."""
    plain = play(scenario(nodes=8, demand__nodes=8), demand([Deploy(0.0)], apps=ROM))
    helped = play(
        scenario(nodes=8, demand__nodes=8, **swarm()),
        demand([Deploy(0.0)], apps=ROM),
    )
    took = [seen.deploys()[0]["pull_s"] for seen in (plain, helped)]
    assert took[0] > 8.0
    assert took[1] < 0.8 * took[0]


def test_a_fetch_goes_on_when_its_line_is_back() -> None:
    """The node's line is down for a while in the middle: the start waits, and has the image in the end."""
    faults = {"faults__cut": {"kind": "link-down", "target": "hub-n", "at": "6.2 s", "lasts": "10 s"}}
    figures = swarm(ban="1 s", announce="1 s", first_announce="1 s")
    chosen = scenario(policies__route="central", **figures)
    calm = play(chosen, demand([Deploy(0.0)], apps=ROM)).deploys()[0]
    broken = play(scenario(policies__route="central", **figures, **faults), demand([Deploy(0.0)], apps=ROM)).deploys()[
        0
    ]
    assert not broken["failed"]
    assert broken["pull_s"] > calm["pull_s"] + 5.0


def test_nothing_moves_before_it_is_asked_for() -> None:
    """A pull that begins long after the one before has its bytes from then on, and takes as long as one alone."""
    chosen = scenario(nodes=2, demand__nodes=2, **swarm())
    seen = play(chosen, demand([Deploy(at_s) for at_s in (0.0, 50.0, 100.0)], apps=ROM))
    asked_s = {row["deploy"]: row["asked_s"] for row in seen.deploys()}
    pulled = [row for row in seen.rows("transfers") if row["purpose"] == "pull"]
    assert len({row["deploy"] for row in pulled}) == 3
    assert all(asked_s[row["deploy"]] < row["started_s"] <= row["ended_s"] for row in pulled)
    assert min(row["pull_s"] for row in seen.deploys()) > 1.0


@pytest.mark.parametrize("preset", ["kraken", "dragonfly"])
def test_swarms_pass_the_audit_whatever_breaks(preset: str) -> None:
    """Lines, nodes and central fail while images spread: the books stay in order, and every deploy has its end."""
    faults = {
        "faults.line": {"kind": "link-down", "target": "was-fra", "between": "10 min", "lasts": "1 min"},
        "faults.disk": {"kind": "node-lost", "target": ["fra1", "was2"], "between": "15 min", "lasts": "2 min"},
        "faults.central": {"kind": "registry-down", "target": "central", "between": "20 min", "lasts": "1 min"},
    }
    chosen = sim.load(shipped.FOLDER / "systems.toml", {"run.audit": True, "run.duration": "2 h"} | faults)
    result = sim.run(chosen, variant=preset)
    failed = result.deploys.failed
    assert 0 < failed.sum() < len(failed) / 2
    assert (result.deploys.reason[failed] != "").all()
