"""Flows over time, one event at a time: what a simulation drives.

`Fluid` keeps tokens, purposes and the free rows; `kernel` does the arithmetic. It runs in plain Python until so many
classes had to be solved again that compiling would have paid, then goes on compiled: the same text on the same
state, so nothing else changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from sim.network import kernel, sharing
from sim.network.records import IN_HAND, INF, PRIVATE, add_class, plain, with_room

COMPILE_AFTER = 100_000
"""Classes solved again in plain Python, about half a second's work, before the compiled text is loaded."""


class FlowClass:
    """Flows that share one rate: same route, weight and cap. Made by `Fluid.class_of`; keep it and use it again."""

    __slots__ = ("cap_Bps", "number", "route", "weight")

    def __init__(self, number: int, route: tuple[int, ...], weight: float, cap_Bps: float) -> None:
        self.number = number
        self.route = route
        self.weight = weight
        self.cap_Bps = cap_Bps


class Fluid:
    """Flows under weighted max-min fairness with caps, exact.

    `capacity_Bps` : (n_links,) bytes/s, 0 for a link that is down. Links are known by their position. Calls come in
    order of time. `next_finish_s` is when the next flow ends, inf when none will.
    """

    def __init__(self, capacity_Bps: Sequence[float]) -> None:
        self.next_finish_s = INF
        self._net = plain(capacity_Bps)
        self._do: Any = kernel
        self._classes: dict[tuple[tuple[int, ...], float, float], FlowClass] = {}
        self._tokens: list[tuple[int, object]] = []
        self._free: list[int] = []
        self._started = 0

    def class_of(self, route: tuple[int, ...], weight: float = 1.0, cap_Bps: float = INF) -> FlowClass:
        """The class of flows over `route` (link numbers, none twice) with this weight and a cap on each flow."""
        found = self._classes.get((route, weight, cap_Bps))
        if found is None:
            found = self._classes[route, weight, cap_Bps] = self._new_class(route, weight, cap_Bps)
        return found

    def start(self, now_s: float, flow_class: FlowClass, size_bytes: float, token: object) -> None:
        """A flow of `size_bytes` begins; `finished` will give `token` back."""
        if not self._free:
            self._make_room()
        flow = self._free.pop()
        self._started += 1
        self._tokens[flow] = (self._started, token)
        net = self._net
        self._do.start(net, now_s, flow_class.number, flow, size_bytes)
        self.next_finish_s = net.nodes[net.board[0].clock].key

    def finished(self, now_s: float) -> list[Any]:
        """The tokens of all flows that have ended by `now_s`, in the order they started."""
        net = self._net
        ended = self._do.finish(net, now_s)
        clock = net.board[0].clock
        self.next_finish_s = net.nodes[clock].key if clock >= 0 else INF
        tokens = self._tokens
        if ended == 1:
            flow = net.flows[0].ended
            self._free.append(flow)
            return [tokens[flow][1]]
        flows = [net.flows[i].ended for i in range(ended)]
        self._free += flows
        return [token for _, token in sorted((tokens[flow] for flow in flows), key=itemgetter(0))]

    def set_capacity(self, now_s: float, link: int, capacity_Bps: float) -> None:
        """From `now_s` on `link` carries `capacity_Bps` bytes/s; at 0 its flows stand still."""
        if not capacity_Bps >= 0:
            raise ValueError(f"link {link}: capacity must be 0 bytes/s or more, got {capacity_Bps:g}")
        net = self._net
        self._do.set_capacity(net, now_s, link, float(capacity_Bps))
        clock = net.board[0].clock
        self.next_finish_s = net.nodes[clock].key if clock >= 0 else INF

    @property
    def flows(self) -> int:
        """How many flows are under way."""
        return len(self._tokens) - len(self._free)

    def rate_Bps(self, flow_class: FlowClass) -> float:
        """What each flow of this class gets now, bytes/s (0 when it has none)."""
        k = self._net.classes[flow_class.number]
        if k.link == IN_HAND:
            return 0.0
        return float(k.rate if k.link == PRIVATE else k.weight * self._net.links[k.link].level)

    def link_bytes(self, now_s: float) -> list[float]:
        """Bytes each link has carried up to `now_s`, (n_links,)."""
        net = self._net
        carried = [k.carried for k in net.classes]
        got = [sharing.served(net, c, now_s) for c in range(len(carried))]
        for flow in set(range(len(net.flows))).difference(self._free):
            row = net.flows[flow]
            carried[row.owner] += row.size - (row.key - got[row.owner])
        total = [0.0] * len(net.links)
        for hop in net.hops:
            total[hop.link] += carried[hop.owner]
        return total

    def _make_room(self) -> None:
        old = len(self._tokens)
        self._net = with_room(self._net, max(64, old))
        self._tokens += [(0, None)] * (len(self._net.flows) - old)
        self._free = list(range(old, len(self._tokens)))

    def _new_class(self, route: tuple[int, ...], weight: float, cap_Bps: float) -> FlowClass:
        if not 0 < weight < INF:
            raise ValueError(f"weight must be above 0 and finite, got {weight:g}")
        if not cap_Bps > 0:
            raise ValueError(f"cap must be above 0 bytes/s, got {cap_Bps:g}")
        if len(set(route)) < len(route):
            raise ValueError(f"route must not cross a link twice, got {route}")
        return FlowClass(add_class(self._net, route, weight, cap_Bps), route, weight, cap_Bps)
