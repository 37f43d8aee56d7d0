"""Which pieces a member asks a peer for: those that the fewest of its peers have, ties at random.

So does Kraken's `rarest_first` (uber/kraken, lib/torrent/scheduler/dispatch/piecerequest), but for ties, which its heap
breaks by a piece's number. When no more pieces are missing than it asks one peer for at a time, a member asks several
for the same piece (the *endgame*), and takes the first that comes. Leaves out cancelling requests: what was asked of
several is sent by each. Kernel code (see `sim.records`).
"""

from __future__ import annotations

from typing import Any

from sim.contrib.swarm.random import draw
from sim.contrib.swarm.state import OPEN, SEND, WORD
from sim.records.queue import push_event


def peer_of(w: Any, c: int, m: int) -> int:
    """The other end of a connection."""
    conn = w.conns[c]
    return int(conn.b if conn.a == m else conn.a)


def inward(w: Any, c: int, m: int) -> int:
    """The channel of a connection that carries pieces to `m`."""
    return 2 * c if w.conns[c].b == m else 2 * c + 1


def has_piece(w: Any, m: int, p: int) -> bool:
    """Whether a member has a piece."""
    return bool((w.has[m * w.g.words + (p >> 5)] >> (p & 31)) & 1)


def delay_s(w: Any, source: int, target: int) -> float:
    """How long anything takes from host to host."""
    a, b = w.hosts[source], w.hosts[target]
    return float(a.delay_s + w.legs[a.place * w.g.places + b.place].delay_s + b.delay_s)


def ask(w: Any, now: float, m: int, c: int) -> None:
    """Member `m` asks the other end of a connection for as many pieces as it may."""
    g = w.g
    q = peer_of(w, c, m)
    x = inward(w, c, m)
    member, channel = w.members[m], w.channels[x]
    if member.complete or not (g.mutual or w.conns[c].a == m):
        return
    quota = (g.seed_pipeline if w.members[q].seed else g.pipeline) - channel.counted
    if quota <= 0:
        return
    endgame = w.torrents[member.torrent].pieces - member.pieces <= g.pipeline
    n = _candidates(w, m, q, endgame)
    here_s = now + delay_s(w, member.host, w.members[q].host)
    while quota > 0 and n > 0 and channel.asked < g.requests_room:
        p, n = take_rarest(w, m, n)
        if _request_of(w, x, p) >= 0:
            continue
        request = w.requests[request_at(w, x, channel.asked)]
        request.piece, request.asked_s, request.here_s, request.overdue = p, now, here_s, 0
        channel.asked += 1
        channel.counted += 1
        w.awaited[m * WORD * g.words + p] += 1
        w.lacks[m * g.words + (p >> 5)] &= ~(1 << (p & 31))
        quota -= 1
        if not channel.busy:
            channel.busy = 1
            push_event(w, here_s, SEND, x, w.conns[c].generation)


def request_at(w: Any, x: int, nth: int) -> int:
    """The row of a channel's nth request."""
    length = w.g.requests_room
    return int(x * length + (w.channels[x].head + nth) % length)


def _candidates(w: Any, m: int, q: int, endgame: bool) -> int:
    """How many pieces the peer could give; they are listed in `scratch`."""
    words = w.g.words
    n = 0
    for word in range(words):
        wanted = ~w.has[m * words + word] if endgame else w.lacks[m * words + word]
        bits = w.has[q * words + word] & wanted
        p = word * WORD
        while bits:
            if bits & 1:
                w.scratch[n] = p
                n += 1
            bits >>= 1
            p += 1
    return n


def take_rarest(w: Any, m: int, n: int) -> tuple[int, int]:
    """Takes the piece that the fewest peers have out of the first `n` of `scratch`: which, and how many are left."""
    first = m * WORD * w.g.words
    best, ties = 0, 1
    least = w.spread[first + w.scratch[0]]
    for i in range(1, n):
        spread = w.spread[first + w.scratch[i]]
        if spread < least:
            best, ties, least = i, 1, spread
        elif spread == least:
            ties += 1
            if draw(w) * ties < 1.0:
                best = i
    p = w.scratch[best]
    w.scratch[best] = w.scratch[n - 1]
    return p, n - 1


def _request_of(w: Any, x: int, p: int) -> int:
    """The row of a channel's request for a piece, -1 if there is none."""
    found = -1
    for i in range(w.channels[x].asked):
        at = request_at(w, x, i)
        if w.requests[at].piece == p:
            found = at
    return found


def ask_others(w: Any, now: float, m: int) -> None:
    """What has not come in time is overdue: it may be asked of others, and is."""
    g = w.g
    member, some = w.members[m], False
    for i in range(member.conns):
        x = inward(w, w.conns_of[m * g.connections + i], m)
        channel = w.channels[x]
        for k in range(channel.asked):
            request = w.requests[request_at(w, x, k)]
            p = request.piece
            if not request.overdue and now - request.asked_s > g.timeout_s and not has_piece(w, m, p):
                request.overdue = 1
                channel.counted -= 1
                w.awaited[m * WORD * g.words + p] -= 1
                some = True
                if w.awaited[m * WORD * g.words + p] == 0:
                    w.lacks[m * g.words + (p >> 5)] |= 1 << (p & 31)
    if some:
        for i in range(member.conns):
            c = w.conns_of[m * g.connections + i]
            if w.conns[c].state == OPEN:
                ask(w, now, m, c)


def receive(w: Any, now: float, m: int, c: int, p: int, overdue: int) -> bool:
    """A piece has come over a connection: whether it was still wanted. Nobody else owes it any more."""
    g = w.g
    member, channel = w.members[m], w.channels[inward(w, c, m)]
    if has_piece(w, m, p):
        return False
    w.has[m * g.words + (p >> 5)] |= 1 << (p & 31)
    member.pieces += 1
    member.progress_s = now
    w.lacks[m * g.words + (p >> 5)] &= ~(1 << (p & 31))
    if not overdue:
        channel.counted -= 1
    if w.awaited[m * WORD * g.words + p] > (0 if overdue else 1):
        for i in range(member.conns):
            other = w.conns_of[m * g.connections + i]
            if other != c and w.conns[other].state == OPEN:
                x = inward(w, other, m)
                at = _request_of(w, x, p)
                if at >= 0 and not w.requests[at].overdue:
                    w.channels[x].counted -= 1
    w.awaited[m * WORD * g.words + p] = 0
    return True


def count_peer(w: Any, m: int, q: int, by: int) -> None:
    """Member `m` has a peer more, or one less, with all the pieces of `q`."""
    words = w.g.words
    for word in range(words):
        bits, p = w.has[q * words + word], word * WORD
        while bits:
            if bits & 1:
                w.spread[m * WORD * words + p] += by
            bits >>= 1
            p += 1


def give_up_requests(w: Any, m: int, x: int) -> None:
    """What was asked for over a channel that closes is wanted again, unless somebody else was asked, too."""
    g = w.g
    for i in range(w.channels[x].asked):
        request = w.requests[request_at(w, x, i)]
        p = request.piece
        if w.awaited[m * WORD * g.words + p] and not request.overdue:
            w.awaited[m * WORD * g.words + p] -= 1
            if w.awaited[m * WORD * g.words + p] == 0 and not has_piece(w, m, p):
                w.lacks[m * g.words + (p >> 5)] |= 1 << (p & 31)
