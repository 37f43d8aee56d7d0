"""What a run is asked to do: its applications, and its deploys sorted by time.

Demand is columns; the world reads it one `Ask` at a time. Every draw that a rule may need arrives here as a value, so
that two variants decide on the same draws. Columns of None say what holds unless a deploy has something of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.registry.oci import Image

_CHUNK = 8192


class Ask(NamedTuple):
    """One deploy that a client asks for; `app`, `client` and `kind` are indices.

    `image` is the number of the image that it pushes: its own, or an earlier one that it goes back to. `elsewhere`: the
    platform starts it on another node than the one that was chosen to be pushed to. One that does not push (`pushes`)
    starts what is there: `beside` so many nodes that its application has already, on those that would come next.
    `rootfs_bytes` is the size of its image, `nodes` how many it starts on, `by_digest` whether it names its image by
    digest; None where the image's kind, or the scenario, says so.
    """

    deploy: int
    at_s: float
    app: int
    client: int
    kind: int
    kernel: int
    update: bool
    route_draw: float
    place_draw: float
    removed: bool
    image: int
    elsewhere: bool = False
    pushes: bool = True
    rootfs_bytes: int | None = None
    nodes: int | None = None
    beside: int = 0
    by_digest: bool | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """The deploys of one run, columns (n_deploys,) sorted by `at_s`, and its applications, columns (n_apps,).

    The first `known_apps` applications exist at the start (in the registries too, if the scenario is warm), with
    kernel 0 and images numbered from n_deploys on. `removed` says whose image is removed after its deploy has ended;
    None if nobody's is. `image` numbers the images that are pushed; None if each is a new one, numbered as its deploy.
    `elsewhere` says who starts on another node than was pushed to; None if nobody does.

    What a deploy may have of its own, each None if none has: its `client` and `kind` (indices; else those of its
    application), its image's `rootfs_bytes` (above 0, the same for every push of one image; `app_rootfs_bytes` are
    those of the images that are there at the start; else the kind's), how many `nodes` it starts on (at least 1;
    `app_nodes` has those that an application is on at the start), and `by_digest`. `pushes` says which ones push, None
    if all do; the others start what is there, as `Ask` says. `stream` numbers the streams that they are of, among the
    `stream_names`; None if these have no names. A log has its own `images`, by their numbers, and its own names of
    applications, `repositories`.
    """

    at_s: NDArray[np.float64]
    app: NDArray[np.int64]
    kernel: NDArray[np.int64]
    update: NDArray[np.bool_]
    route_draw: NDArray[np.float64]
    place_draw: NDArray[np.float64]
    app_client: NDArray[np.int64]
    app_kind: NDArray[np.int64]
    app_draw: NDArray[np.float64]
    known_apps: int
    removed: NDArray[np.bool_] | None = None
    image: NDArray[np.int64] | None = None
    elsewhere: NDArray[np.bool_] | None = None
    client: NDArray[np.int64] | None = None
    kind: NDArray[np.int64] | None = None
    rootfs_bytes: NDArray[np.int64] | None = None
    app_rootfs_bytes: NDArray[np.int64] | None = None
    nodes: NDArray[np.int64] | None = None
    app_nodes: NDArray[np.int64] | None = None
    pushes: NDArray[np.bool_] | None = None
    beside: NDArray[np.int64] | None = None
    by_digest: NDArray[np.bool_] | None = None
    images: Sequence[Image] | None = None
    repositories: Sequence[str] | None = None
    stream: NDArray[np.int64] | None = None
    stream_names: tuple[str, ...] = ()

    @classmethod
    def nothing(cls) -> Demand:
        """Nobody asks for anything and there is no application: what is done comes from elsewhere."""
        none, nobody = np.empty(0), np.empty(0, dtype=np.int64)
        return cls(
            at_s=none, app=nobody, kernel=nobody, update=np.empty(0, dtype=np.bool_), route_draw=none, place_draw=none,
            app_client=nobody, app_kind=nobody, app_draw=none, known_apps=0,
        )  # fmt: skip

    @property
    def is_uniform(self) -> bool:
        """Whether every deploy pushes, and has its client, kind, size and nodes from its application and scenario."""
        own = (self.client, self.kind, self.rootfs_bytes, self.nodes, self.pushes, self.beside, self.by_digest)
        return all(column is None for column in (*own, self.app_rootfs_bytes, self.app_nodes, self.images))

    def __len__(self) -> int:
        return len(self.at_s)

    def __iter__(self) -> Iterator[Ask]:
        client = self.app_client[self.app] if self.client is None else self.client
        kind = self.app_kind[self.app] if self.kind is None else self.kind
        for first in range(0, len(self), _CHUNK):
            part = slice(first, min(first + _CHUNK, len(self)))
            numbers = [*range(part.start, part.stop)]

            def own(column: NDArray[Any] | None, default: Any, part: slice = part) -> list[Any]:
                return [default] * (part.stop - part.start) if column is None else column[part].tolist()

            columns: list[list[Any]] = [
                self.at_s[part].tolist(), self.app[part].tolist(), client[part].tolist(), kind[part].tolist(),
                self.kernel[part].tolist(), self.update[part].tolist(),
                self.route_draw[part].tolist(), self.place_draw[part].tolist(), own(self.removed, False),
                numbers if self.image is None else self.image[part].tolist(), own(self.elsewhere, False),
                own(self.pushes, True), own(self.rootfs_bytes, None), own(self.nodes, None), own(self.beside, 0),
                own(self.by_digest, None),
            ]  # fmt: skip
            yield from map(Ask._make, zip(numbers, *columns, strict=True))
