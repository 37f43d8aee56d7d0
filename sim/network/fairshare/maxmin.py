"""Weighted max-min fair shares, by progressive filling.

All rates grow in proportion to weight until a link is full or a flow is at its cap; those held back stay, the
others go on (Bertsekas and Gallager, Data Networks, 2nd ed., 6.5.2). The outcome is the one allocation in which
each flow is at its cap or crosses a full link on which none gets more for its weight. The rate per unit of weight
is called a *level*; it only rises while filling, so a heap of links by the level at which each would be full may
hold entries that are too low, never too high, and is put right when they surface.

`fill` is text for both ways to run (see `records`), over classes of equal flows; `max_min` is for a handful of
flows and no more than that.
"""

from __future__ import annotations

from collections.abc import Sequence

from sim.network.fairshare.pairing import insert, remove
from sim.network.fairshare.state import INF, PRIVATE, UNBOUNDED_BPS, Net, add_class, plain

_OPEN = -3


def fill(net: Net, n_links: int, n_classes: int) -> None:
    """Fills the first `n_links` of the queue with the first `n_classes` of the group.

    Leaves in each class's `verdict` the link that holds it back, or PRIVATE, and each link's level in `load`.
    """
    links = net.links
    classes = net.classes
    hops = net.hops
    for i in range(n_links):
        link = links[links[i].queue]
        link.room = link.capacity
        link.load = 0.0
        link.left = 0
    for i in range(n_classes):
        k = classes[classes[i].group]
        k.verdict = _OPEN
        mass = k.count * k.weight
        for h in range(k.first_hop, k.end_hop):
            link = links[hops[h].link]
            if link.hot:
                link.load += mass
                link.left += 1
    ranks = net.ranks
    heap = -1
    for i in range(n_links):
        e = links[i].queue
        if links[e].left:
            ranks[e].key = links[e].room / links[e].load
            heap = insert(ranks, heap, e)
    level = 0.0
    while heap >= 0:
        e = heap
        heap = remove(ranks, heap, e)
        link = links[e]
        if link.left == 0:
            continue
        if link.room / link.load > ranks[e].key:
            ranks[e].key = link.room / link.load
            heap = insert(ranks, heap, e)
            continue
        # Full next, were it not for classes whose own bounds hold them back at a lower level: only links that they
        # cross need to know of those, so it is soon enough to find them here.
        at = max(level, ranks[e].key)
        bounded = False
        h = link.first
        while h >= 0:
            c = hops[h].owner
            k = classes[c]
            if k.verdict == _OPEN and k.bound / (k.count * k.weight) < at:
                bounded = True
                _hold_back(net, c, PRIVATE, k.bound)
            h = hops[h].next
        if bounded:
            if link.left:
                ranks[e].key = link.room / link.load
                heap = insert(ranks, heap, e)
            continue
        level = at
        h = link.first
        while h >= 0:
            c = hops[h].owner
            if classes[c].verdict == _OPEN:
                _hold_back(net, c, e, level * (classes[c].count * classes[c].weight))
            h = hops[h].next
        link.load = level


def _hold_back(net: Net, c: int, verdict: int, total_Bps: float) -> None:
    k = net.classes[c]
    k.verdict = verdict
    for h in range(k.first_hop, k.end_hop):
        link = net.links[net.hops[h].link]
        if link.hot:
            link.room -= total_Bps
            link.load -= k.count * k.weight
            link.left -= 1


def max_min(
    capacity_Bps: Sequence[float],
    routes: Sequence[Sequence[int]],
    weights: Sequence[float] | None = None,
    caps_Bps: Sequence[float] | None = None,
) -> list[float]:
    """Rate of each flow, bytes/s.

    `capacity_Bps` : (n_links,); `routes` : (n_flows,) of link numbers, none twice in a route; `weights` :
    (n_flows,) above 0; `caps_Bps` : (n_flows,). A flow that nothing holds back gets an infinite rate.
    """
    net = plain(capacity_Bps)
    held = 0
    for flow, route in enumerate(routes):
        weight = 1.0 if weights is None else weights[flow]
        cap = INF if caps_Bps is None else caps_Bps[flow]
        add_class(net, route, weight, cap)
        k = net.classes[flow]
        k.count = 1
        k.bound = min(cap, UNBOUNDED_BPS)
        k.verdict = PRIVATE
        if k.first_hop < k.end_hop:
            net.classes[held].group = flow
            held += 1
        for h in range(k.first_hop, k.end_hop):
            link = net.links[net.hops[h].link]
            link.hot = 1
            net.hops[h].next, link.first = link.first, h
    for number, link in enumerate(net.links):
        link.queue = number
    fill(net, len(net.links), held)
    rates = (k.bound if k.verdict == PRIVATE else net.links[k.verdict].load * k.weight for k in net.classes)
    return [rate if rate < UNBOUNDED_BPS else INF for rate in rates]
