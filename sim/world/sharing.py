"""Flows under way and who shares with whom, as events: start a flow, wake when it has ended.

A flow that meets no other has a known end, and waits for it in the clock's own queue; flows that meet only others of
their lane fly in a convoy. When an arrival overfills a link, the flows on that link go over to the fair-share engine
with the bytes that they have left, and so does the new one. One timer serves the engine: it is armed for the next
finish and re-armed only when that moves earlier; when rates fall and the finish moves later, it finds nothing to do and
arms itself again.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import TYPE_CHECKING

from simpy import Event

from sim.network import FlowClass, Fluid
from sim.network.room import Room
from sim.world.clock import Clock
from sim.world.convoy import Convoy, hear
from sim.world.flight import CAP, Flight, Lane
from sim.world.sightings import Sightings

if TYPE_CHECKING:
    from sim.world.places import Machine

_NEVER = float("inf")
NUMBER = attrgetter("number")


class Sharing:
    """Flows under way over links, and how many there have been.

    `capacity_Bps` : (n_links,) bytes/s, what links carry now; `nominal_Bps` : what they would, were nothing broken.
    """

    __slots__ = (
        "_armed_s",
        "_clock",
        "_convoys",
        "_fluid",
        "_lone",
        "_room",
        "_timer",
        "capacity_Bps",
        "flows",
        "lanes",
        "nominal_Bps",
        "seen",
    )

    def __init__(self, clock: Clock, capacity_Bps: Sequence[float], names: Sequence[str] | None = None) -> None:
        self.capacity_Bps = list(capacity_Bps)
        self.nominal_Bps = list(capacity_Bps)
        self.lanes: list[Lane] = []
        self.flows = 0
        self.seen = Sightings([f"link {link}" for link in range(len(capacity_Bps))] if names is None else names)
        self._clock = clock
        self._fluid = Fluid(capacity_Bps, self.seen.watch)
        self._room = Room(capacity_Bps)
        self._lone: dict[Flight, None] = {}
        self._convoys: dict[Lane, Convoy] = {}
        self._armed_s = _NEVER
        self._timer: Event | None = None

    def lane(self, source: Machine, target: Machine, route: tuple[int, ...], cap_Bps: float) -> Lane:
        """A new lane over links known by their position, for flows that are never faster than `cap_Bps`."""
        lane = Lane(len(self.lanes), source, target, route, cap_Bps)
        self._narrow(lane)
        self.lanes.append(lane)
        return lane

    @property
    def fluid(self) -> Fluid:
        """The fair-share engine."""
        return self._fluid

    def room_left(self) -> list[int]:
        """What is left of each link's capacity, as `Room` counts it, (n_links,)."""
        return self._room.left()

    def send(self, lane: Lane, size_bytes: float) -> Flight:
        """Start a flow now; it is the event that happens when its last byte has left, or when it breaks off.

        Over a link that is down it breaks at once.
        """
        clock = self._clock
        now_s = clock._now
        flight = Flight(self.flows, lane, size_bytes, now_s, self._landed)
        self.flows += 1
        lane.flying += 1
        if lane.flying > 1 and lane.cap_Bps == _NEVER:
            self._meet_on_lane(now_s, flight)
        elif self._room.take(lane.route, lane.bound):
            lane.alone = flight
            self._lone[flight] = None
            clock.enqueue(now_s + size_bytes / lane.rate_Bps, flight)
        elif lane.rate_Bps:
            self._meet(now_s, flight)
        else:
            self._leave(lane)
            flight.break_off(0)
        return flight

    def _narrow(self, lane: Lane) -> None:
        """Tell a lane of its narrowest link."""
        if lane.route:
            link = min(lane.route, key=self.capacity_Bps.__getitem__)
            whole_Bps = min(self.nominal_Bps[link] for link in lane.route)
            lane.narrow(self.capacity_Bps[link], link, self.seen.names[link], whole_Bps)
        else:
            lane.narrow(_NEVER, CAP, "cap", _NEVER)

    def _landed(self, flight: Flight) -> None:
        """The end of a flow that had its links to itself."""
        lane = flight.lane
        lane.flying -= 1
        lane.alone = None
        if not lane.flying or lane.cap_Bps != _NEVER:
            self._room.give(lane.route, lane.bound)
        del self._lone[flight]

    def _leave(self, lane: Lane) -> None:
        """One less flies on a lane."""
        claims = lane.claims
        lane.flying -= 1
        if lane.claims < claims:
            self._room.give(lane.route, lane.bound)

    def _meet(self, now_s: float, flight: Flight) -> None:
        """Those that fly alone over the links which `flight` overfills share them from now on."""
        self._gather(now_s, self._room.overfilled(flight.lane.route))
        flight.held_s = {}
        self._share(now_s, flight, flight.size_bytes)
        flight.waiting = flight.callbacks or []
        self._arm()

    def _meet_on_lane(self, now_s: float, flight: Flight) -> None:
        """Share a lane with those that fly there: in a convoy, unless they share with others already."""
        lane, first, convoy = flight.lane, flight.lane.alone, flight.lane.convoy
        if first is None and convoy is None:
            self._meet(now_s, flight)
            return
        if convoy is None:
            convoy = lane.convoy = self._convoys[lane] = Convoy(self._clock, lane, self.seen, self._landed_together)
        if first is not None:
            left_bytes = self._left_bytes(now_s, first)
            self._set_out(now_s, first, left_bytes, lane.limit)
            convoy.join(first, left_bytes)
        flight.held_s = {}
        flight.waiting = flight.callbacks or []
        convoy.join(flight, flight.size_bytes)

    def _landed_together(self, convoy: Convoy, flights: list[Flight]) -> None:
        """The end of flights that shared a lane with each other alone."""
        for flight in flights:
            self._leave(flight.lane)
        if not convoy:
            self._disband(convoy)
        hear(flights)

    def _disband(self, convoy: Convoy) -> list[tuple[Flight, float]]:
        """A lane has no convoy any more; who flew in it, and how many bytes each has to go."""
        del self._convoys[convoy.lane]
        convoy.lane.convoy = None
        return convoy.part()

    def _gather(self, now_s: float, overfilled: set[int]) -> None:
        """Those that fly alone, or in a convoy, over overfilled links share them from now on."""
        for flight in [flight for flight in self._lone if not overfilled.isdisjoint(flight.lane.route)]:
            self._part(now_s, flight, self._left_bytes(now_s, flight), flight.lane.limit)
        if self._convoys:
            self._merge([c for lane, c in self._convoys.items() if not overfilled.isdisjoint(lane.route)])

    def _merge(self, convoys: Sequence[Convoy]) -> None:
        """The flights of convoys go on in the engine."""
        now_s = self._clock.now
        for convoy in convoys:
            for flight, left_bytes in self._disband(convoy):
                self._share(now_s, flight, left_bytes)

    @staticmethod
    def _left_bytes(now_s: float, flight: Flight) -> float:
        """What a flow that flies alone still has to send."""
        return max(flight.size_bytes - flight.lane.rate_Bps * (now_s - flight.started_s), 0.0)

    def _part(self, now_s: float, flight: Flight, left_bytes: float, limit: int) -> None:
        """A flow that has flown alone, held back by `limit`, goes on in the engine."""
        self._set_out(now_s, flight, left_bytes, limit)
        self._share(now_s, flight, left_bytes)

    def _set_out(self, now_s: float, flight: Flight, left_bytes: float, limit: int) -> None:
        """A flow that has flown alone, held back by `limit`, does so no longer."""
        del self._lone[flight]
        flight.lane.alone = None
        self.seen.part(flight, now_s, left_bytes, limit)
        # Those who wait hear of it otherwise; when the old place in the queue comes up, nobody is there.
        flight.waiting = flight.callbacks or []
        flight.callbacks = []

    def _share(self, now_s: float, flight: Flight, left_bytes: float) -> None:
        """Hand a flow with so many bytes left to the engine."""
        flight.shared = True
        flight.flow = self._fluid.start(now_s, self._class_of(flight), left_bytes, flight)

    def _class_of(self, flight: Flight) -> FlowClass:
        lane = flight.lane
        return self._fluid.class_of(lane.route, 1.0, lane.cap_Bps)

    def _arm(self) -> None:
        """Wake when the engine's next flow ends, unless that is settled; what was settled for later is void."""
        next_s = self._fluid.next_finish_s
        if next_s < self._armed_s:
            self._disarm()
            self._armed_s = next_s
            self._timer = self._clock.at(next_s)
            self._timer.callbacks.append(self._due)

    def _disarm(self) -> None:
        if self._timer is not None and self._timer.callbacks is not None:
            self._timer.callbacks = []
        self._armed_s = _NEVER

    def _due(self, timer: Event) -> None:
        self._armed_s = _NEVER
        self._end(self._clock.now)
        # What a flow's end has set off may have started a flow and armed the timer already.
        self._arm()

    def _end(self, now_s: float) -> None:
        """Whoever waits for flows of the engine that have ended by now hears of it."""
        if self._fluid.next_finish_s > now_s:
            return
        ended: list[Flight] = self._fluid.finished(now_s)
        if len(ended) > 1:  # the engine goes by when they came to share
            ended.sort(key=NUMBER)
        for flight in ended:
            self._leave(flight.lane)
        hear(ended)
