"""A swarm from outside: who fetches what, and when everything is there."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from sim.contrib.swarm import records
from sim.contrib.swarm.records import DONE, FULL, MARGIN, Tables
from sim.contrib.swarm.rules import Rules

_NEVER = float("inf")
#: Bits in a word of those that say which pieces a member has.
WORD = 32
_BY_MEMBER = ("members", "conns_of", "bans", "has", "lacks", "spread", "awaited", "done")


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
    `run` first.
    """

    def __init__(
        self, rules: Rules, capacity_Bps: Sequence[float], hosts: Sequence[Attached], legs: Sequence[Sequence[Leg]],
        seed: int,
    ) -> None:  # fmt: skip
        self._text: Any = importlib.import_module("sim.contrib.swarm.compiled")
        self._seeds = rules.seeds
        self._shares: dict[int, list[Share]] = {}
        self._members_of: dict[int, list[int]] = {}
        self._net = _tables(rules, capacity_Bps, hosts, legs, seed)
        self._unused = list(range(len(self._net.members) - 1, -1, -1))

    def torrent(self, size_bytes: int, upstream: int, holders: Sequence[int]) -> int:
        """A layer that somebody is about to fetch: upstream's seeds have it, and so do the hosts in `holders`."""
        net = self._net
        piece_bytes = int(net.figures[0]["piece_bytes"])
        pieces = max(1, -(-size_bytes // piece_bytes))
        at = next((t for t in range(len(net.torrents)) if t not in self._members_of), len(net.torrents))
        if at == len(net.torrents):
            more = len(net.torrents)
            self._grow(torrents=more, tracker=more, seeds=more)
        if pieces > self._net.spread.shape[1]:
            self._widen(pieces)
        last_bytes = size_bytes - (pieces - 1) * piece_bytes
        self._net.torrents[at] = (pieces, last_bytes, 0, self._seeds)
        self._members_of[at] = []
        for number in range(self._seeds):
            self._net.seeds[at, number] = self._member(at, upstream, 0.0, seed=True)
        for host in holders:
            member = self._member(at, host, 0.0)
            self._fill(member)
            self._announce(member)
        return at

    def join(self, torrent: int, host: int, now_s: float, tracker_s: float) -> int:
        """A host begins to fetch: its number as a member, which `run` tells of once. `tracker_s` is a round trip."""
        member = self._member(torrent, host, tracker_s)
        self._text.join(self._net, now_s, member)
        return member

    def run(self, until_s: float) -> list[Ended]:
        """Go on until somebody has ended, but no further than `until_s`: all who have ended at that instant."""
        while True:
            code = self._text.run(self._net, until_s)
            self._collect()
            if code == FULL:
                self._grow(events=len(self._net.events))
                continue
            return self._ended() if code == DONE else []

    def leave(self, host: int, now_s: float, lost: bool) -> list[Ended]:
        """A host is down: whatever it was fetching fails. With its disk `lost`, too, it has nothing to give."""
        for member in [m for members in self._members_of.values() for m in members]:
            row = self._net.members[member]
            if row["host"] == host and (lost or not row["complete"]):
                self._text.leave(self._net, now_s, member)
                row["failed"] = 1
                self._collect()
        return self._ended()

    def set_capacity(self, link: int, capacity_Bps: float, now_s: float) -> None:
        """From now on a link carries so many bytes/s; at 0 it is down, and connections over it close."""
        self._net.links[link]["capacity_Bps"] = capacity_Bps
        if not capacity_Bps:
            self._text.cut(self._net, now_s)
            self._collect()

    def drop(self, torrent: int, now_s: float) -> None:
        """Nobody fetches it any more."""
        for member in self._members_of.pop(torrent):
            self._net.members[member]["complete"] = 1
            self._text.leave(self._net, now_s, member)
            self._net.members[member]["life"] += 1
            self._unused.append(member)
            self._collect()
            self._shares.pop(member, None)

    def _ended(self) -> list[Ended]:
        net, board = self._net, self._net.board[0]
        done = net.done[: board["done"]].tolist()
        board["done"] = 0
        at_s, failed = float(board["now_s"]), net.members["failed"]
        return [Ended(member, at_s, bool(failed[member]), self._shares.pop(member, [])) for member in done]

    def _collect(self) -> None:
        """Take the shares that were noted, by member."""
        net, board = self._net, self._net.board[0]
        for member, *share in net.shares[: board["shares"]].tolist():
            self._shares.setdefault(member, []).append(Share(*share))
        board["shares"] = 0

    def _member(self, torrent: int, host: int, tracker_s: float, seed: bool = False) -> int:
        if not self._unused:
            rows = len(self._net.members)
            self._grow(**dict.fromkeys(_BY_MEMBER, rows))
            self._unused = list(range(2 * rows - 1, rows - 1, -1))
            self._provide_conns(2 * rows * int(self._net.figures[0]["dials"]))
        net, member = self._net, self._unused.pop()
        life = net.members[member]["life"]
        net.members[member] = np.zeros((), records.MEMBER)
        row = net.members[member]
        row["host"], row["torrent"], row["tracker_s"], row["life"] = host, torrent, tracker_s, life
        for table in (net.has, net.lacks, net.spread, net.awaited):
            table[member] = 0
        pieces = int(net.torrents[torrent]["pieces"])
        words = (net.has if seed else net.lacks)[member]
        words[: pieces // WORD] = (1 << WORD) - 1
        if pieces % WORD:
            words[pieces // WORD] = (1 << pieces % WORD) - 1
        if seed:
            row["seed"] = row["complete"] = 1
            row["pieces"] = pieces
        members = self._members_of[torrent]
        members.append(member)
        if len(members) > net.tracker.shape[1]:
            self._net = net._replace(tracker=np.hstack((net.tracker, np.zeros_like(net.tracker))))
        return member

    def _fill(self, member: int) -> None:
        """It has everything already."""
        net = self._net
        row = net.members[member]
        net.has[member], net.lacks[member] = net.lacks[member].copy(), 0
        row["pieces"], row["complete"] = net.torrents[row["torrent"]]["pieces"], 1

    def _announce(self, member: int) -> None:
        row = self._net.members[member]
        torrent = self._net.torrents[row["torrent"]]
        self._net.tracker[row["torrent"], torrent["announced"]] = member
        torrent["announced"] += 1
        row["announced"] = row["told_complete"] = 1

    def _provide_conns(self, wanted: int) -> None:
        rows = len(self._net.conns)
        more = max(wanted - rows, 0)
        self._grow(conns=more, channels=2 * more, requests=2 * more)
        _chain(self._net, rows)
        self._grow(shares=max(4 * len(self._net.conns) + MARGIN - len(self._net.shares), 0))

    def _grow(self, **rows: int) -> None:
        """More rows, all zero, at the end of tables."""
        self._net = self._net._replace(**{name: _longer(getattr(self._net, name), more) for name, more in rows.items()})

    def _widen(self, pieces: int) -> None:
        """Room for a layer of more pieces."""
        net = self._net
        words = -(-pieces // WORD)
        bits = words - net.has.shape[1]
        more = words * WORD - net.spread.shape[1]
        self._net = net._replace(
            has=np.pad(net.has, ((0, 0), (0, bits))),
            lacks=np.pad(net.lacks, ((0, 0), (0, bits))),
            spread=np.pad(net.spread, ((0, 0), (0, more))),
            awaited=np.pad(net.awaited, ((0, 0), (0, more))),
            scratch=np.zeros(words * WORD, np.int64),
        )


def _longer(table: Any, more: int) -> Any:
    return np.concatenate((table, np.zeros((more, *table.shape[1:]), table.dtype)))


def _chain(net: Tables, first: int) -> None:
    """The link-ups from `first` on are free."""
    rows = np.arange(first, len(net.conns))
    net.conns["a"][first:] = np.append(rows[1:], net.board[0]["free_conn"])[: len(rows)]
    if len(rows):
        net.board[0]["free_conn"] = first


def _tables(
    rules: Rules, capacity_Bps: Sequence[float], hosts: Sequence[Attached], legs: Sequence[Sequence[Leg]], seed: int
) -> Tables:
    members, conns = 16, 16 * rules.dials
    hops: list[int] = []

    def kept(links: Sequence[int]) -> tuple[int, int]:
        hops.extend(links)
        return len(hops) - len(links), len(hops)

    ways = [[(*kept(leg.links), leg.delay_s) for leg in row] for row in legs]
    egress, ingress = (rules.egress_Bps, -_NEVER), (rules.ingress_Bps, -_NEVER)
    rows = [
        (h.place, h.delay_s, h.window_bytes, *kept(h.up), *kept(h.down), *egress, *ingress, 0, -1, -1) for h in hosts
    ]
    zeros = np.zeros
    net = Tables(
        board=zeros(1, records.BOARD),
        figures=np.array([tuple(getattr(rules, name) for name in records.FIGURES.names or ())], records.FIGURES),
        events=zeros(4 * MARGIN, records.EVENT),
        links=np.array([(capacity, 0.0) for capacity in capacity_Bps], records.LINK),
        hosts=np.array(rows, records.HOST),
        hops=np.array(hops, np.int64),
        legs=np.array(ways, records.LEG),
        torrents=zeros(4, records.TORRENT),
        tracker=zeros((4, len(hosts) + 1), np.int64),
        seeds=zeros((4, max(rules.seeds, 1)), np.int64),
        members=zeros(members, records.MEMBER),
        conns_of=zeros((members, rules.connections), np.int64),
        bans=zeros((members, 64), records.BAN),
        has=zeros((members, 1), np.int64),
        lacks=zeros((members, 1), np.int64),
        spread=zeros((members, WORD), np.int32),
        awaited=zeros((members, WORD), np.int32),
        conns=zeros(conns, records.CONN),
        channels=zeros(2 * conns, records.CHANNEL),
        requests=zeros((2 * conns, 4 * max(rules.pipeline, rules.seed_pipeline)), records.REQUEST),
        done=zeros(members, np.int64),
        shares=zeros(4 * conns + MARGIN, records.SHARE),
        scratch=zeros(WORD, np.int64),
    )
    net.board[0]["free_conn"] = -1
    net.board[0]["random"] = seed
    _chain(net, 0)
    return net
