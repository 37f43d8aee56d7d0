"""Laws that hold in any run whatever its assumptions: Little's and the utilisation law, on every queue and link.

Both are operational (P. J. Denning and J. P. Buzen, "The operational analysis of queueing network models", 1978): they
relate what a run itself counted, so they hold exactly or the tables contradict each other. What one side of an equation
is made of, the other side is not: routes are worked out again from the scenario, and the numbers inside come from
counting arrivals and departures, not from adding up stays.

Left out: waiting at a registry, whose table holds only its sum, and disks, which have no row.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim import theory
from sim.network.tcp.transport import INITIAL_WINDOW_BYTES
from sim.network.topology import shapes
from sim.protocol.spans import spans_of
from sim.result import Result
from sim.scenario.model.naming import CENTRAL

#: What rounding leaves between two ways to add up millions of floats.
EXACT: Final = 1e-6
_SIGMAS: Final = 5

Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Law:
    """One law at one place: both sides, and how far apart they may be as a share of the larger."""

    law: str
    place: str
    expected: float
    found: float
    within: float = EXACT

    @property
    def error(self) -> float:
        """The difference as a share of the larger side."""
        larger = max(abs(self.expected), abs(self.found))
        return abs(self.expected - self.found) / larger if larger else 0.0

    @property
    def holds(self) -> bool:
        return self.error <= self.within


def laws(result: Result) -> list[Law]:
    """Every law at every place of a run where anything happened."""
    return [*_deploys(result), *_registries(result), *_links(result)]


def _deploys(result: Result) -> Iterator[Law]:
    table = result.tables["deploys"]
    if len(table):
        yield _little("deploys", table.column("asked_s"), table.column("ended_s"), result.simulated_s)


def _registries(result: Result) -> Iterator[Law]:
    """A registry's workers are busy for its requests times their mean service time.

    Where faults slow it for a while, the mean lies between its own time and the slowest.
    """
    scenario = result.scenario
    groups = {CENTRAL: scenario.central, **dict(scenario.node_hosts()), **dict(scenario.cache_hosts())}
    table = result.tables["registries"].arrays()
    for name, requests, busy_s in zip(table["registry"], table["requests"], table["busy_s"], strict=True):
        group = groups[name]
        if not requests:
            continue
        least = theory.utilisation(requests / result.simulated_s, group.request_time_s, group.workers)
        found = float(busy_s / (group.workers * result.simulated_s))
        expected = min(max(found, least), least * _slowest(result, name))
        within = _SIGMAS / math.sqrt(requests) if group.service == "exponential" else EXACT
        yield Law("utilisation of workers", name, expected, found, within)


def _slowest(result: Result, registry: str) -> float:
    """How many times longer the faults of a scenario ever make a registry's requests; faults may overlap."""
    faults = [fault for fault in result.scenario.faults.values() if fault.kind == "registry-slow"]
    return math.prod(max(fault.times, 1.0) for fault in faults if registry in fault.targets)


def _links(result: Result) -> Iterator[Law]:
    """A link is busy for its flows' rate times their mean size over its capacity, and carries no more than it can."""
    table, used = result.tables["links"].arrays(), _crossings(result)
    transfers = result.tables["transfers"].arrays()
    faults = result.scenario.faults.values()
    weakened = {f"{link}-{way}" for fault in faults for link in fault.targets for way in ("up", "down")}
    rows = zip(table["link"], table["capacity_Bps"], table["mean_utilisation"], strict=True)
    for name, capacity_Bps, share in rows:
        at = used.get(name)
        if at is None:
            continue
        size_bytes = transfers["size_bytes"][at].astype(np.float64)
        started_s, ended_s = transfers["started_s"][at], transfers["ended_s"][at]
        rate_per_s = len(at) / result.simulated_s
        expected = theory.utilisation(rate_per_s, float(size_bytes.mean()) / capacity_Bps)
        if name not in weakened:  # a share of what is left of it, which rows do not have
            yield Law("utilisation of links", name, expected, float(share))
        yield _little(name, started_s, ended_s, result.simulated_s)
        # Bodies within the initial window are no flows; their bytes are booked and hold nobody up.
        flows = size_bytes > INITIAL_WINDOW_BYTES
        flows &= ended_s > started_s
        if flows.any():
            carried, busy_s = float(size_bytes[flows].sum()), _busy_s(started_s[flows], ended_s[flows])
            yield Law("capacity", name, max(carried, capacity_Bps * busy_s), capacity_Bps * busy_s)


def _little(place: str, came_s: Column, left_s: Column, horizon_s: float) -> Law:
    """The mean number inside, from the order of arrivals and departures, against the rate times the mean stay.

    Nobody leaves before coming: the k-th departure is no earlier than the k-th arrival. Where rows break that, the
    number inside is taken as 0, as a counter at the door would show, and the law does not hold.
    """
    instants = np.concatenate((came_s, left_s))
    order = np.argsort(instants, kind="stable")
    steps = np.concatenate((np.ones(len(came_s)), -np.ones(len(left_s))))[order]
    inside = np.maximum(np.cumsum(steps), 0.0)
    until_s = np.append(instants[order][1:], horizon_s)
    counted = float((inside * np.maximum(until_s - instants[order], 0.0)).sum()) / horizon_s
    stay_s = float((left_s - came_s).mean())
    return Law("Little's law", place, theory.little(len(came_s) / horizon_s, stay_s), counted)


def _busy_s(started_s: Column, ended_s: Column) -> float:
    """The time in which at least one of the intervals is under way."""
    order = np.argsort(started_s, kind="stable")
    started_s, ended_s = started_s[order], np.maximum.accumulate(ended_s[order])
    free_s = np.maximum(started_s[1:] - ended_s[:-1], 0.0).sum()
    return float(ended_s[-1] - started_s[0] - free_s)


def _crossings(result: Result) -> dict[str, NDArray[np.int64]]:
    """For each link, the positions of the transfers that crossed it, by routes of the scenario's own graph."""
    scenario = result.scenario
    graph = shapes.graph(spans_of(scenario))
    transfers = result.tables["transfers"]
    by_ends: dict[tuple[str, str], list[int]] = defaultdict(list)
    for at, ends in enumerate(zip(transfers.column("source"), transfers.column("target"), strict=True)):
        by_ends[ends].append(at)
    found: dict[str, list[int]] = defaultdict(list)
    for (source, target), places in by_ends.items():
        for link in graph.route(source, target).links:
            found[graph.links[link].name].extend(places)
    return {name: np.array(sorted(places), dtype=np.int64) for name, places in found.items()}
