"""Flights that share their lane with each other and with nobody else: processor sharing, in closed form.

The blobs of one image set out together on one lane, and mostly meet nobody. All have the same route and weight, so each
has an equal part of the lane's rate, what each has got since the convoy formed is one number (`_served_bytes`), and a
flight ends when that reaches its mark (Kleinrock, "Queueing Systems", vol. 2, 1976, 4.4). The fair-share engine would
say the same, at several times the cost.

Left out: lanes whose flows have a cap of their own, or weights; those share in the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from sim.world.clock import Clock
from sim.world.flight import NOBODY, Flight, Lane
from sim.world.sightings import Sightings


class Convoy:
    """The flights of one lane; `landed` is told of those that have ended, in the order in which they started."""

    __slots__ = ("_clock", "_landed", "_marks", "_seen", "_served_bytes", "_since_s", "_timer", "lane")

    def __init__(
        self, clock: Clock, lane: Lane, seen: Sightings, landed: Callable[[Convoy, list[Flight]], None]
    ) -> None:
        self.lane = lane
        self._clock = clock
        self._seen = seen
        self._landed = landed
        self._marks: list[tuple[float, int, Flight]] = []
        self._served_bytes = 0.0
        self._since_s = clock.now
        self._timer: Any = None

    def __len__(self) -> int:
        return len(self._marks)

    def join(self, flight: Flight, left_bytes: float) -> None:
        """One more flies along from now on, with so many bytes to go."""
        self._advance(self._clock.now)
        flight.shared = True
        heappush(self._marks, (self._served_bytes + left_bytes, flight.number, flight))
        self._arm()

    def part(self) -> list[tuple[Flight, float]]:
        """Everybody goes a way of their own from now on: who, and how many bytes each has to go."""
        self._advance(self._clock.now)
        self._disarm()
        served_bytes = self._served_bytes
        return [(flight, max(mark_bytes - served_bytes, 0.0)) for mark_bytes, _, flight in sorted(self._marks)]

    def _advance(self, now_s: float) -> None:
        """Let time go by until now, in which nobody has ended."""
        lasted_s, count = now_s - self._since_s, len(self._marks)
        if count and lasted_s > 0:
            self._book(now_s, self._served_bytes + self.lane.rate_Bps / count * lasted_s)
        self._since_s = now_s

    def _book(self, now_s: float, served_bytes: float) -> None:
        """Everybody's part of what the lane has carried since it was last booked, in whole bytes."""
        before_bytes = self._served_bytes
        carried = [(flight, int(mark - before_bytes) - int(mark - served_bytes)) for mark, _, flight in self._marks]
        self._seen.fly_along(self.lane, carried, self._since_s, now_s)
        self._served_bytes, self._since_s = served_bytes, now_s

    def _arm(self) -> None:
        self._disarm()
        left_bytes = self._marks[0][0] - self._served_bytes
        self._timer = self._clock.at(self._since_s + left_bytes * len(self._marks) / self.lane.rate_Bps)
        self._timer.callbacks.append(self._due)

    def _disarm(self) -> None:
        if self._timer is not None and self._timer.callbacks is not None:
            self._timer.callbacks = []

    def _due(self, timer: Any) -> None:
        """The first have ended: all with the least mark."""
        marks = self._marks
        least_bytes = marks[0][0]
        self._book(self._clock.now, least_bytes)
        ended = []
        while marks and marks[0][0] == least_bytes:
            ended.append(heappop(marks)[2])
        for flight in ended:
            self._seen.land(flight)
        if marks:
            self._arm()
        self._landed(self, ended)

    def end_due(self) -> None:
        """Whoever has got through by now has ended, though the turn of the timer may yet have to come."""
        now_s = self._clock.now
        while self._marks:
            left_bytes = self._marks[0][0] - self._served_bytes
            if self._since_s + left_bytes * len(self._marks) / self.lane.rate_Bps > now_s:
                return
            self._disarm()
            self._due(None)


def hear(flights: list[Flight]) -> None:
    """Whoever waits for these flights hears that they have ended."""
    for flight in flights:
        waiting, flight.waiting = flight.waiting, NOBODY
        for callback in waiting[1:]:  # the first is the wire's own, for flights that never shared
            callback(flight)
