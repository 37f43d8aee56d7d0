"""What a deploy takes when nothing else is under way: of each kind of image, by each group of clients, new and updated.

Every group is one client, and has no more nodes than a deploy starts on and one more; deploys follow each other so far
apart that they never meet. So an answer takes hundredths of a second, and is that of a scenario in which nothing
queues, up to what registries remember from one deploy to the next: connections are opened anew for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim import engines
from sim.protocol.build import placements
from sim.scenario import Scenario
from sim.streams import Streams
from sim.workload.demand import Demand
from sim.workload.synthetic import generate

#: From one deploy to the next, s: longer than any is to take, and in step with no period of a sync.
_APART_S: Final = 1911.7
#: Where an application lives, and where a deploy that is placed afresh does, as draws in [0, 1).
_HOME, _AFRESH = 0.25, 0.75


class Idle(NamedTuple):
    """What each case of a deploy takes, s, infinite where it fails, and its share, both (n_cases,), of `n` deploys."""

    latency_s: NDArray[np.float64]
    weight: NDArray[np.float64]
    n: int

    def quantile_s(self, share: float) -> float:
        """The latency that this share of deploys keeps to; half a deploy more or less makes no difference."""
        order = np.argsort(self.latency_s, kind="stable")
        reached = np.cumsum(self.weight[order])
        at = min(int(np.searchsorted(reached, share - 0.5 / max(self.n, 1))), len(order) - 1)
        return float(self.latency_s[order[at]])


class Met(NamedTuple):
    """How often one run asks for a deploy by each group of clients, of each kind of image, new (0) or an update (1).

    `share` is (n_groups, n_kinds, 2) and adds up to 1, `n` is how many deploys it asks for.
    """

    share: NDArray[np.float64]
    n: int


def met(scenario: Scenario, seed: int, run: int) -> Met | None:
    """What a run of the scenario is going to ask for: applications differ in how often they are deployed.

    None where not every deploy is a push of an image of its kind's size, for which the cases do not stand.
    """
    streams = Streams(seed, run)
    demand = generate.demand(scenario, streams, placements(scenario))
    if not demand.is_uniform:
        return None
    group = np.repeat(np.arange(len(scenario.clients)), [each.count for each in scenario.clients.values()])
    client = demand.app_client[demand.app] if demand.client is None else demand.client
    kind = demand.app_kind[demand.app] if demand.kind is None else demand.kind
    counts = np.zeros((len(scenario.clients), len(scenario.images), 2))
    np.add.at(counts, (group[client], kind, demand.update.astype(np.int64)), 1.0)
    return Met(counts / max(counts.sum(), 1.0), len(demand))


def shrunk(scenario: Scenario, wanted: int) -> dict[str, Any]:
    """What makes a scenario small: one client a group, and one node more than a deploy is `wanted` on."""
    nodes = wanted + 1
    changes: dict[str, Any] = {f"clients.{key}.count": 1 for key, group in scenario.clients.items() if group.count > 1}
    changes |= {f"nodes.{key}.count": nodes for key, group in scenario.nodes.items() if group.count > nodes}
    return changes


def idle(scenario: Scenario, asked: Sequence[Met]) -> tuple[Idle, ...]:
    """How long the deploys of a small scenario take, each alone, as often as each of these runs asks for them."""
    cases = _cases(scenario, np.add.reduce([each.share for each in asked]))
    engine, streams = engines.at_hand(scenario), Streams(scenario.run.seed)
    deploys = engines.run(scenario, _demand(cases), streams, engine).tables["deploys"]
    deploys.sort("deploy")
    latency_s = np.where(deploys.column("failed"), np.inf, deploys.column("latency_s"))
    places = np.array([(case.client, case.kind, int(case.update)) for case in cases]).T
    apart = np.array([case.weight for case in cases])
    return tuple(Idle(latency_s, apart * each.share[tuple(places)], each.n) for each in asked)


class _Case(NamedTuple):
    """One deploy: whose, of what, updated or new; by which route's draw, whether elsewhere, and how often of those."""

    client: int
    kind: int
    update: bool
    route_draw: float
    elsewhere: bool
    weight: float


def _cases(scenario: Scenario, share: NDArray[np.float64]) -> list[_Case]:
    """Every way to deploy that is asked for, updates first."""
    chosen = scenario.policies
    whole = sum(part.share for part in chosen.route)
    ends = accumulate(part.share / whole for part in chosen.route)
    routes = [(end - part.share / whole / 2, part.share / whole) for end, part in zip(ends, chosen.route, strict=True)]
    elsewhere = [(True, chosen.elsewhere), (False, 1.0 - chosen.elsewhere)]
    return [
        _Case(int(client), int(kind), bool(update), draw, other, part * often)
        for update in (1, 0)
        for client, kind in np.argwhere(share[:, :, update])
        for draw, part in routes
        for other, often in elsewhere
        if part * often > 0
    ]


def _demand(cases: Sequence[_Case]) -> Demand:
    """Each case is an application of its own, which exists at the start if it is updated."""
    n = len(cases)
    elsewhere = np.array([case.elsewhere for case in cases])
    return Demand(
        at_s=_APART_S * np.arange(n, dtype=np.float64),
        app=np.arange(n),
        kernel=np.zeros(n, np.int64),
        update=np.array([case.update for case in cases]),
        route_draw=np.array([case.route_draw for case in cases]),
        place_draw=np.full(n, _AFRESH),
        app_client=np.array([case.client for case in cases]),
        app_kind=np.array([case.kind for case in cases]),
        app_draw=np.full(n, _HOME),
        known_apps=sum(case.update for case in cases),
        elsewhere=elsewhere if elsewhere.any() else None,
    )
