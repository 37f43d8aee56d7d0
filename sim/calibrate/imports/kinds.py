"""Kinds of image from images: what they share becomes the kernel, what is each one's own the root filesystem.

The model's image is one layer that all of its kind share, and one of its own (`sim/registry/oci`). Of images whose
layers are known, those that share the same layers with any others are a kind: its kernel is as large as those layers
together, and its root filesystems are what is left of each image. So what a registry keeps once, and a node fetches
once, stays one. Images that share nothing, and those of which only a size is known, are kinds without a kernel.

    app:1 = base + a1, app:2 = base + a2, other = c    two kinds: base with a1 or a2, and c alone

Left out: that a kind may share a part of its kernel with another kind, whose bytes are said instead.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sim import units
from sim.calibrate.imports.entries import Entry, Table, assumed
from sim.calibrate.imports.found import Blob, Found, Pictured, number_of, observed, shown_text
from sim.calibrate.imports.kubernetes import normalised
from sim.errors import InputError
from sim.registry.reference import Reference

#: So many kinds are written, those that are used most; a larger scenario says no more.
MOST_KINDS: Final = 40
#: A list of sizes is written up to so many; of more, so many that lie evenly among them.
_MOST_SIZES: Final = 200


@dataclass(frozen=True, slots=True)
class Kind:
    """Images with one set of shared layers: its size, the sizes of what is each one's own, and their shares."""

    images: tuple[Pictured, ...]
    kernel_bytes: int
    rootfs_bytes: tuple[int, ...]
    uses: int
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kinds:
    """All kinds, most used first, and what was left open on the way."""

    kinds: tuple[Kind, ...]
    open: tuple[str, ...]
    uses_counted: bool


def kinds_of(found: Sequence[Found]) -> Kinds:
    """The images of all sources as kinds."""
    images, sources = _merged(found)
    open_: list[str] = []
    uses_counted = any(image.uses for image in images.values())
    if uses_counted:
        idle = [name for name, image in images.items() if not image.uses]
        if idle:
            open_.append(f"who needs {number_of(len(idle), 'image')} that no container runs: left out of [images]")
        images = {name: image for name, image in images.items() if image.uses}
    unsized = [name for name, image in images.items() if not image.layers and not any(image.sizes)]
    if unsized:
        names = ", ".join(map(shown_text, unsized[:3])) + (", ..." if len(unsized) > 3 else "")
        open_.append(f"the size of {number_of(len(unsized), 'image')}: {names}; left out of [images]")
    sized = {name: image for name, image in images.items() if name not in set(unsized)}
    made = [*_layered(sized, sources, open_), *_whole(sized, sources)]
    made.sort(key=lambda kind: (-_weight(kind, uses_counted), -kind.kernel_bytes - max(kind.rootfs_bytes)))
    if len(made) > MOST_KINDS:
        rest = sum(_weight(kind, uses_counted) for kind in made[MOST_KINDS:])
        every = sum(_weight(kind, uses_counted) for kind in made)
        open_.append(
            f"{number_of(len(made) - MOST_KINDS, 'kind')} of image beyond the {MOST_KINDS} most used, with "
            f"{rest / every:.2g} of all uses: left out"
        )
    return Kinds(tuple(made[:MOST_KINDS]), tuple(open_), uses_counted)


def _weight(kind: Kind, uses_counted: bool) -> int:
    return kind.uses if uses_counted else len(kind.images)


def _merged(found: Sequence[Found]) -> tuple[dict[str, Pictured], dict[str, list[str]]]:
    """Each image once by its name in full, with all that sources say of it; and those sources' paths.

    Names of one manifest are one image, and a name that means another manifest elsewhere is another image.
    """
    names = {digest: name for one in found for digest, name in one.names.items()}
    index_bytes = {digest: size for one in found for digest, size in one.index_bytes.items()}
    every = [(one.path, image) for one in found for image in one.images]
    images: dict[str, Pictured] = {}
    sources: dict[str, list[str]] = {}
    same: dict[str, str] = {}
    for path, image in sorted(every, key=lambda pair: not pair[1].layers):
        called = normalised(names.get(image.digest) or image.name)
        name = same.setdefault(image.digest, called) if image.digest else same.get(called, called)
        same.setdefault(called, name)
        again = 2
        while name in images and image.layers and images[name].layers not in ((), image.layers):
            name, again = f"{called}-{again}", again + 1
        index = image.index_bytes or index_bytes.get(image.digest)
        images[name] = _both(replace(image, name=name, index_bytes=index), images.get(name))
        sources.setdefault(name, []).append(path)
    return images, sources


def _both(image: Pictured, known: Pictured | None) -> Pictured:
    """What two sources say of one image."""
    if known is None:
        return image
    layered = known if known.layers else image
    return replace(layered, sizes=known.sizes + image.sizes, uses=known.uses + image.uses)


def _layered(images: Mapping[str, Pictured], sources: Mapping[str, list[str]], open_: list[str]) -> Iterator[Kind]:
    """Kinds of those images whose layers are known."""
    known = [image for image in images.values() if image.layers]
    holders = Counter(digest for image in known for digest in {blob.digest for blob in image.layers})
    by_shared: dict[frozenset[str], list[Pictured]] = {}
    for image in known:
        shared = frozenset(blob.digest for blob in image.layers if holders[blob.digest] > 1)
        by_shared.setdefault(shared or frozenset((image.name,)), []).append(image)
    kept = Counter(digest for shared in by_shared for digest in shared if holders[digest] > 1)
    again = {blob.digest: blob.size_bytes for image in known for blob in image.layers if kept[blob.digest] > 1}
    if again:
        size = units.format_bytes(sum(again.values()))
        open_.append(
            f"what kinds share: {number_of(len(again), 'layer')} ({size}) of several kinds, which each has for itself"
        )
    bare = 0
    for shared, alike in by_shared.items():
        kernel, own = 0, []
        for image in alike:
            blobs = {blob.digest: blob for blob in image.layers}
            common = [blob for digest, blob in blobs.items() if digest in shared]
            rest = [blob for digest, blob in blobs.items() if digest not in shared]
            kernel = sum(blob.size_bytes for blob in common)
            own.append(sum(blob.size_bytes for blob in rest))
        if not all(own):
            bare += sum(not size for size in own)
            kernel, own = _top(alike, kernel, own)
        if any(own):
            paths = tuple(dict.fromkeys(path for image in alike for path in sources[image.name]))
            yield Kind(tuple(alike), kernel, tuple(own), sum(image.uses for image in alike), paths)
    if bare:
        open_.append(
            f"what is {number_of(bare, 'image')}'s own: all layers are others', too; the topmost counts as own"
        )


def _top(alike: Sequence[Pictured], kernel: int, own: Sequence[int]) -> tuple[int, list[int]]:
    """Where an image has no layer of its own, its topmost is taken for it, of all of its kind alike."""
    top: Blob = next((blob for blob in reversed(alike[0].layers) if blob.size_bytes), alike[0].layers[-1])
    moved = min(top.size_bytes, kernel)
    return kernel - moved, [size + moved for size in own]


def _whole(images: Mapping[str, Pictured], sources: Mapping[str, list[str]]) -> Iterator[Kind]:
    """A kind of each image of which a size is all that is known: the median of those reported."""
    for name, image in images.items():
        sizes = [size for size in image.sizes if size]
        if not image.layers and sizes:
            middle = int(observed("", "bytes", sizes, "").value)
            yield Kind((image,), 0, (middle,), image.uses, tuple(dict.fromkeys(sources[name])))


def entries(kinds: Kinds) -> Iterator[Entry]:
    """The tables of all kinds."""
    taken: set[str] = set()
    for kind in kinds.kinds:
        varies = len(set(kind.rootfs_bytes)) > 1
        table = ("images", _key(kind.images[0].name, taken, varies))
        yield from _entries(table, kind, kinds.uses_counted, varies)


def _entries(table: Table, kind: Kind, uses_counted: bool, varies: bool) -> Iterator[Entry]:
    source = shown_text(", ".join(kind.sources))
    n = len(kind.images)
    if uses_counted:
        yield Entry(table, "share", float(kind.uses), f"{source}: containers that run it", n=kind.uses)
    elif n > 1:
        yield Entry(table, "share", float(n), f"{source}: images of this kind", n=n)
    if kind.kernel_bytes:
        of = (
            f"{source}: layers shared by {number_of(n, 'image')}"
            if n > 1
            else f"{source}: layers that others have, too"
        )
        yield Entry(table, "kernel", units.format_bytes(kind.kernel_bytes), of, n=n)
    yield _rootfs(table, kind, source)
    if varies:
        listed = [units.format_bytes(size) for size in _evenly(sorted(size for size in kind.rootfs_bytes if size))]
        yield Entry((*table, "sizes"), "list", listed)
    for key, sizes in (
        ("config", [image.config_bytes for image in kind.images]),
        ("manifest", [image.manifest_bytes for image in kind.images]),
        ("index", [image.index_bytes for image in kind.images]),
    ):
        given = [float(size) for size in sizes if size]
        if given:
            yield _size(table, key, given, source)
    yield assumed(table, "boot", "images.NAME.boot", "not in the data")


def _rootfs(table: Table, kind: Kind, source: str) -> Entry:
    """The size of what is an image's own, with the range of those that were seen."""
    seen = [float(size) for size in kind.rootfs_bytes if size]
    if not kind.images[0].layers:
        seen = [float(size) for size in kind.images[0].sizes if size]
        return _size(table, "rootfs", seen, f"{source}: the whole image, as nodes and events report it")
    return _size(table, "rootfs", seen, f"{source}: layers of its own")


def _size(table: Table, key: str, seen: Sequence[float], source: str) -> Entry:
    found = observed(key, "bytes", seen, source)
    value, low, high = (units.format_bytes(int(each)) for each in (found.value, found.low, found.high))
    return Entry(table, key, value, source, range=(low, high), n=found.n)


def _evenly(sizes: Sequence[int]) -> Iterable[int]:
    if len(sizes) <= _MOST_SIZES:
        return sizes
    return [sizes[at * (len(sizes) - 1) // (_MOST_SIZES - 1)] for at in range(_MOST_SIZES)]


def _key(name: str, taken: set[str], varies: bool) -> str:
    """The image's reference as a key of its own, or where it is none a path that is near it.

    A key whose digest names one content can't stand for several sizes; it goes without the digest then.
    """
    written = name.partition("@")[0] if varies else name
    try:
        reference = Reference.parse(written)
    except InputError:
        plain = re.sub(r"[^a-z0-9]+", "-", written.lower())[:80].strip("-") or "image"
        reference, written = Reference.parse(plain), plain
    again, whole = 2, written
    while str(reference) in taken:
        plain = re.sub(r"[^a-z0-9]+", "-", written.lower())[:80].strip("-") or "image"
        whole, again = f"{plain}-{again}", again + 1
        reference = Reference.parse(whole)
    taken.add(str(reference))
    return whole
