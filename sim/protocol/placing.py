"""Where deploys start: the candidates as each client sees them, and the rule that chooses among them.

A million deploys are placed by few questions to the rule: those that agree on the client, on how many nodes they want
and on the rule's `cell` (see `sim.policies.placement`) are placed alike. A rule without cells is asked for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from sim.network import Graph
from sim.policies.snapshot import PlacementView

#: Nodes by their numbers, in the order in which the rule would have them pushed to.
Nodes = tuple[int, ...]


class RoundTrips(Sequence[float]):
    """Round trips of a client on idle links, s, worked out when a rule first looks: most rules never do."""

    def __init__(self, graph: Graph, client: str, nodes: Sequence[str]) -> None:
        self._graph, self._client, self._nodes = graph, client, nodes
        self._found: list[float] | None = None

    def __len__(self) -> int:
        return len(self._nodes)

    @overload
    def __getitem__(self, at: int) -> float: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[float]: ...
    def __getitem__(self, at: int | slice) -> float | Sequence[float]:
        if self._found is None:
            self._found = [self._graph.round_trip_s(self._client, node) for node in self._nodes]
        return self._found[at]

    def __iter__(self) -> Iterator[float]:
        return (self[at] for at in range(len(self)))


class Placing:
    """The nodes in the order in which each client's rule sees them.

    `nodes` and `clients` are (name, site) and (name, metro), `weights` the nodes', in their order. Here a node's number
    is its place among the nodes.
    """

    def __init__(
        self, graph: Graph, nodes: Sequence[tuple[str, str]], weights: Sequence[float],
        clients: Sequence[tuple[str, str]], rule: ModuleType, parameters: Any,
    ) -> None:  # fmt: skip
        self.nodes = nodes
        self._graph, self._weights, self._clients = graph, weights, clients
        self._rule, self._parameters = rule, parameters
        self._cell = getattr(rule, "cell", None)
        self._of_client: dict[int, PlacementView] = {}
        self._of_metro: dict[str, PlacementView] = {}

    def place(self, client: int, wanted: int, app_draw: float, deploy_draw: float) -> Nodes:
        """So many nodes for a deploy of a client, in the order in which the rule would have them pushed to."""
        seen = self._seen_by(client)
        # By position: `_replace` would take as long as many a rule.
        view = PlacementView(seen[0], seen[1], wanted, app_draw, deploy_draw, seen[5], seen[6], seen[7])
        return tuple(self._rule.place(view, self._parameters))

    def place_all(
        self, client: NDArray[np.int64], wanted: NDArray[np.int64], app_draw: NDArray[np.float64],
        deploy_draw: NDArray[np.float64],
    ) -> tuple[NDArray[np.int64], list[Nodes]]:  # fmt: skip
        """The same for many deploys, (n_deploys,) each: the number of each one's answer, and the answers."""
        answers: dict[Nodes, int] = {}
        chosen = np.empty(len(client), np.int64)
        if not len(client):
            return chosen, []
        key = client * (int(wanted.max()) + 1) + wanted
        order = np.argsort(key, kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(key[order])) + 1):
            who, count = int(client[rows[0]]), int(wanted[rows[0]])
            asked, alike = self._distinct(who, count, app_draw[rows], deploy_draw[rows])
            draws = zip(app_draw[rows[asked]].tolist(), deploy_draw[rows[asked]].tolist(), strict=True)
            found = [answers.setdefault(self.place(who, count, *both), len(answers)) for both in draws]
            chosen[rows] = np.array(found, np.int64)[alike]
        return chosen, list(answers)

    def _distinct(
        self, client: int, wanted: int, app_draw: NDArray[np.float64], deploy_draw: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Which deploys to ask the rule about, and which of those each is placed like."""
        if self._cell is None:
            every = np.arange(len(app_draw))
            return every, every
        seen = self._seen_by(client)
        # The draws of all at once: a cell is arithmetic on them.
        many: Any = app_draw
        each: Any = deploy_draw
        view = PlacementView(seen[0], seen[1], wanted, many, each, seen[5], seen[6], seen[7])
        _, first, alike = np.unique(self._cell(view, self._parameters), return_index=True, return_inverse=True)
        return first, alike

    def _seen_by(self, client: int) -> PlacementView:
        """What all deploys of a client see; how many nodes are wanted and the draws are filled in for each."""
        found = self._of_client.get(client)
        if found is not None:
            return found
        name, metro = self._clients[client]
        seen = self._of_metro.get(metro)
        if seen is None:
            seen = self._of_metro[metro] = self._seen_from(metro)
        names = [self.nodes[at][0] for at in seen.nodes]
        found = self._of_client[client] = seen._replace(round_trips_s=RoundTrips(self._graph, name, names))
        return found

    def _seen_from(self, metro: str) -> PlacementView:
        """The same without round trips, which clients of one metro need not share."""
        nodes = self.nodes
        local = [at for at, (_, site) in enumerate(nodes) if site == metro]
        order = (*local, *(at for at, (_, site) in enumerate(nodes) if site != metro))
        sites = list(dict.fromkeys(site for _, site in nodes))
        return PlacementView(
            order, len(local), 0, 0.0, 0.0, sites=tuple(sites.index(nodes[at][1]) for at in order),
            round_trips_s=(), weights=tuple(self._weights[at] for at in order),
        )  # fmt: skip
