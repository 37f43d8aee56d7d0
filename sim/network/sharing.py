"""Where each class belongs, and the levels of the links that hold classes back.

A link is *hot* while its classes' bounds together exceed its capacity; no other link can hold anybody back. On a
hot link that shares no class with another hot link, an event changes the level alone, as long as nobody passes
between members and others: `_relevel`. Otherwise everything that hot links connect to the change is solved
again: `solve`. A class that is about to change is *in hand*: `withdraw`, `recount`, `place`, then `solve`. Text
for both ways to run (see `records`).
"""

from __future__ import annotations

from sim.network.fairshare import fill
from sim.network.pairing import insert, remove
from sim.network.records import IN_HAND, INF, PRIVATE, Net

COOL = 0.75
"""A hot link cools only when its potential is this part of its capacity, so that it does not flicker."""
AFRESH = 4096
"""A link's sums are made afresh after this many changes, so that rounding errors do not add up."""


def served(net: Net, c: int, now: float) -> float:
    """Bytes each flow of class `c` has had since the class last was empty."""
    k = net.classes[c]
    if k.link < 0:
        return k.service + k.rate * (now - k.anchor)
    link = net.links[k.link]
    return k.service + k.weight * (link.service + link.level * (now - link.since) - k.anchor)


def withdraw(net: Net, c: int, now: float) -> None:
    """Takes class `c` out of its heap and its link's sums, into the hand."""
    k = net.classes[c]
    if k.link == IN_HAND:
        return
    x = len(net.links) + c
    k.service = served(net, c, now)
    if k.link == PRIVATE:
        board = net.board[0]
        board.clock = remove(net.nodes, board.clock, x)
        if k.hot == 1:
            net.links[_hot_link(net, c)].others -= k.bound
    else:
        link = net.links[k.link]
        link.heap = remove(net.nodes, link.heap, x)
        link.members -= 1
        link.own -= k.count * k.weight
    k.link = IN_HAND
    k.rate = 0.0
    k.anchor = now


def recount(net: Net, c: int, count: int, now: float) -> None:
    """Class `c`, in hand, now has `count` flows."""
    k = net.classes[c]
    bound = min(count * k.cap, k.narrow) if count else 0.0
    more = bound - k.bound
    turns = (count > 0) - (k.count > 0)
    k.bound = bound
    k.count = count
    if more != 0.0 or turns:
        warm = False
        links = net.links
        hops = net.hops
        for h in range(k.first_hop, k.end_hop):
            link = links[hops[h].link]
            link.potential += more
            if link.hot or link.potential > link.capacity:
                warm = True
        if turns > 0 and k.listed == 0:
            board = net.board[0]
            k.listed = 1
            net.classes[board.listed].listing = c
            board.listed += 1
        if warm:
            _warm(net, c, turns, now)
    if count == 0:
        k.service = 0.0


def _warm(net: Net, c: int, turns: int, now: float) -> None:
    """Class `c` has begun (`turns` 1) or ceased (-1) or changed its bound (0) on a route where links are hot."""
    k = net.classes[c]
    if turns > 0:
        for h in range(k.first_hop, k.end_hop):
            if net.links[net.hops[h].link].hot:
                _append(net, h)
                k.hot += 1
        if k.hot > 1:
            _tangle(net, c, 1)
    elif turns < 0:
        if k.hot > 1:
            _tangle(net, c, -1)
        for h in range(k.first_hop, k.end_hop):
            if net.links[net.hops[h].link].hot:
                _unlink(net, h)
    for h in range(k.first_hop, k.end_hop):
        temper(net, net.hops[h].link, now)
    if turns < 0:
        for h in range(k.first_hop, k.end_hop):
            e = net.hops[h].link
            if net.links[e].tangled:
                stain(net, e)
            elif net.links[e].hot and net.links[e].dirty == 0:
                _settle(net, e, now)
                _relevel(net, e)
        k.hot = 0


def temper(net: Net, e: int, now: float) -> None:
    """Heats or cools link `e` as its potential asks."""
    link = net.links[e]
    if link.hot:
        if link.potential <= COOL * link.capacity:
            _cool(net, e, now)
    elif link.potential > link.capacity:
        _heat(net, e, now)


def _append(net: Net, h: int) -> None:
    hop = net.hops[h]
    link = net.links[hop.link]
    hop.next = -1
    hop.prev = link.last
    if link.last >= 0:
        net.hops[link.last].next = h
    else:
        link.first = h
    link.last = h


def _unlink(net: Net, h: int) -> None:
    hop = net.hops[h]
    link = net.links[hop.link]
    if hop.prev >= 0:
        net.hops[hop.prev].next = hop.next
    else:
        link.first = hop.next
    if hop.next >= 0:
        net.hops[hop.next].prev = hop.prev
    else:
        link.last = hop.prev


def _tangle(net: Net, c: int, by: int) -> None:
    """Class `c` begins (1) or ceases (-1) to tie its hot links together."""
    k = net.classes[c]
    for h in range(k.first_hop, k.end_hop):
        e = net.hops[h].link
        if net.links[e].hot:
            net.links[e].tangled += by
            stain(net, e)


def _hot_link(net: Net, c: int) -> int:
    k = net.classes[c]
    for h in range(k.first_hop, k.end_hop):
        if net.links[net.hops[h].link].hot:
            return int(net.hops[h].link)
    return -1


def _heat(net: Net, e: int, now: float) -> None:
    """Link `e` may run full from now on: finds its active classes, and strikes idle ones off the roll."""
    link = net.links[e]
    board = net.board[0]
    link.hot = 1
    link.since = now
    link.first = -1
    link.last = -1
    kept = 0
    for i in range(board.listed):
        c = net.classes[i].listing
        k = net.classes[c]
        if k.count == 0:
            k.listed = 0
            continue
        net.classes[kept].listing = c
        kept += 1
        for h in range(k.first_hop, k.end_hop):
            if net.hops[h].link == e:
                _append(net, h)
                k.hot += 1
                if k.hot == 2:
                    _tangle(net, c, 1)
                elif k.hot > 2:
                    link.tangled += 1
    board.listed = kept
    stain(net, e)


def _cool(net: Net, e: int, now: float) -> None:
    """Link `e` cannot run full any more: its members are let go."""
    link = net.links[e]
    h = link.first
    while h >= 0:
        c = net.hops[h].owner
        k = net.classes[c]
        if k.link == e:
            withdraw(net, c, now)
            if k.hot == 1:
                _hold(net, c, now)
        if k.hot == 2:
            _tangle(net, c, -1)
        elif k.hot > 2:
            link.tangled -= 1
            _stain_route(net, c)
        k.hot -= 1
        h = net.hops[h].next
    link.hot = 0
    _empty(net, e)


def stain(net: Net, e: int) -> None:
    """Link `e` must be solved again before time goes on."""
    if net.links[e].dirty == 0:
        net.links[e].dirty = 1
        board = net.board[0]
        net.links[board.dirty].dirty_link = e
        board.dirty += 1


def _stain_route(net: Net, c: int) -> None:
    k = net.classes[c]
    for h in range(k.first_hop, k.end_hop):
        if net.links[net.hops[h].link].hot:
            stain(net, net.hops[h].link)


def place(net: Net, c: int, now: float) -> None:
    """Class `c` leaves the hand for where it belongs, or waits there for `solve`."""
    k = net.classes[c]
    if k.count == 0:
        return
    if k.hot == 0:
        _hold(net, c, now)
        return
    e = _hot_link(net, c)
    link = net.links[e]
    if k.hot > 1 or link.dirty or link.tangled:
        _stain_route(net, c)
        return
    _settle(net, e, now)
    mass = k.count * k.weight
    own_level = k.bound / mass
    if own_level < (link.capacity - link.others) / (link.own + mass):
        link.others += k.bound
        link.high = max(link.high, own_level)
        _hold(net, c, now)
    else:
        link.low = min(link.low, own_level)
        _join(net, c, e)
    _relevel(net, e)


def _relevel(net: Net, e: int) -> None:
    """The level of a hot link that is tied to no other, unless somebody passes between members and others."""
    link = net.links[e]
    if link.members == 0:
        _empty(net, e)
        return
    level = (link.capacity - link.others) / link.own
    link.quick += 1
    if level < link.high or level > link.low or link.quick > AFRESH:
        stain(net, e)
    else:
        link.level = level
        aim(net, e)


def _hold(net: Net, c: int, now: float) -> None:
    """Class `c`, in hand, becomes private: its flows split its bound."""
    k = net.classes[c]
    x = len(net.links) + c
    k.link = PRIVATE
    k.rate = k.bound / k.count
    k.anchor = now
    left = net.flows[k.heap].key - k.service
    net.nodes[x].key = now + left / k.rate if k.rate > 0.0 else INF if left > 0.0 else now
    net.board[0].clock = insert(net.nodes, net.board[0].clock, x)


def _join(net: Net, c: int, e: int) -> None:
    """Class `c`, in hand, becomes a member of link `e`, which is settled."""
    k = net.classes[c]
    link = net.links[e]
    x = len(net.links) + c
    k.link = e
    k.anchor = link.service
    link.members += 1
    link.own += k.count * k.weight
    net.nodes[x].key = link.service + (net.flows[k.heap].key - k.service) / k.weight
    link.heap = insert(net.nodes, link.heap, x)


def _settle(net: Net, e: int, now: float) -> None:
    link = net.links[e]
    link.service += link.level * (now - link.since)
    link.since = now


def _empty(net: Net, e: int) -> None:
    """Link `e` has no member left."""
    link = net.links[e]
    link.own = 0.0
    link.level = 0.0
    link.service = 0.0
    link.low = INF
    aim(net, e)


def aim(net: Net, e: int) -> None:
    """Puts link `e` where it belongs in the clock."""
    link = net.links[e]
    board = net.board[0]
    if link.aimed:
        board.clock = remove(net.nodes, board.clock, e)
        link.aimed = 0
    if link.heap >= 0:
        left = net.nodes[link.heap].key - link.service
        net.nodes[e].key = link.since + left / link.level if link.level > 0.0 else INF
        board.clock = insert(net.nodes, board.clock, e)
        link.aimed = 1


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
        if links[e].hot:
            n_links = _queue(net, e, n_links)
        else:
            _let_go(net, e, now)
    board.dirty = 0
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
        _settle(net, e, now)
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
                _join(net, c, k.verdict)
        else:
            if k.link == IN_HAND:
                _hold(net, c, now)
            if k.hot == 1:
                link = links[_hot_link(net, c)]
                link.others += k.bound
                link.high = max(link.high, k.bound / mass)
    for i in range(n_links):
        e = links[i].queue
        if links[e].members:
            aim(net, e)
        else:
            _empty(net, e)


def _let_go(net: Net, e: int, now: float) -> None:
    """Places the classes still in hand on a link that was stained before it cooled, if no other is hot."""
    h = net.links[e].first
    while h >= 0:
        k = net.classes[net.hops[h].owner]
        if k.link == IN_HAND and k.hot == 0 and k.count:
            _hold(net, net.hops[h].owner, now)
        h = net.hops[h].next


def _queue(net: Net, e: int, n_links: int) -> int:
    if net.links[e].seen == net.board[0].stamp:
        return n_links
    net.links[e].seen = net.board[0].stamp
    net.links[n_links].queue = e
    return n_links + 1
