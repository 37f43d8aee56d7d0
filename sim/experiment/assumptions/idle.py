"""What a deploy takes when nothing else is under way: of each kind of image, by each group of clients, new and updated.

Every group is one client, and has no more nodes than a deploy starts on and one more; deploys follow each other so far
apart that they never meet. So an answer takes hundredths of a second, and is that of a scenario in which nothing
queues, up to what registries remember from one deploy to the next: connections are opened anew for each.

Where a kind's root filesystems differ in size, each deploy has the nearest of `BANDS` sizes, which are the middles of
equal parts of the kind's distribution. Left out: how updates differ from their app's size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
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
from sim.workload.synthetic.sizes import quantiles_bytes

#: From one deploy to the next, s: longer than any is to take, and in step with no period of a sync.
_APART_S: Final = 1911.7
#: Where an application lives, and where a deploy that is placed afresh does, as draws in [0, 1).
_HOME, _AFRESH = 0.25, 0.75
#: Sizes for a kind of image whose sizes differ.
BANDS: Final = 8


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

    `share` is (n_groups, n_kinds, 2, BANDS), by the nearest of the kind's sizes, the first where these do not differ,
    and adds up to 1; `n` is how many deploys it asks for.
    """

    share: NDArray[np.float64]
    n: int


def met(scenario: Scenario, seed: int, run: int) -> Met | None:
    """What a run of the scenario is going to ask for: applications differ in how often they are deployed.

    None where not every deploy is a push as its kind's image and the scenario say, for which the cases do not stand.
    """
    streams = Streams(seed, run)
    demand = generate.demand(scenario, streams, placements(scenario))
    drawn = any(image.sizes is not None for image in scenario.images.values())
    if not (replace(demand, rootfs_bytes=None, app_rootfs_bytes=None) if drawn else demand).is_uniform:
        return None
    group = np.repeat(np.arange(len(scenario.clients)), [each.count for each in scenario.clients.values()])
    client = demand.app_client[demand.app] if demand.client is None else demand.client
    kind = demand.app_kind[demand.app] if demand.kind is None else demand.kind
    counts = np.zeros((len(scenario.clients), len(scenario.images), 2, BANDS))
    band = _bands(scenario, kind, demand.rootfs_bytes)
    np.add.at(counts, (group[client], kind, demand.update.astype(np.int64), band), 1.0)
    return Met(counts / max(counts.sum(), 1.0), len(demand))


def _sizes_bytes(scenario: Scenario) -> NDArray[np.int64]:
    """The sizes that each kind's images have here, rising, (n_kinds, BANDS); all one where they do not differ."""
    middles = (np.arange(BANDS) + 0.5) / BANDS
    return np.array([quantiles_bytes(image, middles) for image in scenario.images.values()])


def _bands(scenario: Scenario, kind: NDArray[np.int64], rootfs_bytes: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """Which of its kind's sizes is nearest to each deploy's, by their ratio, (n,); of equal ones the first."""
    found = np.zeros(len(kind), np.int64)
    for number, sizes_bytes in enumerate(_sizes_bytes(scenario).astype(np.float64)):
        if rootfs_bytes is not None:
            of_kind = kind == number
            between = np.sqrt(sizes_bytes[:-1] * sizes_bytes[1:])
            found[of_kind] = np.searchsorted(between, rootfs_bytes[of_kind])
    return found


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
    deploys = engines.run(scenario, _demand(scenario, cases), streams, engine).tables["deploys"]
    deploys.sort("deploy")
    latency_s = np.where(deploys.column("failed"), np.inf, deploys.column("latency_s"))
    places = np.array([(case.client, case.kind, int(case.update), case.band) for case in cases]).T
    apart = np.array([case.weight for case in cases])
    return tuple(Idle(latency_s, apart * each.share[tuple(places)], each.n) for each in asked)


class _Case(NamedTuple):
    """One deploy: whose, of what and of which size, updated or new; by which route's draw, whether elsewhere, and how
    often of those.
    """

    client: int
    kind: int
    band: int
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
        _Case(int(client), int(kind), int(band), bool(update), draw, other, part * often)
        for update in (1, 0)
        for client, kind, band in np.argwhere(share[:, :, update])
        for draw, part in routes
        for other, often in elsewhere
        if part * often > 0
    ]


def _demand(scenario: Scenario, cases: Sequence[_Case]) -> Demand:
    """Each case is an application of its own, which exists at the start if it is updated."""
    n = len(cases)
    rootfs_bytes = _sizes_bytes(scenario)[[case.kind for case in cases], [case.band for case in cases]]
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
        rootfs_bytes=rootfs_bytes,
        app_rootfs_bytes=rootfs_bytes,
    )
