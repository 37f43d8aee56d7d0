"""Where deploys start: the candidates as each client sees them, and the rule that chooses among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import overload

from sim.network import Graph
from sim.policies.snapshot import PlacementView
from sim.world.places import Client, Registry


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
    """The nodes in the order in which each client's rule sees them; `weights` are the nodes', in their order."""

    def __init__(
        self, graph: Graph, nodes: Sequence[Registry], weights: Sequence[float],
        rule: Callable[[PlacementView], tuple[int, ...]],
    ) -> None:  # fmt: skip
        self._graph, self._nodes, self._weights, self._rule = graph, nodes, weights, rule
        self._of_client: dict[int, PlacementView] = {}
        self._of_metro: dict[str, PlacementView] = {}

    def place(self, client: Client, wanted: int, app_draw: float, deploy_draw: float) -> list[Registry]:
        """So many nodes for a deploy of a client, in the order in which the rule would have them pushed to."""
        seen = self._of_client.get(client.number)
        if seen is None:
            seen = self._of_client[client.number] = self._seen_by(client)
        # By position: `_replace` would take as long as many a rule.
        view = PlacementView(seen[0], seen[1], wanted, app_draw, deploy_draw, seen[5], seen[6], seen[7])
        return [self._nodes[node] for node in self._rule(view)]

    def elsewhere(
        self, client: Client, placed: list[Registry], app_draw: float, deploy_draw: float
    ) -> list[Registry]:  # fmt: skip
        """The same nodes, but instead of the first the one that the rule would choose as one more.

        It is the first again where there is no other.
        """
        more = self.place(client, min(len(placed) + 1, len(self._nodes)), app_draw, deploy_draw)
        return [next((node for node in more if node not in placed), placed[0]), *placed[1:]]

    def _seen_by(self, client: Client) -> PlacementView:
        """What all deploys of a client see; how many nodes are wanted and the draws are filled in for each."""
        seen = self._of_metro.get(client.metro)
        if seen is None:
            seen = self._of_metro[client.metro] = self._seen_from(client.metro)
        names = [self._nodes[at].name for at in seen.nodes]
        return seen._replace(round_trips_s=RoundTrips(self._graph, client.name, names))

    def _seen_from(self, metro: str) -> PlacementView:
        """The same without round trips, which clients of one metro need not share."""
        nodes = self._nodes
        local = [at for at, node in enumerate(nodes) if node.site == metro]
        order = (*local, *(at for at, node in enumerate(nodes) if node.site != metro))
        sites = list(dict.fromkeys(node.site for node in nodes))
        return PlacementView(
            order, len(local), 0, 0.0, 0.0, sites=tuple(sites.index(nodes[at].site) for at in order),
            round_trips_s=(), weights=tuple(self._weights[at] for at in order),
        )  # fmt: skip
