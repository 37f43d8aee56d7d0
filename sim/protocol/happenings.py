"""What an event means, and what begins at the start. Text for both engines."""

from __future__ import annotations

from typing import Any

from sim.protocol.machine import ask_host, go_on, have_room, task_due
from sim.protocol.ops.certain import push_certain
from sim.protocol.ops.deploys import ask_for_deploy, patience_over
from sim.protocol.ops.fairshares import arm_fair
from sim.protocol.ops.faults import begin_faults, converged, outage_begins, outage_ends
from sim.protocol.ops.flows import add_up_loads, convoy_due, fair_due, flight_due
from sim.protocol.ops.garbage import collect_centrals_garbage
from sim.protocol.ops.hours import begin_hours, hours_step
from sim.protocol.ops.logged import begin_operation, next_operation
from sim.protocol.ops.storage import sweep
from sim.protocol.ops.swarms import swarm_due
from sim.protocol.ops.warm import warm_up
from sim.protocol.ops.watch import close_bins
from sim.protocol.state import (
    ARRIVAL,
    AUDIT_ASKED,
    AUDIT_DUE,
    COLLECTION,
    CONVERGED,
    CONVOY_DUE,
    FAIR_DUE,
    FLIGHT_DUE,
    HOURS,
    LOGGED,
    OUTAGE_BEGINS,
    OUTAGE_ENDS,
    PATIENCE_OVER,
    SWARM_DUE,
    TASK_DUE,
)
from sim.protocol.tasks import wait_until
from sim.records.queue import pop_event


def begin(w: Any) -> None:
    """Time 0: what registries have, what is known to happen, and the first deploy."""
    g = w.g
    begin_hours(w)
    warm_up(w)
    if g.rounds > 0:
        push_certain(w, g.collect_every_s, COLLECTION, 1, 0)
    begin_faults(w)
    if g.checks > 0:
        push_certain(w, 0.0, AUDIT_DUE, 0, 0)
    if g.deploys > 0:
        push_certain(w, w.deploys[0].at_s, ARRIVAL, 0, 0)
    if g.logged:
        next_operation(w)


def happen(w: Any) -> None:
    """The event that was taken off the queue happens. What nobody waits for any more does not move the clock."""
    g = w.g
    kind, what, generation = g.event_kind, g.event_what, g.event_generation
    if kind == TASK_DUE:
        task_due(w)
    elif kind == FLIGHT_DUE:
        if flight_due(w, what, generation):
            go_on(w)
    elif kind == ARRIVAL:
        g.certain -= 1
        g.now_s = g.event_s
        ask_for_deploy(w, what, g.deploy_entry)
        go_on(w)
        if what + 1 < g.deploys:
            push_certain(w, w.deploys[what + 1].at_s, ARRIVAL, what + 1, 0)
    elif kind == CONVOY_DUE:
        if convoy_due(w, what, generation):
            go_on(w)
    elif kind == FAIR_DUE:
        if fair_due(w, generation):
            go_on(w)
            arm_fair(w)
    else:
        happen_seldom(w, kind, what, generation)


def happen_seldom(w: Any, kind: int, what: int, generation: int) -> None:
    """The rest of what may happen."""
    g = w.g
    if kind == PATIENCE_OVER:
        if w.tasks[what].generation == generation and w.tasks[what].awaits == 1 and w.tasks[what].until_s == g.event_s:
            g.now_s = g.event_s
            patience_over(w, what)
            wait_until(w, what, g.now_s)
        return
    if kind == HOURS:
        hours_step(w, what, generation)
        return
    g.certain -= 1
    g.now_s = g.event_s
    if kind == OUTAGE_BEGINS:
        outage_begins(w, what)
    elif kind == OUTAGE_ENDS:
        outage_ends(w, what)
    elif kind == CONVERGED:
        converged(w, what, generation)
    elif kind == COLLECTION:
        collect_centrals_garbage(w)
        if what < g.rounds:
            push_certain(w, float(what + 1) * g.collect_every_s, COLLECTION, what + 1, 0)
    elif kind == LOGGED:
        begin_operation(w)
    elif kind == SWARM_DUE:
        swarm_due(w)
    elif kind == AUDIT_DUE:
        add_up_loads(w)
        ask_host(w, AUDIT_ASKED, what, 0, 0)
        if what + 1 < g.checks:
            push_certain(w, float(what + 1) * g.run_s / float(g.checks), AUDIT_DUE, what + 1, 0)


def run_whole(w: Any) -> None:
    """A whole run, for an engine that has the one queue: events come off it until there are none."""
    g = w.g
    begin(w)
    while g.events_used > 0 and g.stopped == 0:
        have_room(w, w.events[0].at_s)
        pop_event(w)
        happen(w)
    if g.stopped == 0:
        wind_up(w)


def wind_up(w: Any) -> None:
    """The run has ended: what is past its time goes, and the last bin is written down."""
    w.g.now_s = max(w.g.now_s, w.g.lasts_s)
    for registry in range(w.g.nodes + 1):
        if w.g.limited and w.registries[registry].bounded:
            sweep(w, registry)
    close_bins(w)
