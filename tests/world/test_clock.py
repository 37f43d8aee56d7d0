"""The clock: what happens at one instant, in which order, and how tasks wait for each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simpy import Environment, Event, Timeout

from sim.world.clock import Clock, Failure, Steps
from sim.world.jobs import Jobs


def wait(clock: Clock, heard: list[tuple[str, float]], name: str, *until_s: float) -> Steps:
    """Say so whenever one of these times has come."""
    for at_s in until_s:
        yield at_s
        heard.append((name, clock.now))


def test_a_task_starts_at_once_and_goes_on_at_its_times() -> None:
    """A task runs up to its first wait before `start` returns, and goes on when that time has come."""
    clock, heard = Clock(), []

    def steps() -> Steps:
        heard.append(clock.now)
        yield 2.0
        heard.append(clock.now)
        yield 2.0
        heard.append(clock.now)

    task = clock.start(steps())
    assert heard == [0.0]
    clock.run_out()
    assert heard == [0.0, 2.0, 2.0]
    assert not task.running


def test_at_one_instant_things_happen_as_they_were_scheduled() -> None:
    """Tasks, events and timers for 5 s happen in the order in which they took their places, not in that of starts."""
    clock, heard = Clock(), []
    clock.start(wait(clock, heard, "late", 3.0, 5.0))  # takes its place for 5 s at 3 s
    clock.start(wait(clock, heard, "first", 5.0))
    clock.at(5.0).callbacks.append(lambda _: heard.append(("event", clock.now)))
    Timeout(clock, 5.0).callbacks.append(lambda _: heard.append(("timeout", clock.now)))
    clock.start(wait(clock, heard, "last", 5.0))
    clock.run_out()
    assert [name for name, at_s in heard if at_s == 5.0] == ["first", "event", "timeout", "last", "late"]


@given(st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=6), max_size=8))
def test_tasks_take_turns_as_simpys_processes_do(gaps: list[list[int]]) -> None:
    """For any delays, tasks that wait for times are heard in the order in which SimPy's processes would be."""
    clock, ours, theirs = Clock(), [], []
    env = Environment()

    def process(number: int, delays: list[int]):  # type: ignore[no-untyped-def]
        for delay in delays:
            yield env.timeout(delay)
            theirs.append((number, env.now))

    def task(number: int, delays: list[int]) -> Steps:
        for delay in delays:
            yield float(clock.now + delay)
            ours.append((number, clock.now))

    for number, delays in enumerate(gaps):
        env.process(process(number, delays))
        clock.start(task(number, delays))
    env.run()
    clock.run_out()
    assert ours == theirs


def test_a_delivered_event_wakes_those_who_wait_before_deliver_returns() -> None:
    """Two tasks wait for one event; both get its value, in their order, at the present instant."""
    clock, heard, event = Clock(), [], Event(Clock())

    def steps(name: str) -> Steps:
        heard.append((name, (yield event)))

    for name in ("one", "two"):
        clock.start(steps(name))
    clock.deliver(event, 7)
    assert heard == [("one", 7), ("two", 7)]


def test_an_event_that_has_happened_is_not_waited_for() -> None:
    """Who asks for the value of an event of the past goes on with it at once."""
    clock, heard, event = Clock(), [], Event(Clock())

    def steps() -> Steps:
        heard.append((yield event))

    clock.deliver(event, "there")
    clock.start(steps())
    assert heard == ["there"]


def test_branches_side_by_side_end_with_the_last() -> None:
    """Branches that take 2 and 5 s hold up what follows until 5 s."""
    clock, heard = Clock(), []

    def both() -> Steps:
        yield from clock.together([wait(clock, heard, n, at_s) for n, at_s in (("2 s", 2.0), ("5 s", 5.0))])
        heard.append(("both", clock.now))

    clock.start(both())
    clock.run_out()
    assert heard == [("2 s", 2.0), ("5 s", 5.0), ("both", 5.0)]


def test_branches_that_have_ended_at_once_hold_up_nothing() -> None:
    """Without a branch that waits, `together` does not wait either."""
    clock, heard = Clock(), []

    def none() -> Steps:
        yield from clock.together([wait(clock, [], "none"), wait(clock, [], "none")])
        heard.append(clock.now)

    clock.start(none())
    assert heard == [0.0]


@pytest.mark.parametrize("fails_s", [[2.0], [2.0, 1.0], [5.0, 1.0]])
def test_a_failure_of_one_branch_waits_for_the_others(fails_s: list[float]) -> None:
    """What comes after is told the failure of the first branch in their order, when the last has ended, at 5 s."""
    clock, heard = Clock(), []

    def fail(at_s: float) -> Steps:
        yield at_s
        raise Failure(f"at {at_s:g}")

    def both() -> Steps:
        try:
            yield from clock.together([*map(fail, fails_s), wait(clock, [], "fine", 5.0)])
        except Failure as failure:
            heard.append((str(failure), clock.now))

    clock.start(both())
    clock.run_out()
    assert heard == [(f"at {fails_s[0]:g}", 5.0)]


def test_a_failure_that_nobody_catches_ends_its_task_alone() -> None:
    """A task that gives up leaves the failure behind, and the clock and the others go on."""
    clock, heard = Clock(), []

    def fail() -> Steps:
        yield 1.0
        raise Failure("why")

    task = clock.start(fail())
    clock.start(wait(clock, heard, "other", 2.0))
    clock.run_out()
    assert (str(task.failure), task.running) == ("why", False)
    assert heard == [("other", 2.0)]


def test_any_other_exception_ends_the_run() -> None:
    """What is no failure of a deploy is a mistake in the program, and is not swallowed."""
    clock = Clock()

    def wrong() -> Steps:
        yield 1.0
        raise KeyError("n3")

    clock.start(wrong())
    with pytest.raises(KeyError):
        clock.run_out()


def test_what_nobody_waits_for_any_more_does_not_move_the_clock() -> None:
    """A limit of 60 s that was not reached leaves the clock at 5 s, when its only task was done."""
    clock = Clock()
    event = Event(clock)

    def steps() -> Steps:
        yield clock.any_of((event, clock.at(60.0)))

    def deliver() -> Steps:
        yield 5.0
        clock.deliver(event)

    clock.start(steps())
    clock.start(deliver())
    clock.run_out()
    assert clock.now == 5.0


def test_events_are_counted() -> None:
    """Two waits of a task and a timer are three events, and asking is one more."""
    clock = Clock()
    clock.start(wait(clock, [], "twice", 1.0, 2.0))
    clock.at(1.0)
    clock.run_out()
    assert clock.events == 3


def test_places_are_given_in_the_order_in_which_they_were_asked_for() -> None:
    """Two places and five jobs of 10 s that ask at 0, 1, 2, 3 and 4 s begin at 0, 1, 10, 11 and 20 s."""
    clock, began = Clock(), []
    jobs = Jobs(clock, 2)

    def job(asks_s: float) -> Steps:
        yield asks_s
        yield from jobs.acquire()
        began.append((asks_s, clock.now))
        yield clock.now + 10
        jobs.release()

    for asks_s in (0.0, 1.0, 2.0, 3.0, 4.0):
        clock.start(job(asks_s))
    clock.run_out()
    assert began == [(0.0, 0.0), (1.0, 1.0), (2.0, 10.0), (3.0, 11.0), (4.0, 20.0)]


def test_a_place_that_nobody_waits_for_is_kept_free() -> None:
    """After both of two jobs have left, two more begin at once and a third waits."""
    clock, began = Clock(), []
    jobs = Jobs(clock, 2)

    def job(asks_s: float) -> Steps:
        yield asks_s
        yield from jobs.acquire()
        began.append(clock.now)
        yield clock.now + 1
        jobs.release()

    for asks_s in (0.0, 0.0, 5.0, 5.0, 5.0):
        clock.start(job(asks_s))
    clock.run_out()
    assert began == [0.0, 0.0, 5.0, 5.0, 6.0]


def test_what_nobody_waits_for_still_moves_the_clock() -> None:
    """A clock that is to last until 7 s shows that in the end, unless something happens later."""
    clock, heard = Clock(), []
    clock.start(wait(clock, heard, "a", 3.0))
    clock.last_until(7.0)
    clock.last_until(5.0)
    clock.run_out()
    assert clock.now == 7.0
    clock.start(wait(clock, heard, "b", 9.0))
    clock.run_out()
    assert clock.now == 9.0
