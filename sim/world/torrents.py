"""Layers that nodes fetch in pieces from each other: the world's side of a swarm.

The swarm has an order of events of its own (`sim/swarm`) and keeps in step: it goes on until the world's next event or
until somebody has a layer, whichever is first. Its pieces share links with each other and not with the world's flows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from simpy import Event

from sim.registry.oci import Digest, Layer
from sim.swarm import Attached, Ended, Leg, Rules, Swarm
from sim.world.clock import Finding, Steps

if TYPE_CHECKING:
    from sim.world.network import Network
    from sim.world.places import Registry
    from sim.world.world import World

_NEVER = float("inf")


class Torrents:
    """The layers under way, each in one repository; `seed` makes who meets whom repeatable."""

    def __init__(self, world: World, rules: Rules, seed: int) -> None:
        self._world = world
        self._registries = (world.central, *world.nodes)
        self._swarm = _swarm(world.network, rules, self._registries, seed)
        self._under_way: dict[tuple[str, Digest], int] = {}
        self._fetching: dict[int, tuple[Event, tuple[str, Digest]]] = {}
        self._driven = False
        world.wire.heed = self._set_capacity

    def fetch(self, node: Registry, upstream: Registry, repository: str, layer: Layer) -> Finding[Ended]:
        """Fetch a layer to a node from now on: what it had from whom, once it has all of it or has given up."""
        clock, key = self._world.clock, (repository, layer.digest)
        if not self._driven:  # hosts' turns to announce went on while nobody was fetching
            self._swarm.run(clock.now)
        torrent = self._under_way.get(key)
        if torrent is None:
            holders = [n.number for n in self._world.nodes if n.contents.has_blob(repository, layer.digest)]
            torrent = self._swarm.torrent(layer.size_bytes, upstream.number, holders)
            self._under_way[key] = torrent
        tracker_s = self._world.network.way(node, upstream).round_trip_s
        member = self._swarm.join(torrent, node.number, clock.now, tracker_s)
        ended = Event(clock)
        self._fetching[member] = ended, key
        if not self._driven:
            self._driven = True
            clock.start(self._drive())
        one: Ended = yield ended
        return one

    def leave(self, registry: Registry, lost: bool) -> None:
        """A registry is down, maybe with its disk: what it is fetching breaks off."""
        self._tell(self._swarm.leave(registry.number, self._world.clock.now, lost))

    def registry(self, number: int) -> Registry:
        """Of the host of that number."""
        return self._registries[number]

    def _drive(self) -> Steps:
        """Go on step by step for as long as anybody fetches."""
        clock = self._world.clock
        queue: list[Any] = clock._queue
        yield clock.now  # others who begin at this instant join first
        while self._fetching:
            until_s = queue[0][0] if queue else _NEVER
            ended = self._swarm.run(until_s)
            yield float(ended[0].at_s if ended else until_s)
            self._tell(ended)
        self._driven = False

    def _tell(self, ended: Sequence[Ended]) -> None:
        heard = [(one, *self._fetching.pop(one.member)) for one in ended if one.member in self._fetching]
        for key in {key for _, _, key in heard} - {key for _, key in self._fetching.values()}:
            self._swarm.drop(self._under_way.pop(key), self._world.clock.now)
        for one, event, _ in heard:
            self._world.clock.deliver(event, one)

    def _set_capacity(self, link: int, capacity_Bps: float) -> None:
        self._swarm.set_capacity(link, capacity_Bps, self._world.clock.now)


def _swarm(network: Network, rules: Rules, registries: Sequence[Registry], seed: int) -> Swarm:
    """A swarm on a world's network, where host n is registry n: hosts hang on places, places are joined by routes."""
    graph = network.graph
    places: dict[str, int] = {}
    hosts = []
    for registry in registries:
        leaf, disk = graph.leaf(registry.name), (network.disk(registry),)
        if leaf is None:
            place = places.setdefault(registry.name, len(places))
            hosts.append(Attached(place, 0.0, disk, disk, registry.window_bytes))
            continue
        up, down = graph.links[leaf[0]], graph.links[leaf[1]]
        place = places.setdefault(up.head, len(places))
        delay_s = (up.delay_s + down.delay_s) / 2
        hosts.append(Attached(place, delay_s, (*disk, leaf[0]), (leaf[1], *disk), registry.window_bytes))
    legs = [[Leg(*graph.route(a, b)) for b in places] for a in places]
    return Swarm(rules, network.capacity_Bps, hosts, legs, seed)
