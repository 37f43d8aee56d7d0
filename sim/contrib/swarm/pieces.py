"""Which pieces a member asks a peer for: those that the fewest of its peers have, ties at random.

So does Kraken's `rarest_first` (uber/kraken, lib/torrent/scheduler/dispatch/piecerequest), but for ties, which its heap
breaks by a piece's number. When no more pieces are missing than it asks one peer for at a time, a member asks several
for the same piece (the *endgame*), and takes the first that comes. Text to be compiled (see `records`).
"""

from __future__ import annotations

from typing import Any

from sim.contrib.swarm.events import draw, schedule
from sim.contrib.swarm.records import OPEN, SEND, Tables


def peer(net: Tables, c: int, m: int) -> Any:
    """The other end of a link-up."""
    conn = net.conns[c]
    return conn.b if conn.a == m else conn.a


def inward(net: Tables, c: int, m: int) -> int:
    """The channel of a link-up that carries pieces to `m`."""
    return 2 * c if net.conns[c].b == m else 2 * c + 1


def has(net: Tables, m: int, p: int) -> bool:
    """Whether a member has a piece."""
    return bool((net.has[m, p >> 5] >> (p & 31)) & 1)


def delay_s(net: Tables, source: int, target: int) -> Any:
    """How long anything takes from host to host."""
    a, b = net.hosts[source], net.hosts[target]
    return a.delay_s + net.legs[a.place, b.place].delay_s + b.delay_s


def route(net: Tables, source: int, target: int) -> Any:
    """From host to host, as three stretches of `hops`: up, between the places, and down."""
    a, b = net.hosts[source], net.hosts[target]
    leg = net.legs[a.place, b.place]
    return (a.first_up, a.end_up), (leg.first, leg.end), (b.first_down, b.end_down)


def ask(net: Tables, now: float, m: int, c: int) -> None:
    """Member `m` asks the other end of a link-up for as many pieces as it may."""
    q = peer(net, c, m)
    x = inward(net, c, m)
    figures, member, channel = net.figures[0], net.members[m], net.channels[x]
    if member.complete or not (figures.mutual or net.conns[c].a == m):
        return
    quota = (figures.seed_pipeline if net.members[q].seed else figures.pipeline) - channel.counted
    if quota <= 0:
        return
    ending = net.torrents[member.torrent].pieces - member.pieces <= figures.pipeline
    n = _candidates(net, m, q, ending)
    here_s = now + delay_s(net, member.host, net.members[q].host)
    length = net.requests.shape[1]
    while quota > 0 and n > 0 and channel.asked < length:
        p, n = _rarest(net, m, n)
        if _request(net, x, p) >= 0:
            continue
        request = net.requests[x, (channel.head + channel.asked) % length]
        request.piece, request.asked_s, request.here_s, request.late = p, now, here_s, 0
        channel.asked += 1
        channel.counted += 1
        net.awaited[m, p] += 1
        net.lacks[m, p >> 5] &= ~(1 << (p & 31))
        quota -= 1
        if not channel.busy:
            channel.busy = 1
            schedule(net, here_s, SEND, x, net.conns[c].life)


def _candidates(net: Tables, m: int, q: int, ending: bool) -> int:
    """How many pieces the peer could give; they are listed in `scratch`."""
    n = 0
    for w in range(net.has.shape[1]):
        bits = net.has[q, w] & (~net.has[m, w] if ending else net.lacks[m, w])
        p = w * 32
        while bits:
            if bits & 1:
                net.scratch[n] = p
                n += 1
            bits >>= 1
            p += 1
    return n


def _rarest(net: Tables, m: int, n: int) -> tuple[int, int]:
    """Takes the piece that the fewest peers have out of `scratch`: which, and how many are left."""
    best, ties = 0, 1
    least = net.spread[m, net.scratch[0]]
    for i in range(1, n):
        spread = net.spread[m, net.scratch[i]]
        if spread < least:
            best, ties, least = i, 1, spread
        elif spread == least:
            ties += 1
            if draw(net) * ties < 1.0:
                best = i
    p = net.scratch[best]
    net.scratch[best] = net.scratch[n - 1]
    return p, n - 1


def _request(net: Tables, x: int, p: int) -> int:
    """Where a channel's request for a piece stands, -1 if there is none."""
    channel, length, found = net.channels[x], net.requests.shape[1], -1
    for i in range(channel.asked):
        at = (channel.head + i) % length
        if net.requests[x, at].piece == p:
            found = at
    return found


def ask_others(net: Tables, now: float, m: int) -> None:
    """What has not come in time may be asked of others, and is."""
    member, length, some = net.members[m], net.requests.shape[1], False
    for i in range(member.conns):
        x = inward(net, net.conns_of[m, i], m)
        channel = net.channels[x]
        for k in range(channel.asked):
            request = net.requests[x, (channel.head + k) % length]
            p = request.piece
            if not request.late and now - request.asked_s > net.figures[0].timeout_s and not has(net, m, p):
                request.late = 1
                channel.counted -= 1
                net.awaited[m, p] -= 1
                some = True
                if not net.awaited[m, p]:
                    net.lacks[m, p >> 5] |= 1 << (p & 31)
    if some:
        for i in range(member.conns):
            if net.conns[net.conns_of[m, i]].state == OPEN:
                ask(net, now, m, net.conns_of[m, i])


def receive(net: Tables, now: float, m: int, c: int, p: int, late: int) -> bool:
    """A piece has come over a link-up: whether it was still wanted. Whoever else was asked for it is no longer."""
    member, channel = net.members[m], net.channels[inward(net, c, m)]
    if has(net, m, p):
        return False
    net.has[m, p >> 5] |= 1 << (p & 31)
    member.pieces += 1
    member.progress_s = now
    net.lacks[m, p >> 5] &= ~(1 << (p & 31))
    if not late:
        channel.counted -= 1
    if net.awaited[m, p] > (0 if late else 1):
        for i in range(member.conns):
            other = net.conns_of[m, i]
            if other != c and net.conns[other].state == OPEN:
                x = inward(net, other, m)
                at = _request(net, x, p)
                if at >= 0 and not net.requests[x, at].late:
                    net.channels[x].counted -= 1
    net.awaited[m, p] = 0
    return True


def learn(net: Tables, m: int, q: int, by: int) -> None:
    """Member `m` has a peer more, or one less, with all the pieces of `q`."""
    for w in range(net.has.shape[1]):
        bits, p = net.has[q, w], w * 32
        while bits:
            if bits & 1:
                net.spread[m, p] += by
            bits >>= 1
            p += 1


def give_up(net: Tables, m: int, x: int) -> None:
    """What was asked for over a channel that closes is wanted again, unless somebody else was asked, too."""
    channel, length = net.channels[x], net.requests.shape[1]
    for i in range(channel.asked):
        request = net.requests[x, (channel.head + i) % length]
        p = request.piece
        if net.awaited[m, p] and not request.late:
            net.awaited[m, p] -= 1
            if not net.awaited[m, p] and not has(net, m, p):
                net.lacks[m, p >> 5] |= 1 << (p & 31)
