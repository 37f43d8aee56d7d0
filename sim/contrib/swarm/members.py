"""Rows of members: one that begins, one that has everything already, one that is used no more. Kernel code (see
`sim.records`)."""

from __future__ import annotations

from typing import Any

from sim.contrib.swarm.peers import note_announced
from sim.contrib.swarm.state import WORD


def begin_member(w: Any, m: int, torrent: int, host: int, tracker_s: float, seed: int) -> None:
    """Row `m` is a host in a torrent that has nothing yet, or as a seed everything."""
    member, words, pieces = w.members[m], w.g.words, w.torrents[torrent].pieces
    member.host, member.torrent, member.tracker_s = host, torrent, tracker_s
    member.seed = member.complete = seed
    member.pieces = pieces if seed else 0
    member.announced = member.announced_complete = member.failed = 0
    member.conns = member.open = member.dialled = member.bans = member.next = member.queued = 0
    member.progress_s = 0.0
    for word in range(words):
        left = pieces - word * WORD
        bits = (1 << WORD) - 1 if left >= WORD else (1 << left) - 1 if left > 0 else 0
        w.has[m * words + word] = bits if seed else 0
        w.lacks[m * words + word] = 0 if seed else bits
    for p in range(m * WORD * words, (m + 1) * WORD * words):
        w.spread[p] = w.awaited[p] = 0


def fill_member(w: Any, m: int) -> None:
    """It has everything, and the tracker knows it."""
    member, words = w.members[m], w.g.words
    for word in range(m * words, (m + 1) * words):
        w.has[word] = w.lacks[word]
        w.lacks[word] = 0
    member.pieces, member.complete = w.torrents[member.torrent].pieces, 1
    note_announced(w, m)


def free_member(w: Any, m: int) -> None:
    """What is still to happen to it is void."""
    w.members[m].generation += 1
