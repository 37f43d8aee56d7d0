"""Names: what the numbers of machines, repositories, images and links are called. A state itself has no text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, overload

import numpy as np
from numpy.typing import NDArray

from sim.registry.oci import Digest, numbered_digest

_IMAGES: Final = 3  # the space of images' digests
_FIRST: Final = numbered_digest(_IMAGES, 0)
_HEX: Final = np.frombuffer(b"0123456789abcdef", np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """By number. Machines are central, the nodes and the clients; links are the graph's, then disks, then caps on
    copies.

    `sites` : (n_machines,) where each machine is. `tags` : (n_names,) the tag of each name. `digests` : (n_images,).
    `ends` : (n_graph_links,) tail and head of the graph's links. `wan`, `price_usd_per_byte`, `capacity_Bps` (at the
    start) : (n_links,).
    """

    machines: Sequence[str]
    sites: Sequence[str]
    repositories: Sequence[str]
    tags: Sequence[str]
    kinds: Sequence[str]
    digests: Sequence[str]
    links: Sequence[str]
    ends: Sequence[tuple[str, str]]
    wan: Sequence[bool]
    price_usd_per_byte: Sequence[float]
    capacity_Bps: Sequence[float]


class NumberedDigests(Sequence[str]):
    """The digests of so many images, spelled when they are asked for; those that have `own` ones keep these."""

    __slots__ = ("_count", "_own")

    def __init__(self, count: int, own: Mapping[int, Digest] | None = None) -> None:
        self._count, self._own = count, own or {}

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self[image] for image in range(*at.indices(self._count))]
        if not -self._count <= at < self._count:
            raise IndexError(at)
        number = at % self._count
        return self._own.get(number) or numbered_digest(_IMAGES, number)

    def utf8(self, numbers: NDArray[np.int64]) -> NDArray[np.uint8] | None:
        """The same for many of them, a row of bytes each, (n, 71); None where some have another form."""
        if self._own:
            return None
        spelled = np.empty((len(numbers), len(_FIRST)), np.uint8)
        spelled[:] = np.frombuffer(_FIRST.encode(), np.uint8)
        left, at = numbers, len(_FIRST)
        while left.any():
            at -= 1
            spelled[:, at] = _HEX[left & 15]
            left = left >> 4
        return spelled
