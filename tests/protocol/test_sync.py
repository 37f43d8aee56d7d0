"""From a node to central, and from there to other nodes: when a copy begins, what it moves, who waits for it.

A ROM that is pushed straight to a node is published there at 3.801 and wanted at 4.201. Copying it takes 3.201 s: a
connection 0.2, a group of checks 0.42, opening an upload 0.21, the ramp 0.581, 1 MB 1.0, closing the upload 0.47 and
the manifests 0.32, whose answer nobody waits for.
"""

from __future__ import annotations

import pytest

from .small import MB, App, Deploy, Sent, demand, digest, exactly, phases, play, scenario

ROM = [App(kind=1)]
INFINITE = float("inf")
#: Three clients with an app each, on a node each.
THREE = [App(client=0, kind=1, draw=0.0), App(client=1, kind=1, draw=0.4), App(client=2, kind=1, draw=0.8)]
DIRECT = {"policies__route": "node-direct", "policies__tags__check": "absent"}


def test_a_push_to_a_node_is_copied_to_central_after_its_delay() -> None:
    """5 s after the publish the node asks central, sends what is missing, and central has it 8.201 s after the node."""
    seen = play(scenario(**DIRECT), demand([Deploy(0.0)], apps=ROM))
    assert [sent for sent in seen.trace if sent.registry == "central"] == [
        Sent(9.001, "central", "HEAD manifest by tag, HEAD blob"),  # 3.801 + 5, and a connection
        Sent(9.421, "central", "POST upload"),
        Sent(11.212, "central", "PATCH upload, PUT upload"),  # 9.631 + 0.581 + 1
        Sent(11.682, "central", "PUT manifest, PUT index"),
    ]
    assert seen.rows("syncs") == [
        {
            "deploy": 0, "repository": "org0/app0", "source": "n", "target": "central",
            "published_s": exactly(3.801), "started_s": exactly(8.801), "committed_s": exactly(12.002),
            "lag_s": exactly(8.201), "size_bytes": MB + 10_000, "saved_bytes": 0,
            "state": "committed", "attempts": 1,
        }
    ]  # fmt: skip
    assert seen.bodies("sync") == [
        ("rootfs", "n", "central", exactly(10.212), exactly(11.212), MB),
        ("metadata", "n", "central", exactly(12.002), exactly(12.002), 10_000),
    ]
    assert seen.deploys()[0]["latency_s"] == exactly(4.301)  # which waits for none of this


def test_only_what_central_lacks_is_copied() -> None:
    """The copy of an update leaves out the kernel that came with the first, and says that this saved 3 MB."""
    seen = play(scenario(**DIRECT), demand([Deploy(0.0), Deploy(50.0)]))
    assert [(row["size_bytes"], row["saved_bytes"]) for row in seen.rows("syncs")] == [
        (4 * MB + 10_000, 0),
        (MB + 10_000, 3 * MB),
    ]
    # The first one's line was full for 4 s, the second's for 1 s and over the same connection.
    assert [row["lag_s"] for row in seen.rows("syncs")] == exactly([11.201, 8.001])


def test_a_tool_that_copies_asks_in_its_own_way() -> None:
    """regsync's copy takes 0.21 s longer than containerd's requests: a check, two for the blob and its redirect more;
    one less to close the upload, and no index to put."""
    seen = play(scenario(policies__sync__client="regsync", **DIRECT), demand([Deploy(0.0)], apps=ROM))
    assert [sent for sent in seen.trace if sent.registry == "central"] == [
        Sent(9.001, "central", "HEAD manifest by digest, GET manifest, HEAD blob"),
        Sent(9.631, "central", "GET blob, GET blob redirected, POST upload"),
        Sent(11.842, "central", "PUT upload"),  # 9.631 + 0.63, and the ramp 0.581 and 1 MB as above
        Sent(12.102, "central", "PUT manifest"),  # one request, 0.21, and the first byte, 0.05
    ]
    assert [row["committed_s"] for row in seen.rows("syncs")] == exactly([12.212])


@pytest.mark.parametrize(("client", "copied"), [("regsync", [4, 4]), ("ocync", [4, 1]), ("dregsy", [4, 1])])
def test_a_tool_that_mounts_copies_a_kernel_once(client: str, copied: list[int]) -> None:
    """Two apps of one account have one kernel of 3 MB: the second copy mounts it from the first's repository."""
    chosen = scenario(policies__sync__client=client, policies__sync__workers=1, **DIRECT)
    seen = play(chosen, demand([Deploy(0.0), Deploy(100.0, app=1)], apps=[App(), App()]))
    assert [row["size_bytes"] // MB for row in seen.rows("syncs")] == copied
    assert [row["saved_bytes"] // MB for row in seen.rows("syncs")] == [4 - size for size in copied]


def test_a_tool_mounts_from_what_copies_have_brought_alone() -> None:
    """Two copies that begin at one instant find nothing of each other's, and copy the kernel twice."""
    chosen = scenario(policies__sync__client="ocync", policies__sync__workers=2, **DIRECT)
    seen = play(chosen, demand([Deploy(0.0), Deploy(0.0, app=1)], apps=[App(), App()]))
    assert [row["saved_bytes"] for row in seen.rows("syncs")] == [0, 0]


@pytest.mark.parametrize(
    ("workers", "started_s", "committed_s"),
    [
        (1, [8.801, 12.002, 15.203], [12.002, 15.203, 18.404]),  # one after another
        (2, [8.801, 8.801, 13.002], [13.002, 13.002, 16.203]),  # two at once over central's line, then one
        (3, [8.801, 8.801, 8.801], [14.002, 14.002, 14.002]),
    ],
)
def test_workers_bound_how_many_copies_are_under_way(
    workers: int, started_s: list[float], committed_s: list[float]
) -> None:
    """Of three images that become due at one instant each waits until one of the workers has done another."""
    chosen = scenario(nodes=3, clients=3, policies__sync__workers=workers, **DIRECT)
    seen = play(chosen, demand([Deploy(0.0), Deploy(0.0, app=1), Deploy(0.0, app=2)], apps=THREE))
    assert [row["started_s"] for row in seen.rows("syncs")] == exactly(started_s)
    assert [row["committed_s"] for row in seen.rows("syncs")] == exactly(committed_s)


@pytest.mark.parametrize("node_last", [False, True])
def test_the_last_writer_wins_at_central(node_last: bool) -> None:
    """Central's tag means what was published last anywhere, though the older image may get there later."""
    mix = [{"name": "node-direct", "share": 0.5}, {"name": "central", "share": 0.5}]
    chosen = scenario(policies__route=mix, policies__sync__delay="50 s")
    draws = (0.9, 0.1) if node_last else (0.1, 0.9)
    # What goes to the node comes to central 53 s after it was published.
    asked = [Deploy(at_s, draw=draw) for at_s, draw in zip((0.0, 10.0), draws, strict=True)]
    seen = play(chosen, demand(asked, apps=ROM))
    assert [row["route"] for row in seen.deploys()] == (
        ["central", "node-direct"] if node_last else ["node-direct", "central"]
    )
    means = seen.tag("central")
    assert means is not None
    assert means.published_s == exactly(13.801 if node_last else 13.831)
    assert means.digest == digest(1)
    assert seen.has_image("central", 0)


def test_sync_then_pull_waits_for_central() -> None:
    """Of three nodes the first starts at once; the others pull from central when the copy is there, at 12.002."""
    seen = play(scenario(nodes=3, demand__nodes=3, **DIRECT), demand([Deploy(0.0)], apps=ROM))
    (row,) = seen.deploys()
    # A connection 0.2, three requests 0.63, the blob's 0.11 + 0.05 + 0.581, 2 MB over central's line, 0.1 back, boot.
    assert row["latency_s"] == exactly(12.002 + 0.2 + 0.63 + 0.741 + 2 + 0.1 + 0.1)
    assert phases(row)["sync_wait"] == exactly(12.002 - 3.801)
    assert [(source, target) for content, source, target, *_ in seen.bodies("pull") if content == "rootfs"] == [
        ("central", "n2"),
        ("central", "n3"),
    ]
    assert (row["pushed_bytes"], row["pulled_bytes"]) == (MB + 10_000, 2 * (MB + 10_000))


def test_push_each_shares_the_uplink() -> None:
    """A client that pushes to three nodes sends 3 MB over its one line, and only the first node's is copied on."""
    chosen = scenario(nodes=3, demand__nodes=3, policies__fanout="push-each", **DIRECT)
    seen = play(chosen, demand([Deploy(0.0)], apps=ROM))
    (row,) = seen.deploys()
    assert row["latency_s"] == exactly(4.301 + 2)
    assert (row["pushed_bytes"], row["pulled_bytes"]) == (3 * (MB + 10_000), 0)
    assert [(sync["source"], sync["published_s"]) for sync in seen.rows("syncs")] == [("n1", exactly(5.801))]


def test_peers_pull_from_the_first_node() -> None:
    """Nodes that take the image from the first one do not wait for central."""
    chosen = scenario(nodes=3, demand__nodes=3, policies__fanout="peer", policies__sync__to_central="never", **DIRECT)
    seen = play(chosen, demand([Deploy(0.0)], apps=ROM))
    (row,) = seen.deploys()
    assert row["latency_s"] == exactly(4.201 + 0.2 + 0.63 + 0.711 + 2 + 0.1 + 0.1)
    assert {source for _, source, *_ in seen.bodies("pull")} == {"n1"}
    assert {sent.registry for sent in seen.trace} == {"n1"}


def test_both_brings_the_image_to_central_without_a_copy() -> None:
    """Pushed to the node and to central over one line, the second node finds it at central at once."""
    changes = {**DIRECT, "policies__route": "both"}
    seen = play(scenario(nodes=2, demand__nodes=2, **changes), demand([Deploy(0.0)], apps=ROM))
    (row,) = seen.deploys()
    # 2 MB take 2 s: the first node has it at 4.801, wants it at 5.201, and the other pulls 1 MB.
    assert row["latency_s"] == exactly(5.201 + 0.2 + 0.63 + 0.741 + 1 + 0.1 + 0.1)
    assert row["client_latency_s"] == exactly(5.301)  # it has heard of central's publish at 4.931
    assert (row["pushed_bytes"], row["pulled_bytes"]) == (2 * (MB + 10_000), MB + 10_000)
    assert seen.rows("syncs") == []


def test_both_is_done_for_the_client_when_central_has_it_too() -> None:
    """An instance that runs on the node does not wait for a slow central, but the client's command does."""
    changes = {**DIRECT, "policies__route": "both", "central__store": "2.05 s"}
    (row,) = play(scenario(**changes), demand([Deploy(0.0)], apps=ROM)).deploys()
    # Central publishes 2 s later than at 4.831, and is heard 0.1 s after that.
    assert (row["latency_s"], row["client_latency_s"]) == exactly((5.301, 6.931))


@pytest.mark.parametrize("sync", [{"to_central": "never"}, {"delay": "58 s"}])
def test_an_image_that_does_not_get_to_central_fails_the_deploy(sync: dict[str, str]) -> None:
    """A node that waits for the image at central gives up after 60 s; the deploy never gets ready and says why.

    The push took its 4 s all the same, and the client heard that its instance was created: neither is infinite.
    """
    changes = {f"policies__sync__{key}": value for key, value in sync.items()}
    seen = play(scenario(nodes=2, demand__nodes=2, **DIRECT, **changes), demand([Deploy(0.0)], apps=ROM))
    (row,) = seen.deploys()
    assert (row["failed"], row["reason"]) == (True, "not at central within 60 s")
    assert row["latency_s"] == row["longest_pull_s"] == row["fleet_lag_s"] == INFINITE
    assert (row["push_s"], row["client_latency_s"]) == exactly((3.901, 4.301))
    assert (row["ended_s"], phases(row)["sync_wait"]) == exactly((64.201, 60.4))
    assert seen.bodies("pull") == []
    assert [sync["committed_s"] for sync in seen.rows("syncs")] == exactly([65.002] if "delay" in sync else [])


def test_a_copy_just_in_time_is_waited_for() -> None:
    """The same with a delay of 57 s: central has the image at 64.002, 0.199 s before the node gives up."""
    chosen = scenario(nodes=2, demand__nodes=2, policies__sync__delay="57 s", **DIRECT)
    (row,) = play(chosen, demand([Deploy(0.0)], apps=ROM)).deploys()
    assert not row["failed"]
    assert row["latency_s"] == exactly(64.002 + 0.2 + 0.63 + 0.741 + 1 + 0.1 + 0.1)
