"""Flows over time, one event at a time: what a simulation drives.

`Fluid` keeps tokens and free rows; `kernel` does the arithmetic. It runs in the interpreter until so many classes had
to be solved again that compiling would have paid, then goes on compiled: the same functions on the same rows, so
nothing else changes. Leaves out what TCP adds (`sim.network.tcp`): a flow is at its fair share at once.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from sim.network.fairshare import kernel
from sim.network.fairshare.classes import Domination, add_class, check_class, idle_network
from sim.network.fairshare.monitor import FlowMonitor
from sim.network.fairshare.state import INF
from sim.network.topology.graph import check_capacity
from sim.records.cells import cell, set_cells
from sim.records.layout import State, as_arrays
from sim.records.machinery import lacking

COMPILE_AFTER = 1_500_000
"""Classes solved again in the interpreter, some seconds' work, before machine code is loaded."""


class FlowClass:
    """Flows that share one rate: same route, weight and cap. Made by `Fluid.class_of`; keep it and use it again.

    >>> from sim import network
    >>> fluid = network.Fluid([10.0])
    >>> fluid.class_of((0,), cap_Bps=4.0) is fluid.class_of((0,), cap_Bps=4.0)
    True
    """

    __slots__ = ("cap_Bps", "number", "route", "weight")

    def __init__(self, number: int, route: tuple[int, ...], weight: float, cap_Bps: float) -> None:
        self.number = number
        self.route = route
        self.weight = weight
        self.cap_Bps = cap_Bps


class Fluid:
    """Flows under weighted max-min fairness with caps, exact.

    `capacity_Bps` : (n_links,) bytes/s, 0 for a link that is down. Links are known by their position. Calls come in
    order of time, and every finish is asked for before time passes it. `next_finish_s` is when the next flow ends,
    inf when none will; `state` has the rows (see `sim.network.fairshare.state`). A `monitor` sees what links carried
    and what held flows back. `compiled` from the start costs a second, and the first time half a minute; it pays in
    long runs.

    ValueError for a capacity below zero.

    >>> from sim import network
    >>> fluid = network.Fluid([10.0], network.FlowMonitor())
    >>> whole = fluid.class_of((0,))
    >>> flow = fluid.start(0.0, whole, 100.0, token="first")
    >>> fluid.next_finish_s
    10.0
    >>> fluid.finished(10.0)
    ['first']
    """

    def __init__(
        self, capacity_Bps: Sequence[float], monitor: FlowMonitor | None = None, compiled: bool = False
    ) -> None:
        for link, capacity in enumerate(capacity_Bps):
            check_capacity(f"link {link}", capacity)
        self.next_finish_s = INF
        self.state: State = idle_network(capacity_Bps)
        self._kernel: Any = kernel
        self._classes: dict[tuple[tuple[int, ...], float, float], FlowClass] = {}
        self._domination: Domination | None = Domination()
        self._tokens: list[tuple[int, Any]] = []
        self._free: list[int] = []
        self._started = 0
        self._monitor = monitor
        if monitor is not None:
            set_cells(self.state, "solver", 0, {"observed": 1})
            monitor.begin(len(capacity_Bps))
        if compiled:
            self._compile()

    def class_of(self, route: tuple[int, ...], weight: float = 1.0, cap_Bps: float = INF) -> FlowClass:
        """The class of flows over `route` (link numbers, none twice) with this weight and a cap on each flow."""
        found = self._classes.get((route, weight, cap_Bps))
        if found is None:
            found = self._classes[route, weight, cap_Bps] = self._new_class(route, weight, cap_Bps)
        return found

    def start(self, now_s: float, flow_class: FlowClass, size_bytes: float, token: Any, purpose: Any = None) -> int:
        """A flow of `size_bytes` begins: its number, good until it ends. `finished` will give `token` back."""
        if not self._free:
            self._add_rows()
        flow = self._free.pop()
        self._started += 1
        if self._started % 256 == 0 and self._is_worth_compiling():
            self._compile()
        self._tokens[flow] = (self._started, token)
        if self._monitor is not None:
            self._monitor.advance(self, now_s)
        self.next_finish_s = self._kernel.start(self.state, float(now_s), flow_class.number, flow, float(size_bytes))
        if self._monitor is not None:
            self._monitor.started(self, flow, flow_class, size_bytes, purpose)
        return flow

    def finished(self, now_s: float) -> list[Any]:
        """The tokens of all flows that have ended by `now_s`, in the order they started."""
        if self._monitor is not None:
            self._monitor.advance(self, now_s)
        n, self.next_finish_s = self._kernel.finish(self.state, float(now_s))
        flows = self.state.column("flows", "ended", n)
        self._free += flows
        if self._monitor is not None:
            for flow in flows:
                self._monitor.ended(self, flow, self._tokens[flow][1])
        if n == 1:
            return [self._tokens[flows[0]][1]]
        return [token for _, token in sorted((self._tokens[flow] for flow in flows), key=itemgetter(0))]

    def stop(self, now_s: float, flow: int) -> float:
        """Takes a flow out before its end; the bytes it still had to send."""
        if self._monitor is not None:
            self._monitor.advance(self, now_s)
        left_bytes, self.next_finish_s = self._kernel.stop(self.state, float(now_s), flow)
        self._free.append(flow)
        if self._monitor is not None:
            self._monitor.ended(self, flow, self._tokens[flow][1], left_bytes)
        return float(left_bytes)

    def move(self, now_s: float, flow: int, flow_class: FlowClass, more_bytes: float = 0.0) -> None:
        """A flow goes on in a class of the same route with what it has left, and more; its place in line stays."""
        if self._monitor is not None:
            self._monitor.advance(self, now_s)
        number = flow_class.number
        self.next_finish_s = self._kernel.move(self.state, float(now_s), flow, number, float(more_bytes))
        if self._monitor is not None:
            self._monitor.moved(self, flow, flow_class, more_bytes)

    def set_capacity(self, now_s: float, link: int, capacity_Bps: float) -> None:
        """From `now_s` on `link` carries `capacity_Bps` bytes/s; at 0 its flows stand still."""
        check_capacity(f"link {link}", capacity_Bps)
        if self._monitor is not None:
            self._monitor.advance(self, now_s)
        self._domination = None
        self.next_finish_s = self._kernel.set_capacity(self.state, float(now_s), link, float(capacity_Bps))

    @property
    def flows(self) -> int:
        """How many flows are under way."""
        return len(self._tokens) - len(self._free)

    def rate_Bps(self, flow_class: FlowClass) -> float:
        """What each flow of this class gets now, bytes/s (0 when it has none)."""
        return float(self._kernel.rate(self.state, flow_class.number))

    def left_bytes(self, now_s: float, flow: int) -> float:
        """What a flow still has to send."""
        return self.progress(now_s, flow)[1]

    def progress(self, now_s: float, flow: int) -> tuple[float, float]:
        """What a flow gets now, bytes/s, and what it still has to send, bytes."""
        now: tuple[float, float] = self._kernel.progress(self.state, float(now_s), flow)
        return now

    def link_bytes(self, now_s: float) -> list[float]:
        """Bytes each link has carried up to `now_s`, (n_links,)."""
        carried: list[float] = self.state["classes"]["carried"].tolist()
        flows = self.state["flows"]
        for flow in sorted(set(range(len(self._tokens))).difference(self._free)):
            carried[flows["owner"][flow]] += float(flows["asked"][flow]) - self.left_bytes(now_s, flow)
        total = [0.0] * self.state.length("links")
        for link, owner in self.state["hops"][: cell(self.state, "g", 0, "hops_used")][["link", "owner"]].tolist():
            total[link] += carried[owner]
        return total

    def _add_rows(self) -> None:
        old = len(self._tokens)
        self.state.grow("flows", max(64, old))
        self._tokens += [(0, None)] * (self.state.length("flows") - old)
        self._free = list(range(len(self._tokens) - 1, old - 1, -1))

    def _is_worth_compiling(self) -> bool:
        solved_much = bool(cell(self.state, "solver", 0, "solved") > COMPILE_AFTER)
        return self._kernel is kernel and solved_much and not lacking()

    def _compile(self) -> None:
        self._kernel = importlib.import_module("sim.network.fairshare.compiled")
        self.state = as_arrays(self.state)

    def _new_class(self, route: tuple[int, ...], weight: float, cap_Bps: float) -> FlowClass:
        check_class(route, weight, cap_Bps)
        number = add_class(self.state, route, weight, cap_Bps)
        if self._domination is not None:
            self._domination.note(self.state, route)
        return FlowClass(number, route, weight, cap_Bps)
