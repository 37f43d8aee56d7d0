"""Flows by their windows instead of by fair shares: what meets on drop-tail links under CUBIC or BBR, packet by packet.

It has `Fluid`'s calls for starts and ends, and costs far more: some two events a packet. What shares leave out is all
here: bursts, losses, and the time that windows take to come back (see `packets`). It draws no random numbers: where
BBR's cycle begins comes from a seed.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from sim.network.packets import packets
from sim.network.packets.state import BBR, BW_SAMPLES, CUBIC, LAYOUT, RING, SEND_BUFFER
from sim.network.tcp.transport import INITIAL_WINDOW, MSS_BYTES, Congestion
from sim.records.cells import cell, set_cells, set_number
from sim.records.layout import ArrayState, ObjectState, State, copied, table_of

_CONTROLS: Final[Mapping[Congestion, int]] = {"cubic": CUBIC, "bbr": BBR}


class Windows:
    """Connections under way. `next_finish_s` is when the next will have sent all, inf when none will.

    `capacity_Bps`, `depth_bytes` : (n_links,), what links carry, above 0, and what their queues hold; `congestion` :
    by which all send. Calls come in order of time. `compiled` costs half a minute the first time; the interpreter does
    the same, some two hundred times slower.

    ValueError for a capacity that is not above zero.

    >>> from sim import network
    >>> windows = network.Windows([1.25e6], [1e5], compiled=False)
    >>> windows.next_finish_s
    inf
    """

    def __init__(
        self, capacity_Bps: Sequence[float], depth_bytes: Sequence[float], congestion: Congestion = "cubic",
        compiled: bool = True,
    ) -> None:  # fmt: skip
        if min(capacity_Bps) <= 0:
            raise ValueError(f"capacities must be above 0 bytes/s, got {min(capacity_Bps):g}")
        self._kernel: Any = importlib.import_module("sim.network.packets.compiled") if compiled else packets
        self._kind: type[State] = ArrayState if compiled else ObjectState
        self._depth_bytes = depth_bytes
        self._control = _CONTROLS[congestion]
        self._tokens: list[Any] = []
        links = table_of(LAYOUT, "links", {"capacity": capacity_Bps, "depth": depth_bytes})
        self._state: State = self._kind(LAYOUT, {"links": links})
        self._next: tuple[float, State] | None = None

    def start(
        self, now_s: float, route: tuple[int, ...], size_bytes: float, round_trip_s: float, token: Any, seed: int = 0
    ) -> None:
        """A connection begins to send. `seed`, 0 or more, says where in BBR's cycle it will begin."""
        self._run_until(self._state, now_s)
        self._next = None
        if not self._under_way().any():  # what may still be on its way is nobody's
            self._state = self._kind(LAYOUT, {"links": self._state["links"]})
            self._tokens = []
        state, f = self._state, len(self._tokens)
        count = max(1, math.ceil(size_bytes / MSS_BYTES))
        first_hop, first_packet = int(cell(state, "g", 0, "hops_used")), int(cell(state, "g", 0, "arrived_used"))
        used = {"flows_used": f + 1, "hops_used": first_hop + len(route), "arrived_used": first_packet + count}
        set_cells(state, "g", 0, used)
        for name, more in (
            ("flows", 1), ("transmissions", RING), ("lost", RING), ("bw_samples", BW_SAMPLES), ("arrived", count),
            ("hops", len(route)), ("events", 2 * SEND_BUFFER + 64),
        ):  # fmt: skip
            state.grow(name, more)
        for hop, link in enumerate(route, first_hop):
            set_number(state, "hops", hop, link)
        flow = {"first_hop": first_hop, "end_hop": first_hop + len(route), "first_packet": first_packet}
        flow |= {"packets": count, "control": self._control, "random": seed % (1 << 31)}
        rates = {"last_packet_bytes": size_bytes - (count - 1) * MSS_BYTES, "cwnd": float(INITIAL_WINDOW)}
        times = dict.fromkeys(("ssthresh", "min_rtt_s", "round_min_rtt_s"), math.inf) | {"epoch_s": -1.0}
        set_cells(state, "flows", f, flow | rates | times | {"round_trip_s": round_trip_s, "rtt_s": round_trip_s})
        self._tokens.append(token)
        self._kernel.open_flow(state, float(now_s), f)

    @property
    def next_finish_s(self) -> float:
        """What would happen first if nobody else began: worked out once, and kept until somebody does."""
        if not self._under_way().any():
            return math.inf
        if self._next is None:
            state = copied(self._state)
            self._next = self._run_until(state, math.inf), state
        return self._next[0]

    def finished(self, now_s: float) -> list[Any]:
        """The tokens of those that have sent all by `now_s`, in the order in which they began."""
        if self.next_finish_s > now_s:
            return []
        assert self._next is not None
        before = self._under_way()
        self._state = self._next[1]
        self._next = None
        return [self._tokens[f] for f in np.flatnonzero(before & ~self._under_way())]

    def resent_bytes(self, token: Any) -> float:
        """What a connection has sent more than once; until the next one begins after all have ended."""
        f = self._tokens.index(token)
        sent, packets = cell(self._state, "flows", f, "transmissions"), cell(self._state, "flows", f, "packets")
        return float(sent - packets) * MSS_BYTES

    def set_down(self, now_s: float, links: Sequence[int], down: bool) -> None:
        """From now on these links drop everything, or no longer; what waits in their queues still gets through."""
        self._run_until(self._state, now_s)
        self._next = None
        for link in links:
            set_cells(self._state, "links", link, {"depth": -1.0 if down else self._depth_bytes[link]})

    def queue_delays_s(self, now_s: float) -> list[float]:
        """How long a packet that comes now waits in each link's queue, (n_links,)."""
        self._run_until(self._state, now_s)
        delays_s: list[float] = np.maximum(self._state["links"]["free_s"] - now_s, 0.0).tolist()
        return delays_s

    def flow(self, token: Any) -> Any:
        """A connection's row, a record (see `state`)."""
        return self._state["flows"][self._tokens.index(token)]

    def _under_way(self) -> Any:
        return np.array(self._state.column("flows", "done", len(self._tokens))) == 0

    def _run_until(self, state: State, until_s: float) -> float:
        return float(self._kernel.run_until(state, float(until_s)))
