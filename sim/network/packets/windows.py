"""Flows by their windows instead of by fair shares: what meets on drop-tail links under CUBIC or BBR, packet by packet.

It has `Fluid`'s calls for starts and ends, and costs far more: some two events a packet. What shares leave out is all
here: bursts, losses, and the time that windows take to come back (see `packets`). Draws arrive as values.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, Literal

import numpy as np

from sim.network.packets import bbr, cubic, packets, policing, queue
from sim.network.packets.packets import RING, SEND_BUFFER, Tables
from sim.network.tcp import transport
from sim.network.tcp.transport import MSS_BYTES


@cache
def compiled() -> tuple[Any, Any]:
    """`packets.begin` and `packets.play`, compiled: late, because numba is slow to import."""
    jit = importlib.import_module("sim.records.jit")
    modules = (queue, cubic, policing, bbr, packets)
    text = jit.jit_text(modules, jit.checksum((*modules, transport)), entries={"begin", "play"})
    return text["begin"], text["play"]


Congestion = Literal["cubic", "bbr"]
_CONTROLS: Final[Mapping[Congestion, int]] = {"cubic": packets.CUBIC, "bbr": packets.BBR}


class Windows:
    """Connections under way. `next_finish_s` is when the next will have sent all, inf when none will.

    `capacity_Bps`, `depth_bytes` : (n_links,), what links carry, above 0, and what their queues hold; `congestion` :
    by which all send. Calls come in order of time.
    """

    def __init__(
        self, capacity_Bps: Sequence[float], depth_bytes: Sequence[float], congestion: Congestion = "cubic"
    ) -> None:
        if min(capacity_Bps) <= 0:
            raise ValueError(f"capacities must be above 0 bytes/s, got {min(capacity_Bps):g}")
        links = np.zeros(len(capacity_Bps), packets.LINK)
        links["capacity"], links["depth"] = capacity_Bps, depth_bytes
        self._depth_bytes = depth_bytes
        self._control = _CONTROLS[congestion]
        self._tokens: list[Any] = []
        self._tables = _empty(links)
        self._next: tuple[float, Tables] | None = None

    def start(
        self, now_s: float, route: tuple[int, ...], size_bytes: float, round_trip_s: float, token: Any, dice: int = 0
    ) -> None:
        """A connection begins to send. `dice` : where BBR's cycle begins is drawn from this, 0 or more."""
        self._play(self._tables, now_s)
        self._next = None
        if not self._going().any():
            self._tables = _empty(self._tables.links)
            self._tokens = []
        count = max(1, math.ceil(size_bytes / MSS_BYTES))
        flow = np.zeros(1, packets.FLOW)
        flow["round_trip"] = flow["trip"] = round_trip_s
        flow["packets"], flow["last_bytes"] = count, size_bytes - (count - 1) * MSS_BYTES
        flow["control"], flow["dice"] = self._control, dice % (1 << 31)
        flow["cwnd"], flow["ssthresh"] = transport.INITIAL_WINDOW, np.inf
        flow["least"] = flow["lowest"] = np.inf
        flow["epoch"], flow["hops"] = -1.0, len(route)
        before = self._tables
        self._tables = Tables(
            before.links,
            np.concatenate([before.flows, flow]),
            _wider(before.hops, list(route), -1),
            np.concatenate([before.sent, np.zeros((1, RING), packets.SENT)]),
            np.concatenate([before.lost, np.zeros((1, RING), np.int64)]),
            _wider(before.there, [0] * count, 0),
            np.concatenate([before.heap, np.zeros(2 * SEND_BUFFER + 64, queue.EVENT)]),
            before.count,
        )
        self._tokens.append(token)
        compiled()[0](_records(self._tables), len(self._tokens) - 1, now_s)

    @property
    def next_finish_s(self) -> float:
        """What would happen first if nobody else began: worked out once, and kept until somebody does."""
        if not self._going().any():
            return math.inf
        if self._next is None:
            tables = Tables(*(table.copy() for table in self._tables))
            self._next = self._play(tables, math.inf), tables
        return self._next[0]

    def finished(self, now_s: float) -> list[Any]:
        """The tokens of those that have sent all by `now_s`, in the order in which they began."""
        if self.next_finish_s > now_s:
            return []
        assert self._next is not None
        going = self._going()
        self._tables = self._next[1]
        self._next = None
        return [self._tokens[at] for at in np.flatnonzero(going & ~self._going())]

    def again_bytes(self, token: Any) -> float:
        """What a connection has sent more than once; until the next one begins after all have ended."""
        flow = self._tables.flows[self._tokens.index(token)]
        return float(flow["sent"] - flow["packets"]) * MSS_BYTES

    def lose(self, now_s: float, links: Sequence[int], lost: bool) -> None:
        """From now on these links drop everything, or no longer; what waits in their queues still gets through."""
        self._play(self._tables, now_s)
        self._next = None
        for link in links:
            self._tables.links["depth"][link] = -1.0 if lost else self._depth_bytes[link]

    def waits_s(self, now_s: float) -> list[float]:
        """How long a packet that comes now waits in each link's queue, (n_links,)."""
        self._play(self._tables, now_s)
        waits: list[float] = np.maximum(self._tables.links["empty"] - now_s, 0.0).tolist()
        return waits

    def _going(self) -> Any:
        return self._tables.flows["done"] == 0

    def _play(self, tables: Tables, until_s: float) -> float:
        return float(compiled()[1](_records(tables), until_s))


def _empty(links: Any) -> Tables:
    """Nobody on these links."""
    return Tables(
        links, np.zeros(0, packets.FLOW), np.zeros((0, 1), np.int64), np.zeros((0, RING), packets.SENT),
        np.zeros((0, RING), np.int64), np.zeros((0, 1), np.int8), np.zeros(64, queue.EVENT), np.zeros(2, np.int64),
    )  # fmt: skip


def _records(tables: Tables) -> Tables:
    """The same memory, its columns by name, as the text wants them."""
    return Tables(*(table.view(np.recarray) if table.dtype.names else table for table in tables))


def _wider(table: Any, row: Sequence[int], fill: int) -> Any:
    """The table with one more row, and columns for the longer of both."""
    wide = np.full((len(table) + 1, max(table.shape[1], len(row))), fill, table.dtype)
    wide[:-1, : table.shape[1]] = table
    wide[-1, : len(row)] = row
    return wide
