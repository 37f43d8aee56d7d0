"""Which links may run full: only those are ever looked at.

A link is *hot* while its classes' bounds together exceed its capacity; no other can hold anybody back beyond what a
bound already says, and none that stands in another's shadow can at all (see `records.shade`). Hot links keep a list of
their active classes, and count those that tie them to another hot link. Text for both ways to run (see `records`).
"""

from __future__ import annotations

from sim.network.fairshare.sharing import empty, hold, relevel, settle, stain, stain_route, withdraw
from sim.network.fairshare.state import Net

COOL = 0.75
"""A hot link cools only when its potential is this part of its capacity, so that it does not flicker."""

LINGER = 0.5
"""The same for one that ties no classes to other hot links: staying hot costs it little, turning hot a solution."""

TURNING = 2
"""What `_weigh` says of a route where a link may have to heat or cool."""


def recount(net: Net, c: int, count: int, now: float) -> None:
    """Class `c`, in hand, now has `count` flows."""
    k = net.classes[c]
    bound = min(count * k.cap, k.narrow) if count else 0.0
    more = bound - k.bound
    turns = (count > 0) - (k.count > 0)
    k.bound = bound
    k.count = count
    if more != 0.0 or turns:
        warm = _weigh(net, c, more)
        if turns > 0:
            _enrol(net, c)
            if warm:
                _appear(net, c)
        elif turns < 0 and warm:
            _vanish(net, c)
        if warm == TURNING:
            _temper_route(net, c, now)
        if turns < 0 and warm:
            _close_up(net, c, now)
    if count == 0:
        k.service = 0.0


def _weigh(net: Net, c: int, more: float) -> int:
    """The route of class `c` could use so much more: 0 if no link is hot, `TURNING` if one may have to turn."""
    k = net.classes[c]
    links, hops = net.links, net.hops
    warm = 0
    for h in range(k.first_hop, k.end_hop):
        link = links[hops[h].link]
        link.potential += more
        if link.hot:
            if link.potential <= COOL * link.capacity:
                warm = TURNING
            elif warm == 0:
                warm = 1
        elif link.potential > link.capacity and link.shadow == 0:
            warm = TURNING
    return warm


def _enrol(net: Net, c: int) -> None:
    """Class `c` stands on the roll of those that may be active."""
    k = net.classes[c]
    if k.listed == 0:
        board = net.board[0]
        k.listed = 1
        net.classes[board.listed].listing = c
        board.listed += 1


def _temper_route(net: Net, c: int, now: float) -> None:
    k = net.classes[c]
    for h in range(k.first_hop, k.end_hop):
        temper(net, net.hops[h].link, now)


def _appear(net: Net, c: int) -> None:
    """Class `c` joins the lists of its hot links."""
    k = net.classes[c]
    for h in range(k.first_hop, k.end_hop):
        if net.links[net.hops[h].link].hot:
            _append(net, h)
            k.hot += 1
    if k.hot > 1:
        _tangle(net, c, 1)


def _vanish(net: Net, c: int) -> None:
    """It leaves them."""
    k = net.classes[c]
    if k.hot > 1:
        _tangle(net, c, -1)
    for h in range(k.first_hop, k.end_hop):
        if net.links[net.hops[h].link].hot:
            _unlink(net, h)


def _close_up(net: Net, c: int, now: float) -> None:
    """What it had is for those that are left on them."""
    k = net.classes[c]
    for h in range(k.first_hop, k.end_hop):
        e = net.hops[h].link
        if net.links[e].tangled:
            stain(net, e)
        elif net.links[e].hot and net.links[e].dirty == 0:
            settle(net, e, now)
            relevel(net, e)
    k.hot = 0


def temper(net: Net, e: int, now: float) -> None:
    """Heats or cools link `e` as its potential asks."""
    link = net.links[e]
    if link.hot:
        if link.potential <= (COOL if link.tangled else LINGER) * link.capacity:
            _cool(net, e, now)
    elif link.potential > link.capacity and link.shadow == 0:
        _heat(net, e, now)


def _heat(net: Net, e: int, now: float) -> None:
    """Link `e` may run full from now on: finds its active classes, and strikes idle ones off the roll."""
    link = net.links[e]
    board = net.board[0]
    classes, hops = net.classes, net.hops
    link.hot = 1
    link.since = now
    link.first = -1
    link.last = -1
    kept = 0
    for i in range(board.listed):
        c = classes[i].listing
        k = classes[c]
        if k.count == 0:
            k.listed = 0
            continue
        classes[kept].listing = c
        kept += 1
        for h in range(k.first_hop, k.end_hop):
            if hops[h].link == e:
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
                hold(net, c, now)
        if k.hot == 2:
            _tangle(net, c, -1)
        elif k.hot > 2:
            link.tangled -= 1
            stain_route(net, c)
        k.hot -= 1
        h = net.hops[h].next
    link.hot = 0
    empty(net, e)


def _tangle(net: Net, c: int, by: int) -> None:
    """Class `c` begins (1) or ceases (-1) to tie its hot links together."""
    k = net.classes[c]
    for h in range(k.first_hop, k.end_hop):
        e = net.hops[h].link
        if net.links[e].hot:
            net.links[e].tangled += by
            stain(net, e)


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
