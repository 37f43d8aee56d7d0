"""Which parts of a scenario no deploy reaches: nodes that none starts on, sites and links that none passes.

Where deploys go follows from who asks for them, from which nodes a placement chooses, and from the routes of least
delay that the network takes. Of a placement that is not known here every node is taken to be reached. Left out: ways
around links that faults take.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import NamedTuple

from sim.network.topology.graph import Graph, duplex
from sim.network.topology.shapes import Span
from sim.scenario.effects import summary
from sim.scenario.effects.happens import LOCAL_FIRST, happens
from sim.scenario.effects.summary import demand_summary
from sim.scenario.keypath import KeyPath
from sim.scenario.model.hosts import ClientGroup
from sim.scenario.model.naming import CENTRAL, site_place
from sim.scenario.model.network import generated, links_meant
from sim.scenario.model.root import Model


class Unreached(NamedTuple):
    """Something that no deploy reaches, and why."""

    path: KeyPath
    why: str


def unreached(model: Model) -> Iterator[Unreached]:
    """Groups of nodes, sites without hosts, and links that say something of themselves, for which there is no use.

    Nothing is said of a replay, whose log decides.
    """
    if summary.as_logged(model):
        return
    reached = _groups_reached(model)
    if not _all_are_sent_to(model):
        yield from _nodes(model, reached)
    graph, used = _network(model, reached)
    if graph is not None:
        yield from _sites(model, graph, used)
        yield from _links(model, _idle_links(model, graph, used))


def unused_links(model: Model) -> dict[str, str]:
    """The scenario's own links between sites that carry nothing, each with the reason; none of a replay."""
    if model.demand.replay is not None:
        return {}
    graph, used = _network(model, _groups_reached(model))
    return {} if graph is None else _idle_links(model, graph, used)


def _network(model: Model, reached: frozenset[str]) -> tuple[Graph | None, frozenset[int]]:
    """The network and the positions of the links that are used; None where there is none."""
    spans = generated(model)
    if not spans:
        return None, frozenset()
    graph = _graph(model, spans)
    return graph, _links_used(model, graph, reached)


def without_local_nodes(model: Model) -> Iterator[Unreached]:
    """Groups of clients whose metro has no node, so that their deploys start on nodes anywhere."""
    if summary.as_logged(model) or model.policies.placement.name not in LOCAL_FIRST:
        return
    sites, asking = {group.site for group in model.nodes.values()}, summary.clients(model)
    for key, client in model.clients.items():
        metro = _metro(client)
        if key in asking and metro not in sites and len(sites) > 1:
            yield Unreached(("clients", key), f"there is no node at {metro}, so its apps start on nodes of all sites")


def _metro(client: ClientGroup) -> str | None:
    return client.metro or client.site


def _groups_reached(model: Model) -> frozenset[str]:
    """The groups of nodes on which a deploy may start."""
    if model.policies.placement.name not in LOCAL_FIRST:
        return frozenset(model.nodes)
    reached: set[str] = set()
    wanted, asking = demand_summary(model).reach, summary.clients(model)
    for name, client in model.clients.items():
        if name not in asking:
            continue
        local = [key for key, group in model.nodes.items() if group.site == _metro(client)] or list(model.nodes)
        reached.update(local)
        left = wanted - sum(model.nodes[key].count for key in local)
        for key, group in model.nodes.items():
            if left > 0 and key not in local:
                reached.add(key)
                left -= group.count
    return frozenset(reached)


def _all_are_sent_to(model: Model) -> bool:
    """Whether every node is sent every image, so that one without deploys is there to be a copy."""
    return happens(model).to_nodes and model.policies.sync.targets == "all"


def _nodes(model: Model, reached: frozenset[str]) -> Iterator[Unreached]:
    for key, group in model.nodes.items():
        if key not in reached:
            yield Unreached(
                ("nodes", key), f"no deploy starts there: no client that asks for any deploys to {group.site}"
            )


def _graph(model: Model, spans: tuple[Span, ...]) -> Graph:
    """The network by its delays, which decide on routes."""
    ends = {span.name: (span.a, span.b, span.delay_s) for span in spans}
    for key, link in model.links.items():
        for name in (key,) if link.between is not None else model.link_names.of_shape(key):
            a, b, delay_s = (*model.ends(link), 0.0) if link.between is not None else ends[name]
            ends[name] = (a, b, delay_s if link.delay_s is None else link.delay_s)
    return Graph(way for name, (a, b, delay_s) in ends.items() for way in duplex(name, a, b, 1.0, delay_s=delay_s))


def longest_round_trip_s(model: Model) -> float:
    """The longest round trip that a deploy's bytes may cross without queues, s; 0 where there is no network.

    Replays ask for what they ask: every client counts.
    """
    spans = generated(model)
    if not spans:
        return 0.0
    graph = _graph(model, spans)
    places = {*graph.places}
    pairs = (pair for pair in _pairs(model, frozenset(model.nodes)) if places.issuperset(pair))
    return max((graph.round_trip_s(a, b) for a, b in pairs), default=0.0)


def _links_used(model: Model, graph: Graph, reached: frozenset[str]) -> frozenset[int]:
    """Positions of the links that requests or bytes of a deploy cross."""
    places = {*graph.places}
    there_and_back = (
        (a, b) for pair in _pairs(model, reached) for a, b in (pair, pair[::-1]) if a in places and b in places
    )
    return frozenset(at for a, b in there_and_back for at in graph.route(a, b).links)


def _pairs(model: Model, reached: frozenset[str]) -> list[tuple[str, str]]:
    """Hosts between which requests or bytes of a deploy go; hosts of a group are taken to be alike."""
    asking = summary.clients(model)
    clients = [model.host_names.of("clients", key)[0] for key in model.clients if key in asking]
    nodes = [model.host_names.of("nodes", key)[0] for key in model.nodes if key in reached]
    pairs = [*product(clients, nodes), *product(nodes, [CENTRAL]), *product(nodes, nodes)]
    for key in reached:
        at, upstream = model.host_names.of("nodes", key)[0], model.nodes[key].upstream
        while upstream in model.caches:
            above = model.host_names.of("caches", upstream)[0]
            pairs.append((at, above))
            at, upstream = above, model.caches[upstream].upstream
        pairs.append((at, CENTRAL))
    if happens(model).routes != {"node-direct"}:
        pairs += product(clients, [CENTRAL])
    return pairs


def _sites(model: Model, graph: Graph, used: frozenset[int]) -> Iterator[Unreached]:
    passed = {end for at in used for end in (graph.links[at].tail, graph.links[at].head)}
    homes = {host.site for _, host in model.hosts()} | {client.metro for client in model.clients.values()}
    for key in model.sites:
        if site_place(key) not in passed and key not in homes:
            yield Unreached(
                ("sites", key), "no deploy passes it: nothing stands there, and no route that is used leads over it"
            )


def _links(model: Model, idle: Mapping[str, str]) -> Iterator[Unreached]:
    """Links without use that have a price, hours or faults of their own, and those beside one that carries all."""
    broken = _broken(model)
    for name, why in idle.items():
        link = model.links[name]
        if "beside" in why:
            yield Unreached(("links", name), why)
        elif link.price_usd_per_byte:
            yield Unreached(("links", name, "price"), why)
        elif link.schedule:
            yield Unreached(("links", name, "schedule"), why)
        elif name in broken:
            yield Unreached(("links", name), f"breaks without effect: it {why}")


def _idle_links(model: Model, graph: Graph, used: frozenset[int]) -> dict[str, str]:
    """The links between sites that carry nothing, each with the reason.

    Where a link that is used fails, others may take its place: then none is named.
    """
    names = {graph.links[at].name.rpartition("-")[0] for at in used}
    if _broken(model) & names:
        return {}
    hosts = {name for name, _ in model.hosts()}
    between = {name: frozenset(model.ends(link)) for name, link in model.links.items() if link.between is not None}
    taken = {ends: name for name, ends in between.items() if name in names}
    why = "no route that is used crosses it; routes are those of least delay"
    return {
        name: f"carries nothing{f' beside {taken[ends]}, which joins the same ends' if ends in taken else ''}: {why}"
        for name, ends in between.items()
        if name not in names and not ends & hosts
    }


def _broken(model: Model) -> set[str]:
    """The links that faults break."""
    return {
        name
        for fault in model.faults.values()
        if fault.breaks_links
        for target in fault.targets
        for name in links_meant(model, target)
    }
