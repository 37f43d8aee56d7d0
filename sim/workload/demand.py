"""Demand: what a run is asked to do, as columns of its applications and of its deploys sorted by time.

Every draw that a rule may need arrives here as a value, so that two variants decide on the same draws. A column that is
None says that no deploy has anything of its own there. Left out: where deploys go and on which nodes they start, which
rules decide in the run (`protocol`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.registry.oci import Image

#: How instances name their image, in the column `by_digest`.
BY_DIGEST: Final = {"tag": 0, "digest": 1, "client": 2}


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """The deploys of one run, columns (n_deploys,) sorted by `at_s`, and its applications, columns (n_apps,).

    The first `known_apps` applications exist at the start (in the registries too, if the scenario is warm), with
    kernel 0 and images numbered from n_deploys on. `removed` says whose image is removed after its deploy has ended;
    None if nobody's is. `image` numbers the images that are pushed; None if each is a new one, numbered as its deploy.
    `elsewhere` says who starts on another node than the one chosen to be pushed to; None if nobody does.

    What a deploy may have of its own, each None if none has: its `client` and `kind` (indices; else those of its
    application), its image's `rootfs_bytes` (above 0, the same for every push of one image; `app_rootfs_bytes` are
    those of the images that are there at the start; else the kind's), how many `nodes` it starts on (at least 1;
    `app_nodes` has those that an application is on at the start), and whether `by_digest` (see `BY_DIGEST`). `pushes`
    says which ones push, None if all do; the others start what is there, `beside` so many nodes that their application
    has already, on those that would come next, and `cloned` of them clone a template. `stream` numbers the streams that
    they are of, among the `stream_names`; None if these have no names. A log has its own `images`, by their numbers,
    and its own names of applications, `repositories`.
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
    by_digest: NDArray[np.bool_ | np.int8] | None = None
    images: Sequence[Image] | None = None
    repositories: Sequence[str] | None = None
    cloned: NDArray[np.bool_] | None = None
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
