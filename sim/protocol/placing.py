"""Where deploys start: the candidates as each client sees them, and the rule that chooses among them.

A million deploys are placed by few questions to the rule: those that agree on the client (on its metro, where the rule
looks at no round trips), on how many nodes they want and on the rule's `cell` (see `sim.policies.placement`) are placed
alike. A rule without cells is asked for each. Where a rule looks at the deploy itself (`NotYetError`) nothing is
decided before the run: it is asked as the deploy begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, cast, overload

import numpy as np
from numpy.typing import NDArray

from sim.network import Graph
from sim.policies.snapshot import BEFORE, Deploy, NotYetError, PlacementView
from sim.scenario import Scenario
from sim.workload.demand import Demand

#: Nodes by their numbers, in the order in which the rule would have them pushed to.
Nodes = tuple[int, ...]


class RoundTrips(Sequence[float]):
    """Round trips of a client on idle links, s, worked out when a rule first looks: most rules never do."""

    def __init__(self, graph: Graph, client: str, nodes: Sequence[str]) -> None:
        self._graph, self._client, self._nodes = graph, client, nodes
        self._found: list[float] | None = None

    @property
    def were_read(self) -> bool:
        """Whether anybody has looked at one."""
        return self._found is not None

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


@dataclass(frozen=True, slots=True)
class Wanted:
    """What deploys want of where they start, (n_deploys,) each: the client, how many nodes, and by which draws.

    Some start `beside` so many nodes that their application has, and some `elsewhere` than on the node pushed to.
    """

    client: NDArray[np.int64]
    nodes: NDArray[np.int64]
    beside: NDArray[np.int64]
    elsewhere: NDArray[np.bool_]
    app_draw: NDArray[np.float64]
    deploy_draw: NDArray[np.float64]

    @classmethod
    def of(cls, scenario: Scenario, demand: Demand, client: NDArray[np.int64]) -> Wanted:
        """What the deploys of a demand want; `client` asks for each."""
        n = len(demand)
        elsewhere = np.zeros(n, np.bool_) if demand.elsewhere is None else demand.elsewhere.copy()
        if demand.pushes is not None:
            elsewhere &= demand.pushes
        return cls(
            client, np.full(n, scenario.demand.nodes) if demand.nodes is None else demand.nodes,
            np.zeros(n, np.int64) if demand.beside is None else demand.beside, elsewhere,
            demand.app_draw[demand.app], demand.place_draw,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Start:
    """The nodes that a deploy starts on, and the one of those chosen that may be pushed to; -1 if there is none."""

    pushed_to: int
    nodes: Nodes


@dataclass
class Starts:
    """Where deploys start, one row for all alike: `chosen` has the number of each deploy's. None: not known yet."""

    chosen: NDArray[np.int64]
    rows: list[Start | None]
    _known: dict[Start | None, int] = field(default_factory=dict)

    def of(self, deploy: int) -> Start | None:
        """Where one starts."""
        return self.rows[int(self.chosen[deploy])]

    def put(self, deploy: int, start: Start | None) -> None:
        """It starts there instead."""
        at = self._known.setdefault(start, len(self.rows))
        if at == len(self.rows):
            self.rows.append(start)
        self.chosen[deploy] = at


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
        self._trips_s: dict[int, list[float]] = {}

    def place(
        self, client: int, wanted: int, app_draw: float, deploy_draw: float, deploy: Deploy = BEFORE
    ) -> Nodes:  # fmt: skip
        """So many nodes for a deploy of a client, in the order in which the rule would have them pushed to.

        NotYetError where that is not to be known before the run, and so `deploy` is not given.
        """
        seen = self._seen_by(client)
        # By position: `_replace` would take as long as many a rule.
        view = PlacementView(seen[0], seen[1], wanted, app_draw, deploy_draw, seen[5], seen[6], seen[7], deploy)
        return tuple(self._rule.place(view, self._parameters))

    def place_all(
        self, client: NDArray[np.int64], wanted: NDArray[np.int64], app_draw: NDArray[np.float64],
        deploy_draw: NDArray[np.float64],
    ) -> tuple[NDArray[np.int64], list[Nodes | None]]:  # fmt: skip
        """The same for many deploys, (n_deploys,) each: the number of each one's answer, and the answers, None for what
        is not to be known before the run."""
        answers: dict[Nodes | None, int] = {}
        chosen = np.empty(len(client), np.int64)

        def ask(rows: NDArray[np.int64]) -> tuple[list[Nodes | None], NDArray[np.int64]]:
            who, count = int(client[rows[0]]), int(wanted[rows[0]])
            first, alike = self._distinct(who, count, app_draw[rows], deploy_draw[rows])
            draws = zip(app_draw[rows[first]].tolist(), deploy_draw[rows[first]].tolist(), strict=True)
            return [self._early(who, count, *both) for both in draws], alike

        def keep(rows: NDArray[np.int64], found: list[Nodes | None], alike: NDArray[np.int64]) -> None:
            numbers = [answers.setdefault(nodes, len(answers)) for nodes in found]
            chosen[rows] = np.array(numbers, np.int64)[alike]

        metros = {metro: at for at, (_, metro) in enumerate(self._clients)}
        metro = np.array([metros[metro] for _, metro in self._clients], np.int64)[client]
        for rows in _groups(metro, wanted):
            # Clients of a metro see the same but for round trips, at which most rules never look.
            trips = cast("RoundTrips", self._seen_by(int(client[rows[0]])).round_trips_s)
            ask(rows[:1])
            asked = None if trips.were_read else ask(rows)
            if asked is not None and not trips.were_read:
                keep(rows, *asked)
                continue
            for own in _groups(client[rows], wanted[rows]):
                keep(rows[own], *ask(rows[own]))
        return chosen, list(answers)

    def round_trips_s(self, client: int) -> Sequence[float]:
        """The round trips from a client to all nodes on idle links, s, in the nodes' own order."""
        found = self._trips_s.get(client)
        if found is None:
            seen = self._seen_by(client)
            by_node = dict(zip(seen.nodes, seen.round_trips_s, strict=True))
            found = self._trips_s[client] = [by_node[node] for node in range(len(by_node))]
        return found

    def _early(self, client: int, wanted: int, app_draw: float, deploy_draw: float) -> Nodes | None:
        try:
            return self.place(client, wanted, app_draw, deploy_draw)
        except NotYetError:
            return None

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
        cells = np.broadcast_to(self._cell(view, self._parameters), app_draw.shape)
        _, first, alike = np.unique(cells, return_index=True, return_inverse=True)
        return first, alike

    def start(self, wanted: Wanted, at: int, deploy: Deploy) -> Start:
        """Where one of many deploys starts, asked with what there is to look at; see `starts`."""
        client, n, beside = int(wanted.client[at]), int(wanted.nodes[at]), int(wanted.beside[at])
        draws = float(wanted.app_draw[at]), float(wanted.deploy_draw[at])
        most = len(self.nodes)
        nodes = self.place(client, min(beside + n, most), *draws, deploy)
        if beside:
            already = self.place(client, min(beside, most), *draws, deploy)
            nodes = (*(node for node in nodes if node not in already), *already)[:n]
        first = (*nodes, -1)[0]
        if wanted.elsewhere[at]:
            more = self.place(client, min(len(nodes) + 1, most), *draws, deploy)
            nodes = (next((node for node in more if node not in nodes), first), *nodes[1:])
        return Start(first, nodes)

    def starts(self, wanted: Wanted) -> Starts:
        """Where many deploys start, as far as that is to be known before the run."""
        most, client, beside = len(self.nodes), wanted.client, wanted.beside
        draws = wanted.app_draw, wanted.deploy_draw
        chosen, answers = self.place_all(client, np.minimum(beside + wanted.nodes, most), *draws)
        found = Starts(chosen, [None if nodes is None else Start((*nodes, -1)[0], nodes) for nodes in answers])
        rows = np.flatnonzero(beside)
        if len(rows):
            # Past those that it would have if it started `beside` alone; where there are not enough, some of these.
            has, had = self.place_all(client[rows], np.minimum(beside[rows], most), *(draw[rows] for draw in draws))
            for row, at in zip(rows.tolist(), has.tolist(), strict=True):
                already, start = had[at], found.of(row)
                if already is None or start is None:
                    found.put(row, None)
                    continue
                others = tuple(node for node in start.nodes if node not in already)
                nodes = (*others, *already)[: int(wanted.nodes[row])]
                found.put(row, Start(nodes[0], nodes))
        rows = np.flatnonzero(wanted.elsewhere)
        if len(rows):
            # Instead of the first the one that the rule would choose as one more, or the first again where there is
            # none.
            length = np.minimum(wanted.nodes[rows], most)
            more, others_of = self.place_all(
                client[rows], np.minimum(length + 1, most), *(draw[rows] for draw in draws)
            )  # fmt: skip
            for row, at in zip(rows.tolist(), more.tolist(), strict=True):
                candidates, start = others_of[at], found.of(row)
                if candidates is None or start is None:
                    found.put(row, None)
                    continue
                first, nodes = start.nodes[0], start.nodes
                other = next((node for node in candidates if node not in nodes), first)
                found.put(row, Start(first, (other, *nodes[1:])))
        return found

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


def _groups(first: NDArray[np.int64], second: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The rows that agree in two columns of whole numbers from 0 on, together."""
    if not len(first):
        return []
    key = first * (int(second.max()) + 1) + second
    order = np.argsort(key, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(key[order])) + 1)
