"""Routes of a scenario: its graph, every registry's disk as one more link, and the ways between machines.

A body of bytes to or from a registry crosses the links of the route and the registry's disk, which reads and writes
share. A way is worked out when it is first asked for, and kept. Where routes change, ways stay the rows that they are
and get other lanes (`ops.ways.follow_routes`). Links are numbered: first the graph's, then one disk for each registry,
then caps on copies: a link for each target, and one for each leg from site to site, that copies alone cross.

Left out: routes that split one flow (multipath), and routing protocols beyond a convergence time.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from sim.network import Graph, Route
from sim.network.tcp.transport import ceiling_Bps, open_s
from sim.network.topology import shapes
from sim.network.topology.shapes import Span
from sim.protocol.ops.ways import WAY_HASH
from sim.protocol.state import LAYOUT
from sim.records.cells import append_rows, cell, numbers_at, set_cells
from sim.records.layout import State, table_of

_FIRST_CELLS: Final = 256
T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Host:
    """A machine as the network knows it: registries first, central before all, then clients.

    `trips` is how many round trips each of its requests takes: 1 on a connection kept open. `ramp` stretches the slow
    start of what it sends: 1 where windows double each round trip. `tls` is whether its registry asks for it.
    """

    name: str
    site: str
    window_bytes: int
    trips: float = 1.0
    ramp: float = 1.0
    tls: bool = False


@dataclass(frozen=True, slots=True)
class SyncCaps:
    """The most that registries copy with, bytes/s: a job, all jobs to one target, all jobs from one site to another."""

    job_Bps: float | None = None
    target_Bps: float | None = None
    leg_Bps: float | None = None


UNCAPPED: Final = SyncCaps()


class Course(NamedTuple):
    """One direction of a way: from machine to machine over links, and the most that a flow may take."""

    source: int
    target: int
    links: tuple[int, ...]
    cap_Bps: float


class Routes:
    """Graph, links and ways of one run; `disks_Bps` are those of the registries, in their order.

    There may be `registries` whose disks are no links: then there are no `disks_Bps`.
    """

    def __init__(
        self, spans: Sequence[Span], sites: Iterable[str], hosts: Sequence[Host], disks_Bps: Sequence[float],
        caps: SyncCaps = UNCAPPED, keeps_lanes: bool = False, registries: int | None = None,
    ) -> None:  # fmt: skip
        self.graph: Graph = shapes.graph(spans)
        self.hosts = tuple(hosts)
        links = self.graph.links
        self.capacity_Bps = [*(link.capacity_Bps for link in links), *disks_Bps]
        both = [span for span in spans for _ in ("up", "down")]
        self.wan = [span.wan for span in both] + [False] * len(disks_Bps)
        self.price_usd_per_byte = [span.price_usd_per_byte for span in both] + [0.0] * len(disks_Bps)
        self.schedules = [schedule for span in spans for schedule in span.hours]
        self.registries = len(disks_Bps) if registries is None else registries
        self._disks = len(disks_Bps)
        self._job_Bps = caps.job_Bps
        self._targets = self._more(range(len(disks_Bps)), caps.target_Bps)
        self._legs = self._more(permutations(sorted(sites), 2), caps.leg_Bps)
        self.capped = caps != UNCAPPED
        #: What holds flows back, by name; disks and caps get theirs when they are first crossed.
        self.names = [link.name for link in links] + [""] * (len(self.capacity_Bps) - len(links))
        # Where routes may change, a lane that is left is there again when its route is.
        self._lanes: dict[Course, int] | None = {} if keeps_lanes else None
        self._like: dict[tuple[tuple[int, ...], float], int] = {}
        self._along: dict[tuple[int, ...], int] = {}
        self._avoided: frozenset[int] = frozenset()
        self._ways: dict[int, dict[int, int]] = {}
        self._entered = 0
        # Ways that were worked out at once: which machine to which registry, sorted, and the way of each.
        self._ahead: tuple[NDArray[np.int64], NDArray[np.int64]] = (np.empty(0, np.int64), np.empty(0, np.int64))
        self._copies: dict[tuple[int, int], int] = {}

    def _more(self, things: Iterable[T], capacity_Bps: float | None) -> dict[T, int]:
        """A link of that capacity for each thing; none if it is None."""
        if capacity_Bps is None:
            return {}
        found = {thing: len(self.capacity_Bps) + at for at, thing in enumerate(things)}
        self.capacity_Bps += [capacity_Bps] * len(found)
        self.wan += [False] * len(found)
        self.price_usd_per_byte += [0.0] * len(found)
        return found

    def add_link(self, name: str, capacity: float) -> int:
        """One more link, that no way crosses."""
        self.capacity_Bps.append(capacity)
        self.wan.append(False)
        self.price_usd_per_byte.append(0.0)
        self.names.append(name)
        return len(self.capacity_Bps) - 1

    def disk(self, registry: int) -> int:
        """The link that stands for a registry's disk."""
        return len(self.graph.links) + registry

    def has_detour(self, link: int) -> bool:
        """Whether another way leads from one end of a link of the graph to the other."""
        ends = self.graph.links[link]
        return self.graph.joins(ends.tail, ends.head, frozenset({link}))

    def links_of(self, name: str) -> tuple[int, int]:
        """Both directions of a link of the graph."""
        return self.graph.index[f"{name}-up"], self.graph.index[f"{name}-down"]

    def tables(self) -> dict[str, NDArray[Any]]:
        """The tables of a state that are its own, before any way has been asked for."""
        return {"way_index": LAYOUT.rows("way_index", _FIRST_CELLS)}

    def tables_for(self, machine: NDArray[np.int64], registry: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """The same with the ways that will be asked for, from each machine to the registry beside it: at once that
        takes a hundredth of the time.

        None is planned where routes may change (then the order counts in which ways were asked for), nor from or to
        what has no link of its own (then several ways may have one lane).
        """
        leaves = [self.graph.leaf(host.name) for host in self.hosts]
        own = np.array([leaf is not None for leaf in leaves])
        if self._lanes is not None or self._disks < self.registries or not own.any() or not len(machine):
            return self.tables()
        there = np.zeros((len(self.hosts), self.registries), np.bool_)
        there[machine, registry] = True
        pairs = np.flatnonzero(there)
        machine, registry = pairs // self.registries, pairs % self.registries
        kept = own[machine] & own[registry] & (machine != registry)
        self._ahead = pairs[kept], np.arange(int(kept.sum()))
        return self._plan_all(machine[kept], registry[kept], [leaf or (-1, -1) for leaf in leaves])

    def _plan_all(
        self, machine: NDArray[np.int64], registry: NDArray[np.int64], leaves: Sequence[tuple[int, int]]
    ) -> dict[str, NDArray[Any]]:
        """The tables of ways between hosts that all have links of their own (`leaves`: out, in)."""
        n, hosts = len(machine), self.hosts
        out, into = (np.array(column, np.int64) for column in zip(*leaves, strict=True))
        delay_s = np.array([link.delay_s for link in self.graph.links])
        places = [self.graph.links[leaf[0]].head if leaf[0] >= 0 else "" for leaf in leaves]
        names = sorted(set(places))
        number = {name: at for at, name in enumerate(names)}
        place = np.array([number[name] for name in places], np.int64)
        both = place[machine] * len(names) + place[registry]
        forth_s, back_s = np.empty(n), np.empty(n)
        inner: dict[int, tuple[tuple[int, ...], tuple[int, ...]]] = {}
        for pair in np.unique(both).tolist():
            a, b = names[pair // len(names)], names[pair % len(names)]
            forth, back = self._route(a, b), self._route(b, a)
            inner[pair] = forth.links, back.links
            forth_s[both == pair], back_s[both == pair] = forth.delay_s, back.delay_s
        # In the order in which `Graph.route` adds delays up.
        forth_s += delay_s[out[machine]] + delay_s[into[registry]]
        back_s += delay_s[out[registry]] + delay_s[into[machine]]
        round_trip_s = forth_s + back_s
        trips = np.array([host.trips for host in hosts])[machine]
        ramp = np.array([host.ramp for host in hosts])
        opens = np.array([open_s(1.0, tls="1.3" if host.tls else None) for host in hosts])[registry]
        window_bytes = np.array([host.window_bytes for host in hosts], np.int64)
        narrower = np.minimum(window_bytes[machine], window_bytes[registry]).tolist()
        cap_Bps = [ceiling_Bps(window, trip_s) for window, trip_s in zip(narrower, round_trip_s.tolist(), strict=True)]
        lane = 2 * np.arange(n)
        ways = {
            "forth_s": forth_s * trips, "back_s": back_s * trips, "round_trip_s": round_trip_s * trips,
            "open_s": opens * round_trip_s, "source": machine, "target": registry, "up": lane, "down": lane + 1,
            "up_round_trip_s": round_trip_s, "down_round_trip_s": round_trip_s, "ramp_up": ramp[machine],
            "ramp_down": ramp[registry],
        }  # fmt: skip
        lanes, links = self._lanes_of(machine, registry, both, inner, (out, into))
        lanes |= {"own_cap_Bps": np.repeat(cap_Bps, 2), "like": np.arange(2 * n), "along": np.arange(2 * n)}
        for host in np.unique(np.concatenate([machine, registry])).tolist():
            if host < self.registries:
                self.names[self.disk(host)] = f"{hosts[host].name}-disk"
        self._entered = n
        return {
            "ways": table_of(LAYOUT, "ways", ways, n), "lanes": table_of(LAYOUT, "lanes", lanes, 2 * n),
            "lane_links": links, "way_index": _index(1 + 2 * (machine * self.registries + registry)),
        }  # fmt: skip

    def _lanes_of(
        self, machine: NDArray[np.int64], registry: NDArray[np.int64], both: NDArray[np.int64],
        inner: Mapping[int, tuple[tuple[int, ...], tuple[int, ...]]], ends: tuple[NDArray[np.int64], NDArray[np.int64]],
    ) -> tuple[dict[str, Any], NDArray[np.int64]]:  # fmt: skip
        """Lanes up and down each way, and their links; `both` says by which places it leads, `inner` over which."""
        out, into = ends
        disks = 1 + (machine < self.registries)
        hops = np.array([[len(links) for links in inner[pair]] for pair in both.tolist()], np.int64).reshape(-1, 2)
        length = (hops + 2 + disks[:, None]).ravel()
        end = np.cumsum(length)
        links = np.empty(int(length.sum()), np.int64)
        for pair in inner:
            for between in (1, 2):
                rows = np.flatnonzero((both == pair) & (disks == between))
                a, b = machine[rows], registry[rows]
                own = [a] if between == 2 else []
                courses = ((out[a], inner[pair][0], into[b]), (out[b], inner[pair][1], into[a]))
                for down, (head, middle, tail) in enumerate(courses):
                    first = end[2 * rows + down] - length[2 * rows + down]
                    columns: list[Any] = [head, *middle, tail, *(self.disk(0) + host for host in (*own, b))]
                    for at, column in enumerate(columns):
                        links[first + at] = column
        lanes = {
            "source": np.stack([machine, registry], 1).ravel(), "target": np.stack([registry, machine], 1).ravel(),
            "first_link": end - length, "end_link": end,
        }  # fmt: skip
        return lanes, links

    def _plain(self, state: State, machine: int, registry: int) -> int:
        """The way from a machine to a registry, worked out if it is not there."""
        pairs, ways = self._ahead
        key = machine * self.registries + registry
        at = int(np.searchsorted(pairs, key)) if len(pairs) else 0
        if at < len(pairs) and pairs[at] == key:
            return int(ways[at])
        known = self._ways.setdefault(machine, {})
        if registry not in known:
            known[registry] = self._add_plain(state, machine, registry)
            self._enter(state, machine, registry, 0, known[registry])
        return known[registry]

    def work_out(self, state: State, machine: int, registry: int, copy: int) -> None:
        """A way that ops have asked for; the lanes of a copy's, with caps, begin with those of the plain one."""
        plain = self._plain(state, machine, registry)
        if copy and self.capped and (machine, registry) not in self._copies:
            way = self._copies[machine, registry] = self._add_capped(state, machine, registry, plain)
            self._enter(state, machine, registry, 1, way)

    def reroute(self, state: State) -> None:
        """From now on routes avoid the links of `avoided`, where there are others.

        Where no other way leads, routes stay what they were. What changes is in `rerouted`, for `follow_routes`.
        """
        self._avoided = frozenset(np.flatnonzero(state["avoided"]).tolist())
        turns: list[tuple[int, int, int, float]] = []
        followed: dict[int, tuple[int, float]] = {}
        for machine in sorted(self._ways):
            for registry, way in self._ways[machine].items():
                plan = self._planned(machine, registry)
                set_cells(state, "ways", way, plan.fields)
                up, down = self._lane(state, plan.up), self._lane(state, plan.down)
                turns += [(way, 0, up, plan.round_trip_s), (way, 1, down, plan.round_trip_s)]
                was = cell(state, "ways", way, "up_round_trip_s")
                stays = cell(state, "ways", way, "up") == up
                followed[way] = up, was if stays else plan.round_trip_s
        for (source, target), way in self._copies.items():
            plain = self._ways[source][target]
            set_cells(state, "ways", way, {name: cell(state, "ways", plain, name) for name in _TIMES})
            up, round_trip_s = followed[plain]
            lane = self._lane(state, self._narrowed(state, source, target, up))
            turns += [(way, 0, lane, round_trip_s), (way, 1, -1, 0.0)]
        columns = zip(*turns, strict=True) if turns else ((), (), (), ())
        fields = dict(zip(("way", "down", "lane", "round_trip_s"), map(list, columns), strict=True))
        append_rows(state, "rerouted", table_of(LAYOUT, "rerouted", fields, len(turns)))

    def _add_plain(self, state: State, machine: int, registry: int) -> int:
        """A row for the way from a machine to a registry."""
        plan = self._planned(machine, registry)
        for host in {machine, registry}:
            if host < self._disks:
                self.names[self.disk(host)] = f"{self.hosts[host].name}-disk"
        values = plan.fields | {
            "source": machine, "target": registry, "up": self._lane(state, plan.up),
            "down": self._lane(state, plan.down), "up_round_trip_s": plan.round_trip_s,
            "down_round_trip_s": plan.round_trip_s, "ramp_up": self.hosts[machine].ramp,
            "ramp_down": self.hosts[registry].ramp,
        }  # fmt: skip
        return append_rows(state, "ways", _row("ways", values))

    def _add_capped(self, state: State, source: int, target: int, plain: int) -> int:
        """A row for a copy's way along a plain one, over the caps on copies."""
        a, b = self.hosts[source], self.hosts[target]
        for link, name in (
            (self._targets.get(target), f"to {b.name}"), (self._legs.get((a.site, b.site)), f"{a.site} to {b.site}"),
        ):  # fmt: skip
            if link is not None:
                self.names[link] = f"copies {name}"
        values = {name: cell(state, "ways", plain, name) for name in _COPIED}
        course = self._narrowed(state, source, target, int(values["up"]))
        return append_rows(state, "ways", _row("ways", values | {"up": self._lane(state, course), "plain": plain}))

    def _planned(self, machine: int, registry: int) -> _Plan:
        """The way from a machine to a registry, as routes are now."""
        a, b = self.hosts[machine], self.hosts[registry]
        forth, back = self._route(a.name, b.name), self._route(b.name, a.name)
        round_trip_s = forth.delay_s + back.delay_s
        disks = tuple(self.disk(host) for host in (machine, registry) if host < self._disks)
        cap_Bps = ceiling_Bps(min(a.window_bytes, b.window_bytes), round_trip_s)
        fields = {
            "forth_s": forth.delay_s * a.trips,
            "back_s": back.delay_s * a.trips,
            "round_trip_s": round_trip_s * a.trips,
            "open_s": open_s(round_trip_s, tls="1.3" if b.tls else None),
        }
        up, down = forth.links + disks, back.links + disks
        return _Plan(
            fields, Course(machine, registry, up, cap_Bps), Course(registry, machine, down, cap_Bps), round_trip_s
        )

    def _route(self, a: str, b: str) -> Route:
        """As routes are now."""
        avoid = self._avoided if self._avoided and self.graph.joins(a, b, self._avoided) else frozenset()
        return self.graph.route(a, b, avoid)

    def _narrowed(self, state: State, source: int, target: int, lane: int) -> Course:
        """A copy's course: along a plain way's lane, and over what caps copies."""
        caps = self._targets.get(target), self._legs.get((self.hosts[source].site, self.hosts[target].site))
        extra = tuple(link for link in caps if link is not None)
        first, end = (int(cell(state, "lanes", lane, field)) for field in ("first_link", "end_link"))
        route = numbers_at(state, "lane_links", first, end)
        own_cap_Bps = float(cell(state, "lanes", lane, "own_cap_Bps"))
        return Course(source, target, (*route, *extra), min(own_cap_Bps, self._job_Bps or own_cap_Bps))

    def _lane(self, state: State, course: Course) -> int:
        """A lane for a course: a new one, unless lanes are kept and it has been there."""
        found = None if self._lanes is None else self._lanes.get(course)
        if found is None:
            found = self._add_lane(state, course)
            if self._lanes is not None:
                self._lanes[course] = found
        return found

    def _add_lane(self, state: State, course: Course) -> int:
        """A row for a lane, and its links."""
        first = append_rows(state, "lane_links", np.array(course.links, np.int64))
        at = int(cell(state, "g", 0, "lanes_used"))
        values = {
            "source": course.source, "target": course.target, "first_link": first,
            "end_link": first + len(course.links), "own_cap_Bps": course.cap_Bps,
            "like": self._like.setdefault((course.links, course.cap_Bps), at),
            "along": self._along.setdefault(course.links, at),
        }  # fmt: skip
        return append_rows(state, "lanes", _row("lanes", values))

    def _enter(self, state: State, machine: int, registry: int, copy: int, way: int) -> None:
        """Have `find_way` find a way."""
        self._entered += 1
        if 2 * self._entered > state.length("way_index"):
            index = state["way_index"]
            taken = index[index["key"] > 0]
            longer = _index(taken["key"], taken["way"], 4 * len(index))
            state.replace("way_index", longer)
        mask = state.length("way_index") - 1
        key = 1 + 2 * (machine * self.registries + registry) + copy
        at = (key * WAY_HASH >> 16) & mask
        while cell(state, "way_index", at, "key"):
            at = (at + 1) & mask
        set_cells(state, "way_index", at, {"key": key, "way": way})


class _Plan(NamedTuple):
    """A way as routes are now: its times, and its two directions."""

    fields: dict[str, float]
    up: Course
    down: Course
    round_trip_s: float


#: Of a way, what a copy's has of the plain one: at any time, and from its beginning.
_TIMES: Final = ("forth_s", "back_s", "round_trip_s", "open_s")
_COPIED: Final = (
    *_TIMES, "source", "target", "up", "down", "down_known", "up_round_trip_s", "down_round_trip_s", "ramp_up",
    "ramp_down",
)  # fmt: skip


def _index(keys: NDArray[np.int64], ways: NDArray[np.int64] | None = None, cells: int = _FIRST_CELLS) -> NDArray[Any]:
    """A hash table in which `find_way` finds ways by their keys, each at the first free cell from where its key says.

    They are numbered from 0 on unless given. The table has so many cells, or more if it needs them.
    """
    while cells < 4 * len(keys):
        cells *= 2
    index = LAYOUT.rows("way_index", cells)
    left = np.arange(len(keys))
    number = left if ways is None else ways
    at = (keys * WAY_HASH >> 16) & (cells - 1)
    while len(left):
        free = index["key"][at] == 0
        _, first = np.unique(at[free], return_index=True)
        put = np.flatnonzero(free)[first]
        index["key"][at[put]], index["way"][at[put]] = keys[left[put]], number[left[put]]
        stay = np.ones(len(left), np.bool_)
        stay[put] = False
        left, at = left[stay], (at[stay] + 1) & (cells - 1)
    return index


def _row(name: str, values: Mapping[str, Any]) -> NDArray[Any]:
    """A row of a table."""
    return table_of(LAYOUT, name, {field: [value] for field, value in values.items()}, 1)
