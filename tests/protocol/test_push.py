"""Pushes, request by request: what a client sends, when, and what that leaves in the tables.

A request takes 0.1 s there, 0.01 s of service and 0.1 s back; requests one after another take 0.21 s each.
"""

from __future__ import annotations

import pytest

from .small import MB, RAMP_S, App, Deploy, Sent, demand, exactly, phases, play, scenario

FIRST = [Deploy(0.0)]
#: One group of requests for the tag, the manifest and a blob; all blobs of an image are asked about at once.
CHECKS = "HEAD manifest by tag, HEAD manifest by digest, HEAD blob"


def test_a_first_push_sends_everything_and_the_node_pulls_it() -> None:
    """A first deploy through central makes exactly these requests at these times, and is ready after 13.002 s."""
    seen = play(scenario(), demand(FIRST))
    assert seen.trace == [
        Sent(0.2, "central", "GET /v2/, POST token"),  # the connection is open after a round trip
        Sent(0.62, "central", CHECKS),  # two requests later
        Sent(1.25, "central", "POST upload"),  # three later
        Sent(1.25, "central", "POST upload"),
        # From 1.46 + 0.581 = 2.041 on, 3 MB and 1 MB share 1 MB/s: the smaller has gone after 2 s, the larger after 4.
        Sent(4.041, "central", "PATCH upload, PUT upload"),
        Sent(6.041, "central", "PATCH upload, PUT upload"),
        # 0.42 s for both, and 0.05 s for the blob store, before the manifests; their answer is sent at 6.831.
        Sent(6.511, "central", "PUT manifest, PUT index"),
        # The client hears at 6.931, reaches the node over a new connection at 7.231; the node opens one to central.
        Sent(7.431, "central", "HEAD manifest by tag"),
        Sent(7.641, "central", "GET index, GET manifest"),
        Sent(8.061, "central", "GET blob"),
        Sent(8.061, "central", "GET blob"),
        # 8.171 + 0.05 + 0.581 = 8.802; the kernel's last byte leaves 4 s later, arrives at 12.902; booting takes 0.1.
    ]
    (row,) = seen.deploys()
    assert row["latency_s"] == row["ended_s"] == exactly(13.002)
    assert phases(row) == {
        "login": 0.62, "checks": 0.63, "upload": 5.261, "commit": 0.32, "sync_wait": 0.4, "pull": 5.671, "boot": 0.1,
    }  # fmt: skip
    assert (row["push_s"], row["client_latency_s"], row["longest_pull_s"]) == exactly((6.931, 7.331, 5.671))


def test_a_first_push_fills_every_table() -> None:
    """A deploy's bytes stand in its row, as bodies, at both registries and on each link that they crossed."""
    seen = play(scenario(), demand(FIRST))
    (row,) = seen.deploys()
    all_bytes = 4 * MB + 10_000
    assert (row["pushed_bytes"], row["pulled_bytes"], row["saved_bytes"]) == (all_bytes, all_bytes, 0)
    assert (row["client"], row["repository"], row["image"], row["route"]) == ("dev", "org0/app0", "app", "central")
    assert (row["nodes"], row["update"], row["failed"], row["reason"]) == (1, False, False, "")
    assert seen.bodies("push") == [
        ("rootfs", "dev", "central", exactly(2.041), exactly(4.041), MB),
        ("kernel", "dev", "central", exactly(2.041), exactly(6.041), 3 * MB),
        ("metadata", "dev", "central", exactly(6.831), exactly(6.831), 10_000),
    ]
    assert seen.bodies("pull") == [
        ("rootfs", "central", "n", exactly(8.802), exactly(10.802), MB),
        ("kernel", "central", "n", exactly(8.802), exactly(12.802), 3 * MB),
        ("metadata", "central", "n", exactly(12.902), exactly(12.902), 10_000),
    ]
    central, node = seen.rows("registries")
    # 18 requests of the push (2, 2 + 3 blobs, 3 x 3 and 2) and 6 of the pull (1, 2 and 3 blobs), 10 ms each.
    assert (central["requests"], central["busy_s"], central["waited_s"]) == (24, exactly(0.24), 0)
    assert (central["received_bytes"], central["sent_bytes"]) == (all_bytes, all_bytes)
    assert (node["requests"], node["received_bytes"], node["sent_bytes"]) == (0, all_bytes, 0)
    assert central["stored_bytes"] == node["stored_bytes"] == 4 * MB + 1000
    links = {link["link"]: (link["push_bytes"], link["pull_bytes"]) for link in seen.rows("links")}
    assert links == {
        "hub-dev-up": (all_bytes, 0), "hub-dev-down": (0, 0),
        "hub-central-up": (0, all_bytes), "hub-central-down": (all_bytes, 0),
        "hub-n-up": (0, 0), "hub-n-down": (0, all_bytes),
    }  # fmt: skip
    (used,) = (link for link in seen.rows("links") if link["link"] == "hub-dev-up")
    assert used["mean_utilisation"] == exactly(4.01 / 13.002)
    assert used["peak_utilisation"] == exactly(4.01 / 60)
    assert seen.rows("syncs") == []


def test_an_update_skips_the_kernel() -> None:
    """A second deploy of an app sends and pulls its rootfs alone, and so is ready after 7.002 s."""
    seen = play(scenario(), demand([*FIRST, Deploy(100.0)]))
    _, update = seen.deploys()
    assert seen.trace[11:] == [
        Sent(100.2, "central", "GET /v2/, POST token"),
        Sent(100.62, "central", CHECKS),
        Sent(101.25, "central", "POST upload"),
        # 1 MB alone from 101.46 + 0.581 = 102.041 on
        Sent(103.041, "central", "PATCH upload, PUT upload"),
        Sent(103.511, "central", "PUT manifest, PUT index"),
        Sent(104.431, "central", "HEAD manifest by tag"),
        Sent(104.641, "central", "GET index, GET manifest"),
        Sent(105.061, "central", "GET blob"),
    ]
    assert update["latency_s"] == exactly(7.002)
    assert update["update"]
    assert (update["pushed_bytes"], update["pulled_bytes"]) == (MB + 10_000, MB + 10_000)
    assert update["saved_bytes"] == 2 * 3 * MB  # once in the push, once in the pull


def test_a_new_kernel_is_sent_again() -> None:
    """An update that carries a newer kernel takes as long and moves as much as a first push."""
    first, update = play(scenario(), demand([*FIRST, Deploy(100.0, kernel=1)])).deploys()
    assert update["latency_s"] == exactly(first["latency_s"])
    assert update["pushed_bytes"] == first["pushed_bytes"]
    assert update["saved_bytes"] == 0


def test_a_rom_is_one_layer() -> None:
    """A ROM has no kernel to ask for: its first deploy takes as long as an update of an app, and saves nothing."""
    seen = play(scenario(), demand(FIRST, apps=[App(kind=1)]))
    (row,) = seen.deploys()
    assert [sent.requests for sent in seen.trace].count("POST upload") == 1
    assert row["latency_s"] == exactly(7.002)
    assert (row["image"], row["pushed_bytes"], row["saved_bytes"]) == ("rom", MB + 10_000, 0)


def test_another_repository_is_no_help() -> None:
    """Two apps with one kernel send it twice, while the registry stores it once."""
    seen = play(scenario(), demand([*FIRST, Deploy(100.0, app=1)], apps=[App(), App()]))
    one, other = seen.deploys()
    assert (other["repository"], other["update"], other["saved_bytes"]) == ("org0/app1", False, 0)
    assert one["pushed_bytes"] == other["pushed_bytes"] == 4 * MB + 10_000
    assert seen.rows("registries")[0]["stored_bytes"] == 3 * MB + 2 * (MB + 1000)


def test_a_push_to_the_node_needs_no_pull() -> None:
    """Straight to the node the image is where it starts: ready 0.4 s after the publish and the time to boot."""
    chosen = scenario(policies__route="node-direct", policies__tags__check="absent", policies__sync__to_central="never")
    seen = play(chosen, demand(FIRST))
    (row,) = seen.deploys()
    assert {sent.registry for sent in seen.trace} == {"n"}
    # The blob store of a node answers 0.03 s sooner than central's: published at 6.801, not 6.831.
    assert phases(row) == {
        "login": 0.62, "checks": 0.63, "upload": 5.231, "commit": 0.32, "sync_wait": 0.4, "boot": 0.1,
    }  # fmt: skip
    assert row["latency_s"] == exactly(7.301)
    assert (row["pushed_bytes"], row["pulled_bytes"]) == (4 * MB + 10_000, 0)
    assert [target for _, _, target, *_ in seen.bodies("push")] == ["n", "n", "n"]
    assert seen.rows("registries")[0]["requests"] == 0


def test_skopeo_moves_one_blob_after_another() -> None:
    """A client without parallel uploads asks about each blob when the one before is there, and the line stays full.

    About a layer that it is going to send it asks once more.
    """
    seen = play(scenario(clients__dev__profile="skopeo"), demand(FIRST))
    assert [sent for sent in seen.trace if sent.at_s < 8.7] == [
        Sent(0.2, "central", "GET /v2/"),
        Sent(0.41, "central", "HEAD blob"),
        Sent(0.62, "central", "HEAD blob, POST upload"),
        Sent(4.621, "central", "PATCH upload, PUT upload"),  # 1.04 + 0.581 + 3
        Sent(5.091, "central", "HEAD blob"),
        Sent(5.301, "central", "HEAD blob, POST upload"),
        Sent(7.302, "central", "PATCH upload, PUT upload"),  # 5.721 + 0.581 + 1
        Sent(7.772, "central", "HEAD blob"),
        Sent(7.982, "central", "POST upload"),
        Sent(8.193, "central", "PATCH upload, PUT upload"),  # 1 kB fits the first window: 8.192 + 0.001
        Sent(8.663, "central", "PUT manifest"),
    ]
    (row,) = seen.deploys()
    assert phases(row)["checks"] == exactly(3 * 0.21)
    assert phases(row)["upload"] == exactly(2 * 0.42 + 0.21 + 3 * 0.47 + 2 * RAMP_S + 3 + 1 + 0.001)


@pytest.mark.parametrize(("tls", "login_s"), [(False, 0.2 + 0.42), (True, 0.4 + 0.42)])
def test_tls_costs_a_round_trip_more(tls: bool, login_s: float) -> None:
    """Opening a connection takes one round trip without TLS and two with it, before the two requests of the login."""
    (row,) = play(scenario(central__tls=tls), demand(FIRST)).deploys()
    assert row["login_s"] == exactly(login_s)


def test_requests_wait_for_a_worker() -> None:
    """Two clients that ask a registry with one worker at one instant: the second's first request waits for 10 ms."""
    chosen = scenario(clients=2, central__workers=1, run__detail="requests")
    seen = play(chosen, demand([Deploy(0.0), Deploy(0.0, app=1)], apps=[App(client=0), App(client=1)]))
    # From then on they are 10 ms apart, so that the second request of the one meets none of the other's.
    assert [row["login_waited_s"] for row in seen.deploys()] == exactly([0.0, 0.01])
    assert [row["login_s"] for row in seen.deploys()] == exactly([0.62, 0.63])


def test_uploads_share_a_line() -> None:
    """Two pushes over one uplink at once take twice the time for their bytes, and half of it is waiting."""
    seen = play(scenario(), demand([Deploy(0.0), Deploy(0.0, app=1)], apps=[App(kind=1), App(kind=1)]))
    # 1 MB beside 1 MB: 2 s instead of 1.
    for row in seen.deploys():
        assert row["upload_s"] == exactly(0.21 + RAMP_S + 2 + 0.47)
        assert row["upload_waited_s"] == exactly(1.0)


@pytest.mark.parametrize(
    ("slow", "upload_s", "pull_s"),
    [({"central__disk": "0.5 MB/s"}, 2.0, 2.0), ({"nodes__n__disk": "0.5 MB/s"}, 1.0, 2.0)],
)
def test_a_body_crosses_the_disks_of_the_registries_at_its_ends(
    slow: dict[str, str], upload_s: float, pull_s: float
) -> None:
    """1 MB takes 2 s where a registry's disk, reading or writing, does half of what the lines do."""
    seen = play(scenario(**slow), demand(FIRST, apps=[App(kind=1)]))
    (up, down) = (seen.bodies(purpose)[0] for purpose in ("push", "pull"))
    assert [ended_s - started_s for *_, started_s, ended_s, _ in (up, down)] == exactly([upload_s, pull_s])


@pytest.mark.parametrize(("draw", "route"), [(0.0, "central"), (0.24, "central"), (0.26, "node-direct")])
def test_a_mix_of_routes_is_taken_by_share(draw: float, route: str) -> None:
    """With shares of 1 and 3 a quarter of the draws go through central and the rest to the node."""
    mix = [{"name": "central", "share": 1}, {"name": "node-direct", "share": 3}]
    (row,) = play(scenario(policies__route=mix), demand([Deploy(0.0, draw=draw)])).deploys()
    assert row["route"] == route


@pytest.mark.parametrize(
    ("scope", "sent_bytes"),
    [("none", [4, 4, 4]), ("repository", [4, 4, 1]), ("account", [4, 1, 1]), ("registry", [4, 1, 1])],
)
def test_dedup_looks_as_far_as_it_is_let(scope: str, sent_bytes: list[int]) -> None:
    """An app, another app of the same client, and an update of the first: who sends the kernel's 3 MB again."""
    apps = [App(client=0), App(client=0)]
    seen = play(scenario(policies__dedup=scope), demand([Deploy(0.0), Deploy(50.0, app=1), Deploy(100.0)], apps=apps))
    assert [row["pushed_bytes"] for row in seen.deploys()] == [size * MB + 10_000 for size in sent_bytes]
    assert not any(row["failed"] for row in seen.deploys())


def test_an_update_sends_only_the_chunks_that_it_changes() -> None:
    """Of a rootfs of 1 MB an update changes a tenth in one place, with chunks of 50 kB: it sends 150 kB of it."""
    chunking = {"name": "content-defined", "changed": 0.1, "places": 1, "chunk": "50 kB"}
    seen = play(scenario(policies__chunking=chunking), demand([Deploy(0.0), Deploy(50.0)], apps=[App(kind=1)]))
    assert [row["pushed_bytes"] for row in seen.deploys()] == [MB + 10_000, 150_000 + 10_000]
    # The push leaves the stable chunks out, and so does the node's pull.
    assert [row["saved_bytes"] for row in seen.deploys()] == [0, 2 * 850_000]
