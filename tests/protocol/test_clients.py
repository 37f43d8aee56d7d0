"""Clients on the wire: the requests of each for an update (a new tag, the kernel known), in their order.

Requests in one entry follow each other without anything to decide between; the config travels beside the rootfs, except
where a client sends it afterwards.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import sim
from sim.registry.clients import PROFILES

from .small import MB, RAMP_S, App, Deploy, Seen, demand, exactly, play, scenario

SEQUENCES = {
    "kraftkit": [
        "GET /v2/, POST token", "HEAD manifest by tag, HEAD manifest by digest, HEAD blob", "POST upload",
        "PATCH upload, PUT upload", "PUT manifest, PUT index",
    ],
    "unikraft": [
        "HEAD blob, POST token", "HEAD blob", "POST upload", "PUT upload",
        "HEAD blob", "POST upload", "PUT upload", "HEAD manifest by digest, PUT manifest, HEAD index, PUT index",
    ],
    "docker": [
        "GET /v2/, POST token", "HEAD manifest by tag, HEAD manifest by digest, HEAD blob", "POST upload",
        "PATCH upload, PUT upload", "PUT manifest, PUT index",
    ],
    "skopeo": [
        "GET /v2/", "HEAD blob", "HEAD blob", "HEAD blob, POST upload", "PATCH upload, PUT upload", "HEAD blob",
        "POST upload", "PATCH upload, PUT upload", "PUT manifest",
    ],
    "oras": [
        "GET /v2/, POST token", "HEAD manifest by tag, HEAD manifest by digest, HEAD blob", "POST upload", "PUT upload",
        "PUT manifest, PUT index",
    ],
    "podman": [
        "GET /v2/, POST token", "HEAD blob", "POST upload", "PATCH upload, PUT upload", "HEAD blob", "POST upload",
        "PATCH upload, PUT upload", "PUT manifest",
    ],
    "crane": [
        "GET /v2/, POST token", "HEAD manifest by tag, HEAD blob", "POST upload", "PATCH upload, PUT upload",
        "PUT manifest",
    ],
    "buildkit": [
        "HEAD blob, POST token", "HEAD blob", "POST upload", "PUT upload",
        "HEAD manifest by digest, PUT manifest, HEAD index, PUT index",
    ],
}  # fmt: skip
#: Requests one after another, each a round trip: what the pages of the clients add up to, less opening a connection.
ROUND_TRIPS = {
    "kraftkit": 10,
    "unikraft": 12,
    "docker": 10,
    "skopeo": 12,
    "oras": 9,
    "podman": 11,
    "crane": 8,
    "buildkit": 9,
}


def pushes(client: str, *deploys: Deploy, **changes: object) -> Seen:
    chosen = scenario(clients__dev__profile=client, **changes)
    return play(chosen, demand(deploys, apps=[App(), App()]))


def test_every_client_is_here() -> None:
    """The tables have a row for each client that pushes."""
    assert SEQUENCES.keys() == ROUND_TRIPS.keys() == PROFILES.keys()


@pytest.mark.parametrize("client", SEQUENCES)
def test_an_update_sends_these_requests(client: str) -> None:
    """The second deploy's requests to central, until the tag is published, are those of the client's row."""
    seen = pushes(client, Deploy(0.0), Deploy(50.0))
    assert [sent.requests for sent in seen.trace if sent.registry == "central" and sent.at_s >= 50][
        : len(SEQUENCES[client])
    ] == SEQUENCES[client]
    assert sum(len(entry.split(", ")) for entry in SEQUENCES[client]) == ROUND_TRIPS[client]


@pytest.mark.parametrize("client", SEQUENCES)
def test_an_update_takes_its_round_trips(client: str) -> None:
    """A connection, 0.21 s a request, the rootfs' ramp and second, and 0.05 s for each time a blob store writes.

    A blob within the initial window, the config, takes a millisecond where it does not travel beside the rootfs.
    """
    push_s = pushes(client, Deploy(0.0), Deploy(50.0)).deploys()[1]["push_s"]
    apart = client in ("unikraft", "skopeo", "podman")
    expected = 0.2 + 0.21 * ROUND_TRIPS[client] + 0.581 + 1.0 + (0.05 + 0.05 + 0.001 if apart else 0.05)
    assert push_s == exactly(expected)


def test_buildkit_mounts_what_it_has_pushed_before() -> None:
    """It keeps where it pushed a layer to, and asks for it by `mount=` from there: a request and no bytes."""
    seen = pushes("buildkit", Deploy(0.0), Deploy(50.0, app=1))
    assert seen.deploys()[1]["pushed_bytes"] == MB + 10_000
    assert [sent.requests for sent in seen.trace].count("POST upload mount") == 1


@pytest.mark.parametrize("client", [client for client in SEQUENCES if client != "buildkit"])
def test_a_client_that_never_asks_mounts_nothing(client: str) -> None:
    """The kernel is sent again to the account's next repository: these do not ask by `mount=` for what they build."""
    seen = pushes(client, Deploy(0.0), Deploy(50.0, app=1))
    assert seen.deploys()[1]["pushed_bytes"] == 4 * MB + 10_000
    assert "POST upload mount" not in [sent.requests for sent in seen.trace]


def test_an_update_by_the_unikraft_cli_is_fourteen_round_trips() -> None:
    """Two for a connection with TLS, then its twelve requests, each 0.2 s and 10 ms of the registry's."""
    plain, secure = (
        pushes("unikraft", Deploy(0.0), Deploy(50.0), central__tls=tls).deploys()[1]["push_s"] for tls in (False, True)
    )
    assert secure == exactly(plain + 0.2)  # the second of TCP and TLS 1.3
    assert secure == exactly(14 * 0.2 + 12 * 0.01 + 0.581 + 1.0 + 0.05 + 0.05 + 0.001)


def test_a_client_does_after_its_push_what_its_code_does() -> None:
    """KraftKit polls, and pins what it pushed; the unikraft CLI does neither: said by nobody, that is what happens."""
    for client, polls, reference in (("kraftkit", "poll", "digest"), ("unikraft", "at-once", "tag")):
        by_code = pushes(client, Deploy(0.0), policies__create="client", demand__reference="client")
        said = pushes(client, Deploy(0.0), policies__create=polls, demand__reference=reference)
        assert by_code.deploys() == said.deploys()
    polled, at_once = (
        pushes("kraftkit", Deploy(0.0), policies__create=how).deploys()[0] for how in ("poll", "at-once")
    )
    assert polled["client_latency_s"] > at_once["client_latency_s"] + 2


def test_after_a_push_to_its_node_a_client_that_polls_asks_once() -> None:
    """The node has the image: the first poll says so, a round trip of 0.2 s and 10 ms at the node."""
    direct = {"policies__route": "node-direct", "policies__tags__check": "absent"}
    polled, at_once = (pushes("kraftkit", Deploy(0.0), policies__create=how, **direct) for how in ("poll", "at-once"))
    for name in ("latency_s", "client_latency_s"):
        assert polled.deploys()[0][name] == exactly(at_once.deploys()[0][name] + 0.21)


def test_a_registry_that_wants_a_token_refuses_a_pull_first() -> None:
    """`HEAD`, answered 401, the token, and `HEAD` again: two requests more, 0.42 s, for each pull."""
    plain, refused = (pushes("kraftkit", Deploy(0.0), central__anonymous=so) for so in (True, False))
    assert "HEAD manifest by tag, POST token, HEAD manifest by tag" in [sent.requests for sent in refused.trace]
    assert refused.deploys()[0]["latency_s"] == exactly(plain.deploys()[0]["latency_s"] + 0.42)


def test_a_config_that_comes_first_is_a_request_of_its_own() -> None:
    """The config's GET before the layers': 0.21 s, the first byte's 0.05 s and a millisecond for 1 kB."""
    beside, first = (pushes("kraftkit", Deploy(0.0), policies__configs=how) for how in ("beside", "first"))
    assert first.deploys()[0]["latency_s"] == exactly(beside.deploys()[0]["latency_s"] + 0.21 + 0.05 + 0.001)
    asked = [sent.requests for sent in first.trace if sent.requests.startswith("GET")]
    assert asked[1:] == ["GET index, GET manifest", "GET blob", "GET blob", "GET blob"]


def test_bodies_side_by_side_open_connections_of_their_own() -> None:
    """Of a kernel of 3 MB and a rootfs of 1 MB, sent together, the second's connection takes 0.2 s, and while it opens
    the kernel has the line: both end when 4 MB have crossed. Two that are open already open none again."""
    opened, ready = (pushes("kraftkit", Deploy(0.0), tcp__parallel=how) for how in ("opened", "open"))
    began = [[sent.at_s for sent in seen.trace if sent.requests == "POST upload"] for seen in (opened, ready)]
    assert began[0] == exactly([began[1][0], began[1][0] + 0.2])
    assert opened.deploys()[0]["push_s"] == exactly(ready.deploys()[0]["push_s"])
    serial = [pushes("skopeo", Deploy(0.0), tcp__parallel=how).deploys() for how in ("opened", "open")]
    assert serial[0] == serial[1]  # one body at a time, over one connection


def test_a_first_byte_is_waited_for_when_a_blob_is_read() -> None:
    """A blob store's first byte, 0.1 s instead of 0.05, is a pull's, and what it takes to keep a blob a push's."""
    plain = pushes("kraftkit", Deploy(0.0)).deploys()[0]
    reads = pushes("kraftkit", Deploy(0.0), central__first_byte="100 ms").deploys()[0]
    stores = pushes("kraftkit", Deploy(0.0), central__store="100 ms").deploys()[0]
    assert (reads["push_s"], stores["push_s"]) == (plain["push_s"], exactly(plain["push_s"] + 0.05))
    assert reads["latency_s"] == exactly(plain["latency_s"] + 0.05)
    assert stores["latency_s"] == exactly(plain["latency_s"] + 0.05)


def test_an_upload_that_outlives_its_token_asks_for_another() -> None:
    """With tokens good for 2 s a push of 4 s is refused at its manifest and asks for a token: two requests more."""
    plain = pushes("kraftkit", Deploy(0.0)).deploys()[0]
    short = pushes("kraftkit", Deploy(0.0), central__token_life="2 s")
    assert short.deploys()[0]["push_s"] == exactly(plain["push_s"] + 2 * 0.21)
    assert [sent.requests for sent in short.trace].count("PUT manifest, POST token") == 1


def test_a_refused_token_ends_the_deploy() -> None:
    """Nobody tries the same token twice."""
    fault = {"kind": "tokens-refused", "target": "central", "at": "0 s", "lasts": "10 s"}
    seen = pushes("docker", Deploy(0.0), Deploy(50.0), faults__f=fault)
    assert [row["reason"] for row in seen.deploys()] == ["token refused", ""]


def test_clients_of_one_account_share_its_repositories_and_mounts() -> None:
    """Two developers with one token push to one account: what one has pushed is no help to the other by itself."""
    chosen = scenario(clients=2, clients__dev__account="team")
    seen = play(chosen, demand([Deploy(0.0), Deploy(50.0, app=1)], apps=[App(client=0), App(client=1)]))
    assert [row["repository"] for row in seen.deploys()] == ["team/app0", "team/app1"]


def test_a_client_may_deploy_to_another_metro() -> None:
    """A client at fra that names was deploys to the nodes there."""
    changes = {"demand.rate": "200/day", "clients.fra-dev.metro": "was"}
    chosen = sim.load(Path(__file__).parents[2] / "scenarios" / "presets" / "two-metros.toml", overrides=changes)
    starts = sim.run(chosen).starts
    assert set(starts.node.str[:3]) == {"was"}


def test_polling_creates_the_instance_when_the_node_has_the_image() -> None:
    """The client polls from 4.231 on, the node fetches meanwhile: the boot is later than with one request at once.

    Polls take 0.21 s each; the instance is created after the first that finds the image, and then it only boots.
    """
    at_once = play(scenario(), demand([Deploy(0.0)], apps=[App(kind=1)])).deploys()[0]
    polled = play(scenario(policies__create="poll"), demand([Deploy(0.0)], apps=[App(kind=1)])).deploys()[0]
    assert at_once["latency_s"] < polled["latency_s"] < at_once["latency_s"] + 1.0
    assert polled["pulled_bytes"] == at_once["pulled_bytes"] == MB + 10_000
    assert polled["client_latency_s"] > at_once["client_latency_s"] + 2.0


@pytest.mark.parametrize(("reference", "ready_s"), [("tag", 7.481), ("digest", 7.271)])
def test_whoever_polls_hears_of_an_image_that_was_pulled_by_its_digest(reference: str, ready_s: float) -> None:
    """The first poll gets there at 4.231, the image at 6.902: the 14th poll, at 4.231 + 13 * 0.21 = 6.961, says yes.

    Its answer, 10 ms for the request and 100 ms back, has the client ask for the instance, 100 ms forth. Then it boots
    for 100 ms: at 7.271, or after it has asked central once more what the tag means, 210 ms later.
    """
    chosen = scenario(policies__create="poll", demand__reference=reference)
    (row,) = play(chosen, demand([Deploy(0.0)], apps=[App(kind=1)])).deploys()
    assert row["latency_s"] == exactly(ready_s)


def test_polling_gives_up_after_a_minute() -> None:
    """A node that never gets the image is polled for 60 s, and the deploy says so; the client's command never ends."""
    changes = {"policies__create": "poll", "policies__sync__to_nodes": "never"}
    (row,) = play(scenario(**changes), demand([Deploy(0.0)], apps=[App(kind=1)])).deploys()
    assert row["reason"] == "not on its node within 60 s"
    assert row["client_latency_s"] == row["longest_pull_s"] == float("inf")
    assert row["push_s"] < 5


@pytest.mark.parametrize(("patience", "reason"), [("57 s", "not at central within 57 s"), ("1 h", "")])
def test_how_long_a_start_waits_is_a_key(patience: str, reason: str) -> None:
    """An image that gets to central a minute later fails a deploy of less patience, and only that."""
    changes = {"policies__route": "node-direct", "policies__sync__delay": "58 s", "policies__patience": patience}
    (row,) = play(scenario(nodes=2, demand__nodes=2, **changes), demand([Deploy(0.0)], apps=[App(kind=1)])).deploys()
    assert row["reason"] == reason


# A kernel of 3 MB over 1 MB/s: opening 0.2 s, the version check, the token and two manifests 0.21 each, the blob 0.21,
# a first byte of 50 ms, RAMP_S and 3 s.
@pytest.mark.parametrize(("kernels", "fetched"), [("cached", [0, 0]), ("once", [1, 0]), ("always", [1, 1])])
def test_a_client_fetches_the_kernel_that_it_builds_with(kernels: str, fetched: list[int]) -> None:
    """Before it pushes, from central, as often as it keeps none; that is in the phase of the login."""
    asked = demand([Deploy(0.0), Deploy(100.0)], known_apps=1)
    calm, seen = (play(scenario(clients__dev__kernels=how), asked) for how in ("cached", kernels))
    took_s = [row["login_s"] - other["login_s"] for row, other in zip(seen.deploys(), calm.deploys(), strict=True)]
    assert took_s == exactly([(0.2 + 5 * 0.21 + 0.05 + RAMP_S + 3.0) * times for times in fetched])
    kernel = [body for body in seen.bodies("pull") if body[2] == "dev"]
    assert [(content, source, size) for content, source, _, _, _, size in kernel] == [
        ("kernel", "central", 3 * MB)
    ] * sum(fetched)


def test_a_rom_is_built_without_a_kernel() -> None:
    """Who builds one fetches nothing for it."""
    seen = play(scenario(clients__dev__kernels="always"), demand([Deploy(0.0)], apps=[App(kind=1)]))
    assert [body for body in seen.bodies("pull") if body[2] == "dev"] == []
