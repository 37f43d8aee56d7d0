"""Flights that share their lane with each other and with nobody else: processor sharing, in closed form.

The blobs of one image set out together on one lane, and mostly meet nobody. All have the same route and weight, so each
has an equal part of the lane's rate, what each has got since the convoy formed is one number (`_served_bytes`), and a
flight ends when that reaches its mark (Kleinrock, "Queueing Systems", vol. 2, 1976, 4.4). The fair-share engine would
say the same, at several times the cost.

Left out: lanes whose flows have a cap of their own; those share in the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from sim.world.clock import Clock
from sim.world.flight import NOBODY, Flight, Lane
from sim.world.sightings import Sightings


class Place:
    """A flight's place in a convoy: the mark at which it ends, its bytes as it joined, and those booked since."""

    __slots__ = ("booked_bytes", "flight", "joined_bytes", "mark_bytes")

    def __init__(self, flight: Flight, joined_bytes: float, served_bytes: float) -> None:
        self.flight = flight
        self.joined_bytes = joined_bytes
        self.mark_bytes = served_bytes + joined_bytes
        self.booked_bytes = 0

    def __lt__(self, other: Place) -> bool:
        return (self.mark_bytes, self.flight.number) < (other.mark_bytes, other.flight.number)

    def left_bytes(self, served_bytes: float) -> float:
        """What it still has to get."""
        return min(max(self.mark_bytes - served_bytes, 0.0), self.joined_bytes)

    def book(self, served_bytes: float) -> int:
        """Whole bytes that it has got since this was last asked; they add up to what it has got in all."""
        by_now = int(self.joined_bytes) - int(self.left_bytes(served_bytes))
        got_bytes, self.booked_bytes = by_now - self.booked_bytes, by_now
        return got_bytes


class Convoy:
    """The flights of one lane; `landed` is told of those that have ended, in the order in which they started."""

    __slots__ = ("_clock", "_landed", "_places", "_seen", "_served_bytes", "_since_s", "_timer", "lane")

    def __init__(
        self, clock: Clock, lane: Lane, seen: Sightings, landed: Callable[[Convoy, list[Flight]], None]
    ) -> None:
        self.lane = lane
        self._clock = clock
        self._seen = seen
        self._landed = landed
        self._places: list[Place] = []
        self._served_bytes = 0.0
        self._since_s = clock.now
        self._timer: Any = None

    def __len__(self) -> int:
        return len(self._places)

    def join(self, flight: Flight, left_bytes: float) -> None:
        """One more flies along from now on, with so many bytes to go."""
        self._advance(self._clock.now)
        flight.shared = True
        heappush(self._places, Place(flight, left_bytes, self._served_bytes))
        self._arm()

    def part(self) -> list[tuple[Flight, float]]:
        """Everybody goes a way of their own from now on: who, and how many bytes each has to go."""
        self._advance(self._clock.now)
        self._disarm()
        return [(place.flight, place.left_bytes(self._served_bytes)) for place in sorted(self._places)]

    def end_due(self) -> None:
        """Whoever has got through by now has ended, though the turn of the timer may yet have to come."""
        while self._places and self._next_s <= self._clock.now:
            self._disarm()
            self._due(None)

    @property
    def _next_s(self) -> float:
        """When the next flight ends, if nobody else joins."""
        left_bytes = self._places[0].mark_bytes - self._served_bytes
        return self._since_s + left_bytes * len(self._places) / self.lane.rate_Bps

    def _advance(self, now_s: float) -> None:
        """Let time go by until now, in which nobody has ended."""
        lasted_s = now_s - self._since_s
        if self._places and lasted_s > 0:
            self._book(now_s, self._served_bytes + self.lane.rate_Bps / len(self._places) * lasted_s)
        self._since_s = now_s

    def _book(self, now_s: float, served_bytes: float) -> None:
        """Everybody's part of what the lane has carried since it was last booked."""
        carried = [(place.flight, place.book(served_bytes)) for place in self._places]
        self._seen.fly_along(self.lane, carried, self._since_s, now_s)
        self._served_bytes, self._since_s = served_bytes, now_s

    def _arm(self) -> None:
        self._disarm()
        self._timer = self._clock.at(self._next_s)
        self._timer.callbacks.append(self._due)

    def _disarm(self) -> None:
        if self._timer is not None and self._timer.callbacks is not None:
            self._timer.callbacks = []

    def _due(self, timer: Any) -> None:
        """The first have ended: all with the least mark."""
        places = self._places
        least_bytes = places[0].mark_bytes
        self._book(self._clock.now, least_bytes)
        ended = []
        while places and places[0].mark_bytes == least_bytes:
            ended.append(heappop(places).flight)
        for flight in ended:
            self._seen.land(flight)
        if places:
            self._arm()
        self._landed(self, ended)


def hear(flights: list[Flight]) -> None:
    """Whoever waits for these flights hears that they have ended."""
    for flight in flights:
        waiting, flight.waiting = flight.waiting, NOBODY
        for callback in waiting[1:]:  # the first is the wire's own, for flights that never shared
            callback(flight)
