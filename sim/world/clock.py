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
from typing import Any, Protocol, TypeVar

from simpy import Environment, Event
from simpy.events import NORMAL


class Eventual(Protocol):
    """What a task can wait for, and the clock's queue can hold: as much of a SimPy event as they use."""

    callbacks: list[Callable[[Any], None]] | None
    _value: Any


#: What a task may yield: an event, or a time to wait for, s.
Happening = Event | Eventual | float
R = TypeVar("R")
#: What a task runs: it waits, and in the end returns something.
Finding = Generator[Happening, Any, R]
#: The same where there is nothing to return.
Steps = Finding[None]
#: Steps that may be none, which cost nothing then.
Waits = Iterable[Happening]


class Failure(Exception):  # noqa: N818 - the world's word for it
    """Why a deploy can't be completed; becomes its row's reason and never leaves the world."""


class Unreachable(Failure):
    """A link or a registry was down; trying again may help. `sent_bytes` of a body got through before.

    What need not be done again would have been done at `idle_s` on idle, whole links, if anything was.
    """

    def __init__(self, reason: str, sent_bytes: int = 0) -> None:
        super().__init__(reason)
        self.sent_bytes = sent_bytes
        self.idle_s = 0.0


class Clock(Environment):
    """The world's clock: SimPy's, with times in seconds from 0."""

    def __init__(self) -> None:
        super().__init__()
        self._lasts_until_s = 0.0

    def last_until(self, time_s: float) -> None:
        """Something goes on until then that nobody waits for: the clock shows that time in the end, at least."""
        if time_s > self._lasts_until_s:
            self._lasts_until_s = time_s

    @property
    def events(self) -> int:
        """How many events have been scheduled so far; counts itself."""
        return next(self._eid)

    def run_out(self) -> None:
        """Run until nothing is left to happen: SimPy's `run`, with a short way for tasks that wait for a time.

        It does not look for failed events: this world has none. What nobody waits for any more does not move the
        clock, so that a run ends with the last thing that happens in it.
        """
        queue: list[Any] = self._queue  # SimPy's own type does not know that tasks wait there too
        order = self._eid
        while queue:
            time_s, _, _, happening = heappop(queue)
            if type(happening) is Task:
                self._now = time_s
                try:
                    target = happening.send(None)
                except StopIteration as stop:
                    happening.value = stop.value
                    happening.end(None)
                except Failure as failure:
                    happening.end(failure)
                else:
                    if type(target) is float:
                        heappush(queue, (target, NORMAL, next(order), happening))
                    else:
                        happening.wait(target)
            else:
                callbacks = happening.callbacks
                happening.callbacks = None
                if callbacks:
                    self._now = time_s
                    for callback in callbacks:
                        callback(happening)
        self._now = max(self._now, self._lasts_until_s)

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

    def together(self, branches: Iterable[Finding[R]]) -> Finding[R]:
        """Run branches side by side and wait for all of them; returns what the first returned.

        The first failure among them is raised when all have ended.
        """
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
        value: R = tasks[0].value
        return value


class Task:
    """A generator under way; for a time it waits in the clock's queue itself, for an event among its callbacks."""

    __slots__ = ("_clock", "failure", "on_end", "running", "send", "value")

    def __init__(self, clock: Clock, steps: Finding[Any]) -> None:
        self._clock = clock
        self.send = steps.send
        self.failure: Failure | None = None
        self.on_end: Callable[[], None] | None = None
        self.running = True
        self.value: Any = None
        self._go(None)

    def _go(self, value: Any) -> None:
        try:
            target = self.send(value)
        except StopIteration as stop:
            self.value = stop.value
            self.end(None)
        except Failure as failure:
            self.end(failure)
        else:
            self.wait(target)

    def wait(self, target: Happening) -> None:
        """Go on when `target` happens, or at once if it has."""
        if isinstance(target, float):
            self._clock.enqueue(target, self)
        else:
            callbacks = target.callbacks
            if callbacks is None:
                self._go(target._value)
            else:
                callbacks.append(self._happened)

    def _happened(self, event: Any) -> None:
        self._go(event._value)

    def end(self, failure: Failure | None) -> None:
        """The generator has run out, or given up."""
        self.failure = failure
        self.running = False
        if self.on_end is not None:
            self.on_end()
