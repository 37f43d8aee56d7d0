"""Links that keep hours: at each step of their schedules the wire learns what they carry from then on.

The next step stands in the clock's queue for as long as anything else does, so that it neither keeps a world going nor
lengthens it. A world without schedules has none of this.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from itertools import dropwhile
from typing import Any

from sim.network import Schedule
from sim.world.clock import Clock, Task
from sim.world.wire import Wire


class Hours:
    """The steps of all schedules in the order of time. `links` are the wire's numbers by the schedules' names."""

    def __init__(self, clock: Clock, wire: Wire, schedules: Iterable[Schedule], links: Mapping[str, int]) -> None:
        self._clock = clock
        self._wire = wire
        self._links = links
        changes = heapq.merge(*(schedule.changes() for schedule in schedules))
        # What holds at the start the links have already.
        self._changes = dropwhile(lambda change: change.at_s <= 0, changes)
        self._value = None
        self._stand()

    def _stand(self) -> None:
        self._next = next(self._changes)
        self._clock.enqueue(self._next.at_s, self)

    @property
    def callbacks(self) -> list[Callable[[Any], None]] | None:
        """Nobody is there to hear of a step once nothing else is to happen."""
        queue: list[Any] = self._clock._queue
        is_over = not any(type(happening) is Task or happening.callbacks for *_, happening in queue)
        return None if is_over else [self._step]

    @callbacks.setter
    def callbacks(self, _: None) -> None:
        """The clock marks what has happened; a step comes again."""

    def _step(self, _: Any) -> None:
        change = self._next
        self._stand()
        self._wire.set_nominal(self._links[change.link], change.capacity_Bps)
