"""Images of many layers, and images for several architectures.

A root filesystem may be in equal parts, each a blob of its own. The parts stand where the whole stood, before the
config. All of them are new with each update, as the whole would be. Of an image for several architectures each platform
has such blobs, one platform's behind the other's, and shares nothing with the others: what images have in common, as a
kernel, they have in common platform by platform.

Left out: parts of different sizes, platforms that differ in size, and updates that leave lower layers as they are
(`policies.chunking` has that).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tables = dict[str, NDArray[Any]]


def in_layers(tables: Mapping[str, NDArray[Any]], layers: NDArray[np.int64]) -> Tables:
    """The tables of images with each root filesystem in so many layers.

    `layers` : (n_images,), at least 1 each. A root filesystem that has fewer bytes is in as many layers as it has
    bytes.
    """
    images, image_blobs, blobs = (tables[name].copy() for name in ("images", "image_blobs", "blobs"))
    there = np.flatnonzero(images["blobs"] > 0)
    # An image's last blobs are its root filesystem, or what changes of it, and its config.
    at = images["first_blob"][there].astype(np.int64) + images["blobs"][there] - 2
    whole = image_blobs[at]
    # An image that several rows stand for is cut once for each: its blobs are its own.
    size_bytes = blobs["size_bytes"][whole]
    parts = np.maximum(np.minimum(layers[there], size_bytes), 1)
    more = parts - 1
    blobs["size_bytes"][whole] = size_bytes - more * (size_bytes // parts)
    added = np.repeat(blobs[whole], more)
    added["size_bytes"] = np.repeat(size_bytes // parts, more)
    numbers = len(blobs) + np.arange(len(added))
    longer = np.empty(len(blobs) + len(added), blobs.dtype)  # to concatenate would move fields in memory
    longer[: len(blobs)], longer[len(blobs) :] = blobs, added
    images["first_blob"][there] += (np.cumsum(more) - more).astype(np.int32)
    images["blobs"][there] += more.astype(np.int32)
    return {
        "images": images, "image_blobs": np.insert(image_blobs, np.repeat(at + 1, more), numbers),
        "blobs": longer,
    }  # fmt: skip


def for_platforms(tables: Mapping[str, NDArray[Any]], platforms: NDArray[np.int64]) -> Tables:
    """The tables of images with the blobs of so many platforms each.

    `platforms` : (n_images,), at least 1 each.
    """
    images, before, blobs = tables["images"].copy(), tables["image_blobs"], tables["blobs"]
    each = images["blobs"].astype(np.int64)
    count = each * platforms
    first = np.cumsum(count) - count
    owner = np.repeat(np.arange(len(images)), count)
    behind = np.arange(len(owner)) - first[owner]
    platform, position = np.divmod(behind, each[owner])
    like = before[images["first_blob"][owner] + position].astype(np.int64)
    # A blob of a further platform is the same wherever that platform's like it was.
    more = platform > 0
    distinct, number = np.unique(platform[more] * len(blobs) + like[more], return_inverse=True)
    longer = np.empty(len(blobs) + len(distinct), blobs.dtype)  # to concatenate would move fields in memory
    longer[: len(blobs)], longer[len(blobs) :] = blobs, blobs[distinct % len(blobs)]
    image_blobs = like.astype(before.dtype)
    image_blobs[more] = len(blobs) + number
    images["first_blob"], images["blobs"], images["platforms"] = first, count, platforms
    return {"images": images, "image_blobs": image_blobs, "blobs": longer}
