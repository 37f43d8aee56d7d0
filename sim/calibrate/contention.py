"""What happens to clients that run at once and meet on a link: their connections share unevenly, and requests wait.

Under cubic all bodies go by their windows (`network/windows`), those of one client at a time, too: who begins first has
an easier start, and who fell back takes up only slowly what others leave. Requests wait in the queues as they are then.

Under bbr, whose windows are not modelled, each connection's fair share has a weight drawn by chance. While another
client's body crosses its narrowest link, a part of that link's queue stands, and every packet that enters the link
waits there: the first of a connection as well as each request. Left out there: that a queue takes a while to fill.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.calibrate.parameters import Parameters
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
    """A client under way: to where, how many round trips a request takes, and their two delays on idle links, s."""

    way: Way
    trips: float
    forth_s: float
    back_s: float


class Contention:
    """The clients under way in one step, and whose bodies cross which link."""

    def __init__(self, given: Parameters, wire: RigWire) -> None:
        self._given = given
        self._wire = wire
        self._clients: dict[Lane, _Client] = {}
        self._flows: dict[int, Counter[Lane]] = defaultdict(Counter)

    def enter(self, way: Way, trips: float, body: Body, luck: np.random.Generator | None) -> None:
        """A client starts, and draws what befalls each of its connections; without `luck` it runs alone."""
        if luck is None:
            return
        spread = self._given.luck
        if self._given.windows:
            body.ramp = 0.0  # windows have their own
            self._wire.ride(body.lane, body.round_trip_s, luck)
        elif spread:
            body.lane.weigh = lambda: math.exp(spread * float(luck.standard_normal()))
        self._clients[body.lane] = _Client(way, trips, way.forth_s / trips, way.back_s / trips)
        if self._given.queue:
            self._wait_in_queues()

    def leave(self, body: Body) -> None:
        """A client has ended."""
        self._clients.pop(body.lane, None)
        self._wire.leave(body.lane)

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

    def wait(self, waits_s: Sequence[float]) -> None:
        """Requests take as long as each link's queue makes them."""
        for client in self._clients.values():
            way = client.way
            way.forth_s = client.trips * (client.forth_s + sum(waits_s[link] for link in way.up.lane.route))
            way.back_s = client.trips * (client.back_s + sum(waits_s[link] for link in way.down.lane.route))
            way.round_trip_s = way.forth_s + way.back_s


class RigWire(Wire):
    """A wire that tells of every body that sets out and ends, and on which some go by their windows.

    `again_bytes` is what of them was sent more than once, by lane; `waits` is told how long each link's queue is.
    """

    __slots__ = ("_alarm", "_looks", "_riders", "_windows", "again_bytes", "told", "waits")

    told: Callable[[Lane, int], None]
    waits: Callable[[Sequence[float]], None]

    def __init__(self, clock: Clock, capacity_Bps: Sequence[float], congestion: Congestion) -> None:
        super().__init__(clock, capacity_Bps)
        self._riders: dict[Lane, tuple[float, np.random.Generator]] = {}
        depth_bytes = [QUEUE_S * capacity for capacity in capacity_Bps]
        self._windows = Windows(capacity_Bps, depth_bytes, congestion)
        self._alarm: Any = None
        self._looks = False
        self.again_bytes: defaultdict[Lane, float] = defaultdict(float)

    def ride(self, lane: Lane, round_trip_s: float, luck: np.random.Generator) -> None:
        """From now on what is sent on a lane goes by windows; each connection draws by how much it is late, and what
        its congestion control leaves to chance."""
        self._riders[lane] = round_trip_s, luck

    def lose(self, links: Sequence[int], lost: bool) -> None:
        """From now on these links lose what goes by windows, or no longer."""
        self._windows.lose(self._clock.now, links, lost)
        self._await_next()

    def leave(self, lane: Lane) -> None:
        """Nothing more is sent on a lane."""
        self._riders.pop(lane, None)

    def send(self, lane: Lane, size_bytes: float) -> Flight:
        """Start a flow; its end is told before whoever waits for it goes on."""
        flight = self._ride(lane, size_bytes) if lane in self._riders else super().send(lane, size_bytes)
        self.told(lane, 1)
        waiting = flight.waiting if flight.shared else flight.callbacks
        if waiting is not None:
            waiting.append(lambda _: self.told(lane, -1))
        return flight

    def _ride(self, lane: Lane, size_bytes: float) -> Flight:
        round_trip_s, luck = self._riders[lane]
        now_s = self._clock.now
        late_s = TOGETHER_S * float(luck.standard_exponential())
        dice = int(luck.integers(1 << 31))
        flight = Flight(self.flows, lane, size_bytes, now_s, _nobody)
        self.flows += 1

        def set_out(timer: Any) -> None:
            self._windows.start(self._clock.now, lane.route, size_bytes, round_trip_s, flight, dice)
            self._await_next()
            if not self._looks and len(self._riders) > 1:
                self._looks = True
                self._look(None)

        self._clock.at(now_s + late_s).callbacks.append(set_out)
        return flight

    def _look(self, timer: Any) -> None:
        """See every now and then how long queues are, as long as anybody rides."""
        now_s = self._clock.now
        self.waits(self._windows.waits_s(now_s))
        self._looks = self._windows.next_finish_s < math.inf
        if self._looks:
            self._clock.at(now_s + LOOK_S).callbacks.append(self._look)

    def _await_next(self) -> None:
        """Wake when the next rider ends; what was settled for another time is void."""
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
