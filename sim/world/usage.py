"""How full links were, minute by minute: what the wire saw, put into bins when the world has ended.

Flows that share links are seen by the engine's own watch. Flows alone on theirs leave their lane, start and end, and
carried their lane's rate in between. Bodies too small for a flow count in the bin in which they were sent.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.network.transport import INITIAL_WINDOW_BYTES
from sim.rows import Table
from sim.world.wire import BIN_S, Wire


def peaks(wire: Wire, transfers: Table) -> NDArray[np.float64]:
    """Bytes each link carried in its busiest bin, (n_links,), from the table of transfers and what the wire saw."""
    lane, started_s, ended_s = (transfers.column(name) for name in ("lane", "started_s", "ended_s"))
    size_bytes = transfers.column("size_bytes")
    is_small = size_bytes <= INITIAL_WINDOW_BYTES
    small_lane, small_s, small_bytes = lane[is_small], started_s[is_small], size_bytes[is_small]
    alone = ~is_small & ~transfers.column("shared")
    parted = np.array(wire.partings, dtype=np.float64).reshape(-1, 4)
    lane = np.concatenate((lane[alone], parted[:, 0].astype(np.int64)))
    started_s = np.concatenate((started_s[alone], parted[:, 1]))
    ended_s = np.concatenate((ended_s[alone], parted[:, 2]))
    alone_bytes = np.concatenate((size_bytes[alone], parted[:, 3]))
    cut_lane, cut_bin, cut_bytes = _cut(lane, started_s, ended_s, alone_bytes)
    lanes = np.concatenate((cut_lane, small_lane))
    bins = np.concatenate((cut_bin, (small_s // BIN_S).astype(np.int64)))
    carried = np.concatenate((cut_bytes, small_bytes))
    # Each part counts on every link of its lane.
    hops = np.array([len(one.route) for one in wire.lanes], dtype=np.int64)
    route = np.array([link for one in wire.lanes for link in one.route], dtype=np.int64)
    first = np.concatenate(([0], np.cumsum(hops)[:-1])).astype(np.int64)
    part = np.repeat(np.arange(len(lanes)), hops[lanes])
    within = np.arange(len(part)) - np.repeat(np.cumsum(hops[lanes]) - hops[lanes], hops[lanes])
    link = route[first[lanes][part] + within]
    shared = wire.watch.bins()
    n_bins = max(int(bins.max(initial=0)) + 1, len(shared))
    shared_bin, shared_link = np.nonzero(shared)
    places = np.concatenate((link * n_bins + bins[part], shared_link * n_bins + shared_bin))
    parts_bytes = np.concatenate((carried[part], shared[shared_bin, shared_link].astype(np.float64)))
    place, at = np.unique(places, return_inverse=True)
    in_bin = np.bincount(at, weights=parts_bytes, minlength=len(place))
    busiest = np.zeros(len(wire.capacity_Bps))
    np.maximum.at(busiest, place // n_bins, in_bin)
    return busiest


def _cut(
    lane: NDArray[np.int64],
    started_s: NDArray[np.float64],
    ended_s: NDArray[np.float64],
    sent_bytes: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Flows cut at the bins' edges: lane, bin and bytes of each piece."""
    first = (started_s // BIN_S).astype(np.int64)
    pieces = (ended_s // BIN_S).astype(np.int64) - first + 1
    flow = np.repeat(np.arange(len(lane)), pieces)
    number = first[flow] + np.arange(len(flow)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    left_s = np.maximum(started_s[flow], number * BIN_S)
    right_s = np.minimum(ended_s[flow], (number + 1) * BIN_S)
    lasted_s = ended_s - started_s
    rate_Bps = np.divide(sent_bytes, lasted_s, out=np.zeros(len(lane)), where=lasted_s > 0)
    return lane[flow], number, rate_Bps[flow] * np.maximum(right_s - left_s, 0.0)
