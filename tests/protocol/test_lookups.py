"""Where a start looks an image up, by the host of its reference: at central alone, or at the node's registry first.

Kind 1 is a ROM without a host in its name, which is central's; kind 2 the same ROM, named at another host. A push of
one to its node is published at 3.801 and copied to central by 12.002 (`test_sync`); a request to central takes 0.21 s.
"""

from __future__ import annotations

from typing import Any

import pytest

from sim.errors import InputError

from .small import MB, App, Deploy, Seen, demand, exactly, phases, play, scenario

AT_CENTRAL, AT_NODE = 1, 2
EDGE = {"config": "1 kB", "manifest": "3 kB", "index": "6 kB", "boot": "100 ms", "rootfs": "1 MB", "rom": True}
DIRECT = {"policies__route": "node-direct"}


def started(kind: int, *deploys: Deploy, **changes: Any) -> Seen:
    """Deploys of one application, where the host of its name says where its image is looked up."""
    named: dict[str, Any] = {'images."edge.example/other"': EDGE}
    chosen = scenario(policies__tags__look="host", **named, **changes)
    return play(chosen, demand(deploys or [Deploy(0.0)], apps=[App(kind=kind)]))


def asked_central(seen: Seen) -> list[str]:
    """What a node has asked central about tags."""
    return [sent.requests for sent in seen.trace if sent.requests == "HEAD manifest by tag"]


def test_what_is_pushed_to_a_node_and_named_at_central_waits_for_the_copy() -> None:
    """Central has it at 12.002; the node asks it what the tag means, over the copy's connection, and fetches nothing
    that it holds."""
    seen = started(AT_CENTRAL, **DIRECT)
    (row,) = seen.deploys()
    assert phases(row)["sync_wait"] == exactly(12.002 - 3.801)
    assert row["latency_s"] == exactly(12.002 + 0.21 + 0.1)
    assert row["pulled_bytes"] == 0
    assert asked_central(seen) == ["HEAD manifest by tag"]


def test_what_is_pushed_to_a_node_and_named_there_starts_at_once() -> None:
    """Ready 0.4 s after the publish and the time to boot, and central is not asked what the tag means."""
    seen = started(AT_NODE, **DIRECT)
    assert seen.deploys()[0]["latency_s"] == exactly(4.301)
    assert asked_central(seen) == []


def test_named_at_central_it_fails_where_nothing_is_copied_there() -> None:
    """The node has the image, and the start never hears of it: it gives up after the patience of 60 s."""
    never = started(AT_CENTRAL, policies__sync__to_central="never", **DIRECT)
    (row,) = never.deploys()
    assert row["failed"]
    assert never.has_image("n", 0)
    (row,) = started(AT_NODE, policies__sync__to_central="never", **DIRECT).deploys()
    assert not row["failed"]


@pytest.mark.parametrize(("kind", "stale", "fetched_bytes"), [(AT_CENTRAL, 0, MB + 10_000), (AT_NODE, 1, 0)])
def test_a_tag_that_moved_at_central_is_seen_where_central_is_asked(
    kind: int, stale: int, fetched_bytes: int
) -> None:  # fmt: skip
    """Pushed twice to central: looked up there the second is started; looked up at its node, which has the first, that
    is."""
    seen = started(kind, Deploy(0.0), Deploy(50.0))
    second = seen.deploys()[1]
    assert second["stale_starts"] == stale
    assert second["pulled_bytes"] == fetched_bytes


def test_a_node_without_the_image_asks_upstream_wherever_it_is_named() -> None:
    """The first start of what was pushed to central comes from there by either name, in the same time."""
    one, other = (started(kind).deploys()[0] for kind in (AT_CENTRAL, AT_NODE))
    assert one["pulled_bytes"] == other["pulled_bytes"] == MB + 10_000
    assert one["latency_s"] == exactly(other["latency_s"])


def test_other_nodes_wait_for_central_and_take_nothing_from_peers() -> None:
    """Of two nodes neither starts before central has the image, and the second pulls from there, even where nodes are
    peers."""
    seen = started(AT_CENTRAL, nodes__n__count=2, demand__nodes=2, policies__fanout="peer", **DIRECT)
    assert {source for _, source, *_ in seen.bodies("pull")} == {"central"}
    assert phases(seen.deploys()[0])["sync_wait"] == exactly(12.002 - 3.801)


def test_central_may_be_named_otherwise() -> None:
    """Where `central.host` is the host of the name, that is looked up at central; a name without one means it, too."""
    for kind in (AT_CENTRAL, AT_NODE):
        assert asked_central(started(kind, central__host="edge.example", **DIRECT)) == ["HEAD manifest by tag"]


@pytest.mark.parametrize("host", ["", "central", "a b.example", 7])
def test_a_host_that_no_reference_can_have_is_refused(host: Any) -> None:
    """One line names the key, the value and what to do."""
    with pytest.raises(InputError, match=r"central\.host: "):
        scenario(central__host=host)
