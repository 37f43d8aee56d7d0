"""All tables of a scenario together, and how groups become hosts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sim import topologies
from sim.figures import Table, setting
from sim.scenario.choices import Shape
from sim.scenario.lines import Link, Name
from sim.scenario.outages import Fault
from sim.scenario.prices import Prices
from sim.scenario.tables import (
    Central,
    ClientGroup,
    Demand,
    Host,
    Image,
    NodeGroup,
    Policies,
    Run,
    Site,
)
from sim.scenario.thresholds import Condition

#: The host that holds the central registry.
CENTRAL = "central"


class Tables(Table):
    """A scenario's tables, each valid by itself; `checks` says whether they go together."""

    run: Run = setting("run", {})
    topology: Shape = setting("topology", {"shape": "metros"})
    sites: Mapping[Name, Site] = setting("sites", {})
    links: Mapping[Name, Link] = setting("links", {})
    central: Central = setting("central", {})
    nodes: Mapping[Name, NodeGroup] = setting("nodes", {})
    clients: Mapping[Name, ClientGroup] = setting("clients", {})
    images: Mapping[Name, Image] = setting("images", {})
    demand: Demand = setting("demand", {})
    policies: Policies = setting("policies", {})
    faults: Mapping[Name, Fault] = setting("faults", {})
    prices: Prices = setting("prices", {})
    thresholds: Mapping[Name, Condition] = setting("thresholds", {})

    def node_hosts(self) -> Iterator[tuple[str, NodeGroup]]:
        """(host name, its group) of every node, groups in the file's order."""
        for key, group in self.nodes.items():
            for name in host_names(key, group.count):
                yield name, group

    def client_hosts(self) -> Iterator[tuple[str, ClientGroup]]:
        """(host name, its group) of every client, groups in the file's order."""
        for key, group in self.clients.items():
            for name in host_names(key, group.count):
                yield name, group

    def hosts(self) -> Iterator[tuple[str, Host]]:
        """(host name, its table) of every host: central, nodes, clients."""
        yield CENTRAL, self.central
        yield from self.node_hosts()
        yield from self.client_hosts()

    def generated(self) -> tuple[topologies.Span, ...]:
        """The spans that the topology generates. ShapeError where it can't."""
        attached = [
            topologies.Host(name, host.site or "", host.up_Bps, host.down_Bps, host.delay_s)
            for name, host in self.hosts()
        ]
        chosen = self.topology
        return topologies.spans(chosen.name, attached, self.places(), chosen.parameters)

    def places(self) -> list[topologies.Site]:
        """The sites, as shapes take them."""
        return [topologies.Site(name, site.latitude, site.longitude) for name, site in self.sites.items()]


def host_names(key: str, count: int) -> tuple[str, ...]:
    """The hosts of a group: numbered from 1, or the group's own name when it is one machine."""
    return tuple(f"{key}{number}" for number in range(1, count + 1)) if count > 1 else (key,)
