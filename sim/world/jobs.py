"""Places for work that takes an unknown time: at most so many at once, the rest in the order in which they came.

`Backlog` is what registries owe each other: the places that copies compete for, which runs of copies are under way,
and the copies that wait for somebody to ask.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Literal

from simpy import Event

from sim.registry.oci import Digest
from sim.world.clock import Clock, Steps
from sim.world.places import Registry

#: From one registry to another, by their numbers.
Pair = tuple[int, int]


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


class Runs:
    """Which runs of copies are under way between two registries; a run is named by the time at which it began."""

    __slots__ = ("_began_s", "_under_way")

    def __init__(self) -> None:
        self._began_s: dict[Pair, float] = {}
        self._under_way: dict[Pair, int] = {}

    def under_way_before(self, pair: Pair, began_s: float) -> bool:
        """Whether copies of an earlier run are still being made."""
        return self._under_way.get(pair, 0) > 0 and self._began_s[pair] != began_s

    def begin(self, pair: Pair, began_s: float) -> None:
        """One more copy of the run that began then."""
        self._began_s[pair] = began_s
        self._under_way[pair] = self._under_way.get(pair, 0) + 1

    def end(self, pair: Pair) -> None:
        """One copy less."""
        self._under_way[pair] -= 1


class Backlog:
    """Copies that are owed, and the workers that make them: `count` in all, at most `each` for one target.

    In a shared queue a copy that has a worker keeps it while it waits for its target; with a queue for each target it
    waits there first and takes no worker until its target has time.
    """

    __slots__ = ("_all", "_clock", "_each", "_shared", "_target", "on_demand", "runs")

    def __init__(self, clock: Clock, count: int, each: int | None, queue: Literal["shared", "per-target"]) -> None:
        self.runs = Runs()
        #: By target, repository and image: what sets the copy going, told when it would have, were all idle and whole.
        self.on_demand: dict[tuple[int, str, Digest], Callable[[float], Steps]] = {}
        self._clock = clock
        self._all = Jobs(clock, count)
        self._each = each
        self._shared = queue == "shared"
        self._target: dict[int, Jobs] = {}

    def take(self, target: Registry) -> Steps:
        """Take the places that a copy to `target` needs, when they are free."""
        if self._each is None:
            yield from self._all.acquire()
            return
        own = self._target.get(target.number)
        if own is None:
            own = self._target[target.number] = Jobs(self._clock, self._each)
        for jobs in (self._all, own) if self._shared else (own, self._all):
            yield from jobs.acquire()

    def leave(self, target: Registry) -> None:
        """Give them to the next."""
        if self._each is not None:
            self._target[target.number].release()
        self._all.release()
