"""What links carried, when they were full, and what held each flow back: seen only if asked for.

Bytes are booked in whole numbers as flows end and as each bin closes, so that bins add up exactly to what was
carried, and purposes (any tag that a flow was started with) to the bins. A link counts as full while somebody would
take more of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.network.fairshare.state import IN_HAND

if TYPE_CHECKING:
    from sim.network.fairshare.fluid import FlowClass, Fluid


class Seen(NamedTuple):
    """A flow that has ended: for how long each link, or its own cap (None), held it back, s. They add up to its
    life."""

    token: Any
    purpose: Any
    started_s: float
    ended_s: float
    held_s: dict[int | None, float]


class _Sight:
    __slots__ = ("booked", "flow_class", "held_s", "mark", "purpose", "size_bytes", "started_s")

    def __init__(
        self, flow_class: FlowClass, size_bytes: float, purpose: Any, started_s: float, mark: list[float]
    ) -> None:
        self.flow_class = flow_class
        self.size_bytes = size_bytes
        self.purpose = purpose
        self.started_s = started_s
        self.booked = 0
        self.mark = mark
        self.held_s: dict[int | None, float] = {}


class Watch:
    """Sees one `Fluid`. `bin_s` is the width of a bin, s; `tell`, if given, hears of each flow that has ended."""

    def __init__(self, bin_s: float = 60.0, tell: Callable[[Seen], None] | None = None) -> None:
        if not bin_s > 0:
            raise ValueError(f"bin_s must be above 0 s, got {bin_s:g}")
        self.bin_s = bin_s
        self._tell = tell
        self._now_s = 0.0
        # Of each closed bin the links that carried something, most of them being idle most of the time.
        self._bins: list[dict[int, int]] = []
        self._by_purpose: dict[Any, list[int]] = {}
        self._sights: dict[int, _Sight] = {}

    def begin(self, n_links: int) -> None:
        self._n_links = n_links
        self._open: dict[int, int] = {}

    def advance(self, fluid: Fluid, now_s: float) -> None:
        """Closes the bins that end by `now_s`. To be called before anything changes at `now_s`."""
        while now_s >= (len(self._bins) + 1) * self.bin_s:
            edge_s = (len(self._bins) + 1) * self.bin_s
            for flow, sight in self._sights.items():
                self._book(sight, int(sight.size_bytes - fluid.left_bytes(edge_s, flow)))
            self._bins.append(self._open)
            self._open = {}
        self._now_s = now_s

    def started(self, fluid: Fluid, flow: int, flow_class: FlowClass, size_bytes: float, purpose: Any) -> None:
        mark = self._mark(fluid, flow_class) if self._tell else []
        self._sights[flow] = _Sight(flow_class, size_bytes, purpose, self._now_s, mark)

    def moved(self, fluid: Fluid, flow: int, flow_class: FlowClass, more_bytes: float) -> None:
        sight = self._sights[flow]
        sight.size_bytes += more_bytes
        if self._tell:
            self._note_held(fluid, sight)
            sight.mark = self._mark(fluid, flow_class)
        sight.flow_class = flow_class

    def advanced(self, fluid: Fluid, flow: int, flow_class: FlowClass, exchanged: bool) -> None:
        """A flow went on in a class whose place in the tables it kept, if that was `exchanged` for its own."""
        if exchanged:
            self._sights[flow].flow_class = flow_class
        else:
            self.moved(fluid, flow, flow_class, 0.0)

    def ended(self, fluid: Fluid, flow: int, token: Any, left_bytes: float = 0.0) -> None:
        sight = self._sights.pop(flow)
        self._book(sight, int(sight.size_bytes - left_bytes))
        if self._tell:
            self._note_held(fluid, sight)
            self._tell(Seen(token, sight.purpose, sight.started_s, self._now_s, sight.held_s))

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
        """Bytes booked so far by purpose, (n_links,) each."""
        return {purpose: list(carried) for purpose, carried in self._by_purpose.items()}

    def full_s(self, fluid: Fluid) -> list[float]:
        """How long each link has been full, up to the last event, (n_links,) s."""
        return [float(link.full_s + (self._now_s - link.full_since if link.holds else 0.0)) for link in fluid.net.links]

    def _book(self, sight: _Sight, bytes_by_now: int) -> None:
        more = bytes_by_now - sight.booked
        sight.booked = bytes_by_now
        tally = self._by_purpose.get(sight.purpose)
        if tally is None:
            tally = self._by_purpose[sight.purpose] = [0] * self._n_links
        open_bin = self._open
        for link in sight.flow_class.route:
            open_bin[link] = open_bin.get(link, 0) + more
            tally[link] += more

    def _mark(self, fluid: Fluid, flow_class: FlowClass) -> list[float]:
        """How long the class has been held back so far: by its cap, then by each link of its route."""
        net = fluid.net
        k = net.classes[flow_class.number]
        mark = [float(k.capped_s), *(float(net.hops[h].held_s) for h in range(k.first_hop, k.end_hop))]
        if k.link != IN_HAND:
            mark[k.held - k.first_hop + 1 if k.held >= 0 else 0] += self._now_s - float(k.held_since)
        return mark

    def _note_held(self, fluid: Fluid, sight: _Sight) -> None:
        now = self._mark(fluid, sight.flow_class)
        for link, before, after in zip((None, *sight.flow_class.route), sight.mark, now, strict=True):
            if after > before:
                sight.held_s[link] = sight.held_s.get(link, 0.0) + after - before
