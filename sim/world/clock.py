"""SimPy's environment with additions that make a million deploys a normal question.

A `Task` drives a generator from the present instant on. What the generator yields it waits for: a SimPy event, or
simply a time on the clock, for which the task itself stands in the queue (a `Timeout` would be one more object each
time, SimPy's `Process` an event more at its start and at its end). `deliver` runs an event's callbacks at the present
instant instead of queueing it, for work that a timer has just finished.

Events at one instant run in the order in which they were scheduled, as in SimPy.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from heapq import heappop, heappush
from typing import Any, Protocol

from simpy import Environment, Event
from simpy.events import NORMAL


class Eventual(Protocol):
    """What a task can wait for, and the clock's queue can hold: as much of a SimPy event as they use."""

    callbacks: list[Callable[[Any], None]] | None
    _value: Any


#: What a task may yield: an event, or a time to wait for, s.
Happening = Event | Eventual | float
#: What a task runs.
Steps = Generator[Happening, Any, None]


class Failure(Exception):  # noqa: N818 - the world's word for it
    """Why a deploy can't be completed; becomes its row's reason and never leaves the world."""


class Clock(Environment):
    """The world's clock: SimPy's, with times in seconds from 0."""

    @property
    def events(self) -> int:
        """How many events have been scheduled so far; counts itself."""
        return next(self._eid)

    def run_out(self) -> None:
        """Run until nothing is left to happen.

        SimPy's `run` without its checks for failed events, which this world has none of.
        """
        queue = self._queue
        while queue:
            entry = heappop(queue)
            self._now = entry[0]
            event = entry[3]
            callbacks = event.callbacks
            event.callbacks = None  # type: ignore[assignment]
            for callback in callbacks:
                callback(event)

    def at(self, time_s: float) -> Event:
        """An event that happens at `time_s`, which must not be past."""
        event = Event(self)
        event._ok = True
        event._value = None
        self.enqueue(time_s, event)
        return event

    def enqueue(self, time_s: float, event: Any) -> None:
        """Have `event`, or anything that looks like one to SimPy, happen at `time_s`."""
        heappush(self._queue, (time_s, NORMAL, next(self._eid), event))

    def start(self, steps: Steps) -> Task:
        """Run a generator from now on."""
        return Task(self, steps)

    def deliver(self, event: Event, value: Any = None) -> None:
        """Let `event` happen now: its callbacks run before this returns."""
        callbacks, event.callbacks = event.callbacks, None  # type: ignore[assignment]
        event._ok = True
        event._value = value
        for callback in callbacks:
            callback(event)

    def together(self, branches: Iterable[Steps]) -> Steps:
        """Run branches side by side and wait for all of them; the first failure among them is raised then."""
        gate = Event(self)
        tasks = [Task(self, branch) for branch in branches]
        left = [sum(task.running for task in tasks)]

        def ended() -> None:
            left[0] -= 1
            if not left[0]:
                self.deliver(gate)

        if left[0]:
            for task in tasks:
                task.on_end = ended
            yield gate
        for task in tasks:
            if task.failure is not None:
                raise task.failure


class Task:
    """A generator under way. It has what SimPy's queue asks of an event, so that it can wait there for a time."""

    __slots__ = ("_clock", "_ok", "_resume", "_send", "_value", "callbacks", "failure", "on_end", "running")

    def __init__(self, clock: Clock, steps: Steps) -> None:
        self._clock = clock
        self._send = steps.send
        self._resume: list[Callable[[Any], None]] = [self._step]
        self._ok = True
        self._value = None
        self.callbacks: list[Callable[[Any], None]] | None = None
        self.failure: Failure | None = None
        self.on_end: Callable[[], None] | None = None
        self.running = True
        self._step(self)

    def _step(self, event: Any) -> None:
        value = event._value
        try:
            while True:
                target = self._send(value)
                if isinstance(target, float):
                    self.callbacks = self._resume
                    self._clock.enqueue(target, self)
                    return
                if target.callbacks is not None:
                    target.callbacks.append(self._step)
                    return
                value = target._value  # it has happened already
        except StopIteration:
            pass
        except Failure as failure:
            self.failure = failure
        # The bound methods refer back to this task: without this, only the garbage collector would free it.
        self._resume, self.callbacks = [], None
        self.running = False
        if self.on_end is not None:
            self.on_end()
