"""The scenario's network: its graph, every registry's disk as one more link, and the ways between machines.

A body of bytes to or from a registry crosses the links of the route and the registry's disk, which reads and writes
share. A way is worked out when it is first used and kept.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from sim import topologies
from sim.network import Graph
from sim.network.transport import ceiling_Bps, open_s
from sim.scenario import Scenario
from sim.topologies import Host, Span
from sim.world.clock import Clock
from sim.world.places import Body, Machine, Registry, Way
from sim.world.wire import Wire


def spans_of(scenario: Scenario, hosts: list[Host]) -> tuple[Span, ...]:
    """The spans of a scenario: those its shape generates, overridden by name, then those it gives with `between`."""
    shape = scenario.topology
    generated = topologies.spans(shape.name, hosts, list(scenario.sites), shape.parameters)
    joined = {span.name: span for span in generated}
    for name, link in scenario.links.items():
        if link.between is not None:
            # The scenario's own checks saw to it that a link of its own has both rates and a delay.
            assert link.up_Bps is not None
            assert link.down_Bps is not None
            assert link.delay_s is not None
            joined[name] = Span(name, *link.between, link.up_Bps, link.down_Bps, link.delay_s, link.price_usd_per_byte)
            continue
        line = joined[name]
        joined[name] = replace(
            line,
            up_Bps=line.up_Bps if link.up_Bps is None else link.up_Bps,
            down_Bps=line.down_Bps if link.down_Bps is None else link.down_Bps,
            delay_s=line.delay_s if link.delay_s is None else link.delay_s,
            price_usd_per_byte=link.price_usd_per_byte,
        )
    return tuple(joined.values())


class Network:
    """Graph, wire and ways of one world.

    Links are numbered: first the graph's, then one disk for each registry.
    """

    def __init__(
        self, clock: Clock, spans: tuple[Span, ...], sites: frozenset[str], disks_Bps: dict[int, float]
    ) -> None:
        self.graph: Graph = topologies.graph(spans)
        links = self.graph.links
        self._disk = {number: len(links) + at for at, number in enumerate(disks_Bps)}
        self.capacity_Bps = [*(link.capacity_Bps for link in links), *disks_Bps.values()]
        self.wan = [link.tail in sites and link.head in sites for link in links] + [False] * len(disks_Bps)
        self.price_usd_per_byte = [span.price_usd_per_byte for span in spans for _ in ("up", "down")] + [0.0] * len(
            disks_Bps
        )
        self.wire = Wire(clock, self.capacity_Bps)

    def way(self, a: Machine, b: Registry) -> Way:
        """From the machine that asks to the registry that answers."""
        way = a.ways.get(b.number)
        return way or self._work_out(a, b)

    def _work_out(self, a: Machine, b: Registry) -> Way:
        forth, back = self.graph.route(a.name, b.name), self.graph.route(b.name, a.name)
        round_trip_s = forth.delay_s + back.delay_s
        disks = tuple(self._disk[machine.number] for machine in (a, b) if machine.number in self._disk)
        way = a.ways[b.number] = Way(
            forth_s=forth.delay_s * a.trips,
            back_s=back.delay_s * a.trips,
            round_trip_s=round_trip_s * a.trips,
            open_s=open_s(round_trip_s, tls="1.3" if b.tls else None),
            up=partial(self._body, a, b, forth.links + disks, round_trip_s),
            down=partial(self._body, b, a, back.links + disks, round_trip_s),
        )
        return way

    def _body(self, source: Machine, target: Machine, route: tuple[int, ...], round_trip_s: float) -> Body:
        cap_Bps = ceiling_Bps(min(source.window_bytes, target.window_bytes), round_trip_s)
        return Body(self.wire.lane(source, target, route, cap_Bps), round_trip_s, source.ramp)
