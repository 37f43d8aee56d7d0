"""What happens when a flow starts, ends, is taken out, or a link's capacity changes.

Three floors of heaps, so that an event touches few rows however many flows there are. Flows of one route, weight and
cap are a *class*: they always have one rate, so the class keeps one accumulated service and its flows wait in a heap by
the service at which each ends. Classes that one saturated link holds back are its *members*: they share its level, so
the link keeps one accumulated service per unit of weight and its members wait in its heap. A class that no shared link
holds back is *at its own bound*: its flows split that. Saturated links and classes at their bounds wait by time in the
heap of *ends*.

Leaves out delay and all that `sim.network.tcp` adds. Source: SimGrid's lazy updates, which keep what ends next in a
heap (Casanova, Giersch, Legrand, Quinson, Suter, "Versatile, scalable, and accurate simulation of distributed
applications and platforms", JPDC 2014), and virtual finish times as in weighted fair queueing. Kernel code (see
`sim.records`).
"""

from __future__ import annotations

from sim.network.fairshare.active import set_count, update_active
from sim.network.fairshare.pairing import insert, remove
from sim.network.fairshare.sharing import add_behind, attach, detach, hop_over, mark_modified, queue_link, served
from sim.network.fairshare.solution import solve
from sim.network.fairshare.state import DETACHED, INF, OWN_BOUND, UNBOUNDED_BPS, Net

ROUNDING = 1e-15
"""Relative slack on what is due: a timer set as now + delay may ring a rounding error early."""


def start(net: Net, now: float, c: int, f: int, size: float) -> float:
    """Flow `f`, a free row of `flows`, begins in class `c`; when the next flow ends."""
    add_flow(net, now, c, f, size)
    solver = net.solver[0]
    if solver.modified:
        solve(net, now)
    return float(net.nodes[solver.ends].key)


def add_flow(net: Net, now: float, c: int, f: int, size: float) -> None:
    """The same, for several flows at one instant: `solve` is left to do."""
    k = net.classes[c]
    flow = net.flows[f]
    flow.owner = c
    flow.asked = size
    if k.count == 0 or not add_behind(net, c, f, size, now):
        if k.count:
            detach(net, c, now)
        flow.key = k.service + size
        k.heap = insert(net.flows, k.heap, f)
        set_count(net, c, k.count + 1, now)
        attach(net, c, now)


def finish(net: Net, now: float) -> tuple[int, float]:
    """Ends all flows that are due: how many, and when the next one ends.

    They are listed in the first rows of `flows`, as `ended`.
    """
    n_links = len(net.links)
    links = net.links
    classes = net.classes
    flows = net.flows
    solver = net.solver[0]
    due = now + abs(now) * ROUNDING
    ended = 0
    n_classes = 0
    while solver.ends >= 0 and net.nodes[solver.ends].key <= due:
        e = solver.ends
        c = (links[e].heap if e < n_links else e) - n_links
        k = classes[c]
        rate = k.rate if e >= n_links else k.weight * links[e].level
        detach(net, c, now)
        k.service = max(k.service, flows[k.heap].key)
        reach = k.service + rate * (due - now)
        while k.heap >= 0 and flows[k.heap].key <= reach:
            flows[ended].ended = k.heap
            ended += 1
            k.ending += 1
            k.carried += flows[k.heap].asked
            k.heap = remove(flows, k.heap, k.heap)
        if e < n_links:
            queue_link(net, e)
        classes[n_classes].ending_class = c
        n_classes += 1
    for i in range(n_classes):
        c = classes[i].ending_class
        set_count(net, c, classes[c].count - classes[c].ending, now)
        classes[c].ending = 0
        attach(net, c, now)
    if solver.modified:
        solve(net, now)
    return ended, next_end_s(net)


def next_end_s(net: Net) -> float:
    """When the next flow ends, inf if none will."""
    first = net.solver[0].ends
    return float(net.nodes[first].key) if first >= 0 else INF


def rate(net: Net, c: int) -> float:
    """What each flow of class `c` gets now, 0 when it has none."""
    k = net.classes[c]
    if k.bottleneck == DETACHED:
        return 0.0
    return float(k.rate if k.bottleneck == OWN_BOUND else k.weight * net.links[k.bottleneck].level)


def progress(net: Net, now: float, f: int) -> tuple[float, float]:
    """What flow `f` gets now, and what it still has to send."""
    c = net.flows[f].owner
    return rate(net, c), max(0.0, float(net.flows[f].key - served(net, c, now)))


def stop(net: Net, now: float, f: int) -> tuple[float, float]:
    """Takes flow `f` out before its end: the bytes it still had to send, and when the next flow ends."""
    left_bytes = _remove_flow(net, now, f)
    c = net.flows[f].owner
    net.classes[c].carried += net.flows[f].asked - left_bytes
    attach(net, c, now)
    solve(net, now)
    return left_bytes, next_end_s(net)


def move(net: Net, now: float, f: int, c: int, more: float) -> float:
    """Flow `f` goes on in class `c` with what it still has to send and `more` bytes; when the next flow ends."""
    flow = net.flows[f]
    old = flow.owner
    asked = flow.asked + more
    left_bytes = _remove_flow(net, now, f)
    attach(net, old, now)
    start(net, now, c, f, left_bytes + more)
    flow.asked = asked
    return next_end_s(net)


def reshape(net: Net, now: float, c: int, weight: float, cap: float) -> float:
    """The flows of class `c` have another weight and cap from now on; when the next flow ends."""
    k = net.classes[c]
    detach(net, c, now)
    k.weight, k.cap = weight, cap
    set_count(net, c, k.count, now)
    attach(net, c, now)
    if net.solver[0].modified:
        solve(net, now)
    return next_end_s(net)


def _remove_flow(net: Net, now: float, f: int) -> float:
    """Takes flow `f` out of its class, which is detached then; the bytes it still had to send."""
    c = net.flows[f].owner
    k = net.classes[c]
    detach(net, c, now)
    left_bytes = max(0.0, net.flows[f].key - k.service)
    k.heap = remove(net.flows, k.heap, f)
    set_count(net, c, k.count - 1, now)
    return left_bytes


def set_capacity(net: Net, now: float, e: int, capacity: float) -> float:
    """Link `e` carries `capacity` bytes/s from now on; when the next flow ends. No link is dominated any more."""
    for other in range(len(net.links)):
        if net.links[other].dominated:
            net.links[other].dominated = 0
            update_active(net, other, now)
    link = net.links[e]
    for c in range(net.g.classes_used):
        if net.classes[c].count and hop_over(net, c, e) >= 0:
            detach(net, c, now)
    link.capacity = capacity
    for c in range(net.g.classes_used):
        if hop_over(net, c, e) >= 0:
            k = net.classes[c]
            k.narrowest = UNBOUNDED_BPS
            for h in range(k.first_hop, k.end_hop):
                k.narrowest = min(k.narrowest, net.links[net.hops[h].link].capacity)
            if k.count:
                set_count(net, c, k.count, now)
    update_active(net, e, now)
    mark_modified(net, e)
    for c in range(net.g.classes_used):
        if net.classes[c].count and hop_over(net, c, e) >= 0:
            attach(net, c, now)
    solve(net, now)
    return next_end_s(net)


def run(net: Net, begin: int, until: float) -> int:
    """Runs flows `begin`, `begin` + 1, ... up to time `until`, or until `flows` has no free row; the next to start.

    `net.start_s` (rising), `net.size_bytes` and `net.owner` say what they are, `net.finish_s` when each has ended.
    """
    flows = net.flows
    solver = net.solver[0]
    g = net.g
    n = len(net.start_s)
    next_s = next_end_s(net)
    while True:
        if begin < n and net.start_s[begin] < min(next_s, until):
            if g.free_flow < 0 and g.flows_used == len(flows):
                return begin
            f = _take_row(net)
            flows[f].token = begin
            now = net.start_s[begin]
            add_flow(net, now, net.owner[begin], f, net.size_bytes[begin])
            begin += 1
            if begin == n or net.start_s[begin] > now or (g.free_flow < 0 and g.flows_used == len(flows)):
                if solver.modified:
                    solve(net, now)
                next_s = next_end_s(net)
        elif next_s < until:
            now = next_s
            ended, next_s = finish(net, now)
            for i in range(ended):
                f = flows[i].ended
                net.finish_s[flows[f].token] = now
                flows[f].next = g.free_flow
                g.free_flow = f
        else:
            return begin


def _take_row(net: Net) -> int:
    """A row for a flow: one that was used before, if any is free."""
    g = net.g
    f = g.free_flow
    if f >= 0:
        g.free_flow = net.flows[f].next
    else:
        f = g.flows_used
        g.flows_used = f + 1
    return f
