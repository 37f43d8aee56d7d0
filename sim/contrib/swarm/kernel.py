"""What happens in a swarm, one event at a time: pieces on their way, members that join, complete and leave.

A piece goes the way that Kraken's goes (uber/kraken, lib/torrent/scheduler/conn/conn.go): it waits for the sender's
tokens, then for the receiver's, and crosses the links between, each of which sends one piece after another. So links
are shared by queueing and not by max-min; what else crosses them is not seen. Over one connection pieces leave one
after another. Leaves out checking and writing pieces. Kernel code (see `sim.records`).
"""

from __future__ import annotations

from typing import Any

from sim.contrib.swarm.peers import (
    announce,
    announce_in_turn,
    append_member,
    are_reachable,
    close,
    note_share,
    on_answer,
    on_offer,
    on_open,
    on_refusal,
    stop_announcing,
)
from sim.contrib.swarm.pieces import ask, ask_others, delay_s, inward, peer_of, receive, request_at
from sim.contrib.swarm.random import draw
from sim.contrib.swarm.state import (
    ADMITTED,
    ANSWERED,
    DELIVERED,
    DONE,
    GRANTED,
    IDLE,
    MARGIN,
    OFFERED,
    OPEN,
    OPENED,
    PAUSED,
    REFUSED,
    SEND,
    TICK,
    UNUSED,
    WORD,
)
from sim.records.queue import pop_event, push_event


def join(w: Any, now: float, m: int) -> None:
    """A member begins to fetch: it asks the tracker at once, and again as its host's turns come."""
    member = w.members[m]
    host = w.hosts[member.host]
    member.progress_s = now
    append_member(w, member.host, m)
    announce(w, now, m)
    if not host.ticking:
        host.ticking = 1
        push_event(w, now + draw(w) * w.g.first_announce_s, TICK, member.host, 0)


def run(w: Any, until_s: float, most_events: int) -> int:
    """Go on until members are done (`DONE`), or nothing is left to happen by then (`IDLE`).

    Or until tables are short of rows, or so many events have been scheduled since the start: `PAUSED`.
    """
    g = w.g
    while g.events_used and w.events[0].at_s <= until_s:
        if g.done:
            return DONE
        if g.events_used + MARGIN > len(w.events) or g.shares + 2 * len(w.conns) > len(w.shares):
            return PAUSED
        if g.order >= most_events:
            return PAUSED
        pop_event(w)
        now, kind, what, generation = g.event_s, g.event_kind, g.event_what, g.event_generation
        g.now_s = now
        if kind >= SEND:
            if w.conns[what >> 1].generation == generation:
                _move_piece(w, now, kind, what)
        elif kind >= OFFERED:
            if w.conns[what].generation == generation:
                _connect(w, now, kind, what)
        elif kind == TICK:
            _check_fetches(w, now, what)
            announce_in_turn(w, now, what)
        elif kind == ANSWERED and w.members[what].generation == generation:
            on_answer(w, now, what)
    return DONE if g.done else IDLE


def _connect(w: Any, now: float, kind: int, c: int) -> None:
    if kind == OFFERED:
        on_offer(w, now, c)
    elif kind == REFUSED:
        on_refusal(w, now, c)
    elif kind == OPENED:
        on_open(w, now, c)


def _move_piece(w: Any, now: float, kind: int, x: int) -> None:
    if kind == SEND:
        _take_egress_tokens(w, now, x)
    elif kind == GRANTED:
        _take_ingress_tokens(w, now, x)
    elif kind == ADMITTED:
        _cross(w, now, x)
    elif kind == DELIVERED:
        _deliver(w, now, x)


def _sender(w: Any, x: int) -> int:
    """The member that sends over a channel."""
    conn = w.conns[x >> 1]
    return int(conn.a if x % 2 == 0 else conn.b)


def _receiver(w: Any, x: int) -> int:
    """The one that receives."""
    conn = w.conns[x >> 1]
    return int(conn.b if x % 2 == 0 else conn.a)


def _size_bytes(w: Any, m: int, p: int) -> int:
    torrent = w.torrents[w.members[m].torrent]
    return int(torrent.last_bytes if p == torrent.pieces - 1 else w.g.piece_bytes)


def _next_piece(w: Any, x: int) -> int:
    """The piece whose turn it is to leave."""
    return int(w.requests[request_at(w, x, w.channels[x].sent)].piece)


def _take_egress_tokens(w: Any, now: float, x: int) -> None:
    """The sender's; a seed needs none."""
    source = _sender(w, x)
    host = w.hosts[w.members[source].host]
    if w.members[source].seed:
        _take_ingress_tokens(w, now, x)
        return
    size_bytes = _size_bytes(w, source, _next_piece(w, x))
    host.egress_s = _spent_s(w, host.egress_s, now, size_bytes / host.egress_Bps)
    if host.egress_s > now:
        push_event(w, host.egress_s, GRANTED, x, w.conns[x >> 1].generation)
    else:
        _take_ingress_tokens(w, now, x)


def _spent_s(w: Any, before_s: float, now: float, more_s: float) -> float:
    """Until when a bucket's tokens are spent if so many more are taken: it holds `burst_s` of its rate."""
    return float(max(before_s, now - w.g.burst_s) + more_s)


def _take_ingress_tokens(w: Any, now: float, x: int) -> None:
    """The receiver's."""
    target = _receiver(w, x)
    host = w.hosts[w.members[target].host]
    size_bytes = _size_bytes(w, target, _next_piece(w, x))
    host.ingress_s = _spent_s(w, host.ingress_s, now, size_bytes / host.ingress_Bps)
    if host.ingress_s > now:
        push_event(w, host.ingress_s, ADMITTED, x, w.conns[x >> 1].generation)
    else:
        _cross(w, now, x)


def _cross(w: Any, now: float, x: int) -> None:
    """Take a turn on each link; when the piece has left, the next one over the channel may.

    Turns are taken on all links at once, so that a piece which one link makes wait holds up nobody on the others.
    """
    u = _sender(w, x)
    a, b = w.members[u].host, w.members[_receiver(w, x)].host
    source, target, channel, generation = w.hosts[a], w.hosts[b], w.channels[x], w.conns[x >> 1].generation
    size_bytes = _size_bytes(w, u, _next_piece(w, x))
    leg = w.legs[source.place * w.g.places + target.place]
    left_s = _take_turns(w, now, source.first_up, source.end_up, size_bytes, now)
    left_s = _take_turns(w, now, leg.first, leg.end, size_bytes, left_s)
    left_s = _take_turns(w, now, target.first_down, target.end_down, size_bytes, left_s)
    forth_s = delay_s(w, a, b)
    round_trip_s = forth_s + delay_s(w, b, a)
    left_s = max(left_s, now + size_bytes * round_trip_s / min(source.window_bytes, target.window_bytes))
    if not channel.carried_bytes:
        channel.first_s = now
    channel.sent += 1
    push_event(w, left_s + forth_s, DELIVERED, x, generation)
    if channel.asked > channel.sent:
        waiting = w.requests[request_at(w, x, channel.sent)]
        push_event(w, max(left_s, waiting.here_s), SEND, x, generation)
    else:
        channel.busy = 0


def _take_turns(w: Any, now: float, first: int, end: int, size_bytes: int, left_s: float) -> float:
    """A piece takes its turn on each of some links; when it has left them, not before `left_s`."""
    for i in range(first, end):
        link = w.links[w.hops[i]]
        link.free_s = max(link.free_s, now) + size_bytes / link.capacity_Bps
        left_s = max(left_s, link.free_s)
    return left_s


def _deliver(w: Any, now: float, x: int) -> None:
    """A piece is there: ask for more, and let every peer know."""
    m, g = _receiver(w, x), w.g
    c = x >> 1
    channel, member = w.channels[x], w.members[m]
    request = w.requests[request_at(w, x, 0)]
    p, overdue = request.piece, request.overdue
    channel.head = (channel.head + 1) % g.requests_room
    channel.asked -= 1
    channel.sent -= 1
    channel.carried_bytes += _size_bytes(w, m, p)
    channel.last_s = now
    if member.complete or not receive(w, now, m, c, p, overdue):
        return
    ask(w, now, m, c)
    source = _sender(w, x)
    for i in range(member.conns):
        other = w.conns_of[m * g.connections + i]
        if w.conns[other].state == OPEN:
            q = peer_of(w, other, m)
            w.spread[q * WORD * g.words + p] += 1
            if q != source:
                ask(w, now + delay_s(w, member.host, w.members[q].host), q, other)
    if member.pieces == w.torrents[member.torrent].pieces:
        _complete(w, now, m)


def _complete(w: Any, now: float, m: int) -> None:
    """Let the tracker know, and close connections to others who have everything: nobody needs them."""
    member = w.members[m]
    member.complete = 1
    stop_announcing(w, m)
    announce(w, now, m)
    _note_done(w, m)
    i = member.conns - 1
    while i >= 0:
        c = w.conns_of[m * w.g.connections + i]
        if w.conns[c].state == OPEN and w.members[peer_of(w, c, m)].complete:
            close(w, now, c)
        i -= 1


def _note_done(w: Any, m: int) -> None:
    """It is done, and this is what it had from whom."""
    g, member = w.g, w.members[m]
    for i in range(member.conns):
        c = w.conns_of[m * g.connections + i]
        if w.conns[c].state == OPEN:
            note_share(w, m, peer_of(w, c, m), inward(w, c, m))
    w.done[g.done] = m
    g.done += 1


def _check_fetches(w: Any, now: float, h: int) -> None:
    """A host asks others for what is overdue, and gives up torrents that have come no further for a long time."""
    m = w.hosts[h].head
    while m >= 0:
        following = w.members[m].next
        if now - w.members[m].progress_s >= w.g.patience_s:
            leave(w, now, m)
        else:
            ask_others(w, now, m)
        m = following


def leave(w: Any, now: float, m: int) -> None:
    """A member goes: its connections close, and if it had not everything yet, it has failed."""
    member = w.members[m]
    while member.conns:
        close(w, now, w.conns_of[m * w.g.connections + member.conns - 1])
    if not member.complete:
        stop_announcing(w, m)
        member.failed = 1
        _note_done(w, m)


def cut(w: Any, now: float) -> None:
    """A link is down: connections over it close, and so do offers of some."""
    for c in range(len(w.conns)):
        conn = w.conns[c]
        if conn.state != UNUSED and not are_reachable(w, conn.a, conn.b):
            close(w, now, c)
