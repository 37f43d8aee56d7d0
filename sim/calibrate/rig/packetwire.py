"""What carries bodies packet by packet where engines have flows, and has requests wait in the queues as these then
are.

All bodies go by their windows (`sim.network.packets`), those of one client at a time, too: who begins first has an
easier start, and who fell back takes up only slowly what others leave. What is drawn is when connections that are
opened together begin, and what their congestion control leaves to chance. Left out: packets of requests, which wait in
queues and take no room in them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from sim.engines.reference import Reference
from sim.network.packets.windows import Windows
from sim.network.tcp.transport import Congestion
from sim.protocol.ops.flows import mark_ended, new_flight
from sim.protocol.ops.lanes import UP
from sim.protocol.ops.ways import down_lane, up_lane
from sim.protocol.tasks import make_ready

#: How often queues are looked at for what requests wait in them: more often than a round trip.
LOOK_S = 0.02
#: By how much connections that a client opens at one instant come after each other, in the mean: which one is first.
TOGETHER_S = 0.0003


@dataclass(frozen=True, slots=True, eq=False)
class _Client:
    """A client under way: to where, how many round trips a request takes, its two delays on idle links, s; the round
    trip of its bodies, s, and where its connections draw from."""

    way: int
    trips: float
    forth_s: float
    back_s: float
    round_trip_s: float
    rng: np.random.Generator


@dataclass(frozen=True, slots=True, eq=False)
class _Sent:
    """A body under way: its lane, and its flight."""

    lane: int
    flight: int


class PacketWire:
    """`again_bytes` is what was sent more than once, by lane."""

    def __init__(self, capacity_Bps: Sequence[float], congestion: Congestion, queue_s: float) -> None:
        depth_bytes = [queue_s * capacity for capacity in capacity_Bps]
        self._windows = Windows(capacity_Bps, depth_bytes, congestion)
        self._clients: dict[int, _Client] = {}
        self._alarms = 0
        self._looks = False
        self.again_bytes: defaultdict[int, float] = defaultdict(float)

    @property
    def instead(self) -> Mapping[str, Any]:
        """What an engine calls in the place of functions of the text."""
        return {"send": self.send}

    def attach(self, engine: Reference) -> None:
        """The engine that calls, and whose clock this goes by."""
        self._engine = engine
        self._w: Any = engine.state

    def enter(self, way: int, trips: float, direction: int, rng: np.random.Generator) -> int:
        """A client starts, whose bodies go up, or down, a way; the lane that they go by."""
        row = self._w.ways[way]
        round_trip_s = row.up_round_trip_s if direction == UP else row.down_round_trip_s
        lane = up_lane(self._w, way) if direction == UP else down_lane(self._w, way)
        self._clients[lane] = _Client(way, trips, row.forth_s / trips, row.back_s / trips, round_trip_s, rng)
        return lane

    def leave(self, lane: int) -> None:
        """A client has ended."""
        del self._clients[lane]

    def lose(self, links: Sequence[int], lost: bool) -> None:
        """From now on these links lose what is sent on them, or no longer."""
        self._windows.set_down(self._w.g.now_s, links, lost)
        self._await_next()

    def send(self, w: Any, lane: int, size_bytes: float, p: int) -> int:
        """Start a body of a client that has entered: a flight of a task, as `ops/flows` has it."""
        client, now_s = self._clients[lane], w.g.now_s
        sent = _Sent(lane, new_flight(w, lane, size_bytes, p))
        delay_s = TOGETHER_S * float(client.rng.standard_exponential())
        seed = int(client.rng.integers(1 << 31))

        def set_out() -> None:
            self._windows.start(w.g.now_s, self._links(lane), size_bytes, client.round_trip_s, sent, seed)
            self._await_next()
            if not self._looks and len(self._clients) > 1:
                self._looks = True
                self._look()

        self._engine.at(now_s + delay_s, set_out)
        return sent.flight

    def _links(self, lane: int) -> tuple[int, ...]:
        row = self._w.lanes[lane]
        return tuple(self._w.lane_links[row.first_link : row.end_link])

    def _look(self) -> None:
        """See every now and then how long queues are, as long as anything is under way."""
        now_s, w = self._w.g.now_s, self._w
        waits_s = self._windows.queue_delays_s(now_s)
        for client in self._clients.values():
            way = w.ways[client.way]
            up, down = self._links(up_lane(w, client.way)), self._links(down_lane(w, client.way))
            way.forth_s = client.trips * (client.forth_s + sum(waits_s[link] for link in up))
            way.back_s = client.trips * (client.back_s + sum(waits_s[link] for link in down))
            way.round_trip_s = way.forth_s + way.back_s
        self._looks = self._windows.next_finish_s < math.inf
        if self._looks:
            self._engine.at(now_s + LOOK_S, self._look)

    def _await_next(self) -> None:
        """Wake when the next body has left; what was settled for another time is void."""
        self._alarms += 1
        next_s, alarm = self._windows.next_finish_s, self._alarms
        if next_s < math.inf:
            self._engine.at(next_s, lambda: self._ended() if alarm == self._alarms else None)

    def _ended(self) -> None:
        w = self._w
        ended: list[_Sent] = self._windows.finished(w.g.now_s)
        for sent in ended:
            self.again_bytes[sent.lane] += self._windows.resent_bytes(sent)
            mark_ended(w, sent.flight)
        for sent in reversed(ended):  # the last that is let go goes on first
            make_ready(w, w.flights[sent.flight].task)
        self._await_next()


class FlowWire:
    """The same where bodies are flows, as in any run: it does not ask who its clients are."""

    again_bytes: Final[Mapping[int, float]] = defaultdict(float)
    instead: Final[Mapping[str, Any]] = {}

    def attach(self, engine: Reference) -> None:
        """The engine that has the flows."""
        self._w: Any = engine.state

    def enter(self, way: int, trips: float, direction: int, rng: np.random.Generator) -> int:
        """A client starts; the lane that its bodies go by."""
        return up_lane(self._w, way) if direction == UP else down_lane(self._w, way)

    def leave(self, lane: int) -> None:
        """A client has ended."""


RigWire = PacketWire | FlowWire
