"""Flows that cannot meet: a layer over `Fluid` for networks where most flows have their links to themselves.

A flow is never faster than its bound, the smallest of its cap and its links' capacities. As long as the bounds of all flows on
each of its links add up to no more than that link's capacity, none of them can hold it back, and its share is the bound: no
solving, only a finish time. When a flow arrives that overfills a link, the flows on that link go over to the fair-share
engine with the bytes that they have left; so does the new one. Rates and finish times are those of `Fluid` alone.

Bounds are added up as whole multiples of 1/1024 byte/s: integers, so that a link that empties is exactly empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Any

from sim.network.fluid import FlowClass, Fluid

_SCALE = 1024
_NEVER = float("inf")


class QuietClass:
    """Flows of one route, weight and cap: their bound, and their class in the engine."""

    __slots__ = ("bound", "bound_Bps", "fluid_class", "route")

    def __init__(self, fluid_class: FlowClass, bound_Bps: float) -> None:
        self.fluid_class = fluid_class
        self.route = fluid_class.route
        self.bound_Bps = bound_Bps
        self.bound = round(bound_Bps * _SCALE)


class _Flow:
    """A flow under way; `lone` while it has its links to itself."""

    __slots__ = ("flow_class", "lone", "order", "size_bytes", "started_s", "token")

    def __init__(self, flow_class: QuietClass, order: int, started_s: float, size_bytes: float, token: object) -> None:
        self.flow_class = flow_class
        self.order = order
        self.started_s = started_s
        self.size_bytes = size_bytes
        self.token = token
        self.lone = True


class Quiet:
    """`Fluid` with a short way for flows that cannot meet; the same calls, in order of time."""

    def __init__(self, capacity_Bps: Sequence[float]) -> None:
        self.next_finish_s = _NEVER
        self.fluid = Fluid(capacity_Bps)
        self._capacity_Bps = list(capacity_Bps)
        self._room = [round(capacity * _SCALE) for capacity in capacity_Bps]
        self._heap: list[tuple[float, int, _Flow]] = []
        self._classes: dict[FlowClass, QuietClass] = {}
        self._started = 0

    def class_of(self, route: tuple[int, ...], weight: float = 1.0, cap_Bps: float = _NEVER) -> QuietClass:
        """The class of flows over `route` (link numbers, none twice) with this weight and a cap on each flow."""
        fluid_class = self.fluid.class_of(route, weight, cap_Bps)
        found = self._classes.get(fluid_class)
        if found is None:
            bound_Bps = min((self._capacity_Bps[link] for link in route), default=_NEVER)
            found = self._classes[fluid_class] = QuietClass(fluid_class, min(bound_Bps, cap_Bps))
        return found

    def start(self, now_s: float, flow_class: QuietClass, size_bytes: float, token: object) -> None:
        """A flow of `size_bytes` begins; `finished` will give `token` back."""
        self._started += 1
        flow = _Flow(flow_class, self._started, now_s, size_bytes, token)
        room, bound = self._room, flow_class.bound
        fits = True
        for link in flow_class.route:
            room[link] -= bound
            if room[link] < 0:
                fits = False
        if fits:
            finish_s = now_s + size_bytes / flow_class.bound_Bps
            heappush(self._heap, (finish_s, flow.order, flow))
            if finish_s < self.next_finish_s:
                self.next_finish_s = finish_s
            return
        crowded = {link for link in flow_class.route if room[link] < 0}
        for _, _, other in sorted(self._heap):
            if other.lone and not crowded.isdisjoint(other.flow_class.route):
                sent_bytes = other.flow_class.bound_Bps * (now_s - other.started_s)
                self._share(now_s, other, max(other.size_bytes - sent_bytes, 0.0))
        self._share(now_s, flow, size_bytes)
        self._aim()

    def finished(self, now_s: float) -> list[Any]:
        """The tokens of all flows that have ended by `now_s`, in the order they started."""
        heap = self._heap
        ended: list[_Flow] = []
        while heap and (heap[0][0] <= now_s or not heap[0][2].lone):
            flow = heappop(heap)[2]
            if flow.lone:
                ended.append(flow)
        if self.fluid.next_finish_s <= now_s:
            ended += self.fluid.finished(now_s)
        room = self._room
        for flow in ended:
            bound = flow.flow_class.bound
            for link in flow.flow_class.route:
                room[link] += bound
        self._aim()
        if len(ended) > 1:
            ended.sort(key=_order)
        return [flow.token for flow in ended]

    def _share(self, now_s: float, flow: _Flow, left_bytes: float) -> None:
        flow.lone = False
        self.fluid.start(now_s, flow.flow_class.fluid_class, left_bytes, flow)

    def _aim(self) -> None:
        heap = self._heap
        while heap and not heap[0][2].lone:
            heappop(heap)
        quiet_s = heap[0][0] if heap else _NEVER
        shared_s = self.fluid.next_finish_s
        self.next_finish_s = quiet_s if quiet_s < shared_s else shared_s


def _order(flow: _Flow) -> int:
    return flow.order
