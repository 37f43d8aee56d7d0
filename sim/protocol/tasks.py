"""Tasks and timelines: how programs are begun, called, forked and joined, and where a deploy's time goes.

A task that is called shares its caller's timeline. Each of several branches has one of its own, and their parent goes
on from the one that ended last: the critical path. Tasks that are ready at one instant run depth first (`ready` is a
stack): one runs until it waits, then those that it made ready, then those before it.

Beside its time a timeline keeps how much of that was waiting: for other deploys, for retries, for what is down. What a
step takes on idle, unimpaired links and registries is known from formulas, and the rest is waiting.

Left out: preemption. A task that runs is never interrupted.
"""

from __future__ import annotations

from typing import Any

from sim.protocol.codes import BLOCKED, GO, N_PHASES, TASK_DUE
from sim.records.queue import push_event


def new_timeline(w: Any, started_s: float, waited_s: float) -> int:
    """A timeline that begins in its first phase."""
    g = w.g
    t = g.free_timeline
    if t >= 0:
        g.free_timeline = w.timelines[t].next
    else:
        t = g.timelines_used
        g.timelines_used = t + 1
    timeline = w.timelines[t]
    timeline.started_s = started_s
    timeline.now_s = started_s
    timeline.mark_s = started_s
    timeline.waited_s = waited_s
    timeline.phase = 0
    for phase in range(t * N_PHASES, (t + 1) * N_PHASES):
        w.phases_s[phase] = 0.0
        w.waited_s[phase] = 0.0
    return int(t)


def free_timeline(w: Any, t: int) -> None:
    """A timeline is needed no more."""
    w.timelines[t].next = w.g.free_timeline
    w.g.free_timeline = t


def enter_phase(w: Any, t: int, phase: int) -> None:
    """What follows belongs to `phase`; a phase may be entered again."""
    # Differences of neighbouring marks are exact in floats, so the phases add up to the latency.
    timeline = w.timelines[t]
    w.phases_s[t * N_PHASES + timeline.phase] += timeline.now_s - timeline.mark_s
    timeline.mark_s = timeline.now_s
    timeline.phase = phase


def add_waiting(w: Any, t: int, duration_s: float) -> None:
    """Of what was last done so much was waiting; less than none where waiting before has saved it some."""
    timeline = w.timelines[t]
    w.waited_s[t * N_PHASES + timeline.phase] += duration_s
    timeline.waited_s += duration_s


def add_waiting_beyond(w: Any, t: int, idle_s: float) -> None:
    """On idle, unimpaired links and registries it would be here at `idle_s`: the rest was waiting."""
    timeline = w.timelines[t]
    add_waiting(w, t, timeline.now_s - idle_s - timeline.waited_s)


def wait_for(w: Any, t: int, at_s: float, idle_s: float) -> None:
    """Wait for what comes at `at_s`, and would have come at `idle_s` on idle, unimpaired links."""
    timeline = w.timelines[t]
    idle_s = max(timeline.now_s - timeline.waited_s, idle_s)
    timeline.now_s = max(timeline.now_s, at_s)
    add_waiting(w, t, timeline.now_s - idle_s - timeline.waited_s)


def end_timeline(w: Any, t: int) -> None:
    """Close the last phase.

    To wait early may save waiting later, where a time is fixed or another branch is critical. Such savings count in all
    and not in a phase: no phase has less than none, and they come off the phases before.
    """
    enter_phase(w, t, w.timelines[t].phase)
    saved_s = 0.0
    for phase in range((t + 1) * N_PHASES - 1, t * N_PHASES - 1, -1):
        left_s = w.waited_s[phase] - saved_s
        w.waited_s[phase] = max(left_s, 0.0)
        saved_s = max(-left_s, 0.0)


def new_task(w: Any, entry: int, timeline: int) -> int:
    """A task that will run the program at `entry`; no other waits for it."""
    g = w.g
    p = g.free_task
    if p >= 0:
        g.free_task = w.tasks[p].next
    else:
        p = g.tasks_used
        g.tasks_used = p + 1
    task = w.tasks[p]
    task.pc = entry
    task.generation += 1
    task.parent = task.child = task.sibling = task.next = task.handler = task.attempt = task.flight = -1
    task.joins = task.fetch = -1
    task.left = task.failure = 0
    task.timeline = timeline
    task.counter = p
    task.stage = task.keeps_timeline = task.planned = 0
    task.moved_bytes = task.saved_bytes = task.metadata_bytes = 0
    task.late_s = 0.0
    return int(p)


def free_task(w: Any, p: int) -> None:
    """A task has ended; its row can be taken again, and events for it are void."""
    task = w.tasks[p]
    task.generation += 1
    task.next = w.g.free_task
    w.g.free_task = p


def inherit(w: Any, p: int, child: int) -> None:
    """A child is about what its parent is about."""
    task, other = w.tasks[p], w.tasks[child]
    other.deploy, other.counter, other.machine, other.registry = task.deploy, task.counter, task.machine, task.registry
    other.way, other.profile, other.name = task.way, task.profile, task.name
    other.image, other.publish, other.copy = task.image, task.publish, task.copy
    other.node, other.upstream, other.digest, other.purpose = task.node, task.upstream, task.digest, task.purpose


def add_child(w: Any, p: int, child: int) -> None:
    """Make a task a branch of another, after those that it has."""
    task = w.tasks[p]
    w.tasks[child].parent = p
    task.left += 1
    if task.child < 0:
        task.child = child
        return
    last = task.child
    while w.tasks[last].sibling >= 0:
        last = w.tasks[last].sibling
    w.tasks[last].sibling = child


def call(w: Any, p: int, entry: int) -> int:
    """A child on the same timeline, about the same things; its caller is to return BLOCKED."""
    child = new_task(w, entry, w.tasks[p].timeline)
    inherit(w, p, child)
    add_child(w, p, child)
    make_ready(w, child)
    return child


def branch(w: Any, p: int, entry: int, alone: bool) -> int:
    """One of several children that run side by side from here, each on a timeline of its own unless it is alone."""
    t = w.tasks[p].timeline
    child = new_task(w, entry, t if alone else fork_timeline(w, t))
    inherit(w, p, child)
    add_child(w, p, child)
    return child


def start_branches(w: Any, p: int) -> int:
    """Make all branches ready, the first one first; what an op returns that has forked."""
    child = w.tasks[p].child
    count = 0
    while child >= 0:
        make_ready(w, child)
        child = w.tasks[child].sibling
        count += 1
    first = w.g.ready_used - count
    for at in range(count // 2):
        other = w.g.ready_used - 1 - at
        w.ready[first + at], w.ready[other] = w.ready[other], w.ready[first + at]
    return BLOCKED


def fork_timeline(w: Any, t: int) -> int:
    """A timeline that runs beside another from here."""
    old = w.timelines[t]
    other = new_timeline(w, old.started_s, old.waited_s)
    timeline = w.timelines[other]
    timeline.now_s, timeline.mark_s, timeline.phase = old.now_s, old.mark_s, old.phase
    for phase in range(N_PHASES):
        w.phases_s[other * N_PHASES + phase] = w.phases_s[t * N_PHASES + phase]
        w.waited_s[other * N_PHASES + phase] = w.waited_s[t * N_PHASES + phase]
    return other


def join_branches(w: Any, p: int) -> int:
    """All branches have ended: go on from the one that ended last, the first of those if several did; why the first of
    them that failed did so, or 0."""
    task = w.tasks[p]
    t = task.timeline
    last, failure = task.child, 0
    sooner_s = -1e308
    child = task.child
    while child >= 0:
        other = w.tasks[child]
        timeline = w.timelines[other.timeline]
        if timeline.now_s > w.timelines[w.tasks[last].timeline].now_s:
            last = child
        sooner_s = max(sooner_s, timeline.now_s - timeline.waited_s)
        if failure == 0:
            failure = other.failure
        child = other.sibling
    chosen = w.tasks[last].timeline
    if chosen != t and task.keeps_timeline == 0:
        _go_on_from(w, t, chosen)
        sooner_s -= w.timelines[t].now_s - w.timelines[t].waited_s
        if sooner_s > 0:
            add_waiting(w, t, -sooner_s)
    child = task.child
    while child >= 0:
        following = w.tasks[child].sibling
        if w.tasks[child].timeline != t:
            free_timeline(w, w.tasks[child].timeline)
        free_task(w, child)
        child = following
    task.child = -1
    return int(failure)


def _go_on_from(w: Any, t: int, last: int) -> None:
    """A timeline is where another is."""
    timeline, other = w.timelines[t], w.timelines[last]
    timeline.now_s, timeline.mark_s, timeline.phase, timeline.waited_s = (
        other.now_s,
        other.mark_s,
        other.phase,
        other.waited_s,
    )
    for phase in range(N_PHASES):
        w.phases_s[t * N_PHASES + phase] = w.phases_s[last * N_PHASES + phase]
        w.waited_s[t * N_PHASES + phase] = w.waited_s[last * N_PHASES + phase]


def make_ready(w: Any, p: int) -> None:
    """A task goes on at this instant, before those that were made ready earlier."""
    g = w.g
    w.ready[g.ready_used] = p
    g.ready_used += 1


def make_all_ready(w: Any, first: int) -> None:
    """The tasks of a list by `next` are ready, the first one first."""
    count = 0
    while first >= 0:
        following = w.tasks[first].next
        w.tasks[first].next = -1
        make_ready(w, first)
        first = following
        count += 1
    bottom = w.g.ready_used - count
    for at in range(count // 2):
        other = w.g.ready_used - 1 - at
        w.ready[bottom + at], w.ready[other] = w.ready[other], w.ready[bottom + at]


def begin_yield(w: Any, p: int) -> int:
    """An op is about to make other tasks ready, which are to run before its own goes on; it ends with `end_yield`."""
    aside = w.g.ready_used
    make_ready(w, p)
    return int(aside)


def end_yield(w: Any, aside: int) -> int:
    """What such an op returns: its task goes on at once if no other was made ready."""
    if w.g.ready_used == aside + 1:
        w.g.ready_used = aside
        return GO
    return BLOCKED


def wait_until(w: Any, p: int, at_s: float) -> None:
    """A task goes on at a time that is not past."""
    push_event(w, at_s, TASK_DUE, p, w.tasks[p].generation)


def keep_running_until(w: Any, at_s: float) -> None:
    """Something goes on until then though no event says so: the run's clock shows that time in the end, at least."""
    if at_s > w.g.runs_until_s:
        w.g.runs_until_s = at_s
