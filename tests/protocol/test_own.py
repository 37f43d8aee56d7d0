"""What a deploy has of its own: client, kind, size, nodes; and starts of what is there, without a push.

A start's client opens a connection (0.2 s) and its request takes 0.1 s to the node. A node that lacks the image then
takes 5.771 s, as `test_push` derives for a first deploy: 0.2 to open, 0.21 for the tag, 0.42 for the manifests, 0.16
for the blobs' request and first byte, `RAMP_S`, 4 s for 4 MB, 0.1 s back, and 0.1 s to boot.
"""

from __future__ import annotations

import math
from typing import Any

from sim.result import Result
from sim.scenario import Scenario

from .small import MB, App, Deploy, Seen, demand, digest, exactly, phases, play, scenario

START = Deploy(0.0, pushes=False)
#: From being asked until an instance is ready on a node that lacks a whole app.
LACKING_S = 5.771


def started(chosen: Scenario, *deploys: Deploy, **more: Any) -> list[dict[str, Any]]:
    """The rows of deploys of one app that is at central and on the first node at the start."""
    return play(chosen, demand(deploys, [App()], known_apps=1, **more)).deploys()


def test_a_start_by_tag_on_a_node_that_has_the_image_asks_what_the_tag_means() -> None:
    """0.3 s until the node is asked, 0.2 s to open a connection to central, 0.21 s for the tag, 0.1 s to boot: 0.81."""
    (row,) = started(scenario(), START)
    assert phases(row) == {"sync_wait": 0.3, "pull": 0.41, "boot": 0.1}
    assert (row["latency_s"], row["client_latency_s"]) == exactly((0.81, 0.4))
    assert (row["route"], row["pushed_bytes"], row["pulled_bytes"], row["update"]) == ("start", 0, 0, True)


def test_a_start_by_digest_on_a_node_that_has_the_image_asks_nobody() -> None:
    """0.3 s until the node is asked and 0.1 s to boot, by the deploy's own reference or by the scenario's."""
    for chosen, ask in (
        (scenario(), START._replace(by_digest=True)),
        (scenario(demand__reference="digest"), START),
    ):
        (row,) = started(chosen, ask)
        assert row["latency_s"] == exactly(0.4)


def test_a_scale_out_starts_beside_the_nodes_that_have_it() -> None:
    """Two more instances beside the first node's start on the two that lack the image and share central's 1 MB/s."""
    seen = play(scenario(nodes=3), demand([START._replace(nodes=2, beside=1)], [App()], known_apps=1))
    (row,) = seen.deploys()
    assert sorted(start["node"] for start in seen.rows("starts")) == ["n2", "n3"]
    assert (row["nodes"], row["pulled_bytes"]) == (2, 2 * (4 * MB + 10_000))
    assert row["latency_s"] == exactly(0.3 + LACKING_S + 4.0)  # 8 MB instead of 4 MB leave central


def test_a_scale_out_beyond_the_last_node_starts_on_those_there_are() -> None:
    """Three more beside one, of three nodes: one of them starts where the image is."""
    seen = play(scenario(nodes=3), demand([START._replace(nodes=3, beside=1)], [App()], known_apps=1))
    assert sorted(start["node"] for start in seen.rows("starts")) == ["n1", "n2", "n3"]


def test_a_start_has_no_push_and_no_publish() -> None:
    """Its push and its fleet's lag have no value, count in no metric, and a start that fails doesn't either."""
    for chosen in (scenario(), scenario(demand__warm=False)):
        seen = play(chosen, demand([START], [App()], known_apps=1))
        (row,) = seen.deploys()
        assert math.isnan(row["push_s"])
        assert math.isnan(row["fleet_lag_s"])
        made = result(chosen, seen).metrics
        assert math.isnan(made["push_s.p50"])
        assert math.isnan(made["fleet_lag_s.p50"])
        assert made["deploy_latency_s.p50"] == row["latency_s"]


def result(chosen: Scenario, seen: Seen) -> Result:
    return Result(
        scenario=chosen, variant=None, seed=1, run=0, tables=seen.tables, events=0, flows=0, simulated_s=1.0,
        wall_s=0.0,
    )  # fmt: skip


def test_a_start_of_what_was_never_pushed_fails() -> None:
    """Where no registry has any image of the app there is nothing to wait for: the tag is not to be found at 0.71 s."""
    (row,) = started(scenario(demand__warm=False), START)
    assert (row["failed"], row["reason"], row["ended_s"]) == (True, "image not found", exactly(0.71))


def test_a_start_waits_for_an_image_that_only_another_node_has() -> None:
    """A push straight to the first node is heard of at 6.901 s; a second node's start at 7 s waits for central.

    The copy is due 5 s after the publish, 0.1 s earlier, and takes as long as any copy of 4 MB; the node then pulls.
    """
    chosen = scenario(nodes=2, policies__route="node-direct", demand__warm=False)
    seen = play(chosen, demand([Deploy(0.0), START._replace(at_s=7.0, beside=1)], [App()]))
    (copy,) = seen.rows("syncs")
    row = seen.deploys()[1]
    assert not row["failed"]
    assert copy["published_s"] == exactly(6.801)
    assert row["sync_wait_s"] == exactly(copy["committed_s"] - 7.0)
    assert row["latency_s"] == exactly(copy["committed_s"] - 7.0 + LACKING_S)


def test_a_start_among_peers_pulls_from_where_it_was_published() -> None:
    """With `peer` the second node pulls from the first at once, whose first byte takes 30 ms less than central's."""
    chosen = scenario(nodes=2, policies__route="node-direct", policies__fanout="peer", demand__warm=False)
    seen = play(chosen, demand([Deploy(0.0), START._replace(at_s=7.0, beside=1)], [App()]))
    assert {body[1] for body in seen.bodies("pull")} == {"n1"}
    assert seen.deploys()[1]["latency_s"] == exactly(0.3 + LACKING_S - 0.03)
    # Where it was published itself it asks central, by the connection that is open, and starts its own.
    again = play(chosen, demand([Deploy(0.0), START._replace(at_s=10.0)], [App()]))
    assert again.deploys()[1]["latency_s"] == exactly(0.61)


def test_a_start_by_digest_starts_what_was_newest_when_it_was_asked_for() -> None:
    """An update is published at 3.831 s. Of starts asked for at 3.5 s, one by tag, resolved at 4.11 s, has it.

    One by digest has the image that was there at the start.
    """
    booted = {}
    for by_digest in (False, True):
        asked = demand([Deploy(0.0), START._replace(at_s=3.5, beside=1, by_digest=by_digest)], known_apps=1)
        seen = play(scenario(nodes=2), asked)
        (start,) = (one for one in seen.rows("starts") if one["deploy"] == 1)
        assert (start["missed"], start["stale"]) == (False, False)
        booted[by_digest] = start["digest"]
    assert booted == {False: digest(0), True: digest(2)}  # what was there is numbered from the deploys' number on


def test_a_deploy_has_its_own_client() -> None:
    """The second client pushes to the first one's repository; bytes leave from its own line."""
    seen = play(scenario(clients=2), demand([Deploy(0.0, client=1)]))
    (row,) = seen.deploys()
    assert (row["client"], row["repository"]) == ("dev2", "org0/app0")
    assert {body[1] for body in seen.bodies("push")} == {"dev2"}


def test_a_deploy_has_its_own_kind() -> None:
    """An app that deploys a ROM once sends its 1 MB and no kernel."""
    (row,) = play(scenario(), demand([Deploy(0.0, kind=1)])).deploys()
    assert (row["image"], row["pushed_bytes"]) == ("rom", MB + 10_000)


def test_an_image_has_its_own_size() -> None:
    """A ROM of 2 MB takes 1 s more to push and 1 s more to pull than one of 1 MB, and all of it travels."""
    rom = App(kind=1)
    (usual,) = play(scenario(), demand([Deploy(0.0)], [rom])).deploys()
    (larger,) = play(scenario(), demand([Deploy(0.0, rootfs_bytes=2 * MB)], [rom])).deploys()
    assert larger["pushed_bytes"] == larger["pulled_bytes"] == 2 * MB + 10_000
    assert larger["latency_s"] - usual["latency_s"] == exactly(2.0)


def test_what_is_there_at_the_start_has_its_own_size() -> None:
    """Of an app whose rootfs was 2 MB a node that lacks it pulls 1 MB more."""
    (row,) = started(scenario(nodes=2), START._replace(beside=1), known_bytes=[2 * MB])
    assert row["pulled_bytes"] == 5 * MB + 10_000


def test_what_is_there_at_the_start_is_on_its_own_number_of_nodes() -> None:
    """An app that two nodes have is started on the second without a byte, beside both on the third with all of them."""
    second, third = START._replace(beside=1), START._replace(at_s=60.0, beside=2)
    rows = started(scenario(nodes=3), second, third, known_nodes=[2])
    assert [row["pulled_bytes"] for row in rows] == [0, 4 * MB + 10_000]


def test_images_of_one_app_share_what_the_smallest_has_to_share() -> None:
    """Of 1 MB and 4 MB the smaller leaves 750 kB less a chunk of 8,192 bytes as they are: the update sends the rest."""
    cut = {"name": "content-defined", "changed": "25 %", "places": 1, "chunk": "8 KiB"}
    chosen = scenario(policies__chunking=cut)
    rom = [App(kind=1)]
    first, second = play(chosen, demand([Deploy(0.0), Deploy(60.0, rootfs_bytes=4 * MB)], rom)).deploys()
    assert (first["pushed_bytes"], second["pushed_bytes"]) == (MB + 10_000, 4 * MB - (750_000 - 8_192) + 10_000)


def test_a_deploy_has_its_own_number_of_nodes() -> None:
    """Of two deploys one starts on two nodes, the other on the scenario's one."""
    seen = play(scenario(nodes=2), demand([Deploy(0.0, nodes=2), Deploy(60.0)]))
    assert [row["nodes"] for row in seen.deploys()] == [2, 1]
    assert len(seen.rows("starts")) == 3
