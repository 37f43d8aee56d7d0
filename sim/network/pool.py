"""Connections kept open between two places, so that the next request need not open one.

The one used last is taken first, and one that has idled too long is closed: so do Go's and Python's HTTP clients. A
connection keeps its window for as long as it is busy; after an idle time above a retransmission timeout it begins
at the initial window again (RFC 5681, 4.1; Linux's `tcp_slow_start_after_idle`). Leaves out limits that make
requests wait.
"""

from __future__ import annotations

from sim.network.transport import INITIAL_WINDOW_BYTES

IDLE_S = 90.0
"""How long Go's HTTP client keeps an idle connection (net/http, DefaultTransport)."""
LEAST_TIMEOUT_S = 0.2
"""The shortest retransmission timeout of Linux (TCP_RTO_MIN)."""


class Pool:
    """The idle connections of one pair of places. At most `most` are kept, each for `idle_s`."""

    def __init__(self, idle_s: float = IDLE_S, most: float = float("inf")) -> None:
        self.idle_s = idle_s
        self.most = most
        self._idle: list[tuple[float, float]] = []

    def take(self, now_s: float, round_trip_s: float = 0.0) -> float | None:
        """The window of a connection that can be used again, bytes; None if one must be opened."""
        while self._idle:
            since_s, window_bytes = self._idle.pop()
            if now_s - since_s <= self.idle_s:
                stale = now_s - since_s > max(LEAST_TIMEOUT_S, round_trip_s)
                return INITIAL_WINDOW_BYTES if stale else window_bytes
            self._idle.clear()
        return None

    def keep(self, now_s: float, window_bytes: float = INITIAL_WINDOW_BYTES) -> None:
        """A connection falls idle; the one idle for longest gives way if there are too many."""
        self._idle.append((now_s, window_bytes))
        if len(self._idle) > self.most:
            del self._idle[0]

    def __len__(self) -> int:
        return len(self._idle)
