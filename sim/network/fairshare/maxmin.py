"""Who gets what: weighted max-min fair shares of a handful of flows, and no more than that, at one instant.

The solver behind it, `filling`, is the one that `Fluid` and `simulate` use; here each flow is a class of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sim.network.fairshare.classes import add_class, idle_network
from sim.network.fairshare.filling import fill
from sim.network.fairshare.state import INF, OWN_BOUND, UNBOUNDED_BPS


def max_min(
    capacity_Bps: Sequence[float],
    routes: Sequence[Sequence[int]],
    weights: Sequence[float] | None = None,
    caps_Bps: Sequence[float] | None = None,
) -> list[float]:
    """Rate of each flow, bytes/s.

    `capacity_Bps` : (n_links,); `routes` : (n_flows,) of link numbers, none twice in a route; `weights` :
    (n_flows,) above 0; `caps_Bps` : (n_flows,). A flow that nothing holds back gets an infinite rate.

    >>> from sim import network
    >>> network.max_min([10.0, 2.0], [[0, 1], [0]])  # what the first cannot use the second gets
    [2.0, 8.0]
    """
    net: Any = idle_network(capacity_Bps)
    n_classes = 0
    for flow, route in enumerate(routes):
        weight = 1.0 if weights is None else weights[flow]
        cap = INF if caps_Bps is None else caps_Bps[flow]
        add_class(net, route, weight, cap)
        k = net.classes[flow]
        k.count = 1
        k.bound = min(cap, UNBOUNDED_BPS)
        k.new_bottleneck = OWN_BOUND
        if k.first_hop < k.end_hop:
            net.classes[n_classes].component = flow
            n_classes += 1
        for h in range(k.first_hop, k.end_hop):
            link = net.links[net.hops[h].link]
            link.active = 1
            net.hops[h].next, link.first = link.first, h
    for number, link in enumerate(net.links):
        link.component = number
    fill(net, len(net.links), n_classes)
    rates = (
        k.bound if k.new_bottleneck == OWN_BOUND else net.links[k.new_bottleneck].new_level * k.weight
        for k in net.classes
    )
    return [rate if rate < UNBOUNDED_BPS else INF for rate in rates]
