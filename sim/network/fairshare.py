"""Weighted max-min fair rates with caps, by progressive filling.

Every flow's rate grows in proportion to its weight until a link on its route is full or its own cap is reached;
it then stays, and the others go on (Bertsekas & Gallager, Data Networks, 2nd ed., 6.5.2). The result is the one
allocation in which each flow is at its cap or has a full link on which no flow gets more for its weight.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

INF = float("inf")


def max_min(
    capacity_Bps: Sequence[float],
    routes: Sequence[Sequence[int]],
    weights: Sequence[float] | None = None,
    caps_Bps: Sequence[float] | None = None,
) -> list[float]:
    """Rate of each flow, bytes/s.

    `capacity_Bps` : (n_links,); `routes` : (n_flows,) link numbers, none twice in one route; `weights` :
    (n_flows,) above 0; `caps_Bps` : (n_flows,). A flow with neither a link nor a cap gets an infinite rate.
    """
    n = len(routes)
    weight = [1.0] * n if weights is None else list(weights)
    cap = [INF] * n if caps_Bps is None else list(caps_Bps)
    room = list(capacity_Bps)
    load = [0.0] * len(room)
    crossing: list[list[int]] = [[] for _ in room]
    for flow, route in enumerate(routes):
        for link in route:
            load[link] += weight[flow]
            crossing[link].append(flow)
    unsettled = [len(flows) for flows in crossing]
    n_links = len(room)
    # The level is the rate per unit of weight. Links come first among equals, then flows at their caps.
    heap = [(room[link] / load[link], link) for link in range(n_links) if crossing[link]]
    heap += [(cap[flow] / weight[flow], n_links + flow) for flow in range(n)]
    heapq.heapify(heap)
    rate = [-1.0] * n
    level = 0.0
    while heap:
        at, what = heapq.heappop(heap)
        if what >= n_links:
            reached = [what - n_links]
        elif unsettled[what]:
            now = room[what] / load[what]
            if now > at:
                heapq.heappush(heap, (now, what))
                continue
            reached = crossing[what]
        else:
            continue
        level = max(level, at)
        for flow in reached:
            if rate[flow] >= 0:
                continue
            rate[flow] = cap[flow] if what >= n_links else weight[flow] * level
            for link in routes[flow]:
                room[link] -= rate[flow]
                load[link] -= weight[flow]
                unsettled[link] -= 1
    return rate
