"""Weighted max-min fair shares of classes of flows, by progressive filling.

All rates grow in proportion to weight until a link is saturated or a flow is at its cap; those held back keep what they
have, the others go on. The outcome is the one allocation in which each flow is at its cap or crosses a saturated link
on which none gets more for its weight. The rate per unit of weight is the *level*, as of water; it only rises while
filling, so a heap of links by the level at which each would be saturated may hold entries that are too low, never too
high, and is put right when they surface.

Source: Bertsekas and Gallager, Data Networks, 2nd ed., 6.5.2. Kernel code (see `sim.records`).
"""

from __future__ import annotations

from sim.network.fairshare.pairing import insert, remove
from sim.network.fairshare.state import OWN_BOUND, Net

_UNFIXED = -3


def fill(net: Net, n_links: int, n_classes: int) -> None:
    """Fills the first `n_links` of the component with its first `n_classes`.

    Leaves in each class's `new_bottleneck` the link that holds it back, or OWN_BOUND, and each link's `new_level`.
    """
    links = net.links
    classes = net.classes
    hops = net.hops
    ranks = net.ranks
    heap = _begin(net, n_links, n_classes)
    level = 0.0
    while heap >= 0:
        e = heap
        heap = remove(ranks, heap, e)
        link = links[e]
        if link.unfixed == 0:
            continue
        if link.residual / link.unfixed_weight > ranks[e].key:
            ranks[e].key = link.residual / link.unfixed_weight
            heap = insert(ranks, heap, e)
            continue
        # Saturated next, were it not for classes whose own bounds hold them back at a lower level: only links that
        # they cross need to know of those, so it is soon enough to find them here.
        at = max(level, ranks[e].key)
        bounded = False
        h = link.first
        while h >= 0:
            c = hops[h].owner
            k = classes[c]
            if k.new_bottleneck == _UNFIXED and k.bound / (k.count * k.weight) < at:
                bounded = True
                _fix(net, c, OWN_BOUND, k.bound)
            h = hops[h].next
        if bounded:
            if link.unfixed:
                ranks[e].key = link.residual / link.unfixed_weight
                heap = insert(ranks, heap, e)
            continue
        level = at
        h = link.first
        while h >= 0:
            c = hops[h].owner
            if classes[c].new_bottleneck == _UNFIXED:
                _fix(net, c, e, level * (classes[c].count * classes[c].weight))
            h = hops[h].next
        link.new_level = level


def _begin(net: Net, n_links: int, n_classes: int) -> int:
    """Nothing is given yet: the heap of links by the level at which each would be saturated."""
    links = net.links
    classes = net.classes
    hops = net.hops
    for i in range(n_links):
        link = links[links[i].component]
        link.residual = link.capacity
        link.unfixed_weight = 0.0
        link.unfixed = 0
        link.new_level = 0.0
    for i in range(n_classes):
        k = classes[classes[i].component]
        k.new_bottleneck = _UNFIXED
        weight = k.count * k.weight
        for h in range(k.first_hop, k.end_hop):
            link = links[hops[h].link]
            if link.active:
                link.unfixed_weight += weight
                link.unfixed += 1
    ranks = net.ranks
    heap = -1
    for i in range(n_links):
        e = links[i].component
        if links[e].unfixed:
            ranks[e].key = links[e].residual / links[e].unfixed_weight
            heap = insert(ranks, heap, e)
    return heap


def _fix(net: Net, c: int, bottleneck: int, rate: float) -> None:
    """The flows of class `c` get so much, all together."""
    k = net.classes[c]
    k.new_bottleneck = bottleneck
    for h in range(k.first_hop, k.end_hop):
        link = net.links[net.hops[h].link]
        if link.active:
            link.residual -= rate
            link.unfixed_weight -= k.count * k.weight
            link.unfixed -= 1
