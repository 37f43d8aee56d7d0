"""Attaching a class to what holds it back, and the level of a link that holds classes back.

A class that is about to change is *detached*: `detach` takes it out of its heap and its link's sums, `attach` puts it
back. On an active link that shares no class with another active link an event changes the level alone, as long as
nobody passes between those that it holds back, its *members*, and the others: `update_level` is all it takes. What
takes more is marked as modified, for `solution` to solve. While the network is observed, it is noted which hop has held
each class back, and for how long.

Source: attained service instead of remaining work, as in processor sharing (Kleinrock, "Queueing Systems", vol. 2,
1976, 4.4) and in weighted fair queueing's virtual finish times. Kernel code (see `sim.records`).
"""

from __future__ import annotations

from sim.network.fairshare.pairing import insert, remove
from sim.network.fairshare.state import DETACHED, INF, OWN_BOUND, Net

MOST_UPDATES = 4096
"""A link's sums are added up afresh after so many updates, so that rounding errors do not add up."""


def served(net: Net, c: int, now: float) -> float:
    """Bytes each flow of class `c` has had since the class was last without flows."""
    k = net.classes[c]
    if k.bottleneck < 0:
        return k.service + k.rate * (now - k.anchor)
    link = net.links[k.bottleneck]
    return k.service + k.weight * (link.service + link.level * (now - link.since) - k.anchor)


def detach(net: Net, c: int, now: float) -> None:
    """Takes class `c` out of its heap and its link's sums."""
    k = net.classes[c]
    if k.bottleneck == DETACHED:
        return
    x = len(net.links) + c
    if net.solver[0].observed:
        _observe_release(net, c, now)
    k.service = served(net, c, now)
    if k.bottleneck == OWN_BOUND:
        solver = net.solver[0]
        solver.ends = remove(net.nodes, solver.ends, x)
        if k.active_links == 1:
            net.links[active_link(net, c)].others_rate -= k.bound
    else:
        link = net.links[k.bottleneck]
        link.heap = remove(net.nodes, link.heap, x)
        link.members -= 1
        link.members_weight -= k.count * k.weight
    k.bottleneck = DETACHED
    k.rate = 0.0
    k.anchor = now


def attach(net: Net, c: int, now: float) -> None:
    """Puts detached class `c` where it belongs, or marks its links as modified, for `solve` to do it."""
    k = net.classes[c]
    if k.count == 0:
        return
    if k.active_links == 0:
        attach_to_bound(net, c, now)
        return
    e = active_link(net, c)
    link = net.links[e]
    if k.active_links > 1 or link.modified or link.coupled:
        mark_route_modified(net, c)
        return
    accrue(net, e, now)
    weight = k.count * k.weight
    own_level = k.bound / weight
    if k.bound < (link.capacity - link.others_rate) / (link.members_weight + weight) * weight:
        link.others_rate += k.bound
        link.level_min = max(link.level_min, own_level)
        attach_to_bound(net, c, now)
    else:
        link.level_max = min(link.level_max, own_level)
        attach_to_link(net, c, e)
    update_level(net, e)


def add_behind(net: Net, c: int, f: int, size: float, now: float) -> bool:
    """Flow `f` joins others of a class that an uncoupled link holds back, and ends after them: the level changes alone.

    False, and nothing done, if it takes more than that.
    """
    k = net.classes[c]
    if k.bottleneck < 0 or net.links[k.bottleneck].coupled or min((k.count + 1) * k.cap, k.narrowest) != k.bound:
        return False
    link = net.links[k.bottleneck]
    accrue(net, k.bottleneck, now)
    key = k.service + k.weight * (link.service - k.anchor) + size
    if key < net.flows[k.heap].key:
        return False
    net.flows[f].key = key
    k.heap = insert(net.flows, k.heap, f)
    k.count += 1
    link.members_weight += k.weight
    link.level_max = min(link.level_max, k.bound / (k.count * k.weight))
    update_level(net, k.bottleneck)
    return True


def update_level(net: Net, e: int) -> None:
    """The level of an active link that is coupled to no other, unless somebody passes between members and others."""
    link = net.links[e]
    if link.members == 0:
        if link.queued:
            clear_members(net, e)
        return
    level = (link.capacity - link.others_rate) / link.members_weight
    link.updates += 1
    if level < link.level_min or level > link.level_max or link.updates > MOST_UPDATES:
        mark_modified(net, e)
    else:
        link.level = level
        queue_link(net, e)


def attach_to_bound(net: Net, c: int, now: float) -> None:
    """Detached class `c` is held back by its own bound from now on: its flows split that."""
    k = net.classes[c]
    x = len(net.links) + c
    if net.solver[0].observed:
        _observe_hold(net, c, _narrowest_hop(net, c), now)
    k.bottleneck = OWN_BOUND
    k.rate = k.bound / k.count
    k.anchor = now
    left = net.flows[k.heap].key - k.service
    net.nodes[x].key = now + left / k.rate if k.rate > 0.0 else INF if left > 0.0 else now
    net.solver[0].ends = insert(net.nodes, net.solver[0].ends, x)


def attach_to_link(net: Net, c: int, e: int) -> None:
    """Detached class `c` becomes a member of link `e`, whose service is that of now."""
    k = net.classes[c]
    link = net.links[e]
    x = len(net.links) + c
    if net.solver[0].observed:
        _observe_hold(net, c, hop_over(net, c, e), link.since)
    k.bottleneck = e
    k.anchor = link.service
    link.members += 1
    link.members_weight += k.count * k.weight
    net.nodes[x].key = link.service + (net.flows[k.heap].key - k.service) / k.weight
    link.heap = insert(net.nodes, link.heap, x)


def accrue(net: Net, e: int, now: float) -> None:
    """Link `e` has served at its level until now."""
    link = net.links[e]
    link.service += link.level * (now - link.since)
    link.since = now


def clear_members(net: Net, e: int) -> None:
    """Link `e` holds nobody back any more."""
    link = net.links[e]
    link.members_weight = 0.0
    link.level = 0.0
    link.service = 0.0
    link.level_max = INF
    queue_link(net, e)


def queue_link(net: Net, e: int) -> None:
    """Puts link `e` where the next end among its members wants it in the heap of ends."""
    link = net.links[e]
    solver = net.solver[0]
    if link.queued:
        solver.ends = remove(net.nodes, solver.ends, e)
        link.queued = 0
    if link.heap >= 0:
        left = net.nodes[link.heap].key - link.service
        net.nodes[e].key = link.since + left / link.level if link.level > 0.0 else INF
        solver.ends = insert(net.nodes, solver.ends, e)
        link.queued = 1


def mark_modified(net: Net, e: int) -> None:
    """Link `e` must be solved again before time goes on."""
    if net.links[e].modified == 0:
        net.links[e].modified = 1
        solver = net.solver[0]
        net.links[solver.modified].modified_link = e
        solver.modified += 1


def mark_route_modified(net: Net, c: int) -> None:
    """So must all active links on the route of class `c`."""
    k = net.classes[c]
    for h in range(k.first_hop, k.end_hop):
        if net.links[net.hops[h].link].active:
            mark_modified(net, net.hops[h].link)


def active_link(net: Net, c: int) -> int:
    """The first active link on the route of class `c`; -1 if there is none."""
    k = net.classes[c]
    for h in range(k.first_hop, k.end_hop):
        if net.links[net.hops[h].link].active:
            return int(net.hops[h].link)
    return -1


def hop_over(net: Net, c: int, e: int) -> int:
    """The hop of class `c` over link `e`; -1 if it does not cross that."""
    k = net.classes[c]
    for h in range(k.first_hop, k.end_hop):
        if net.hops[h].link == e:
            return h
    return -1


def _narrowest_hop(net: Net, c: int) -> int:
    """The hop that a class fills alone, at its own bound; -1 if its cap keeps it below."""
    k = net.classes[c]
    if k.bound < k.narrowest:
        return -1
    for h in range(k.first_hop, k.end_hop):
        if net.links[net.hops[h].link].capacity == k.narrowest:
            return h
    return -1


def _observe_hold(net: Net, c: int, h: int, now: float) -> None:
    """Hop `h` (-1: its cap) holds class `c` back from now on."""
    k = net.classes[c]
    k.held = h
    k.held_since = now
    if h >= 0:
        link = net.links[net.hops[h].link]
        if link.holds == 0:
            link.full_since = now
        link.holds += 1


def _observe_release(net: Net, c: int, now: float) -> None:
    """What has held class `c` back no longer does."""
    k = net.classes[c]
    if k.held < 0:
        k.capped_s += now - k.held_since
        return
    net.hops[k.held].held_s += now - k.held_since
    link = net.links[net.hops[k.held].link]
    link.holds -= 1
    if link.holds == 0:
        link.full_s += now - link.full_since
