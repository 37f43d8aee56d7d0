"""How full links were, minute by minute, and for how long: what the wire saw, put together when the world has ended.

Flows that share links are seen by the engine's own watch. Flows alone on theirs leave their lane, start and end, and
carried their bytes evenly in between. Bodies too small for a flow count in the bin in which they were sent. Bytes are
whole: bins add up exactly to what the transfers carried.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.columns import Table
from sim.network.transport import INITIAL_WINDOW_BYTES
from sim.world.flight import CAP
from sim.world.sightings import BIN_S, Change
from sim.world.wire import Wire

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: So many transfers at once are looked at, which takes some 50 MB: there may be more than memory holds.
_ROWS = 1 << 17


class Usage(NamedTuple):
    """The bins in which a link carried something, by link and time: numbers of links and bins, bytes, and the part of
    what the link could carry in that bin; each (n,)."""

    link: Ints
    bin: Ints
    carried_bytes: Ints
    utilisation: Floats


class Pieces(NamedTuple):
    """Bytes that crossed a lane, or a link, in a bin; each (n,)."""

    lane: Ints
    bin: Ints
    carried_bytes: Ints


def usage(wire: Wire, capacity_Bps: Sequence[float], transfers: Table) -> Usage:
    """How full links were, from the table of transfers and what the wire saw; `capacity_Bps` is that of the start."""
    pieces = _pieces(wire, transfers)
    shared_bytes = wire.seen.watch.bins()
    shared_bin, shared_link = np.nonzero(shared_bytes)
    # Each piece counts on every link of its lane.
    hops = np.array([len(lane.route) for lane in wire.lanes], dtype=np.int64)
    route = np.array([link for lane in wire.lanes for link in lane.route], dtype=np.int64)
    first = np.concatenate(([0], np.cumsum(hops)[:-1])).astype(np.int64)
    piece, hop = _numbered(hops[pieces.lane])
    link = np.concatenate((route[first[pieces.lane][piece] + hop], shared_link))
    number = np.concatenate((pieces.bin[piece], shared_bin))
    carried = np.concatenate((pieces.carried_bytes[piece], shared_bytes[shared_bin, shared_link]))
    link, number, in_bin = _together(link, number, carried)
    from_s: Floats = number * np.float64(BIN_S)
    room_bytes = offered_bytes(wire.seen.changes, np.asarray(capacity_Bps), link, from_s, from_s + BIN_S)
    full = np.divide(in_bin, room_bytes, out=np.zeros(len(link)), where=room_bytes > 0)
    return Usage(link, number, in_bin, full)


def offered_bytes(
    changes: Sequence[Change], capacity_Bps: Floats, link: Ints, from_s: Floats, until_s: Floats
) -> Floats:
    """What each link could carry from one time to another, (n,) bytes, from its capacity at the start and changes."""
    offered: Floats = capacity_Bps[link] * (until_s - from_s)
    for changed in {change.link for change in changes}:
        steps = [(0.0, float(capacity_Bps[changed])), *(change[1:] for change in changes if change.link == changed)]
        here = np.flatnonzero(link == changed)
        offered[here] = _by_then(steps, until_s[here]) - _by_then(steps, from_s[here])
    return offered


def _by_then(steps: Sequence[tuple[float, float]], time_s: Floats) -> Floats:
    """What a link could carry from 0 until each time, (n,), by the steps of its capacity, (s, bytes/s)."""
    at_s, then_Bps = (np.array(column) for column in zip(*steps, strict=True))
    carried = np.concatenate(([0.0], np.cumsum(then_Bps[:-1] * np.diff(at_s))))
    step = np.searchsorted(at_s, time_s, side="right") - 1
    by_then: Floats = carried[step] + then_Bps[step] * (time_s - at_s[step])
    return by_then


def held_s(wire: Wire, transfers: Table) -> tuple[Floats, Floats]:
    """How long each link held transfers back, summed over transfers, and how long it was full; each (n_links,) s."""
    n = len(wire.capacity_Bps)
    links = {name: link for link, name in enumerate(wire.seen.names)} | {"cap": CAP, "": CAP}
    by = np.fromiter(map(links.__getitem__, transfers.column("bound_by")), np.int64, len(transfers))
    lone = (by >= 0) & ~transfers.column("shared")
    alone: Floats = np.bincount(by[lone], weights=transfers.column("bound_s")[lone], minlength=n).astype(np.float64)
    alone += wire.seen.alone_s[:n]
    return alone + wire.seen.held_s[:n], alone + wire.full_s()


def _pieces(wire: Wire, transfers: Table) -> Pieces:
    """What flew alone, and what was too small to fly: a row a lane and bin, of some rows after others."""
    columns = [transfers.column(name) for name in ("lane", "started_s", "ended_s", "size_bytes", "shared")]
    found = [
        _together(*_of_rows(*(column[at : at + _ROWS] for column in columns))) for at in range(0, len(transfers), _ROWS)
    ]
    parted = np.array(wire.seen.partings, dtype=np.float64).reshape(-1, 4)
    found.append(_cut(parted[:, 0].astype(np.int64), parted[:, 1], parted[:, 2], parted[:, 3].astype(np.int64)))
    return Pieces(*map(np.concatenate, zip(*found, strict=True)))


def _of_rows(lane: Ints, started_s: Floats, ended_s: Floats, size_bytes: Ints, shared: NDArray[np.bool_]) -> Pieces:
    """What transfers that did not share carried."""
    small = ~shared & (size_bytes <= INITIAL_WINDOW_BYTES)
    alone = ~shared & ~small
    flown = _cut(lane[alone], started_s[alone], ended_s[alone], size_bytes[alone])
    sent = (lane[small], (started_s[small] // BIN_S).astype(np.int64), size_bytes[small])
    return Pieces(*map(np.concatenate, zip(flown, sent, strict=True)))


def _together(place: Ints, number: Ints, carried: Ints | Floats) -> Pieces:
    """The bytes of each place (a lane, a link) and bin added up, in order; sums below 2^53 are exact in floats."""
    n_bins = int(number.max(initial=0)) + 1
    found, at = np.unique(place * n_bins + number, return_inverse=True)
    added = np.bincount(at, weights=carried, minlength=len(found)).astype(np.int64)
    return Pieces(found // n_bins, found % n_bins, added)


def _cut(lane: Ints, started_s: Floats, ended_s: Floats, size_bytes: Ints) -> Pieces:
    """Flows cut at the bins' edges, in whole bytes that add up to their sizes."""
    first = (started_s // BIN_S).astype(np.int64)
    flow, piece = _numbered((ended_s // BIN_S).astype(np.int64) - first + 1)
    number = first[flow] + piece
    lasted_s = ended_s - started_s
    sent_s = np.minimum((number + 1) * BIN_S, ended_s[flow]) - started_s[flow]
    part = np.divide(sent_s, lasted_s[flow], out=np.ones(len(flow)), where=lasted_s[flow] > 0)
    by_now = np.floor(size_bytes[flow] * part).astype(np.int64)
    last = np.append(flow[1:] != flow[:-1], True)[: len(flow)]
    by_now[last] = size_bytes
    before = np.where(piece > 0, np.roll(by_now, 1), 0)
    return Pieces(lane[flow], number, by_now - before)


def _numbered(counts: Ints) -> tuple[Ints, Ints]:
    """For counts (2, 3): (0, 0, 1, 1, 1), and each one's number among its own, (0, 1, 0, 1, 2)."""
    owner = np.repeat(np.arange(len(counts)), counts)
    return owner, np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
