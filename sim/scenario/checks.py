"""What tables cannot see alone: names that must exist, hosts that must be reached, figures that must go together.

Each check is a small generator of faults over valid tables; a new one is written and put into `CHECKS`, after the
checks of what its faults `need`. Those of links are in `wiring`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from sim.errors import near, shown
from sim.figures import Figure
from sim.network.topology import shapes
from sim.registry.clients import PROFILES
from sim.scenario.faults import Fault, Path
from sim.scenario.leaves import leaves
from sim.scenario.lines import Line
from sim.scenario.model import Tables
from sim.scenario.names import CENTRAL
from sim.scenario.pushes import tables_can_be_read
from sim.scenario.streams import (
    demand_can_be_met,
    sizes_can_be_drawn,
    steady_state_is_steady,
    streams_are_whole,
)
from sim.scenario.tables import ClientGroup, Host, NodeGroup, Registry
from sim.scenario.tariffs import tariffs_count_somewhere, tiers_rise
from sim.scenario.thresholds import UTILISATION, threshold
from sim.scenario.wiring import (
    generated,
    links_are_whole,
    links_go_somewhere,
    links_meant,
    schedules_fit_the_day,
    shapes_can_be_made,
    sites_are_joined,
    unclear,
    windows,
)
from sim.units import PerHost, UnitError


def _groups(tables: Tables) -> Iterator[tuple[Path, NodeGroup | ClientGroup]]:
    yield from ((("nodes", key), node) for key, node in tables.nodes.items())
    yield from ((("clients", key), client) for key, client in tables.clients.items())


def _host_tables(tables: Tables) -> Iterator[tuple[Path, Host]]:
    yield (CENTRAL,), tables.central
    yield from _groups(tables)


def _lines(tables: Tables) -> Iterator[tuple[Path, Line]]:
    yield from _host_tables(tables)
    yield from ((("links", key), link) for key, link in tables.links.items())


def something_of_each(tables: Tables) -> Iterator[Fault]:
    """There is a node, a client and an image; a log brings images of its own."""
    for key, example in (("nodes", "dal-n"), ("clients", "dal-dev"), ("images", "http")):
        if not getattr(tables, key) and not (key == "images" and tables.demand.replay):
            yield Fault((key,), "there is none", f"add a table such as [{key}.{example}]")


def alternatives(tables: Tables) -> Iterator[Fault]:
    """A line's rate and delay, and a window's rate, are each written one way."""
    for path, rates in (*_lines(tables), *windows(tables)):
        written = rates.model_fields_set
        if {"rtt_s", "own_delay_s"} <= written:
            yield Fault((*path, "rtt"), "rtt and delay are both given", "keep one, delay is one way")
        if "capacity_Bps" in written and written & {"own_up_Bps", "own_down_Bps"}:
            yield Fault((*path, "capacity"), "capacity and up or down are both given", "keep one way")
        elif isinstance(rates, Registry) and len(written & {"own_up_Bps", "own_down_Bps"}) == 1:
            lacks = "down" if "own_up_Bps" in written else "up"
            yield Fault((*path, lacks), "is missing beside its opposite", f"write {lacks} too, or capacity alone")


def sites_exist(tables: Tables) -> Iterator[Fault]:
    """Every host names a site that there is, where the shape has sites."""
    for path, host in _host_tables(tables):
        where = (*path, "site")
        if host.site is None and shapes.needs_sites(tables.topology.name):
            yield Fault(where, "is missing", _site_remedy(tables), needs=(("topology",), ("sites",)))
        elif host.site is not None and host.site not in tables.sites:
            problem = f"unknown site, got {shown(host.site)}"
            yield Fault(where, problem, _site_remedy(tables, host.site), needs=(("sites", host.site),))
    for key, group in tables.clients.items():
        if group.metro is not None and group.metro not in tables.sites:
            problem = f"unknown site, got {shown(group.metro)}"
            yield Fault(("clients", key, "metro"), problem, _site_remedy(tables, group.metro), needs=(("sites",),))
        if group.account is not None and not re.fullmatch("[a-z0-9]+(?:[._-][a-z0-9]+)*", group.account):
            problem = f"can't be part of a repository's name, got {shown(group.account)}"
            yield Fault(("clients", key, "account"), problem, "use small letters, digits and single hyphens")


def _site_remedy(tables: Tables, name: str = "") -> str:
    return near(name, tables.sites) if tables.sites else f"add a table such as [sites.{name or 'was'}]"


def shares_are_above_zero(tables: Tables) -> Iterator[Fault]:
    """Some image and some client is asked for, and some node has a weight."""
    if tables.nodes and not any(group.weight for group in tables.nodes.values()):
        yield Fault(("nodes",), "all weights are 0", "give one of them a weight above 0")
    for key, shares in (
        ("images", [image.share for image in tables.images.values()]),
        ("clients", [group.share for group in tables.clients.values()]),
    ):
        if shares and not any(shares):
            yield Fault((key,), "all shares are 0", "give one of them a share above 0")


def profiles_exist(tables: Tables) -> Iterator[Fault]:
    """Every client behaves like one that is known."""
    for key, group in tables.clients.items():
        if group.profile not in PROFILES:
            problem = f"unknown client, got {shown(group.profile)}"
            yield Fault(("clients", key, "profile"), problem, near(group.profile, PROFILES))


def kernels_agree(tables: Tables) -> Iterator[Fault]:
    """An image has a kernel or is a ROM."""
    for key, image in tables.images.items():
        path: Path = ("images", key, "rom")
        if image.written_rom is True and not image.is_rom:
            yield Fault(path, "a ROM has no kernel, got true beside a kernel", "remove kernel or rom")
        if image.written_rom is False and image.is_rom:
            yield Fault(path, "an image without a kernel is a ROM, got false", "add its kernel or remove rom")


def jobs_keep_to_their_cap(tables: Tables) -> Iterator[Fault]:
    """A cap on a job holds for each of its bodies, so they must not travel side by side."""
    sync = tables.policies.sync
    if sync.job_Bps is not None and sync.references != "series":
        problem = "caps one body at a time, but references are copied in parallel"
        yield Fault(("policies", "sync", "job_rate"), problem, 'set policies.sync.references = "series"')


def faults_have_targets(tables: Tables) -> Iterator[Fault]:
    """A fault breaks links or registries that there are, at a time that is given or drawn."""
    links = {*(span.name for span in generated(tables)), *tables.links}
    registries = {CENTRAL, *(name for name, _ in tables.node_hosts())}
    for key, broken in tables.faults.items():
        for target in broken.targets:
            if broken.breaks_links:
                what, meant, known = "link", links_meant(tables, target), links
            else:
                what, meant, known = "registry", tables.registries_meant(target), registries
            if len(meant) != 1:
                yield unclear(("faults", key, "target"), what, target, meant, known)
        if (broken.at_s is None) == (broken.between_s is None):
            problem = "must be once at a time or again and again"
            yield Fault(("faults", key), problem, 'write at = "1 h", or between = "6 h"')


def replays_have_hosts(tables: Tables) -> Iterator[Fault]:
    """A replay's origins are groups of hosts, and its window has an end after its beginning."""
    replay = tables.demand.replay
    if replay is None:
        return
    groups = {*tables.nodes, *tables.clients}
    for key, origin in replay.origins.items():
        meant = tuple("/".join(group) for group in tables.groups_meant(origin.group))
        if len(meant) != 1:
            path: Path = ("demand", "replay", "origins", key, "group")
            needs = (("nodes",), ("clients",))
            yield unclear(path, "group of nodes or clients", origin.group, meant, groups, needs=needs)
    if replay.since_s is not None and replay.until_s is not None and replay.until_s <= replay.since_s:
        yield Fault(("demand", "replay", "until"), "must be after since", "lengthen the window")


def thresholds_name_links(tables: Tables) -> Iterator[Fault]:
    """The link of a threshold on a link's utilisation is one of which runs tell it."""
    for name, text in tables.thresholds.items():
        metric = threshold(text).metric
        if metric.startswith(UTILISATION):
            known = told_links(tables)
            link = metric.removeprefix(UTILISATION).rpartition(".")[0]
            if link not in known:
                path = ("thresholds", name)
                yield Fault(path, f"no utilisation is told of such a link, got {shown(link)}", near(link, known))


def told_links(tables: Tables) -> list[str]:
    """The directions of links whose utilisation is among a run's metrics: those between places, and central's."""
    of_hosts = {name for name, _ in tables.hosts()} - {CENTRAL}
    spans = {span.name: (span.a, span.b) for span in generated(tables)}
    for name, link in tables.links.items():
        if link.between is not None:
            spans[name] = tables.ends(link)
    told = [name for name, ends in spans.items() if not of_hosts & set(ends)]
    return [f"{name}-{way}" for name in told for way in ("up", "down")]


CHECKS: tuple[Callable[[Tables], Iterator[Fault]], ...] = (
    something_of_each,
    alternatives,
    links_are_whole,
    schedules_fit_the_day,
    sites_exist,
    shapes_can_be_made,
    links_go_somewhere,
    sites_are_joined,
    shares_are_above_zero,
    profiles_exist,
    kernels_agree,
    streams_are_whole,
    demand_can_be_met,
    steady_state_is_steady,
    sizes_can_be_drawn,
    jobs_keep_to_their_cap,
    faults_have_targets,
    replays_have_hosts,
    thresholds_name_links,
    tariffs_count_somewhere,
    tiers_rise,
    tables_can_be_read,
)


def ranges_hold_values(tables: Tables, figures: Mapping[Path, Figure]) -> Iterator[Fault]:
    """A figure lies in the range that it gives."""
    known = {leaf.path: leaf.quantity for leaf in leaves(tables)}
    for path, figure in figures.items():
        if figure.range is None or path not in known:
            continue
        quantity, where = known[path], (*path, "range")
        if quantity is None:
            yield Fault(where, "this value has no range, it is no number", "remove the range")
            continue
        try:
            low, high = (quantity.read(limit) for limit in figure.range)
        except UnitError as error:
            yield Fault(where, error.problem, error.remedy)
            continue
        value = quantity.read(figure.value)
        if len({number.host if isinstance(number, PerHost) else "" for number in (low, value, high)}) > 1:
            problem = f"must be of the same kind as the value {shown(figure.value)}"
            yield Fault(where, problem, "write all three per node, per client, or of all together")
        elif not low <= value <= high:
            limits = " to ".join(shown(limit) for limit in figure.range)
            problem = f"must hold the value {shown(figure.value)}, got {limits}"
            yield Fault(where, problem, "widen it or mend the value")
