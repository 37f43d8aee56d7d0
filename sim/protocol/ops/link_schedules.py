"""Links with a schedule: at each step of it the network learns what they carry from then on.

The steps of a day are in `schedule_steps`, in their order. The next one is in the queue for as long as anything else is
to happen, so that it neither keeps a run going nor lengthens it. Schedules are `sim.network.topology.schedule`'s.
"""

from __future__ import annotations

from typing import Any

from sim.network.topology.schedule import DAY_S
from sim.protocol.codes import SCHEDULE_STEP
from sim.protocol.ops.capacities import nominal_capacity
from sim.protocol.ops.faults import change_capacity
from sim.records.queue import push_event


def begin_schedules(w: Any) -> None:
    """The first step after time 0: what holds at the start the links have already."""
    step = 0
    while step < len(w.schedule_steps) and w.schedule_steps[step].from_s <= 0.0:
        step += 1
    if len(w.schedule_steps) > 0:
        _await_step(w, step, 0)


def schedule_step(w: Any, step: int, day: int) -> None:
    """A link's step, unless the run is over."""
    g = w.g
    if is_run_over(w):
        return
    g.now_s = g.event_s
    _await_step(w, step + 1, day)
    link, capacity_Bps = w.schedule_steps[step].link, w.schedule_steps[step].capacity_Bps
    change_capacity(w, link, nominal_capacity(w, link, capacity_Bps))


def _await_step(w: Any, step: int, day: int) -> None:
    """A step of that day is next, or the first of the next day."""
    if step == len(w.schedule_steps):
        step = 0
        day += 1
    push_event(w, day * DAY_S + w.schedule_steps[step].from_s, SCHEDULE_STEP, step, day)


def is_run_over(w: Any) -> bool:
    """Whether nothing is to happen any more but steps of schedules; events that are void don't count."""
    g = w.g
    if g.scheduled > 0:
        return False
    # A task waits for something that comes, by an event of its own or by another task.
    free, p = 0, g.free_task
    while p >= 0:
        free += 1
        p = w.tasks[p].next
    return bool(free == g.tasks_used)
