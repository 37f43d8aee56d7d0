"""How tasks go on from op to op, and what an event means. Text for both engines.

Engines bind four names anew: `push_event` (where events wait), `dispatch` (from an op's number to the op),
`room_is_low` (whether a table is nearly full) and `ask_host` (what rows alone can't do: a route over the graph, more
room).
"""

from __future__ import annotations

from typing import Any

from sim.protocol.ops.retries import try_again
from sim.protocol.ops.watch import flow_room_is_low
from sim.protocol.state import (
    ENDED,
    FAILED,
    GO,
    ROOM_ASKED,
    WAIT,
)
from sim.protocol.tasks import free_task, free_timeline, join_branches, let_go, wait_until


def ask_host(w: Any, what: int, a: int, b: int, c: int) -> None:
    """Have the engine do what rows can't: it is done when this returns."""
    raise NotImplementedError


def dispatch(w: Any, p: int, op: int, a: int, b: int) -> int:
    """Do op number `op` for a task."""
    raise NotImplementedError


def room_is_low(w: Any) -> bool:
    """Whether a table that grows may run full while a task goes on."""
    raise NotImplementedError


def have_room(w: Any, at_s: float) -> None:
    """Have room in all tables for what goes on next, at a time; so often as there is room for is not looked again."""
    g = w.g
    if g.room_left > 0 and at_s < g.room_until_s:
        g.room_left -= 1
        return
    if room_is_low(w) or flow_room_is_low(w, at_s):
        flow_room_is_low(w, at_s)
        ask_host(w, ROOM_ASKED, 0, 0, 0)
        flow_room_is_low(w, at_s)
    g.room_left = g.room_runs - 1


def go_on(w: Any) -> None:
    """Every task that may go on at this instant does, depth first."""
    g = w.g
    while g.ready_used > 0:
        if g.room_left > 0 and g.now_s < g.room_until_s:
            g.room_left -= 1
        else:
            have_room(w, g.now_s)
        g.ready_used -= 1
        run_task(w, w.ready[g.ready_used])


def run_task(w: Any, p: int) -> None:
    """A task goes on until it has to wait, or ends."""
    task = w.tasks[p]
    said = GO
    while said == GO:
        at = 3 * task.pc
        task.pc += 1
        said = dispatch(w, p, w.program[at], w.program[at + 1], w.program[at + 2])
        if said >= FAILED:
            said = fail(w, p, said)
    if said == WAIT:
        wait_until(w, p, w.timelines[task.timeline].now_s)
    elif said == ENDED:
        end_task(w, p)


def fail(w: Any, p: int, why: int) -> int:
    """What a task does after a failure: it tries again, goes on where it handles failures, or ends."""
    task = w.tasks[p]
    task.stage = 0
    if task.attempt >= 0 and try_again(w, p, why):
        return GO
    task.attempt = -1
    task.failure = why
    if task.handler >= 0:
        task.pc = task.handler
        task.handler = -1
        return GO
    return ENDED


def end_task(w: Any, p: int) -> None:
    """Its program has ended; whoever waits for all of its branches goes on when this was the last.

    A failure that nobody handles ends one task after another.
    """
    while True:
        task = w.tasks[p]
        above = task.parent
        if above < 0:
            if task.timeline >= 0:
                free_timeline(w, task.timeline)
            free_task(w, p)
            return
        parent = w.tasks[above]
        parent.left -= 1
        if parent.left:
            return
        failure = join_branches(w, above)
        if failure == 0 or fail(w, above, failure) == GO:
            let_go(w, above)
            return
        p = above


def task_due(w: Any) -> None:
    """A task's time has come, unless it went on by another way meanwhile."""
    g = w.g
    p = g.event_what
    if w.tasks[p].generation == g.event_generation:
        g.now_s = g.event_s
        let_go(w, p)
        go_on(w)
