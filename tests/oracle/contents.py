"""What one registry holds: blobs and manifests by repository, the tags that point at them, and what removal leaves.

Blobs and manifests belong to a repository, as every endpoint of the OCI distribution specification does
(https://github.com/opencontainers/distribution-spec/blob/main/spec.md); the bytes of a blob that several repositories
hold are stored once, as in the distribution registry. A tag that moves leaves its manifest behind, to be had by its
digest. Removing a tag removes a name; removing a manifest removes every tag to it; the bytes stay until garbage is
collected.

The list of images trails the truth (Unikraft docs, registries page: it may take some minutes after a push or a
removal), here by a constant lag and in closed form: a list asked for at `now_s` is the registry's as of `now_s -
lag_s`.

Putting an update in a repository that has many costs three entries in dicts (rootfs, config and manifest), 70 to 130
bytes in all, beside the image itself, some 700 bytes that all registries share. A repository's own dicts cost about 800
bytes.

Left out: quotas; which digest a trailing list shows, hence it lists names alone; a copy that reaches this registry
some time after its original was published is listed from the original's time.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from operator import attrgetter
from typing import NamedTuple

from sim.policies.snapshot import Publish
from sim.registry.oci import Digest, Image, Layer
from sim.registry.reference import Reference

from .pools import Pool

_NOTHING: frozenset[Digest] = frozenset()
_NO_TAGS: frozenset[str] = frozenset()
_SIZE_BYTES = attrgetter("size_bytes")


class Listed(NamedTuple):
    """One line of a registry's list of images."""

    repository: str
    tag: str


class Change(NamedTuple):
    """When a tag came or went, and whether what it meant was a ROM."""

    changed_s: float
    tag: str
    exists: bool
    rom: bool


class Repository:
    """What one repository holds, to be read; `changes` of its tags are in the order in which they were made.

    `unlisted` tags are there, and lists do not show them.
    """

    __slots__ = ("blobs", "changes", "images", "tags", "unlisted")

    def __init__(self) -> None:
        self.blobs: dict[Digest, Layer] = {}
        self.images: dict[Digest, Image] = {}
        self.tags: dict[str, Publish] = {}
        self.changes: list[Change] = []
        self.unlisted: frozenset[str] = _NO_TAGS


class Contents:
    """One registry's holdings. Reading what is not there gives None or nothing held, never an error.

    `pool` has dedup look further than the repository that is asked.
    """

    __slots__ = ("_pool", "_repositories")

    def __init__(self, pool: Pool | None = None) -> None:
        self._repositories: dict[str, Repository] = {}
        self._pool = pool

    def blobs(self, repository: str) -> Container[Digest]:
        """The digests that count as held when a repository is asked, for `digest in`; ask again after a change."""
        if self._pool is not None:
            return self._pool.held(repository)
        held = self._repositories.get(repository)
        return _NOTHING if held is None else held.blobs

    def repository(self, repository: str) -> Repository | None:
        """What a repository holds, for whoever asks several things at once; None if nothing was ever put there."""
        return self._repositories.get(repository)

    @property
    def pooled(self) -> bool:
        """Whether dedup looks further than the repository that is asked."""
        return self._pool is not None

    def expect(self, repository: str) -> None:
        """Something of a repository is about to come: who sends news of it should count this registry in."""
        if repository not in self._repositories:
            self._repositories[repository] = Repository()

    def knows(self, repository: str) -> bool:
        """Whether anything was ever put into a repository here, or is expected."""
        return repository in self._repositories

    def has_blob(self, repository: str, digest: Digest) -> bool:
        """Whether a repository holds a blob; that another one holds it is no help."""
        held = self._repositories.get(repository)
        return held is not None and digest in held.blobs

    def add_blob(self, repository: str, blob: Layer) -> None:
        """Store a blob in a repository; one that is there already changes nothing."""
        held = self._repositories.get(repository)
        if held is None:
            held = self._repositories[repository] = Repository()
        if self._pool is not None and blob.digest not in held.blobs:
            self._pool.add(repository, blob.digest)
        held.blobs[blob.digest] = blob

    def put(
        self, repository: str, tag: str | None, image: Image, publish: Publish, came_s: float | None = None
    ) -> None:
        """Store a manifest, to be had by its digest, and point `tag` at it, as `publish` says, unless that is None.

        A copy of what was published elsewhere says when it came here: lists trail that, and tags mean what they did.
        Raises ValueError, and changes nothing, if the repository lacks a blob of the image: a registry that checks
        answers such a manifest with the specification's error MANIFEST_BLOB_UNKNOWN, and no client here puts one.
        """
        held = self._repositories.get(repository)
        present = _NOTHING if held is None else held.blobs
        for blob in image.blobs:
            if blob.digest not in present:
                raise ValueError(f"{repository}: manifest {image.digest} before its {blob.kind} blob {blob.digest}")
        assert held is not None
        held.images[image.digest] = image
        if tag is not None:
            if tag not in held.tags or tag in held.unlisted:
                changed_s = publish.published_s if came_s is None else came_s
                held.changes.append(Change(changed_s, tag, True, image.is_rom))
                held.unlisted -= {tag}
            held.tags[tag] = publish

    def resolve(self, repository: str, tag: str) -> Publish | None:
        """What a tag means now; None if there is no such tag."""
        held = self._repositories.get(repository)
        return None if held is None else held.tags.get(tag)

    def image(self, repository: str, digest: Digest) -> Image | None:
        """The image with that manifest digest, tagged or not."""
        held = self._repositories.get(repository)
        return None if held is None else held.images.get(digest)

    def get(self, reference: Reference) -> Image | None:
        """The image that a reference means here now; its digest decides if it has one. Its host is not looked at."""
        digest = reference.digest
        if digest is None and reference.tag is not None:
            publish = self.resolve(reference.repository, reference.tag)
            digest = None if publish is None else publish.digest
        return None if digest is None else self.image(reference.repository, digest)

    def remove_tag(self, repository: str, tag: str, removed_s: float) -> bool:
        """Remove a tag and nothing else: the image is still to be had by its digest. False if there is no such tag."""
        held = self._repositories.get(repository)
        if held is None or tag not in held.tags:
            return False
        image = held.images.get(held.tags.pop(tag).digest)
        if tag not in held.unlisted:
            held.changes.append(Change(removed_s, tag, False, image is not None and image.is_rom))
        held.unlisted -= {tag}
        return True

    def unlist(self, repository: str, tag: str, removed_s: float) -> None:
        """Lists are not to show a tag that is there: what it means was removed elsewhere. Until it moves."""
        held = self._repositories[repository]
        if tag not in held.unlisted:
            image = held.images.get(held.tags[tag].digest)
            held.changes.append(Change(removed_s, tag, False, image is not None and image.is_rom))
            held.unlisted |= {tag}

    def remove_manifest(self, repository: str, digest: Digest, removed_s: float) -> bool:
        """Remove a manifest, and with it every tag to it; blobs stay. False if there is no such manifest."""
        held = self._repositories.get(repository)
        if held is None or digest not in held.images:
            return False
        for tag in [tag for tag, publish in held.tags.items() if publish.digest == digest]:
            self.remove_tag(repository, tag, removed_s)
        del held.images[digest]
        return True

    def drop(self, repository: str, digest: Digest, dropped_s: float, claimed: Container[Digest]) -> None:
        """Remove a manifest and, at once, those of its blobs that no other there needs and nobody claims."""
        held = self._repositories[repository]
        image = held.images[digest]
        self.remove_manifest(repository, digest, dropped_s)
        others = {blob.digest for other in held.images.values() for blob in other.blobs}
        for blob in image.blobs:
            if blob.digest not in others and blob.digest not in claimed:
                self._forget(repository, held, blob.digest)

    def _forget(self, repository: str, held: Repository, digest: Digest) -> None:
        if held.blobs.pop(digest, None) is not None and self._pool is not None:
            self._pool.remove(repository, digest)

    def empty(self, now_s: float) -> list[tuple[str, Image]]:
        """Everything goes at once, as when a disk dies; the images that were there, with their repositories."""
        gone = [(name, image) for name, held in self._repositories.items() for image in held.images.values()]
        for repository, held in self._repositories.items():
            for digest in list(held.images):
                self.remove_manifest(repository, digest, now_s)
            for digest in list(held.blobs):
                self._forget(repository, held, digest)
        return gone

    def missing(self) -> list[tuple[str, Digest]]:
        """Blobs that a manifest here refers to and its repository lacks, with the repository: there must be none."""
        return [
            (name, blob.digest)
            for name, held in self._repositories.items()
            for image in held.images.values()
            for blob in image.blobs
            if blob.digest not in held.blobs
        ]

    def stored(self) -> Iterable[tuple[str, Layer]]:
        """Every blob of every repository, with the repository's name."""
        return ((name, blob) for name, held in self._repositories.items() for blob in held.blobs.values())

    def collect_garbage(self, *, untagged: bool = False, claimed: Container[Digest] = ()) -> int:
        """Drop, from every repository, the blobs that none of its manifests refers to; bytes freed in the registry.

        Mark and sweep, as `registry garbage-collect` of the distribution registry does it, but for one accident there:
        whether a repository keeps a blob for another's manifest depends on which of the two is scanned first
        (registry/storage/garbagecollect.go); here it never does. Manifests that no tag points at are kept, since a
        digest may pin them, unless `untagged` has them dropped first (its option `--delete-untagged`). It too would
        drop the blobs of a push that has not put its manifest yet, so the registry must be at rest meanwhile, or
        whoever knows of such pushes must say which blobs are `claimed`.
        """
        before_bytes = self.stored_bytes
        for repository, held in self._repositories.items():
            if untagged:
                tagged = {publish.digest for publish in held.tags.values()}
                held.images = {digest: image for digest, image in held.images.items() if digest in tagged}
            marked = {blob.digest for image in held.images.values() for blob in image.blobs}
            for digest in [digest for digest in held.blobs if digest not in marked and digest not in claimed]:
                self._forget(repository, held, digest)
        return before_bytes - self.stored_bytes

    @property
    def stored_bytes(self) -> int:
        """Bytes of distinct blobs in the whole registry; counted anew at each call."""
        distinct: dict[Digest, Layer] = {}
        for held in self._repositories.values():
            distinct |= held.blobs
        return sum(map(_SIZE_BYTES, distinct.values()))

    def changes(self) -> Iterator[tuple[str, Change]]:
        """By repository, in order of name, when each tag came or went."""
        for repository, held in sorted(self._repositories.items()):
            for change in held.changes:
                yield repository, change

    def listing(self, now_s: float, lag_s: float) -> tuple[Listed, ...]:
        """The tags that a list shows now if it trails publishes and removals by `lag_s`, in order of name."""
        seen_s = now_s - lag_s
        return tuple(
            Listed(repository, tag)
            for repository, held in sorted(self._repositories.items())
            for tag in sorted(_present(held, seen_s))
        )


def _present(held: Repository, at_s: float) -> list[str]:
    last = {change.tag: change.exists for change in held.changes if change.changed_s <= at_s}
    return [tag for tag, exists in last.items() if exists]
