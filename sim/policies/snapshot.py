"""The frozen views that rules decide on, and the decisions that they return."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, cast

from sim.registry.oci import Digest

#: Where a push goes: to central, straight to the node that will run the instance, or to both at once.
Route = Literal["central", "node-direct", "both"]


class NotYetError(BaseException):
    """A rule that is asked before the run looks at `view.deploy`: it is asked again when that deploy begins.

    It is none of Python's ordinary exceptions, since no rule is to catch it.
    """


class Deploy:
    """`view.deploy`: the deploy that a rule decides on, and what registries hold at the moment it begins.

    A rule that does not look here is asked before the run, once for all deploys that it can't tell apart. One that
    looks is asked when each deploy begins. So looking costs one question a deploy, and a few microseconds for each
    look-up of what a node holds; a rule that looks at nothing pays nothing.

    Nodes go by the numbers that `PlacementView.nodes` has, from 0 on in the file's order. What is asked of them is what
    is on their disks: an image past its `ttl` is there until its registry is asked for something and drops it. Of an
    application that is there at the start (`demand.warm`) a placement is asked at time 0, when nothing is anywhere.
    """

    __slots__ = ()

    @property
    def at_s(self) -> float:
        """When it begins, s from the start of the run."""
        raise NotImplementedError

    @property
    def app(self) -> int:
        """The number of its application."""
        raise NotImplementedError

    @property
    def image(self) -> str:
        """The kind of its image, by its name in `[images]`."""
        raise NotImplementedError

    @property
    def rootfs_bytes(self) -> int:
        """The size of the image's own layer."""
        raise NotImplementedError

    @property
    def kernel_bytes(self) -> int:
        """The size of its kernel; 0 if it has none."""
        raise NotImplementedError

    @property
    def update(self) -> bool:
        """Whether its application was deployed before, so that its repository is there."""
        raise NotImplementedError

    @property
    def client(self) -> str:
        """The name of the client that asks for it."""
        raise NotImplementedError

    @property
    def client_site(self) -> str:
        """The site of that client; empty if it has none."""
        raise NotImplementedError

    @property
    def nodes(self) -> tuple[int, ...]:
        """The nodes that were chosen, the one that may be pushed to first; none while they are being chosen."""
        raise NotImplementedError

    def name_of(self, node: int) -> str:
        """The name of a node."""
        raise NotImplementedError

    def site_of(self, node: int) -> str:
        """The site of a node; empty if it has none."""
        raise NotImplementedError

    def round_trip_s(self, node: int) -> float:
        """The round trip from the client to a node, s, on idle links."""
        raise NotImplementedError

    def holds_kernel(self, node: int) -> bool:
        """Whether a node has the image's kernel, so that it need not be sent there.

        How far that looks `policies.dedup` says: by default into the application's own repository alone.
        """
        raise NotImplementedError

    def holds_app(self, node: int) -> bool:
        """Whether a node has any image of the application."""
        raise NotImplementedError

    def holds_image(self, node: int) -> bool:
        """Whether a node has this very image."""
        raise NotImplementedError

    def missing_bytes(self, node: int) -> int:
        """The bytes of the image's kernel, root filesystem and config that a node lacks, as `policies.dedup` counts."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return "<deploy>"


def known_node(node: int, nodes: int) -> int:
    """A node's number, if there are so many. IndexError for one that is none, such as one below 0."""
    if not 0 <= node < nodes:
        raise IndexError(f"there is no node {node!r}")
    return node


class _Before:
    """What `view.deploy` is before the run: whoever looks is asked again later."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotYetError

    def __repr__(self) -> str:
        return "<deploy>"


BEFORE: Final = cast("Deploy", _Before())


class PushView(NamedTuple):
    """What is known before a push: the bytes of the image's own layer and of its kernel, and whether its repository
    exists. What else there is to know has `deploy`, with the chosen nodes in `deploy.nodes`."""

    rootfs_bytes: int
    kernel_bytes: int
    update: bool
    deploy: Deploy = BEFORE


class PlacementView(NamedTuple):
    """What is known when nodes are chosen.

    `nodes` lists the candidates' indices, those at the client's site (or its `metro`) first; `local` is how many of
    them are there, `wanted` how many are to be chosen. `app_draw` is uniform in [0, 1) and the same for every deploy of
    an application, `deploy_draw` is drawn anew for each. Beside each candidate stand the number of its site, the round
    trip from the client to it (s, on idle links) and its weight: three sequences as long as `nodes`. What else there is
    to know has `deploy`: times, sizes, names, and what nodes hold.
    """

    nodes: tuple[int, ...]
    local: int
    wanted: int
    app_draw: float
    deploy_draw: float
    sites: Sequence[int]
    round_trips_s: Sequence[float]
    weights: Sequence[float]
    deploy: Deploy = BEFORE


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
