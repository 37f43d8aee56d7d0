"""How full links were, minute by minute, and for how long: from the rows of a run that has ended.

Flows in the max-min solver were counted by the bin as they flowed. Flows that shared no link, or only their lane, left
segments of one rate, which carried their bytes evenly. Bodies too small for a flow count in the bin in which they were
sent. Bytes are whole: bins add up exactly to what the transfers carried.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.engines.collected import Collected, Columns
from sim.network.tcp.transport import INITIAL_WINDOW_BYTES
from sim.protocol.codes import METADATA
from sim.protocol.names import Names
from sim.records.layout import State, used

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: The width of a bin, s: a link's peak is its busiest minute.
BIN_S: Final = 60.0
#: So many transfers at once are looked at, which takes some 25 MB: there may be more than memory holds.
_ROWS: Final = 1 << 16
#: And minutes in which they were under way.
_MINUTES: Final = 1 << 20
#: A matrix of so many numbers takes some 150 MB.
_DENSE: Final = 1 << 24
_DENSE_EACH: Final = 256
"""A larger one for so few transfers that it has more places than this for each takes longer to make than to fill."""
_N_PURPOSES: Final = 3
_N_CONTENTS: Final = 3


class LaneBytes(NamedTuple):
    """Bytes over each lane, (n_lanes, 3) each: by purpose, and by content, where configs count as metadata."""

    purposes: Ints
    contents: Ints


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


_NOTHING: Final = Pieces(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64))


def lane_bytes(state: State, transfers: Columns) -> LaneBytes:
    """What transfers carried."""
    n, size_bytes = len(used(state, "lanes")), transfers["size_bytes"]
    return LaneBytes(
        _by_lane(n, transfers["lane"], transfers["purpose"], size_bytes, _N_PURPOSES),
        _by_lane(n, transfers["lane"], transfers["content"], size_bytes, _N_CONTENTS),
    )


def _by_lane(n: int, lane: NDArray[Any], kind: NDArray[Any], size_bytes: NDArray[Any], n_kinds: int) -> Ints:
    """Some rows at a time; sums below 2^53 are exact in floats."""
    found = np.zeros(n * n_kinds, np.int64)
    for at in range(0, len(lane), _ROWS):
        rows = slice(at, at + _ROWS)
        key = lane[rows].astype(np.int64) * n_kinds + np.minimum(kind[rows], METADATA)
        found += np.bincount(key, size_bytes[rows], n * n_kinds).astype(np.int64)
    return found.reshape(n, n_kinds)


def on_links(state: State, by_lane: Ints) -> Ints:
    """What crossed each link, of what crossed each lane: (n_links, n) of (n_lanes, n)."""
    route = _routes(state)
    found = np.zeros((len(state["links"]), by_lane.shape[1]), np.int64)
    lane, hop = hops(route.hops)
    np.add.at(found, route.links[route.first[lane] + hop], by_lane[lane])
    return found


class _Routes(NamedTuple):
    """The links of lanes: the first of each in `links`, and how many it has."""

    links: Ints
    first: Ints
    hops: Ints


def _routes(state: State) -> _Routes:
    lanes = used(state, "lanes")
    return _Routes(state["lane_links"], lanes["first_link"], lanes["end_link"] - lanes["first_link"])


def ended_s(state: State) -> float:
    """When the run ended."""
    (g,) = state["g"]
    return max(float(g["now_s"]), float(g["runs_until_s"]))


def usage(state: State, names: Names, transfers: Columns, rows: Collected) -> Usage:
    """How full links were; `names` has what they carried at the start. Of `rows` segments and bins are taken."""
    last_s = max(transfers["ended_s"].max(initial=0.0), ended_s(state))
    bins = _Bins(len(state["links"]), int(last_s // BIN_S) + 1, len(transfers["ended_s"]))
    route = _routes(state)
    for pieces in _pieces(transfers, rows.columns(state, "segments")):
        # Each piece counts on every link of its lane.
        piece, hop = hops(route.hops[pieces.lane])
        link = route.links[route.first[pieces.lane][piece] + hop]
        bins.add(link, pieces.bin[piece], pieces.carried_bytes[piece])
    shared = rows.columns(state, "bins")
    # A link over which flows that shared have carried nothing in a bin has no row of that.
    found = _together(shared["link"], shared["number"].astype(np.int64), shared["carried_bytes"])
    bins.add(*(column[found.carried_bytes != 0] for column in found))
    link, number, in_bin = bins.all()
    from_s: Floats = number * np.float64(BIN_S)
    room_bytes = offered_bytes(state, names, link, from_s, from_s + BIN_S)
    full = np.divide(in_bin, room_bytes, out=np.zeros(len(link)), where=room_bytes > 0)
    return Usage(link, number, in_bin, full)


class _Bins:
    """Bytes by link and bin: a matrix where that is small, else pieces that are put together now and then."""

    def __init__(self, n_links: int, n_bins: int, transfers: int) -> None:
        self._n_bins = n_bins
        dense = n_links * n_bins <= min(_DENSE, _DENSE_EACH * transfers)
        self._matrix: Ints | None = np.zeros(n_links * n_bins, np.int64) if dense else None
        self._touched = np.zeros(n_links * n_bins if dense else 0, np.bool_)
        self._found: list[Pieces] = []
        self._left = _DENSE

    def add(self, link: Ints, number: Ints, carried_bytes: Ints) -> None:
        if self._matrix is not None:
            key = link * self._n_bins + number
            self._touched[key] = True
            np.add.at(self._matrix, key, carried_bytes)
            return
        self._found.append(_together(link, number, carried_bytes))
        self._left -= len(link)
        if self._left < 0:
            self._found, self._left = [self.all()], _DENSE

    def all(self) -> Pieces:
        """By link and bin, those to which something was added."""
        if self._matrix is not None:
            key = np.flatnonzero(self._touched)
            return Pieces(key // self._n_bins, key % self._n_bins, self._matrix[key])
        return _together(*map(np.concatenate, zip(_NOTHING, *self._found, strict=True)))


def offered_bytes(state: State, names: Names, link: Ints, from_s: Floats, until_s: Floats) -> Floats:
    """What each link could carry from one time to another, (n,) bytes, from its capacity at the start and changes."""
    capacity_Bps = np.asarray(names.capacity_Bps, np.float64)
    changes = used(state, "capacity_changes")
    offered: Floats = capacity_Bps[link] * (until_s - from_s)
    for changed in np.unique(changes["link"]).tolist():
        own = changes[changes["link"] == changed]
        steps = [
            (0.0, float(capacity_Bps[changed])),
            *zip(own["at_s"].tolist(), own["capacity_Bps"].tolist(), strict=True),
        ]
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


def held_s(state: State, transfers: Columns) -> tuple[Floats, Floats]:
    """How long each link held transfers back, summed over transfers, and how long it was full; each (n_links,) s.

    Transfers are in the order in which they ended, which is that in which seconds are added up.
    """
    links = state["links"]
    n = len(links)
    lone = (transfers["bound_by"] >= 0) & (transfers["shared"] == 0)
    by, lasted_s = transfers["bound_by"][lone], transfers["bound_s"][lone]
    alone: Floats = np.bincount(by, weights=lasted_s, minlength=n).astype(np.float64)
    alone += state["alone_s"][:n]
    monitored_s = float(state["g"]["monitored_s"][0])
    full_s = links["full_s"] + np.where(links["holds"] != 0, monitored_s - links["full_since"], 0.0)
    return alone + state["held_s"][:n], alone + full_s


def _pieces(transfers: Columns, segments: Columns) -> Iterator[Pieces]:
    """What flows that shared no link carried, and bodies too small for a flow, of some rows after others."""
    for some in _some(transfers, ("lane", "started_s", "ended_s", "size_bytes", "shared")):
        yield _of_rows(*some)
    for some in _some(segments, ("lane", "started_s", "ended_s", "carried_bytes")):
        yield _cut(*some)


def _some(rows: Columns, names: Sequence[str]) -> Iterator[list[NDArray[Any]]]:
    """Some rows after others, which last some minutes together: a single one may last for years."""
    for at in range(0, len(rows["lane"]), _ROWS):
        some = {name: rows[name][at : at + _ROWS] for name in names}
        minutes = np.cumsum(some["ended_s"] // BIN_S - some["started_s"] // BIN_S)
        ends = np.searchsorted(minutes, np.arange(_MINUTES, minutes[-1], _MINUTES), side="right")
        for begin, end in pairwise([0, *np.unique(ends).tolist(), len(minutes)]):
            yield [column[begin:end] for column in some.values()]


def _of_rows(
    lane: NDArray[Any], started_s: Floats, ended_s: Floats, size_bytes: NDArray[Any], shared: NDArray[Any]
) -> Pieces:
    """What transfers that did not share carried."""
    sharing = shared != 0
    small = ~sharing & (size_bytes <= INITIAL_WINDOW_BYTES)
    alone = ~sharing & ~small
    flown = _cut(lane[alone], started_s[alone], ended_s[alone], size_bytes[alone])
    sent = (lane[small], (started_s[small] // BIN_S).astype(np.int64), size_bytes[small])
    return Pieces(*map(np.concatenate, zip(flown, sent, strict=True)))


def _together(place: NDArray[Any], number: Ints, carried: NDArray[Any]) -> Pieces:
    """The bytes of each place (a lane, a link) and bin added up, in order; sums below 2^53 are exact in floats."""
    n_bins = int(number.max(initial=0)) + 1
    found, at = np.unique(place.astype(np.int64) * n_bins + number, return_inverse=True)
    added = np.bincount(at, weights=carried, minlength=len(found)).astype(np.int64)
    return Pieces(found // n_bins, found % n_bins, added)


def _cut(lane: NDArray[Any], started_s: Floats, ended_s: Floats, size_bytes: NDArray[Any]) -> Pieces:
    """Flows cut at the bins' edges, in whole bytes that add up to their sizes."""
    first = (started_s // BIN_S).astype(np.int64)
    flow, piece = hops((ended_s // BIN_S).astype(np.int64) - first + 1)
    number = first[flow] + piece
    lasted_s = ended_s - started_s
    sent_s = np.minimum((number + 1) * BIN_S, ended_s[flow]) - started_s[flow]
    part = np.divide(sent_s, lasted_s[flow], out=np.ones(len(flow)), where=lasted_s[flow] > 0)
    by_now = np.floor(size_bytes[flow] * part).astype(np.int64)
    last = np.append(flow[1:] != flow[:-1], True)[: len(flow)]
    by_now[last] = size_bytes
    before = np.where(piece > 0, np.roll(by_now, 1), 0)
    return Pieces(lane[flow], number, by_now - before)


def hops(counts: Ints) -> tuple[Ints, Ints]:
    """For counts (2, 3): (0, 0, 1, 1, 1), and each one's number among its own, (0, 1, 0, 1, 2)."""
    owner = np.repeat(np.arange(len(counts)), counts)
    return owner, np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
