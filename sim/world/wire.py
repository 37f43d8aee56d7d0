"""The fluid network as events: start a flow, wake when it has ended.

A flow that meets no other has a known end, and waits for it in the clock's own queue. When an arrival overfills a
link, the flows on that link go over to the fair-share engine with the bytes that they have left, and so does the new
one. One timer serves the engine: it is armed for the next finish and re-armed only when that moves earlier; when
rates fall and the finish moves later, it finds nothing to do and arms itself again.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from simpy import Event

from sim.network import Fluid, Watch
from sim.network.room import Room
from sim.world.clock import Clock

#: The width of a bin of the engine's watch: a link's peak is its busiest minute.
BIN_S = 60.0
_NEVER = float("inf")


class Lane:
    """A route for bodies of bytes: its links, its flows' cap, and the rate that it gives when idle."""

    __slots__ = ("bound", "cap_Bps", "number", "rate_Bps", "route")

    def __init__(self, number: int, route: tuple[int, ...], cap_Bps: float, rate_Bps: float) -> None:
        self.number = number
        self.route = route
        self.cap_Bps = cap_Bps
        self.rate_Bps = rate_Bps
        self.bound = Room.bound(rate_Bps)


class _Flight:
    """A flow under way.

    While it is `lone` it stands in the clock's queue, and has what SimPy asks of an event there.
    """

    __slots__ = ("_ok", "_value", "callbacks", "lane", "lone", "sent", "size_bytes", "started_s")

    def __init__(self, lane: Lane, size_bytes: float, started_s: float, sent: Event) -> None:
        self.lane = lane
        self.size_bytes = size_bytes
        self.started_s = started_s
        self.sent = sent
        self.lone = True
        self._ok = True
        self._value = None
        self.callbacks: list[Callable[[Any], None]] | None = None


class Wire:
    """Flows under way, and how many there have been."""

    __slots__ = (
        "_armed_s", "_clock", "_fluid", "_landing", "_lone", "_lone_ended_s", "_lone_lane", "_lone_started_s", "_room",
        "capacity_Bps", "flows", "lanes", "watch",
    )  # fmt: skip

    def __init__(self, clock: Clock, capacity_Bps: Sequence[float]) -> None:
        self.capacity_Bps = capacity_Bps
        self.lanes: list[Lane] = []
        self.flows = 0
        self._clock = clock
        self.watch = Watch(BIN_S)
        self._fluid = Fluid(capacity_Bps, self.watch)
        self._room = Room(capacity_Bps)
        self._lone: dict[_Flight, None] = {}
        self._landing: list[Callable[[Any], None]] = [self._landed]
        self._armed_s = _NEVER
        self._lone_lane = array("q")
        self._lone_started_s = array("d")
        self._lone_ended_s = array("d")

    def lane(self, route: tuple[int, ...], cap_Bps: float) -> Lane:
        """A new lane over links known by their position, for flows that are never faster than `cap_Bps`."""
        narrowest_Bps = min(map(self.capacity_Bps.__getitem__, route), default=_NEVER)
        # A cap that no flow can reach is none, which leaves the engine with fewer classes.
        cap_Bps = _NEVER if cap_Bps >= narrowest_Bps else cap_Bps
        lane = Lane(len(self.lanes), route, cap_Bps, min(cap_Bps, narrowest_Bps))
        self.lanes.append(lane)
        return lane

    def send(self, lane: Lane, size_bytes: float) -> Event:
        """Start a flow now; the event happens when its last byte has left."""
        clock = self._clock
        now_s = clock.now
        sent = Event(clock)
        flight = _Flight(lane, size_bytes, now_s, sent)
        self.flows += 1
        if self._room.take(lane.route, lane.bound):
            self._lone[flight] = None
            flight.callbacks = self._landing
            clock.enqueue(now_s + size_bytes / lane.rate_Bps, flight)
        else:
            self._meet(now_s, flight)
        return sent

    def lone_flows(self) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Each time that a flow had its links to itself: its lane's number, from when and until when, s, (n,) each."""
        return (
            np.array(self._lone_lane, dtype=np.int64),
            np.array(self._lone_started_s, dtype=np.float64),
            np.array(self._lone_ended_s, dtype=np.float64),
        )

    def _leave(self, flight: _Flight, now_s: float) -> None:
        """`flight` is lone no more: it has ended, or has to share."""
        del self._lone[flight]
        self._lone_lane.append(flight.lane.number)
        self._lone_started_s.append(flight.started_s)
        self._lone_ended_s.append(now_s)

    def _landed(self, flight: _Flight) -> None:
        """The end of a lone flow, if it has stayed one."""
        if flight.lone:
            lane = flight.lane
            self._room.give(lane.route, lane.bound)
            self._leave(flight, self._clock.now)
            self._clock.deliver(flight.sent)

    def _meet(self, now_s: float, flight: _Flight) -> None:
        """Those that fly alone over the links which `flight` overfills share them from now on."""
        overfilled = self._room.overfilled(flight.lane.route)
        for other in [other for other in self._lone if not overfilled.isdisjoint(other.lane.route)]:
            self._leave(other, now_s)
            left_bytes = other.size_bytes - other.lane.rate_Bps * (now_s - other.started_s)
            self._share(now_s, other, max(left_bytes, 0.0))
        self._share(now_s, flight, flight.size_bytes)
        self._arm()

    def _share(self, now_s: float, flight: _Flight, left_bytes: float) -> None:
        """Hand a flow with so many bytes left to the engine."""
        flight.lone = False
        lane = flight.lane
        self._fluid.start(now_s, self._fluid.class_of(lane.route, 1.0, lane.cap_Bps), left_bytes, flight)

    def _arm(self) -> None:
        if self._fluid.next_finish_s < self._armed_s:
            self._armed_s = self._fluid.next_finish_s
            self._clock.at(self._armed_s).callbacks.append(self._due)

    def _due(self, timer: Event) -> None:
        now_s = self._clock.now
        if now_s != self._armed_s:
            return  # an earlier timer took this one's place
        self._armed_s = _NEVER
        if self._fluid.next_finish_s <= now_s:
            ended: list[_Flight] = self._fluid.finished(now_s)
            for flight in ended:
                self._room.give(flight.lane.route, flight.lane.bound)
            for flight in ended:
                self._clock.deliver(flight.sent)
        # A delivered event may have started a flow and armed the timer already.
        self._arm()
