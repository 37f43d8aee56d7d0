"""A scenario from what sources show: its lines, each measured, assumed or set, and what nobody could tell.

Zones are sites, with a group of nodes each, and clients where nodes are. Where the central registry is, who deploys and
how often, no inventory says: those lines are assumptions, with the model's own defaults and ranges. Both routes are
compared, since that is the question. Left out: faults, prices, hours, and rules of a cluster's scheduler.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sim.calibrate.calibration import Calibration
from sim.calibrate.imports.entries import Entry, Table, assumed, measured
from sim.calibrate.imports.found import Found, Nodes, observed, shown_text
from sim.calibrate.imports.geography import Sites, network, sites_of
from sim.calibrate.imports.kinds import entries as image_entries
from sim.calibrate.imports.kinds import kinds_of
from sim.calibrate.probes.estimate import Estimate
from sim.units import format_seconds

_CLIENT: Final = "dev"
#: A run of more deploys is cut short, so that it ends.
_MOST_DEPLOYS: Final = 1_000_000
_DAY_S: Final = 86_400.0
#: Of so many nodes in one row the line counts once each; of more as often.
_COUNTED: Final = 1000
#: What bounds a figure and does not measure it is an assumption, as the reader that bounds it says.
_BOUND: Final = "an upper bound"


@dataclass(frozen=True, slots=True)
class Draft:
    """A scenario's lines in order, estimates that no key takes by source, and what each source cannot tell."""

    sources: tuple[Found, ...]
    entries: tuple[Entry, ...]
    beside: Mapping[str, tuple[Estimate, ...]]
    open: tuple[str, ...]


def drafted(found: Sequence[Found]) -> Draft:
    """A scenario of all sources together. InputError where they have more sites than one table answers."""
    open_: list[str] = []
    calibration = Calibration(tuple(one.evidence for one in found), _CLIENT, "central")
    figures = dict(calibration.figures)
    sites = sites_of(found)
    central = _central(found, sites, open_)
    kinds = kinds_of(found)
    open_ += [*kinds.open, *calibration.conflicts]
    images = list(image_entries(kinds)) or list(_assumed_images(open_))
    nodes = list(_nodes(found, sites, central.site, open_))
    lines = [
        *_run(found, figures.get("demand.rate"), open_),
        *network(found, sites, central.site, open_),
        *central.entries,
        *nodes,
        *_clients(nodes, open_),
        *images,
        *_demand(found, figures, open_),
    ]
    lines = [*_measured(lines, figures), *_variants()]
    taken = list(figures.values())
    beside = {one.path: tuple(each for each in one.evidence.estimates if each not in taken) for one in found}
    return Draft(tuple(found), tuple(lines), beside, tuple(open_))


@dataclass(frozen=True, slots=True)
class _Central:
    site: str
    entries: tuple[Entry, ...]


def _central(found: Sequence[Found], sites: Sites, open_: list[str]) -> _Central:
    """Central's site: where a source says, else the one with most nodes."""
    said = next(((one.path, one.central) for one in found if one.central is not None), None)
    if said is not None:
        path, called = said
        return _Central(sites.own(called), (Entry(("central",), "site", sites.own(called), shown_text(path)),))
    counts = dict.fromkeys(dict.fromkeys(sites.names[called] for called in sites.places), 0)
    for nodes in (nodes for one in found for nodes in one.nodes):
        counts[sites.own(nodes.site)] += nodes.count
    site = max(counts, key=lambda name: counts[name])
    if len(counts) > 1:
        open_.append(f"where the central registry is: it is put at {site}, where most nodes are")
    return _Central(site, (Entry(("central",), "site", site, "where most nodes are", True),))


def _run(found: Sequence[Found], rate: Estimate | None, open_: list[str]) -> Iterator[Entry]:
    paths = ", ".join(one.path for one in found)
    yield Entry(("run",), "title", f"Imported from {shown_text(paths)}")
    yield Entry(("run",), "baseline", "central")
    if rate is not None and rate.value * _DAY_S > _MOST_DEPLOYS:
        duration_s = max(float(f"{_MOST_DEPLOYS / rate.value:.3g}"), 1e-3)
        yield Entry(("run",), "duration", format_seconds(duration_s))
        open_.append(f"what a day brings: at this rate a run of {format_seconds(duration_s)} has a million deploys")


def _nodes(found: Sequence[Found], sites: Sites, central: str, open_: list[str]) -> Iterator[Entry]:
    """A group at each site that has nodes, by the source that tells of most there; else an assumed one at central's."""
    groups: dict[str, dict[str, list[Nodes]]] = {}
    for one in found:
        for nodes in one.nodes:
            groups.setdefault(sites.own(nodes.site), {}).setdefault(one.path, []).append(nodes)
    for site, by_path in groups.items():
        path, alike = max(by_path.items(), key=lambda pair: sum(nodes.count for nodes in pair[1]))
        table, total = ("nodes", site), sum(nodes.count for nodes in alike)
        yield Entry(table, "site", site)
        yield Entry(table, "count", total, shown_text(path), n=total)
        every = [nodes for many in by_path.values() for nodes in many]
        rates = [rate for nodes in every if (rate := nodes.capacity_Bps) for _ in range(min(nodes.count, _COUNTED))]
        if rates:
            yield measured(table, "capacity", observed("", "bytes/s", rates, f"{path}: lines of nodes"))
        else:
            yield assumed(table, "capacity", "nodes.NAME.capacity", "not in the data")
    if len({path for by_path in groups.values() for path in by_path}) > 1:
        open_.append("whether sources tell of the same nodes: at each site the one that tells of most is taken")
    if not groups:
        yield Entry(("nodes", "node"), "site", central)
        yield Entry(("nodes", "node"), "count", 4, "not in the data", True, (1, 50))
        open_.append("how many nodes there are, and where: give kubectl get nodes -o json or nodes.csv beside it")


def _clients(nodes: Sequence[Entry], open_: list[str]) -> Iterator[Entry]:
    """Who deploys, which no source says: a group at each site that has nodes, with a share as large."""
    counts = {entry.table[1]: entry.value for entry in nodes if entry.key == "count"}
    sites = {entry.value: counts[entry.table[1]] for entry in nodes if entry.key == "site"}
    for site, count in sites.items():
        table: Table = ("clients", _CLIENT if len(sites) == 1 else f"{site}-{_CLIENT}")
        yield Entry(table, "site", site, "not in the data", True)
        yield Entry(table, "count", 20, "not in the data", True, (1, 200))
        if len(sites) > 1:
            yield Entry(table, "share", count, "not in the data; as many as the nodes there", True)
        for key in ("up", "down", "rtt"):
            yield assumed(table, key, f"clients.NAME.{key}", "not in the data")
    open_.append("who deploys, from where, over which lines and by which client: groups where nodes are, assumed")


def _assumed_images(open_: list[str]) -> Iterator[Entry]:
    open_.append("which images there are: give kubectl get nodes,pods -o json, manifests or an OCI layout beside it")
    table: Table = ("images", "app")
    source = "Unikraft Cloud docs, a sample of 42 MB with the base-compat kernel, an analogue"
    yield Entry(table, "kernel", "36 MiB", source, True, ("1 MiB", "100 MiB"))
    yield Entry(table, "rootfs", "4.3 MB", source, True, ("1 MB", "100 MB"))


def _demand(found: Sequence[Found], figures: Mapping[str, Estimate], open_: list[str]) -> Iterator[Entry]:
    table: Table = ("demand",)
    if "demand.rate" not in figures:
        open_.append("how often images are deployed: an access log or the registry's histograms tell")
    yield assumed(table, "rate", "demand.rate", "not in the data")
    yield assumed(table, "updates", "demand.updates", "not in the data")
    told = [(one.apps, one.path) for one in found if one.apps]
    if told:
        apps, path = max(told)
        yield Entry(table, "apps", apps, f"{shown_text(path)}: what owns pods", n=apps)
    else:
        yield assumed(table, "apps", "demand.apps", "not in the data")


def _measured(lines: Sequence[Entry], figures: Mapping[str, Estimate]) -> list[Entry]:
    """The lines, with those that a figure says in the place of assumed ones, and further figures in their tables.

    What was measured of a client's line is that of every group of clients.
    """
    by_line: dict[tuple[Table, str], Estimate] = {}
    groups = list(dict.fromkeys(line.table for line in lines if line.table[0] == "clients"))
    for path, estimate in figures.items():
        *above, key = path.split(".")
        for table in groups if above[0] == "clients" else [tuple(above)]:
            by_line[table, key] = estimate
    made: list[Entry] = []
    for line in lines:
        told = (line.table, line.key) in by_line
        made.append(_line(line.table, line.key, by_line.pop((line.table, line.key))) if told else line)
    return [*made, *(_line(table, key, estimate) for (table, key), estimate in by_line.items())]


def _line(table: Table, key: str, estimate: Estimate) -> Entry:
    return measured(table, key, estimate, _BOUND in estimate.source)


def _variants() -> Iterator[Entry]:
    for route in ("central", "node-direct"):
        yield Entry(("variants", route), "policies.route", route)
