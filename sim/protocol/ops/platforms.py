"""Images for several architectures under one index: which of an image's blobs are whose, and a manifest for each.

"The image index is a higher-level manifest which points to specific image manifests, ideal for one or more platforms"
(https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md). Such an image's blobs stand platform by
platform in `image_blobs`, as many for each: kernel, root filesystem, config.

A push sends all of them, then a manifest for each platform and the index. A node has one architecture: it reads the
index and its platform's manifest, and fetches that platform's blobs alone. A copy between registries brings all of an
image, or to a node what the node's platform needs (`policies.sync.platforms`).

Left out: platforms that differ in size or in how many layers they have; a cache has the manifests of all platforms as
soon as it has been asked for one.
"""

from __future__ import annotations

from typing import Any, Final

from sim.protocol.codes import FOR_PULL, FOR_SYNC, GO

ALL_PLATFORMS: Final = -1


def platform_of(w: Any, image: int, registry: int) -> int:
    """Which of an image's platforms is a registry's own; ALL_PLATFORMS if it has none, or the image but one."""
    row = w.images[image]
    if row.platforms < 2:
        return ALL_PLATFORMS
    number = w.registries[registry].architecture
    if number == 0:
        return ALL_PLATFORMS
    platform, below = 0, row.architectures & ((1 << (number - 1)) - 1)
    while below:
        platform += below & 1
        below >>= 1
    return int(platform)


def own_begin(w: Any, image: int, registry: int) -> int:
    """The position in its image of the first blob that a registry with instances needs."""
    row = w.images[image]
    if row.platforms < 2:
        return 0
    platform = platform_of(w, image, registry)
    return 0 if platform < 0 else int(platform * (row.blobs // row.platforms))


def own_end(w: Any, image: int, registry: int) -> int:
    """The position behind the last of them."""
    row = w.images[image]
    if row.platforms < 2:
        return int(row.blobs)
    platform = platform_of(w, image, registry)
    return int(row.blobs) if platform < 0 else int((platform + 1) * (row.blobs // row.platforms))


def plan_manifests(w: Any, p: int) -> None:
    """Which of its image's blobs a task sends, `begin` to `stop`; and its manifests but the last, which goes with the
    index."""
    task = w.tasks[p]
    row = w.images[task.image]
    task.begin, task.stop = 0, row.blobs
    if row.platforms > 1 and task.purpose == FOR_SYNC and w.g.copies_platform:
        task.begin, task.stop = own_begin(w, task.image, task.registry), own_end(w, task.image, task.registry)
    task.manifests = manifests_sent(w, p) - 1


def manifests_sent(w: Any, p: int) -> int:
    """How many manifests beside the index a task sends or reads: one for each platform whose blobs it moves."""
    task = w.tasks[p]
    row = w.images[task.image]
    if row.platforms < 2 or task.purpose == FOR_PULL:
        return 1
    return int((task.stop - task.begin) * row.platforms // row.blobs)


def next_manifest(w: Any, p: int, last: int, b: int) -> int:
    """Take the next platform's manifest; go to `last` if only the last one is left, with which the index goes."""
    task = w.tasks[p]
    if task.manifests > 0:
        task.manifests -= 1
    else:
        task.pc = last
    return GO
