"""A rig's scenario on the packet wire of a run, and what its requests wait in the queues as these then are.

Bodies go by `sim.engines.packets`, as those of any run do where `run.wire` says so. All go by their windows, those of
one client at a time, too: who begins first has an easier start, and who fell back takes up only slowly what others
leave. Each client draws from a stream of its own when its connections begin, and what their congestion control leaves
to chance.

Requests of a run look at queues when they are sent. Here what they wait is looked at every now and then, and only where
several clients are under way: so the parameters were fitted, to single ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from sim.engines.packets import PacketWire, depths_bytes
from sim.engines.reference import Reference
from sim.network.tcp.transport import Congestion
from sim.protocol.codes import PACKETS_ASKED, PACKETS_BEGIN
from sim.protocol.ops.lanes import UP
from sim.protocol.ops.ways import down_lane, up_lane
from sim.records.layout import State

#: How often queues are looked at for what requests wait in them: more often than a round trip.
LOOK_S = 0.02
#: What a host answers, by the number of what is asked.
Answers = Mapping[int, Callable[[State, int, int, int], None]]


@dataclass(frozen=True, slots=True, eq=False)
class _Client:
    """A client under way: to where, how many round trips a request takes, its two delays on idle links, s, and where
    its connections draw from."""

    way: int
    trips: float
    forth_s: float
    back_s: float
    rng: np.random.Generator


class RigPackets:
    """The packet wire of a rig. It asks who its clients are."""

    def __init__(self, capacity_Bps: Sequence[float], congestion: Congestion, queue_s: float) -> None:
        depth_bytes = depths_bytes(capacity_Bps, queue_s)
        self._wire = PacketWire(capacity_Bps, depth_bytes, congestion, lambda lane: self._clients[lane].rng)
        self._clients: dict[int, _Client] = {}
        self._looks = False
        self.again_bytes: Mapping[int, float] = self._wire.again_bytes
        self.answers: Answers = {PACKETS_ASKED: self._answer}

    def attach(self, engine: Reference) -> None:
        """The engine that calls, and whose clock this goes by."""
        self._engine = engine
        self._w: Any = engine.state

    def enter(self, way: int, trips: float, direction: int, rng: np.random.Generator) -> int:
        """A client starts, whose bodies go up, or down, a way; the lane that they go by."""
        row = self._w.ways[way]
        lane = up_lane(self._w, way) if direction == UP else down_lane(self._w, way)
        self._clients[lane] = _Client(way, trips, row.forth_s / trips, row.back_s / trips, rng)
        return lane

    def leave(self, lane: int) -> None:
        """A client has ended."""
        del self._clients[lane]

    def lose(self, links: Sequence[int], lost: bool) -> None:
        """From now on these links lose what is sent on them, or no longer."""
        self._wire.windows.set_down(self._w.g.now_s, links, lost)

    def _answer(self, state: State, asked: int, at: int, c: int) -> None:
        self._wire.answer(state, asked, at, c)
        if asked == PACKETS_BEGIN and not self._looks and len(self._clients) > 1:
            self._looks = True
            self._look()

    def _links(self, lane: int) -> tuple[int, ...]:
        row = self._w.lanes[lane]
        return tuple(self._w.lane_links[row.first_link : row.end_link])

    def _look(self) -> None:
        """See every now and then how long queues are, as long as anything is under way."""
        now_s, w = self._w.g.now_s, self._w
        waits_s = self._wire.windows.queue_delays_s(now_s)
        for client in self._clients.values():
            way = w.ways[client.way]
            up, down = self._links(up_lane(w, client.way)), self._links(down_lane(w, client.way))
            way.forth_s = client.trips * (client.forth_s + sum(waits_s[link] for link in up))
            way.back_s = client.trips * (client.back_s + sum(waits_s[link] for link in down))
            way.round_trip_s = way.forth_s + way.back_s
        self._looks = self._wire.any_under_way
        if self._looks:
            self._engine.at(now_s + LOOK_S, self._look)


class FlowWire:
    """The same where bodies are flows, as in any run: it does not ask who its clients are."""

    again_bytes: Final[Mapping[int, float]] = defaultdict(float)
    answers: Final[Answers] = {}

    def attach(self, engine: Reference) -> None:
        """The engine that has the flows."""
        self._w: Any = engine.state

    def enter(self, way: int, trips: float, direction: int, rng: np.random.Generator) -> int:
        """A client starts; the lane that its bodies go by."""
        return up_lane(self._w, way) if direction == UP else down_lane(self._w, way)

    def leave(self, lane: int) -> None:
        """A client has ended."""


RigWire = RigPackets | FlowWire
