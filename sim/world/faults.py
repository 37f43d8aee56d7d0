"""What breaks and when, carried out: links and registries go down and come back, weaken, or lose what they hold.

The schedule is data (`workload/outages`) and known before the run. A link that is down, or of whose capacity nothing is
left, carries nothing: what flows over it stops at that instant (`wire`), and its connections live on and try again
(`outlast`). A registry that is down refuses at once, and resets its connections. Routes go round links that are down,
where the network has another way and the scenario says so, a while after they went down, and back as long after they
came back: routing has to hear of it first (`topologies.Routing`). What is under way then goes on by the new route;
on the way back nothing is lost, since both ways carry.

Left out: links that fail in one direction, packets that a link drops now and then, and routes of a swarm's pieces.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import chain
from typing import TYPE_CHECKING

from sim.network.retransmission import SYN_TIMEOUT_S, Control, given_up_s
from sim.scenario import Scenario
from sim.topologies import Routing
from sim.workload.outages import Outage
from sim.world.clock import Failure, Steps
from sim.world.flight import Lane
from sim.world.limits import lose_all

if TYPE_CHECKING:
    from sim.world.places import Machine, Registry
    from sim.world.world import World

_NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Hosts:
    """What hosts and routers do about an outage; `scenario.Tcp` and `topologies.Routing` say what each means.

    `converges_s` is None where routes stay what they are.
    """

    congestion: Control = "cubic"
    queue_s: float = 0.0
    retries: int = 15
    syn_retries: int = 6
    converges_s: float | None = None

    @classmethod
    def of(cls, scenario: Scenario) -> Hosts:
        """As a scenario has it; routes of a shape that says nothing of them never change."""
        tcp, routing = scenario.tcp, scenario.topology.parameters
        converges_s = routing.convergence_s if isinstance(routing, Routing) and routing.reroute else None
        return cls(tcp.congestion, tcp.queue_s, tcp.retries, tcp.syn_retries, converges_s)


class Faults:
    """The outages of one run, and what is down just now, and was before."""

    def __init__(self, world: World, outages: Iterable[Outage], hosts: Hosts) -> None:
        self.hosts = hosts
        #: How long a kernel tries over a connection in use, and to open one.
        self.tries_for_s = given_up_s(hosts.retries)
        self.opens_for_s = given_up_s(hosts.syn_retries, SYN_TIMEOUT_S)
        #: When something breaks or comes back next; until then what is up now stays up.
        self.next_change_s = _NEVER
        self._world = world
        self._refuses_tokens: dict[int, int] = {}
        self._factors: dict[int, list[float]] = {}
        self._slower: dict[int, list[float]] = {}
        self._ahead_s: dict[int, list[float]] = {}
        self._whole_s: dict[int, float] = {}
        #: By link, from when until when it carried nothing; a disk carries nothing while its registry is down.
        self._cuts: dict[int, list[tuple[float, float]]] = {}
        self._nominal_Bps = world.wire.nominal_Bps
        self._registries = (world.central, *world.nodes)
        self._named = {registry.name: registry for registry in self._registries}
        self._disks: set[int] = set()
        self._changes_s: list[float] = []
        self._avoided: frozenset[int] = frozenset()
        if hosts.converges_s is not None:
            world.network.keep_lanes()
        for outage in outages:
            self.add(outage)

    def add(self, outage: Outage) -> None:
        """One more outage, which has yet to begin."""
        self._await(outage.from_s)
        self._await(outage.until_s)
        self._world.clock.start(self._happen(outage))

    def _await(self, at_s: float) -> None:
        """Something is to change then."""
        heappush(self._changes_s, at_s)
        self.next_change_s = self._changes_s[0]

    def _changes(self) -> None:
        """Something changes now; what else does at this instant may yet have to come."""
        heappop(self._changes_s)
        self.next_change_s = self._changes_s[0] if self._changes_s else _NEVER

    def is_cut(self, lane: Lane, at_s: float, spared: Collection[int] = ()) -> bool:
        """Whether nothing got over a lane's links at that time, past or present, but for those `spared`."""
        return self._first(lane, at_s, at_s, False, spared) is not None

    def first_cut_s(self, lane: Lane, from_s: float, until_s: float) -> float | None:
        """When a lane's links first carried nothing in that time, its ends included."""
        return self._first(lane, from_s, until_s, False)

    def was_reset(self, lane: Lane, from_s: float, until_s: float) -> bool:
        """Whether a registry at one of a lane's ends was down in that time, which resets its connections."""
        return self._first(lane, from_s, until_s, True) is not None

    def own_links(self, machine: Machine) -> Collection[int]:
        """The links that join a machine to its place."""
        return self._world.network.graph.leaf(machine.name) or ()

    def _first(
        self, lane: Lane, from_s: float, until_s: float, disks: bool, spared: Collection[int] = ()
    ) -> float | None:
        found: float | None = None
        if not (self._disks if disks else self._cuts):
            return found
        for link in lane.route:
            if (link in self._disks) is not disks or link in spared:
                continue
            for began_s, ended_s in reversed(self._cuts.get(link, ())):
                if ended_s <= from_s:
                    break
                if began_s <= until_s:
                    began_s = max(began_s, from_s)
                    found = began_s if found is None else min(found, began_s)
        return found

    def show_token(self, registry: Registry) -> None:
        """Failure if a registry refuses tokens just now; trying again with the same one is no use."""
        if self._refuses_tokens.get(registry.number):
            raise Failure("token refused")

    def _happen(self, outage: Outage) -> Steps:
        yield outage.from_s
        self._changes()
        self._begin(outage)
        if outage.until_s < _NEVER:
            yield outage.until_s
            self._changes()
            self._end(outage)

    def _begin(self, outage: Outage) -> None:
        if outage.kind == "link":
            self._weaken(outage, self._links(outage.target))
            return
        registry = self._named[outage.target]
        if outage.kind == "skew":
            self._ahead_s.setdefault(registry.number, []).append(outage.factor)
            self._set_clock(registry)
        elif outage.kind == "slow":
            self._slower.setdefault(registry.number, []).append(outage.factor)
            self._slow(registry)
        elif outage.kind == "tokens":
            self._refuses_tokens[registry.number] = self._refuses_tokens.get(registry.number, 0) + 1
        else:
            self._go_down(registry)
            if self._world.torrents is not None:
                self._world.torrents.leave(registry, lost=outage.kind == "lost")
            if outage.kind == "lost":
                lose_all(self._world, registry)

    def _end(self, outage: Outage) -> None:
        if outage.kind == "link":
            self._mend(outage, self._links(outage.target))
            return
        registry = self._named[outage.target]
        if outage.kind == "skew":
            self._ahead_s[registry.number].remove(outage.factor)
            self._set_clock(registry)
        elif outage.kind == "slow":
            self._slower[registry.number].remove(outage.factor)
            self._slow(registry)
        elif outage.kind == "tokens":
            self._refuses_tokens[registry.number] -= 1
        else:
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

    def _go_down(self, registry: Registry) -> None:
        """A registry refuses whoever asks from now on, and connections to and from it are gone."""
        registry.kept.clear()
        for other in self._registries:
            other.kept.pop(registry.number, None)
        disk = self._world.network.disk(registry)
        self._disks.add(disk)
        self._factors.setdefault(disk, []).append(0.0)
        self._resize(disk)

    def _weaken(self, outage: Outage, links: tuple[int, ...]) -> None:
        was_down = self._is_down(links[0])
        for link in links:
            self._factors.setdefault(link, []).append(outage.factor)
            self._resize(link)
        if self._is_down(links[0]) and not was_down:
            self._hear_of(links)

    def _mend(self, outage: Outage, links: tuple[int, ...]) -> None:
        was_down = self._is_down(links[0])
        for link in links:
            self._factors[link].remove(outage.factor)
            self._resize(link)
        if was_down and not self._is_down(links[0]):
            self._hear_of(links)

    def _links(self, name: str) -> tuple[int, ...]:
        """Both directions of a link."""
        links = self._world.network.graph.links
        return tuple(at for at, link in enumerate(links) if link.name in (f"{name}-up", f"{name}-down"))

    def _is_down(self, link: int) -> bool:
        return 0.0 in self._factors.get(link, ())

    def _resize(self, link: int) -> None:
        """A link carries what its present outages leave of it."""
        now_s, cuts, down = self._world.clock.now, self._cuts.setdefault(link, []), self._is_down(link)
        if down and not (cuts and cuts[-1][1] == _NEVER):
            cuts.append((now_s, _NEVER))
        elif not down and cuts and cuts[-1][1] == _NEVER:
            cuts[-1] = (cuts[-1][0], now_s)
        capacity_Bps = self._nominal_Bps[link]
        for factor in self._factors[link]:
            capacity_Bps *= factor
        self._world.wire.set_capacity(link, capacity_Bps)

    def _hear_of(self, links: tuple[int, ...]) -> None:
        """Routing hears later that these links went down, or came back, if they stay so."""
        network, converges_s = self._world.network, self.hosts.converges_s
        if converges_s is not None and network.has_detour(links[0]):
            now_s = self._world.clock.now
            self._await(now_s + converges_s)
            self._world.clock.start(self._converge(links, now_s, now_s + converges_s))

    def _converge(self, links: tuple[int, ...], since_s: float, at_s: float) -> Steps:
        yield at_s
        self._changes()
        began_s, ended_s = self._cuts[links[0]][-1]
        down = ended_s == _NEVER
        if since_s != (began_s if down else ended_s):
            return  # it has changed since, and routing hears of that
        world = self._world
        avoid = self._avoided | set(links) if down else self._avoided - set(links)
        if avoid != self._avoided:
            self._avoided = avoid
            machines = chain(self._registries, world.clients)
            world.wire.divert(world.network.reroute(avoid, machines, self._registries))
