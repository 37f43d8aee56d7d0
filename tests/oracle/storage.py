"""What a registry with a bounded disk keeps: images share layers, and room is made by dropping whole images.

A layer's bytes are there once, however many images of the registry refer to it, and go with the last of them
(reference counts by layer, as containerd's garbage collection has them). Images that instances run from are pinned;
those that somebody is sending or fetching are claimed; neither is dropped. An image may have its time, too: counted
from when it came, as the pull-through cache of distribution does (`proxy.ttl`).

Left out: that a disk holds other things than images.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Container, Iterable

from sim.policies.snapshot import Kept
from sim.registry.oci import Digest, Image, Layer

#: An image at one registry: its repository and its digest.
Key = tuple[str, Digest]


class Full(Exception):  # noqa: N818 - a state of the disk, not a fault of the program
    """There is no room, and nothing that may be dropped would make it."""


class _Entry:
    __slots__ = ("came_s", "image", "used_s", "uses")

    def __init__(self, image: Image, now_s: float) -> None:
        self.image = image
        self.came_s = self.used_s = now_s
        self.uses = 1


class Storage:
    """The images of one registry, its layers' references, and the bytes that they take.

    `worth` gives an image's value to the disk, the least is dropped first; `capacity_bytes` None is unbounded, `ttl_s`
    None for ever. Nothing is dropped here: `make_room` and `expired` say what must go, and `drop` removes it.
    """

    def __init__(
        self, capacity_bytes: int | None, ttl_s: float | None, worth: Callable[[Kept], tuple[float, ...]]
    ) -> None:
        self.capacity_bytes = capacity_bytes
        self.used_bytes = 0
        self._ttl_s = ttl_s
        self._worth = worth
        self._images: dict[Key, _Entry] = {}
        self._ages: deque[tuple[float, Key]] = deque()
        self._references: Counter[Digest] = Counter()
        self._coming: dict[Digest, int] = {}
        self._claims: Counter[Digest] = Counter()
        self._under_way: Counter[Digest] = Counter()
        self._pins: Counter[Key] = Counter()

    def claim(self, image: Image) -> None:
        """Somebody is about to send or fetch this image: its layers stay until `release`, whatever images go."""
        self._claims.update(blob.digest for blob in image.blobs)
        self._under_way[image.digest] += 1

    def release(self, image: Image) -> None:
        """It has come, or will not; bytes that came for nothing are cleared away."""
        self._under_way[image.digest] -= 1
        for blob in image.blobs:
            self._claims[blob.digest] -= 1
            if not self._claims[blob.digest]:
                del self._claims[blob.digest]
                self.used_bytes -= self._coming.pop(blob.digest, 0)

    @property
    def claimed(self) -> Container[Digest]:
        """The layers that somebody is sending, fetching or copying."""
        return self._claims

    def make_room(self, blobs: Iterable[Layer], spared: Callable[[Key], bool] = lambda key: False) -> list[Key]:
        """Have room for these layers from now on; which images must be dropped for that, in order.

        The layers belong to a claimed image. `spared` images stay whatever they are worth. Full if there is no way,
        and nothing is changed then.
        """
        new = self._new(blobs)
        victims: list[Key] = []
        if self.capacity_bytes is not None:
            missing_bytes = self.used_bytes + sum(new.values()) - self.capacity_bytes
            if missing_bytes > 0:
                victims = self._victims(missing_bytes, spared)
        self._coming |= new
        self.used_bytes += sum(new.values())
        return victims

    def fits(self, blobs: Iterable[Layer]) -> bool:
        """Whether these layers have room as things are."""
        return self.capacity_bytes is None or self.used_bytes + sum(self._new(blobs).values()) <= self.capacity_bytes

    def _new(self, blobs: Iterable[Layer]) -> dict[Digest, int]:
        there = self._references.keys() | self._coming.keys()
        return {blob.digest: blob.size_bytes for blob in blobs if blob.digest not in there}

    def _victims(self, missing_bytes: int, spared: Callable[[Key], bool]) -> list[Key]:
        """The images of least worth that together free so many bytes."""
        references = Counter(self._references)
        free = {key: entry for key, entry in self._images.items() if self._may_go(key) and not spared(key)}
        victims: list[Key] = []
        while missing_bytes > 0:
            if not free:
                raise Full
            key = min(free, key=lambda key: self._worth(self._kept(free[key], references)))
            entry = free.pop(key)
            missing_bytes -= self._freed_bytes(entry.image, references)
            references.subtract(blob.digest for blob in entry.image.blobs)
            victims.append(key)
        return victims

    def _kept(self, entry: _Entry, references: Counter[Digest]) -> Kept:
        return Kept(entry.came_s, entry.used_s, entry.uses, self._freed_bytes(entry.image, references))

    def keep(self, repository: str, image: Image, now_s: float) -> None:
        """An image has come; one that was there is used again."""
        key = (repository, image.digest)
        entry = self._images.get(key)
        if entry is not None:
            self.use(repository, image.digest, now_s)
            return
        self._images[key] = _Entry(image, now_s)
        if self._ttl_s is not None:
            self._ages.append((now_s, key))
        for blob in image.blobs:
            if not self._references[blob.digest] and self._coming.pop(blob.digest, None) is None:
                self.used_bytes += blob.size_bytes
            self._references[blob.digest] += 1

    def use(self, repository: str, digest: Digest, now_s: float) -> None:
        """An image was started or fetched from here."""
        entry = self._images.get((repository, digest))
        if entry is not None:
            entry.used_s = now_s
            entry.uses += 1

    def pin(self, key: Key) -> None:
        """An instance runs from an image."""
        self._pins[key] += 1

    def unpin(self, key: Key) -> None:
        """It no longer does."""
        self._pins[key] -= 1
        if not self._pins[key]:
            del self._pins[key]

    def expired(self, now_s: float) -> list[Key]:
        """The images whose time is over, oldest first; those in use are asked about again at the next call."""
        if self._ttl_s is None:
            return []
        over: list[tuple[float, Key]] = []
        later: list[tuple[float, Key]] = []
        while self._ages and self._ages[0][0] + self._ttl_s <= now_s:
            came_s, key = self._ages.popleft()
            entry = self._images.get(key)
            if entry is None or entry.came_s != came_s:
                continue
            (over if self._may_go(key) else later).append((came_s, key))
        self._ages.extendleft(reversed(later))
        return [key for _, key in over]

    def drop(self, key: Key) -> int:
        """Remove an image; the bytes that this freed."""
        image = self._images.pop(key).image
        freed_bytes = self._freed_bytes(image, self._references)
        for blob in image.blobs:
            self._references[blob.digest] -= 1
            if not self._references[blob.digest]:
                del self._references[blob.digest]
                if blob.digest in self._claims:
                    self._coming[blob.digest] = blob.size_bytes
        self.used_bytes -= freed_bytes
        return freed_bytes

    def counted_bytes(self) -> int:
        """What `used_bytes` must be: the layers of all images here, and those that are coming, each once."""
        here = {blob.digest: blob.size_bytes for entry in self._images.values() for blob in entry.image.blobs}
        return sum((here | self._coming).values())

    def __contains__(self, key: Key) -> bool:
        return key in self._images

    def held(self) -> list[Key]:
        """The images that are here, in the order in which they came."""
        return list(self._images)

    def _may_go(self, key: Key) -> bool:
        return not self._pins[key] and not self._under_way[key[1]]

    def _freed_bytes(self, image: Image, references: Counter[Digest]) -> int:
        """What no other image refers to and nobody has claimed."""
        return sum(
            blob.size_bytes for blob in image.blobs if references[blob.digest] == 1 and blob.digest not in self._claims
        )


class Quota:
    """The bytes that each account may store in one registry; an account's layers count once, garbage too.

    What a removal leaves counts until garbage is collected, as in Harbor, whose quota follows its blobs.
    """

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self._stored: dict[str, dict[Digest, int]] = {}
        self._used_bytes: Counter[str] = Counter()

    def charge(self, account: str, blobs: Iterable[Layer]) -> bool:
        """Count these layers to an account; False, and nothing counted, if that would be more than it may have."""
        stored = self._stored.setdefault(account, {})
        new = {blob.digest: blob.size_bytes for blob in blobs if blob.digest not in stored}
        if self._used_bytes[account] + sum(new.values()) > self.limit_bytes:
            return False
        stored |= new
        self._used_bytes[account] += sum(new.values())
        return True

    def used_bytes(self, account: str) -> int:
        """What an account takes of its quota."""
        return self._used_bytes[account]

    def recount(self, stored: Iterable[tuple[str, Layer]]) -> None:
        """After garbage was collected: what each account still has, as (account, layer)."""
        self._stored.clear()
        for account, blob in stored:
            self._stored.setdefault(account, {})[blob.digest] = blob.size_bytes
        self._used_bytes = Counter({account: sum(blobs.values()) for account, blobs in self._stored.items()})
