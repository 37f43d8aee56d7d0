"""What links must keep to that one table cannot see alone: ends that exist, ways to central, hours of a day."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from sim.errors import near, shown
from sim.network.topology import shapes
from sim.network.topology.schedule import DAY_S
from sim.network.topology.shapes import ShapeError, Span
from sim.scenario.faults import Fault, Path
from sim.scenario.lines import Window
from sim.scenario.model import Tables
from sim.scenario.names import CENTRAL, site_place
from sim.units import format_seconds


def windows(tables: Tables) -> Iterator[tuple[Path, Window]]:
    for key, link in tables.links.items():
        yield from ((("links", key, "schedule", name), window) for name, window in link.schedule.items())


def schedules_fit_the_day(tables: Tables) -> Iterator[Fault]:
    """A window of a link's schedule lies within the day, says a rate, and no two of one link overlap."""
    for path, window in windows(tables):
        for key, at_s in (("from", window.from_s), ("until", window.until_s)):
            if at_s > DAY_S:
                yield Fault((*path, key), f"must be a time of day, got {format_seconds(at_s)}", "write one up to 24 h")
        if window.up_Bps is None and window.down_Bps is None:
            yield Fault((*path, "capacity"), "is missing", 'write capacity = "1 Gbit/s", or up or down')
    for key, link in tables.links.items():
        by_time = sorted(link.schedule.items(), key=lambda named: named[1].from_s)
        for (name, window), (other, later) in zip(by_time, [*by_time[1:], *by_time[:1]], strict=True):
            until_next_s = (later.from_s - window.from_s) % DAY_S or (DAY_S if name == other else 0.0)
            if window.lasts_s > until_next_s:
                path = ("links", key, "schedule", other, "from")
                yield Fault(path, f"window {name} lasts longer than until then", "let one end where the other begins")


def links_are_whole(tables: Tables) -> Iterator[Fault]:
    """A link that joins two ends has a rate each way and a delay."""
    for key, link in tables.links.items():
        path: Path = ("links", key)
        if link.between is None:
            continue
        if link.delay_s is None:
            remedy = 'write rtt = "31.5 ms", or delay for one way'
            yield Fault((*path, "rtt"), "is missing", remedy, needs=((*path, "delay"),))
        for name, rate_Bps in (("up", link.up_Bps), ("down", link.down_Bps)):
            if rate_Bps is None:
                remedy = 'write capacity = "10 Gbit/s", or both up and down'
                yield Fault((*path, name), "is missing", remedy, needs=((*path, "capacity"),))


def shapes_can_be_made(tables: Tables) -> Iterator[Fault]:
    """The shape has what it needs: enough sites, positions or delays, a file that can be read."""
    try:
        tables.generated()
    except ShapeError as error:
        path: Path = ("topology", error.key) if error.key else ("topology",)
        yield Fault(path, error.problem, error.remedy, needs=(("sites",),))


def generated(tables: Tables) -> tuple[Span, ...]:
    """What the shape generates, nothing where it can't: then `shapes_can_be_made` says so."""
    try:
        return tables.generated()
    except ShapeError:
        return ()


def links_meant(tables: Tables, word: str, own: bool = True) -> tuple[str, ...]:
    """The links that a word may mean, of the scenario's `own` too or only those that the shape generates."""
    try:
        names = tables.link_names
    except ShapeError:
        return ()
    return names.meant(word) if own else names.of_shape(word)


def unclear(path: Path, what: str, word: str, meant: tuple[str, ...], known: Iterable[str], **more: Any) -> Fault:
    """The fault of a word that means nothing, or more than one thing."""
    if meant:
        return Fault(path, f"may mean {' or '.join(meant)}, got {shown(word)}", "write which of these", **more)
    return Fault(path, f"unknown {what}, got {shown(word)}", near(word, known), **more)


def links_go_somewhere(tables: Tables) -> Iterator[Fault]:
    """A link's ends are sites, hosts or places of the shape, and one without ends overrides one that it generates."""
    if not tables.links:
        return
    spans = generated(tables)
    names = frozenset(span.name for span in spans)
    places = {
        *tables.sites,
        *(name for name, _ in tables.hosts()),
        *(end for span in spans for end in (span.a, span.b)),
    }
    overridden: dict[str, str] = {}
    for key, link in tables.links.items():
        path: Path = ("links", key)
        if link.between is None:
            yield from _overrides(tables, key, names, overridden)
        elif "/" in key:
            yield Fault(
                path, "is the path of a generated link, but has ends", "name it without a slash, or drop between"
            )
        ends = [(end, tables.places_meant(end)) for end in link.between or ()]
        for end, meant in ends:
            if len(meant) != 1:
                needs: tuple[Path, ...] = (("sites", end), *_makers(tables, end))
                yield unclear((*path, "between"), "site or host", end, meant, places, needs=needs)
        if len(ends) == 2 and len({meant for _, meant in ends}) == 1 and ends[0][1]:
            yield Fault((*path, "between"), f"both ends are {ends[0][1][0]}", "name two places")


def _overrides(tables: Tables, key: str, names: Collection[str], overridden: dict[str, str]) -> Iterator[Fault]:
    """What is wrong with the name of a link without ends; `overridden` are those that links before it override."""
    path: Path = ("links", key)
    meant = links_meant(tables, key, own=False)
    if len(meant) > 1:
        yield unclear(path, "link", key, meant, names)
    elif not meant:
        problem = f"{tables.topology.name} generates no such link to override"
        remedy = f"{near(key, names)} or join two ends by between"
        yield Fault(path, problem, remedy, needs=(("topology",), *_makers(tables, key)))
    elif meant[0] in overridden:
        problem = f"overrides the same link as links.{overridden[meant[0]]}"
        yield Fault(path, problem, "keep one of them", needs=(("links", overridden[meant[0]]),))
    else:
        overridden[meant[0]] = key


def _makers(tables: Tables, name: str) -> Iterator[Path]:
    """The groups that would have made a host or link of this name, had they been right."""
    for table, groups in (("nodes", tables.nodes), ("clients", tables.clients)):
        yield table, name
        yield from ((table, key) for key in groups if key in name)


def sites_are_joined(tables: Tables) -> Iterator[Fault]:
    """Links lead from every site to central's, where hosts hang on sites."""
    if not shapes.needs_sites(tables.topology.name) or not tables.sites:
        return
    neighbours: dict[str, list[str]] = {site_place(site): [] for site in tables.sites}
    for a, b in _pairs(tables):
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    home = tables.central.site or ""
    home = home if home in tables.sites else next(iter(tables.sites))
    reached, ahead = {site_place(home)}, [site_place(home)]
    while ahead:
        new = [place for place in neighbours[ahead.pop()] if place not in reached]
        reached.update(new)
        ahead.extend(new)
    brought = _brought(tables)
    for site in tables.sites:
        if site_place(site) not in reached:
            remedy = f'add a link with between = ["{site}", "{home}"]'
            needs: tuple[Path, ...] = (("links",), (CENTRAL, "site"), ("topology",))
            problem = f"no link leads to {home}"
            if brought and site not in brought:
                problem = f"is no place of the topology's file, and {problem}"
                remedy = f"{near(site, brought)} or {remedy}"
            yield Fault(("sites", site), problem, remedy, needs=needs)


def _pairs(tables: Tables) -> Iterator[tuple[str, str]]:
    """The places that each link joins, those of unknown ends left out."""
    yield from ((span.a, span.b) for span in generated(tables))
    for link in tables.links.values():
        places = [tables.places_meant(end) for end in link.between or ()]
        if all(places) and places:
            yield places[0][0], places[1][0]


def _brought(tables: Tables) -> tuple[str, ...]:
    """The places that the topology brings; none where it can't be made, which another check tells."""
    try:
        return shapes.places(tables.topology.name, tables.topology.parameters)
    except ShapeError:
        return ()
