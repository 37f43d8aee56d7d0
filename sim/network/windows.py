"""Flows by their windows instead of by fair shares: what meets on a drop-tail link under CUBIC, event by event.

It has `Fluid`'s calls for starts and ends, and costs far more: time goes by in steps. What shares leave out is all
here, the time that windows take to come back after a loss (see `cubic`). Draws arrive as values.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from functools import cache
from graphlib import TopologicalSorter
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.network import cubic, transport

STEP_S = 0.002
"""How long windows stand still: a fraction of the shortest round trip that matters."""
DRAWS = 64
"""Values that one flow wants; it begins anew when it has used them up."""


@cache
def compiled() -> Any:
    """`cubic.play`, compiled: late, because numba is slow to import."""
    jit = importlib.import_module("sim.network.jit")
    return jit.jit_text((cubic,), jit.checksum((cubic, transport)))["play"]


class Windows:
    """Connections under way. `next_finish_s` is when the next will have sent all, inf when none will.

    `capacity_Bps`, `depth_bytes` : (n_links,), what links carry, above 0, and what their queues hold. `heed` is how
    many losses a connection notices for each packet that is dropped. Routes must not go round in circles together.
    Ends are known to within `step_s`. Calls come in order of time.
    """

    def __init__(
        self, capacity_Bps: Sequence[float], depth_bytes: Sequence[float], heed: float, step_s: float = STEP_S
    ) -> None:
        if min(capacity_Bps) <= 0:
            raise ValueError(f"capacities must be above 0 bytes/s, got {min(capacity_Bps):g}")
        self._links = np.zeros(len(capacity_Bps), cubic.LINK)
        self._links["capacity"] = capacity_Bps
        self._links["depth"] = depth_bytes
        self._heed = heed
        self._step_s = step_s
        self._now_s = 0.0
        self._under_way: list[tuple[Any, tuple[int, ...]]] = []
        self._flows = np.zeros(0, cubic.FLOW)
        self._draws = np.zeros((0, DRAWS))
        self._lay_out()
        self._next: tuple[float, Any, Any] | None = None

    def start(
        self, now_s: float, route: tuple[int, ...], size_bytes: float, round_trip_s: float, token: Any,
        draws: NDArray[np.float64],
    ) -> None:  # fmt: skip
        """A connection begins to send; `draws` : (DRAWS,), exponential with mean 1."""
        self._settle(now_s)
        flow = np.zeros(1, cubic.FLOW)
        flow["window"], flow["left"], flow["round_trip"] = transport.INITIAL_WINDOW_BYTES, size_bytes, round_trip_s
        flow["slow"], flow["hops"] = 1, len(route)
        self._under_way.append((token, route))
        self._flows = np.concatenate([self._flows, flow])
        self._draws = np.concatenate([self._draws, draws[None, :]])
        self._lay_out()

    @property
    def next_finish_s(self) -> float:
        """What would happen first if nobody else began: worked out once, and kept until somebody does."""
        if not self._under_way:
            return np.inf
        if self._next is None:
            links, flows = self._links.copy(), self._flows.copy()
            self._next = self._play(links, flows, np.inf), links, flows
        return self._next[0]

    def finished(self, now_s: float) -> list[Any]:
        """The tokens of those that have sent all by `now_s`, in the order in which they began."""
        if self.next_finish_s > now_s:
            return []
        assert self._next is not None
        self._now_s, self._links, self._flows = self._next
        self._next = None
        going = self._flows["left"] > 0
        ended = [token for (token, _), goes in zip(self._under_way, going, strict=True) if not goes]
        self._under_way = [one for one, goes in zip(self._under_way, going, strict=True) if goes]
        self._flows, self._draws = self._flows[going], self._draws[going]
        self._lay_out()
        return ended

    def queue_bytes(self) -> list[float]:
        """What waits in each link's queue as of the last start or end, (n_links,)."""
        waiting: list[float] = self._links["queue"].tolist()
        return waiting

    def _settle(self, now_s: float) -> None:
        """Let time go by until now, in which nothing has ended."""
        if self._under_way:
            self._play(self._links, self._flows, now_s)
        else:
            drained = self._links["capacity"] * (now_s - self._now_s)
            self._links["queue"] = np.maximum(self._links["queue"] - drained, 0.0)
        self._now_s = now_s
        self._next = None

    def _play(self, links: Any, flows: Any, until_s: float) -> float:
        tables = links.view(np.recarray), flows.view(np.recarray), self._hops, self._order, self._draws
        return float(compiled()(*tables, len(flows), self._now_s, until_s, self._step_s, self._heed))

    def _lay_out(self) -> None:
        """The routes under way as a table, and the links on them, each after all that any route crosses before it."""
        routes = [route for _, route in self._under_way]
        self._hops = np.full((len(routes), max(map(len, routes), default=1)), -1)
        before: dict[int, set[int]] = {}
        for row, route in zip(self._hops, routes, strict=True):
            row[: len(route)] = route
            for link in route:
                before.setdefault(link, set())
            for link, following in pairwise(route):
                before[following].add(link)
        self._order = np.array(list(TopologicalSorter(before).static_order()), np.int64)
