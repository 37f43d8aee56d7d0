"""The frozen views that rules decide on, and the decisions that they return."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from sim.registry.oci import Digest

#: Where a push goes: to central, straight to the node that will run the instance, or to both at once.
Route = Literal["central", "node-direct", "both"]


class PushView(NamedTuple):
    """What is known before a push: the bytes of the image's own layer, and whether its repository exists."""

    rootfs_bytes: int
    kernel_bytes: int
    update: bool


class PlacementView(NamedTuple):
    """What is known when nodes are chosen.

    `nodes` lists the candidates' indices, those at the client's site (or its `metro`) first; `local` is how many of
    them are there, `wanted` how many are to be chosen. `app_draw` is uniform in [0, 1) and the same for every deploy of
    an application, `deploy_draw` is drawn anew for each. Beside each candidate stand the number of its site, the round
    trip from the client to it (s, on idle links) and its weight: three sequences as long as `nodes`.
    """

    nodes: tuple[int, ...]
    local: int
    wanted: int
    app_draw: float
    deploy_draw: float
    sites: Sequence[int]
    round_trips_s: Sequence[float]
    weights: Sequence[float]


@dataclass(frozen=True, slots=True)
class Fanout:
    """How an image that goes straight to nodes reaches all of them.

    The client pushes to the first `pushed`; the rest pull from `source` ("central" once the sync brought it there, or
    "peer", the first node).
    """

    pushed: int
    source: Literal["central", "peer"]


class Owed(NamedTuple):
    """What is known when a registry owes another a copy: the time, and the delay from an event to its job, s."""

    now_s: float
    delay_s: float


class Due(NamedTuple):
    """When a copy begins, s.

    Copies that are due at one instant are one run; an `exclusive` run waits, for the rule's next time, while a run
    before it on the same way is still copying.
    """

    at_s: float
    exclusive: bool = False


class Publish(NamedTuple):
    """What a tag means: a manifest's digest, and when it was first published under that tag anywhere, s.

    `skew_s` is how far the clock of the registry that published it was ahead of the truth, `origin` that registry's
    number (central's is 0), and `generation` how often the tag had moved as far as that registry knew: a publish that
    knew of another has the higher one, those that did not know of each other may have the same.
    """

    digest: Digest
    published_s: float
    skew_s: float = 0.0
    origin: int = 0
    generation: int = 0


class Kept(NamedTuple):
    """An image that might be dropped: when it came, when it was last used, how often, and what that would free."""

    came_s: float
    used_s: float
    uses: int
    freed_bytes: int


class Rivals(NamedTuple):
    """A publish of a tag whose copy arrives at a registry, and the one that the registry holds under that tag."""

    publish: Publish
    held: Publish


class Holders(NamedTuple):
    """Who has a layer that a node wants: the round trip to each, to upstream, and the deploy's draw in [0, 1)."""

    round_trips_s: Sequence[float]
    upstream_s: float
    draw: float


class Parents(NamedTuple):
    """Which holders send an equal part each, by position; nobody means upstream. And what finding them took, s."""

    chosen: Sequence[int] = ()
    lookup_s: float = 0.0


def neighbours(first: int, count: int, of: int) -> Sequence[int]:
    """So many positions from the first one on, in a circle of `of`: how a rule names parents that is to compile."""
    # Machine code has no tuples whose length is not known; there it is a triple (sim/protocol/rules_native.py).
    return tuple([at % of for at in range(first, first + count)])


class Rootfs(NamedTuple):
    """A root filesystem of so many bytes."""

    size_bytes: int


class Chunks(NamedTuple):
    """The bytes of it that are the same in every image of an application, and those that are new in each."""

    stable_bytes: int
    changed_bytes: int
