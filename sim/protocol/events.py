"""Events: what begins at time 0, and what each kind of event does when it comes off the queue.

An event for a subject that has gone on since (its generation is another) is void, and does not move the clock.

Left out: which event is next. That is the queue's of each engine.
"""

from __future__ import annotations

from typing import Any

from sim.protocol.codes import (
    ARRIVAL,
    AUDIT_ASKED,
    AUDIT_DUE,
    BODY_BEGINS,
    CONVERGED,
    FAIR_DUE,
    GARBAGE_COLLECTION,
    LOG_OPERATION_DUE,
    LONE_DUE,
    OUTAGE_BEGINS,
    OUTAGE_ENDS,
    PACKETS_DUE,
    PS_DUE,
    ROUND_DUE,
    SCHEDULE_STEP,
    SWARM_DUE,
    TASK_DUE,
    WAIT_TIMED_OUT,
)
from sim.protocol.machine import ask_host, ensure_rows, run_ready_tasks, task_due
from sim.protocol.ops.congestion import round_due
from sim.protocol.ops.deploys import ask_for_deploy, wait_timed_out
from sim.protocol.ops.fair_sharing import arm_fair
from sim.protocol.ops.faults import begin_faults, converged, outage_begins, outage_ends
from sim.protocol.ops.flow_monitor import close_bins
from sim.protocol.ops.flows import fair_due, lone_due, ps_due, sum_loads
from sim.protocol.ops.garbage import collect_centrals_garbage
from sim.protocol.ops.link_schedules import begin_schedules, schedule_step
from sim.protocol.ops.logged import begin_operation, next_operation
from sim.protocol.ops.packets import body_begins, packets_due
from sim.protocol.ops.scheduling import schedule
from sim.protocol.ops.storage import drop_expired
from sim.protocol.ops.swarms import swarm_due
from sim.protocol.ops.warm import warm_up
from sim.protocol.tasks import wait_until
from sim.records.queue import pop_event


def begin(w: Any) -> None:
    """Time 0: what registries hold, the events that are known, and the first deploy."""
    g = w.g
    begin_schedules(w)
    warm_up(w)
    if g.collections > 0:
        schedule(w, g.collect_every_s, GARBAGE_COLLECTION, 1, 0)
    begin_faults(w)
    if g.checks > 0:
        schedule(w, 0.0, AUDIT_DUE, 0, 0)
    if g.deploys > 0:
        schedule(w, w.deploys[0].at_s, ARRIVAL, 0, 0)
    if g.logged:
        next_operation(w)


def handle_event(w: Any) -> None:
    """The event that was popped takes place (`event_*` of the globals)."""
    g = w.g
    kind, what, generation = g.event_kind, g.event_what, g.event_generation
    if kind == TASK_DUE:
        task_due(w)
    elif kind == LONE_DUE:
        if lone_due(w, what, generation):
            run_ready_tasks(w)
    elif kind == ARRIVAL:
        g.scheduled -= 1
        g.now_s = g.event_s
        ask_for_deploy(w, what, g.deploy_entry)
        run_ready_tasks(w)
        if what + 1 < g.deploys:
            schedule(w, w.deploys[what + 1].at_s, ARRIVAL, what + 1, 0)
    elif kind == PS_DUE:
        if ps_due(w, what, generation):
            run_ready_tasks(w)
    elif kind == FAIR_DUE:
        if fair_due(w, generation):
            run_ready_tasks(w)
            arm_fair(w)
    elif kind == ROUND_DUE:
        round_due(w, what, generation)
    elif kind == PACKETS_DUE:
        packets_due(w)
    elif kind == BODY_BEGINS:
        body_begins(w, what)
    else:
        handle_rare_event(w, kind, what, generation)


def handle_rare_event(w: Any, kind: int, what: int, generation: int) -> None:
    """The same for kinds that are rare."""
    g = w.g
    if kind == WAIT_TIMED_OUT:
        task = w.tasks[what]
        if task.generation == generation and task.image_wait == 1 and task.until_s == g.event_s:
            g.now_s = g.event_s
            wait_timed_out(w, what)
            wait_until(w, what, g.now_s)
        return
    if kind == SCHEDULE_STEP:
        schedule_step(w, what, generation)
        return
    g.scheduled -= 1
    g.now_s = g.event_s
    if kind == OUTAGE_BEGINS:
        outage_begins(w, what)
    elif kind == OUTAGE_ENDS:
        outage_ends(w, what)
    elif kind == CONVERGED:
        converged(w, what, generation)
    elif kind == GARBAGE_COLLECTION:
        collect_centrals_garbage(w)
        if what < g.collections:
            schedule(w, float(what + 1) * g.collect_every_s, GARBAGE_COLLECTION, what + 1, 0)
    elif kind == LOG_OPERATION_DUE:
        begin_operation(w)
    elif kind == SWARM_DUE:
        swarm_due(w)
    elif kind == AUDIT_DUE:
        sum_loads(w)
        ask_host(w, AUDIT_ASKED, what, 0, 0)
        if what + 1 < g.checks:
            schedule(w, float(what + 1) * g.run_s / float(g.checks), AUDIT_DUE, what + 1, 0)


def run_to_end(w: Any) -> None:
    """A whole run, for an engine without a queue of its own: events are popped until there are none."""
    g = w.g
    begin(w)
    while g.events_used > 0 and g.stopped == 0:
        ensure_rows(w, w.events[0].at_s)
        pop_event(w)
        handle_event(w)
    if g.stopped == 0:
        finish_run(w)


def finish_run(w: Any) -> None:
    """The run has ended: images that are past their time go, and the last bin is closed."""
    w.g.now_s = max(w.g.now_s, w.g.runs_until_s)
    for registry in range(len(w.registries)):
        if w.g.limited and w.registries[registry].bounded:
            drop_expired(w, registry)
    close_bins(w)
