"""A wire whose bodies go packet by packet, and whose requests wait in the queues as these then are.

All bodies go by their windows (`network/windows`), those of one client at a time, too: who begins first has an easier
start, and who fell back takes up only slowly what others leave. What is drawn is when connections that are opened
together begin, and what their congestion control leaves to chance.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from sim.network.windows import Congestion, Windows
from sim.world.clock import Clock
from sim.world.flight import Flight, Lane
from sim.world.places import Body, Way
from sim.world.wire import Wire

#: Every queue of the rig holds what its link sends in so long.
QUEUE_S = 0.06
#: How often queues are looked at for what requests wait in them: more often than a round trip.
LOOK_S = 0.02
#: By how much connections that a client opens at one instant come after each other, in the mean: which one is first.
TOGETHER_S = 0.0003


@dataclass(frozen=True, slots=True, eq=False)
class _Client:
    """A client under way: to where, how many round trips a request takes, its two delays on idle links, s; the round
    trip of its bodies, s, and where its connections draw from."""

    way: Way
    trips: float
    forth_s: float
    back_s: float
    round_trip_s: float
    luck: np.random.Generator


class PacketWire(Wire):
    """`again_bytes` is what was sent more than once, by lane."""

    __slots__ = ("_alarm", "_clients", "_looks", "_windows", "again_bytes")

    def __init__(self, clock: Clock, capacity_Bps: Sequence[float], congestion: Congestion) -> None:
        super().__init__(clock, capacity_Bps)
        self._clients: dict[Lane, _Client] = {}
        depth_bytes = [QUEUE_S * capacity for capacity in capacity_Bps]
        self._windows = Windows(capacity_Bps, depth_bytes, congestion)
        self._alarm: Any = None
        self._looks = False
        self.again_bytes: defaultdict[Lane, float] = defaultdict(float)

    def enter(self, way: Way, trips: float, body: Body, luck: np.random.Generator) -> None:
        """A client starts, whose bodies go by this lane."""
        client = _Client(way, trips, way.forth_s / trips, way.back_s / trips, body.round_trip_s, luck)
        self._clients[body.lane] = client

    def leave(self, body: Body) -> None:
        """A client has ended."""
        del self._clients[body.lane]

    def lose(self, links: Sequence[int], lost: bool) -> None:
        """From now on these links lose what is sent on them, or no longer."""
        self._windows.lose(self._clock.now, links, lost)
        self._await_next()

    def send(self, lane: Lane, size_bytes: float) -> Flight:
        """Start a flow of a client that has entered."""
        client, now_s = self._clients[lane], self._clock.now
        flight = Flight(self.flows, lane, size_bytes, now_s, _nobody)
        self.flows += 1
        late_s = TOGETHER_S * float(client.luck.standard_exponential())
        dice = int(client.luck.integers(1 << 31))

        def set_out(timer: Any) -> None:
            self._windows.start(self._clock.now, lane.route, size_bytes, client.round_trip_s, flight, dice)
            self._await_next()
            if not self._looks and len(self._clients) > 1:
                self._looks = True
                self._look(None)

        self._clock.at(now_s + late_s).callbacks.append(set_out)
        return flight

    def _look(self, timer: Any) -> None:
        """See every now and then how long queues are, as long as anything is under way."""
        now_s = self._clock.now
        waits_s = self._windows.waits_s(now_s)
        for client in self._clients.values():
            way = client.way
            way.forth_s = client.trips * (client.forth_s + sum(waits_s[link] for link in way.up.lane.route))
            way.back_s = client.trips * (client.back_s + sum(waits_s[link] for link in way.down.lane.route))
            way.round_trip_s = way.forth_s + way.back_s
        self._looks = self._windows.next_finish_s < math.inf
        if self._looks:
            self._clock.at(now_s + LOOK_S).callbacks.append(self._look)

    def _await_next(self) -> None:
        """Wake when the next flow ends; what was settled for another time is void."""
        if self._alarm is not None and self._alarm.callbacks is not None:
            self._alarm.callbacks = []
        next_s = self._windows.next_finish_s
        if next_s < math.inf:
            alarm = self._clock.at(next_s)
            alarm.callbacks.append(self._ended)
            self._alarm = alarm

    def _ended(self, timer: Any) -> None:
        for flight in self._windows.finished(self._clock.now):
            self.again_bytes[flight.lane] += self._windows.again_bytes(flight)
            self._clock.deliver(flight)
        self._await_next()


def _nobody(flight: Flight) -> None:
    """No link is to be given back."""


class FlowWire(Wire):
    """The same where bodies are flows, as in any world: it does not ask who its clients are."""

    again_bytes: Final[Mapping[Lane, float]] = defaultdict(float)

    def enter(self, way: Way, trips: float, body: Body, luck: np.random.Generator) -> None:
        """A client starts."""

    def leave(self, body: Body) -> None:
        """A client has ended."""


RigWire = PacketWire | FlowWire
