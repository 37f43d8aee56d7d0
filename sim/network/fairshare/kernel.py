"""What happens when a flow starts, ends, is taken out, or a link's capacity changes.

Three floors of heaps, so that an event touches few records however many flows there are. Flows of one route,
weight and cap are a *class*: they always have one rate, so the class keeps one accumulated service and its flows
wait in a heap by the service at which each ends. Classes that one full link holds back are its *members*: they
share its level, so the link keeps one accumulated service per unit of weight and its members wait in its heap. A
class that no shared link holds back is *private*: its flows split the class's own bound. Full links and private
classes wait in the *clock*, by time.

Leaves out delay and all that `transport` adds. Text for both ways to run (see `records`).
"""

from __future__ import annotations

from typing import Any

from sim.network.fairshare.active import recount, temper
from sim.network.fairshare.pairing import insert, remove
from sim.network.fairshare.sharing import aim, hop_on, place, served, stain, swell, withdraw
from sim.network.fairshare.solution import solve
from sim.network.fairshare.state import IN_HAND, INF, PRIVATE, UNBOUNDED_BPS, Net

Advance = tuple[float, float, bool, float]

ROUNDING = 1e-15
"""Relative slack on the clock: a timer set as now + delay may ring a rounding error early."""


def start(net: Net, now: float, c: int, f: int, size: float) -> float:
    """Flow `f`, a free row of `flows`, begins in class `c`; when the next flow ends."""
    enter(net, now, c, f, size)
    board = net.board[0]
    if board.dirty:
        solve(net, now)
    return float(net.nodes[board.clock].key)


def enter(net: Net, now: float, c: int, f: int, size: float) -> None:
    """The same, for several flows at one instant: `solve` is left to do."""
    k = net.classes[c]
    flow = net.flows[f]
    flow.owner = c
    flow.asked = size
    if k.count == 0 or not swell(net, c, f, size, now):
        if k.count:
            withdraw(net, c, now)
        flow.key = k.service + size
        k.heap = insert(net.flows, k.heap, f)
        recount(net, c, k.count + 1, now)
        place(net, c, now)


def finish(net: Net, now: float) -> tuple[int, float]:
    """Ends all flows that are due: how many, and when the next one ends.

    They are listed in the first rows of `flows`, as `ended`.
    """
    links = net.links
    classes = net.classes
    flows = net.flows
    board = net.board[0]
    due = now + abs(now) * ROUNDING
    ended = 0
    touched = 0
    while board.clock >= 0 and net.nodes[board.clock].key <= due:
        e = board.clock
        c = (links[e].heap if e < len(links) else e) - len(links)
        k = classes[c]
        rate = k.rate if e >= len(links) else k.weight * links[e].level
        withdraw(net, c, now)
        k.service = max(k.service, flows[k.heap].key)
        reach = k.service + rate * (due - now)
        while k.heap >= 0 and flows[k.heap].key <= reach:
            flows[ended].ended = k.heap
            ended += 1
            k.ended += 1
            k.carried += flows[k.heap].asked
            k.heap = remove(flows, k.heap, k.heap)
        if e < len(links):
            aim(net, e)
        classes[touched].touched = c
        touched += 1
    for i in range(touched):
        c = classes[i].touched
        recount(net, c, classes[c].count - classes[c].ended, now)
        classes[c].ended = 0
        place(net, c, now)
    if board.dirty:
        solve(net, now)
    return ended, soon(net)


def soon(net: Net) -> float:
    """When the next flow ends, inf if none will."""
    clock = net.board[0].clock
    return float(net.nodes[clock].key) if clock >= 0 else INF


def rate(net: Net, c: int) -> float:
    """What each flow of class `c` gets now, 0 when it has none."""
    k = net.classes[c]
    if k.link == IN_HAND:
        return 0.0
    return float(k.rate if k.link == PRIVATE else k.weight * net.links[k.link].level)


def progress(net: Net, now: float, f: int) -> tuple[float, float]:
    """What flow `f` gets now, and what it still has to send."""
    c = net.flows[f].owner
    return rate(net, c), max(0.0, float(net.flows[f].key - served(net, c, now)))


def stop(net: Net, now: float, f: int) -> tuple[float, float]:
    """Takes flow `f` out before its end: the bytes it still had to send, and when the next flow ends."""
    left_bytes = _take_out(net, now, f)
    c = net.flows[f].owner
    net.classes[c].carried += net.flows[f].asked - left_bytes
    place(net, c, now)
    solve(net, now)
    return left_bytes, soon(net)


def move(net: Net, now: float, f: int, c: int, more: float) -> float:
    """Flow `f` goes on in class `c` with what it still has to send and `more` bytes; when the next flow ends."""
    flow = net.flows[f]
    old = flow.owner
    asked = flow.asked + more
    left_bytes = _take_out(net, now, f)
    place(net, old, now)
    start(net, now, c, f, left_bytes + more)
    flow.asked = asked
    return soon(net)


def advance(net: Net, now: float, f: int, least: float, window: float, c: int, top: int) -> Advance:
    """Flow `f` goes on in class `c`, or in `top` if a window holds the rest, unless it gets less than `least`.

    What it got, what it still has to send, whether its class and that one changed places, and when the next flow ends.
    """
    old = net.flows[f].owner
    got, left_bytes = progress(net, now, f)
    following = top if left_bytes <= window else c
    if got < least or following == old:
        return got, left_bytes, False, soon(net)
    if net.classes[old].count > 1 or net.classes[following].count:
        return got, left_bytes, False, move(net, now, f, following, 0.0)
    _exchange(net, now, old, following)
    return got, left_bytes, True, soon(net)


def _exchange(net: Net, now: float, c: int, idle: int) -> None:
    """Class `c` and an idle one of the same route and weight trade caps, so that the flow need not leave its place."""
    withdraw(net, c, now)
    k = net.classes[c]
    cap = k.cap
    k.cap = net.classes[idle].cap
    net.classes[idle].cap = cap
    recount(net, c, k.count, now)
    place(net, c, now)
    if net.board[0].dirty:
        solve(net, now)


def _take_out(net: Net, now: float, f: int) -> float:
    """Takes flow `f` out of its class, which is in hand then; the bytes it still had to send."""
    c = net.flows[f].owner
    k = net.classes[c]
    withdraw(net, c, now)
    left_bytes = max(0.0, net.flows[f].key - k.service)
    k.heap = remove(net.flows, k.heap, f)
    recount(net, c, k.count - 1, now)
    return left_bytes


def set_capacity(net: Net, now: float, e: int, capacity: float) -> float:
    """Link `e` carries `capacity` bytes/s from now on; when the next flow ends. No link shades another any more."""
    for other in range(len(net.links)):
        if net.links[other].shadow:
            net.links[other].shadow = 0
            temper(net, other, now)
    link = net.links[e]
    for c in range(len(net.classes)):
        if net.classes[c].count and hop_on(net, c, e) >= 0:
            withdraw(net, c, now)
    link.capacity = capacity
    for c in range(len(net.classes)):
        if hop_on(net, c, e) >= 0:
            k = net.classes[c]
            k.narrow = UNBOUNDED_BPS
            for h in range(k.first_hop, k.end_hop):
                k.narrow = min(k.narrow, net.links[net.hops[h].link].capacity)
            if k.count:
                recount(net, c, k.count, now)
    temper(net, e, now)
    stain(net, e)
    for c in range(len(net.classes)):
        if net.classes[c].count and hop_on(net, c, e) >= 0:
            place(net, c, now)
    solve(net, now)
    return soon(net)


def run(net: Net, begin: int, until: float, start_s: Any, size_bytes: Any, owner: Any, finish_s: Any) -> int:
    """Plays flows `begin`, `begin` + 1, ... up to time `until`, or until `flows` has no free row; the next to start.

    `start_s` (rising), `size_bytes`, `owner` (classes), `finish_s` (written) : (n_flows,).
    """
    flows = net.flows
    board = net.board[0]
    n = len(start_s)
    next_s = soon(net)
    while True:
        if begin < n and start_s[begin] < min(next_s, until):
            f = board.free
            if f < 0:
                return begin
            board.free = flows[f].next
            flows[f].token = begin
            now = start_s[begin]
            enter(net, now, owner[begin], f, size_bytes[begin])
            begin += 1
            if begin == n or start_s[begin] > now or board.free < 0:
                if board.dirty:
                    solve(net, now)
                next_s = soon(net)
        elif next_s < until:
            now = next_s
            ended, next_s = finish(net, now)
            for i in range(ended):
                f = flows[i].ended
                finish_s[flows[f].token] = now
                flows[f].next = board.free
                board.free = f
        else:
            return begin
