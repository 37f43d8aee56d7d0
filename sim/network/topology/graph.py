"""Directed links and the routes that least delay picks between named places.

A full-duplex cable is two links, one each way, each with its own capacity. A route is the path of least
propagation delay (Dijkstra, 1959); among equals the one of fewest links, then the one whose link names come
first, so that a route never depends on the order in which links were given. A route may be asked for that avoids
some links; who avoids which, and when, is for others to say. No load balancing over equal paths, no queueing delay
(that is `sim.network.packets`').
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple


def check_capacity(name: str, capacity_Bps: float) -> None:
    """ValueError unless a link can have this capacity."""
    if not 0 <= capacity_Bps < float("inf"):
        raise ValueError(f"{name}: capacity must be finite and 0 bytes/s or more, got {capacity_Bps:g}")


@dataclass(frozen=True, slots=True)
class Link:
    """One direction of a cable: `tail` -> `head`, capacity in bytes/s, propagation delay in s, price in USD/byte.

    >>> from sim import network
    >>> network.Link("wan-up", "was", "fra", capacity_Bps=125e6, delay_s=0.045).head
    'fra'
    """

    name: str
    tail: str
    head: str
    capacity_Bps: float
    delay_s: float = 0.0
    price_usd_per_byte: float = 0.0

    def __post_init__(self) -> None:
        check_capacity(self.name, self.capacity_Bps)
        if not 0 <= self.delay_s < float("inf"):
            raise ValueError(f"{self.name}: delay must be 0 s or more and finite, got {self.delay_s:g}")


def duplex(
    name: str,
    a: str,
    b: str,
    up_Bps: float,
    down_Bps: float | None = None,
    delay_s: float = 0.0,
    price_usd_per_byte: float = 0.0,
) -> tuple[Link, Link]:
    """Both directions of one cable: `name-up` from `a` to `b`, `name-down` from `b` to `a`.

    >>> from sim import network
    >>> [link.name for link in network.duplex("wan", "was", "fra", up_Bps=125e6, delay_s=0.045)]
    ['wan-up', 'wan-down']
    """
    return (
        Link(f"{name}-up", a, b, up_Bps, delay_s, price_usd_per_byte),
        Link(f"{name}-down", b, a, up_Bps if down_Bps is None else down_Bps, delay_s, price_usd_per_byte),
    )


class Route(NamedTuple):
    """The links a transfer crosses, as positions in `Graph.links`, and their delays added up.

    >>> from sim.network import Route
    >>> Route((0, 3), 0.02).links
    (0, 3)
    """

    links: tuple[int, ...]
    delay_s: float


class Graph:
    """Places joined by links. Routes are found once per source and kept; leaves share their neighbour's.

    >>> from sim import network
    >>> graph = network.Graph(network.duplex("wan", "was", "fra", up_Bps=125e6, delay_s=0.045))
    >>> graph.route("was", "fra").delay_s
    0.045
    """

    def __init__(self, links: Iterable[Link]) -> None:
        self.links: tuple[Link, ...] = tuple(links)
        self.index: dict[str, int] = {}
        self._leaving: dict[str, list[int]] = {}
        for position, link in enumerate(self.links):
            if link.name in self.index:
                raise ValueError(f"{link.name}: two links have this name; give each its own")
            self.index[link.name] = position
            self._leaving.setdefault(link.tail, []).append(position)
            self._leaving.setdefault(link.head, [])
        for leaving in self._leaving.values():
            leaving.sort(key=lambda position: self.links[position].name)
        self._routes_from: dict[tuple[str, frozenset[int]], dict[str, Route]] = {}
        self._leaves = self._find_leaves()

    @property
    def places(self) -> tuple[str, ...]:
        """Every place that a link touches, in the order in which links first name them."""
        return tuple(self._leaving)

    @property
    def capacity_Bps(self) -> tuple[float, ...]:
        """Capacity of every link, bytes/s, in the order of `links`."""
        return tuple(link.capacity_Bps for link in self.links)

    def route(self, a: str, b: str, avoid: frozenset[int] = frozenset()) -> Route:
        """The route from `a` to `b`; empty when they are one place. ValueError when there is none.

        It avoids links by their positions, if any are given.
        """
        found = self._found(a, b, avoid)
        if found is None:
            raise ValueError(f"no route from {a} to {b}: add links that lead there")
        return found

    def joins(self, a: str, b: str, avoid: frozenset[int] = frozenset()) -> bool:
        """Whether there is one."""
        return self._found(a, b, avoid) is not None

    def _found(self, a: str, b: str, avoid: frozenset[int]) -> Route | None:
        self._known(a)
        self._known(b)
        if a == b:
            return Route((), 0.0)
        # Hosts hang on one place each: their routes are that of the places, lengthened at both ends.
        first, last = self._leaves.get(a), self._leaves.get(b)
        ends = ((first[0],) if first else (), (last[1],) if last else ())
        if avoid and not avoid.isdisjoint(ends[0] + ends[1]):
            return None
        inner_a = a if first is None else self.links[first[0]].head
        inner_b = b if last is None else self.links[last[1]].tail
        routes = self._routes_from.get((inner_a, avoid))
        if routes is None:
            routes = self._routes_from[inner_a, avoid] = self._search(inner_a, avoid)
        inner = routes.get(inner_b)
        if inner is None:
            return None
        delay_s = sum(self.links[position].delay_s for end in ends for position in end)
        return Route((*ends[0], *inner.links, *ends[1]), inner.delay_s + delay_s)

    def leaf(self, place: str) -> tuple[int, int] | None:
        """The links from and to a place that hangs on one other by a single cable; None for all others."""
        return self._leaves.get(place)

    def cost_usd(self, link_bytes: Iterable[float]) -> float:
        """What it costs to carry `link_bytes`, (n_links,), at each link's price."""
        return sum(link.price_usd_per_byte * carried for link, carried in zip(self.links, link_bytes, strict=True))

    def round_trip_s(self, a: str, b: str) -> float:
        """Propagation delay there and back, seconds."""
        return self.route(a, b).delay_s + self.route(b, a).delay_s

    def _known(self, place: str) -> None:
        if place not in self._leaving:
            raise ValueError(f"no link touches {place}: known places are {', '.join(self._leaving)}")

    def _find_leaves(self) -> dict[str, tuple[int, int]]:
        """Places joined to one other place only, which is no leaf itself: their link there and their link back."""
        neighbours: dict[str, set[str]] = {place: set() for place in self._leaving}
        joined: dict[str, list[int]] = {place: [] for place in self._leaving}
        for position, link in enumerate(self.links):
            for place, other in ((link.tail, link.head), (link.head, link.tail)):
                neighbours[place].add(other)
                joined[place].append(position)
        leaves = {}
        for place, others in neighbours.items():
            out = self._leaving[place]
            if len(others) == 1 and len(out) == 1 and len(joined[place]) == 2 and len(neighbours[min(others)]) > 1:
                leaves[place] = (out[0], next(position for position in joined[place] if position != out[0]))
        return leaves

    def _search(self, source: str, avoid: frozenset[int]) -> dict[str, Route]:
        found: dict[str, Route] = {}
        frontier: list[tuple[float, int, tuple[str, ...], tuple[int, ...], str]] = [(0.0, 0, (), (), source)]
        while frontier:
            delay_s, hops, names, path, place = heapq.heappop(frontier)
            if place in found:
                continue
            found[place] = Route(path, delay_s)
            for position in self._leaving[place]:
                link = self.links[position]
                if link.head not in found and link.head not in self._leaves and position not in avoid:
                    step = (delay_s + link.delay_s, hops + 1, (*names, link.name), (*path, position), link.head)
                    heapq.heappush(frontier, step)
        return found
