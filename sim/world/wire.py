"""The fluid network as events: start a flow, wake when it has ended.

A flow that meets no other has a known end, and waits for it in the clock's own queue. When an arrival overfills a
link, the flows on that link go over to the fair-share engine with the bytes that they have left, and so does the new
one. One timer serves the engine: it is armed for the next finish and re-armed only when that moves earlier; when
rates fall and the finish moves later, it finds nothing to do and arms itself again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from simpy import Event

from sim.network import Fluid, Watch
from sim.network.room import Room
from sim.world.clock import Clock

if TYPE_CHECKING:
    from sim.world.places import Machine

#: The width of a bin of the engine's watch: a link's peak is its busiest minute.
BIN_S = 60.0
_NEVER = float("inf")
_NOBODY: list[Callable[[Any], None]] = []
_NUMBER = attrgetter("number")


class Lane:
    """From one machine to another for bodies of bytes: the links between, the flows' cap, and the rate when idle."""

    __slots__ = ("bound", "cap_Bps", "narrowest_Bps", "number", "rate_Bps", "route", "source", "target", "wan")

    def __init__(
        self,
        number: int,
        source: Machine,
        target: Machine,
        route: tuple[int, ...],
        narrowest_Bps: float,
        cap_Bps: float,
    ) -> None:
        self.number = number
        self.source = source.name
        self.target = target.name
        self.wan = source.site != target.site
        self.route = route
        self.narrowest_Bps = narrowest_Bps
        # A cap that no flow can reach is none, which leaves the engine with fewer classes.
        self.cap_Bps = _NEVER if cap_Bps >= narrowest_Bps else cap_Bps
        self.rate_Bps = min(cap_Bps, narrowest_Bps)
        self.bound = Room.bound(self.rate_Bps)

    def idle_s(self, size_bytes: float, beside_bytes: Sequence[float] = ()) -> float:
        """How long a body takes when nothing else crosses its links but those that set out beside it, s.

        They share the narrowest link evenly, each up to the cap, until the smaller ones have ended.
        """
        smaller = sorted(size for size in beside_bytes if size < size_bytes)
        left, sent_bytes, took_s = len(beside_bytes) + 1, 0.0, 0.0
        for size in (*smaller, size_bytes):
            took_s += (size - sent_bytes) / min(self.cap_Bps, self.narrowest_Bps / left)
            left, sent_bytes = left - 1, size
        return took_s


class Flight:
    """Flow `number` under way, and the event of its end: what SimPy asks of an event, and no more.

    While it has its links to itself it stands in the clock's queue. Once it is `shared`, that place in the queue is
    void, and whoever waits for it is kept in `waiting`.
    """

    __slots__ = ("_ok", "_value", "callbacks", "lane", "number", "shared", "size_bytes", "started_s", "waiting")

    def __init__(
        self, number: int, lane: Lane, size_bytes: float, started_s: float, ended: Callable[[Any], None]
    ) -> None:
        self.number = number
        self.lane = lane
        self.size_bytes = size_bytes
        self.started_s = started_s
        self.shared = False
        self._ok = True
        self._value = None
        self.callbacks: list[Callable[[Any], None]] | None = [ended]
        self.waiting: list[Callable[[Any], None]] = _NOBODY


class Wire:
    """Flows under way, and how many there have been."""

    __slots__ = (
        "_armed_s",
        "_clock",
        "_fluid",
        "_lone",
        "_room",
        "capacity_Bps",
        "flows",
        "lanes",
        "partings",
        "watch",
    )

    def __init__(self, clock: Clock, capacity_Bps: Sequence[float]) -> None:
        self.capacity_Bps = capacity_Bps
        self.lanes: list[Lane] = []
        self.flows = 0
        #: For each flow that was alone first and had to share later: its lane's number, from when and until when, s.
        self.partings: list[tuple[int, float, float]] = []
        self.watch = Watch(BIN_S)
        self._clock = clock
        self._fluid = Fluid(capacity_Bps, self.watch)
        self._room = Room(capacity_Bps)
        self._lone: dict[Flight, None] = {}
        self._armed_s = _NEVER

    def lane(self, source: Machine, target: Machine, route: tuple[int, ...], cap_Bps: float) -> Lane:
        """A new lane over links known by their position, for flows that are never faster than `cap_Bps`."""
        narrowest_Bps = min(map(self.capacity_Bps.__getitem__, route), default=_NEVER)
        lane = Lane(len(self.lanes), source, target, route, narrowest_Bps, cap_Bps)
        self.lanes.append(lane)
        return lane

    def send(self, lane: Lane, size_bytes: float) -> Flight:
        """Start a flow now; it is the event that happens when its last byte has left."""
        clock = self._clock
        now_s = clock._now
        flight = Flight(self.flows, lane, size_bytes, now_s, self._landed)
        self.flows += 1
        if self._room.take(lane.route, lane.bound):
            self._lone[flight] = None
            clock.enqueue(now_s + size_bytes / lane.rate_Bps, flight)
        else:
            self._meet(now_s, flight)
        return flight

    def _landed(self, flight: Flight) -> None:
        """The end of a flow that had its links to itself."""
        lane = flight.lane
        self._room.give(lane.route, lane.bound)
        del self._lone[flight]

    def _meet(self, now_s: float, flight: Flight) -> None:
        """Those that fly alone over the links which `flight` overfills share them from now on."""
        overfilled = self._room.overfilled(flight.lane.route)
        for other in [other for other in self._lone if not overfilled.isdisjoint(other.lane.route)]:
            del self._lone[other]
            self.partings.append((other.lane.number, other.started_s, now_s))
            left_bytes = other.size_bytes - other.lane.rate_Bps * (now_s - other.started_s)
            self._share(now_s, other, max(left_bytes, 0.0))
            # Those who wait hear of it from the engine; when the old place in the queue comes up, nobody is there.
            other.waiting = other.callbacks or []
            other.callbacks = []
        self._share(now_s, flight, flight.size_bytes)
        flight.waiting = flight.callbacks or []
        self._arm()

    def _share(self, now_s: float, flight: Flight, left_bytes: float) -> None:
        """Hand a flow with so many bytes left to the engine."""
        flight.shared = True
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
            ended: list[Flight] = self._fluid.finished(now_s)
            if len(ended) > 1:  # the engine goes by when they came to share
                ended.sort(key=_NUMBER)
            for flight in ended:
                self._room.give(flight.lane.route, flight.lane.bound)
            for flight in ended:
                for callback in flight.waiting[1:]:  # the first is `_landed`, for flows that never shared
                    callback(flight)
        # What a flow's end has set off may have started a flow and armed the timer already.
        self._arm()
