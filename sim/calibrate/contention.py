"""What happens to clients that run at once and meet on a link: their connections share unevenly, and requests wait.

While another client's body crosses its narrowest link, a part of that link's queue stands, and every packet that enters
the link waits there: the first of a connection as well as each request. Left out: that a queue takes a while to fill,
what it does to slow start, and how slowly a connection takes up what others leave it.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sim.calibrate.parameters import Parameters
from sim.world.flight import Flight, Lane
from sim.world.places import Body, Way
from sim.world.wire import Wire

#: Every queue of the rig holds what its link sends in so long.
QUEUE_S = 0.06


@dataclass(frozen=True, slots=True, eq=False)
class _Client:
    """A client under way: to where, how many round trips a request takes, and their two delays on idle links, s."""

    way: Way
    trips: float
    forth_s: float
    back_s: float


class Contention:
    """The clients under way in one step, and whose bodies cross which link."""

    def __init__(self, given: Parameters, wire: Wire) -> None:
        self._given = given
        self._wire = wire
        self._clients: dict[Lane, _Client] = {}
        self._flows: dict[int, Counter[Lane]] = defaultdict(Counter)

    def enter(self, way: Way, trips: float, body: Body, luck: np.random.Generator | None) -> None:
        """A client starts, and draws the weight of each of its connections; without `luck` it runs alone."""
        if luck is None:
            return
        spread = self._given.luck
        if spread:
            body.lane.weigh = lambda: math.exp(spread * float(luck.standard_normal()))
        self._clients[body.lane] = _Client(way, trips, way.forth_s / trips, way.back_s / trips)
        self._wait_in_queues()

    def leave(self, body: Body) -> None:
        """A client has ended."""
        self._clients.pop(body.lane, None)

    def count(self, lane: Lane, flows: int) -> None:
        """So many more bodies cross the links of a lane."""
        if lane not in self._clients or not self._given.queue:
            return
        for link in lane.route:
            if self._wire.capacity_Bps[link] <= 1.001 * lane.narrowest_Bps:
                self._flows[link][lane] += flows
        self._wait_in_queues()

    def _wait_in_queues(self) -> None:
        """Requests take as long as queues that others fill now make them."""
        stands_s = QUEUE_S * self._given.queue
        for lane, client in self._clients.items():
            way = client.way
            full = {link for link, flows in self._flows.items() if flows.total() > flows[lane]}
            way.forth_s = client.trips * (client.forth_s + stands_s * len(full.intersection(way.up.lane.route)))
            way.back_s = client.trips * (client.back_s + stands_s * len(full.intersection(way.down.lane.route)))
            way.round_trip_s = way.forth_s + way.back_s


class CountedWire(Wire):
    """A wire that tells of every body that sets out and ends."""

    __slots__ = ("told",)

    told: Callable[[Lane, int], None]

    def send(self, lane: Lane, size_bytes: float) -> Flight:
        """Start a flow; its end is told before whoever waits for it goes on."""
        flight = super().send(lane, size_bytes)
        self.told(lane, 1)
        waiting = flight.waiting if flight.shared else flight.callbacks
        if waiting is not None:
            waiting.append(lambda _: self.told(lane, -1))
        return flight
