"""New levels for all that hot links connect to a change. Text for both ways to run (see `records`).

A link that is tied to no other is `share`d out alone; what is tied together is filled together, by `fairshare`.
"""

from __future__ import annotations

from sim.network.fairshare.maxmin import fill
from sim.network.fairshare.sharing import aim, empty, hold, hot_link, join, settle, withdraw
from sim.network.fairshare.state import IN_HAND, INF, PRIVATE, Net


def solve(net: Net, now: float) -> None:
    """New levels for every link that hot links connect to a stained one."""
    links = net.links
    classes = net.classes
    hops = net.hops
    board = net.board[0]
    board.stamp += 1
    n_links = 0
    for i in range(board.dirty):
        e = links[i].dirty_link
        links[e].dirty = 0
        if links[e].hot == 0:
            _let_go(net, e, now)
        elif links[e].tangled:
            n_links = _queue(net, e, n_links)
        else:
            share(net, e, now)
    board.dirty = 0
    if n_links == 0:
        return
    n_classes = 0
    i = 0
    while i < n_links:
        h = links[links[i].queue].first
        while h >= 0:
            c = hops[h].owner
            k = classes[c]
            if k.seen != board.stamp:
                k.seen = board.stamp
                classes[n_classes].group = c
                n_classes += 1
                for other in range(k.first_hop, k.end_hop):
                    if links[hops[other].link].hot:
                        n_links = _queue(net, hops[other].link, n_links)
            h = hops[h].next
        i += 1
    board.solved += n_classes
    fill(net, n_links, n_classes)
    for i in range(n_classes):
        k = classes[classes[i].group]
        if k.verdict != k.link or (k.link == PRIVATE and k.rate != k.bound / k.count):
            withdraw(net, classes[i].group, now)
    for i in range(n_links):
        e = links[i].queue
        link = links[e]
        settle(net, e, now)
        link.level = link.load
        link.own = 0.0
        link.others = 0.0
        link.members = 0
        link.low = INF
        link.high = 0.0
        link.quick = 0
    for i in range(n_classes):
        c = classes[i].group
        k = classes[c]
        mass = k.count * k.weight
        if k.verdict >= 0:
            link = links[k.verdict]
            link.low = min(link.low, k.bound / mass)
            if k.link == k.verdict:
                link.members += 1
                link.own += mass
            else:
                join(net, c, k.verdict)
        else:
            if k.link == IN_HAND:
                hold(net, c, now)
            if k.hot == 1:
                link = links[hot_link(net, c)]
                link.others += k.bound
                link.high = max(link.high, k.bound / mass)
    for i in range(n_links):
        e = links[i].queue
        if links[e].members:
            aim(net, e)
        else:
            empty(net, e)


def share(net: Net, e: int, now: float) -> None:
    """Shares out one link among classes that cross no other hot link.

    The level L is where the sum over classes of min(bound, mass L) meets the capacity: concave in L, so Newton's
    steps come from below after the first, and each makes more classes private, until none passes any more.
    """
    link = net.links[e]
    classes, hops = net.classes, net.hops
    settle(net, e, now)
    level = link.reached
    before = -1
    members = -1
    while members != before or members < 0:
        before = members
        members = 0
        others = 0.0
        own = 0.0
        total = 0.0
        h = link.first
        while h >= 0:
            hop = hops[h]
            k = classes[hop.owner]
            mass = k.count * k.weight
            total += mass
            if k.bound < level * mass:
                others += k.bound
            else:
                own += mass
                members += 1
            h = hop.next
        if members:
            reached = (link.capacity - others) / own
            level = max(level, reached) if before >= 0 else reached
        elif others > link.capacity * (1 + 1e-12):
            level = link.capacity / total
            members = -1
    link.low = INF
    link.high = 0.0
    solved = 0
    h = link.first
    while h >= 0:
        hop = hops[h]
        c = hop.owner
        k = classes[c]
        mass = k.count * k.weight
        if k.bound < level * mass:
            if k.link != PRIVATE or k.rate != k.bound / k.count:
                withdraw(net, c, now)
                hold(net, c, now)
            link.high = max(link.high, k.bound / mass)
        else:
            if k.link != e:
                withdraw(net, c, now)
                join(net, c, e)
            link.low = min(link.low, k.bound / mass)
        solved += 1
        h = hop.next
    net.board[0].solved += solved
    link.quick = 0
    if members:
        link.own = own
        link.others = others
        link.members = members
        link.level = level
        link.reached = level
        aim(net, e)
    else:
        link.others = others
        empty(net, e)


def _let_go(net: Net, e: int, now: float) -> None:
    """Places the classes still in hand on a link that was stained before it cooled, if no other is hot."""
    h = net.links[e].first
    while h >= 0:
        k = net.classes[net.hops[h].owner]
        if k.link == IN_HAND and k.hot == 0 and k.count:
            hold(net, net.hops[h].owner, now)
        h = net.hops[h].next


def _queue(net: Net, e: int, n_links: int) -> int:
    if net.links[e].seen == net.board[0].stamp:
        return n_links
    net.links[e].seen = net.board[0].stamp
    net.links[n_links].queue = e
    return n_links + 1
