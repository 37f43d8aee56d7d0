"""Images of many layers: a root filesystem in equal parts, that are asked for, sent and fetched each by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.errors import InputError
from sim.protocol.layering import in_layers
from sim.protocol.state import LAYOUT
from sim.records.layout import table_of

from .small import MB, RAMP_S, App, Deploy, Seen, demand, exactly, play, scenario


def tables(sizes: list[int]) -> dict[str, Any]:
    """Images of a kernel that they share, a root filesystem of its own each, and a config."""
    n = len(sizes)
    blobs = table_of(LAYOUT, "blobs", {"size_bytes": [100, *(each for size in sizes for each in (size, 7))]})
    images = table_of(LAYOUT, "images", {"first_blob": 3 * np.arange(n), "blobs": [3] * n})
    image_blobs = [each for at in range(n) for each in (0, 1 + 2 * at, 2 + 2 * at)]
    return {"images": images, "blobs": blobs, "image_blobs": np.array(image_blobs)}


def sizes_of(made: dict[str, Any], image: int) -> list[int]:
    """What an image's blobs weigh, in their order."""
    row = made["images"][image]
    which = made["image_blobs"][row["first_blob"] : row["first_blob"] + row["blobs"]]
    return [int(size) for size in made["blobs"]["size_bytes"][which]]


def test_the_parts_add_up_and_stand_where_the_whole_stood() -> None:
    """10 bytes in 3 layers are 4, 3 and 3, between kernel and config; an image of one layer stays as it is."""
    made = in_layers(tables([10, 20, 12]), np.array([3, 1, 4]))
    assert [sizes_of(made, image) for image in range(3)] == [[100, 4, 3, 3, 7], [100, 20, 7], [100, 3, 3, 3, 3, 7]]
    assert len(set(made["image_blobs"].tolist()) - {0}) == len(made["image_blobs"]) - 3


def test_there_are_no_empty_layers() -> None:
    """2 bytes in 5 layers are 2 layers of 1 byte."""
    assert sizes_of(in_layers(tables([2]), np.array([5])), 0) == [100, 1, 1, 7]


def rom(layers: int, profile: str = "kraftkit", rootfs_bytes: int = MB) -> Seen:
    """A new ROM in so many layers goes to central, and from there to a node."""
    chosen = scenario(images__rom__layers=layers, clients__dev__profile=profile)
    return play(chosen, demand([Deploy(0.0, rootfs_bytes=rootfs_bytes)], apps=[App(kind=1)]))


def test_each_layer_is_a_transfer_of_its_own() -> None:
    """Of 1 MB in 10 layers each is sent and fetched as 100 kB; as many bytes go as without."""
    seen = rom(10)
    for purpose in ("push", "pull"):
        assert [size for content, *_, size in seen.bodies(purpose) if content == "rootfs"] == [100_000] * 10
    (row,) = seen.deploys()
    assert (row["pushed_bytes"], row["pulled_bytes"]) == (MB + 10_000, MB + 10_000)


def test_a_client_that_moves_one_at_a_time_pays_its_requests_for_each() -> None:
    """skopeo: HEAD, HEAD, POST, PATCH, PUT for each layer, 0.21 s a request, 0.05 s of storing, and slow start anew.

    A layer of 500 kB takes the same slow start as one of 1 MB.
    """
    one, two = (rom(layers, "skopeo").deploys()[0]["push_s"] for layers in (1, 2))
    assert two - one == exactly(5 * 0.21 + 0.05 + RAMP_S)


def test_a_node_fetches_three_layers_at_a_time() -> None:
    """containerd's 3 at once: of 6 layers and a config the last waits for two groups before it."""
    seen = rom(6)
    asked_s = sorted({sent.at_s for sent in seen.trace if sent.requests == "GET blob"})
    assert len(asked_s) == 3


def test_work_grows_with_layers_and_no_faster() -> None:
    """Every layer of 100 is moved, and a deploy of 100 layers makes twice the events of one of 50."""
    seen = {layers: rom(layers, rootfs_bytes=10 * MB) for layers in (50, 100)}
    for layers, one in seen.items():
        assert len([body for body in one.bodies("pull") if body[0] == "rootfs"]) == layers
    assert 1.5 * seen[50].events() < seen[100].events() < 2.1 * seen[50].events()


def test_so_many_layers_that_memory_ends_are_refused() -> None:
    """A million layers each for 1,000 deploys: the key is named."""
    with pytest.raises(InputError, match=r"images\.rom\.layers"):
        scenario(images__rom__layers=1_000_000, demand__rate="1000/day", run__duration="24 h")
