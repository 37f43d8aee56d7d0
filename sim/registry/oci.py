"""What a registry stores: digests, the blobs of an image, and the image that ties them together.

The model is an OCI image (https://github.com/opencontainers/image-spec/blob/main/manifest.md) as unikernels are
packed: a kernel layer and a rootfs layer, each one blob, and a config. A ROM has no kernel, only a rootfs (Unikraft
docs, registries page). Contents are never made, so a digest stands for what a blob is called in the simulation, not
for its bytes: a hash of its name (`digest_of`), or just its number (`numbered_digest`).

Left out: platforms other than one, hence an index that lists one manifest and is only its bytes. Layers beyond these
two are there only where a rootfs is cut into chunks: those that stay the same come before those that change.

Of a log every push is an image of its own. Both classes therefore check nothing and are not frozen at run time, which
would triple the cost of making one; `Final` has the type checker hold them unchanged.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final, Literal, NewType

#: An algorithm and its hash, "sha256:" and 64 hex digits.
Digest = NewType("Digest", str)

Kind = Literal["kernel", "rootfs", "config"]


def digest_of(*parts: str | int) -> Digest:
    """The SHA-256 digest of the parts as text with a NUL between them; no part may contain one."""
    return Digest("sha256:" + hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest())


def numbered_digest(space: int, number: int) -> Digest:
    """The digest that stands for content `number` of a `space` (a small number for each kind of content).

    A simulated blob has no bytes to hash, so any text that no other content has will do; this one costs a sixth of a
    hash.
    """
    return Digest(f"sha256:{space:08x}{number:056x}")


@dataclass(slots=True, unsafe_hash=True)
class Layer:
    """One blob: equal to another, and hashed, by its digest alone."""

    digest: Final[Digest]
    size_bytes: Final[int] = field(compare=False)
    kind: Final[Kind] = field(compare=False)


@dataclass(slots=True, init=False, eq=False)
class Image:
    """A manifest and its blobs: equal to another, and hashed, by its digest alone.

    `layers` is the kernel, then the rootfs; a ROM has the rootfs alone. `blobs` is the layers and then the config.
    """

    digest: Final[Digest]
    layers: Final[tuple[Layer, ...]]
    config: Final[Layer]
    manifest_bytes: Final[int]
    index_bytes: Final[int]
    blobs: Final[tuple[Layer, ...]]

    def __init__(
        self, digest: Digest, layers: tuple[Layer, ...], config: Layer, manifest_bytes: int, index_bytes: int
    ) -> None:
        self.digest = digest
        self.layers = layers
        self.config = config
        self.manifest_bytes = manifest_bytes
        self.index_bytes = index_bytes
        self.blobs = (*layers, config)

    def __eq__(self, other: object) -> bool:
        return self.digest == other.digest if isinstance(other, Image) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def kernel(self) -> Layer | None:
        """The kernel layer; None in a ROM, and in an image of a config alone, which a log may hold."""
        return self.layers[0] if self.layers and self.layers[0].kind == "kernel" else None

    @property
    def rootfs(self) -> Layer:
        return self.layers[-1]

    @property
    def is_rom(self) -> bool:
        return self.kernel is None
