"""Many flows at once: when does each one end?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.network.fluid import Fluid

INF = float("inf")


class Flow(NamedTuple):
    """One transfer: when it starts (s), how much it moves (bytes), over which links, weight and cap (bytes/s)."""

    start_s: float
    size_bytes: float
    route: tuple[str, ...]
    weight: float = 1.0
    cap_Bps: float = INF


@dataclass(frozen=True, slots=True)
class Flows:
    """The same as columns. A flow's route is `routes[route[i]]`, a tuple of link numbers in capacity's order.

    `start_s`, `size_bytes`, `weight`, `cap_Bps` : (n_flows,) float; `route` : (n_flows,) int; `routes` : (n_routes,).
    """

    start_s: ArrayLike
    size_bytes: ArrayLike
    route: ArrayLike
    routes: Sequence[tuple[int, ...]]
    weight: ArrayLike = 1.0
    cap_Bps: ArrayLike = INF


def simulate(capacity_Bps: Mapping[str, float], flows: Sequence[Flow] | Flows) -> NDArray[np.float64]:
    """Completion time of each flow, s, (n_flows,): exact weighted max-min, no latency; inf if it never ends."""
    index = {name: position for position, name in enumerate(capacity_Bps)}
    fluid = Fluid(list(capacity_Bps.values()))
    if isinstance(flows, Flows):
        n = len(np.atleast_1d(np.asarray(flows.start_s)))
        columns = (
            np.broadcast_to(np.asarray(column), n).tolist()
            for column in (flows.start_s, flows.size_bytes, flows.route, flows.weight, flows.cap_Bps)
        )
        asked = [(s, b, flows.routes[r], w, c) for s, b, r, w, c in zip(*columns, strict=True)]
    else:
        asked = [(f.start_s, f.size_bytes, tuple(index[name] for name in f.route), f.weight, f.cap_Bps) for f in flows]
    finish_s = np.full(len(asked), INF)
    for number in sorted(range(len(asked)), key=lambda i: asked[i][0]):
        start_s, size_bytes, route, weight, cap_Bps = asked[number]
        while fluid.next_finish_s <= start_s:
            at = fluid.next_finish_s
            finish_s[fluid.finished(at)] = at
        fluid.start(start_s, fluid.class_of(route, weight, cap_Bps), size_bytes, number)
    while fluid.next_finish_s < INF:
        at = fluid.next_finish_s
        finish_s[fluid.finished(at)] = at
    return finish_s
