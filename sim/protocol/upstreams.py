"""Whom nodes and caches pull from, as rows: the fields of registries by which `ops/caches` goes.

Registries are numbered central, nodes, caches. Left out: what a cache holds at the start, which its nodes say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from sim.scenario import Scenario
from sim.scenario.model.naming import CENTRAL


def set_upstreams(scenario: Scenario, rows: NDArray[Any]) -> None:
    """Put into the rows of registries whom each asks, and what is a cache."""
    caches, nodes = list(scenario.caches.values()), [group for _, group in scenario.node_hosts()]
    numbers = cache_numbers(scenario)
    upstreams = [group.upstream for group in nodes] + [cache.upstream for cache in caches]
    rows["upstream"][1:] = [numbers[upstream] for upstream in upstreams]
    of_caches = rows[1 + len(nodes) :]
    of_caches["cache"] = 1
    of_caches["checks"] = [cache.check == "upstream" for cache in caches]
    of_caches["coalesces"] = [cache.coalesce for cache in caches]


def cache_numbers(scenario: Scenario) -> Mapping[str, int]:
    """The number of each registry that may be an upstream, by what scenarios call it."""
    first = 1 + sum(1 for _ in scenario.node_hosts())
    return {CENTRAL: 0} | {key: number for number, key in enumerate(scenario.caches, first)}


def caches_above(scenario: Scenario) -> list[tuple[int, ...]]:
    """By a node's place among the nodes, the caches that are not `cold` between it and central, by number."""
    numbers = cache_numbers(scenario)
    of_group: dict[str, tuple[int, ...]] = {}
    for key, group in scenario.nodes.items():
        found, at = [], group.upstream
        while at != CENTRAL:
            if not scenario.caches[at].cold:
                found.append(numbers[at])
            at = scenario.caches[at].upstream
        of_group[key] = tuple(found)
    return [of_group[key] for key in scenario.nodes for _ in scenario.host_names.of("nodes", key)]
