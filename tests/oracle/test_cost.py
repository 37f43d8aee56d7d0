"""What holding images costs the simulation itself."""

from __future__ import annotations

import tracemalloc

from sim.policies.snapshot import Publish
from sim.registry.oci import Image, Layer, digest_of

from .contents import Contents

KERNEL = Layer(digest_of("kernel"), 36, "kernel")


def image_of(version: int) -> Image:
    rootfs = Layer(digest_of("rootfs", version), 3, "rootfs")
    config = Layer(digest_of("config", version), 2, "config")
    return Image(digest_of("manifest", version), (KERNEL, rootfs), config, 5, 7)


def test_update_costs_little_memory() -> None:
    """Ten thousand updates of a tag cost the registry three dict entries each and nothing besides: under 200 bytes."""
    images = [image_of(version) for version in range(10_000)]
    contents = Contents()
    tracemalloc.start()
    try:
        for image in images:
            for blob in image.blobs:
                contents.add_blob("org/app", blob)
            contents.put("org/app", "latest", image, Publish(image.digest, 0.0))
        cost_bytes = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert cost_bytes < 200 * len(images)
