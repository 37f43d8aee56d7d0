"""Tasks and timelines: how branches end, what is waiting, who goes on first; on rows, and in programs of a few ops."""

from __future__ import annotations

from types import FunctionType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simpy import Environment

from sim.protocol import events, machine, tasks
from sim.protocol.codes import CONNECTION_LOST, DISK_FULL, ENDED, GO, N_PHASES, TASK_DUE, WAIT
from sim.protocol.ops import flow_monitor, retries
from sim.protocol.state import LAYOUT
from sim.protocol.tasks import (
    add_waiting,
    branch,
    end_timeline,
    enter_phase,
    fork_timeline,
    join_branches,
    keep_running_until,
    make_all_ready,
    make_ready,
    new_task,
    new_timeline,
    start_branches,
    wait_for,
)
from sim.records import ObjectState, queue
from sim.records.scope import scope_of
from sim.tables.rows import SYNC_WAIT
from tests.protocol.growth import make_room


def fresh() -> Any:
    """A state with room for a few tasks."""
    w: Any = ObjectState(LAYOUT, {})
    make_room(w, 64)
    return w


class Programs:
    """Programs of ops that are written in tests: each cell's op is a function here, `a` and `b` are 0."""

    def __init__(self, *ops: Any) -> None:
        self.w = fresh()
        self.heard: list[tuple[Any, float]] = []
        scope = scope_of((queue, tasks, flow_monitor, retries, machine))
        for name, value in [*scope.items()]:
            if isinstance(value, FunctionType) and value.__module__.startswith("sim."):
                scope[name] = FunctionType(value.__code__, scope, name)
        scope |= {"dispatch": self._dispatch, "rows_are_low": lambda w: False}
        scope["flow_rows_are_low"] = lambda w, at_s: False
        self._ops, self._text = ops, scope
        self.w.replace("program", LAYOUT.rows("program", 3 * len(ops)))
        for at in range(len(ops)):
            self.w.program[3 * at] = at

    def _dispatch(self, w: Any, p: int, op: int, a: int, b: int) -> int:
        return int(self._ops[op](self, p))

    def start(self, entry: int) -> int:
        """A task begins a program, and runs until it waits."""
        p = new_task(self.w, entry, new_timeline(self.w, self.w.g.now_s, 0.0))
        make_ready(self.w, p)
        self._text["run_ready_tasks"](self.w)
        return p

    def run(self) -> list[tuple[Any, float]]:
        """What was heard until nothing was left to happen."""
        w = self.w
        while w.g.events_used:
            queue.pop_event(w)
            assert w.g.event_kind == TASK_DUE
            self._text["task_due"](w)
        return self.heard


def says(name: Any) -> Any:
    """An op that says so."""

    def op(run: Programs, p: int) -> int:
        run.heard.append((name, run.w.g.now_s))
        return GO

    return op


def until(at_s: float) -> Any:
    """An op that goes on at a time."""

    def op(run: Programs, p: int) -> int:
        run.w.timelines[run.w.tasks[p].timeline].now_s = at_s
        return WAIT

    return op


def ends(run: Programs, p: int) -> int:
    return ENDED


def fails(why: int) -> Any:
    return lambda run, p: why


def forks(*entries: int) -> Any:
    """An op that has branches, of which the first that failed says why."""

    def op(run: Programs, p: int) -> int:
        for entry in entries:
            branch(run.w, p, entry, False)
        return start_branches(run.w, p)

    return op


def catches(handler: int) -> Any:
    """An op after which failures are handled there."""

    def op(run: Programs, p: int) -> int:
        run.w.tasks[p].handler = handler
        return GO

    return op


def test_a_task_runs_at_once_up_to_its_first_wait() -> None:
    """And goes on at its times; when it has ended its row is free."""
    run = Programs(says("a"), until(2.0), says("b"), until(2.0), says("c"), ends)
    p = run.start(0)
    assert run.heard == [("a", 0.0)]
    assert run.run() == [("a", 0.0), ("b", 2.0), ("c", 2.0)]
    assert (run.w.g.free_task, run.w.g.free_timeline) == (p, 0)


def test_branches_side_by_side_end_with_the_last() -> None:
    """Branches that take 2 and 5 s hold up what follows until 5 s."""
    run = Programs(
        forks(3, 6), says("both"), ends,
        until(2.0), says("2 s"), ends,
        until(5.0), says("5 s"), ends,
    )  # fmt: skip
    run.start(0)
    assert run.run() == [("2 s", 2.0), ("5 s", 5.0), ("both", 5.0)]


def test_branches_that_have_ended_at_once_hold_up_nothing() -> None:
    """What follows them is done at the same instant, after them, in their order."""
    run = Programs(forks(3, 5), says("both"), ends, says("one"), ends, says("other"), ends)
    run.start(0)
    assert run.heard == [("one", 0.0), ("other", 0.0), ("both", 0.0)]


@pytest.mark.parametrize(("first_s", "second_s"), [(2.0, 1.0), (1.0, 2.0), (5.0, 1.0)])
def test_a_failure_of_one_branch_waits_for_the_others(first_s: float, second_s: float) -> None:
    """What comes after is told the failure of the first branch in their order, when the last has ended, at 5 s."""
    said: list[int] = []

    def tells(run: Programs, p: int) -> int:
        said.append(run.w.tasks[p].failure)
        return GO

    run = Programs(
        catches(3), forks(6, 8, 10), says("never"),
        tells, says("failed"), ends,
        until(first_s), fails(DISK_FULL),
        until(second_s), fails(CONNECTION_LOST),
        until(5.0), ends,
    )  # fmt: skip
    run.start(0)
    assert run.run() == [("failed", 5.0)]
    assert said == [DISK_FULL]


def test_a_failure_that_nobody_handles_ends_its_task_alone() -> None:
    """Others go on."""
    run = Programs(until(1.0), fails(DISK_FULL), says("never"), until(2.0), says("other"), ends)
    run.start(0)
    run.start(3)
    assert run.run() == [("other", 2.0)]


@given(st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=6), max_size=8))
def test_tasks_take_turns_as_simpys_processes_do(gaps: list[list[int]]) -> None:
    """For any delays, tasks that wait for times are heard in the order in which SimPy's processes would be."""
    env, theirs = Environment(), []
    ops, entries = [], []

    def process(number: int, delays: list[int]):  # type: ignore[no-untyped-def]
        for delay in delays:
            yield env.timeout(delay)
            theirs.append((number, env.now))

    for number, delays in enumerate(gaps):
        env.process(process(number, delays))
        entries.append(len(ops))
        at_s = 0.0
        for delay in delays:
            at_s += delay
            ops += [until(at_s), says(number)]
        ops.append(ends)
    run = Programs(*ops)
    for entry in entries:
        run.start(entry)
    env.run()
    assert run.run() == theirs


def test_who_is_let_go_first_goes_on_first() -> None:
    """Of a list by `next`; and before those that were let go earlier."""
    w = fresh()
    a, b, c = (new_task(w, 0, -1) for _ in range(3))
    w.tasks[a].next = b
    make_ready(w, c)
    make_all_ready(w, a)
    assert [w.ready[at] for at in range(w.g.ready_used)] == [c, b, a]  # a stack: its last goes on first


def test_branches_meet_where_the_last_would_be_on_idle_links() -> None:
    """One branch ends at 10 and has waited 5, the other ends at 9 and has not, as they do alone: 1 was waiting."""
    w = fresh()
    t = new_timeline(w, 0.0, 0.0)
    p = new_task(w, 0, t)
    held_up, other = (branch(w, p, 0, False) for _ in range(2))
    lines = [w.tasks[child].timeline for child in (held_up, other)]
    w.timelines[lines[0]].now_s = 10.0
    add_waiting(w, lines[0], 5.0)
    w.timelines[lines[1]].now_s = 9.0
    assert join_branches(w, p) == 0
    line = w.timelines[t]
    assert (line.now_s, line.waited_s, line.now_s - line.waited_s) == (10.0, 1.0, 9.0)


def test_waiting_that_saves_waiting_comes_off_the_phases_before() -> None:
    """After 4 s of waiting a deploy meets at 10 what comes then anyway: sooner, it would have waited for that."""
    w = fresh()
    t = fork_timeline(w, new_timeline(w, 0.0, 0.0))
    w.timelines[t].now_s = 8.0
    add_waiting(w, t, 4.0)
    enter_phase(w, t, SYNC_WAIT)
    wait_for(w, t, 10.0, 10.0)
    end_timeline(w, t)
    assert w.timelines[t].waited_s == 0.0
    assert w.waited_s[t * N_PHASES : (t + 1) * N_PHASES] == [0.0] * N_PHASES
    assert sum(w.phases_s[t * N_PHASES : (t + 1) * N_PHASES]) == 10.0


def test_what_nobody_waits_for_still_moves_the_end() -> None:
    """A run that is to last until 7 s shows that in the end, whatever is said later to end sooner."""
    w = fresh()
    keep_running_until(w, 7.0)
    keep_running_until(w, 5.0)
    assert w.g.runs_until_s == 7.0


def test_an_event_for_a_task_that_went_on_by_another_way_is_void() -> None:
    """And leaves the clock where it is."""
    w = fresh()
    p = new_task(w, 0, -1)
    w.g.event_kind, w.g.event_what, w.g.event_generation, w.g.event_s = TASK_DUE, p, w.tasks[p].generation - 1, 9.0
    events.handle_event(w)
    assert (w.g.now_s, w.g.ready_used) == (0.0, 0)
