"""Sites and what joins them: names that a scenario can write, links that are listed, and links that are assumed.

Where links are listed they are the network, and sites that they leave apart are joined to central's by a link that is
assumed. Without any, every two sites are joined, or where there are many each with central's. Zones of one region are
near each other. Left out: links' hours and prices, which no inventory read here has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

from sim import units
from sim.calibrate.imports.entries import Entry, Table, assumed
from sim.calibrate.imports.found import Found, Joined, Place, number_of, shown_text
from sim.errors import InputError
from sim.network.topology.placenames import plain_name

#: More sites are no question that one table answers, and every two of them would be joined.
MOST_SITES: Final = 500
#: Up to so many sites every two are joined where nothing says how; more hang on central's.
_MESHED: Final = 12
_RTT: Final = ("80 ms", ("10 ms", "250 ms"), "not in the data; ping tells")
_NEAR_RTT: Final = ("1 ms", ("0.8 ms", "2.4 ms"), "ibm-cloud-docs/vpc network-latency, between zones of a region")
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Sites:
    """The sites by what sources call them; `names` are the scenario's."""

    places: Mapping[str, Place]
    names: Mapping[str, str]

    def own(self, called: str) -> str:
        return self.names[called]


def sites_of(found: Sequence[Found]) -> Sites:
    """All places that sources name, each under a name that a scenario can write and no other has."""
    places: dict[str, Place] = {}
    for place in (place for one in found for place in one.places):
        known = places.setdefault(place.name, place)
        if known.latitude is None and place.latitude is not None:
            places[place.name] = replace(place, region=known.region or place.region)
    for end in (end for one in found for link in one.links for end in (link.a, link.b)):
        # A link may call a site by a plainer name than the list of nodes does.
        same = next((name for name in places if plain_name(name) == plain_name(end) != ""), end)
        places.setdefault(same, Place(same))
    if not places:
        places["site"] = Place("site")
    if len(places) > MOST_SITES:
        problem = f"name {len(places):,} sites, more than {MOST_SITES}"
        raise InputError(", ".join(one.path for one in found[:3]), problem, "give those of one question")
    names: dict[str, str] = {}
    for called in places:
        plain = plain_name(called) if not _NAME.fullmatch(called) else called
        name = (plain or "site")[:60]
        name = f"{name}-site" if name == "central" else name
        again, whole = 2, name
        while whole in names.values():
            whole, again = f"{name}-{again}", again + 1
        names[called] = whole
    by_plain = {plain_name(called): name for called, name in names.items()}
    ends = {end for one in found for link in one.links for end in (link.a, link.b)}
    return Sites(places, names | {end: by_plain[plain_name(end)] for end in ends if end not in names})


def network(found: Sequence[Found], sites: Sites, central: str, open_: list[str]) -> Iterator[Entry]:
    """Sites, and what joins them."""
    listed = [(one.path, link) for one in found for link in one.links]
    names = list(dict.fromkeys(sites.names[called] for called in sites.places))
    meshed = not listed and 1 < len(names) <= _MESHED
    yield Entry(("topology",), "shape", "mesh" if meshed else "metros")
    by_name = {sites.names[called]: place for called, place in sites.places.items()}
    positioned = all(place.latitude is not None for place in by_name.values())
    if meshed:
        yield _assumed_capacity(("topology",))
        if not positioned:
            yield Entry(("topology",), "rtt", _RTT[0], _RTT[2], True, _RTT[1])
        open_.append(f"what joins {len(names)} sites: each two are joined by a link that is assumed")
    for name, place in by_name.items():
        yield from _site(name, place)
    if meshed:
        for a, b in combinations(names, 2):
            if by_name[a].region and by_name[a].region == by_name[b].region and not positioned:
                yield Entry(("links", f"sites/{a}/{b}"), "rtt", _NEAR_RTT[0], _NEAR_RTT[2], True, _NEAR_RTT[1])
    elif len(names) > 1:
        yield from _links(listed, sites, names, central, open_)


def _site(name: str, place: Place) -> Iterator[Entry]:
    table: Table = ("sites", name)
    if place.latitude is not None and place.longitude is not None:
        yield Entry(table, "latitude", place.latitude)
        yield Entry(table, "longitude", place.longitude)
    else:
        yield Entry(table, "", None)


def _assumed_capacity(table: Table) -> Entry:
    return replace(assumed(table, "capacity", "central.capacity"), source="not in the data; iperf3 tells")


def _links(
    listed: Sequence[tuple[str, Joined]], sites: Sites, names: Sequence[str], central: str, open_: list[str]
) -> Iterator[Entry]:
    """The links that are listed, and those that are assumed so that a way leads from every site to central's."""
    part = {name: name for name in names}

    def home(name: str) -> str:
        while part[name] != name:
            part[name] = part[part[name]]
            name = part[name]
        return name

    taken: set[str] = set()
    for path, link in listed:
        a, b = sites.own(link.a), sites.own(link.b)
        if a != b:
            part[home(a)] = home(b)
            yield from _link(("links", _free(f"{a}-{b}", taken)), (a, b), link, path)
    joined = 0
    for name in names:
        if home(name) != home(central):
            part[home(name)] = home(central)
            joined += 1
            yield from _link(("links", _free(f"{central}-{name}", taken)), (central, name), Joined("", ""), "")
    if joined:
        open_.append(f"what joins {number_of(joined, 'site')} to {central}: links that are assumed")


def _free(name: str, taken: set[str]) -> str:
    again, whole = 2, name
    while whole in taken:
        whole, again = f"{name}-{again}", again + 1
    taken.add(whole)
    return whole


def _link(table: Table, ends: tuple[str, str], link: Joined, path: str) -> Iterator[Entry]:
    yield Entry(table, "between", list(ends))
    source = shown_text(path)
    if link.rtt_s is not None:
        yield Entry(table, "rtt", units.format_seconds(link.rtt_s), source)
    else:
        yield Entry(table, "rtt", _RTT[0], _RTT[2], True, _RTT[1])
    if link.up_Bps is None or link.down_Bps is None:
        known = link.up_Bps if link.up_Bps is not None else link.down_Bps
        if known is None:
            yield _assumed_capacity(table)
            return
        yield Entry(table, "capacity", units.format_rate(known), f"{source}: of one direction, for both")
    elif link.up_Bps == link.down_Bps:
        yield Entry(table, "capacity", units.format_rate(link.up_Bps), source)
    else:
        yield Entry(table, "up", units.format_rate(link.up_Bps), source)
        yield Entry(table, "down", units.format_rate(link.down_Bps), source)
