"""A swarm from outside: who fetches what, and when everything is there."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

import numpy as np

from sim.contrib.swarm import kernel, members
from sim.contrib.swarm.rules import Rules
from sim.contrib.swarm.state import DONE, LAYOUT, MARGIN, MAX_BANS, PAUSED, WORD
from sim.records.cells import cell, set_cells, set_number
from sim.records.layout import ObjectState, State, as_arrays, table_of
from sim.records.machinery import lacking

COMPILE_AFTER: Final = 20_000
"""Events, a third of a second for the interpreter, before machine code is loaded."""
_ENDLESS: Final = 1 << 62
_INTERPRETED: Final = SimpleNamespace(
    begin_member=members.begin_member, fill_member=members.fill_member, free_member=members.free_member,
    join=kernel.join, run=kernel.run, leave=kernel.leave, cut=kernel.cut,
)  # fmt: skip


class Attached(NamedTuple):
    """A host: the place that it hangs on, the delay to it, the links up and down, and the window of its connections."""

    place: int
    delay_s: float
    up: tuple[int, ...]
    down: tuple[int, ...]
    window_bytes: float


class Leg(NamedTuple):
    """The way from one place to another."""

    links: tuple[int, ...]
    delay_s: float


class Share(NamedTuple):
    """What a member had from one host, and from when to when."""

    source: int
    carried_bytes: int
    first_s: float
    last_s: float


class Ended(NamedTuple):
    """A member that has everything, or has given up."""

    member: int
    at_s: float
    failed: bool
    shares: list[Share]


class Swarm:
    """Torrents over one network.

    `capacity_Bps` : (n_links,) bytes/s, which `hosts` and `legs` name by position; `legs[a][b]` leads from place a to
    place b. `seed` makes it repeatable. Calls come in order of time; whatever is due before a call is asked for by
    `run` first. A swarm of more than `COMPILE_AFTER` events goes on as machine code; `compiled` does so from the first
    torrent on.
    """

    def __init__(
        self, rules: Rules, capacity_Bps: Sequence[float], hosts: Sequence[Attached], legs: Sequence[Sequence[Leg]],
        seed: int, compiled: bool = False,
    ) -> None:  # fmt: skip
        self._rules = rules
        self._shares: dict[int, list[Share]] = {}
        self._members_of: dict[int, list[int]] = {}
        self._state: State = _idle(rules, capacity_Bps, hosts, legs, seed)
        self._unused: list[int] = []
        self._kernel: Any = _INTERPRETED
        self._most_events = 0 if compiled else COMPILE_AFTER
        self._add_members(16)

    def torrent(self, size_bytes: int, upstream: int, holders: Sequence[int]) -> int:
        """A layer that somebody is about to fetch: upstream's seeds have it, and so do the hosts in `holders`."""
        if self._number("order") >= self._most_events:
            self._compile()
        piece_bytes = self._rules.piece_bytes
        pieces = max(1, -(-size_bytes // piece_bytes))
        rows = self._state.length("torrents")
        at = next((t for t in range(rows) if t not in self._members_of), rows)
        if at == rows:
            more = max(rows, 4)
            self._state.grow("torrents", more)
            for name in ("announced_room", "seeds_room"):
                self._state.grow("tracker" if name == "announced_room" else "seeds", more * self._number(name))
        if pieces > WORD * self._number("words"):
            self._widen(-(-pieces // WORD))
        row = {"pieces": pieces, "last_bytes": size_bytes - (pieces - 1) * piece_bytes, "announced": 0}
        set_cells(self._state, "torrents", at, row | {"seeds": self._rules.seeds})
        self._members_of[at] = []
        for number in range(self._rules.seeds):
            member = self._begin_member(at, upstream, 0.0, seed=True)
            set_number(self._state, "seeds", at * self._number("seeds_room") + number, member)
        for host in holders:
            self._kernel.fill_member(self._state, self._begin_member(at, host, 0.0))
        return at

    def join(self, torrent: int, host: int, now_s: float, tracker_s: float) -> int:
        """A host begins to fetch: its number as a member, which `run` names once. `tracker_s` is a round trip."""
        member = self._begin_member(torrent, host, tracker_s)
        self._kernel.join(self._state, float(now_s), member)
        return member

    def run(self, until_s: float) -> list[Ended]:
        """Go on until somebody has ended, but no further than `until_s`: all who have ended at that instant."""
        while True:
            code = self._kernel.run(self._state, float(until_s), self._most_events)
            self._take_shares()
            if code != PAUSED:
                return self._ended() if code == DONE else []
            if self._number("order") >= self._most_events:
                self._compile()
            else:
                self._state.grow("events", self._state.length("events"))

    def leave(self, host: int, now_s: float, lost: bool) -> list[Ended]:
        """A host is down: whatever it was fetching fails. With its disk `lost`, too, it has nothing to give."""
        for member in [m for of_torrent in self._members_of.values() for m in of_torrent]:
            complete = cell(self._state, "members", member, "complete")
            if cell(self._state, "members", member, "host") == host and (lost or not complete):
                self._kernel.leave(self._state, float(now_s), member)
                set_cells(self._state, "members", member, {"failed": 1})
                self._take_shares()
        return self._ended()

    def set_capacity(self, link: int, capacity_Bps: float, now_s: float) -> None:
        """From now on a link carries so many bytes/s; at 0 it is down, and connections over it close."""
        set_cells(self._state, "links", link, {"capacity_Bps": capacity_Bps})
        if not capacity_Bps:
            self._kernel.cut(self._state, float(now_s))
            self._take_shares()

    def drop(self, torrent: int, now_s: float) -> None:
        """Nobody fetches it any more."""
        for member in self._members_of.pop(torrent):
            set_cells(self._state, "members", member, {"complete": 1})
            self._kernel.leave(self._state, float(now_s), member)
            self._kernel.free_member(self._state, member)
            self._unused.append(member)
            self._take_shares()
            self._shares.pop(member, None)

    def _number(self, name: str) -> int:
        return int(cell(self._state, "g", 0, name))

    def _ended(self) -> list[Ended]:
        done = self._state.first("done", self._number("done")).tolist()
        set_cells(self._state, "g", 0, {"done": 0})
        at_s = float(cell(self._state, "g", 0, "now_s"))
        failed = (bool(cell(self._state, "members", member, "failed")) for member in done)
        return [Ended(m, at_s, gone, self._shares.pop(m, [])) for m, gone in zip(done, failed, strict=True)]

    def _take_shares(self) -> None:
        """Take the shares that were noted, by member."""
        noted = self._number("shares")
        if noted:
            for member, *share in self._state.first("shares", noted).tolist():
                self._shares.setdefault(member, []).append(Share(*share))
            set_cells(self._state, "g", 0, {"shares": 0})

    def _begin_member(self, torrent: int, host: int, tracker_s: float, seed: bool = False) -> int:
        if not self._unused:
            self._add_members(self._state.length("members"))
        member = self._unused.pop()
        self._kernel.begin_member(self._state, member, torrent, host, float(tracker_s), int(seed))
        of_torrent = self._members_of[torrent]
        of_torrent.append(member)
        room = self._number("announced_room")
        if len(of_torrent) > room:
            self._respace("tracker", room, 2 * room)
            set_cells(self._state, "g", 0, {"announced_room": 2 * room})
        return member

    def _add_members(self, more: int) -> None:
        """Rows for members, and for as many connections as all of them may dial."""
        state, old, words = self._state, self._state.length("members"), self._number("words")
        each = {
            "members": 1, "done": 1, "conns_of": self._rules.connections, "bans": MAX_BANS, "has": words,
            "lacks": words, "spread": WORD * words, "awaited": WORD * words,
        }  # fmt: skip
        for name, rows in each.items():
            state.grow(name, more * rows)
        self._unused = list(range(old + more - 1, old - 1, -1))
        conns = state.length("conns")
        wanted = (old + more) * self._rules.dials - conns
        for name, rows in (("conns", 1), ("channels", 2), ("requests", 2 * self._number("requests_room"))):
            state.grow(name, wanted * rows)
        table = state["conns"]
        table["a"][conns:] = [*range(conns + 1, conns + wanted), self._number("free_conn")]
        state.replace("conns", table)
        set_cells(state, "g", 0, {"free_conn": conns})
        state.grow("shares", 4 * (conns + wanted) + MARGIN - state.length("shares"))

    def _widen(self, words: int) -> None:
        """A layer has more pieces than any before."""
        old = self._number("words")
        for name in ("has", "lacks"):
            self._respace(name, old, words)
        for name in ("spread", "awaited"):
            self._respace(name, WORD * old, WORD * words)
        self._state.replace("scratch", LAYOUT.rows("scratch", WORD * words))
        set_cells(self._state, "g", 0, {"words": words})

    def _respace(self, name: str, old: int, new: int) -> None:
        """There are more rows of a table for each of something; those that it has stay the first."""
        table = self._state[name].reshape(-1, old)
        self._state.replace(name, np.pad(table, ((0, 0), (0, new - old))).ravel())

    def _compile(self) -> None:
        """Go on as machine code, where it can be had."""
        self._most_events = _ENDLESS
        if lacking():
            return
        self._kernel = importlib.import_module("sim.contrib.swarm.compiled")
        self._state = as_arrays(self._state)


def _idle(
    rules: Rules, capacity_Bps: Sequence[float], hosts: Sequence[Attached], legs: Sequence[Sequence[Leg]], seed: int
) -> ObjectState:
    """A network with hosts on it, and nobody fetching anything."""
    hops: list[int] = []

    def kept(links: Sequence[int]) -> tuple[int, int]:
        hops.extend(links)
        return len(hops) - len(links), len(hops)

    ways = [(*kept(leg.links), leg.delay_s) for row in legs for leg in row]
    ups, downs = [], []
    for host in hosts:
        ups.append(kept(host.up))
        downs.append(kept(host.down))
    g = LAYOUT.rows("g", 1)
    for name in rules._fields:
        if name in (g.dtype.names or ()):
            g[name] = getattr(rules, name)
    g["places"], g["words"], g["random"] = len(legs), 1, seed - ((seed >> 63) << 64)
    g["announced_room"], g["seeds_room"] = len(hosts) + 1, max(rules.seeds, 1)
    g["requests_room"] = 4 * max(rules.pipeline, rules.seed_pipeline)
    columns = {
        "place": [host.place for host in hosts], "delay_s": [host.delay_s for host in hosts],
        "window_bytes": [host.window_bytes for host in hosts],
        "first_up": [first for first, _ in ups], "end_up": [end for _, end in ups],
        "first_down": [first for first, _ in downs], "end_down": [end for _, end in downs],
        "egress_Bps": [rules.egress_Bps] * len(hosts), "ingress_Bps": [rules.ingress_Bps] * len(hosts),
    }  # fmt: skip
    first, end, delay_s = zip(*ways, strict=True)
    tables = {
        "g": g,
        "links": table_of(LAYOUT, "links", {"capacity_Bps": capacity_Bps}),
        "hosts": table_of(LAYOUT, "hosts", columns),
        "hops": np.array(hops, np.int64),
        "legs": table_of(LAYOUT, "legs", {"first": first, "end": end, "delay_s": delay_s}),
        "events": LAYOUT.rows("events", 4 * MARGIN),
        "scratch": LAYOUT.rows("scratch", WORD),
    }
    return ObjectState(LAYOUT, tables)
