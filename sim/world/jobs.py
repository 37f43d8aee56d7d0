"""Places for work that takes an unknown time: at most so many at once, the rest in the order in which they came."""

from __future__ import annotations

from collections import deque

from simpy import Event

from sim.world.clock import Clock, Steps


class Jobs:
    """At most `count` jobs at once."""

    __slots__ = ("_clock", "_free", "_waiting")

    def __init__(self, clock: Clock, count: int) -> None:
        self._clock = clock
        self._free = count
        self._waiting: deque[Event] = deque()

    def acquire(self) -> Steps:
        """Take a place, when one is free."""
        if self._free:
            self._free -= 1
            return
        turn = Event(self._clock)
        self._waiting.append(turn)
        yield turn

    def release(self) -> None:
        """Give the place to the next, if any waits."""
        if self._waiting:
            self._clock.deliver(self._waiting.popleft())
        else:
            self._free += 1
