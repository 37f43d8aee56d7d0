"""What a run costs, item by item: traffic by links' prices and tariffs, capacity and hosts by the month, and storage.

All of it is of the time in which there is demand, `run.duration`: what is priced by the month counts as the part of a
month that this is, and tiers are read as if the run's bytes went on for 30 days. So a month costs `MONTH_S` over the
duration times as much. Left out: what a provider bills that no key has a price for, such as requests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.scenario import Scenario
from sim.scenario.checks.prices import groups_meant
from sim.scenario.model.links import LinkParameters
from sim.scenario.model.naming import CENTRAL
from sim.scenario.model.network import links_meant
from sim.scenario.model.prices import ANY_SITE, HOUR_S, MONTH_S, PURPOSES, Tariff
from sim.tables.columns import Column, Table

Bytes = NDArray[np.int64]

COLUMNS: Final = (
    Column("item", "text", "what is paid for, by its key in the scenario"),
    Column("amount", "float", "bytes carried or kept, bytes/s of capacity, hours, or hosts"),
    Column("cost_usd", "float", "what it costs for the run's duration"),
    Column("cost_usd_per_month", "float", "what it costs in 30 days, if they go on like the run"),
)


class Cost(NamedTuple):
    """One item of a bill, as `COLUMNS` has it."""

    item: str
    amount: float
    cost_usd: float
    cost_usd_per_month: float


def bill(scenario: Scenario, tables: Mapping[str, Table]) -> tuple[Cost, ...]:
    """Every item that costs anything, of a run of the scenario; what has one key in it is one item."""
    months = scenario.run.duration_s / MONTH_S
    by_month = (*_tariffs(scenario, tables, months), *_capacity(scenario, tables), *_hosts(scenario, tables))
    items = [Cost(item, amount, usd, usd / months) for item, amount, usd in _links(tables)]
    items += [Cost(item, amount, usd * months, usd) for item, amount, usd in by_month]
    together: dict[str, Cost] = {}
    for cost in items:
        if cost.cost_usd:
            before = together.get(cost.item, Cost(cost.item, 0.0, 0.0, 0.0))
            together[cost.item] = Cost(cost.item, *(a + b for a, b in zip(before[1:], cost[1:], strict=True)))
    return tuple(together.values())


def _links(tables: Mapping[str, Table]) -> Iterator[tuple[str, float, float]]:
    """Bytes at links' own prices, both directions of each together, of the run."""
    links = tables["links"]
    names, costs_usd = links.column("link"), links.column("cost_usd")
    carried = sum(links.column(f"{purpose}_bytes") for purpose in PURPOSES)
    # Rows stand in pairs: up and down of one link.
    for at in range(0, len(names), 2):
        both = slice(at, at + 2)
        yield f"links.{_link(names[at])}.price", float(carried[both].sum()), float(costs_usd[both].sum())


def _link(direction: str) -> str:
    return direction.rpartition("-")[0]


def _tariffs(scenario: Scenario, tables: Mapping[str, Table], months: float) -> Iterator[tuple[str, float, float]]:
    """Bytes at tariffs' prices: the run's bytes, and what a month costs that goes on like it."""
    tariffs = scenario.prices.traffic
    if not tariffs:
        return
    between = _Carried(scenario, tables) if any(tariff.link is None for tariff in tariffs.values()) else None
    for key, tariff in tariffs.items():
        if tariff.link is not None:
            carried = _on_link(tables["links"], links_meant(scenario, tariff.link)[0], tariff)
        else:
            assert between is not None
            carried = between.bytes_of(tariff)
        yield f"prices.traffic.{key}", float(carried), tariff.month_usd(carried / months)


def _on_link(links: Table, name: str, tariff: Tariff) -> int:
    """What the link of that name carried in the directions and for the purposes that a tariff counts."""
    ways = {"egress": ("up",), "ingress": ("down",), "both": ("up", "down")}[tariff.direction]
    wanted = {f"{name}-{way}" for way in ways}
    at = [position for position, name in enumerate(links.column("link")) if name in wanted]
    return sum(int(links.column(f"{purpose}_bytes")[at].sum()) for purpose in tariff.purposes)


class _Carried:
    """Bytes by lane and purpose, and at which host, group and site each lane begins and ends."""

    def __init__(self, scenario: Scenario, tables: Mapping[str, Table]) -> None:
        self._scenario = scenario
        transfers = tables["transfers"]
        lane = transfers.column("lane")
        lanes, first, number = np.unique(lane, return_index=True, return_inverse=True)
        # What has a purpose of its own is one of the platform's, as in the table of links.
        purpose, purposes = transfers.codes("purpose")
        at = [PURPOSES.index(name) if name in PURPOSES else len(PURPOSES) - 1 for name in purposes]
        self._bytes: Bytes = np.zeros((len(lanes), len(PURPOSES)), np.int64)
        np.add.at(self._bytes, (number, np.array(at, np.int64)[purpose]), transfers.column("size_bytes"))
        site = {name: host.site or "" for name, host in scenario.hosts()}
        group = _groups(scenario)
        (source, sources), (target, targets) = transfers.codes("source"), transfers.codes("target")
        ends = [(sources[source[row]], targets[target[row]]) for row in first.tolist()]
        self._sites = [(site[source], site[target]) for source, target in ends]
        self._groups = [(group[source], group[target]) for source, target in ends]

    def bytes_of(self, tariff: Tariff) -> int:
        """What went the way that a tariff counts, for its purposes, each transfer once."""
        path = None if tariff.hosts is None else groups_meant(self._scenario, tariff.hosts)[0]
        ends = zip(self._groups, self._sites, strict=True)
        counts = np.array([_counts(tariff, path, groups, sites) for groups, sites in ends], np.bool_)
        at = [PURPOSES.index(purpose) for purpose in tariff.purposes]
        return int(self._bytes[counts][:, at].sum()) if len(counts) else 0


def _counts(tariff: Tariff, path: str | None, groups: tuple[str, str], sites: tuple[str, str]) -> bool:
    """Whether a tariff (of hosts at that path, if of any) counts what goes from one group and site to another."""
    if tariff.between is not None:
        first, second = tariff.between
        forth = sites[0] != sites[1] and first in (ANY_SITE, sites[0]) and second in (ANY_SITE, sites[1])
        back = sites[0] != sites[1] and second in (ANY_SITE, sites[0]) and first in (ANY_SITE, sites[1])
    else:
        ends, here = (groups, path) if path is not None else (sites, tariff.site)
        forth, back = ends[0] == here != ends[1], ends[1] == here != ends[0]
    return {"egress": forth, "ingress": back, "both": forth or back}[tariff.direction]


def _groups(scenario: Scenario) -> dict[str, str]:
    """The path of each host's group; central is its own."""
    tables = {"nodes": scenario.nodes, "caches": scenario.caches, "clients": scenario.clients}
    groups = [(table, key) for table, named in tables.items() for key in named]
    return {CENTRAL: CENTRAL} | {
        name: f"{table}/{key}" for table, key in groups for name in scenario.host_names.of(table, key)
    }


def _capacity(scenario: Scenario, tables: Mapping[str, Table]) -> Iterator[tuple[str, float, float]]:
    """Capacity at its price: of links between sites, and of the lines of hosts, each at the mean of both directions.

    What a link has at the start counts.
    """
    links = tables["links"]
    names, tails, heads = (links.column(name) for name in ("link", "tail", "head"))
    wan, capacity_Bps = links.column("wan"), links.column("capacity_Bps")
    lines: dict[str, LinkParameters] = dict(scenario.hosts())
    written = {links_meant(scenario, key)[0]: (key, link) for key, link in scenario.links.items()}
    group = _groups(scenario)
    for at in range(0, len(names), 2):
        name, mean_Bps = _link(names[at]), float(capacity_Bps[at : at + 2].mean())
        key, own = written.get(name, ("", None))
        host = next((end for end in (tails[at], heads[at]) if end in lines), None)
        if own is not None and own.capacity_price_usd_per_Bps is not None:
            yield f"links.{key}.capacity_month", mean_Bps, mean_Bps * own.capacity_price_usd_per_Bps
        elif host is not None:
            item, price = _of_line(scenario, group[host], lines[host])
            yield item, mean_Bps, mean_Bps * price
        elif wan[at]:
            price = scenario.prices.wan_capacity_month_usd_per_Bps
            yield "prices.wan_capacity_month", mean_Bps, mean_Bps * price
        if own is not None and own.month_usd:
            yield f"links.{key}.month", 1.0, own.month_usd


def _of_line(scenario: Scenario, path: str, host: LinkParameters) -> tuple[str, float]:
    """The key of the price of a host's line, and that price, USD a month for each byte/s."""
    if host.capacity_price_usd_per_Bps is not None:
        return f"{path.replace('/', '.')}.capacity_month", host.capacity_price_usd_per_Bps
    if path.startswith("clients/"):
        return "prices.client_capacity_month", scenario.prices.client_capacity_month_usd_per_Bps
    return "prices.registry_capacity_month", scenario.prices.registry_capacity_month_usd_per_Bps


def _hosts(scenario: Scenario, tables: Mapping[str, Table]) -> Iterator[tuple[str, float, float]]:
    """Hosts by the month, registries by the hour, and what nodes keep at the end."""
    registries, prices = tables["registries"], scenario.prices
    groups: list[tuple[str, str, int, float | None, float]] = [
        ("central.month", "prices.central_month", 1, scenario.central.month_usd, prices.central_month_usd)
    ]
    groups += [
        (f"nodes.{key}.month", "prices.node_month", nodes.count, nodes.month_usd, prices.node_month_usd)
        for key, nodes in scenario.nodes.items()
    ]
    groups += [
        (f"caches.{key}.month", "prices.node_month", 1, cache.month_usd, prices.node_month_usd)
        for key, cache in scenario.caches.items()
    ]
    for own, general, count, own_usd, general_usd in groups:
        usd = general_usd if own_usd is None else own_usd
        yield general if own_usd is None else own, float(count), count * usd
    stored = registries.column("stored_bytes")
    kept_bytes = sum(int(n) for n, name in zip(stored, registries.column("registry"), strict=True) if name != CENTRAL)
    hours = len(registries) * MONTH_S / HOUR_S
    yield "prices.registry_hour", hours, hours * prices.registry_hour_usd
    yield "prices.disk_month", float(kept_bytes), kept_bytes * prices.disk_month_usd_per_byte
