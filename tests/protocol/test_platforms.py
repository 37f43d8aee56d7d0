"""Images for several architectures under one index: what a push sends of them, what a node pulls, what copies bring.

An app has a kernel of 3 MB, a rootfs of 1 MB and 1 kB of config for each architecture, a manifest of 3 kB each, and one
index of 6 kB.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.errors import InputError
from sim.protocol.layering import for_platforms
from sim.protocol.state import LAYOUT
from sim.records.layout import table_of

from .small import MB, App, Deploy, Seen, demand, play, scenario

BOTH = ["amd64", "arm64"]
APP = 4 * MB + 1_000
"""What one platform's blobs weigh."""
REQUEST_S = 0.21


def app(built_for: list[str] = BOTH, **changes: Any) -> Seen:
    """A first push to central of an app for some architectures, started on one node."""
    return play(scenario(images__app__architectures=built_for, **changes), demand([Deploy(0.0)]))


def contents(seen: Seen, purpose: str) -> list[tuple[str, int]]:
    """The layers that were moved, each with its bytes."""
    return sorted((body[0], body[5]) for body in seen.bodies(purpose) if body[0] != "metadata")


def test_blobs_of_platforms_are_behind_each_other_and_shared_platform_by_platform() -> None:
    """Two images of blobs (0, 1) and (0, 2), both for two platforms: of the second platform blob 0 is shared, too."""
    blobs = table_of(LAYOUT, "blobs", {"size_bytes": [100, 7, 9]})
    images = table_of(LAYOUT, "images", {"first_blob": [0, 2, 4], "blobs": [2, 2, 1]})
    tables = {"images": images, "blobs": blobs, "image_blobs": np.array([0, 1, 0, 2, 2])}
    made = for_platforms(tables, np.array([2, 2, 1]))
    assert made["image_blobs"].tolist() == [0, 1, 3, 4, 0, 2, 3, 5, 2]
    assert made["blobs"]["size_bytes"].tolist() == [100, 7, 9, 100, 7, 9]
    assert made["images"]["first_blob"].tolist() == [0, 4, 8]
    assert made["images"]["platforms"].tolist() == [2, 2, 1]
    assert made["blobs"].dtype == LAYOUT.dtype("blobs")


def test_a_push_sends_all_architectures_and_a_node_pulls_its_own() -> None:
    """Twice the layers up, once down; up go two manifests and the index, down one and the index."""
    seen = app()
    assert contents(seen, "push") == [("kernel", 3 * MB)] * 2 + [("rootfs", MB)] * 2
    assert contents(seen, "pull") == [("kernel", 3 * MB), ("rootfs", MB)]
    (row,) = seen.deploys()
    assert row["pushed_bytes"] == 2 * APP + 2 * 3_000 + 6_000
    assert row["pulled_bytes"] == APP + 3_000 + 6_000


@pytest.mark.parametrize("architecture", BOTH)
def test_a_node_has_the_blobs_of_its_own_platform(architecture: str) -> None:
    """Of six blobs amd64 has the first three, arm64 the others; central has all."""
    seen = app(nodes__n__architecture=architecture)
    own = [architecture == "amd64"] * 3
    assert seen.has_blobs("n", 0) == own + [not one for one in own]
    assert seen.has_blobs("central", 0) == [True] * 6


def test_each_further_platform_is_one_manifest_more_to_put() -> None:
    """KraftKit puts a manifest, and then the last with the index: one request of 0.21 s more; the node asks for the
    index and one manifest as ever."""
    one, two, three = app(["amd64"]), app(), app([*BOTH, "s390x"])
    published = [(sent.registry, sent.requests) for sent in two.trace if "PUT manifest" in sent.requests]
    assert published == [("central", "PUT manifest"), ("central", "PUT manifest, PUT index")]
    assert sum("PUT manifest" in sent.requests for sent in three.trace) == 3
    commits = [seen.deploys()[0]["commit_s"] for seen in (one, two, three)]
    assert commits[1] - commits[0] == pytest.approx(REQUEST_S, abs=1e-9)
    assert commits[2] - commits[0] == pytest.approx(2 * REQUEST_S, abs=1e-9)
    for seen in (one, two, three):
        assert [sent.requests for sent in seen.trace if "GET index" in sent.requests] == ["GET index, GET manifest"]


def test_a_client_that_puts_no_index_puts_one_for_several_platforms() -> None:
    """skopeo puts the manifest of an image for one architecture alone, and for two each manifest and the index."""
    one, two = (app(some, clients__dev__profile="skopeo") for some in (BOTH[:1], BOTH))
    puts = [[sent.requests for sent in seen.trace if "PUT manifest" in sent.requests] for seen in (one, two)]
    assert puts == [["PUT manifest"], ["PUT manifest", "PUT manifest, PUT index"]]


def test_one_architecture_is_as_none_said() -> None:
    """An image for the nodes' architecture alone leaves the rows of one that says nothing."""
    seen, plain = app(["amd64"]), play(scenario(), demand([Deploy(0.0)]))
    assert seen.deploys() == plain.deploys()
    assert seen.rows("transfers") == plain.rows("transfers")


def test_an_update_sends_the_root_filesystems_alone() -> None:
    """Both kernels are at the registry: an update sends two root filesystems, and the node fetches one."""
    seen = play(scenario(images__app__architectures=BOTH, demand__warm=True), demand([Deploy(0.0)], known_apps=1))
    assert contents(seen, "push") == [("rootfs", MB)] * 2
    assert contents(seen, "pull") == [("rootfs", MB)]
    assert seen.deploys()[0]["saved_bytes"] == 2 * 3 * MB + 3 * MB  # where it was pushed to, and on the node


@pytest.mark.parametrize(("platforms", "copied"), [("all", 2), ("node", 1)])
def test_a_copy_to_a_node_brings_all_platforms_or_the_nodes_own(platforms: str, copied: int) -> None:
    """Pushed to central and owed to both nodes: the second gets two platforms, or its own, with as many manifests."""
    chosen = scenario(
        nodes=2, images__app__architectures=BOTH, nodes__n__architecture="arm64", policies__sync__platforms=platforms,
        policies__sync__to_nodes="on-push", policies__sync__targets="all", policies__sync__delay="0 s",
        policies__coalesce=False,
    )  # fmt: skip
    seen = play(chosen, demand([Deploy(0.0)]))
    to_second = [body for body in seen.bodies("sync") if body[2] == "n2"]
    assert sorted(body[0] for body in to_second) == ["kernel"] * copied + ["metadata"] + ["rootfs"] * copied
    assert sum(body[5] for body in to_second) == copied * (APP + 3_000) + 6_000
    assert seen.has_blobs("n2", 0) == [copied == 2] * 3 + [True] * 3
    checks = [sent.requests for sent in seen.trace if sent.registry == "n2" and "HEAD blob" in sent.requests]
    assert checks[0] == "HEAD manifest by tag, HEAD blob"


def test_a_node_that_is_pushed_to_gets_all_and_central_gets_them_from_it() -> None:
    """A push to a node is a push of the whole image, and so is the copy of it to central."""
    seen = app(policies__route="node-direct", policies__sync__delay="0 s", policies__sync__platforms="node")
    assert seen.has_blobs("n", 0) == [True] * 6
    assert seen.has_blobs("central", 0) == [True] * 6
    assert contents(seen, "sync") == [("kernel", 3 * MB)] * 2 + [("rootfs", MB)] * 2


def test_two_nodes_of_two_architectures_pull_different_blobs() -> None:
    """One image on a node of each: what the one has is no help to the other."""
    chosen = scenario(
        images__rom__architectures=BOTH, policies__placement="spread", policies__source="peers-first",
        nodes__m={**scenario_node(), "architecture": "arm64"},
    )  # fmt: skip
    seen = play(chosen, demand([Deploy(0.0, nodes=2)], apps=[App(kind=1)]))
    assert seen.has_blobs("n", 0) == [True, True, False, False]
    assert seen.has_blobs("m", 0) == [False, False, True, True]
    assert {body[1] for body in seen.bodies("pull")} == {"central"}


def scenario_node() -> dict[str, Any]:
    """A node as the small world's are."""
    return {
        "capacity": "1 MB/s", "delay": "50 ms", "window": "1 GB", "workers": 100, "request_time": "10 ms",
        "disk": "1 GB/s", "tls": False, "anonymous": True, "first_byte": "20 ms", "store": "20 ms",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"images__app__architectures": ["arm64"]}, 'images.app.architectures: is not built for "amd64"'),
        ({"images__app__architectures": []}, "images.app.architectures: must be names of architectures, got []"),
        ({"images__app__architectures": BOTH * 2}, "images.app.architectures: must be different names"),
        ({"images__app__architectures": ["ARM 64"]}, "images.app.architectures: must be names of architectures"),
        ({"images__app__architectures": BOTH, "nodes__n__storage": "9 MB"}, "nodes.n.storage: bounds a disk"),
        ({"images__app__architectures": BOTH, "clients__dev__kernels": "once"}, "clients.dev.kernels: has machines"),
    ],
)
def test_what_is_not_modelled_is_refused(changes: dict[str, Any], said: str) -> None:
    """One line names the key, the value and what to do."""
    with pytest.raises(InputError) as refused:
        scenario(**changes)
    assert said in str(refused.value)
