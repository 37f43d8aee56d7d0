"""The fluid network as events: start a flow, wake when it has ended.

A flow that meets no other has a known end, and waits for it in the clock's own queue; flows that meet only others of
their lane fly in a convoy. When an arrival overfills a link, the flows on that link go over to the fair-share engine
with the bytes that they have left, and so does the new one. One timer serves the engine: it is armed for the next finish and re-armed only when that moves earlier; when
rates fall and the finish moves later, it finds nothing to do and arms itself again.

A link's capacity may change at any instant, and a link that is down breaks what crosses it. A run in which that never
happens pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from simpy import Event

from sim.network import FlowClass, Fluid
from sim.network.room import Room
from sim.world.clock import Clock
from sim.world.convoy import Convoy, hear
from sim.world.flight import CAP, NOBODY, Flight, Lane
from sim.world.sightings import Change, Sightings

if TYPE_CHECKING:
    from sim.world.places import Machine

_NEVER = float("inf")
Waiting = list[Callable[[Any], None]]
_NUMBER = attrgetter("number")


class Wire:
    """Flows under way, and how many there have been.

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
        "heed",
        "lanes",
        "nominal_Bps",
        "seen",
    )

    def __init__(self, clock: Clock, capacity_Bps: Sequence[float], names: Sequence[str] | None = None) -> None:
        self.capacity_Bps = list(capacity_Bps)
        self.nominal_Bps = list(capacity_Bps)
        self.lanes: list[Lane] = []
        self.flows = 0
        #: Told of each change of what a link carries: which, and to what.
        self.heed: Callable[[int, float], None] | None = None
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

    def cut(self, flight: Flight) -> None:
        """Abandon a flow now: it ends broken, unless all of it has got through by this instant."""
        self._settle()
        if flight in self._lone or flight.waiting is not NOBODY:
            _tell(self._take_off([flight]))
        self._arm()

    def set_capacity(self, link: int, capacity_Bps: float) -> None:
        """From now on a link carries so many bytes/s; at 0 it is down, and the flows on it break off.

        What has got through by this instant has ended; the rest goes on at its new rate.
        """
        self._settle()
        lanes = [lane for lane in self.lanes if link in lane.route]
        crossing = set(lanes)
        flights = [flight for flight in (*self._lone, *self._fluid.tokens()) if flight.lane in crossing]
        if capacity_Bps:
            self._resize(link, capacity_Bps, lanes, flights)
        else:
            broken = self._take_off(flights)
            self._resize(link, 0.0, lanes, [])
            _tell(broken)
        self._arm()
        if self.heed is not None:
            self.heed(link, capacity_Bps)

    def set_nominal(self, link: int, capacity_Bps: float) -> None:
        """From now on a link would carry so many bytes/s, and does in the part that is not broken."""
        part = self.capacity_Bps[link] / self.nominal_Bps[link]
        self.nominal_Bps[link] = capacity_Bps
        self.set_capacity(link, capacity_Bps * part)

    def _resize(self, link: int, capacity_Bps: float, lanes: Sequence[Lane], flights: Sequence[Flight]) -> None:
        """The same, where `lanes` are those over the link and `flights` those on them."""
        now_s, room = self._clock.now, self._room
        left_bytes = {flight: self._left_bytes(now_s, flight) for flight in flights if not flight.shared}
        was = {lane: (lane.rate_Bps, lane.cap_Bps, lane.limit) for lane in lanes}
        for lane in lanes:
            room.give(lane.route, lane.bound * lane.claims)
        room.resize(link, self.capacity_Bps[link], capacity_Bps)
        self.capacity_Bps[link] = capacity_Bps
        self.seen.changes.append(Change(link, now_s, capacity_Bps))
        self._fluid.set_capacity(now_s, link, capacity_Bps)
        for lane in lanes:
            self._narrow(lane)
            room.take(lane.route, lane.bound * lane.claims)
        for flight in flights:
            lane = flight.lane
            was_Bps, was_cap_Bps, limit = was[lane]
            if flight.shared:
                if lane.cap_Bps != was_cap_Bps:
                    self._fluid.move(now_s, flight.flow, self._class_of(flight))
            elif (lane.rate_Bps, lane.cap_Bps) != (was_Bps, was_cap_Bps):
                self._part(now_s, flight, left_bytes[flight], limit)
        # Those that may be faster now meet others on their other links.
        self._gather(now_s, room.overfilled(link for lane in lanes for link in lane.route))

    def _narrow(self, lane: Lane) -> None:
        """Tell a lane of its narrowest link."""
        if lane.route:
            link = min(lane.route, key=self.capacity_Bps.__getitem__)
            lane.narrow(self.capacity_Bps[link], link, self.seen.names[link])
        else:
            lane.narrow(_NEVER, CAP, "cap")

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
        """Share a lane with those that fly there: in a convoy, unless they share with others, or by weight, already."""
        lane, first, convoy = flight.lane, flight.lane.alone, flight.lane.convoy
        if lane.weigh is not None or (first is None and convoy is None):
            if first is not None:
                self._part(now_s, first, self._left_bytes(now_s, first), lane.limit)
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
        weigh = flight.lane.weigh
        flight.weight = 1.0 if weigh is None else weigh()
        flight.flow = self._fluid.start(now_s, self._class_of(flight), left_bytes, flight)

    def _class_of(self, flight: Flight) -> FlowClass:
        lane = flight.lane
        return self._fluid.class_of(lane.route, flight.weight, lane.cap_Bps)

    def _take_off(self, flights: Sequence[Flight]) -> list[tuple[Flight, Waiting]]:
        """End flows before their time; who waits for each, in the order they started."""
        now_s = self._clock.now
        heard: list[tuple[Flight, Waiting]] = []
        for flight in sorted(flights, key=_NUMBER):
            self._leave(flight.lane)
            if flight.shared:
                # As its parting and the engine's watch have counted it, each in whole bytes.
                shared_bytes = self._fluid.net.flows[flight.flow].asked
                left_bytes, waiting = self._fluid.stop(now_s, flight.flow), flight.waiting
                sent_bytes = int(flight.size_bytes) - int(shared_bytes) + int(shared_bytes - left_bytes)
            else:
                sent_bytes = int(flight.size_bytes - self._left_bytes(now_s, flight))
                waiting = flight.callbacks or []
                flight.lane.alone = None
                del self._lone[flight]
            heard.append((flight, waiting[1:]))  # the first is `_landed`
            flight.break_off(sent_bytes)
        if self._fluid.next_finish_s == _NEVER:
            self._disarm()
        return heard

    def _settle(self) -> None:
        """Whatever has got through by now has ended, though its turn at this instant may yet have to come.

        Convoys that are left go on in the engine, where links may change under them.
        """
        now_s = self._clock.now
        self._end(now_s)
        for convoy in list(self._convoys.values()):
            convoy.end_due()
        for flight in [f for f in self._lone if f.started_s + f.size_bytes / f.lane.rate_Bps <= now_s]:
            callbacks, flight.callbacks = flight.callbacks or [], None
            for callback in callbacks:
                callback(flight)
        self._merge(list(self._convoys.values()))

    @property
    def under_way(self) -> int:
        """How many flows have not ended."""
        return len(self._lone) + sum(map(len, self._convoys.values())) + self._fluid.flows

    def load_Bps(self) -> list[float]:
        """What each link carries just now, (n_links,)."""
        load_Bps = [0.0] * len(self.capacity_Bps)
        rates_Bps = [(flight.lane, flight.lane.rate_Bps) for flight in self._lone]
        rates_Bps += [(lane, lane.rate_Bps) for lane in self._convoys]
        rates_Bps += [(flight.lane, self._fluid.rate_Bps(self._class_of(flight))) for flight in self._fluid.tokens()]
        for lane, rate_Bps in rates_Bps:
            for link in lane.route:
                load_Bps[link] += rate_Bps
        return load_Bps

    def full_s(self) -> list[float]:
        """How long flows that shared held each link full, (n_links,) s."""
        return self.seen.watch.full_s(self._fluid)

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
            ended.sort(key=_NUMBER)
        for flight in ended:
            self._leave(flight.lane)
        hear(ended)


def _tell(broken: list[tuple[Flight, Waiting]]) -> None:
    for flight, waiting in broken:
        for callback in waiting:
            callback(flight)
