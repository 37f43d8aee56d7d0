"""All tables of a scenario together, and how groups become hosts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import StringConstraints

from sim import topologies
from sim.figures import Table, setting
from sim.scenario.choices import Shape
from sim.scenario.tables import (
    Central,
    ClientGroup,
    Demand,
    Host,
    Image,
    Link,
    NodeGroup,
    Policies,
    Run,
    Site,
)

#: The host that holds the central registry.
CENTRAL = "central"

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", strict=True)]


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

    def generated_links(self) -> Iterator[str]:
        """The names of the links that the topology generates."""
        attached = [
            topologies.Host(name, host.site or "", host.up_Bps, host.down_Bps, host.delay_s)
            for name, host in self.hosts()
        ]
        chosen = self.topology
        for span in topologies.spans(chosen.name, attached, list(self.sites), chosen.parameters):
            yield span.name


def host_names(key: str, count: int) -> tuple[str, ...]:
    """The hosts of a group: numbered from 1, or the group's own name when it is one machine."""
    return tuple(f"{key}{number}" for number in range(1, count + 1)) if count > 1 else (key,)
