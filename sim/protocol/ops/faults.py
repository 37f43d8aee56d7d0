"""Faults, carried out: links and registries go down and come back, weaken, or lose what they hold.

Outages are data (`sim.workload.outages`) and known before the run. A link that is down, or of whose capacity nothing is
left, carries nothing: flows over it stop at that instant (`ops/capacities`), and their connections live on and
retransmit (`ops/retransmission`). A registry that is down refuses requests at once, and resets its connections. Where
the network has another route and the scenario says so, routes avoid links that are down, a convergence time after they
went down, and return to them as long after they came back. Whatever is under way then goes on by the new route.

An outage in force is an *effect* in a list of its link or registry, in the order in which they began. When one begins
or ends, what the link or registry is follows anew from its state at the start and the effects in force: dividing by a
factor would not restore it to the last bit.

To add a fault of registries:

1. `sim.scenario.outages`: its kind, and the keys that it reads with what they come to (`Fault.factor`);
2. here: a number, its entry in `KINDS`, and a branch in `_apply_effects`.

So a brown-out, in which a registry takes `times` longer to its first byte, is `FIRST_BYTE_SLOW: Final = 6`,
`"brown-out": FIRST_BYTE_SLOW`, a line `registry.first_byte_s = start.first_byte_s` beside those that undo, and

        elif row.kind == FIRST_BYTE_SLOW:
            registry.first_byte_s *= row.factor

The functions here are called by events, not by tasks, so they run the tasks that they make ready.

Left out: links that fail in one direction, packets that a link drops now and then, and routes of a swarm's pieces.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sim.protocol.codes import CONVERGED, GROW_ASKED, INF, NEVER, OUTAGE_BEGINS, OUTAGE_ENDS, ROUTES_CHANGED
from sim.protocol.machine import ask_host, ensure_rows, rows_are_low, run_ready_tasks
from sim.protocol.ops.capacities import divert, resize, settle_flows
from sim.protocol.ops.fair_sharing import arm_fair
from sim.protocol.ops.scheduling import schedule
from sim.protocol.ops.storage import lose_disk
from sim.protocol.ops.swarms import leave_swarm, resize_for_swarm
from sim.protocol.ops.ways import find_way, follow_routes

# What an outage is.
LINK_WEAK: Final = 0
REGISTRY_OFF: Final = 1
DISK_LOST: Final = 2
REQUESTS_SLOW: Final = 3
CLOCK_SKEWED: Final = 4
TOKENS_REFUSED: Final = 5

#: The same by its name in `sim.workload.outages`.
KINDS: Final[Mapping[str, int]] = {
    "link": LINK_WEAK, "registry-down": REGISTRY_OFF, "node-lost": DISK_LOST, "registry-slow": REQUESTS_SLOW,
    "clock-skew": CLOCK_SKEWED, "tokens-refused": TOKENS_REFUSED,
}  # fmt: skip


def begin_faults(w: Any) -> None:
    """Every outage of the run has yet to begin."""
    for o in range(len(w.outages)):
        add_outage(w, o)


def add_outage(w: Any, o: int) -> None:
    """An outage has yet to begin."""
    if rows_are_low(w):
        ask_host(w, GROW_ASKED, 0, 0, 0)
    outage = w.outages[o]
    _add_change(w, outage.from_s)
    _add_change(w, outage.until_s)
    schedule(w, outage.from_s, OUTAGE_BEGINS, o, 0)


def outage_begins(w: Any, o: int) -> None:
    """An outage begins now."""
    _drop_change(w)
    outage = w.outages[o]
    kind, r = outage.kind, outage.registry
    for side in range(2):
        effect = w.effects[2 * o + side]
        effect.kind, effect.factor = kind, outage.factor
    if kind == LINK_WEAK:
        _weaken(w, o)
    elif kind in (REGISTRY_OFF, DISK_LOST):
        _take_down(w, o)
        leave_swarm(w, r, 1 if kind == DISK_LOST else 0)
        if kind == DISK_LOST:
            lose_disk(w, r)
            run_ready_tasks(w)
    else:
        w.registries[r].first_effect = _add_effect(w, w.registries[r].first_effect, 2 * o)
        _apply_effects(w, r)
    if outage.until_s < INF:
        schedule(w, outage.until_s, OUTAGE_ENDS, o, 0)


def outage_ends(w: Any, o: int) -> None:
    """An outage is over."""
    _drop_change(w)
    outage = w.outages[o]
    kind, r = outage.kind, outage.registry
    if kind == LINK_WEAK:
        _restore(w, o)
    elif kind in (REGISTRY_OFF, DISK_LOST):
        disk = w.registries[r].disk
        fault = w.link_faults[disk]
        fault.first_effect = _remove_effect(w, fault.first_effect, 2 * o)
        _set_capacity(w, disk, -1)
    else:
        w.registries[r].first_effect = _remove_effect(w, w.registries[r].first_effect, 2 * o)
        _apply_effects(w, r)


def _apply_effects(w: Any, r: int) -> None:
    """A registry is what the effects in force make of what it was at the start."""
    registry, start = w.registries[r], w.registries_at_start[r]
    registry.request_s = start.request_s
    registry.skew_s = start.skew_s
    registry.refuses_tokens = 0
    effect = registry.first_effect
    while effect >= 0:
        row = w.effects[effect]
        if row.kind == REQUESTS_SLOW:
            registry.request_s *= row.factor
        elif row.kind == CLOCK_SKEWED:
            registry.skew_s += row.factor
        elif row.kind == TOKENS_REFUSED:
            registry.refuses_tokens = 1
        effect = row.next
    # The part of a request's time that would not be there without outages: it is waiting.
    registry.slowness = 1 - start.request_s / registry.request_s if registry.request_s > 0.0 else 0.0


def converged(w: Any, o: int, has_ended: int) -> None:
    """Routing hears that an outage's link went down, or came back, if it has stayed so."""
    _drop_change(w)
    outage = w.outages[o]
    up, down = outage.link_up, outage.link_down
    downtime = w.downtimes[w.link_faults[up].last_downtime]
    is_down = downtime.until_s == INF
    changed_s = downtime.from_s if is_down else downtime.until_s
    if changed_s != (outage.until_s if has_ended else outage.from_s):
        return  # it has changed since, and routing hears of that
    avoided = 1 if is_down else 0
    if w.avoided[up] == avoided and w.avoided[down] == avoided:
        return
    w.avoided[up] = w.avoided[down] = avoided
    ask_host(w, ROUTES_CHANGED, 0, 0, 0)
    follow_routes(w)
    any_abandoned = 0
    for lane in range(w.g.lanes_used):
        any_abandoned += w.lanes[lane].abandoned
    if any_abandoned:
        while settle_flows(w):
            run_ready_tasks(w)
        divert(w)
        run_ready_tasks(w)
        arm_fair(w)


def change_capacity(w: Any, link: int, capacity_Bps: float) -> None:
    """From now on a link carries so many bytes/s, and tasks whose flows end or break off by that go on."""
    ensure_rows(w, w.g.now_s)
    while settle_flows(w):
        run_ready_tasks(w)
    resize(w, link, capacity_Bps)
    run_ready_tasks(w)
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
        _set_capacity(w, link, 2 * o + side)
    if _is_down(w, outage.link_up) and not was_down:
        _schedule_convergence(w, o, 0)


def _restore(w: Any, o: int) -> None:
    """More is left of it again."""
    outage = w.outages[o]
    was_down = _is_down(w, outage.link_up)
    for side in range(2):
        link = outage.link_up if side == 0 else outage.link_down
        fault = w.link_faults[link]
        fault.first_effect = _remove_effect(w, fault.first_effect, 2 * o + side)
        _set_capacity(w, link, -1)
    if was_down and not _is_down(w, outage.link_up):
        _schedule_convergence(w, o, 1)


def _schedule_convergence(w: Any, o: int, has_ended: int) -> None:
    """Routing hears later that a link went down, or came back, if there is another route."""
    g = w.g
    if g.converges_s >= 0.0 and w.has_detour[w.outages[o].link_up]:
        at_s = g.now_s + g.converges_s
        _add_change(w, at_s)
        schedule(w, at_s, CONVERGED, o, has_ended)


def _take_down(w: Any, o: int) -> None:
    """A registry refuses requests from now on, and connections to and from it are reset; its disk carries nothing."""
    r = w.outages[o].registry
    for other in range(len(w.registries)):
        _reset_connection(w, r, other)
        _reset_connection(w, other, r)
    disk = w.registries[r].disk
    fault = w.link_faults[disk]
    fault.is_disk = 1
    w.effects[2 * o].factor = 0.0
    fault.first_effect = _add_effect(w, fault.first_effect, 2 * o)
    _set_capacity(w, disk, 2 * o)


def _reset_connection(w: Any, source: int, target: int) -> None:
    """No connection from one registry to another is kept; a task that opens one goes on with that by itself."""
    way = find_way(w, source, target, 0)
    if way >= 0:
        row = w.ways[way]
        row.until_s = -1.0
        row.opening = -1
        row.connection += 1


def _set_capacity(w: Any, link: int, downtime: int) -> None:
    """A link carries what the effects in force leave of it; a time that begins now in which it carries nothing is row
    `downtime` of `downtimes`."""
    fault = w.link_faults[link]
    down = _is_down(w, link)
    last = fault.last_downtime
    was_down = last >= 0 and w.downtimes[last].until_s == INF
    if down and not was_down:
        row = w.downtimes[downtime]
        row.from_s, row.until_s, row.before = w.g.now_s, INF, last
        fault.last_downtime = downtime
    elif was_down and not down:
        w.downtimes[last].until_s = w.g.now_s
    capacity_Bps = w.nominal_Bps[link]
    effect = fault.first_effect
    while effect >= 0:
        capacity_Bps *= w.effects[effect].factor
        effect = w.effects[effect].next
    change_capacity(w, link, capacity_Bps)


def _is_down(w: Any, link: int) -> bool:
    """Whether an effect in force leaves nothing of a link."""
    effect = w.link_faults[link].first_effect
    while effect >= 0:
        if w.effects[effect].factor == 0.0:
            return True
        effect = w.effects[effect].next
    return False


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


def _remove_effect(w: Any, first: int, effect: int) -> int:
    """The same, after one of them has been taken off."""
    following = int(w.effects[effect].next)
    if first == effect:
        return following
    before = first
    while w.effects[before].next != effect:
        before = w.effects[before].next
    w.effects[before].next = following
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
