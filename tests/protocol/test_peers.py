"""Layers from other nodes: the nearest holder, parts from several, and upstream when nobody has them.

A ROM's rootfs takes 1 s over a line of 1 MB/s. Four nodes start it; the first gets it by a push straight to it.
"""

from __future__ import annotations

import pytest

from .small import MB, App, Deploy, Seen, demand, exactly, play, scenario

ROM = [App(kind=1)]
PEERS = {"policies__tags__check": "absent", "policies__sync__delay": "0 s"}


def sources(seen: Seen) -> list[tuple[str, str]]:
    """Who sent the rootfs to whom."""
    return sorted((source, target) for kind, source, target, *_ in seen.bodies("pull") if kind == "rootfs")


def test_the_nearest_holder_sends() -> None:
    """Three nodes wait for central and then fetch from the first node, which has the image and is as near."""
    chosen = scenario(nodes=4, demand__nodes=4, policies__route="node-direct", policies__source="peers-first", **PEERS)
    seen = play(chosen, demand([Deploy(0.0)], apps=ROM))
    assert sources(seen) == [("n1", "n2"), ("n1", "n3"), ("n1", "n4")]
    assert not any(row["failed"] for row in seen.deploys())


def test_upstream_sends_what_no_node_has() -> None:
    """Pushed to central, nobody has it when four nodes start at once: all four fetch from central."""
    chosen = scenario(nodes=4, demand__nodes=4, policies__source="peers-first")
    seen = play(chosen, demand([Deploy(0.0)], apps=ROM))
    assert {source for source, _ in sources(seen)} == {"central"}


def test_looking_for_holders_takes_time() -> None:
    """A lookup of 20 ms is paid by whoever finds nobody, too."""
    plain = play(scenario(), demand([Deploy(0.0)], apps=ROM)).deploys()[0]["latency_s"]
    looked = play(scenario(policies__source="peers-first"), demand([Deploy(0.0)], apps=ROM)).deploys()[0]["latency_s"]
    assert looked == exactly(plain + 0.02)


@pytest.mark.parametrize(("parents", "took_s"), [(1, 1.0), (2, 0.5)])
def test_parts_come_from_several_at_once(parents: int, took_s: float) -> None:
    """A third node, with a line of 10 MB/s, fetches halves from two holders of 1 MB/s each in half the time."""
    chosen = scenario(
        nodes=3, demand__nodes=2, policies__route="node-direct",
        policies__source={"name": "pieces", "parents": parents}, **{"links__hub-n3__down": "10 MB/s"},
    )  # fmt: skip
    asked = demand([Deploy(0.0), Deploy(50.0, pushes=False, beside=2)], apps=ROM)
    seen = play(chosen, asked)
    third = [body for body in seen.bodies("pull") if (body[0], body[2]) == ("rootfs", "n3")]
    assert [(ended - started, size) for _, _, _, started, ended, size in third] == [
        (exactly(took_s), MB / parents)
    ] * parents
