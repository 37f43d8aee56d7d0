"""The packets of a run, where `run.wire` has bodies go packet by packet: what `sim.protocol.ops.packets` asks for.

Bodies of a run are connections of `sim.network.packets`, which both engines call as the same machine code; so they
agree on packets because there is one text and one machine of it, while all around it is run by each in its own way.
Links of the network have queues, which hold what the link sends in `tcp.queue`, and drop what comes when they are full.
Disks and caps have none that is ever full: whoever sends to them is held up by its own buffer and the receive window.

Which of the connections that begin at one instant is first is drawn, as is where in BBR's cycle each begins. Left out:
packets of requests, which wait in queues and take no room in them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import Final

import numpy as np

from sim.errors import InputError
from sim.network.packets.windows import Windows, packets_of
from sim.network.tcp.transport import MSS_BYTES, Congestion
from sim.protocol.build import Built
from sim.protocol.codes import (
    INF,
    OWN_CAP,
    PACKETS_ASKED,
    PACKETS_BEGIN,
    PACKETS_DRAW,
    PACKETS_RUN,
    PACKETS_WAIT,
)
from sim.records.cells import cell, numbers_at, set_cells
from sim.records.layout import State
from sim.records.machinery import lacking

#: By how much connections that are opened at one instant come after each other, in the mean: which one is first.
TOGETHER_S: Final = 0.0003
#: What a queue has room for though its link is slow: with less nothing would ever get through.
_LEAST_QUEUE: Final = 2 * MSS_BYTES

#: Where a body of a lane draws from.
Draw = Callable[[int], np.random.Generator]


def depths_bytes(capacity_Bps: Sequence[float], queue_s: float, endless: Collection[int] = ()) -> list[float]:
    """What the queue of each link holds; those of `endless` links are never full."""
    return [
        INF if link in endless else max(queue_s * capacity, _LEAST_QUEUE) for link, capacity in enumerate(capacity_Bps)
    ]


class PacketWire:
    """Bodies under way. `again_bytes` is what was sent more than once, by lane; `draw` says where a lane draws from.

    InputError, which names `limit`, once bodies of more than `most` packets have begun.
    """

    def __init__(
        self, capacity_Bps: Sequence[float], depth_bytes: Sequence[float], congestion: Congestion, draw: Draw,
        most: int | None = None, limit: str = "", compiled: bool = True,
    ) -> None:  # fmt: skip
        self.windows = Windows(capacity_Bps, depth_bytes, congestion, compiled)
        self.again_bytes: defaultdict[int, float] = defaultdict(float)
        self._queued = [math.isfinite(depth) for depth in depth_bytes]
        self._draw = draw
        self._most, self._limit = most, limit
        self._seeds: dict[int, int] = {}
        self._under_way: set[int] = set()
        self._packets = self._sent = self._again = 0
        self._answers: Final = {
            PACKETS_DRAW: self._on_draw, PACKETS_BEGIN: self._begin, PACKETS_RUN: self._run, PACKETS_WAIT: self._wait,
        }  # fmt: skip

    @property
    def any_under_way(self) -> bool:
        """Whether any body is."""
        return bool(self._under_way)

    @property
    def answers(self) -> dict[int, Callable[[State, int, int, int], None]]:
        """What a host answers for it (`sim.engines.host`)."""
        return {PACKETS_ASKED: self.answer}

    def answer(self, state: State, asked: int, at: int, c: int) -> None:
        """Answer by the number that is asked (`sim.protocol.codes`)."""
        self._answers[asked](state, at)

    def _on_draw(self, state: State, flight: int) -> None:
        rng = self._draw(int(cell(state, "flights", flight, "lane")))
        set_cells(state, "packets", 0, {"delay_s": TOGETHER_S * float(rng.standard_exponential())})
        self._seeds[flight] = int(rng.integers(1 << 31))

    def _begin(self, state: State, flight: int) -> None:
        lane, size_bytes = (cell(state, "flights", flight, field) for field in ("lane", "size_bytes"))
        trip_s = cell(state, "flights", flight, "trip_s")
        self._packets += packets_of(size_bytes)
        if self._most is not None and self._packets > self._most:
            problem = f"a run of more than {self._most:,} packets goes on no further"
            raise InputError(self._limit, problem, 'raise it, or write run.wire = "fluid"')
        self.windows.start(
            cell(state, "g", 0, "now_s"), tuple(links_of(state, lane)), size_bytes, trip_s, flight,
            self._seeds.pop(flight), cell(state, "lanes", lane, "own_cap_Bps") * trip_s if trip_s > 0.0 else INF,
        )  # fmt: skip
        self._under_way.add(flight)

    def _run(self, state: State, at: int) -> None:
        if not self._under_way:
            set_cells(state, "packets", 0, {"driven": 0})
            return
        at_s, ended = self.windows.advance(cell(state, "packets", 0, "until_s"))
        if math.isinf(at_s):
            problem = f"{len(self._under_way)} connections were given up, as queues were full at every try"
            raise InputError("tcp.queue", problem, "write a longer one")
        set_cells(state, "packets", 0, {"at_s": at_s})
        if ended is not None:
            self._end(state, ended)

    def _end(self, state: State, flight: int) -> None:
        """A body has left: what it took, and where its packets waited the longest."""
        lane, size_bytes = (cell(state, "flights", flight, field) for field in ("lane", "size_bytes"))
        self._under_way.remove(flight)
        again_bytes = self.windows.resent_bytes(flight)
        self.again_bytes[lane] += again_bytes
        again = round(again_bytes / MSS_BYTES)
        self._again += again
        self._sent += packets_of(size_bytes) + again
        place, links = self.windows.longest_wait(flight), links_of(state, lane)
        by = OWN_CAP if place < 0 else links[place]
        rate_Bps = cell(state, "lanes", lane, "rate_Bps") if place < 0 else cell(state, "links", by, "capacity")
        set_cells(state, "flights", flight, {"bound_by": by, "bound_s": size_bytes / rate_Bps})
        set_cells(state, "packets", 0, {"ended": flight, "sent": self._sent, "again": self._again})
        self.windows.forget(flight)

    def _wait(self, state: State, lane: int) -> None:
        waits_s = self.windows.queue_delays_s(cell(state, "g", 0, "now_s"))
        wait_s = sum(waits_s[link] for link in links_of(state, lane) if self._queued[link])
        set_cells(state, "packets", 0, {"wait_s": wait_s})


def links_of(state: State, lane: int) -> list[int]:
    """The links of a lane."""
    return numbers_at(
        state, "lane_links", *(int(cell(state, "lanes", lane, field)) for field in ("first_link", "end_link"))
    )


def packet_answers(built: Built) -> dict[int, Callable[[State, int, int, int], None]]:
    """What answers for the packets of a run; nothing where its bodies are flows."""
    given = built.packets
    if given is None:
        return {}
    capacity_Bps = built.routes.capacity_Bps
    endless = range(len(built.routes.graph.links), len(capacity_Bps))
    depth_bytes = depths_bytes(capacity_Bps, given.queue_s, endless)
    wire = PacketWire(
        capacity_Bps, depth_bytes, given.congestion, lambda lane: given.rng, given.most, given.limit, not lacking()
    )
    return wire.answers
