"""What images are made of, as rows: those that are pushed, and those that are there at the start.

Image `number` of a demand is row `number`. A kernel is one blob for all images of its kind and release, what stays the
same in every image of an application is one for the application, a rootfs and a config are an image's own. A kind that
is named by a digest is one content: its first image stands for all, whatever is pushed when and by whom. A log's images
say themselves what they are made of; of those with one digest the first stands for all, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.policies.snapshot import Rootfs
from sim.protocol.codes import CONFIG, KERNEL, ROOTFS
from sim.protocol.layering import for_platforms, in_layers
from sim.protocol.names import NumberedDigests
from sim.protocol.ops.lookups import LOOKS_AT_BOTH, LOOKS_AT_CENTRAL, LOOKS_AT_NODE_FIRST
from sim.protocol.state import LAYOUT
from sim.records.layout import table_of
from sim.registry.formats import Format
from sim.registry.oci import Digest, Image
from sim.registry.reference import DEFAULT_TAG, Reference
from sim.scenario import Choice, Scenario
from sim.scenario.model.formats import format_named
from sim.workload.demand import Demand

RELEASES: Final = 2
_CONTENTS: Final = {"kernel": KERNEL, "rootfs": ROOTFS, "config": CONFIG}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of image: its figures, and the tag and digest of its name; a ROM has no kernel.

    Of the rootfs `stable_bytes` are the same in every image of an application. Sizes are those of the content; on the
    wire layers weigh what their `format` makes of that.
    """

    name: str
    kernel_bytes: int | None = None
    rootfs_bytes: int = 0
    config_bytes: int = 0
    manifest_bytes: int = 0
    index_bytes: int = 0
    boot_s: float = 0.0
    stable_bytes: int = 0
    tag: str | None = DEFAULT_TAG
    digest: Digest | None = None
    format: Format | None = None
    layers: int = 1
    architectures: frozenset[str] = frozenset()
    look: int = LOOKS_AT_BOTH


@dataclass(frozen=True, slots=True)
class Images:
    """The tables `images`, `image_blobs` and `blobs`; `number` has each image's row where it is not its number."""

    tables: dict[str, NDArray[Any]]
    digests: Sequence[str]
    number: NDArray[np.int64] | None = None

    def row(self, number: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows of images."""
        return number if self.number is None else self.number[number]


def kinds_of(scenario: Scenario, demand: Demand) -> tuple[Kind, ...]:
    """The kinds of images of a scenario; a log's images are all of one that says nothing but how long they boot."""
    if demand.images is not None:
        replay = scenario.demand.replay
        return (Kind("logged", boot_s=0.0 if replay is None else replay.boot_s),)
    stable_bytes, bring = _stable_bytes(scenario.policies.chunking), scenario.policies.kernels == "image"
    return tuple(
        Kind(
            name, image.kernel_bytes if bring else None, image.rootfs_bytes, image.config_bytes, image.manifest_bytes,
            image.index_bytes, image.boot_s, stable_bytes(image.rootfs_bytes), reference.tag, reference.digest,
            format_named(image.format, scenario.formats), image.layers, frozenset(image.architectures or ()),
            _look(scenario, reference),
        )
        for (name, image), reference in zip(scenario.images.items(), scenario.references.values(), strict=True)
    )  # fmt: skip


def images_of(scenario: Scenario, demand: Demand, kinds: Sequence[Kind]) -> Images:
    """All images of a run."""
    if demand.images is not None:
        return _logged(demand.images)
    made = _made(demand, kinds)
    number, pinned = _pinned(made, kinds)
    kind, kernel, app = made["kind"], made["kernel"], made["app"]
    stable_by_app = _stable_by_app(scenario, demand)
    of_kind = {field: np.array([getattr(one, field) or 0 for one in kinds], np.int64) for field in _SIZES}
    stable_bytes = of_kind["stable_bytes"][kind] if stable_by_app is None else stable_by_app[app]
    has_kernel = np.array([one.kernel_bytes is not None for one in kinds], np.bool_)[kind]
    stable_bytes[[*pinned]] = 0
    has_stable = stable_bytes > 0
    count = np.where(made["there"], has_kernel.astype(np.int64) + has_stable + 2, 0)
    first = np.cumsum(count) - count
    n, kernels = len(kind), RELEASES * len(kinds)
    stables = len(demand.app_kind) if has_stable.any() else 0
    own = kernels + stables
    blobs = LAYOUT.rows("blobs", own + 2 * n)
    blobs["size_bytes"][:kernels] = np.repeat(of_kind["kernel_bytes"], RELEASES)
    blobs["content"][:kernels] = KERNEL
    blobs["content"][kernels:own] = ROOTFS
    blobs["size_bytes"][kernels + app[has_stable]] = stable_bytes[has_stable]
    blobs["size_bytes"][own::2], blobs["content"][own::2] = made["rootfs_bytes"] - stable_bytes, ROOTFS
    blobs["size_bytes"][own + 1 :: 2], blobs["content"][own + 1 :: 2] = of_kind["config_bytes"][kind], CONFIG
    _pack(blobs, kinds, np.concatenate((np.repeat(np.arange(len(kinds)), RELEASES), demand.app_kind[:stables], kind)))
    image_blobs, at = LAYOUT.rows("image_blobs", int(count.sum())), first.copy()
    for has, blob in ((has_kernel, RELEASES * kind + kernel), (has_stable, kernels + app)):
        has = has & made["there"]
        image_blobs[at[has]] = blob[has]
        at += has
    last = np.flatnonzero(made["there"])
    image_blobs[at[last]], image_blobs[at[last] + 1] = own + 2 * last, own + 2 * last + 1
    images = {
        "first_blob": first, "blobs": count, "manifest_bytes": of_kind["manifest_bytes"][kind],
        "index_bytes": of_kind["index_bytes"][kind], "rom": ~has_kernel, "rank": np.arange(n),
    }  # fmt: skip
    tables = {"images": table_of(LAYOUT, "images", images), "image_blobs": image_blobs, "blobs": blobs}
    layers = np.array([one.layers for one in kinds], np.int64)[kind]
    if (layers > 1).any():
        tables = in_layers(tables, layers)
    if any(len(one.architectures) > 1 for one in kinds):
        bits = {name: 1 << (number - 1) for name, number in architecture_numbers(scenario).items()}
        tables = for_platforms(tables, np.array([max(len(one.architectures), 1) for one in kinds], np.int64)[kind])
        built_for = np.array([sum(bits[name] for name in one.architectures) for one in kinds], np.int64)
        tables["images"]["architectures"] = built_for[kind]
    return Images(tables, NumberedDigests(n, pinned), number)


def architecture_numbers(scenario: Scenario) -> dict[str, int]:
    """A number from 1 for each architecture that an image of several is built for; none where all images are of one."""
    several = [image.architectures for image in scenario.images.values() if len(image.architectures or ()) > 1]
    return {name: number for number, name in enumerate(sorted({name for one in several for name in one or ()}), 1)}


def boot_s(kind: Kind) -> float:
    """How long an instance boots: what its format takes for a root filesystem of the kind's size, and what remains."""
    return kind.boot_s if kind.format is None else kind.boot_s + kind.rootfs_bytes * kind.format.boot_s


def formats_of(kinds: Sequence[Kind]) -> list[Format]:
    """The formats of kinds, each once, as they are rows of the table `formats`: first that of what is not packed."""
    return [Format(), *dict.fromkeys(kind.format for kind in kinds if kind.format is not None)]


def format_rows(kinds: Sequence[Kind]) -> NDArray[Any]:
    """The table `formats`: by byte of a blob what formats say by byte of content."""
    formats = formats_of(kinds)
    rows = {
        "core_ns": [1e9 / (one.rate_Bps * one.wire) if one.rate_Bps else 0.0 for one in formats],
        "written": [one.written / one.wire for one in formats],
        "compress_ns": [1e9 / (one.compress_Bps * one.wire) if one.compress_Bps else 0.0 for one in formats],
        "cores": [one.cores for one in formats],
    }  # fmt: skip
    return table_of(LAYOUT, "formats", rows, len(formats))


def _pack(blobs: NDArray[Any], kinds: Sequence[Kind], kind: NDArray[np.int64]) -> None:
    """Have layers of images that have a format weigh what they do on the wire.

    `kind` : (n,) of kernels, of what applications share, and of images, which have a root filesystem and a config each.
    """
    if all(one.format is None for one in kinds):
        return
    number = {one: at for at, one in enumerate(formats_of(kinds))}
    own = len(kind) - (len(blobs) - len(kind))
    owner = np.concatenate((kind[:own], np.repeat(kind[own:], 2)))
    wire = np.array([1.0 if one.format is None else one.format.wire for one in kinds])
    row = np.array([0 if one.format is None else number[one.format] for one in kinds])
    whole = np.array([one.format is not None and one.format.packs == "all" for one in kinds])
    packed = (blobs["content"] == ROOTFS) | ((blobs["content"] == KERNEL) & whole[owner])
    packed &= (row[owner] > 0) & (blobs["size_bytes"] > 0)
    size_bytes = np.maximum(np.rint(blobs["size_bytes"] * wire[owner]).astype(np.int64), 1)
    blobs["size_bytes"][packed] = size_bytes[packed]
    blobs["format"][packed] = row[owner][packed]


_SIZES: Final = ("kernel_bytes", "rootfs_bytes", "config_bytes", "manifest_bytes", "index_bytes", "stable_bytes")


def _made(demand: Demand, kinds: Sequence[Kind]) -> dict[str, NDArray[Any]]:
    """What each image is made from, by its number, (n_images,); not all numbers need be `there`."""
    n, known = len(demand), demand.known_apps
    number = np.arange(n) if demand.image is None else demand.image
    of_app = demand.app_kind[demand.app] if demand.kind is None else demand.kind
    of_kind = np.array([kind.rootfs_bytes for kind in kinds], np.int64)
    sizes = of_kind[of_app] if demand.rootfs_bytes is None else demand.rootfs_bytes
    columns = {"kind": of_app, "kernel": demand.kernel, "app": demand.app, "rootfs_bytes": sizes}
    made = {name: np.zeros(n + known, np.int64) for name in columns} | {"there": np.zeros(n + known, np.bool_)}
    # The first push of an image says what it is made of: what is written last stays.
    pushes = np.ones(n, np.bool_) if demand.pushes is None else demand.pushes
    for asking in (np.flatnonzero(~pushes)[::-1], np.flatnonzero(pushes)[::-1]):
        for name, column in columns.items():
            made[name][number[asking]] = column[asking]
        made["there"][number[asking]] = True
    made["there"][n:] = True
    made["kind"][n:], made["kernel"][n:], made["app"][n:] = demand.app_kind[:known], 0, np.arange(known)
    at_start = of_kind[demand.app_kind] if demand.app_rootfs_bytes is None else demand.app_rootfs_bytes
    made["rootfs_bytes"][n:] = at_start[:known]
    return made


def _pinned(made: dict[str, NDArray[Any]], kinds: Sequence[Kind]) -> tuple[NDArray[np.int64] | None, dict[int, Digest]]:
    """Each image's row where kinds are named by a digest, None where none is; and the digests of the rows of these.

    Of such a kind the first image stays `there` and has the first kernel: a release has no part in a content that is
    named.
    """
    digests: dict[int, Digest] = {}
    row = np.arange(len(made["kind"]))
    for at, kind in enumerate(kinds):
        own = np.flatnonzero(made["there"] & (made["kind"] == at))
        if kind.digest is not None and len(own):
            row[own], digests[int(own[0])] = own[0], kind.digest
            made["kernel"][own[0]], made["there"][own[1:]] = 0, False
    return (row, digests) if digests else (None, digests)


def _look(scenario: Scenario, reference: Reference) -> int:
    """Where instances look a reference up."""
    if scenario.policies.tags.look == "registries":
        return LOOKS_AT_BOTH
    return LOOKS_AT_CENTRAL if reference.host == scenario.central.host else LOOKS_AT_NODE_FIRST


def _stable_bytes(chunking: Choice) -> Callable[[int], int]:
    """What of a root filesystem stays the same from image to image."""
    cut, parameters = chunking.rule("chunking").cut, chunking.parameters
    return lambda rootfs_bytes: int(cut(Rootfs(rootfs_bytes), parameters).stable_bytes)


def _stable_by_app(scenario: Scenario, demand: Demand) -> NDArray[np.int64] | None:
    """What an application's images share where sizes are their own: as much as the smallest of them has to share."""
    if demand.rootfs_bytes is None and demand.app_rootfs_bytes is None:
        return None
    of_kind = np.array([image.rootfs_bytes for image in scenario.images.values()], dtype=np.int64)
    known, kind = np.arange(len(demand.app_kind)) < demand.known_apps, demand.app_kind[demand.app]
    kind = kind if demand.kind is None else demand.kind
    at_start = of_kind[demand.app_kind] if demand.app_rootfs_bytes is None else demand.app_rootfs_bytes
    smallest = np.where(known, at_start, np.iinfo(np.int64).max)
    np.minimum.at(smallest, demand.app, of_kind[kind] if demand.rootfs_bytes is None else demand.rootfs_bytes)
    stable_bytes = _stable_bytes(scenario.policies.chunking)
    sizes, size_of = np.unique(smallest, return_inverse=True)
    return np.array([stable_bytes(size) for size in sizes.tolist()], np.int64)[size_of]


def _logged(images: Sequence[Image]) -> Images:
    """A log's images."""
    rows: dict[Digest, int] = {}
    number = np.array([rows.setdefault(image.digest, len(rows)) for image in images], np.int64)
    made = list({image.digest: image for image in reversed(images)}.values())
    made.sort(key=lambda image: rows[image.digest])
    blobs: dict[Digest, int] = {}
    sizes: list[tuple[int, int]] = []
    image_blobs: list[int] = []
    for image in made:
        for blob in image.blobs:
            at = blobs.setdefault(blob.digest, len(blobs))
            if at == len(sizes):
                sizes.append((blob.size_bytes, _CONTENTS[blob.kind]))
            image_blobs.append(at)
    count = np.array([len(image.blobs) for image in made], np.int64)
    columns = {
        "first_blob": np.cumsum(count) - count, "blobs": count, "manifest_bytes": [one.manifest_bytes for one in made],
        "index_bytes": [one.index_bytes for one in made], "rom": [one.is_rom for one in made],
        "rank": np.argsort(np.argsort(np.array([one.digest for one in made], dtype=object), kind="stable")),
    }  # fmt: skip
    table = table_of(LAYOUT, "images", columns, len(made))
    size_bytes, contents = [size for size, _ in sizes], [content for _, content in sizes]
    blob_table = table_of(LAYOUT, "blobs", {"size_bytes": size_bytes, "content": contents}, len(sizes))
    tables = {"images": table, "image_blobs": np.array(image_blobs, np.int64), "blobs": blob_table}
    return Images(tables, [image.digest for image in made], number)
