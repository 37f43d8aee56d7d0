"""Pulls through a node's registry: who is asked what a tag means, what is fetched, joined, kept, and not found.

A ROM that goes through central alone is published at 3.831, wanted at 4.231, asked for at 4.431 over a connection
that is new, and ready at 7.002 (see `test_push`).
"""

from __future__ import annotations

from typing import Any

import pytest

from .small import MB, App, Deploy, Seen, Sent, demand, digest, exactly, phases, play, scenario

ROM = [App(kind=1)]


def after(seen: Seen, at_s: float) -> list[tuple[float, str, str]]:
    """The requests that were sent later than that."""
    return [sent for sent in seen.trace if sent.at_s > at_s]


def forget(here: Seen) -> None:
    """Remove from central what its tag means."""
    image = here.state.publishes[here.do("tag_publish", 0, 0)].image
    assert here.do("remove_manifest", 0, 0, image, here.state.g.now_s)


def test_a_node_fetches_what_it_lacks_when_an_instance_starts() -> None:
    """A known app's node has the kernel: the update that it starts fetches 1 MB and is ready after 7.002 s."""
    seen = play(scenario(), demand([Deploy(0.0)], known_apps=1))
    (row,) = seen.deploys()
    assert [(content, size_bytes) for content, *_, size_bytes in seen.bodies("pull")] == [
        ("rootfs", MB),
        ("metadata", 10_000),
    ]
    assert (row["latency_s"], row["update"]) == (exactly(7.002), True)
    assert row["longest_pull_s"] == row["pull_s"] == exactly(2.671)


def test_each_node_pulls_for_itself() -> None:
    """Two nodes that start one ROM share central's line: 2 s instead of 1 for each, and twice the bytes."""
    seen = play(scenario(nodes=2, demand__nodes=2), demand([Deploy(0.0)], apps=ROM))
    (row,) = seen.deploys()
    assert row["latency_s"] == exactly(8.002)
    assert (row["nodes"], row["pulled_bytes"]) == (2, 2 * (MB + 10_000))
    assert {target for _, _, target, *_ in seen.bodies("pull")} == {"n1", "n2"}


def test_a_node_keeps_what_it_pulled() -> None:
    """An app's draw names its node, and what another node has pulled is of no help to that one."""
    apps = [App(draw=0.0), App(draw=0.5)]
    seen = play(scenario(nodes=2), demand([Deploy(0.0), Deploy(100.0, app=1), Deploy(200.0)], apps=apps))
    assert [(content, target) for content, _, target, *_ in seen.bodies("pull") if content == "kernel"] == [
        ("kernel", "n1"),
        ("kernel", "n2"),
    ]


# The rootfs is 10 kB here and fits the first window: 0.01 s, beside the kernel's 3.581 s.
@pytest.mark.parametrize(("coalesce", "kernels"), [(True, 1), (False, 2)])
def test_a_pull_joins_a_fetch_that_is_under_way(coalesce: bool, kernels: int) -> None:
    """A second deploy finds the kernel on its way to the node: it fetches its own rootfs and waits for the rest."""
    chosen = scenario(images__app__rootfs="10 kB", policies__coalesce=coalesce)
    seen = play(chosen, demand([Deploy(0.0), Deploy(5.5)]))
    one, other = seen.deploys()
    assert [content for content, *_ in seen.bodies("pull")].count("kernel") == kernels
    assert not seen.arriving("n")
    if coalesce:
        # The kernel flows from 7.802 to 10.802 and arrives at 10.902. The second, which wanted it at 8.79, has had
        # its rootfs since 9.06.
        assert [row["ended_s"] for row in (one, other)] == exactly([11.002, 11.002])
        assert (one["coalesced_bytes"], other["coalesced_bytes"]) == (0, 3 * MB)
        assert (one["pulled_bytes"], other["pulled_bytes"]) == (3 * MB + 20_000, 20_000)
    else:
        assert one["coalesced_bytes"] == other["coalesced_bytes"] == 0
        assert one["pulled_bytes"] == other["pulled_bytes"] == 3 * MB + 20_000


def test_a_pull_that_ends_leaves_the_fetches_of_others_alone() -> None:
    """Without dedup a second pull fetches a rootfs anew, a third joins that; that the first is through ends neither.

    The first has its rootfs at 3.971 and its kernel at 6.171, when the rootfs of the second is still on its way.
    """
    chosen = scenario(policies__dedup="none", nodes__n__cold=True)
    starts = [Deploy(at_s, pushes=False) for at_s in (0.0, 4.0, 4.2)]
    seen = play(chosen, demand(starts, known_apps=1))
    first, second, third = seen.deploys()
    assert [row["failed"] for row in (first, second, third)] == [False, False, False]
    assert first["ended_s"] == exactly(6.271)
    assert second["ended_s"] == third["ended_s"] == exactly(7.071)
    assert [row["pulled_bytes"] for row in (first, second, third)] == [4 * MB + 10_000, MB + 9000, 9000]


@pytest.mark.parametrize(("check", "asked", "pull_s"), [("upstream", 1, 0.41), ("absent", 0, 0.0)])
def test_a_node_that_has_the_image_asks_upstream_if_told_to(check: str, asked: int, pull_s: float) -> None:
    """What was pushed to the node is there: asking central takes a connection and a request, not asking nothing."""
    chosen = scenario(policies__route="node-direct", policies__sync__to_central="never", policies__tags__check=check)
    seen = play(chosen, demand([Deploy(0.0)], apps=ROM))
    (row,) = seen.deploys()
    assert [sent.requests for sent in seen.trace if sent.registry == "central"] == ["HEAD manifest by tag"] * asked
    assert row["pull_s"] == exactly(pull_s)
    assert (row["pulled_bytes"], row["stale_starts"]) == (0, 0)


def test_a_newer_copy_of_its_own_wins() -> None:
    """A node that was pushed to twice starts the second image, though central answers with the first, synced one."""
    chosen = scenario(policies__route="node-direct", policies__sync__delay="50 s")
    seen = play(chosen, demand([Deploy(0.0), Deploy(100.0)], apps=ROM))
    assert [row["stale_starts"] for row in seen.deploys()] == [0, 0]
    assert seen.bodies("pull") == []


@pytest.mark.parametrize(
    ("changes", "stale", "latency_s"),
    [
        ({"policies__tags__check": "upstream"}, 0, 6.802),
        # The tag is on the node since the first deploy, and nobody asks what it means now: booted 4.231 s on.
        ({"policies__tags__check": "absent"}, 1, 4.331),
        # A digest is on the node or it is not.
        ({"policies__tags__check": "absent", "demand__reference": "digest"}, 0, 6.802),
    ],
)
def test_a_tag_that_has_moved_is_started_stale_if_nobody_asks(
    changes: dict[str, Any], stale: int, latency_s: float
) -> None:
    """An update through central reaches a node that checks upstream or pins digests; else the old image is started."""
    seen = play(scenario(**changes), demand([Deploy(0.0), Deploy(50.0)], apps=ROM))
    first, update = seen.deploys()
    assert (first["stale_starts"], first["latency_s"]) == (0, exactly(7.002))
    assert (update["stale_starts"], update["latency_s"]) == (stale, exactly(latency_s))
    assert update["pulled_bytes"] == (0 if stale else MB + 10_000)


def test_a_pinned_image_on_the_node_needs_no_question() -> None:
    """A digest can't have moved: a node that has it asks nobody, even where tags are checked upstream."""
    chosen = scenario(policies__route="node-direct", policies__sync__to_central="never", demand__reference="digest")
    seen = play(chosen, demand([Deploy(0.0)], apps=ROM))
    assert {sent.registry for sent in seen.trace} == {"n"}
    assert "pull" not in phases(seen.deploys()[0])


@pytest.mark.parametrize(("reference", "fetched"), [("tag", 1), ("digest", 2)])
def test_a_tag_means_what_it_means_when_it_is_resolved(reference: str, fetched: int) -> None:
    """A deploy whose tag moved 0.5 s after its push starts the newer image; a pinned one starts its own."""
    # Central hears the question 0.7 s after the publish.
    chosen = scenario(images__rom__rootfs="10 kB", demand__reference=reference)
    seen = play(chosen, demand([Deploy(0.0), Deploy(0.5)], apps=ROM))
    assert [content for content, *_ in seen.bodies("pull")].count("rootfs") == fetched
    assert [row["stale_starts"] for row in seen.deploys()] == [0, 0]


@pytest.mark.parametrize(("at_s", "latency_s"), [(92.0, 6.802), (93.0, 7.002)])
def test_a_node_keeps_its_connection_for_90_s(at_s: float, latency_s: float) -> None:
    """A pull within 90 s of the end of the last one spares the round trip of opening a connection."""
    # The first pull ends at 6.902, so the connection is good until 96.902; the second deploy wants it 4.231 s on.
    _, later = play(scenario(), demand([Deploy(0.0), Deploy(at_s)], apps=ROM)).deploys()
    assert later["latency_s"] == exactly(latency_s)


def test_a_question_alone_keeps_a_connection_open() -> None:
    """A node that only asks what a tag means has used its connection, too, until it hears the answer."""
    # Answers come at 4.611, 94.711 and 184.811; the questions after them 89.89, 89.89 and 90.39 s later.
    chosen = scenario(policies__route="node-direct", policies__sync__to_central="never")
    seen = play(chosen, demand([Deploy(at_s) for at_s in (0.0, 90.3, 180.4, 271.0)], apps=ROM))
    assert [row["pull_s"] for row in seen.deploys()] == exactly([0.41, 0.21, 0.21, 0.41])


def test_a_removed_image_fails_the_deploy() -> None:
    """An image removed at central before the node asks for it is a failed row, never ready, with the time it took."""
    # Published at 3.831; the node's question is with central at 4.541, and the answer back at 4.641.
    seen = play(scenario(), demand([Deploy(0.0)], apps=ROM), {4.0: forget})
    (row,) = seen.deploys()
    assert (row["failed"], row["reason"]) == (True, "image not found")
    assert row["latency_s"] == row["longest_pull_s"] == float("inf")
    assert row["client_latency_s"] == exactly(4.331)  # creating the instance was accepted before
    assert (row["ended_s"], row["push_s"]) == exactly((4.641, 3.931))
    assert sum(phases(row).values()) == exactly(4.641)
    assert after(seen, 4.0) == [Sent(4.431, "central", "HEAD manifest by tag")]
    assert row["pulled_bytes"] == 0


def test_an_older_copy_is_better_than_none() -> None:
    """Where central has lost the image the node starts the one before, and that start is stale."""
    seen = play(scenario(), demand([Deploy(0.0), Deploy(50.0)], apps=ROM), {54.0: forget})
    _, update = seen.deploys()
    assert (update["failed"], update["stale_starts"], update["pulled_bytes"]) == (False, 1, 0)


def test_a_joined_pull_goes_on_when_its_own_blobs_are_there_too() -> None:
    """A pull that joins a kernel which arrives soon still waits for its own rootfs, and then for nothing more."""
    seen = play(scenario(), demand([Deploy(0.0), Deploy(8.0)]))
    first, second = seen.deploys()
    assert (first["ended_s"], second["coalesced_bytes"]) == (exactly(13.002), 3 * MB)
    # Published at 11.831 and asked for at 12.231: five times 0.21 less the last way back, 0.05, the ramp, 1 MB, 0.1.
    assert second["ended_s"] == exactly(12.231 + 4 * 0.21 - 0.1 + 0.05 + 0.581 + 1 + 0.1 + 0.1)


@pytest.mark.parametrize("route", ["central", "node-direct"])
def test_a_tag_may_go_back_to_an_older_image(route: str) -> None:
    """The third push moves the tag back to the first image: no layer is sent or fetched, and both registries agree."""
    asked = [Deploy(0.0), Deploy(50.0), Deploy(100.0, image=0)]
    seen = play(scenario(policies__route=route), demand(asked))
    _, second, back = seen.deploys()
    assert back["pushed_bytes"] < 10_001 < second["pushed_bytes"]
    assert back["pulled_bytes"] < 10_001
    assert back["stale_starts"] == 0
    ran = [row["digest"] for row in seen.rows("starts")]
    assert ran[0] == ran[2] != ran[1]
    for registry in seen.registries:
        means = seen.tag(registry)
        assert means is not None
        assert means.digest == ran[0]


def test_a_start_says_what_it_runs_and_what_its_tag_meant() -> None:
    """The node does not ask: it starts the first image when the tag means the second; a missed start runs nothing."""
    seen = play(scenario(policies__tags__check="absent"), demand([Deploy(0.0), Deploy(50.0)]))
    fresh, stale = seen.rows("starts")
    assert fresh["digest"] == fresh["meant"] == stale["digest"]
    assert stale["meant"] == digest(1)
    assert (fresh["stale"], stale["stale"]) == (False, True)
    never = play(scenario(policies__sync__to_nodes="never"), demand([Deploy(0.0)]))
    (missed,) = never.rows("starts")
    assert (missed["missed"], missed["digest"], missed["meant"]) == (True, "", "")


@pytest.mark.parametrize("reference", ["tag", "digest"])
def test_an_image_is_on_its_node_when_its_last_byte_is(reference: str) -> None:
    """The last byte leaves central at 6.802 and is there at 6.902: nobody finds a blob or the image before."""
    found: list[tuple[bool, bool]] = []

    def look(here: Seen) -> None:
        found.append((any(here.has_blobs("n", 0)), here.has_image("n", 0)))

    chosen = scenario(demand__reference=reference)
    play(chosen, demand([Deploy(0.0)], apps=ROM), dict.fromkeys((6.85, 6.95), look))
    assert found == [(False, False), (True, True)]


def test_a_pull_waits_for_a_handshake_under_way() -> None:
    """Small ROMs of two clients are published at 2.26 and 2.36, and their node asks central for both.

    It opens a connection from 2.66 to 2.86. The second, which wants it at 2.76, does not ask before it is open.
    """
    chosen = scenario(clients=2, images__rom__rootfs="10 kB")
    seen = play(chosen, demand([Deploy(0.0), Deploy(0.1, app=1)], apps=[App(kind=1), App(client=1, kind=1)]))
    asked = [(at_s, requests) for at_s, _, requests in seen.trace if requests == "HEAD manifest by tag"]
    assert asked == [(2.86, "HEAD manifest by tag")] * 2
    one, other = seen.deploys()
    assert one["pull_s"] - other["pull_s"] == exactly(0.1)


def test_who_comes_first_opens_the_connection() -> None:
    """A client 450 ms further away has published at 11.71, and its node hears of it at 13.91.

    The other has published at 12.26, and its pull opens the connection from 12.66 on. The first finds it open.
    """
    chosen = scenario(images__rom__rootfs="10 kB", clients__far={"capacity": "1 MB/s", "delay": "500 ms"})
    names = [name for name, _ in chosen.client_hosts()]
    apps = [App(client=names.index("far"), kind=1), App(client=names.index("dev"), kind=1)]
    seen = play(chosen, demand([Deploy(0.0), Deploy(10.0, app=1)], apps=apps))
    asked = [at_s for at_s, _, requests in seen.trace if requests == "HEAD manifest by tag"]
    assert asked == [12.86, 13.91]
    assert [row["pull_s"] for row in seen.deploys()] == exactly([0.9, 1.1])


def test_a_copy_waits_for_a_handshake_under_way() -> None:
    """A small ROM is published at its node at 2.23. The node asks central for the tag, over a connection from 2.63 on.

    Its copy is due at 2.73, and sets out when that connection is open, at 2.83.
    """
    changes = {"policies__route": "node-direct", "policies__sync__delay": "500 ms", "images__rom__rootfs": "10 kB"}
    seen = play(scenario(**changes), demand([Deploy(0.0)], apps=ROM))
    asked = [(at_s, requests) for at_s, registry, requests in seen.trace if registry == "central"][:2]
    assert asked == [(2.83, "HEAD manifest by tag"), (2.83, "HEAD manifest by tag, HEAD blob")]
    assert seen.rows("syncs")[0]["started_s"] == exactly(2.73)
