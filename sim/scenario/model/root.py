"""All tables of a scenario together, and how groups of hosts become single hosts and links.

Each table is valid by itself; whether they go together `checks` says. Where a file names a host, a link or a group,
the methods whose names end in `_meant` give everything that the word may mean. Left out: the raw text and the
variants, which `Scenario` adds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from pydantic import PrivateAttr

from sim.errors import InputError
from sim.figures import Table, setting
from sim.network.topology import shapes
from sim.registry.reference import Reference
from sim.scenario.model.caches import Cache
from sim.scenario.model.choices import DEFAULT_SHAPE, Shape
from sim.scenario.model.demand import Demand
from sim.scenario.model.faults import Fault
from sim.scenario.model.formats import FormatTable
from sim.scenario.model.hosts import Central, ClientGroup, Host, NodeGroup, Site
from sim.scenario.model.images import Image
from sim.scenario.model.links import Link
from sim.scenario.model.named import ImageName, LinkName, Name
from sim.scenario.model.naming import CENTRAL, SITES, Group, HostNames, LinkNames, site_place
from sim.scenario.model.policies import Policies
from sim.scenario.model.prices import Prices
from sim.scenario.model.run import Run
from sim.scenario.model.tcp import Tcp
from sim.scenario.model.thresholds import Condition

#: What `[variants]` is, which is no table of a scenario but of changes to one.
ABOUT_VARIANTS: Final = "What is compared, by name: each a table of overrides, with dotted keys or tables within."


class Model(Table):
    """A scenario's tables, each valid by itself; `checks` says whether they go together."""

    run: Run = setting("run", {}, about="What is asked of the simulator: how long, from which seed, how often.")
    topology: Shape = setting(
        "topology",
        {"shape": DEFAULT_SHAPE},
        about="The shape of the network between hosts and sites, and its parameters.",
    )
    sites: Mapping[Name, Site] = setting("sites", {}, about="Places on the network, by name, where hosts are.")
    links: Mapping[LinkName, Link] = setting(
        "links", {}, about="Links that join two ends, and what overrides links that the shape generates, by name."
    )
    central: Central = setting("central", {}, about="The central registry and the host that it is on.")
    nodes: Mapping[Name, NodeGroup] = setting(
        "nodes", {}, about="Groups of nodes that are alike, by name; each node has its own registry and instances."
    )
    caches: Mapping[Name, Cache] = setting(
        "caches", {}, about="Registries that nodes pull through on the way to central, by name."
    )
    clients: Mapping[Name, ClientGroup] = setting("clients", {}, about="Groups of machines that deploy, by name.")
    images: Mapping[ImageName, Image] = setting(
        "images", {}, about='Kinds of image that are deployed, by reference, such as app or "registry.example/app:1.2".'
    )
    formats: Mapping[Name, FormatTable] = setting(
        "formats", {}, about="Formats of layers, by name, where their figures are not those that ship."
    )
    demand: Demand = setting(
        "demand", {}, about="What is asked of the registries: how many deploys, of which apps, on how many nodes."
    )
    policies: Policies = setting(
        "policies", {}, about="The rules under comparison: where pushes go, how images spread, what registries keep."
    )
    faults: Mapping[Name, Fault] = setting(
        "faults", {}, about="What breaks, by name, at a time that is given or drawn."
    )
    tcp: Tcp = setting("tcp", {}, about="How connections share links, and outlast those that are down.")
    prices: Prices = setting("prices", {}, about="What registries and traffic cost.")
    thresholds: Mapping[Name, Condition] = setting(
        "thresholds", {}, about="What must hold of every answer, by name, as `--until` has it: METRIC < LIMIT."
    )

    _folder: Path = PrivateAttr(default=Path())

    def model_post_init(self, context: Any) -> None:
        """Whoever validates may say in which folder the scenario is."""
        self._folder = Path((context or {}).get("folder", ""))

    @property
    def folder(self) -> Path:
        """Where the paths in the scenario lead from."""
        return self._folder

    @cached_property
    def host_names(self) -> HostNames:
        """What the hosts of groups are called."""
        groups = [
            Group(table, key, group.count)
            for table, named in (("nodes", self.nodes), ("clients", self.clients))
            for key, group in named.items()
        ]
        groups += [Group("caches", key, 1) for key in self.caches]
        return HostNames(groups, {*self.sites, *self._shape_places})

    @cached_property
    def _shape_places(self) -> tuple[str, ...]:
        """The places that the shape brings, sites or not; none where it can't be made."""
        try:
            return shapes.places(self.topology.name, self.topology.parameters)
        except shapes.ShapeError:
            return ()

    def node_hosts(self) -> Iterator[tuple[str, NodeGroup]]:
        """(host name, its group) of every node, groups in the file's order."""
        for key, group in self.nodes.items():
            for name in self.host_names.of("nodes", key):
                yield name, group

    def cache_hosts(self) -> Iterator[tuple[str, Cache]]:
        """(host name, its table) of every cache, in the file's order."""
        for key, cache in self.caches.items():
            yield self.host_names.of("caches", key)[0], cache

    def client_hosts(self) -> Iterator[tuple[str, ClientGroup]]:
        """(host name, its group) of every client, groups in the file's order."""
        for key, group in self.clients.items():
            for name in self.host_names.of("clients", key):
                yield name, group

    def hosts(self) -> Iterator[tuple[str, Host]]:
        """(host name, its table) of every host: central, nodes, caches, clients."""
        yield CENTRAL, self.central
        yield from self.node_hosts()
        yield from self.cache_hosts()
        yield from self.client_hosts()

    def generated(self) -> tuple[shapes.Span, ...]:
        """The spans that the topology generates, each under a name of its own. ShapeError where it can't."""
        return self.link_names.generated

    @cached_property
    def link_names(self) -> LinkNames:
        """What the links are called. ShapeError where the topology can't be made."""
        chosen = self.topology
        own = [key for key, link in self.links.items() if link.between is not None]
        # Shapes know hosts' short names alone. Where central's host is not the only place of its name, they
        # know it under a name that nothing else has, and the other place gets its path.
        alone = CENTRAL not in self.sites and CENTRAL not in self._shape_places
        shown_as = CENTRAL if alone else f"{CENTRAL}//"
        attached = [
            shapes.Host(
                shown_as if name == CENTRAL else name, host.site or "", host.up_Bps, host.down_Bps, host.delay_s
            )
            for name, host in self.hosts()
        ]
        spans = shapes.spans(chosen.name, attached, self.places(), chosen.parameters)
        if not alone:
            places = {shown_as: CENTRAL, CENTRAL: site_place(CENTRAL)}
            spans = tuple(
                replace(
                    span,
                    name=span.name.replace(shown_as, CENTRAL),
                    a=places.get(span.a, span.a),
                    b=places.get(span.b, span.b),
                )
                for span in spans
            )
        return LinkNames(spans, self.host_names, own)

    def places(self) -> list[shapes.Site]:
        """The sites, as shapes take them."""
        return [shapes.Site(name, site.latitude, site.longitude) for name, site in self.sites.items()]

    def places_meant(self, word: str) -> tuple[str, ...]:
        """The places of the network that a word may mean: a site before a host of its name."""
        if word == CENTRAL:
            return (CENTRAL,)
        site = word.removeprefix(f"{SITES}/")
        if site in self.sites or site in self._shape_places:
            return (site_place(site),)
        return self.host_names.meant(word, "nodes", "caches", "clients")

    def registries_meant(self, word: str) -> tuple[str, ...]:
        """The hosts with a registry that a word may mean."""
        return (CENTRAL,) if word == CENTRAL else self.host_names.meant(word, "nodes", "caches")

    def groups_meant(self, word: str) -> tuple[tuple[str, str], ...]:
        """The groups of nodes, caches or clients, (table, key), that a key or a path may mean."""
        named = (("nodes", self.nodes), ("caches", self.caches), ("clients", self.clients))
        return tuple((table, key) for table, groups in named for key in groups if word in (key, f"{table}/{key}"))

    @cached_property
    def references(self) -> Mapping[str, Reference]:
        """By key, what each kind of image is called in full."""
        return {key: Reference.parse(key, default_host=self.central.host) for key in self.images}

    def image_meant(self, word: str) -> str | None:
        """The key of the kind of image that a word refers to, whichever way it is written; None if there is none."""
        if word in self.images:
            return word
        try:
            wanted = Reference.parse(word, default_host=self.central.host)
        except InputError:
            return None
        return next((key for key, reference in self.references.items() if reference == wanted), None)

    def ends(self, link: Link) -> tuple[str, str]:
        """The places that a link of the scenario's own joins; words that mean none stand for themselves."""
        a, b = link.between or ("", "")
        return (self.places_meant(a) or (a,))[0], (self.places_meant(b) or (b,))[0]
