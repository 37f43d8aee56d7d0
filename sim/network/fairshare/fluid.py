"""Flows over time, one event at a time: what a simulation drives.

`Fluid` keeps tokens and free rows; `kernel` does the arithmetic. It runs in plain Python until so many classes had to
be solved again that compiling would have paid, then goes on compiled: the same text on the same state, so nothing
else changes.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from sim.network.fairshare import kernel
from sim.network.fairshare.monitor import Watch
from sim.network.fairshare.state import (
    INF,
    PRIVATE,
    Net,
    add_class,
    as_arrays,
    check_capacity,
    check_class,
    ended,
    plain,
    readable,
    shade,
    with_room,
)

COMPILE_AFTER = 1_500_000
"""Classes solved again in plain Python, some seconds' work, before the compiled text is loaded."""


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
    order of time, and every finish is asked for before time passes it. `next_finish_s` is when the next flow ends,
    inf when none will; `net` is the state, to be read (see `records`). A `watch` sees what links carried and what held
    flows back. `compiled` from the start costs a second, and the first time half a minute; it pays in long runs.
    """

    def __init__(self, capacity_Bps: Sequence[float], watch: Watch | None = None, compiled: bool = False) -> None:
        for link, capacity in enumerate(capacity_Bps):
            check_capacity(f"link {link}", capacity)
        self.next_finish_s = INF
        self._do: Any = kernel
        self._keep(plain(capacity_Bps))
        self._classes: dict[tuple[tuple[int, ...], float, float], FlowClass] = {}
        self._common: dict[int, set[int]] | None = {}
        self._routes: set[tuple[int, ...]] = set()
        self._tokens: list[tuple[int, Any]] = []
        self._free: list[int] = []
        self._started = 0
        self._watch = watch
        if watch is not None:
            self._net.board[0].observed = 1
            watch.begin(len(capacity_Bps))
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
            self._make_room()
        flow = self._free.pop()
        self._started += 1
        if self._started % 256 == 0 and self._do is kernel and self._net.board[0].solved > COMPILE_AFTER:
            self._compile()
        self._tokens[flow] = (self._started, token)
        if self._watch is not None:
            self._watch.advance(self, now_s)
        # Always floats: numba would compile all of it once more for an integer.
        self.next_finish_s = self._do.start(self._handle, float(now_s), flow_class.number, flow, float(size_bytes))
        if self._watch is not None:
            self._watch.started(self, flow, flow_class, size_bytes, purpose)
        return flow

    def finished(self, now_s: float) -> list[Any]:
        """The tokens of all flows that have ended by `now_s`, in the order they started."""
        if self._watch is not None:
            self._watch.advance(self, now_s)
        n, self.next_finish_s = self._do.finish(self._handle, float(now_s))
        if n == 1 and self._do is kernel and self._watch is None:
            flow = self._net.flows[0].ended
            self._free.append(flow)
            return [self._tokens[flow][1]]
        flows = ended(self._net, n)
        self._free += flows
        if self._watch is not None:
            for flow in flows:
                self._watch.ended(self, flow, self._tokens[flow][1])
        return [token for _, token in sorted((self._tokens[flow] for flow in flows), key=itemgetter(0))]

    def stop(self, now_s: float, flow: int) -> float:
        """Takes a flow out before its end; the bytes it still had to send."""
        if self._watch is not None:
            self._watch.advance(self, now_s)
        left_bytes, self.next_finish_s = self._do.stop(self._handle, float(now_s), flow)
        self._free.append(flow)
        if self._watch is not None:
            self._watch.ended(self, flow, self._tokens[flow][1], left_bytes)
        return float(left_bytes)

    def move(self, now_s: float, flow: int, flow_class: FlowClass, more_bytes: float = 0.0) -> None:
        """A flow goes on in a class of the same route with what it has left, and more; its place in line stays."""
        if self._watch is not None:
            self._watch.advance(self, now_s)
        self.next_finish_s = self._do.move(self._handle, float(now_s), flow, flow_class.number, float(more_bytes))
        if self._watch is not None:
            self._watch.moved(self, flow, flow_class, more_bytes)

    def advance(
        self, now_s: float, flow: int, old: FlowClass, least_Bps: float, window_bytes: float, new: FlowClass,
        top: FlowClass,
    ) -> tuple[float, float]:  # fmt: skip
        """A flow of class `old` that gets `least_Bps` or more goes on in another of its route and weight.

        In `top` if `window_bytes` hold what it has left, else in `new`. What it got until now, bytes/s, and what it
        still has to send, bytes.
        """
        watch = self._watch
        if watch is not None:
            watch.advance(self, now_s)
        got_Bps, left_bytes, exchanged, self.next_finish_s = self._do.advance(
            self._handle, float(now_s), flow, float(least_Bps), float(window_bytes), new.number, top.number
        )
        if got_Bps >= least_Bps:
            following = top if left_bytes <= window_bytes else new
            if exchanged:
                old.number, following.number = following.number, old.number
            if watch is not None and following is not old:
                watch.advanced(self, flow, following, exchanged)
        return got_Bps, left_bytes

    def set_capacity(self, now_s: float, link: int, capacity_Bps: float) -> None:
        """From `now_s` on `link` carries `capacity_Bps` bytes/s; at 0 its flows stand still."""
        check_capacity(f"link {link}", capacity_Bps)
        if self._watch is not None:
            self._watch.advance(self, now_s)
        self._common = None
        self.next_finish_s = self._do.set_capacity(self._handle, float(now_s), link, float(capacity_Bps))

    @property
    def flows(self) -> int:
        """How many flows are under way."""
        return len(self._tokens) - len(self._free)

    def rate_Bps(self, flow_class: FlowClass) -> float:
        """What each flow of this class gets now, bytes/s (0 when it has none)."""
        return float(self._do.rate(self._handle, flow_class.number))

    def is_full(self, link: int) -> bool:
        """Whether some flow would take more of `link` than there is."""
        at = self.net.links[link]
        if at.members or at.potential < at.capacity * (1 - 1e-12):
            return bool(at.members)
        return any(k.link == PRIVATE and k.bound == at.capacity and self._crosses(k, link) for k in self.net.classes)

    def _crosses(self, k: Any, link: int) -> bool:
        return any(self.net.hops[h].link == link for h in range(k.first_hop, k.end_hop))

    def left_bytes(self, now_s: float, flow: int) -> float:
        """What a flow still has to send."""
        return self.progress(now_s, flow)[1]

    def progress(self, now_s: float, flow: int) -> tuple[float, float]:
        """What a flow gets now, bytes/s, and what it still has to send, bytes."""
        now: tuple[float, float] = self._do.progress(self._handle, float(now_s), flow)
        return now

    def is_held(self, flow_class: FlowClass) -> bool:
        """Whether a link holds this class back that others hold it back on, too."""
        if self._do is kernel:
            return self._net.classes[flow_class.number].link >= 0
        return bool(self._held_by[flow_class.number] >= 0)

    def live(self) -> list[int]:
        """The numbers of the flows under way."""
        return sorted(set(range(len(self._tokens))).difference(self._free))

    def tokens(self) -> list[Any]:
        """The tokens of the flows under way."""
        return [self._tokens[flow][1] for flow in self.live()]

    def link_bytes(self, now_s: float) -> list[float]:
        """Bytes each link has carried up to `now_s`, (n_links,)."""
        net = self.net
        carried = [float(k.carried) for k in net.classes]
        for flow in self.live():
            row = net.flows[flow]
            carried[row.owner] += float(row.asked) - self.left_bytes(now_s, flow)
        total = [0.0] * len(net.links)
        for hop in net.hops[: net.board[0].hops]:
            total[hop.link] += carried[hop.owner]
        return total

    def _make_room(self) -> None:
        old = len(self._tokens)
        self._keep(with_room(self._net, max(64, old)))
        self._tokens += [(0, None)] * (len(self._net.flows) - old)
        self._free = list(range(len(self._tokens) - 1, old - 1, -1))

    def _keep(self, net: Net) -> None:
        self._net = net
        self.net = readable(net)
        if self._do is kernel:
            self._handle: Any = net
        else:
            self._handle = self._do.handle(net)
            table: Any = net.classes
            self._held_by = table["link"]

    def _compile(self) -> None:
        self._do = importlib.import_module("sim.network.fairshare.compiled")
        self._keep(as_arrays(self._net))

    def _new_class(self, route: tuple[int, ...], weight: float, cap_Bps: float) -> FlowClass:
        check_class(route, weight, cap_Bps)
        net = add_class(self._net, route, weight, cap_Bps)
        if any(table is not old for table, old in zip(net, self._net, strict=True)):
            self._keep(net)
        if self._common is not None and route not in self._routes:
            self._routes.add(route)
            shade(self._net, self._common, route)
        return FlowClass(int(self.net.board[0].classes) - 1, route, weight, cap_Bps)
