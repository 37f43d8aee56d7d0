"""The list of images, which trails publishes and removals by a lag."""

from __future__ import annotations

import pytest

from sim.policies.snapshot import Publish
from sim.registry.oci import Image, Layer, digest_of

from .contents import Contents


def publish(contents: Contents, repository: str, tag: str | None, *, at_s: float = 0.0, rom: bool = False) -> Image:
    """Put a new image, with its blobs, under a tag."""
    name = (repository, str(tag), str(at_s))
    kernel = Layer(digest_of("kernel"), 1, "kernel")
    rootfs = Layer(digest_of("rootfs", *name), 1, "rootfs")
    config = Layer(digest_of("config", *name), 1, "config")
    image = Image(digest_of("manifest", *name), (rootfs,) if rom else (kernel, rootfs), config, 5, 7)
    for blob in image.blobs:
        contents.add_blob(repository, blob)
    contents.put(repository, tag, image, Publish(image.digest, at_s))
    return image


def test_list_trails_publishes() -> None:
    """With a lag of 60 s, an image published at 100 s is listed from 160 s on, though it resolves at once."""
    contents = Contents()
    publish(contents, "org/app", "latest", at_s=100.0)
    assert contents.resolve("org/app", "latest") is not None
    assert contents.listing(159.9, lag_s=60.0) == ()
    assert contents.listing(160.0, lag_s=60.0) == (("org/app", "latest"),)
    assert contents.listing(100.0, lag_s=0.0) == (("org/app", "latest"),)


@pytest.mark.parametrize("by_digest", [False, True])
def test_list_trails_removals(by_digest: bool) -> None:
    """With a lag of 60 s, an image removed at 500 s is listed until 560 s, though it is gone at once."""
    contents = Contents()
    image = publish(contents, "org/app", "latest", at_s=100.0)
    if by_digest:
        contents.remove_manifest("org/app", image.digest, removed_s=500.0)
    else:
        contents.remove_tag("org/app", "latest", removed_s=500.0)
    assert contents.resolve("org/app", "latest") is None
    assert contents.listing(559.9, lag_s=60.0) == (("org/app", "latest"),)
    assert contents.listing(560.0, lag_s=60.0) == ()


def test_list_follows_a_tag_that_comes_back() -> None:
    """A tag published at 0, removed at 10 and published again at 20 is listed when it was there."""
    contents = Contents()
    publish(contents, "org/app", "latest", at_s=0.0)
    contents.remove_tag("org/app", "latest", removed_s=10.0)
    publish(contents, "org/app", "latest", at_s=20.0)
    assert [len(contents.listing(now_s, lag_s=5.0)) for now_s in (4, 5, 14, 15, 24, 25)] == [0, 1, 1, 0, 0, 1]


def test_tag_that_moves_stays_listed() -> None:
    """A moved tag is one line, listed from its first publish on."""
    contents = Contents()
    publish(contents, "org/app", "latest", at_s=0.0)
    publish(contents, "org/app", "latest", at_s=50.0)
    assert contents.listing(10.0, lag_s=10.0) == (("org/app", "latest"),)
    assert contents.listing(60.0, lag_s=10.0) == (("org/app", "latest"),)


def test_roms_are_listed_beside_the_others() -> None:
    """A list has ROMs and other images alike, in order of repository and tag; one without a tag has no line."""
    contents = Contents()
    publish(contents, "org/rom", "latest", rom=True)
    publish(contents, "org/app", "v2")
    publish(contents, "org/app", "v1")
    publish(contents, "org/untagged", None)
    lines = [(line.repository, line.tag) for line in contents.listing(0.0, lag_s=0.0)]
    assert lines == [("org/app", "v1"), ("org/app", "v2"), ("org/rom", "latest")]
