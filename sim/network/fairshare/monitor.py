"""A flow monitor: what links carried, when they were full, and what held each flow back. Seen only if asked for.

Bytes are counted in whole numbers as flows end and as each bin closes, so that bins add up exactly to what was
carried, and purposes (any tag that a flow was started with) to the bins. A link counts as full while somebody would
take more of it.

Named after ns-3's FlowMonitor, which has each flow's bytes and delays; here there are no packets, so none are lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.network.fairshare.state import DETACHED
from sim.records.cells import cell
from sim.records.layout import State


class Monitored(Protocol):
    """A network as its monitor sees it."""

    @property
    def state(self) -> State:
        """Its rows."""

    def left_bytes(self, now_s: float, flow: int) -> float:
        """What a flow still has to send."""


class MonitoredClass(Protocol):
    """A class of flows as the monitor sees it: its number, and the links that it crosses."""

    number: int
    route: tuple[int, ...]


class FlowRecord(NamedTuple):
    """A flow that has ended: for how long each link, or its own cap (None), held it back, s.

    They add up to the time that it took.

    >>> from sim import network
    >>> seen = []
    >>> fluid = network.Fluid([10.0], network.FlowMonitor(on_end=seen.append))
    >>> flow = fluid.start(0.0, fluid.class_of((0,)), 100.0, token="first")
    >>> ended = fluid.finished(10.0)
    >>> seen[0].held_s  # by link 0
    {0: 10.0}
    """

    token: Any
    purpose: Any
    started_s: float
    ended_s: float
    held_s: dict[int | None, float]


class _LiveFlow:
    """A flow under way: what was counted of it, and how long its class had been held back when it joined that."""

    __slots__ = ("before_s", "counted_bytes", "flow_class", "held_s", "purpose", "size_bytes", "started_s")

    def __init__(
        self, flow_class: MonitoredClass, size_bytes: float, purpose: Any, started_s: float, before_s: list[float]
    ) -> None:
        self.flow_class = flow_class
        self.size_bytes = size_bytes
        self.purpose = purpose
        self.started_s = started_s
        self.counted_bytes = 0
        self.before_s = before_s
        self.held_s: dict[int | None, float] = {}


class FlowMonitor:
    """Sees one `Fluid`. `bin_s` is the width of a bin, s; `on_end`, if given, is called as each flow ends.

    >>> from sim import network
    >>> monitor = network.FlowMonitor(bin_s=5.0)
    >>> fluid = network.Fluid([10.0], monitor)
    >>> flow = fluid.start(0.0, fluid.class_of((0,)), 100.0, token="first")
    >>> ended = fluid.finished(10.0)
    >>> monitor.peak_Bps().tolist()  # (n_links,) bytes/s
    [10.0]
    """

    def __init__(self, bin_s: float = 60.0, on_end: Callable[[FlowRecord], None] | None = None) -> None:
        if not bin_s > 0:
            raise ValueError(f"bin_s must be above 0 s, got {bin_s:g}")
        self.bin_s = bin_s
        self._on_end = on_end
        self._now_s = 0.0
        # Of each closed bin the links that carried something, most of them being idle most of the time.
        self._bins: list[dict[int, int]] = []
        self._by_purpose: dict[Any, list[int]] = {}
        self._live: dict[int, _LiveFlow] = {}

    def begin(self, n_links: int) -> None:
        """Nothing has happened yet on so many links."""
        self._n_links = n_links
        self._open: dict[int, int] = {}

    def advance(self, network: Monitored, now_s: float) -> None:
        """Closes the bins that end by `now_s`. To be called before anything changes at `now_s`."""
        while now_s >= (len(self._bins) + 1) * self.bin_s:
            edge_s = (len(self._bins) + 1) * self.bin_s
            for flow, live in self._live.items():
                self._count(live, int(live.size_bytes - network.left_bytes(edge_s, flow)))
            self._bins.append(self._open)
            self._open = {}
        self._now_s = now_s

    def started(
        self, network: Monitored, flow: int, flow_class: MonitoredClass, size_bytes: float, purpose: Any
    ) -> None:
        """A flow has begun."""
        before_s = self._class_held_s(network, flow_class) if self._on_end else []
        self._live[flow] = _LiveFlow(flow_class, size_bytes, purpose, self._now_s, before_s)

    def moved(self, network: Monitored, flow: int, flow_class: MonitoredClass, more_bytes: float) -> None:
        """A flow has gone on in another class, with so many bytes more."""
        live = self._live[flow]
        live.size_bytes += more_bytes
        if self._on_end:
            self._note_held(network, live)
            live.before_s = self._class_held_s(network, flow_class)
        live.flow_class = flow_class

    def ended(self, network: Monitored, flow: int, token: Any, left_bytes: float = 0.0) -> None:
        """A flow has ended, or was taken out with so much left to send."""
        live = self._live.pop(flow)
        self._count(live, int(live.size_bytes - left_bytes))
        if self._on_end:
            self._note_held(network, live)
            self._on_end(FlowRecord(token, live.purpose, live.started_s, self._now_s, live.held_s))

    def bins(self) -> NDArray[np.int64]:
        """Bytes carried, (n_bins, n_links); the last bin is still open. Closed bins are exact to the byte."""
        found = np.zeros((len(self._bins) + 1, self._n_links), np.int64)
        for number, carried in enumerate((*self._bins, self._open)):
            for link, carried_bytes in carried.items():
                found[number, link] = carried_bytes
        return found

    def peak_Bps(self) -> NDArray[np.float64]:
        """Each link's busiest bin as a rate, (n_links,) bytes/s."""
        peak: NDArray[np.float64] = self.bins().max(axis=0) / self.bin_s
        return peak

    def purposes(self) -> dict[Any, list[int]]:
        """Bytes counted so far by purpose, (n_links,) each."""
        return {purpose: list(carried) for purpose, carried in self._by_purpose.items()}

    def full_s(self, network: Monitored) -> list[float]:
        """How long each link has been full, up to the last event, (n_links,) s."""
        links = network.state["links"]
        full_s: list[float] = (links["full_s"] + (links["holds"] != 0) * (self._now_s - links["full_since"])).tolist()
        return full_s

    def _count(self, live: _LiveFlow, bytes_by_now: int) -> None:
        more = bytes_by_now - live.counted_bytes
        live.counted_bytes = bytes_by_now
        of_purpose = self._by_purpose.get(live.purpose)
        if of_purpose is None:
            of_purpose = self._by_purpose[live.purpose] = [0] * self._n_links
        open_bin = self._open
        for link in live.flow_class.route:
            open_bin[link] = open_bin.get(link, 0) + more
            of_purpose[link] += more

    def _class_held_s(self, network: Monitored, flow_class: MonitoredClass) -> list[float]:
        """How long the class has been held back so far: by its cap, then by each link of its route."""
        state, c = network.state, flow_class.number
        first = int(cell(state, "classes", c, "first_hop"))
        hops = range(first, first + len(flow_class.route))
        by_links_s = [float(cell(state, "hops", h, "held_s")) for h in hops]
        held_s = [float(cell(state, "classes", c, "capped_s")), *by_links_s]
        if cell(state, "classes", c, "bottleneck") != DETACHED:
            held = int(cell(state, "classes", c, "held"))
            held_s[held - first + 1 if held >= 0 else 0] += self._now_s - float(cell(state, "classes", c, "held_since"))
        return held_s

    def _note_held(self, network: Monitored, live: _LiveFlow) -> None:
        now_s = self._class_held_s(network, live.flow_class)
        for link, before_s, after_s in zip((None, *live.flow_class.route), live.before_s, now_s, strict=True):
            if after_s > before_s:
                live.held_s[link] = live.held_s.get(link, 0.0) + after_s - before_s
