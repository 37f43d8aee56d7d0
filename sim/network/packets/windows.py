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
from sim.records.cells import cell, set_cells, set_number, write_rows
from sim.records.layout import ArrayState, ObjectState, State, copied, table_of
from sim.records.machinery import lacking

_CONTROLS: Final[Mapping[Congestion, int]] = {"cubic": CUBIC, "bbr": BBR}
#: Packets of a receive window that holds nobody back.
_NO_WINDOW: Final = 1 << 62


def packets_of(size_bytes: float) -> int:
    """How many packets so many bytes are."""
    return max(1, math.ceil(size_bytes / MSS_BYTES))


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
        compiled = compiled and not lacking()
        self._kernel: Any = importlib.import_module("sim.network.packets.compiled") if compiled else packets
        self._kind: type[State] = ArrayState if compiled else ObjectState
        self._depth_bytes = depth_bytes
        self._control = _CONTROLS[congestion]
        self._tokens: list[Any] = []
        self._forgotten: list[int] = []
        self._advanced_s = -math.inf
        links = table_of(LAYOUT, "links", {"capacity": capacity_Bps, "depth": depth_bytes})
        self._state: State = self._kind(LAYOUT, {"links": links})
        self._next: tuple[float, State] | None = None

    def start(
        self, now_s: float, route: tuple[int, ...], size_bytes: float, round_trip_s: float, token: Any, seed: int = 0,
        receive_window_bytes: float = math.inf,
    ) -> None:  # fmt: skip
        """A connection begins to send. `seed`, 0 or more, says where in BBR's cycle it will begin."""
        self._catch_up(now_s)
        self._next = None
        if not self._under_way().any():  # what may still be on its way is nobody's
            self._state = self._kind(LAYOUT, {"links": self._state["links"]})
            self._tokens, self._forgotten = [], []
        count, state = packets_of(size_bytes), self._state
        f = self._row(now_s)
        first_hop, first_packet = int(cell(state, "g", 0, "hops_used")), int(cell(state, "g", 0, "arrived_used"))
        set_cells(state, "g", 0, {"hops_used": first_hop + len(route), "arrived_used": first_packet + count})
        for name, more in (("arrived", count), ("hops", len(route)), ("hop_waits_s", len(route))):
            state.grow(name, more)
        for hop, link in enumerate(route, first_hop):
            set_number(state, "hops", hop, link)
        flow = {"first_hop": first_hop, "end_hop": first_hop + len(route), "first_packet": first_packet}
        flow |= {"packets": count, "control": self._control, "random": seed % (1 << 31)}
        flow["rwnd"] = max(int(min(receive_window_bytes / MSS_BYTES, _NO_WINDOW)), 1)
        rates = {"last_packet_bytes": size_bytes - (count - 1) * MSS_BYTES, "cwnd": float(INITIAL_WINDOW)}
        times = dict.fromkeys(("ssthresh", "min_rtt_s", "round_min_rtt_s"), math.inf) | {"epoch_s": -1.0}
        set_cells(state, "flows", f, flow | rates | times | {"round_trip_s": round_trip_s, "rtt_s": round_trip_s})
        self._tokens[f] = token
        self._kernel.open_flow(state, float(now_s), f)

    def _row(self, now_s: float) -> int:
        """A row for a connection: a new one, or that of one that is forgotten and of which nothing is on its way."""
        state, f = self._state, len(self._tokens)
        for at, free in enumerate(self._forgotten):
            if cell(state, "flows", free, "last_event_s") < now_s:
                del self._forgotten[at]
                write_rows(state, "flows", free, LAYOUT.rows("flows", 1))
                write_rows(state, "bw_samples", BW_SAMPLES * free, LAYOUT.rows("bw_samples", BW_SAMPLES))
                return free
        set_cells(state, "g", 0, {"flows_used": f + 1})
        for name, more in (
            ("flows", 1), ("transmissions", RING), ("lost", RING), ("bw_samples", BW_SAMPLES),
            ("events", 2 * SEND_BUFFER + 64),
        ):  # fmt: skip
            state.grow(name, more)
        self._tokens.append(None)
        return f

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

    def advance(self, until_s: float) -> tuple[float, Any]:
        """Go on until the next has sent all, but no further than `until_s`: when that is, and its token or None.

        Nobody may begin before that time, as nothing is looked at ahead of it; so it takes half as long as to ask
        `next_finish_s`. Until infinity it goes on only if somebody is under way; infinity if all of these have given
        up.
        """
        before, self._next = self._under_way(), None
        at_s = self._run_until(self._state, until_s)
        self._advanced_s = at_s
        ended = np.flatnonzero(before & ~self._under_way())
        return at_s, (self._tokens[ended[0]] if len(ended) else None)

    def forget(self, token: Any) -> None:
        """Of a connection that has ended nobody asks any more: its rows are another's when there is one."""
        f = self._tokens.index(token)
        self._tokens[f] = None
        self._forgotten.append(f)

    def longest_wait(self, token: Any) -> int:
        """The link of a connection's route before which its packets have waited the longest, by its place on the route;
        -1 where they never waited."""
        flow = self.flow(token)
        waits_s = self._state["hop_waits_s"][int(flow["first_hop"]) : int(flow["end_hop"])]
        return int(np.argmax(waits_s)) if len(waits_s) and waits_s.max() > 0.0 else -1

    def resent_bytes(self, token: Any) -> float:
        """What a connection has sent more than once; until the next one begins after all have ended."""
        f = self._tokens.index(token)
        sent, packets = cell(self._state, "flows", f, "transmissions"), cell(self._state, "flows", f, "packets")
        return float(sent - packets) * MSS_BYTES

    def set_down(self, now_s: float, links: Sequence[int], down: bool) -> None:
        """From now on these links drop everything, or no longer; what waits in their queues still gets through."""
        self._catch_up(now_s)
        self._next = None
        for link in links:
            set_cells(self._state, "links", link, {"depth": -1.0 if down else self._depth_bytes[link]})

    def queue_delays_s(self, now_s: float) -> list[float]:
        """How long a packet that comes now waits in each link's queue, (n_links,)."""
        self._catch_up(now_s)
        delays_s: list[float] = np.maximum(self._state["links"]["free_s"] - now_s, 0.0).tolist()
        return delays_s

    def flow(self, token: Any) -> Any:
        """A connection's row, a record (see `state`)."""
        return self._state["flows"][self._tokens.index(token)]

    def _under_way(self) -> Any:
        return np.array(self._state.column("flows", "done", len(self._tokens))) == 0

    def _catch_up(self, now_s: float) -> None:
        """What is due by now happens, unless it has been advanced so far: who ends then is yet to be asked for."""
        if now_s > self._advanced_s:
            self._run_until(self._state, now_s)

    def _run_until(self, state: State, until_s: float) -> float:
        while (at_s := float(self._kernel.run_until(state, float(until_s)))) < 0.0:
            # Acknowledgements that are kept back wait for 40 ms, of which fast links make any number.
            state.grow("events", state.length("events"))
        return at_s
