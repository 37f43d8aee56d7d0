"""What a registry holds, through pushes, moved tags, removals and garbage collection."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.policies.snapshot import Publish
from sim.registry.oci import Digest, Image, Layer, digest_of
from sim.registry.reference import Reference

from .contents import Contents
from .plan import plan_push

KERNEL_BYTES, ROOTFS_BYTES, CONFIG_BYTES = 100, 10, 1


def image_of(version: str, *, rom: bool = False) -> Image:
    """One version of an application: 111 bytes, of which 100 are a kernel that all share; a ROM has 11."""
    kernel = Layer(digest_of("kernel"), KERNEL_BYTES, "kernel")
    rootfs = Layer(digest_of("rootfs", version), ROOTFS_BYTES, "rootfs")
    config = Layer(digest_of("config", version), CONFIG_BYTES, "config")
    return Image(digest_of("manifest", version), (rootfs,) if rom else (kernel, rootfs), config, 5, 7)


def push(contents: Contents, repository: str, tag: str | None, image: Image, at_s: float = 0.0) -> list[str]:
    """Push an image as a client does, and say which kinds of blob had to travel."""
    sent = plan_push(image.blobs, contents.blobs(repository)).send
    for blob in sent:
        contents.add_blob(repository, blob)
    contents.put(repository, tag, image, Publish(image.digest, at_s))
    return [blob.kind for blob in sent]


ONE, TWO, ROM = image_of("one"), image_of("two"), image_of("rom", rom=True)


def test_first_push_sends_all() -> None:
    """The first push to a repository sends kernel, rootfs and config."""
    assert push(Contents(), "org/app", "latest", ONE) == ["kernel", "rootfs", "config"]


def test_update_skips_the_kernel() -> None:
    """An update sends its rootfs and config, since the kernel is there."""
    contents = Contents()
    push(contents, "org/app", "latest", ONE)
    assert push(contents, "org/app", "latest", TWO) == ["rootfs", "config"]


def test_push_again_sends_nothing() -> None:
    """An image that is there already sends no blob."""
    contents = Contents()
    push(contents, "org/app", "latest", ONE)
    assert push(contents, "org/app", "v1", ONE) == []


def test_dedup_stops_at_the_repository() -> None:
    """The first push to a second repository sends the kernel again, which the registry then stores once."""
    contents = Contents()
    push(contents, "org/app", "latest", ONE)
    assert push(contents, "org/other", "latest", TWO) == ["kernel", "rootfs", "config"]
    assert contents.stored_bytes == 100 + 2 * (10 + 1)


def test_kernel_of_another_repository_can_be_mounted() -> None:
    """What one repository holds is what a push to another may mount, and a mounted blob is held like any other."""
    contents = Contents()
    push(contents, "org/app", "latest", ONE)
    plan = plan_push(TWO.blobs, contents.blobs("org/other"), mountable=contents.blobs("org/app"))
    assert [blob.kind for blob in plan.mount] == ["kernel"]
    for blob in plan.mount + plan.send:
        contents.add_blob("org/other", blob)
    contents.put("org/other", "latest", TWO, Publish(TWO.digest, 0.0))
    assert contents.image("org/other", TWO.digest) is TWO


def test_rom_has_no_kernel_to_send() -> None:
    """A ROM sends a rootfs and a config."""
    assert push(Contents(), "org/rom", "latest", ROM) == ["rootfs", "config"]


def test_manifest_needs_its_blobs() -> None:
    """A manifest before one of its blobs is refused, and nothing changes."""
    contents = Contents()
    with pytest.raises(
        ValueError, match=f"^org/app: manifest {ONE.digest} before its kernel blob {ONE.blobs[0].digest}$"
    ):
        contents.put("org/app", "latest", ONE, Publish(ONE.digest, 0.0))
    contents.add_blob("org/app", ONE.layers[0])
    contents.add_blob("org/app", ONE.layers[1])
    with pytest.raises(ValueError, match="before its config blob"):
        contents.put("org/app", "latest", ONE, Publish(ONE.digest, 0.0))
    assert contents.resolve("org/app", "latest") is None
    assert contents.image("org/app", ONE.digest) is None
    assert contents.listing(0.0, 0.0) == ()


def test_tag_moves() -> None:
    """A tag means what was put under it last, and when that was published."""
    contents = Contents()
    push(contents, "org/app", "latest", ONE, at_s=1.0)
    assert contents.resolve("org/app", "latest") == Publish(ONE.digest, 1.0)
    push(contents, "org/app", "latest", TWO, at_s=2.0)
    assert contents.resolve("org/app", "latest") == Publish(TWO.digest, 2.0)


def test_digest_pins_an_image() -> None:
    """A digest means the same image after its tag has moved on, with or without the tag beside it."""
    contents = Contents()
    push(contents, "org/app", "latest", ONE)
    push(contents, "org/app", "latest", TWO)
    assert contents.get(Reference.parse("org/app")) is TWO
    assert contents.get(Reference.parse(f"org/app@{ONE.digest}")) is ONE
    assert contents.get(Reference.parse(f"org/app:latest@{ONE.digest}")) is ONE


def test_push_by_digest_moves_no_tag() -> None:
    """A manifest put without a tag is to be had by its digest alone."""
    contents = Contents()
    push(contents, "org/app", "latest", ONE)
    push(contents, "org/app", None, TWO)
    assert contents.get(Reference.parse("org/app")) is ONE
    assert contents.image("org/app", TWO.digest) is TWO


def test_what_is_not_there_is_none() -> None:
    """An unknown repository, tag or digest is None, and holds no blob."""
    contents = Contents()
    push(contents, "org/app", "latest", ONE)
    assert contents.resolve("org/none", "latest") is None
    assert contents.resolve("org/app", "none") is None
    assert contents.image("org/none", ONE.digest) is None
    assert contents.image("org/app", TWO.digest) is None
    assert contents.get(Reference.parse("org/app:none")) is None
    assert contents.get(Reference.parse(f"org/app:latest@{TWO.digest}")) is None
    assert ONE.config.digest not in contents.blobs("org/none")
    assert TWO.config.digest not in contents.blobs("org/app")
    assert ONE.config.digest in contents.blobs("org/app")
    assert not contents.has_blob("org/none", ONE.config.digest)
    assert not contents.has_blob("org/app", TWO.config.digest)
    assert contents.has_blob("org/app", ONE.config.digest)


def test_removing_a_tag_removes_only_the_tag() -> None:
    """After its tag is removed an image is still there by its digest and by its other tags, and so are its bytes."""
    contents = Contents()
    push(contents, "org/app", "latest", ONE)
    push(contents, "org/app", "v1", ONE)
    assert contents.remove_tag("org/app", "latest", removed_s=1.0)
    assert contents.resolve("org/app", "latest") is None
    assert contents.get(Reference.parse("org/app:v1")) is ONE
    assert contents.image("org/app", ONE.digest) is ONE
    assert contents.collect_garbage() == 0
    assert contents.stored_bytes == 111


def test_removing_a_manifest_removes_every_tag_to_it() -> None:
    """After a digest is removed, it and each tag to it are gone; tags to other images, and all bytes, stay."""
    contents = Contents()
    for tag, image in (("latest", ONE), ("v1", ONE), ("v2", TWO)):
        push(contents, "org/app", tag, image)
    assert contents.remove_manifest("org/app", ONE.digest, removed_s=1.0)
    assert contents.image("org/app", ONE.digest) is None
    assert contents.resolve("org/app", "latest") is None
    assert contents.resolve("org/app", "v1") is None
    assert contents.get(Reference.parse("org/app:v2")) is TWO
    assert contents.stored_bytes == 111 + 11


def test_removal_stays_in_its_repository() -> None:
    """The same image in another repository outlives a removal."""
    contents = Contents()
    push(contents, "org/app", "latest", ONE)
    push(contents, "org/other", "latest", ONE)
    contents.remove_manifest("org/app", ONE.digest, removed_s=1.0)
    assert contents.collect_garbage() == 0
    assert contents.get(Reference.parse("org/other")) is ONE


def test_removing_what_is_not_there_does_nothing() -> None:
    """Removing an unknown tag or digest, or one twice, says that there was none."""
    contents = Contents()
    push(contents, "org/app", "latest", ONE)
    assert not contents.remove_tag("org/none", "latest", removed_s=1.0)
    assert not contents.remove_tag("org/app", "none", removed_s=1.0)
    assert not contents.remove_manifest("org/none", ONE.digest, removed_s=1.0)
    assert not contents.remove_manifest("org/app", TWO.digest, removed_s=1.0)
    assert contents.remove_manifest("org/app", ONE.digest, removed_s=1.0)
    assert not contents.remove_manifest("org/app", ONE.digest, removed_s=1.0)
    assert not contents.remove_tag("org/app", "latest", removed_s=1.0)


def test_blobs_go_with_garbage_collection() -> None:
    """Removing an image frees nothing until garbage is collected; what another image shares stays."""
    contents = Contents()
    push(contents, "org/app", "v1", ONE)
    push(contents, "org/app", "v2", TWO)
    contents.remove_manifest("org/app", ONE.digest, removed_s=1.0)
    assert contents.stored_bytes == 100 + 2 * 11
    assert contents.collect_garbage() == 11
    assert ONE.layers[1].digest not in contents.blobs("org/app")
    assert ONE.layers[0].digest in contents.blobs("org/app")
    assert contents.collect_garbage() == 0


def test_untagged_manifests_go_only_when_asked() -> None:
    """A moved tag leaves its old image to be had by digest; collecting the untagged too frees its 11 bytes."""
    contents = Contents()
    push(contents, "org/app", "latest", ONE)
    push(contents, "org/app", "latest", TWO)
    assert contents.collect_garbage() == 0
    assert contents.image("org/app", ONE.digest) is ONE
    assert contents.collect_garbage(untagged=True) == 11
    assert contents.image("org/app", ONE.digest) is None
    assert contents.get(Reference.parse("org/app")) is TWO
    assert contents.stored_bytes == 111


def test_blob_held_by_two_repositories_is_freed_with_the_last() -> None:
    """Bytes are freed only when no repository of the registry refers to them."""
    contents = Contents()
    push(contents, "org/app", "latest", ONE)
    push(contents, "org/other", "latest", ONE)
    contents.remove_manifest("org/app", ONE.digest, removed_s=1.0)
    assert contents.collect_garbage() == 0
    assert ONE.config.digest not in contents.blobs("org/app")
    contents.remove_manifest("org/other", ONE.digest, removed_s=1.0)
    assert contents.collect_garbage() == 111
    assert contents.stored_bytes == 0


def test_collection_takes_blobs_of_an_unfinished_push() -> None:
    """A blob whose manifest has not come yet is garbage, and its manifest is then refused."""
    contents = Contents()
    for blob in ONE.blobs:
        contents.add_blob("org/app", blob)
    assert contents.collect_garbage() == 111
    with pytest.raises(ValueError, match="before its kernel blob"):
        contents.put("org/app", "latest", ONE, Publish(ONE.digest, 0.0))


def test_image_can_be_pushed_again_after_its_removal() -> None:
    """After removal and collection an image is sent whole and is there again."""
    contents = Contents()
    push(contents, "org/app", "latest", ONE)
    contents.remove_manifest("org/app", ONE.digest, removed_s=1.0)
    contents.collect_garbage()
    assert push(contents, "org/app", "latest", ONE, at_s=2.0) == ["kernel", "rootfs", "config"]
    assert contents.resolve("org/app", "latest") == Publish(ONE.digest, 2.0)


_IMAGES = [image_of("one"), image_of("two"), image_of("three"), image_of("rom", rom=True)]
_repository = st.sampled_from(["org/a", "org/b"])
_tag = st.sampled_from(["v1", "v2", None])
_act = st.sampled_from(["push", "stray blob", "remove tag", "remove manifest", "collect", "collect untagged"])
_step = st.tuples(_act, _repository, _tag, st.sampled_from(_IMAGES))


def bytes_of_distinct(blobs: dict[tuple[str, Digest], int]) -> int:
    return sum({digest: size_bytes for (_, digest), size_bytes in blobs.items()}.values())


@given(st.lists(_step, max_size=25))
def test_contents_agree_with_a_plain_account(steps: list[tuple[str, str, str | None, Image]]) -> None:
    """Whatever is pushed, removed and collected: tags, images, blobs, bytes and the list agree with plain sets.

    The account: blobs are (repository, digest) pairs; a removed manifest takes its tags; collection keeps exactly the
    blobs that a manifest of their repository refers to, be it one without a tag or not as asked; the bytes are the sum
    over distinct digests.
    """
    contents = Contents()
    blobs: dict[tuple[str, Digest], int] = {}
    manifests: dict[tuple[str, Digest], Image] = {}
    tags: dict[tuple[str, str], Digest] = {}
    for now_s, (act, repository, tag, image) in enumerate(steps):
        if act == "push":
            push(contents, repository, tag, image, at_s=now_s)
            blobs |= {(repository, blob.digest): blob.size_bytes for blob in image.blobs}
            manifests[repository, image.digest] = image
            if tag is not None:
                tags[repository, tag] = image.digest
        elif act == "stray blob":
            contents.add_blob(repository, image.rootfs)
            blobs[repository, image.rootfs.digest] = image.rootfs.size_bytes
        elif act == "remove tag" and tag is not None:
            assert contents.remove_tag(repository, tag, now_s) == ((repository, tag) in tags)
            tags.pop((repository, tag), None)
        elif act == "remove manifest":
            assert contents.remove_manifest(repository, image.digest, now_s) == (
                (repository, image.digest) in manifests
            )
            manifests.pop((repository, image.digest), None)
            tags = {name: digest for name, digest in tags.items() if (name[0], digest) != (repository, image.digest)}
        elif act in ("collect", "collect untagged"):
            if act == "collect untagged":
                pointed_at = {(place, digest) for (place, _), digest in tags.items()}
                manifests = {key: kept for key, kept in manifests.items() if key in pointed_at}
            before_bytes = bytes_of_distinct(blobs)
            needed = {(place, blob.digest) for (place, _), kept in manifests.items() for blob in kept.blobs}
            blobs = {key: size for key, size in blobs.items() if key in needed}
            freed_bytes = contents.collect_garbage(untagged=act == "collect untagged")
            assert freed_bytes == before_bytes - bytes_of_distinct(blobs)
        assert contents.stored_bytes == bytes_of_distinct(blobs)
        assert [tuple(line) for line in contents.listing(now_s, 0.0)] == sorted(tags)
        for place in ("org/a", "org/b"):
            for known in _IMAGES:
                assert (contents.image(place, known.digest) is not None) == ((place, known.digest) in manifests)
                for blob in known.blobs:
                    assert (blob.digest in contents.blobs(place)) == ((place, blob.digest) in blobs)
                    assert contents.has_blob(place, blob.digest) == ((place, blob.digest) in blobs)
            for name in ("v1", "v2"):
                found = contents.resolve(place, name)
                assert (None if found is None else found.digest) == tags.get((place, name))
