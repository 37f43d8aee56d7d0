"""Caches between nodes and central: what is asked of each level, what is fetched once, what is kept and what is not.

A node that pulls a ROM from central asks at 4.431 over a connection that is new, and is ready at 7.002 (`test_pull`). A
cache in between adds a round trip of 0.2 s to open its connection to central; of its own requests 0.21 s for the tag,
0.42 s for index and manifest, and 0.11 s for the blob until that has arrived at central; and on its way back the first
byte takes 0.1 s more. The node's bytes flow beside the cache's from then on, so that nothing is added to the second
that 1 MB takes: it is ready at 7.002 + 0.2 + 0.21 + 0.42 + 0.11 + 0.1 = 8.042.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from sim.errors import InputErrors

from .small import MB, App, Deploy, Seen, demand, digest, exactly, play, scenario

ROM = [App(kind=1)]
CACHE = {
    "capacity": "1 MB/s", "delay": "50 ms", "window": "1 GB", "workers": 100, "request_time": "10 ms",
    "disk": "1 GB/s", "tls": False, "anonymous": True, "first_byte": "20 ms",
}  # fmt: skip
THROUGH = {"caches__c": CACHE, "nodes__n__upstream": "c", "run__audit": True}


def sent_by(seen: Seen, registry: str, content: str = "rootfs") -> list[str]:
    """Who was sent a layer by a registry for pulls, in the order of the ends."""
    return [to for what, source, to, *_ in seen.bodies("pull") if (what, source) == (content, registry)]


def asked_of(seen: Seen, registry: str, after_s: float) -> list[str]:
    """The requests that left for a registry later than that."""
    return [sent.requests for sent in seen.trace if sent.registry == registry and sent.at_s > after_s]


def test_a_cache_passes_on_what_it_fetches() -> None:
    """Each level is asked for the tag, the manifests and the blob, and both bodies flow side by side."""
    seen = play(scenario(**THROUGH), demand([Deploy(0.0)], apps=ROM))
    (row,) = seen.deploys()
    assert row["latency_s"] == exactly(8.042)
    # The config that trails along at the node is a request of its own at central.
    assert asked_of(seen, "c", 0.0) == ["HEAD manifest by tag", "GET index, GET manifest", "GET blob"]
    assert asked_of(seen, "central", 4.4) == ["HEAD manifest by tag", "GET index, GET manifest", "GET blob", "GET blob"]
    rootfs = {(source, to): (from_s, until_s) for what, source, to, from_s, until_s, _ in seen.bodies("pull") if
              what == "rootfs"}  # fmt: skip
    assert rootfs["central", "c"] == exactly((6.742, 7.742))
    assert rootfs["c", "n"] == exactly((6.842, 7.842))
    assert (seen.has_image("c", 0), seen.has_blobs("c", 0), seen.arriving("c")) == (True, [True, True], False)
    assert row["pulled_bytes"] == MB + 10_000  # what its node fetched


def test_a_slow_way_to_the_cache_says_when_the_node_has_the_layer() -> None:
    """At 0.5 MB/s slow start ends after three windows, 102.2 kB in 0.6 s, and costs 0.3956 s: the last byte leaves
    central at 6.161 + 0.3956 + 2 = 8.5566, is at the cache 0.1 s later and at the node after 0.1 s more, which boots in
    0.1 s."""
    slow = {key: value for key, value in CACHE.items() if key != "capacity"}
    line = {"up": "1 MB/s", "down": "0.5 MB/s"}
    seen = play(
        scenario(**THROUGH | {"caches__c": slow | line}),
        demand([Deploy(0.0)], apps=ROM),
    )
    (row,) = seen.deploys()
    assert row["latency_s"] == exactly(8.5566 + 0.1 + 0.1 + 0.1)


@pytest.mark.parametrize(("coalesce", "times"), [(True, 1), (False, 2)])
def test_misses_at_once_are_one_fetch_where_a_cache_coalesces(coalesce: bool, times: int) -> None:
    """Two nodes start a ROM: the tag is asked for twice in any case, all else once or twice. Both share the cache's
    line, so that both are ready a second later than one would be."""
    chosen = scenario(**THROUGH, nodes=2, demand__nodes=2, caches__c__coalesce=coalesce)
    seen = play(chosen, demand([Deploy(0.0)], apps=ROM))
    (row,) = seen.deploys()
    assert row["latency_s"] == exactly(9.042)
    assert sent_by(seen, "central") == ["c"] * times
    assert sent_by(seen, "c") == ["n1", "n2"]
    # Of the ROM and of its config each, a GET.
    expected = {"HEAD manifest by tag": 2, "GET index, GET manifest": times, "GET blob": 2 * times}
    assert Counter(asked_of(seen, "central", 4.4)) == expected


def test_whoever_comes_while_a_layer_is_on_its_way_gets_it_with_the_first() -> None:
    """Another node starts the ROM of 3.831 while it comes to the cache, from 6.742 until 7.842: central sends it once,
    and what the second node is sent begins before that has all come."""
    seen = play(scenario(**THROUGH, nodes=2), demand([Deploy(0.0), Deploy(5.3, pushes=False, beside=1)], apps=ROM))
    assert sent_by(seen, "central") == ["c"]
    begun = {to: from_s for what, source, to, from_s, *_ in seen.bodies("pull") if (what, source) == ("rootfs", "c")}
    assert begun["n1"] == exactly(6.842)
    assert 6.842 < begun["n2"] < 7.842
    assert not any(row["failed"] for row in seen.deploys())


def test_what_a_cache_has_central_is_not_asked_for() -> None:
    """Another node starts the ROM later: central says what the tag means, the cache sends all else, and what a pull
    takes is what it takes from central, 2.671 s, with two round trips of the cache's more, less 30 ms of first byte."""
    seen = play(
        scenario(**THROUGH, nodes=2),
        demand([Deploy(0.0), Deploy(100.0, pushes=False, beside=1)], apps=ROM),
    )
    _, later = seen.deploys()
    assert asked_of(seen, "central", 100.0) == ["HEAD manifest by tag"]
    assert sent_by(seen, "central") == ["c"]
    assert sent_by(seen, "c") == ["n1", "n2"]
    assert later["pull_s"] == exactly(2.671 + 0.2 + 0.21 - 0.03)


def test_caches_ask_caches() -> None:
    """Two levels are each asked once for everything, and the second adds what the first did: 0.2 + 0.21 + 0.42 + 0.11
    + 0.1 s."""
    chosen = scenario(**THROUGH | {"nodes__n__upstream": "d"}, caches__d=CACHE | {"upstream": "c"})
    seen = play(chosen, demand([Deploy(0.0)], apps=ROM))
    (row,) = seen.deploys()
    assert row["latency_s"] == exactly(8.042 + 1.04)
    assert [(source, to) for what, source, to, *_ in seen.bodies("pull") if what == "rootfs"] == [
        ("central", "c"),
        ("c", "d"),
        ("d", "n"),
    ]
    assert all(seen.has_image(name, 0) for name in ("c", "d", "n"))


def test_a_cache_has_only_what_it_was_asked_for() -> None:
    """A known app's node has the kernel: the cache, which starts empty, fetches the update's rootfs and no kernel."""
    chosen = scenario(**THROUGH, caches__c__cold=True)
    seen = play(chosen, demand([Deploy(0.0)], known_apps=1))
    assert sent_by(seen, "central") == ["c"]
    assert sent_by(seen, "central", "kernel") == []
    assert seen.has_blobs("c", 0).count(False) == 1


def test_a_warm_world_has_warm_caches() -> None:
    """What a node has at the start came through its cache, which has it, too; one that is cold has nothing."""
    asked = demand([Deploy(0.0, pushes=False)], known_apps=1)
    for cold in (False, True):
        seen = play(scenario(**THROUGH, caches__c__cold=cold), asked)
        assert seen.has_image("c", 1) is not cold


@pytest.mark.parametrize(("check", "stale"), [("upstream", 0), ("absent", 1)])
def test_a_cache_that_does_not_ask_starts_old_images(check: str, stale: int) -> None:
    """An app is updated, and its other node starts it by its tag: a cache that has the tag and asks nobody says what it
    meant before."""
    chosen = scenario(**THROUGH, caches__c__check=check)
    seen = play(chosen, demand([Deploy(0.0), Deploy(100.0)], apps=ROM))
    _, update = seen.deploys()
    assert update["stale_starts"] == stale
    assert seen.rows("starts")[-1]["digest"] == digest(1 - stale)


def down(target: str) -> dict[str, Any]:
    """A registry that answers nobody from 90 s on, for an hour."""
    return {"faults__out": {"kind": "registry-down", "target": target, "at": "90 s", "lasts": "1 h"}}


@pytest.mark.parametrize(("caches", "failed"), [(THROUGH, False), ({}, True)])
def test_a_cache_answers_while_central_is_down(caches: dict[str, Any], failed: bool) -> None:
    """A node starts an image that it lacks from the cache, which has it, though central can't say what a tag means."""
    chosen = scenario(**caches, **down("central"), nodes=2)
    seen = play(chosen, demand([Deploy(0.0), Deploy(100.0, pushes=False, beside=1)], apps=ROM))
    one, other = seen.deploys()
    assert (one["failed"], other["failed"]) == (False, failed)


def test_nodes_of_a_cache_that_is_down_start_nothing_new() -> None:
    """They do not go to central in its place."""
    chosen = scenario(**THROUGH, **down("c"), nodes=2)
    seen = play(chosen, demand([Deploy(0.0), Deploy(100.0, pushes=False, beside=1)], apps=ROM))
    assert [row["failed"] for row in seen.deploys()] == [False, True]


def test_a_full_cache_drops_what_was_used_longest_ago() -> None:
    """Its disk takes one ROM of 1.001 MB: the second that is pulled through it takes the first one's place."""
    apps = [App(kind=1), App(kind=1)]
    chosen = scenario(**THROUGH, caches__c__storage="1.5 MB")
    seen = play(chosen, demand([Deploy(0.0), Deploy(100.0, app=1)], apps=apps))
    (drop,) = seen.rows("drops")
    assert (drop["registry"], drop["why"], drop["lost"], drop["freed_bytes"]) == ("c", "evicted", False, 1_001_000)
    assert (seen.has_image("c", 0), seen.has_image("c", 1, app=1)) == (False, True)


def test_a_cache_refuses_what_its_disk_cannot_take() -> None:
    """Half a MB is too little for the ROM, and the start fails of that."""
    seen = play(scenario(**THROUGH, caches__c__storage="0.5 MB"), demand([Deploy(0.0)], apps=ROM))
    (row,) = seen.deploys()
    assert (row["failed"], "disk" in row["reason"]) == (True, True)


def test_an_image_goes_from_a_cache_when_its_time_is_over() -> None:
    """It came at 7.9 s and goes 50 s later: the start at 100 s has central send it once more."""
    chosen = scenario(**THROUGH, nodes=2, caches__c__ttl="50 s")
    seen = play(chosen, demand([Deploy(0.0), Deploy(100.0, pushes=False, beside=1)], apps=ROM))
    assert {(drop["registry"], drop["why"]) for drop in seen.rows("drops")} == {("c", "expired")}
    assert sent_by(seen, "central") == ["c", "c"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"nodes__n__upstream": "d"}, 'nodes.n.upstream: unknown cache, got "d"'),
        ({"caches__c__upstream": "c"}, "caches.c.upstream: leads back to itself: c asks c"),
        ({"caches__central": CACHE}, "caches.central: is the central registry's name"),
        ({"policies__source": "swarm"}, 'nodes.n.upstream: must be central where policies.source is swarm, got "c"'),
    ],
)
def test_ways_that_lead_nowhere_are_refused(changes: dict[str, Any], says: str) -> None:
    """Each fault is one line that names the key."""
    with pytest.raises(InputErrors) as caught:
        scenario(**THROUGH | changes)
    assert says in str(caught.value)


def test_a_cache_that_nobody_asks_is_warned_of() -> None:
    """It has no effect, and neither has what only pushes would read of one that is asked."""
    idle = scenario(**THROUGH | {"nodes__n__upstream": "central"})
    assert "scenario: caches.c" in {warning.where for warning in idle.warnings}
    pushed = scenario(**THROUGH, caches__c__commit_rate="1 MB/s")
    assert "scenario: caches.c.commit_rate" in {warning.where for warning in pushed.warnings}
