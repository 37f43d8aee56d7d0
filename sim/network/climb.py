"""Connections that climb TCP's ladder: flows whose caps double each round trip for as long as the cap holds them
back.

A connection may send a window each round trip: IW at first, twice as much after each round trip in which the window
was what held it back (slow start: RFC 5681, 3.1; no growth for a window that is not used: RFC 7661), up to a
ceiling of its own. So its cap moves along IW 2^k / RTT, and flows at one rung of one route stay one class. When a
share grows, the connections that it had kept below their caps climb on from where they stood. What fits into one
window leaves as a burst, uncapped. Alone on a link a transfer takes size / rate + `transport.slow_start_s`,
exactly.

Where queues are given, a full link lengthens the round trips of all that cross it by its queue, and a connection that
slow start drove past what its share and the queues hold sends what was dropped again. Leaves out the windows of
congestion avoidance, whose mean a share already is.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import count
from typing import Any

from sim.network.fluid import FlowClass, Fluid
from sim.network.kernel import ROUNDING
from sim.network.records import INF
from sim.network.transport import INITIAL_WINDOW_BYTES, queue_s
from sim.network.watch import Watch

_AT_CAP = 1 - 1e-12


class _Ladder:
    """What connections of one route, weight, round trip and ceiling have in common: the classes that they climb.

    The last of them is `top`, for windows that keep the route's narrowest link or the ceiling busy, and for bursts.
    """

    __slots__ = ("ceiling_Bps", "enough_Bps", "round_trip_s", "route", "rungs", "top", "weight")

    def __init__(
        self, route: tuple[int, ...], weight: float, round_trip_s: float, ceiling_Bps: float, top: FlowClass
    ) -> None:
        self.route = route
        self.weight = weight
        self.round_trip_s = round_trip_s
        self.ceiling_Bps = ceiling_Bps
        self.top = top

    def narrow(self, capacity_Bps: Sequence[float]) -> None:
        """Links carry so much from now on."""
        self.enough_Bps = min(*(capacity_Bps[link] for link in self.route), self.ceiling_Bps, INF)
        self.rungs: dict[float, FlowClass] = {}


class _Climber:
    """One connection's transfer: its class and window, its ladder, and whether it has ended."""

    __slots__ = ("flow", "flow_class", "gone", "ladder", "token", "window_bytes")

    def __init__(self, token: Any, flow_class: FlowClass, window_bytes: float, ladder: _Ladder) -> None:
        self.token = token
        self.flow_class = flow_class
        self.window_bytes = window_bytes
        self.ladder = ladder
        self.flow = -1
        self.gone = False


class Climb:
    """A `Fluid` driven through slow start; `next_s` is when something happens next, inf when nothing will.

    `capacity_Bps` : (n_links,) bytes/s. `depth_bytes` : (n_links,) of drop-tail queues; without them nothing is
    queued or lost. `watch` and `compiled` are the fluid's. `flows` and `events` count transfers begun, and starts, ends
    and rungs taken.
    """

    def __init__(
        self,
        capacity_Bps: Sequence[float],
        initial_window_bytes: float = INITIAL_WINDOW_BYTES,
        depth_bytes: Sequence[float] | None = None,
        dropped: float = 1.0,
        watch: Watch | None = None,
        compiled: bool = False,
    ) -> None:
        self.fluid = Fluid(capacity_Bps, watch, compiled)
        self.next_s = INF
        self.flows = 0
        self.events = 0
        self.resent_bytes = 0.0
        self._capacity_Bps = list(capacity_Bps)
        self._initial_window_bytes = initial_window_bytes
        self._depth_bytes = depth_bytes
        self._dropped = dropped
        self._due: list[tuple[float, int, _Climber]] = []
        self._order = count()
        self._waiting: dict[FlowClass, dict[_Climber, None]] = {}
        self._ladders: dict[tuple[tuple[int, ...], float, float, float], _Ladder] = {}

    def start(
        self,
        now_s: float,
        route: tuple[int, ...],
        size_bytes: float,
        token: Any,
        round_trip_s: float,
        weight: float = 1.0,
        ceiling_Bps: float = INF,
        purpose: Any = None,
    ) -> None:
        """A connection in its first window begins to send; `finished` will give `token` back."""
        self.flows += 1
        self.events += 1
        window_bytes = self._initial_window_bytes
        ladder = self._ladders.get((route, weight, round_trip_s, ceiling_Bps))
        if ladder is None:
            ladder = self._new_ladder(route, weight, round_trip_s, ceiling_Bps)
        flow_class = self._class(ladder, window_bytes, size_bytes)
        climber = _Climber(token, flow_class, window_bytes, ladder)
        climber.flow = self.fluid.start(now_s, flow_class, size_bytes, climber, purpose)
        self._next_rung(now_s, climber, size_bytes)
        self._aim()

    def finished(self, now_s: float) -> list[Any]:
        """Ends and rungs due at `now_s`: the tokens of the transfers that have ended, in the order they started."""
        ended: list[_Climber] = []
        due = self._due
        reach_s = now_s * (1 + ROUNDING)
        if self.fluid.next_finish_s <= reach_s:
            ended = self.fluid.finished(now_s)
            self.events += len(ended)
            for climber in ended:
                climber.gone = True
                if climber.flow_class in self._waiting:
                    self._stop_waiting(climber)
        while due and due[0][0] <= reach_s:
            climber = heapq.heappop(due)[2]
            if not climber.gone:
                self._climb(now_s, climber)
        if self._waiting:
            self._wake(now_s)
        self._aim()
        return [climber.token for climber in ended]

    def set_capacity(self, now_s: float, link: int, capacity_Bps: float) -> None:
        """From `now_s` on `link` carries `capacity_Bps` bytes/s."""
        self._capacity_Bps[link] = capacity_Bps
        for ladder in self._ladders.values():
            ladder.narrow(self._capacity_Bps)
        self.fluid.set_capacity(now_s, link, capacity_Bps)
        self._wake(now_s)
        self._aim()

    def round_trip_s(self, idle_s: float, route: tuple[int, ...]) -> float:
        """A round trip over `route` now: propagation, and the queues of the links that are full."""
        if self._depth_bytes is None:
            return idle_s
        return idle_s + sum(
            queue_s(self._depth_bytes[link], self._capacity_Bps[link], self.fluid.is_full(link)) for link in route
        )

    def _new_ladder(self, route: tuple[int, ...], weight: float, round_trip_s: float, ceiling_Bps: float) -> _Ladder:
        ladder = _Ladder(route, weight, round_trip_s, ceiling_Bps, self.fluid.class_of(route, weight, ceiling_Bps))
        ladder.narrow(self._capacity_Bps)
        self._ladders[route, weight, round_trip_s, ceiling_Bps] = ladder
        return ladder

    def _class(self, ladder: _Ladder, window_bytes: float, left_bytes: float) -> FlowClass:
        if left_bytes <= window_bytes or ladder.round_trip_s <= 0:
            return ladder.top
        found = ladder.rungs.get(window_bytes)
        if found is None:
            cap_Bps = window_bytes / ladder.round_trip_s
            is_top = cap_Bps >= ladder.enough_Bps
            found = ladder.top if is_top else self.fluid.class_of(ladder.route, ladder.weight, cap_Bps)
            ladder.rungs[window_bytes] = found
        return found

    def _climb(self, now_s: float, climber: _Climber) -> None:
        """A round trip has passed: on to the next rung, unless a link and not the window held the connection back."""
        old, ladder = climber.flow_class, climber.ladder
        window_bytes = climber.window_bytes * 2
        following = self._class(ladder, window_bytes, INF)
        least_Bps = climber.window_bytes / ladder.round_trip_s * _AT_CAP
        fluid = self.fluid
        rate_Bps, left_bytes = fluid.advance(now_s, climber.flow, old, least_Bps, window_bytes, following, ladder.top)
        if rate_Bps < least_Bps:
            over_bytes = climber.window_bytes - self._pipe_bytes(rate_Bps, ladder)
            if over_bytes > 0:
                self._resend(now_s, climber, over_bytes)
                if old.cap_Bps < ladder.ceiling_Bps:
                    self._waiting.setdefault(old, {})[climber] = None
                return
            fluid.advance(now_s, climber.flow, old, 0.0, window_bytes, following, ladder.top)
        climber.window_bytes = window_bytes
        climber.flow_class = ladder.top if left_bytes <= window_bytes else following
        self.events += 1
        self._next_rung(now_s, climber, left_bytes)

    def _next_rung(self, now_s: float, climber: _Climber, left_bytes: float) -> None:
        """Due in a round trip if there is one to take: below a link's capacity or, with queues, up to overflow."""
        ladder, window_bytes = climber.ladder, climber.window_bytes
        round_trip_s = ladder.round_trip_s
        if left_bytes <= window_bytes or round_trip_s <= 0:
            return
        most_Bps = ladder.enough_Bps
        if self._depth_bytes is not None:
            most_Bps = ladder.ceiling_Bps
            round_trip_s = self.round_trip_s(round_trip_s, ladder.route)
        if window_bytes / ladder.round_trip_s < most_Bps:
            heapq.heappush(self._due, (now_s + round_trip_s, next(self._order), climber))

    def _wake(self, now_s: float) -> None:
        fluid = self.fluid
        free = [c for c in self._waiting if not fluid.is_held(c)]
        for flow_class in [c for c in free if fluid.rate_Bps(c) >= c.cap_Bps * _AT_CAP]:
            for climber in self._waiting.pop(flow_class):
                self._next_rung(now_s, climber, fluid.left_bytes(now_s, climber.flow))

    def _stop_waiting(self, climber: _Climber) -> None:
        waiting = self._waiting[climber.flow_class]
        waiting.pop(climber, None)
        if not waiting:
            del self._waiting[climber.flow_class]

    def _pipe_bytes(self, rate_Bps: float, ladder: _Ladder) -> float:
        """What the path and its shallowest queue hold at this share; a window beyond it overflows the queue."""
        if self._depth_bytes is None:
            return 0.0
        return rate_Bps * ladder.round_trip_s + min(self._depth_bytes[link] for link in ladder.route)

    def _resend(self, now_s: float, climber: _Climber, over_bytes: float) -> None:
        """As `transport.overshoot_bytes`."""
        if self._depth_bytes is not None:
            lost_bytes = min(self._dropped * over_bytes, self.fluid.left_bytes(now_s, climber.flow))
            self.resent_bytes += lost_bytes
            self.fluid.move(now_s, climber.flow, climber.flow_class, lost_bytes)

    def _aim(self) -> None:
        due = self._due
        while due and due[0][2].gone:
            heapq.heappop(due)
        self.next_s = min(self.fluid.next_finish_s, due[0][0]) if due else self.fluid.next_finish_s
