"""Registries that can't keep everything: room on a disk, a quota for each account, images whose time is over.

Room is made when a transfer begins: whoever is about to send or fetch an image claims it, so that nothing it shares
with others goes meanwhile, and what the disk lacks is freed by dropping other images. An image that is dropped from a
node before any other registry has it is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from sim.registry.dedup import account_of
from sim.registry.oci import Digest, Image, Layer
from sim.registry.storage import Full, Key, Quota, Storage
from sim.world.clock import Failure, Finding, R, Steps, Waits
from sim.world.path import Path

if TYPE_CHECKING:
    from sim.world.places import Registry
    from sim.world.world import World


class Limits:
    """What bounds one registry: its storage, its accounts' quota if they have one, and what runs from it.

    `running` gives, for each repository with an instance here, the image that it runs from. While garbage is collected
    nothing is written.
    """

    __slots__ = ("paused_until_s", "quota", "running", "storage")

    def __init__(self, storage: Storage, quota: Quota | None) -> None:
        self.storage = storage
        self.quota = quota
        self.running: dict[str, Digest] = {}
        self.paused_until_s = 0.0

    def run_from(self, repository: str, digest: Digest) -> None:
        """An instance runs from this image from now on, in place of the one that ran from this repository."""
        self.stop(repository)
        self.running[repository] = digest
        self.storage.pin((repository, digest))

    def stop(self, repository: str) -> None:
        """The instance of this repository ends, if there is one."""
        digest = self.running.pop(repository, None)
        if digest is not None:
            self.storage.unpin((repository, digest))


def holding(registry: Registry, image: Image, steps: Finding[R]) -> Finding[R]:
    """Take these steps with an image: what a registry has of it stays meanwhile, whatever else goes."""
    limits = registry.limits
    if limits is None:
        return (yield from steps)
    limits.storage.claim(image)
    try:
        return (yield from steps)
    finally:
        limits.storage.release(image)


def within_limits(
    world: World, path: Path, registry: Registry, repository: str, image: Image, steps: Finding[R]
) -> Finding[R]:
    """The same with steps that bring the image here, once there is room for it."""
    if registry.limits is None:
        return steps
    return holding(registry, image, _coming(world, path, registry, repository, image, steps))


def _coming(
    world: World, path: Path, registry: Registry, repository: str, image: Image, steps: Finding[R]
) -> Finding[R]:
    yield path.now_s
    limits = registry.limits
    assert limits is not None
    if limits.paused_until_s > path.now_s:
        path.waited(limits.paused_until_s - path.now_s)
        path.now_s = limits.paused_until_s
        yield path.now_s
    sweep(world, registry)
    _admit(world, registry, limits, image)
    return (yield from steps)


def fits(registry: Registry, repository: str, image: Image) -> bool:
    """Whether a registry has room for an image without dropping another; if so, its account is charged."""
    limits = registry.limits
    if limits is None:
        return True
    if not limits.storage.fits(image.blobs):
        return False
    return limits.quota is None or limits.quota.charge(account_of(repository), image.blobs)


def charge(path: Path, registry: Registry, repository: str, blobs: Iterable[Layer], back_s: float) -> Waits:
    """Count blobs to their account, which is refused what is more than it may have: Failure, once its client hears.

    The request that would have a registry keep a blob is refused: the one that closes an upload, when the bytes have
    been sent, that which mounts it, or that which puts the manifest (goharbor/harbor, src/server/middleware/quota:
    put_blob_upload.go, post_initiate_blob_upload.go, put_manifest.go).
    """
    limits = registry.limits
    if limits is None or limits.quota is None:
        return ()
    return _charge(path, limits.quota, account_of(repository), blobs, back_s)


def _charge(path: Path, quota: Quota, account: str, blobs: Iterable[Layer], back_s: float) -> Steps:
    yield path.now_s
    for blob in blobs:
        if not quota.charge(account, (blob,)):
            path.now_s += back_s
            raise Failure("quota exceeded")


def _admit(world: World, registry: Registry, limits: Limits, image: Image) -> None:
    try:
        for key in limits.storage.make_room(image.blobs, _spared(world, registry)):
            drop(world, registry, key, "evicted")
    except Full:
        raise Failure("disk full") from None


def _spared(world: World, registry: Registry) -> Callable[[Key], bool]:
    """Which images are never dropped to make room: those that central lacks, if the scenario says so."""
    if not world.rules.keep_unsynced or registry is world.central:
        return lambda key: False
    return lambda key: world.central.contents.image(*key) is None


def sweep(world: World, registry: Registry) -> None:
    """Drop what is past its time."""
    if registry.limits is not None:
        for key in registry.limits.storage.expired(world.clock.now):
            drop(world, registry, key, "expired")


def drop(world: World, registry: Registry, key: Key, why: str) -> None:
    """An image goes from a registry; lost, if no other has it."""
    now_s = world.clock.now
    assert registry.limits is not None
    freed_bytes = registry.limits.storage.drop(key)
    registry.contents.drop(*key, now_s, registry.limits.storage.claimed)
    lost = not any(other.contents.image(*key) is not None for other in (world.central, *world.nodes))
    world.log.tables["drops"].append((registry.name, *key, now_s, why, freed_bytes, lost, now_s + registry.list_lag_s))


def lose_all(world: World, registry: Registry) -> None:
    """A disk is gone with everything on it; images that no other registry has are lost."""
    now_s, limits = world.clock.now, registry.limits
    for repository, image in registry.contents.empty(now_s):
        if limits is not None and (repository, image.digest) in limits.storage:
            limits.storage.drop((repository, image.digest))
        others = (other for other in (world.central, *world.nodes) if other is not registry)
        lost = not any(other.contents.image(repository, image.digest) is not None for other in others)
        world.log.tables["drops"].append((registry.name, repository, image.digest, now_s, "broken", 0, lost, now_s))


def discard(world: World, registry: Registry, repository: str, digest: Digest) -> None:
    """Somebody asked for an image's removal: its manifest and its tags go; bytes stay until garbage is collected.

    Copies elsewhere stay, too, and are no longer listed.
    """
    now_s, held = world.clock.now, registry.contents.repository(repository)
    tagged = [] if held is None else [(tag, one) for tag, one in held.tags.items() if one.digest == digest]
    if registry.contents.remove_manifest(repository, digest, now_s):
        for tag, removed in tagged:
            world.unlist(repository, tag, removed)
        if registry.limits is not None and (repository, digest) in registry.limits.storage:
            registry.limits.storage.drop((repository, digest))
        world.log.tables["drops"].append(
            (registry.name, repository, digest, now_s, "removed", 0, False, now_s + registry.list_lag_s)
        )


def collect(world: World, rounds: int, every_s: float, untagged: bool, pause_s: float) -> Steps:
    """Collect central's garbage so many times; what is pushed meanwhile waits."""
    for number in range(1, rounds + 1):
        yield number * every_s
        if world.central.limits is not None:
            world.central.limits.paused_until_s = world.clock.now + pause_s
        collect_garbage(world, world.central, untagged)


def collect_garbage(world: World, registry: Registry, untagged: bool) -> None:
    """Mark and sweep: blobs of no manifest go, before that manifests without a tag if asked; quotas count anew."""
    now_s, limits = world.clock.now, registry.limits
    claimed = () if limits is None else limits.storage.claimed
    freed_bytes = registry.contents.collect_garbage(untagged=untagged, claimed=claimed)
    if limits is not None:
        for key in limits.storage.held():
            if registry.contents.image(*key) is None:  # an untagged one that went
                limits.storage.drop(key)
    if limits is not None and limits.quota is not None:
        stored = registry.contents.stored()
        limits.quota.recount((account_of(repository), blob) for repository, blob in stored)
    world.log.tables["drops"].append((registry.name, "", "", now_s, "collected", freed_bytes, False, now_s))
