"""Which links may run full: only those are ever looked at.

A link is *hot* while its classes' bounds together exceed its capacity; no other can hold anybody back beyond what a
bound already says, and none that stands in another's shadow can at all (see `records.shade`). Hot links keep a list of
their active classes, and count those that tie them to another hot link. Text for both ways to run (see `records`).
"""

from __future__ import annotations

from sim.network.records import Net
from sim.network.sharing import empty, hold, relevel, settle, stain, stain_route, withdraw

COOL = 0.75
"""A hot link cools only when its potential is this part of its capacity, so that it does not flicker."""


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
            _warm(net, c, turns, now)
    if count == 0:
        k.service = 0.0


def pass_on(net: Net, old: int, c: int, now: float) -> None:
    """One flow of class `old` is the first of class `c` of the same route from now on; both are in hand.

    Links see one change of what could be used, where two in a row might heat or cool them for nothing.
    """
    k = net.classes[old]
    began = net.classes[c]
    bound = min((k.count - 1) * k.cap, k.narrow) if k.count > 1 else 0.0
    began.bound = min(began.cap, began.narrow)
    began.count = 1
    more = began.bound + bound - k.bound
    k.bound = bound
    k.count -= 1
    warm = _weigh(net, c, more)
    _enrol(net, c)
    if warm:
        _appear(net, c)
        if k.count == 0:
            _vanish(net, old)
        for h in range(k.first_hop, k.end_hop):
            temper(net, net.hops[h].link, now)
    if k.count == 0:  # placing the other one will see to the links that this one leaves
        k.service = 0.0
        k.hot = 0


def _weigh(net: Net, c: int, more: float) -> bool:
    """The route of class `c` could use so much more: whether one of its links is hot, or should be."""
    k = net.classes[c]
    links, hops = net.links, net.hops
    warm = False
    for h in range(k.first_hop, k.end_hop):
        link = links[hops[h].link]
        link.potential += more
        if link.hot or (link.potential > link.capacity and link.shadow == 0):
            warm = True
    return warm


def _enrol(net: Net, c: int) -> None:
    """Class `c` stands on the roll of those that may be active."""
    k = net.classes[c]
    if k.listed == 0:
        board = net.board[0]
        k.listed = 1
        net.classes[board.listed].listing = c
        board.listed += 1


def _warm(net: Net, c: int, turns: int, now: float) -> None:
    """Class `c` has begun (`turns` 1) or ceased (-1) or changed its bound (0) on a route where links are hot."""
    k = net.classes[c]
    if turns > 0:
        _appear(net, c)
    elif turns < 0:
        _vanish(net, c)
    for h in range(k.first_hop, k.end_hop):
        temper(net, net.hops[h].link, now)
    if turns < 0:
        _close_up(net, c, now)


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
        if link.potential <= COOL * link.capacity:
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
