"""New levels for all that a change reaches: the modified links, and what active links couple to them.

A link that is coupled to no other is solved alone (`solve_alone`); a component of coupled links is filled together, by
`filling`. What neither reaches keeps its level, its heaps and its place among the ends.

Source: SimGrid's `System::solve` over the modified constraints alone (src/kernel/lmm/maxmin.cpp); Newton's method for
one link is the ordinary one. Kernel code (see `sim.records`).
"""

from __future__ import annotations

from sim.network.fairshare.filling import fill
from sim.network.fairshare.sharing import (
    accrue,
    active_link,
    attach_to_bound,
    attach_to_link,
    clear_members,
    detach,
    queue_link,
)
from sim.network.fairshare.state import DETACHED, INF, OWN_BOUND, Net


def solve(net: Net, now: float) -> None:
    """New levels for every link that active links connect to a modified one."""
    links = net.links
    solver = net.solver[0]
    solver.stamp += 1
    n_links = 0
    for i in range(solver.modified):
        e = links[i].modified_link
        links[e].modified = 0
        if links[e].active == 0:
            _attach_detached(net, e, now)
        elif links[e].coupled:
            n_links = _visit(net, e, n_links)
        else:
            solve_alone(net, e, now)
    solver.modified = 0
    if n_links:
        _solve_component(net, n_links, now)


def _solve_component(net: Net, n_links: int, now: float) -> None:
    """The same for the first `n_links` of the component and all that is coupled to them."""
    links, classes = net.links, net.classes
    n_links, n_classes = _gather(net, n_links)
    net.solver[0].solved += n_classes
    fill(net, n_links, n_classes)
    for i in range(n_classes):
        k = classes[classes[i].component]
        if k.new_bottleneck != k.bottleneck or (k.bottleneck == OWN_BOUND and k.rate != k.bound / k.count):
            detach(net, classes[i].component, now)
    for i in range(n_links):
        e = links[i].component
        link = links[e]
        accrue(net, e, now)
        link.level = link.new_level
        link.members_weight = 0.0
        link.others_rate = 0.0
        link.members = 0
        link.level_max = INF
        link.level_min = 0.0
        link.updates = 0
    for i in range(n_classes):
        c = classes[i].component
        k = classes[c]
        weight = k.count * k.weight
        if k.new_bottleneck >= 0:
            link = links[k.new_bottleneck]
            link.level_max = min(link.level_max, k.bound / weight)
            if k.bottleneck == k.new_bottleneck:
                link.members += 1
                link.members_weight += weight
            else:
                attach_to_link(net, c, k.new_bottleneck)
        else:
            if k.bottleneck == DETACHED:
                attach_to_bound(net, c, now)
            if k.active_links == 1:
                link = links[active_link(net, c)]
                link.others_rate += k.bound
                link.level_min = max(link.level_min, k.bound / weight)
    for i in range(n_links):
        e = links[i].component
        if links[e].members:
            queue_link(net, e)
        else:
            clear_members(net, e)


def _gather(net: Net, n_links: int) -> tuple[int, int]:
    """All links that classes connect to the first of the component, and all classes on them: how many of each."""
    links, classes, hops = net.links, net.classes, net.hops
    stamp = net.solver[0].stamp
    n_classes = 0
    i = 0
    while i < n_links:
        h = links[links[i].component].first
        while h >= 0:
            c = hops[h].owner
            k = classes[c]
            if k.visited != stamp:
                k.visited = stamp
                classes[n_classes].component = c
                n_classes += 1
                for other in range(k.first_hop, k.end_hop):
                    if links[hops[other].link].active:
                        n_links = _visit(net, hops[other].link, n_links)
            h = hops[h].next
        i += 1
    return n_links, n_classes


def _visit(net: Net, e: int, n_links: int) -> int:
    """Link `e` is in the component; how many are."""
    if net.links[e].visited == net.solver[0].stamp:
        return n_links
    net.links[e].visited = net.solver[0].stamp
    net.links[n_links].component = e
    return n_links + 1


def solve_alone(net: Net, e: int, now: float) -> None:
    """Shares out one link among classes that cross no other active link."""
    link = net.links[e]
    accrue(net, e, now)
    level, members, members_weight, others_rate = _find_level(net, e)
    link.level_max = INF
    link.level_min = 0.0
    solved = 0
    h = link.first
    while h >= 0:
        hop = net.hops[h]
        c = hop.owner
        k = net.classes[c]
        weight = k.count * k.weight
        if k.bound < level * weight:
            if k.bottleneck != OWN_BOUND or k.rate != k.bound / k.count:
                detach(net, c, now)
                attach_to_bound(net, c, now)
            link.level_min = max(link.level_min, k.bound / weight)
        else:
            if k.bottleneck != e:
                detach(net, c, now)
                attach_to_link(net, c, e)
            link.level_max = min(link.level_max, k.bound / weight)
        solved += 1
        h = hop.next
    net.solver[0].solved += solved
    link.updates = 0
    link.others_rate = others_rate
    if members:
        link.members_weight = members_weight
        link.members = members
        link.level = level
        link.last_level = level
        queue_link(net, e)
    else:
        clear_members(net, e)


def _find_level(net: Net, e: int) -> tuple[float, int, float, float]:
    """The level of link `e`, how many it holds back, their weight, and what the others have.

    The level L is where the sum over classes of min(bound, weight L) meets the capacity: concave in L, so Newton's
    steps come from below after the first, and each leaves more classes to their bounds, until none passes any more.
    """
    link = net.links[e]
    classes, hops = net.classes, net.hops
    level = link.last_level
    members_weight = 0.0
    others_rate = 0.0
    before = -1
    members = -1
    while members != before or members < 0:
        before = members
        members = 0
        others_rate = 0.0
        members_weight = 0.0
        total = 0.0
        h = link.first
        while h >= 0:
            hop = hops[h]
            k = classes[hop.owner]
            weight = k.count * k.weight
            total += weight
            if k.bound < level * weight:
                others_rate += k.bound
            else:
                members_weight += weight
                members += 1
            h = hop.next
        if members:
            reached = (link.capacity - others_rate) / members_weight
            level = max(level, reached) if before >= 0 else reached
        elif others_rate > link.capacity * (1 + 1e-12):
            level = link.capacity / total
            members = -1
    return level, members, members_weight, others_rate


def _attach_detached(net: Net, e: int, now: float) -> None:
    """Attaches the classes still detached on a link that was modified before it ceased to be active.

    If another of their links is active, solving that one does it.
    """
    h = net.links[e].first
    while h >= 0:
        k = net.classes[net.hops[h].owner]
        if k.bottleneck == DETACHED and k.active_links == 0 and k.count:
            attach_to_bound(net, net.hops[h].owner, now)
        h = net.hops[h].next
