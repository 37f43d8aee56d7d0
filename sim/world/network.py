"""The scenario's network: its graph, every registry's disk as one more link, and the ways between machines.

A body of bytes to or from a registry crosses the links of the route and the registry's disk, which reads and writes
share. A way is worked out when it is first used and kept. Where routes change, ways and their bodies stay the same
objects and get other lanes, so whoever is under way goes on by the new route with what it sends next.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import permutations
from typing import Final, TypeVar

from sim import topologies
from sim.network import Graph, Route, Schedule
from sim.network.schedule import DAY_S
from sim.network.transport import ceiling_Bps, open_s
from sim.scenario import Link, Scenario
from sim.topologies import Span
from sim.world.clock import Clock
from sim.world.flight import Lane
from sim.world.hours import Hours
from sim.world.places import Body, Machine, Registry, Way
from sim.world.wire import Wire

T = TypeVar("T", bound=Hashable)


def spans_of(scenario: Scenario) -> tuple[Span, ...]:
    """The spans of a scenario: those its shape generates, overridden by name, then those it gives with `between`."""
    names = scenario.link_names
    begins_s = scenario.run.start_s % DAY_S
    joined = {span.name: span for span in names.generated}
    for name, link in scenario.links.items():
        if link.between is None:
            (generated,) = names.of_shape(name)
            joined[generated] = _overridden(joined[generated], link, begins_s)
            continue
        # The scenario's own checks saw to it that a link of its own has both rates and a delay.
        assert link.up_Bps is not None
        assert link.down_Bps is not None
        assert link.delay_s is not None
        own = Span(name, *scenario.ends(link), link.up_Bps, link.down_Bps, link.delay_s)
        joined[name] = _overridden(own, link, begins_s)
    machines = {name for name, _ in scenario.hosts()}
    return tuple(span if {span.a, span.b} & machines else replace(span, wan=True) for span in joined.values())


def _overridden(line: Span, link: Link, begins_s: float) -> Span:
    """A span as the scenario's link of its name has it, in a run that begins at that time of the day."""
    up_Bps = line.up_Bps if link.up_Bps is None else link.up_Bps
    down_Bps = line.down_Bps if link.down_Bps is None else link.down_Bps
    delay_s = line.delay_s if link.delay_s is None else link.delay_s
    hours: tuple[Schedule, ...] = ()
    if link.schedule:
        days = [(day.from_s - begins_s, day.until_s - begins_s, day) for day in link.schedule.values()]
        up = ((begin_s, end_s, up_Bps if day.up_Bps is None else day.up_Bps) for begin_s, end_s, day in days)
        down = ((begin_s, end_s, down_Bps if day.down_Bps is None else day.down_Bps) for begin_s, end_s, day in days)
        hours = (
            Schedule.of_windows(f"{line.name}-up", up_Bps, up),
            Schedule.of_windows(f"{line.name}-down", down_Bps, down),
        )
        up_Bps, down_Bps = (schedule.capacity_Bps(0.0) for schedule in hours)
    price = link.price_usd_per_byte
    return replace(line, up_Bps=up_Bps, down_Bps=down_Bps, delay_s=delay_s, price_usd_per_byte=price, hours=hours)


@dataclass(frozen=True, slots=True)
class SyncCaps:
    """The most that registries copy with, bytes/s: a job, all jobs to one target, all jobs from one site to another."""

    job_Bps: float | None = None
    target_Bps: float | None = None
    leg_Bps: float | None = None


UNCAPPED: Final = SyncCaps()


class Network:
    """Graph, wire and ways of one world.

    Links are numbered: first the graph's, then one disk for each registry, then what caps copies: a link for each
    target, and one for each leg from site to site, that copies alone cross.
    """

    def __init__(
        self, clock: Clock, spans: tuple[Span, ...], sites: frozenset[str], disks_Bps: dict[int, float],
        caps: SyncCaps = UNCAPPED,
    ) -> None:  # fmt: skip
        self.graph: Graph = topologies.graph(spans)
        links = self.graph.links
        self._disk = {number: len(links) + at for at, number in enumerate(disks_Bps)}
        self.capacity_Bps = [*(link.capacity_Bps for link in links), *disks_Bps.values()]
        both = [span for span in spans for _ in ("up", "down")]
        self.wan = [span.wan for span in both] + [False] * len(disks_Bps)
        self.price_usd_per_byte = [span.price_usd_per_byte for span in both] + [0.0] * len(disks_Bps)
        self._job_Bps = caps.job_Bps
        self._targets = self._more(disks_Bps, caps.target_Bps)
        self._legs = self._more(permutations(sorted(sites), 2), caps.leg_Bps)
        self._capped = caps != UNCAPPED
        self._sync_ways: dict[tuple[int, int], tuple[Registry, Registry, Way]] = {}
        self._avoided: frozenset[int] = frozenset()
        self._lanes: dict[tuple[int, int, tuple[int, ...], float], Lane] | None = None
        #: What holds flows back, by name; disks and caps get theirs when they are first crossed.
        self._names = [link.name for link in links] + [""] * (len(self.capacity_Bps) - len(links))
        self.wire = Wire(clock, self.capacity_Bps, self._names)
        schedules = [schedule for span in spans for schedule in span.hours]
        if schedules:
            Hours(clock, self.wire, schedules, self.graph.index)

    def _more(self, things: Iterable[T], capacity_Bps: float | None) -> dict[T, int]:
        """A link of that capacity for each thing; none if it is None."""
        if capacity_Bps is None:
            return {}
        found = {thing: len(self.capacity_Bps) + at for at, thing in enumerate(things)}
        self.capacity_Bps += [capacity_Bps] * len(found)
        self.wan += [False] * len(found)
        self.price_usd_per_byte += [0.0] * len(found)
        return found

    def disk(self, registry: Registry) -> int:
        """The link that stands for a registry's disk."""
        return self._disk[registry.number]

    def way(self, a: Machine, b: Registry) -> Way:
        """From the machine that asks to the registry that answers."""
        way = a.ways.get(b.number)
        return way or self._work_out(a, b)

    def sync_way(self, a: Registry, b: Registry) -> Way:
        """The same for a copy, whose bodies keep to the caps."""
        if not self._capped:
            return self.way(a, b)
        found = self._sync_ways.get((a.number, b.number))
        if found is None:
            found = self._sync_ways[a.number, b.number] = a, b, self._made_capped(a, b)
            _ = found[2].up  # lanes are numbered in the order in which ways are found
        return found[2]

    def has_detour(self, link: int) -> bool:
        """Whether another way leads from one end of a link of the graph to the other."""
        ends = self.graph.links[link]
        return self.graph.joins(ends.tail, ends.head, frozenset({link}))

    def keep_lanes(self) -> None:
        """Routes may change: a lane that is left is there again when its route is."""
        self._lanes = {}

    def reroute(self, avoid: frozenset[int], machines: Iterable[Machine], registries: Sequence[Registry]) -> list[Lane]:
        """From now on routes avoid these links, where there are others; the lanes that are left, which may be in use.

        `registries` in the order of their numbers. Where no other way leads, routes stay what they were.
        """
        self._avoided = avoid
        left: list[Lane] = []
        for machine in machines:
            for number, way in machine.ways.items():
                left += way.follow(self._made(machine, registries[number]))
        for a, b, way in self._sync_ways.values():
            left += way.follow(self._made_capped(a, b))
        return left

    def _route(self, a: str, b: str) -> Route:
        """As routes are now."""
        avoid = self._avoided if self._avoided and self.graph.joins(a, b, self._avoided) else frozenset()
        return self.graph.route(a, b, avoid)

    def _work_out(self, a: Machine, b: Registry) -> Way:
        way = a.ways[b.number] = self._made(a, b)
        return way

    def _made(self, a: Machine, b: Registry) -> Way:
        forth, back = self._route(a.name, b.name), self._route(b.name, a.name)
        round_trip_s = forth.delay_s + back.delay_s
        with_disks = [machine for machine in (a, b) if machine.number in self._disk]
        disks = tuple(self._disk[machine.number] for machine in with_disks)
        for machine, disk in zip(with_disks, disks, strict=True):
            self._names[disk] = f"{machine.name}-disk"
        return Way(
            forth_s=forth.delay_s * a.trips,
            back_s=back.delay_s * a.trips,
            round_trip_s=round_trip_s * a.trips,
            open_s=open_s(round_trip_s, tls="1.3" if b.tls else None),
            up=partial(self._body, a, b, forth.links + disks, round_trip_s),
            down=partial(self._body, b, a, back.links + disks, round_trip_s),
        )

    def _made_capped(self, a: Registry, b: Registry) -> Way:
        plain = self.way(a, b)
        return Way(
            plain.forth_s, plain.back_s, plain.round_trip_s, plain.open_s,
            up=partial(self._capped_body, a, b, plain), down=lambda: plain.down,
        )  # fmt: skip

    def _body(self, source: Machine, target: Machine, route: tuple[int, ...], round_trip_s: float) -> Body:
        cap_Bps = ceiling_Bps(min(source.window_bytes, target.window_bytes), round_trip_s)
        return Body(self._lane(source, target, route, cap_Bps), round_trip_s, source.ramp)

    def _capped_body(self, a: Registry, b: Registry, plain: Way) -> Body:
        up = plain.up
        caps = self._targets.get(b.number), self._legs.get((a.site, b.site))
        extra = [link for link in caps if link is not None]
        for link, name in zip(caps, (f"to {b.name}", f"{a.site} to {b.site}"), strict=True):
            if link is not None:
                self._names[link] = f"copies {name}"
        cap_Bps = min(up.lane.own_cap_Bps, self._job_Bps or up.lane.own_cap_Bps)
        return Body(self._lane(a, b, (*up.lane.route, *extra), cap_Bps), up.round_trip_s, up.ramp)

    def _lane(self, source: Machine, target: Machine, route: tuple[int, ...], cap_Bps: float) -> Lane:
        if self._lanes is None:
            return self.wire.lane(source, target, route, cap_Bps)
        key = source.number, target.number, route, cap_Bps
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = self.wire.lane(source, target, route, cap_Bps)
        return lane
