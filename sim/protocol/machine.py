"""The machine that runs programs: how a task goes from op to op, and what it does after a failure.

Each engine has its own `push_event` (where events wait), `dispatch` (from an op's number to the op), `rows_are_low`
(whether a table is nearly full) and `ask_host` (what rows alone can't do: a route over the graph, more rows).
"""

from __future__ import annotations

from typing import Any

from sim.protocol.codes import ENDED, FAILED, GO, GROW_ASKED, WAIT
from sim.protocol.ops.flow_monitor import flow_rows_are_low
from sim.protocol.ops.retries import try_again
from sim.protocol.tasks import free_task, free_timeline, join_branches, make_ready, wait_until


def ask_host(w: Any, what: int, a: int, b: int, c: int) -> None:
    """Have the engine do what rows can't, by a number of `sim.protocol.codes`; it is done when this returns."""
    raise NotImplementedError


def dispatch(w: Any, p: int, op: int, a: int, b: int) -> int:
    """Do op number `op` for a task."""
    raise NotImplementedError


def rows_are_low(w: Any) -> bool:
    """Whether a table that grows may run full while a task goes on."""
    raise NotImplementedError


def ensure_rows(w: Any, at_s: float) -> None:
    """Have rows in all tables for what goes on at a time; while there are enough it only counts."""
    g = w.g
    if g.tasks_until_growth > 0 and at_s < g.growth_due_s:
        g.tasks_until_growth -= 1
        return
    if rows_are_low(w) or flow_rows_are_low(w, at_s):
        flow_rows_are_low(w, at_s)
        ask_host(w, GROW_ASKED, 0, 0, 0)
        flow_rows_are_low(w, at_s)
    g.tasks_until_growth = g.tasks_per_growth - 1


def run_ready_tasks(w: Any) -> None:
    """Run every task that is ready at this instant, depth first."""
    g = w.g
    while g.ready_used > 0:
        if g.tasks_until_growth > 0 and g.now_s < g.growth_due_s:
            g.tasks_until_growth -= 1
        else:
            ensure_rows(w, g.now_s)
        g.ready_used -= 1
        run_task(w, w.ready[g.ready_used])


def run_task(w: Any, p: int) -> None:
    """A task goes on until it has to wait, or ends."""
    task = w.tasks[p]
    result = GO
    while result == GO:
        at = 3 * task.pc
        task.pc += 1
        result = dispatch(w, p, w.program[at], w.program[at + 1], w.program[at + 2])
        if result >= FAILED:
            result = fail(w, p, result)
    if result == WAIT:
        wait_until(w, p, w.timelines[task.timeline].now_s)
    elif result == ENDED:
        end_task(w, p)


def fail(w: Any, p: int, why: int) -> int:
    """What a task does after a failure: it tries again, goes to its handler, or ends."""
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
    """A task's program has ended; if it was the last branch of its parent, that goes on.

    A failure without a handler ends one task after another.
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
            make_ready(w, above)
            return
        p = above


def task_due(w: Any) -> None:
    """A task's time has come, unless it has gone on since."""
    g = w.g
    p = g.event_what
    if w.tasks[p].generation == g.event_generation:
        g.now_s = g.event_s
        make_ready(w, p)
        run_ready_tasks(w)
