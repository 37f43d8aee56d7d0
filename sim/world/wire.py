"""The fluid network of a world: flows over links that may change under them.

A link's capacity may change at any instant, and what flows over a link that goes down breaks off: what becomes of it,
and of its connection, is `outlast`'s. A run in which that never happens pays nothing for it: who shares with whom as
flows come and go is `sharing`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from sim.world.clock import Clock
from sim.world.flight import NOBODY, Flight, Lane
from sim.world.sharing import NUMBER, Sharing
from sim.world.sightings import Change

_NEVER = float("inf")
Waiting = list[Callable[[Any], None]]


class Wire(Sharing):
    """Flows under way, and what may befall them."""

    __slots__ = ("heed",)

    def __init__(self, clock: Clock, capacity_Bps: Sequence[float], names: Sequence[str] | None = None) -> None:
        super().__init__(clock, capacity_Bps, names)
        #: Told of each change of what a link carries: which, and to what.
        self.heed: Callable[[int, float], None] | None = None

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

    def divert(self, lanes: Collection[Lane]) -> None:
        """Routes have changed under these lanes: flows on them break off now, to go on elsewhere."""
        if lanes:
            self._settle()
            left = set(lanes)
            _tell(self._take_off([f for f in (*self._lone, *self._fluid.tokens()) if f.lane in left]))
            self._arm()

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

    def _take_off(self, flights: Sequence[Flight]) -> list[tuple[Flight, Waiting]]:
        """End flows before their time; who waits for each, in the order they started."""
        now_s = self._clock.now
        heard: list[tuple[Flight, Waiting]] = []
        for flight in sorted(flights, key=NUMBER):
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


def _tell(broken: list[tuple[Flight, Waiting]]) -> None:
    for flight, waiting in broken:
        for callback in waiting:
            callback(flight)
