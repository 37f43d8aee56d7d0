"""What registries hold and what bounds them, kept once more with dictionaries and objects: an oracle for rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sim.policies.snapshot import Publish
from sim.registry.dedup import account_of
from sim.registry.oci import Digest, Image

from ..oracle.contents import Contents
from ..oracle.storage import Key, Quota, Storage


class Gone(Exception):  # noqa: N818 - it is what became of a blob
    """A disk died since the blobs of a manifest were there."""


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


@dataclass
class Registry:
    """A registry; `limits` is None where it keeps everything."""

    name: str
    number: int
    contents: Contents
    list_lag_s: float
    skew_s: float
    limits: Limits | None


@dataclass
class World:
    """All of them; `rules` has `wins` and `keep_unsynced`."""

    rules: Any
    central: Registry
    nodes: list[Registry]
    drops: list[Any]
    now_s: float = 0.0
    _newest: dict[tuple[str, str], Publish] = field(default_factory=dict)
    _removed: dict[tuple[str, str], Publish] = field(default_factory=dict)

    def publish(self, registry: Registry, repository: str, tag: str, image: Image, published_s: float) -> Publish:
        """A client's push has put an image: the tag is its from now on, and older copies are stale."""
        held = registry.contents.resolve(repository, tag)
        publish = Publish(
            image.digest, published_s, registry.skew_s, registry.number, 1 if held is None else held.generation + 1
        )
        self.put(registry, repository, tag, image, publish)
        if registry.limits is not None:
            registry.limits.storage.keep(repository, image, published_s)
        newest = self._newest.get((repository, tag))
        if newest is None or _later(publish, newest):
            self._newest[repository, tag] = publish
        return publish

    def hold(self, registry: Registry, repository: str, tag: str, image: Image, publish: Publish) -> None:
        """Have a copy of what was published elsewhere; its tag points there unless what it holds wins."""
        held = registry.contents.resolve(repository, tag)
        wins = held is None or self.rules.wins(publish, held)
        self.keep(registry, repository, tag if wins else None, image, publish)

    def keep(self, registry: Registry, repository: str, tag: str | None, image: Image, publish: Publish) -> None:
        """Have an image in a registry from now on, under a tag if one is given."""
        self.put(registry, repository, tag, image, publish, self.now_s)
        if registry.limits is not None:
            registry.limits.storage.keep(repository, image, self.now_s)

    def put(
        self, registry: Registry, repository: str, tag: str | None, image: Image, publish: Publish,
        came_s: float | None = None,
    ) -> None:  # fmt: skip
        """Put a manifest; Gone if a disk died since its blobs were there (MANIFEST_BLOB_UNKNOWN)."""
        try:
            registry.contents.put(repository, tag, image, publish, came_s)
        except ValueError:
            raise Gone from None
        if self._removed and tag is not None:
            removed = self._removed.get((repository, tag))
            if removed is not None and not _later(publish, removed):
                registry.contents.unlist(repository, tag, self.now_s)

    def unlist(self, repository: str, tag: str, removed: Publish) -> None:
        """Somebody has asked for the removal of what a tag meant: no list shows that, or anything older, by that tag.

        Registries may go on having copies, and start instances from them.
        """
        known = self._removed.get((repository, tag))
        if known is None or _later(removed, known):
            self._removed[repository, tag] = removed
        for registry in (self.central, *self.nodes):
            held = registry.contents.resolve(repository, tag)
            if held is not None and not _later(held, removed):
                registry.contents.unlist(repository, tag, self.now_s)

    def newest(self, repository: str, tag: str) -> Publish | None:
        """What the tag means at the registry that has it newest; None if it was never published."""
        return self._newest.get((repository, tag))

    def newer(self, repository: str, tag: str, seen: Publish) -> Publish | None:
        """What the tag means, at the registry that has it newest, if that is later than what was seen."""
        newest = self._newest.get((repository, tag))
        if newest is None or newest.digest == seen.digest or not _later(newest, seen):
            return None
        return newest


def _later(publish: Publish, other: Publish) -> bool:
    """Whether it was made later in truth, whatever clocks say and whoever wins; at one instant, by the digests."""
    if publish.published_s != other.published_s:
        return publish.published_s > other.published_s
    return publish.digest > other.digest


def fits(registry: Registry, repository: str, image: Image) -> bool:
    """Whether a registry has room for an image without dropping another; if so, its account is charged."""
    limits = registry.limits
    if limits is None:
        return True
    if not limits.storage.fits(image.blobs):
        return False
    return limits.quota is None or limits.quota.charge(account_of(repository), image.blobs)


def spared(world: World, registry: Registry) -> Callable[[Key], bool]:
    """Which images are never dropped to make room: those that central lacks, if the scenario says so."""
    if not world.rules.keep_unsynced or registry is world.central:
        return lambda key: False
    return lambda key: world.central.contents.image(*key) is None


def sweep(world: World, registry: Registry) -> None:
    """Drop what is past its time."""
    if registry.limits is not None:
        for key in registry.limits.storage.expired(world.now_s):
            drop(world, registry, key, "expired")


def drop(world: World, registry: Registry, key: Key, why: str) -> None:
    """An image goes from a registry; lost, if no other has it."""
    now_s = world.now_s
    assert registry.limits is not None
    freed_bytes = registry.limits.storage.drop(key)
    registry.contents.drop(*key, now_s, registry.limits.storage.claimed)
    lost = not any(other.contents.image(*key) is not None for other in (world.central, *world.nodes))
    world.drops.append((registry.name, *key, now_s, why, freed_bytes, lost, now_s + registry.list_lag_s))


def lose_all(world: World, registry: Registry) -> None:
    """A disk is gone with everything on it; images that no other registry has are lost."""
    now_s, limits = world.now_s, registry.limits
    for repository, image in registry.contents.empty(now_s):
        if limits is not None and (repository, image.digest) in limits.storage:
            limits.storage.drop((repository, image.digest))
        others = (other for other in (world.central, *world.nodes) if other is not registry)
        lost = not any(other.contents.image(repository, image.digest) is not None for other in others)
        world.drops.append((registry.name, repository, image.digest, now_s, "broken", 0, lost, now_s))


def discard(world: World, registry: Registry, repository: str, digest: Digest) -> None:
    """Somebody asked for an image's removal: its manifest and its tags go; bytes stay until garbage is collected.

    Copies elsewhere stay, too, and are no longer listed.
    """
    now_s, held = world.now_s, registry.contents.repository(repository)
    tagged = [] if held is None else [(tag, one) for tag, one in held.tags.items() if one.digest == digest]
    if registry.contents.remove_manifest(repository, digest, now_s):
        for tag, removed in tagged:
            world.unlist(repository, tag, removed)
        if registry.limits is not None and (repository, digest) in registry.limits.storage:
            registry.limits.storage.drop((repository, digest))
        world.drops.append((registry.name, repository, digest, now_s, "removed", 0, False, now_s + registry.list_lag_s))


def collect_garbage(world: World, registry: Registry, untagged: bool) -> None:
    """Mark and sweep: blobs of no manifest go, before that manifests without a tag if asked; quotas count anew."""
    now_s, limits = world.now_s, registry.limits
    claimed = () if limits is None else limits.storage.claimed
    freed_bytes = registry.contents.collect_garbage(untagged=untagged, claimed=claimed)
    if limits is not None:
        for key in limits.storage.held():
            if registry.contents.image(*key) is None:  # an untagged one that went
                limits.storage.drop(key)
    if limits is not None and limits.quota is not None:
        stored = registry.contents.stored()
        limits.quota.recount((account_of(repository), blob) for repository, blob in stored)
    world.drops.append((registry.name, "", "", now_s, "collected", freed_bytes, False, now_s))
