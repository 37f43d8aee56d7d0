"""Views as the conformance suite draws them: corners first, then whatever a run may come upon, by a seed.

Left out: that values belong together. A deploy's nodes hold whatever is drawn, whether or not a run could come to it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from sim.policies.snapshot import Deploy, Holders, Kept, Owed, PlacementView, Publish, PushView, Rootfs, known_node
from sim.registry.oci import digest_of

#: How many views a rule is asked about.
VIEWS: Final = 300
_SEED: Final = 1
_SITES: Final = ("dal", "fra", "was", "sin")


class Sketch(Deploy):
    """A deploy that never is, with nodes that hold some of what it needs."""

    __slots__ = ("_held", "_nodes", "_sites", "_sizes", "_trips", "_values")

    def __init__(self, drawn: random.Random, nodes: int, chosen: tuple[int, ...] = ()) -> None:
        self._sizes = drawn.choice([1, 10**6, 36 * 2**20]), drawn.choice([0, 1, 10**7])
        self._values = drawn.choice([0.0, drawn.uniform(0, 1e6)]), drawn.randrange(50), drawn.random() < 0.5
        self._sites = [drawn.choice(_SITES) for _ in range(nodes + 1)]
        self._trips = [drawn.choice([0.001, 0.03, 0.2]) for _ in range(nodes)]
        self._held = [[drawn.random() < 0.4 for _ in range(3)] for _ in range(nodes)]
        self._nodes = chosen

    @property
    def at_s(self) -> float:
        return self._values[0]

    @property
    def app(self) -> int:
        return self._values[1]

    @property
    def image(self) -> str:
        return "http"

    @property
    def rootfs_bytes(self) -> int:
        return self._sizes[0]

    @property
    def kernel_bytes(self) -> int:
        return self._sizes[1]

    @property
    def update(self) -> bool:
        return self._values[2]

    @property
    def client(self) -> str:
        return f"{self.client_site}-dev"

    @property
    def client_site(self) -> str:
        return self._sites[-1]

    @property
    def nodes(self) -> tuple[int, ...]:
        return self._nodes

    def name_of(self, node: int) -> str:
        return f"{self.site_of(node)}-n{node}"

    def site_of(self, node: int) -> str:
        return self._sites[self._known(node)]

    def round_trip_s(self, node: int) -> float:
        return self._trips[self._known(node)]

    def holds_kernel(self, node: int) -> bool:
        return self._held[self._known(node)][0]

    def holds_app(self, node: int) -> bool:
        return self._held[self._known(node)][1]

    def holds_image(self, node: int) -> bool:
        return all(self._held[self._known(node)])

    def missing_bytes(self, node: int) -> int:
        has_kernel, _, has_rootfs = self._held[self._known(node)]
        return self._sizes[1] * (not has_kernel) + self._sizes[0] * (not has_rootfs)

    def _known(self, node: int) -> int:
        return known_node(node, len(self._held))


def views(kind: str, count: int = VIEWS, seed: int = _SEED) -> Iterator[Any]:
    """So many views of a kind, by their seed the same ones each time. Of conflicts, three publishes."""
    drawn = random.Random(seed)
    for at in range(count):
        yield _VIEWS[kind](drawn, at)


def _push(drawn: random.Random, at: int) -> PushView:
    nodes = 1 + drawn.randrange(8)
    deploy = Sketch(drawn, nodes, tuple(drawn.sample(range(nodes), drawn.randint(1, nodes))))
    return PushView(deploy.rootfs_bytes, deploy.kernel_bytes, deploy.update, deploy)


def _placement(drawn: random.Random, at: int) -> PlacementView:
    """Up to eight candidates at up to four sites, some equally far, some of no weight; no more wanted than that."""
    n = 1 if at == 0 else drawn.randint(1, 8)
    nodes = tuple(drawn.sample(range(n), n))
    draws = [drawn.choice([0.0, drawn.random(), 1 - 2**-53]) for _ in range(2)]
    sites = tuple(drawn.randrange(4) for _ in range(n))
    weights = tuple(drawn.choice([0.0, 0.5, 1.0, 3.0]) for _ in range(n))
    deploy = Sketch(drawn, n)
    trips_s = tuple(deploy.round_trip_s(node) for node in nodes)
    return PlacementView(
        nodes, drawn.randint(0, n), drawn.randint(1, n), draws[0], draws[1], sites, trips_s, weights, deploy
    )


def _publishes(drawn: random.Random, at: int) -> tuple[Publish, ...]:
    return tuple(
        Publish(
            digest_of(drawn.choice("abc")), drawn.choice([0.0, 1.0, 2.0]), drawn.choice([0.0, 1.0]),
            drawn.randrange(3), drawn.randrange(3),
        )
        for _ in range(3)
    )  # fmt: skip


def _kept(drawn: random.Random, at: int) -> Kept:
    came_s = drawn.choice([0.0, drawn.uniform(0, 1e6)])
    freed = drawn.choice([0, drawn.randrange(10**9)])
    return Kept(came_s, came_s + drawn.choice([0.0, drawn.uniform(0, 1e5)]), drawn.randint(1, 100), freed)


def _holders(drawn: random.Random, at: int) -> Holders:
    trips_s = tuple(drawn.choice([0.01, 0.2, drawn.random()]) for _ in range(min(at, drawn.randrange(8))))
    return Holders(trips_s, drawn.choice([0.01, 0.1, 0.5]), drawn.choice([0.0, drawn.random(), 1 - 2**-53]))


def _owed(drawn: random.Random, at: int) -> Owed:
    now_s = 0.0 if at == 0 else drawn.choice([0.0, 3600.0, drawn.uniform(0, 1e6)])
    return Owed(now_s, drawn.choice([0.0, drawn.uniform(0, 1e3)]))


_VIEWS: Final[Mapping[str, Callable[[random.Random, int], Any]]] = {
    "route": _push, "placement": _placement, "fanout": lambda drawn, at: min(at + 1, 1 + drawn.randrange(10)),
    "trigger": _owed, "conflict": _publishes, "eviction": _kept, "source": _holders,
    "chunking": lambda drawn, at: Rootfs(at + 1 if at < 10 else drawn.randint(1, 10**10)),
}  # fmt: skip
