"""Room on a disk by hand: a kernel of 30 bytes that images share, rootfs of 10 each, configs of 1."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.policies.eviction import lfu, lru, size_aware
from sim.policies.snapshot import Kept
from sim.registry.oci import Image, Layer, digest_of

from .storage import Full, Quota, Storage

KERNEL = Layer(digest_of("kernel"), 30, "kernel")


def image(name: str, rootfs_bytes: int = 10) -> Image:
    rootfs, config = Layer(digest_of(name, "rootfs"), rootfs_bytes, "rootfs"), Layer(digest_of(name, "c"), 1, "config")
    return Image(digest_of(name), (KERNEL, rootfs), config, 0, 0)


A, B, C, D = (image(name) for name in "abcd")


def least_recent(kept: Kept) -> tuple[float, ...]:
    return lru.worth(kept, lru.Parameters())


def store(capacity_bytes: int | None = 63, *, ttl_s: float | None = None) -> Storage:
    """A disk that holds A at 1 s, B at 2 s and C at 3 s: 30 + 3 x 11 = 63 bytes."""
    made = Storage(capacity_bytes, ttl_s, least_recent)
    for now_s, one in enumerate((A, B, C), 1):
        made.claim(one)
        assert made.make_room(one.blobs) == []
        made.keep("app", one, now_s)
        made.release(one)
    return made


def test_shared_layers_count_once() -> None:
    """Three images with one kernel take 63 bytes; without the last of them the kernel goes, too."""
    made = store()
    assert made.used_bytes == 63
    assert [made.drop(("app", one.digest)) for one in (A, B, C)] == [11, 11, 41]
    assert made.used_bytes == 0


def test_room_is_made_by_dropping_the_least_worth() -> None:
    """A fourth image needs 11 bytes: the one used longest ago goes, and that is B once A has been used."""
    made = store()
    made.claim(D)
    assert made.make_room(D.blobs) == [("app", A.digest)]
    made = store()
    made.use("app", A.digest, 4.0)
    made.claim(D)
    assert made.make_room(D.blobs) == [("app", B.digest)]


def test_what_runs_or_is_under_way_stays() -> None:
    """A runs and B is being copied: C goes for 11 more bytes; for 22 there is no room, and nothing has changed."""
    made = store()
    made.pin(("app", A.digest))
    made.claim(B)
    with pytest.raises(Full):
        made.make_room((*D.layers, *image("e", 11).layers))
    assert made.used_bytes == 63
    assert made.make_room(D.blobs) == [("app", C.digest)]


def test_a_claimed_layer_outlives_its_images() -> None:
    """D is coming and needs the kernel: though A, B and C all go, the kernel's 30 bytes stay and are D's then."""
    made = store()
    made.claim(D)
    made.make_room(D.blobs)
    assert [made.drop(("app", one.digest)) for one in (A, B, C)] == [11, 11, 11]
    assert made.used_bytes == 41
    made.keep("app", D, 5.0)
    made.release(D)
    assert made.used_bytes == 41
    assert made.drop(("app", D.digest)) == 41


def test_a_stopped_image_may_go_again() -> None:
    """An image is pinned as often as it runs."""
    made = store()
    for _ in range(2):
        made.pin(("app", A.digest))
    made.unpin(("app", A.digest))
    assert made.make_room(D.blobs) == [("app", B.digest)]
    made = store()
    made.pin(("app", A.digest))
    made.unpin(("app", A.digest))
    assert made.make_room(D.blobs) == [("app", A.digest)]


def test_bytes_that_came_for_nothing_are_cleared_away() -> None:
    """Room for a push that then failed is free again; of one that two were sending, when both have failed."""
    made = store(None)
    for _ in range(2):
        made.claim(D)
        made.make_room(D.blobs)
    assert made.used_bytes == 63 + 11
    made.release(D)
    assert made.used_bytes == 63 + 11
    made.release(D)
    assert made.used_bytes == 63


def test_an_image_has_its_time() -> None:
    """With a life of 10 s A and B are over at 12.5 s; one that runs is asked about again later."""
    made = store(ttl_s=10.0)
    made.pin(("app", A.digest))
    assert made.expired(12.5) == [("app", B.digest)]
    made.unpin(("app", A.digest))
    assert made.expired(12.5) == [("app", A.digest)]
    assert made.expired(12.5) == []


def test_rules_differ_in_what_goes_first() -> None:
    """Of a small image used twice long ago and a large one used once just now: by age, by uses and by uses per byte."""
    small, large = Kept(0.0, 1.0, 2, 10), Kept(0.0, 9.0, 1, 1000)
    assert lru.worth(small, lru.Parameters()) < lru.worth(large, lru.Parameters())
    assert lfu.worth(large, lfu.Parameters()) < lfu.worth(small, lfu.Parameters())
    assert size_aware.worth(large, size_aware.Parameters()) < size_aware.worth(small, size_aware.Parameters())


def test_a_quota_counts_layers_once_and_garbage_until_it_is_collected() -> None:
    """52 bytes hold A and B, which share a kernel; C is refused until a recount has found only A."""
    quota = Quota(52)
    assert quota.charge("org", A.blobs)
    assert quota.charge("org", B.blobs)
    assert quota.used_bytes("org") == 52
    assert not quota.charge("org", C.blobs)
    assert quota.charge("other", C.blobs)
    assert quota.used_bytes("org") == 52
    quota.recount(("org", blob) for blob in A.blobs)
    assert quota.charge("org", C.blobs)


steps_of_a_disk = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.booleans(), st.booleans()), max_size=40)


@given(steps_of_a_disk, st.integers(41, 120))
def test_the_books_balance(steps: list[tuple[str, bool, bool]], capacity_bytes: int) -> None:
    """Whatever comes, runs and fails: the disk is never over its size, and holds what the images on it add up to."""
    made = Storage(capacity_bytes, None, least_recent)
    held: dict[str, Image] = {}
    for now_s, (name, fails, runs) in enumerate(steps):
        one = image(name)
        made.claim(one)
        try:
            for _, digest in made.make_room(one.blobs):
                made.drop(("app", digest))
                held = {other: kept for other, kept in held.items() if kept.digest != digest}
        except Full:
            fails = True
        if not fails:
            made.keep("app", one, now_s)
            held[name] = one
        made.release(one)
        if runs and not fails:
            made.pin(("app", one.digest))
            made.unpin(("app", one.digest))
        assert made.used_bytes <= capacity_bytes
        distinct = {blob.digest: blob.size_bytes for kept in held.values() for blob in kept.blobs}
        assert made.used_bytes == sum(distinct.values())
