"""Whose a row is: the groups of a scenario's deploys, and which rows of each table belong to which.

A deploy belongs to its client's site and group, to its kind of image, its push's route and its stream. It belongs to
every group of nodes on which it starts, so over several groups the counts may add up to more than there are. Transfers,
copies and starts are their deploy's, but by nodes they are those of the node at their end. Rows without a node (a
deploy that failed before it came to a start, bytes pushed to central) are those of the group `(none)`. Left out: the
links between, which no group has to itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.scenario import Scenario
from sim.tables.codes import Codes
from sim.tables.columns import Table

Mask = NDArray[np.bool_]
#: The group of rows that belong to no group of nodes.
NONE: Final = "(none)"
#: The tables of which rows have a group, besides deploys.
_OWNED: Final = ("transfers", "syncs", "starts")
_COLUMNS: Final[Mapping[str, str]] = {"site": "site", "image": "image", "route": "route"}


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups by one dimension, and by table which rows belong to which, (n_rows, n_groups).

    A table whose rows have none has no rows of any group.
    """

    by: str
    names: tuple[str, ...]
    members: Mapping[str, Mask]

    def rows(self, name: str) -> Mapping[str, Mask]:
        """By table which rows are of a group, (n_rows,) each."""
        at = self.names.index(name)
        return {table: members[:, at] for table, members in self.members.items()}


def group_names(scenario: Scenario, by: str) -> tuple[str, ...]:
    """The groups that a scenario names; none by route, which its policies choose."""
    tables: Mapping[str, Iterable[str]] = {
        "site": scenario.sites, "client": scenario.clients, "image": scenario.images, "nodes": scenario.nodes,
        "stream": scenario.demand.streams,
    }  # fmt: skip
    return tuple(tables.get(by, ()))


def client_groups(scenario: Scenario) -> dict[str, str]:
    """The group of each client's host."""
    return {host: key for key in scenario.clients for host in scenario.host_names.of("clients", key)}


def node_groups(scenario: Scenario) -> dict[str, str]:
    """The group of each node's host."""
    return {host: key for key in scenario.nodes for host in scenario.host_names.of("nodes", key)}


def groups(scenario: Scenario, tables: Mapping[str, Table], by: str) -> Groups:
    """The groups by a dimension of `metric_names.DIMENSIONS`: the scenario's, then others that rows speak of."""
    if by == "nodes":
        return _by_nodes(scenario, tables)
    deploys = tables["deploys"]
    if by == "client":
        group_of = client_groups(scenario)
        codes, hosts = deploys.codes("client")
        texts = [group_of.get(host, host) for host in hosts]
    elif by == "stream":
        codes, texts = _streams(tables)
    else:
        codes, entries = deploys.codes(_COLUMNS[by])
        texts = list(entries)
    known = group_names(scenario, by)
    names = (*known, *sorted(set(texts) - {*known, ""}))
    of_deploys = _coded(texts, names)[codes]
    rows = rows_of_deploys(deploys)
    members = {name: _taken(of_deploys, rows, tables[name].column("deploy")) for name in _OWNED}
    return Groups(by, names, {"deploys": of_deploys, **members, "drops": _nothing(tables["drops"], len(names))})


def _by_nodes(scenario: Scenario, tables: Mapping[str, Table]) -> Groups:
    group_of, names = node_groups(scenario), tuple(scenario.nodes)
    deploys, starts = tables["deploys"], tables["starts"]
    of_starts = _at_hosts(starts, "node", group_of, names)
    of_deploys = np.zeros((len(deploys), len(names)), bool)
    row = row_of(rows_of_deploys(deploys), starts.column("deploy"))
    first = starts.where("kind", "deploy") & (row >= 0)
    np.logical_or.at(of_deploys, row[first], of_starts[first])
    members = {"deploys": of_deploys, "starts": of_starts}
    for name in ("transfers", "syncs"):
        target, source = (_at_hosts(tables[name], end, group_of, names) for end in ("target", "source"))
        members[name] = np.where(target.any(axis=1, keepdims=True), target, source)
    members["drops"] = _at_hosts(tables["drops"], "registry", group_of, names)
    without = {table: ~found.any(axis=1, keepdims=True) for table, found in members.items() if table != "drops"}
    if any(found.any() for found in without.values()):
        without["drops"] = _nothing(tables["drops"], 1)
        members = {table: np.hstack((found, without[table])) for table, found in members.items()}
        names = (*names, NONE)
    return Groups("nodes", names, members)


def _streams(tables: Mapping[str, Table]) -> tuple[Codes, list[str]]:
    """The stream of each deploy as codes, (n_deploys,), and their names; empty for one that is of none."""
    named = tables["streams"]
    codes, names = named.codes("stream")
    row = row_of(rows_of_deploys(named), tables["deploys"].column("deploy"))
    return np.append(codes, np.int32(len(names)))[row], [*names, ""]


def _at_hosts(table: Table, column: str, group_of: Mapping[str, str], names: Sequence[str]) -> Mask:
    """(n_rows, n_names): the group of whose hosts is in a column."""
    codes, hosts = table.codes(column)
    return _coded([group_of.get(host, "") for host in hosts], names)[codes]


def rows_of_deploys(deploys: Table) -> NDArray[np.int64]:
    """Where each deploy's row is, by its number: (highest number + 2,), -1 where there is none."""
    numbers = deploys.column("deploy")
    rows = np.full(int(numbers.max(initial=-1)) + 2, -1, np.int64)
    rows[numbers] = np.arange(len(numbers))
    return rows


def row_of(rows: NDArray[np.int64], numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """The row of each number, -1 for one that no deploy has; the last entry of `rows` is always -1."""
    inside = (numbers >= 0) & (numbers < len(rows))
    found: NDArray[np.int64] = rows[np.where(inside, numbers, len(rows) - 1)]
    return found


def _taken(of_deploys: Mask, rows: NDArray[np.int64], numbers: NDArray[np.int64]) -> Mask:
    """Which rows belong to which group, by their deploys."""
    row = row_of(rows, numbers)
    known = row >= 0
    taken = np.zeros((len(numbers), of_deploys.shape[1]), bool)
    taken[known] = of_deploys[row[known]]
    return taken


def _coded(texts: Sequence[str], names: Sequence[str]) -> Mask:
    """(n_texts, n_names): which text is which name."""
    code: dict[Any, int] = {name: at for at, name in enumerate(names)}
    codes = np.fromiter((code.get(text, -1) for text in texts), np.int64, len(texts))
    members: Mask = codes[:, None] == np.arange(len(names))
    return members


def _nothing(table: Table, n_groups: int) -> Mask:
    return np.zeros((len(table), n_groups), bool)
