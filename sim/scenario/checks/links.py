"""Checks of links and of the network's shape: ends that exist, a way to central, rates and hours that are whole.

Left out: whether a link is fast enough for what crosses it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sim.errors import near
from sim.network.topology import shapes
from sim.network.topology.schedule import DAY_S
from sim.network.topology.shapes import ShapeError
from sim.scenario.checks.hosts import host_tables
from sim.scenario.diagnostics import Diagnostic, unclear
from sim.scenario.keypath import KeyPath
from sim.scenario.model.hosts import Registry
from sim.scenario.model.links import LinkParameters, Window
from sim.scenario.model.naming import CENTRAL, site_place
from sim.scenario.model.network import generated, links_meant
from sim.scenario.model.root import Model
from sim.units import format_seconds


def windows(model: Model) -> Iterator[tuple[KeyPath, Window]]:
    for key, link in model.links.items():
        yield from ((("links", key, "schedule", name), window) for name, window in link.schedule.items())


def schedules_fit_the_day(model: Model) -> Iterator[Diagnostic]:
    """A window of a link's schedule lies within the day, says a rate, and no two of one link overlap."""
    for path, window in windows(model):
        for key, at_s in (("from", window.from_s), ("until", window.until_s)):
            if at_s > DAY_S:
                yield Diagnostic(
                    (*path, key), f"must be a time of day, got {format_seconds(at_s)}", "write one up to 24 h"
                )
        if window.up_Bps is None and window.down_Bps is None:
            yield Diagnostic((*path, "capacity"), "is missing", 'write capacity = "1 Gbit/s", or up or down')
    for key, link in model.links.items():
        by_time = sorted(link.schedule.items(), key=lambda named: named[1].from_s)
        for (name, window), (other, later) in zip(by_time, [*by_time[1:], *by_time[:1]], strict=True):
            until_next_s = (later.from_s - window.from_s) % DAY_S or (DAY_S if name == other else 0.0)
            if window.lasts_s > until_next_s:
                path = ("links", key, "schedule", other, "from")
                yield Diagnostic(
                    path, f"window {name} lasts longer than until then", "let one end where the other begins"
                )


def links_are_whole(model: Model) -> Iterator[Diagnostic]:
    """A link that joins two ends has a rate each way and a delay."""
    for key, link in model.links.items():
        path: KeyPath = ("links", key)
        if link.between is None:
            continue
        if link.delay_s is None:
            remedy = 'write rtt = "31.5 ms", or delay for one way'
            yield Diagnostic((*path, "rtt"), "is missing", remedy, needs=((*path, "delay"),))
        for name, rate_Bps in (("up", link.up_Bps), ("down", link.down_Bps)):
            if rate_Bps is None:
                remedy = 'write capacity = "10 Gbit/s", or both up and down'
                yield Diagnostic((*path, name), "is missing", remedy, needs=((*path, "capacity"),))


def shapes_can_be_made(model: Model) -> Iterator[Diagnostic]:
    """The shape has what it needs: enough sites, positions or delays, a file that can be read."""
    try:
        model.generated()
    except ShapeError as error:
        path: KeyPath = ("topology", error.key) if error.key else ("topology",)
        yield Diagnostic(path, error.problem, error.remedy, needs=(("sites",),))


def windows_have_queues(model: Model) -> Iterator[Diagnostic]:
    """Windows grow until they meet a full queue."""
    if model.tcp.shares != "windows" or model.run.wire == "packets":
        return
    path: KeyPath = ("tcp", "shares")
    if model.tcp.queue_s <= 0.0:
        yield Diagnostic(path, "windows need to know when queues are full", 'write tcp.queue = "60 ms" for example')


def shared_connections_are_simple(model: Model) -> Iterator[Diagnostic]:
    """Bodies that share a connection share it evenly, through no outage, and no job caps its own part."""
    if model.tcp.parallel != "shared":
        return
    path: KeyPath = ("tcp", "parallel")
    beside = {
        "run.wire is packets": model.run.wire == "packets",
        "tcp.shares is windows": model.tcp.shares == "windows",
        "faults break links or registries": bool(model.faults),
        "policies.sync.job_rate bounds each copy": model.policies.sync.job_Bps is not None,
    }
    for why, is_so in beside.items():
        if is_so:
            yield Diagnostic(path, f"one connection for all bodies is not modelled where {why}", 'write "opened"')


def links_go_somewhere(model: Model) -> Iterator[Diagnostic]:
    """A link's ends are sites, hosts or places of the shape, and one without ends overrides one that it generates."""
    if not model.links:
        return
    spans = generated(model)
    names = frozenset(span.name for span in spans)
    places = {
        *model.sites,
        *(name for name, _ in model.hosts()),
        *(end for span in spans for end in (span.a, span.b)),
    }
    overridden: dict[str, str] = {}
    for key, link in model.links.items():
        path: KeyPath = ("links", key)
        if link.between is None:
            yield from _overrides(model, key, names, overridden)
        elif "/" in key:
            yield Diagnostic(
                path, "is the path of a generated link, but has ends", "name it without a slash, or drop between"
            )
        ends = [(end, model.places_meant(end)) for end in link.between or ()]
        for end, meant in ends:
            if len(meant) != 1:
                needs: tuple[KeyPath, ...] = (("sites", end), *_makers(model, end))
                yield unclear((*path, "between"), "site or host", end, meant, places, needs=needs)
        if len(ends) == 2 and len({meant for _, meant in ends}) == 1 and ends[0][1]:
            yield Diagnostic((*path, "between"), f"both ends are {ends[0][1][0]}", "name two places")


def _overrides(model: Model, key: str, names: Collection[str], overridden: dict[str, str]) -> Iterator[Diagnostic]:
    """What is wrong with the name of a link without ends; `overridden` are those that links before it override."""
    path: KeyPath = ("links", key)
    meant = links_meant(model, key, own=False)
    if len(meant) > 1:
        yield unclear(path, "link", key, meant, names)
    elif not meant:
        problem = f"{model.topology.name} generates no such link to override"
        remedy = f"{near(key, names)} or join two ends by between"
        yield Diagnostic(path, problem, remedy, needs=(("topology",), *_makers(model, key)))
    elif meant[0] in overridden:
        problem = f"overrides the same link as links.{overridden[meant[0]]}"
        yield Diagnostic(path, problem, "keep one of them", needs=(("links", overridden[meant[0]]),))
    else:
        overridden[meant[0]] = key


def _makers(model: Model, name: str) -> Iterator[KeyPath]:
    """The groups that would have made a host or link of this name, had they been right."""
    for table, groups in (("nodes", model.nodes), ("caches", model.caches), ("clients", model.clients)):
        yield table, name
        yield from ((table, key) for key in groups if key in name)


def sites_are_joined(model: Model) -> Iterator[Diagnostic]:
    """Links lead from every site to central's, where hosts hang on sites."""
    if not shapes.needs_sites(model.topology.name) or not model.sites:
        return
    neighbours: dict[str, list[str]] = {site_place(site): [] for site in model.sites}
    for a, b in _pairs(model):
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    home = model.central.site or ""
    home = home if home in model.sites else next(iter(model.sites))
    reached, ahead = {site_place(home)}, [site_place(home)]
    while ahead:
        new = [place for place in neighbours[ahead.pop()] if place not in reached]
        reached.update(new)
        ahead.extend(new)
    brought = _brought(model)
    for site in model.sites:
        if site_place(site) not in reached:
            remedy = f'add a link with between = ["{site}", "{home}"]'
            needs: tuple[KeyPath, ...] = (("links",), (CENTRAL, "site"), ("topology",))
            problem = f"no link leads to {home}"
            if brought and site not in brought:
                problem = f"is no place of the topology's file, and {problem}"
                remedy = f"{near(site, brought)} or {remedy}"
            yield Diagnostic(("sites", site), problem, remedy, needs=needs)


def _pairs(model: Model) -> Iterator[tuple[str, str]]:
    """The places that each link joins, those of unknown ends left out."""
    yield from ((span.a, span.b) for span in generated(model))
    for link in model.links.values():
        places = [model.places_meant(end) for end in link.between or ()]
        if all(places) and places:
            yield places[0][0], places[1][0]


def _brought(model: Model) -> tuple[str, ...]:
    """The places that the topology brings; none where it can't be made, which another check says."""
    try:
        return shapes.places(model.topology.name, model.topology.parameters)
    except ShapeError:
        return ()


def _rated(model: Model) -> Iterator[tuple[KeyPath, LinkParameters]]:
    yield from host_tables(model)
    yield from ((("links", key), link) for key, link in model.links.items())


def alternatives(model: Model) -> Iterator[Diagnostic]:
    """A link's rate and delay, and a window's rate, are each written one way."""
    for path, rates in (*_rated(model), *windows(model)):
        written = rates.model_fields_set
        if {"rtt_s", "own_delay_s"} <= written:
            yield Diagnostic((*path, "rtt"), "rtt and delay are both given", "keep one, delay is one way")
        if "capacity_Bps" in written and written & {"own_up_Bps", "own_down_Bps"}:
            yield Diagnostic((*path, "capacity"), "capacity and up or down are both given", "keep one way")
        elif isinstance(rates, Registry) and len(written & {"own_up_Bps", "own_down_Bps"}) == 1:
            lacks = "down" if "own_up_Bps" in written else "up"
            yield Diagnostic((*path, lacks), "is missing beside its opposite", f"write {lacks} too, or capacity alone")
