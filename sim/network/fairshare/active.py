"""Which links are active: those that may be saturated, and the only ones that are ever looked at.

A link is *active* while its classes' bounds together exceed its capacity: no other can hold anybody back beyond what a
bound already says. A *dominated* link never is: all that cross it cross a link of no more capacity, too. An active link
keeps a list of the classes with flows that cross it, and counts those that *couple* it to another active link. A link
that is no longer offered more than it carries stays active a while, so that it does not go back and forth.

Source: SimGrid's set of active constraints and its selective update (src/kernel/lmm/maxmin.cpp), which solve again only
what a change can reach. Kernel code (see `sim.records`).
"""

from __future__ import annotations

from sim.network.fairshare.sharing import (
    accrue,
    attach_to_bound,
    clear_members,
    detach,
    mark_modified,
    mark_route_modified,
    update_level,
)
from sim.network.fairshare.state import Net

COUPLED_UNTIL = 0.75
"""An active link stays so until it is offered no more than this part of its capacity."""

UNCOUPLED_UNTIL = 0.5
"""The same for one that is coupled to no other: being active costs it little, becoming so again costs a solution."""

MAY_TURN = 2
"""What `_offer` says of a route on which a link may have to become active, or cease to be."""


def set_count(net: Net, c: int, count: int, now: float) -> None:
    """Class `c`, detached, has `count` flows from now on."""
    k = net.classes[c]
    bound = min(count * k.cap, k.narrowest) if count else 0.0
    more = bound - k.bound
    turns = (count > 0) - (k.count > 0)
    k.bound = bound
    k.count = count
    if more != 0.0 or turns:
        met = _offer(net, c, more)
        if turns > 0:
            _use(net, c)
            if met:
                _join_lists(net, c)
        elif turns < 0 and met:
            _leave_lists(net, c)
        if met == MAY_TURN:
            _update_route(net, c, now)
        if turns < 0 and met:
            _share_what_it_had(net, c, now)
    if count == 0:
        k.service = 0.0


def _offer(net: Net, c: int, more: float) -> int:
    """Class `c` offers its links so much more: 0 if none is active, `MAY_TURN` if one may have to turn, else 1."""
    k = net.classes[c]
    links, hops = net.links, net.hops
    met = 0
    for h in range(k.first_hop, k.end_hop):
        link = links[hops[h].link]
        link.offered += more
        if link.active:
            if link.offered <= COUPLED_UNTIL * link.capacity:
                met = MAY_TURN
            elif met == 0:
                met = 1
        elif link.offered > link.capacity and link.dominated == 0:
            met = MAY_TURN
    return met


def _use(net: Net, c: int) -> None:
    """Class `c` is on the list of those that may have flows."""
    k = net.classes[c]
    if k.in_use == 0:
        solver = net.solver[0]
        k.in_use = 1
        net.classes[solver.in_use].used_class = c
        solver.in_use += 1


def _update_route(net: Net, c: int, now: float) -> None:
    k = net.classes[c]
    for h in range(k.first_hop, k.end_hop):
        update_active(net, net.hops[h].link, now)


def _join_lists(net: Net, c: int) -> None:
    """Class `c` joins the lists of its active links."""
    k = net.classes[c]
    for h in range(k.first_hop, k.end_hop):
        if net.links[net.hops[h].link].active:
            _append(net, h)
            k.active_links += 1
    if k.active_links > 1:
        _couple(net, c, 1)


def _leave_lists(net: Net, c: int) -> None:
    """It leaves them."""
    k = net.classes[c]
    if k.active_links > 1:
        _couple(net, c, -1)
    for h in range(k.first_hop, k.end_hop):
        if net.links[net.hops[h].link].active:
            _unlink(net, h)


def _share_what_it_had(net: Net, c: int, now: float) -> None:
    """What class `c` had of its active links is for those that are left on them."""
    k = net.classes[c]
    for h in range(k.first_hop, k.end_hop):
        e = net.hops[h].link
        if net.links[e].coupled:
            mark_modified(net, e)
        elif net.links[e].active and net.links[e].modified == 0:
            accrue(net, e, now)
            update_level(net, e)
    k.active_links = 0


def update_active(net: Net, e: int, now: float) -> None:
    """Link `e` becomes active, or ceases to be, as what it is offered wants it."""
    link = net.links[e]
    if link.active:
        if link.offered <= (COUPLED_UNTIL if link.coupled else UNCOUPLED_UNTIL) * link.capacity:
            _deactivate(net, e, now)
    elif link.offered > link.capacity and link.dominated == 0:
        _activate(net, e, now)


def _activate(net: Net, e: int, now: float) -> None:
    """Link `e` may be saturated from now on: finds its classes with flows, and takes idle ones off the list."""
    link = net.links[e]
    solver = net.solver[0]
    classes, hops = net.classes, net.hops
    link.active = 1
    link.since = now
    link.first = -1
    link.last = -1
    kept = 0
    for i in range(solver.in_use):
        c = classes[i].used_class
        k = classes[c]
        if k.count == 0:
            k.in_use = 0
            continue
        classes[kept].used_class = c
        kept += 1
        for h in range(k.first_hop, k.end_hop):
            if hops[h].link == e:
                _append(net, h)
                k.active_links += 1
                if k.active_links == 2:
                    _couple(net, c, 1)
                elif k.active_links > 2:
                    link.coupled += 1
    solver.in_use = kept
    mark_modified(net, e)


def _deactivate(net: Net, e: int, now: float) -> None:
    """Link `e` cannot be saturated any more: its members are held back by their own bounds."""
    link = net.links[e]
    h = link.first
    while h >= 0:
        c = net.hops[h].owner
        k = net.classes[c]
        if k.bottleneck == e:
            detach(net, c, now)
            if k.active_links == 1:
                attach_to_bound(net, c, now)
        if k.active_links == 2:
            _couple(net, c, -1)
        elif k.active_links > 2:
            link.coupled -= 1
            mark_route_modified(net, c)
        k.active_links -= 1
        h = net.hops[h].next
    link.active = 0
    clear_members(net, e)


def _couple(net: Net, c: int, by: int) -> None:
    """Class `c` begins (1) or ceases (-1) to couple its active links."""
    k = net.classes[c]
    for h in range(k.first_hop, k.end_hop):
        e = net.hops[h].link
        if net.links[e].active:
            net.links[e].coupled += by
            mark_modified(net, e)


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
