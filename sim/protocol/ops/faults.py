"""What breaks and when, carried out: links and registries go down and come back, weaken, or lose what they hold. Text.

The schedule is data (`workload/outages`) and known before the run. A link that is down, or of whose capacity nothing is
left, carries nothing: what flows over it stops at that instant (`ops/capacities`), and its connections live on and try
again (`ops/outlast`). A registry that is down refuses at once, and resets its connections. Routes go round links that
are down, where the network has another way and the scenario says so, a while after they went down, and back as long
after they came back: routing has to hear of it first (`topologies.Routing`). What is under way then goes on by the new
route; on the way back nothing is lost, since both ways carry.

What is over is not undone: x * f / f is not x. What is left is applied anew to what was there at the start. Handlers
here are events of their own, outside of tasks, so they run the tasks that they let go.

Left out: links that fail in one direction, packets that a link drops now and then, and routes of a swarm's pieces.
"""

from __future__ import annotations

from typing import Any

from sim.protocol.machine import ask_host, go_on, have_room, room_is_low
from sim.protocol.ops.capacities import divert, resize, settle_flows
from sim.protocol.ops.certain import push_certain
from sim.protocol.ops.fairshares import arm_fair
from sim.protocol.ops.storage import lose_all
from sim.protocol.ops.swarms import leave_swarm, resize_for_swarm
from sim.protocol.ops.ways import find_way, follow_routes
from sim.protocol.state import (
    CLOCK_SKEW,
    CONVERGED,
    INF,
    LINK_WEAK,
    NEVER,
    NODE_LOST,
    OUTAGE_BEGINS,
    OUTAGE_ENDS,
    REGISTRY_SLOW,
    ROOM_ASKED,
    ROUTES_CHANGED,
    TOKENS_REFUSED,
)


def begin_faults(w: Any) -> None:
    """Every outage of the run has yet to begin."""
    for o in range(len(w.outages)):
        add_outage(w, o)


def add_outage(w: Any, o: int) -> None:
    """An outage has yet to begin."""
    if room_is_low(w):
        ask_host(w, ROOM_ASKED, 0, 0, 0)
    outage = w.outages[o]
    _add_change(w, outage.from_s)
    _add_change(w, outage.until_s)
    push_certain(w, outage.from_s, OUTAGE_BEGINS, o, 0)


def outage_begins(w: Any, o: int) -> None:
    """An outage begins now."""
    _drop_change(w)
    outage = w.outages[o]
    kind, r = outage.kind, outage.registry
    w.effects[2 * o].factor = w.effects[2 * o + 1].factor = outage.factor
    if kind == LINK_WEAK:
        _weaken(w, o)
    elif kind == CLOCK_SKEW:
        registry = w.registries[r]
        registry.first_ahead = _add_effect(w, registry.first_ahead, 2 * o)
        _set_clock(w, r)
    elif kind == REGISTRY_SLOW:
        registry = w.registries[r]
        registry.first_slower = _add_effect(w, registry.first_slower, 2 * o)
        _slow_down(w, r)
    elif kind == TOKENS_REFUSED:
        w.registries[r].refuses_tokens += 1
    else:
        _go_down(w, o)
        leave_swarm(w, r, 1 if kind == NODE_LOST else 0)
        if kind == NODE_LOST:
            lose_all(w, r)
            go_on(w)
    if outage.until_s < INF:
        push_certain(w, outage.until_s, OUTAGE_ENDS, o, 0)


def outage_ends(w: Any, o: int) -> None:
    """An outage is over."""
    _drop_change(w)
    outage = w.outages[o]
    kind, r = outage.kind, outage.registry
    if kind == LINK_WEAK:
        _mend(w, o)
    elif kind == CLOCK_SKEW:
        registry = w.registries[r]
        registry.first_ahead = _end_effect(w, registry.first_ahead, outage.factor)
        _set_clock(w, r)
    elif kind == REGISTRY_SLOW:
        registry = w.registries[r]
        registry.first_slower = _end_effect(w, registry.first_slower, outage.factor)
        _slow_down(w, r)
    elif kind == TOKENS_REFUSED:
        w.registries[r].refuses_tokens -= 1
    else:
        disk = w.registries[r].disk
        fault = w.link_faults[disk]
        fault.first_effect = _end_effect(w, fault.first_effect, 0.0)
        _carry_what_is_left(w, disk, -1)


def converged(w: Any, o: int, has_ended: int) -> None:
    """Routing hears that an outage's link went down, or came back, if it has stayed so."""
    _drop_change(w)
    outage = w.outages[o]
    up, down = outage.link_up, outage.link_down
    cut = w.cuts[w.link_faults[up].last_cut]
    is_down = cut.until_s == INF
    changed_s = cut.from_s if is_down else cut.until_s
    if changed_s != (outage.until_s if has_ended else outage.from_s):
        return  # it has changed since, and routing hears of that
    avoided = 1 if is_down else 0
    if w.avoided[up] == avoided and w.avoided[down] == avoided:
        return
    w.avoided[up] = w.avoided[down] = avoided
    ask_host(w, ROUTES_CHANGED, 0, 0, 0)
    follow_routes(w)
    any_left = 0
    for lane in range(w.g.lanes_used):
        any_left += w.lanes[lane].left
    if any_left:
        while settle_flows(w):
            go_on(w)
        divert(w)
        go_on(w)
        arm_fair(w)


def change_capacity(w: Any, link: int, capacity_Bps: float) -> None:
    """From now on a link carries so many bytes/s, and those whose flows end or break off by that go on."""
    have_room(w, w.g.now_s)
    while settle_flows(w):
        go_on(w)
    resize(w, link, capacity_Bps)
    go_on(w)
    arm_fair(w)
    resize_for_swarm(w, link, capacity_Bps)


def _weaken(w: Any, o: int) -> None:
    """Of a link less is left from now on, in both directions."""
    outage = w.outages[o]
    was_down = _is_down(w, outage.link_up)
    for side in range(2):
        link = outage.link_up if side == 0 else outage.link_down
        fault = w.link_faults[link]
        fault.first_effect = _add_effect(w, fault.first_effect, 2 * o + side)
        _carry_what_is_left(w, link, 2 * o + side)
    if _is_down(w, outage.link_up) and not was_down:
        _hear_of(w, o, 0)


def _mend(w: Any, o: int) -> None:
    """More is left of it again."""
    outage = w.outages[o]
    was_down = _is_down(w, outage.link_up)
    for side in range(2):
        link = outage.link_up if side == 0 else outage.link_down
        fault = w.link_faults[link]
        fault.first_effect = _end_effect(w, fault.first_effect, outage.factor)
        _carry_what_is_left(w, link, -1)
    if was_down and not _is_down(w, outage.link_up):
        _hear_of(w, o, 1)


def _hear_of(w: Any, o: int, has_ended: int) -> None:
    """Routing hears later that a link went down, or came back, if it stays so."""
    g = w.g
    if g.converges_s >= 0.0 and w.has_detour[w.outages[o].link_up]:
        at_s = g.now_s + g.converges_s
        _add_change(w, at_s)
        push_certain(w, at_s, CONVERGED, o, has_ended)


def _go_down(w: Any, o: int) -> None:
    """A registry refuses whoever asks from now on, and connections to and from it are gone."""
    r = w.outages[o].registry
    for other in range(w.g.nodes + 1):
        _close_connection(w, r, other)
        _close_connection(w, other, r)
    disk = w.registries[r].disk
    fault = w.link_faults[disk]
    fault.is_disk = 1
    w.effects[2 * o].factor = 0.0
    fault.first_effect = _add_effect(w, fault.first_effect, 2 * o)
    _carry_what_is_left(w, disk, 2 * o)


def _close_connection(w: Any, source: int, target: int) -> None:
    """No connection from one registry to another is kept any more; whoever opens one goes on with that by itself."""
    way = find_way(w, source, target, 0)
    if way >= 0:
        row = w.ways[way]
        row.until_s = -1.0
        row.opening = -1
        row.connection += 1


def _carry_what_is_left(w: Any, link: int, cut: int) -> None:
    """A link carries what its present outages leave of it; if it goes down by that, that is row `cut` of `cuts`."""
    fault = w.link_faults[link]
    down = _is_down(w, link)
    last = fault.last_cut
    was_down = last >= 0 and w.cuts[last].until_s == INF
    if down and not was_down:
        row = w.cuts[cut]
        row.from_s, row.until_s, row.before = w.g.now_s, INF, last
        fault.last_cut = cut
    elif was_down and not down:
        w.cuts[last].until_s = w.g.now_s
    capacity_Bps = w.nominal_Bps[link]
    effect = fault.first_effect
    while effect >= 0:
        capacity_Bps *= w.effects[effect].factor
        effect = w.effects[effect].next
    change_capacity(w, link, capacity_Bps)


def _is_down(w: Any, link: int) -> bool:
    """Whether an outage leaves nothing of a link just now."""
    effect = w.link_faults[link].first_effect
    while effect >= 0:
        if w.effects[effect].factor == 0.0:
            return True
        effect = w.effects[effect].next
    return False


def _set_clock(w: Any, r: int) -> None:
    """A registry's clock is ahead by what its present faults add up to."""
    registry = w.registries[r]
    skew_s = 0.0
    effect = registry.first_ahead
    while effect >= 0:
        skew_s += w.effects[effect].factor
        effect = w.effects[effect].next
    registry.skew_s = skew_s


def _slow_down(w: Any, r: int) -> None:
    """A registry's requests take what its present faults make of it."""
    registry = w.registries[r]
    request_s = registry.whole_request_s
    effect = registry.first_slower
    while effect >= 0:
        request_s *= w.effects[effect].factor
        effect = w.effects[effect].next
    registry.request_s = request_s
    registry.slowness = 1 - registry.whole_request_s / request_s if request_s > 0.0 else 0.0


def _add_effect(w: Any, first: int, effect: int) -> int:
    """The first of a list of effects, after one more has been put at its end."""
    w.effects[effect].next = -1
    if first < 0:
        return effect
    last = first
    while w.effects[last].next >= 0:
        last = w.effects[last].next
    w.effects[last].next = effect
    return first


def _end_effect(w: Any, first: int, factor: float) -> int:
    """The same, after the first of that factor has been taken off."""
    if w.effects[first].factor == factor:
        return int(w.effects[first].next)
    before = first
    while w.effects[w.effects[before].next].factor != factor:
        before = w.effects[before].next
    w.effects[before].next = w.effects[w.effects[before].next].next
    return first


def _add_change(w: Any, at_s: float) -> None:
    """Something is to change then; until `next_change_s` what is up now stays up."""
    g, heap = w.g, w.changes_s
    at = g.changes
    g.changes = at + 1
    while at > 0:
        above = (at - 1) >> 1
        if heap[above] <= at_s:
            break
        heap[at] = heap[above]
        at = above
    heap[at] = at_s
    g.next_change_s = heap[0]


def _drop_change(w: Any) -> None:
    """Something changes now; what else does at this instant may yet have to come."""
    g, heap = w.g, w.changes_s
    last = g.changes - 1
    g.changes = last
    if last == 0:
        g.next_change_s = NEVER
        return
    moved_s = heap[last]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= last:
            break
        if below + 1 < last and heap[below + 1] < heap[below]:
            below += 1
        if heap[below] >= moved_s:
            break
        heap[at] = heap[below]
        at = below
    heap[at] = moved_s
    g.next_change_s = heap[0]
