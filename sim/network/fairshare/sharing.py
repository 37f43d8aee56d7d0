"""Where each class belongs, and the level of a link that holds classes back.

A class that is about to change is *in hand*. `place` puts it back: to the members of the hot link that holds it
back, or among the private classes; or it leaves it in hand and stains its links, for `solution` to place. On a hot
link that shares no class with another hot link, an event changes the level alone, as long as nobody passes between
members and others: `relevel`. While the network is observed, it is noted which hop has held each class back, and
for how long. Text for both ways to run (see `records`).
"""

from __future__ import annotations

from sim.network.fairshare.pairing import insert, remove
from sim.network.fairshare.state import IN_HAND, INF, PRIVATE, Net

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
    if net.board[0].observed:
        _lets_go(net, c, now)
    k.service = served(net, c, now)
    if k.link == PRIVATE:
        board = net.board[0]
        board.clock = remove(net.nodes, board.clock, x)
        if k.hot == 1:
            net.links[hot_link(net, c)].others -= k.bound
    else:
        link = net.links[k.link]
        link.heap = remove(net.nodes, link.heap, x)
        link.members -= 1
        link.own -= k.count * k.weight
    k.link = IN_HAND
    k.rate = 0.0
    k.anchor = now


def place(net: Net, c: int, now: float) -> None:
    """Class `c` leaves the hand for where it belongs, or waits there for `solve`."""
    k = net.classes[c]
    if k.count == 0:
        return
    if k.hot == 0:
        hold(net, c, now)
        return
    e = hot_link(net, c)
    link = net.links[e]
    if k.hot > 1 or link.dirty or link.tangled:
        stain_route(net, c)
        return
    settle(net, e, now)
    mass = k.count * k.weight
    own_level = k.bound / mass
    if k.bound < (link.capacity - link.others) / (link.own + mass) * mass:
        link.others += k.bound
        link.high = max(link.high, own_level)
        hold(net, c, now)
    else:
        link.low = min(link.low, own_level)
        join(net, c, e)
    relevel(net, e)


def swell(net: Net, c: int, f: int, size: float, now: float) -> bool:
    """Flow `f` falls in behind others of a class that an untied link holds back: only the level changes.

    False, and nothing done, if it takes more than that.
    """
    k = net.classes[c]
    if k.link < 0 or net.links[k.link].tangled or min((k.count + 1) * k.cap, k.narrow) != k.bound:
        return False
    link = net.links[k.link]
    settle(net, k.link, now)
    mark = k.service + k.weight * (link.service - k.anchor) + size
    if mark < net.flows[k.heap].key:
        return False
    net.flows[f].key = mark
    k.heap = insert(net.flows, k.heap, f)
    k.count += 1
    link.own += k.weight
    link.low = min(link.low, k.bound / (k.count * k.weight))
    relevel(net, k.link)
    return True


def relevel(net: Net, e: int) -> None:
    """The level of a hot link that is tied to no other, unless somebody passes between members and others."""
    link = net.links[e]
    if link.members == 0:
        if link.aimed:
            empty(net, e)
        return
    level = (link.capacity - link.others) / link.own
    link.quick += 1
    if level < link.high or level > link.low or link.quick > AFRESH:
        stain(net, e)
    else:
        link.level = level
        aim(net, e)


def hold(net: Net, c: int, now: float) -> None:
    """Class `c`, in hand, becomes private: its flows split its bound."""
    k = net.classes[c]
    x = len(net.links) + c
    if net.board[0].observed:
        _holds(net, c, _narrow_hop(net, c), now)
    k.link = PRIVATE
    k.rate = k.bound / k.count
    k.anchor = now
    left = net.flows[k.heap].key - k.service
    net.nodes[x].key = now + left / k.rate if k.rate > 0.0 else INF if left > 0.0 else now
    net.board[0].clock = insert(net.nodes, net.board[0].clock, x)


def join(net: Net, c: int, e: int) -> None:
    """Class `c`, in hand, becomes a member of link `e`, which is settled."""
    k = net.classes[c]
    link = net.links[e]
    x = len(net.links) + c
    if net.board[0].observed:
        _holds(net, c, hop_on(net, c, e), link.since)
    k.link = e
    k.anchor = link.service
    link.members += 1
    link.own += k.count * k.weight
    net.nodes[x].key = link.service + (net.flows[k.heap].key - k.service) / k.weight
    link.heap = insert(net.nodes, link.heap, x)


def settle(net: Net, e: int, now: float) -> None:
    link = net.links[e]
    link.service += link.level * (now - link.since)
    link.since = now


def empty(net: Net, e: int) -> None:
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


def stain(net: Net, e: int) -> None:
    """Link `e` must be solved again before time goes on."""
    if net.links[e].dirty == 0:
        net.links[e].dirty = 1
        board = net.board[0]
        net.links[board.dirty].dirty_link = e
        board.dirty += 1


def stain_route(net: Net, c: int) -> None:
    k = net.classes[c]
    for h in range(k.first_hop, k.end_hop):
        if net.links[net.hops[h].link].hot:
            stain(net, net.hops[h].link)


def hot_link(net: Net, c: int) -> int:
    k = net.classes[c]
    for h in range(k.first_hop, k.end_hop):
        if net.links[net.hops[h].link].hot:
            return int(net.hops[h].link)
    return -1


def hop_on(net: Net, c: int, e: int) -> int:
    k = net.classes[c]
    for h in range(k.first_hop, k.end_hop):
        if net.hops[h].link == e:
            return h
    return -1


def _narrow_hop(net: Net, c: int) -> int:
    """The hop that a private class fills alone; -1 if its cap keeps it below."""
    k = net.classes[c]
    if k.bound < k.narrow:
        return -1
    for h in range(k.first_hop, k.end_hop):
        if net.links[net.hops[h].link].capacity == k.narrow:
            return h
    return -1


def _holds(net: Net, c: int, h: int, now: float) -> None:
    k = net.classes[c]
    k.held = h
    k.held_since = now
    if h >= 0:
        link = net.links[net.hops[h].link]
        if link.holds == 0:
            link.full_since = now
        link.holds += 1


def _lets_go(net: Net, c: int, now: float) -> None:
    k = net.classes[c]
    if k.held < 0:
        k.capped_s += now - k.held_since
        return
    net.hops[k.held].held_s += now - k.held_since
    link = net.links[net.hops[k.held].link]
    link.holds -= 1
    if link.holds == 0:
        link.full_s += now - link.full_since
