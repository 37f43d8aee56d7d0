"""What happens in a swarm, one event at a time: pieces on their way, members that join, complete and leave.

A piece goes the way that Kraken's goes (uber/kraken, lib/torrent/scheduler/conn/conn.go): it waits for the sender's
tokens, then for the receiver's, and crosses the links between, each of which sends one piece after another. So links
are shared by queueing and not by max-min; what else crosses them is not seen. Over one connection pieces leave one
after another. Text to be compiled (see `records`).
"""

from __future__ import annotations

from typing import Any

from sim.contrib.swarm.events import draw, schedule, take_first
from sim.contrib.swarm.peers import (
    announce_soon,
    close,
    enqueue,
    hear,
    offered,
    opened,
    reachable,
    refused,
    share,
    stop_announcing,
    tick,
)
from sim.contrib.swarm.pieces import ask, ask_others, delay_s, inward, peer, receive, route
from sim.contrib.swarm.records import (
    ANNOUNCED,
    DELIVERED,
    DONE,
    FULL,
    GRANTED,
    IDLE,
    LET_IN,
    MARGIN,
    OFFERED,
    OPEN,
    OPENED,
    REFUSED,
    SEND,
    TICK,
    UNUSED,
    Tables,
)


def join(net: Tables, now: float, m: int) -> None:
    """A member begins to fetch: it asks the tracker at once, and again as its host's turns come."""
    member, figures = net.members[m], net.figures[0]
    host = net.hosts[member.host]
    member.progress_s = now
    enqueue(net, member.host, m)
    announce_soon(net, now, m)
    if not host.ticking:
        host.ticking = 1
        schedule(net, now + draw(net) * figures.first_announce_s, TICK, member.host, 0)


def run(net: Tables, until_s: float) -> int:
    """Go on until members are done (`DONE`), nothing is left to happen by then (`IDLE`), or tables want room."""
    board = net.board[0]
    while board.events and net.events[0].at_s <= until_s:
        if board.done:
            return DONE
        if board.events + MARGIN > len(net.events) or board.shares + 2 * len(net.conns) > len(net.shares):
            return FULL
        event = net.events[take_first(net)]
        now, kind, what, life = event.at_s, event.kind, event.what, event.life
        board.now_s = now
        if kind >= SEND:
            if net.conns[what >> 1].life == life:
                _move(net, now, kind, what)
        elif kind >= OFFERED:
            if net.conns[what].life == life:
                _meet(net, now, kind, what)
        elif kind == TICK:
            _look_after(net, now, what)
            tick(net, now, what)
        elif kind == ANNOUNCED and net.members[what].life == life:
            hear(net, now, what)
    return DONE if board.done else IDLE


def _meet(net: Tables, now: float, kind: int, c: int) -> None:
    if kind == OFFERED:
        offered(net, now, c)
    elif kind == REFUSED:
        refused(net, now, c)
    elif kind == OPENED:
        opened(net, now, c)


def _move(net: Tables, now: float, kind: int, x: int) -> None:
    if kind == SEND:
        _send(net, now, x)
    elif kind == GRANTED:
        _let_in(net, now, x)
    elif kind == LET_IN:
        _cross(net, now, x)
    elif kind == DELIVERED:
        _deliver(net, now, x)


def _ends(net: Tables, x: int) -> tuple[int, int]:
    """The member that sends over a channel, and the one that receives."""
    conn = net.conns[x >> 1]
    return (conn.a, conn.b) if x % 2 == 0 else (conn.b, conn.a)


def _size_bytes(net: Tables, m: int, p: int) -> int:
    torrent = net.torrents[net.members[m].torrent]
    return int(torrent.last_bytes if p == torrent.pieces - 1 else net.figures[0].piece_bytes)


def _leaving(net: Tables, x: int) -> int:
    """The piece whose turn it is to leave."""
    channel = net.channels[x]
    return int(net.requests[x, (channel.head + channel.sent) % net.requests.shape[1]].piece)


def _send(net: Tables, now: float, x: int) -> None:
    """Take the sender's tokens."""
    source, _ = _ends(net, x)
    host = net.hosts[net.members[source].host]
    if net.members[source].seed:
        _let_in(net, now, x)
        return
    size_bytes = _size_bytes(net, source, _leaving(net, x))
    host.egress_s = _spent_s(net, host.egress_s, now, size_bytes / host.egress_Bps)
    if host.egress_s > now:
        schedule(net, host.egress_s, GRANTED, x, net.conns[x >> 1].life)
    else:
        _let_in(net, now, x)


def _spent_s(net: Tables, before_s: float, now: float, more_s: float) -> Any:
    """Until when a bucket's tokens are spent if so many more are taken: it holds `burst_s` of its rate."""
    return max(before_s, now - net.figures[0].burst_s) + more_s


def _let_in(net: Tables, now: float, x: int) -> None:
    """Take the receiver's."""
    _, target = _ends(net, x)
    host = net.hosts[net.members[target].host]
    size_bytes = _size_bytes(net, target, _leaving(net, x))
    host.ingress_s = _spent_s(net, host.ingress_s, now, size_bytes / host.ingress_Bps)
    if host.ingress_s > now:
        schedule(net, host.ingress_s, LET_IN, x, net.conns[x >> 1].life)
    else:
        _cross(net, now, x)


def _cross(net: Tables, now: float, x: int) -> None:
    """Take a turn on each link; when the piece has left, the next one over the channel may.

    Turns are taken on all links at once, so that a piece which one link makes wait holds up nobody on the others.
    """
    u, d = _ends(net, x)
    a, b = net.members[u].host, net.members[d].host
    source, target, channel, life = net.hosts[a], net.hosts[b], net.channels[x], net.conns[x >> 1].life
    size_bytes = _size_bytes(net, u, _leaving(net, x))
    left_s = now
    for first, end in route(net, a, b):
        for i in range(first, end):
            link = net.links[net.hops[i]]
            link.free_s = max(link.free_s, now) + size_bytes / link.capacity_Bps
            left_s = max(left_s, link.free_s)
    forth_s = delay_s(net, a, b)
    round_trip_s = forth_s + delay_s(net, b, a)
    left_s = max(left_s, now + size_bytes * round_trip_s / min(source.window_bytes, target.window_bytes))
    if not channel.carried_bytes:
        channel.first_s = now
    channel.sent += 1
    schedule(net, left_s + forth_s, DELIVERED, x, life)
    if channel.asked > channel.sent:
        waiting = net.requests[x, (channel.head + channel.sent) % net.requests.shape[1]]
        schedule(net, max(left_s, waiting.here_s), SEND, x, life)
    else:
        channel.busy = 0


def _deliver(net: Tables, now: float, x: int) -> None:
    """A piece is there: ask for more, and let every peer know."""
    _, m = _ends(net, x)
    c = x >> 1
    channel, member = net.channels[x], net.members[m]
    p, late = net.requests[x, channel.head].piece, net.requests[x, channel.head].late
    channel.head = (channel.head + 1) % net.requests.shape[1]
    channel.asked -= 1
    channel.sent -= 1
    channel.carried_bytes += _size_bytes(net, m, p)
    channel.last_s = now
    if member.complete or not receive(net, now, m, c, p, late):
        return
    ask(net, now, m, c)
    for i in range(member.conns):
        other = net.conns_of[m, i]
        if net.conns[other].state == OPEN:
            q = peer(net, other, m)
            net.spread[q, p] += 1
            if q != _ends(net, x)[0]:
                ask(net, now + delay_s(net, member.host, net.members[q].host), q, other)
    if member.pieces == net.torrents[member.torrent].pieces:
        _complete(net, now, m)


def _complete(net: Tables, now: float, m: int) -> None:
    """Tell the tracker, and close connections to others who have everything: nobody needs them."""
    member = net.members[m]
    member.complete = 1
    stop_announcing(net, m)
    announce_soon(net, now, m)
    _leave_note(net, m)
    i = member.conns - 1
    while i >= 0:
        c = net.conns_of[m, i]
        if net.conns[c].state == OPEN and net.members[peer(net, c, m)].complete:
            close(net, now, c)
        i -= 1


def _leave_note(net: Tables, m: int) -> None:
    """It is done, and this is what it had from whom."""
    board, member = net.board[0], net.members[m]
    for i in range(member.conns):
        c = net.conns_of[m, i]
        if net.conns[c].state == OPEN:
            share(net, m, peer(net, c, m), inward(net, c, m))
    net.done[board.done] = m
    board.done += 1


def _look_after(net: Tables, now: float, h: int) -> None:
    """A host asks others for what is late, and gives up torrents that have come no further for a long time."""
    m = net.hosts[h].head
    while m >= 0:
        following = net.members[m].next
        if now - net.members[m].progress_s >= net.figures[0].patience_s:
            leave(net, now, m)
        else:
            ask_others(net, now, m)
        m = following


def leave(net: Tables, now: float, m: int) -> None:
    """A member goes: its connections close, and if it had not everything yet, it has failed."""
    member = net.members[m]
    while member.conns:
        close(net, now, net.conns_of[m, member.conns - 1])
    if not member.complete:
        stop_announcing(net, m)
        member.failed = 1
        _leave_note(net, m)


def cut(net: Tables, now: float) -> None:
    """A link is down: connections over it close, and so do offers of some."""
    for c in range(len(net.conns)):
        conn = net.conns[c]
        if conn.state != UNUSED and not reachable(net, conn.a, conn.b):
            close(net, now, c)
