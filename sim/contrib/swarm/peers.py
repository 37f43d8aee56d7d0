"""How members meet: the tracker, connections offered and refused, and who is left alone for a while.

As uber/kraken does it (lib/torrent/scheduler/{events,state}.go, connstate/state.go, tracker/peerhandoutpolicy): a
member that is short of connections asks the tracker, which names members at random and the seeds; it dials those who
have everything first, then seeds, then others, until it has as many as it may. Who has as many refuses, and so does who
is dialling the very member that dials it; who is refused asks elsewhere. Leaves out a tracker that is slow or down.
Kernel code (see `sim.records`).
"""

from __future__ import annotations

from typing import Any

from sim.contrib.swarm.pieces import ask, count_peer, delay_s, give_up_requests, inward, peer_of
from sim.contrib.swarm.random import draw
from sim.contrib.swarm.state import ANSWERED, DIALLED, MAX_BANS, OFFERED, OPEN, OPENED, REFUSED, TICK, UNUSED
from sim.records.queue import push_event


def announce(w: Any, now: float, m: int) -> None:
    """Ask the tracker: the answer is there after a round trip."""
    member = w.members[m]
    push_event(w, now + member.tracker_s, ANSWERED, m, member.generation)


def announce_in_turn(w: Any, now: float, h: int) -> None:
    """A host's turn to announce: one of its torrents that wants connections, the one that has waited for longest."""
    host = w.hosts[h]
    previous, m = -1, host.head
    while m >= 0 and w.members[m].open >= w.g.connections:
        previous, m = m, w.members[m].next
    if m >= 0:
        announce(w, now, m)
        if m != host.tail:
            _remove_behind(w, h, m, previous)
            append_member(w, h, m)
    if host.head >= 0:
        push_event(w, now + w.g.announce_s, TICK, h, 0)
    else:
        host.ticking = 0


def append_member(w: Any, h: int, m: int) -> None:
    """A member joins its host's list of torrents that announce themselves."""
    host = w.hosts[h]
    w.members[m].next = -1
    w.members[m].queued = 1
    if host.head < 0:
        host.head = m
    else:
        w.members[host.tail].next = m
    host.tail = m


def _remove_behind(w: Any, h: int, m: int, previous: int) -> None:
    """It leaves the list; `previous` is whom it stands behind."""
    host, member = w.hosts[h], w.members[m]
    if previous < 0:
        host.head = member.next
    else:
        w.members[previous].next = member.next
    if host.tail == m:
        host.tail = previous
    member.queued = 0


def stop_announcing(w: Any, m: int) -> None:
    """Take a member out of its host's list, wherever it stands."""
    if w.members[m].queued:
        h = w.members[m].host
        previous, at = -1, w.hosts[h].head
        while at != m:
            previous, at = at, w.members[at].next
        _remove_behind(w, h, m, previous)


def note_announced(w: Any, m: int) -> None:
    """The tracker knows a member from now on, and whether it is complete."""
    member = w.members[m]
    if not member.announced:
        torrent = w.torrents[member.torrent]
        member.announced = 1
        w.tracker[member.torrent * w.g.announced_room + torrent.announced] = m
        torrent.announced += 1
    member.announced_complete = member.complete


def on_answer(w: Any, now: float, m: int) -> None:
    """The tracker's answer: dial whom it names, as long as there may be more connections."""
    member, g = w.members[m], w.g
    torrent, first = w.torrents[member.torrent], member.torrent * w.g.announced_room
    note_announced(w, m)
    if member.complete:
        return
    known = torrent.announced
    n = min(g.handout, known)
    for i in range(n):
        j = i + int(draw(w) * (known - i))
        named = w.tracker[first + j]
        w.tracker[first + j] = w.tracker[first + i]
        w.tracker[first + i] = named
    for rank in range(3):
        for i in range(torrent.seeds if rank == 1 else n):
            q = w.seeds[member.torrent * g.seeds_room + i] if rank == 1 else w.tracker[first + i]
            if rank != 1 and (q == m or w.members[q].announced_complete != (rank == 0)):
                continue
            if member.conns >= g.connections or member.dialled >= g.dials:
                return
            if not _is_banned(w, now, m, q) and not _are_joined(w, m, q):
                _dial(w, now, m, q)


def _is_banned(w: Any, now: float, m: int, q: int) -> bool:
    banned = False
    for i in range(w.members[m].bans):
        ban = w.bans[m * MAX_BANS + i]
        banned |= bool(ban.peer == q and ban.until_s > now)
    return banned


def _ban(w: Any, now: float, m: int, q: int) -> None:
    """Leave a peer alone for a while; of too many the one that would end first is forgotten."""
    member, first = w.members[m], m * MAX_BANS
    at = member.bans
    if at < MAX_BANS:
        member.bans += 1
    else:
        at = 0
        for i in range(1, MAX_BANS):
            if w.bans[first + i].until_s < w.bans[first + at].until_s:
                at = i
    ban = w.bans[first + at]
    ban.peer, ban.until_s = q, now + w.g.ban_s


def _are_joined(w: Any, m: int, q: int) -> bool:
    """Whether the first of two members knows of a connection of both."""
    joined = False
    for i in range(w.members[m].conns):
        joined |= peer_of(w, w.conns_of[m * w.g.connections + i], m) == q
    return joined


def _dial(w: Any, now: float, m: int, q: int) -> None:
    """Offer a connection: TCP takes a round trip, the offer half of one."""
    c = w.g.free_conn
    conn = w.conns[c]
    w.g.free_conn = conn.a
    conn.a, conn.b, conn.state = m, q, DIALLED
    for x in range(2 * c, 2 * c + 2):
        channel = w.channels[x]
        channel.busy = channel.head = channel.asked = channel.sent = channel.counted = channel.carried_bytes = 0
    _count_in(w, m, c)
    w.members[m].dialled += 1
    push_event(w, now + 3 * _one_way_s(w, m, q), OFFERED, c, conn.generation)


def _one_way_s(w: Any, m: int, q: int) -> float:
    return delay_s(w, w.members[m].host, w.members[q].host)


def on_offer(w: Any, now: float, c: int) -> None:
    """Somebody dials: the connection is taken, or refused."""
    conn = w.conns[c]
    m, q = conn.a, conn.b
    answered_s = now + _one_way_s(w, q, m)
    free = w.members[q].conns < w.g.connections and are_reachable(w, m, q)
    if free and not _are_joined(w, q, m) and not w.members[q].failed:
        _count_in(w, q, c)
        push_event(w, answered_s, OPENED, c, conn.generation)
    else:
        push_event(w, answered_s, REFUSED, c, conn.generation)


def on_refusal(w: Any, now: float, c: int) -> None:
    """Leave whom it dialled alone for a while."""
    conn = w.conns[c]
    m, q = conn.a, conn.b
    _count_out(w, m, c)
    w.members[m].dialled -= 1
    _ban(w, now, m, q)
    _free_conn(w, c)


def on_open(w: Any, now: float, c: int) -> None:
    """Both ends learn what the other has, and ask for what they lack."""
    conn = w.conns[c]
    conn.state = OPEN
    w.members[conn.a].open += 1
    w.members[conn.b].open += 1
    count_peer(w, conn.a, conn.b, 1)
    count_peer(w, conn.b, conn.a, 1)
    ask(w, now, conn.a, c)
    ask(w, now, conn.b, c)


def close(w: Any, now: float, c: int) -> None:
    """Part two members. What was on its way is lost, and each leaves the other alone for a while."""
    conn = w.conns[c]
    a, b, state = conn.a, conn.b, conn.state
    for end in range(2):
        m = b if end else a
        q = a if end else b
        if _count_out(w, m, c):
            _ban(w, now, m, q)
        if state == OPEN:
            w.members[m].open -= 1
            count_peer(w, m, q, -1)
            x = inward(w, c, m)
            give_up_requests(w, m, x)
            note_share(w, m, q, x)
    w.members[a].dialled -= 1
    _free_conn(w, c)


def note_share(w: Any, m: int, q: int, x: int) -> None:
    """Note what a member has had over a channel since that was last noted."""
    channel, g = w.channels[x], w.g
    if channel.carried_bytes:
        row = w.shares[g.shares]
        g.shares += 1
        row.member, row.source = m, w.members[q].host
        row.carried_bytes, row.first_s, row.last_s = channel.carried_bytes, channel.first_s, channel.last_s
        channel.carried_bytes = 0


def _count_in(w: Any, m: int, c: int) -> None:
    """A connection is one of those that a member has."""
    member = w.members[m]
    w.conns_of[m * w.g.connections + member.conns] = c
    member.conns += 1


def _count_out(w: Any, m: int, c: int) -> bool:
    """It is not any more; whether it was."""
    member, first = w.members[m], m * w.g.connections
    for i in range(member.conns):
        if w.conns_of[first + i] == c:
            member.conns -= 1
            w.conns_of[first + i] = w.conns_of[first + member.conns]
            return True
    return False


def _free_conn(w: Any, c: int) -> None:
    conn = w.conns[c]
    conn.generation += 1
    conn.state = UNUSED
    conn.a = w.g.free_conn
    w.g.free_conn = c


def are_reachable(w: Any, m: int, q: int) -> bool:
    """Whether no link between them is down, either way."""
    a, b = w.members[m].host, w.members[q].host
    return _is_up(w, a, b) and _is_up(w, b, a)


def _is_up(w: Any, source: int, target: int) -> bool:
    """Whether no link from host to host is down."""
    a, b = w.hosts[source], w.hosts[target]
    leg = w.legs[a.place * w.g.places + b.place]
    return _are_up(w, a.first_up, a.end_up) and _are_up(w, leg.first, leg.end) and _are_up(w, b.first_down, b.end_down)


def _are_up(w: Any, first: int, end: int) -> bool:
    up = True
    for i in range(first, end):
        if w.links[w.hops[i]].capacity_Bps == 0.0:
            up = False
    return up
