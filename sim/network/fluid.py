"""Fluid flows over time, one event at a time: the engine that a simulation drives.

Flows of one route, weight and cap always have the same rate, so they are one *class* with one accumulated
service (bytes each of them has got since the class last was empty); a flow is a finish mark in its class's heap.
Leaves out delay and everything that `transport` adds.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import count

from sim.network.fairshare import max_min

INF = float("inf")
_ROUNDING = 1e-15
"""Relative slack on the clock: a timer set as now + delay may ring a rounding error early."""


class FlowClass:
    """Flows that share one rate: same route, weight and cap. Made by `Fluid.class_of`, reusable."""

    __slots__ = ("cap_Bps", "finish_s", "marks", "rate_Bps", "route", "service_bytes", "since_s", "weight")

    def __init__(self, route: tuple[int, ...], weight: float, cap_Bps: float) -> None:
        self.route = route
        self.weight = weight
        self.cap_Bps = cap_Bps
        self.marks: list[tuple[float, int, float, object]] = []
        self.service_bytes = 0.0
        self.rate_Bps = 0.0
        self.since_s = 0.0
        self.finish_s = INF


class Fluid:
    """Flows under weighted max-min fairness. Calls come in order of time; `next_finish_s` is inf when idle."""

    def __init__(self, capacity_Bps: Sequence[float]) -> None:
        self.next_finish_s = INF
        self._capacity_Bps = [float(c) for c in capacity_Bps]
        self._classes: dict[tuple[tuple[int, ...], float, float], FlowClass] = {}
        self._active: dict[FlowClass, None] = {}
        self._carried: dict[FlowClass, float] = {}
        self._order = count()
        self._flows = 0

    def class_of(self, route: tuple[int, ...], weight: float = 1.0, cap_Bps: float = INF) -> FlowClass:
        """The class of flows over `route` (link numbers) with this weight and this cap on each flow."""
        key = (route, weight, cap_Bps)
        found = self._classes.get(key)
        if found is None:
            if not 0 < weight < INF:
                raise ValueError(f"weight must be above 0 and finite, got {weight:g}")
            if not cap_Bps > 0:
                raise ValueError(f"cap must be above 0 bytes/s, got {cap_Bps:g}")
            found = self._classes[key] = FlowClass(route, weight, cap_Bps)
        return found

    def start(self, now_s: float, flow_class: FlowClass, size_bytes: float, token: object) -> None:
        """A flow of `size_bytes` begins; `finished` will give `token` back."""
        self._settle(flow_class, now_s)
        heapq.heappush(
            flow_class.marks, (flow_class.service_bytes + size_bytes, next(self._order), size_bytes, token)
        )
        self._active[flow_class] = None
        self._flows += 1
        self._solve(now_s)

    def finished(self, now_s: float) -> list[object]:
        """The tokens of every flow that has ended by `now_s`, in the order they started."""
        due_s = now_s + abs(now_s) * _ROUNDING
        if self.next_finish_s > due_s:
            return []
        ended: list[tuple[int, object]] = []
        for flow_class in list(self._active):
            while flow_class.marks and flow_class.finish_s <= due_s:
                mark, order, size_bytes, token = heapq.heappop(flow_class.marks)
                ended.append((order, token))
                self._carried[flow_class] = self._carried.get(flow_class, 0) + size_bytes
                flow_class.service_bytes = mark
                flow_class.since_s = now_s
                self._aim(flow_class)
            if not flow_class.marks:
                del self._active[flow_class]
                flow_class.service_bytes = flow_class.rate_Bps = 0.0
        self._flows -= len(ended)
        self._solve(now_s)
        ended.sort(key=lambda pair: pair[0])
        return [token for _, token in ended]

    def set_capacity(self, now_s: float, link: int, capacity_Bps: float) -> None:
        """From `now_s` on `link` carries `capacity_Bps` bytes/s; at 0 its flows stand still."""
        if not capacity_Bps >= 0:
            raise ValueError(f"link {link}: capacity must be 0 bytes/s or more, got {capacity_Bps:g}")
        self._capacity_Bps[link] = float(capacity_Bps)
        self._solve(now_s)

    @property
    def flows(self) -> int:
        """How many flows are under way."""
        return self._flows

    def rate_Bps(self, flow_class: FlowClass) -> float:
        """What each flow of this class gets now, bytes/s (0 when it has none)."""
        return flow_class.rate_Bps

    def link_bytes(self, now_s: float) -> list[float]:
        """Bytes each link has carried up to `now_s`, (n_links,)."""
        total = [0.0] * len(self._capacity_Bps)
        for flow_class in self._classes.values():
            got = flow_class.service_bytes + flow_class.rate_Bps * (now_s - flow_class.since_s)
            bytes_so_far = self._carried.get(flow_class, 0.0) + sum(
                size_bytes - (mark - got) for mark, _, size_bytes, _ in flow_class.marks
            )
            for link in flow_class.route:
                total[link] += bytes_so_far
        return total

    def _settle(self, flow_class: FlowClass, now_s: float) -> None:
        flow_class.service_bytes += flow_class.rate_Bps * (now_s - flow_class.since_s)
        flow_class.since_s = now_s

    def _aim(self, flow_class: FlowClass) -> None:
        left = flow_class.marks[0][0] - flow_class.service_bytes if flow_class.marks else INF
        rate = flow_class.rate_Bps
        flow_class.finish_s = flow_class.since_s + left / rate if rate > 0 else (INF if left > 0 else flow_class.since_s)

    def _solve(self, now_s: float) -> None:
        active = list(self._active)
        sizes = [len(c.marks) for c in active]
        totals = max_min(
            self._capacity_Bps,
            [c.route for c in active],
            [c.weight * n for c, n in zip(active, sizes, strict=True)],
            [min(c.cap_Bps, 1e300) * n for c, n in zip(active, sizes, strict=True)],
        )
        self.next_finish_s = INF
        for flow_class, n, rate in zip(active, sizes, totals, strict=True):
            self._settle(flow_class, now_s)
            flow_class.rate_Bps = rate / n
            self._aim(flow_class)
            self.next_finish_s = min(self.next_finish_s, flow_class.finish_s)
