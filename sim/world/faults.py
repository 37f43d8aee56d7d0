"""What breaks and when, carried out: links and registries go down and come back, weaken, or lose what they hold.

The schedule is data (`workload/outages`) and known before the run. Flows on a link that goes down break off at that
instant (`wire`). A request that can't get through waits until it can, as TCP sends again what was lost, but no longer
than its client's patience; a registry that is down refuses at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from simpy import Event

from sim.workload.outages import Outage
from sim.world.clock import Failure, Steps, Unreachable
from sim.world.limits import lose_all
from sim.world.path import Path

if TYPE_CHECKING:
    from sim.world.places import Registry, Way
    from sim.world.world import World

#: How long a request is tried over a link that is down (containerd and Go's HTTP transport: 30 s to connect).
PATIENCE_S = 30.0


class Faults:
    """The outages of one run, and what is down just now."""

    def __init__(self, world: World, outages: Sequence[Outage]) -> None:
        self._world = world
        self._down: dict[int, int] = {}
        self._refuses: dict[int, int] = {}
        self._refuses_tokens: dict[int, int] = {}
        self._factors: dict[int, list[float]] = {}
        self._slower: dict[int, list[float]] = {}
        self._ahead_s: dict[int, list[float]] = {}
        self._whole_s: dict[int, float] = {}
        self._nominal_Bps = world.wire.nominal_Bps
        self._recovered = Event(world.clock)
        self._registries = {registry.name: registry for registry in (world.central, *world.nodes)}
        for outage in outages:
            world.clock.start(self._happen(outage))

    def reach(self, path: Path, way: Way, registry: Registry) -> Steps:
        """Wait until a request to a registry gets through; Unreachable if it is given up or refused."""
        clock = self._world.clock
        given_up_s = path.now_s + PATIENCE_S
        while not (way.up.lane.rate_Bps and way.down.lane.rate_Bps) and not self._refuses.get(registry.number):
            if clock.now >= given_up_s:
                path.now_s = clock.now
                raise Unreachable("link down")
            yield clock.any_of((self._recovered, clock.at(given_up_s)))
        path.waited(clock.now - path.now_s)
        path.now_s = clock.now
        if self._refuses.get(registry.number):
            raise Unreachable("registry down")

    def show_token(self, registry: Registry) -> None:
        """Failure if a registry refuses tokens just now; trying again with the same one is no use."""
        if self._refuses_tokens.get(registry.number):
            raise Failure("token refused")

    def _happen(self, outage: Outage) -> Steps:
        yield outage.from_s
        self._begin(outage)
        if outage.until_s < float("inf"):
            yield outage.until_s
            self._end(outage)
            recovered, self._recovered = self._recovered, Event(self._world.clock)
            self._world.clock.deliver(recovered)

    def _begin(self, outage: Outage) -> None:
        if outage.kind == "link":
            for link in self._links(outage.target):
                self._factors.setdefault(link, []).append(outage.factor)
                self._resize(link)
            return
        registry = self._registries[outage.target]
        if outage.kind == "skew":
            self._ahead_s.setdefault(registry.number, []).append(outage.factor)
            self._set_clock(registry)
        elif outage.kind == "slow":
            self._slower.setdefault(registry.number, []).append(outage.factor)
            self._slow(registry)
        elif outage.kind == "tokens":
            self._refuses_tokens[registry.number] = self._refuses_tokens.get(registry.number, 0) + 1
        else:
            self._refuses[registry.number] = self._refuses.get(registry.number, 0) + 1
            disk = self._world.network.disk(registry)
            self._factors.setdefault(disk, []).append(0.0)
            self._resize(disk)
            if self._world.torrents is not None:
                self._world.torrents.leave(registry, lost=outage.kind == "lost")
            if outage.kind == "lost":
                lose_all(self._world, registry)

    def _end(self, outage: Outage) -> None:
        if outage.kind == "link":
            for link in self._links(outage.target):
                self._factors[link].remove(outage.factor)
                self._resize(link)
            return
        registry = self._registries[outage.target]
        if outage.kind == "skew":
            self._ahead_s[registry.number].remove(outage.factor)
            self._set_clock(registry)
        elif outage.kind == "slow":
            self._slower[registry.number].remove(outage.factor)
            self._slow(registry)
        elif outage.kind == "tokens":
            self._refuses_tokens[registry.number] -= 1
        else:
            self._refuses[registry.number] -= 1
            disk = self._world.network.disk(registry)
            self._factors[disk].remove(0.0)
            self._resize(disk)

    # What is over is not undone: x * f / f is not x. What is left is applied anew to what was there at the start.

    def _set_clock(self, registry: Registry) -> None:
        """A registry's clock is ahead by what its present faults add up to."""
        registry.skew_s = sum(self._ahead_s[registry.number], 0.0)

    def _slow(self, registry: Registry) -> None:
        """A registry's requests take what its present faults make of it."""
        whole_s = request_s = self._whole_s.setdefault(registry.number, registry.request_s)
        for factor in self._slower[registry.number]:
            request_s *= factor
        registry.request_s = request_s
        registry.slowness = 1 - whole_s / request_s if request_s else 0.0

    def _links(self, name: str) -> tuple[int, ...]:
        """Both directions of a link."""
        links = self._world.network.graph.links
        return tuple(at for at, link in enumerate(links) if link.name in (f"{name}-up", f"{name}-down"))

    def _resize(self, link: int) -> None:
        """A link carries what its present outages leave of it."""
        capacity_Bps = self._nominal_Bps[link]
        for factor in self._factors[link]:
            capacity_Bps *= factor
        self._world.wire.set_capacity(link, capacity_Bps)
