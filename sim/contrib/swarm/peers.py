"""How members meet: the tracker, connections offered and refused, and who is left alone for a while.

As uber/kraken does it (lib/torrent/scheduler/{events,state}.go, connstate/state.go, tracker/peerhandoutpolicy): a
member that is short of connections asks the tracker, which names members at random and the seeds; it dials those who
have everything first, then seeds, then others, until it has no place left. Who has no place left refuses, and so does
who is dialling the very member that dials it; who is refused asks elsewhere. Text to be compiled (see `records`).
"""

from __future__ import annotations

from typing import Any

from sim.contrib.swarm.events import draw, schedule
from sim.contrib.swarm.pieces import ask, delay_s, give_up, inward, learn, peer, route
from sim.contrib.swarm.records import ANNOUNCED, DIALLED, OFFERED, OPEN, OPENED, REFUSED, TICK, UNUSED, Tables


def announce_soon(net: Tables, now: float, m: int) -> None:
    """Ask the tracker: the answer is there after a round trip."""
    member = net.members[m]
    schedule(net, now + member.tracker_s, ANNOUNCED, m, member.life)


def tick(net: Tables, now: float, h: int) -> None:
    """A host's turn to announce: one of its torrents that wants connections, the one that has waited for longest."""
    host, figures = net.hosts[h], net.figures[0]
    previous, m = -1, host.head
    while m >= 0 and net.members[m].open >= figures.connections:
        previous, m = m, net.members[m].next
    if m >= 0:
        announce_soon(net, now, m)
        if m != host.tail:
            unqueue(net, h, m, previous)
            enqueue(net, h, m)
    if host.head >= 0:
        schedule(net, now + figures.announce_s, TICK, h, 0)
    else:
        host.ticking = 0


def enqueue(net: Tables, h: int, m: int) -> None:
    """A member joins its host's queue of torrents that announce themselves."""
    host = net.hosts[h]
    net.members[m].next = -1
    net.members[m].queued = 1
    if host.head < 0:
        host.head = m
    else:
        net.members[host.tail].next = m
    host.tail = m


def unqueue(net: Tables, h: int, m: int, previous: int) -> None:
    """It leaves the queue; `previous` is whom it stands behind."""
    host, member = net.hosts[h], net.members[m]
    if previous < 0:
        host.head = member.next
    else:
        net.members[previous].next = member.next
    if host.tail == m:
        host.tail = previous
    member.queued = 0


def stop_announcing(net: Tables, m: int) -> None:
    """Take a member out of its host's queue, wherever it stands."""
    if net.members[m].queued:
        h = net.members[m].host
        previous, at = -1, net.hosts[h].head
        while at != m:
            previous, at = at, net.members[at].next
        unqueue(net, h, m, previous)


def hear(net: Tables, now: float, m: int) -> None:
    """The tracker's answer: dial whom it names, as long as there is room."""
    member, figures = net.members[m], net.figures[0]
    t = member.torrent
    torrent = net.torrents[t]
    if not member.announced:
        member.announced = 1
        net.tracker[t, torrent.announced] = m
        torrent.announced += 1
    member.told_complete = member.complete
    if member.complete:
        return
    known = torrent.announced
    n = min(figures.handout, known)
    for i in range(n):
        j = i + int(draw(net) * (known - i))
        named = net.tracker[t, j]
        net.tracker[t, j] = net.tracker[t, i]
        net.tracker[t, i] = named
    for rank in range(3):
        for i in range(torrent.seeds if rank == 1 else n):
            q = net.seeds[t, i] if rank == 1 else net.tracker[t, i]
            if rank != 1 and (q == m or net.members[q].told_complete != (rank == 0)):
                continue
            if member.conns >= figures.connections or member.dialled >= figures.dials:
                return
            if not _banned(net, now, m, q) and not _joined(net, m, q):
                _dial(net, now, m, q)


def _banned(net: Tables, now: float, m: int, q: int) -> bool:
    banned = False
    for i in range(net.members[m].bans):
        banned |= net.bans[m, i].peer == q and net.bans[m, i].until_s > now
    return banned


def ban(net: Tables, now: float, m: int, q: int) -> None:
    """Leave a peer alone for a while; of too many the one that would end first is forgotten."""
    member, bans = net.members[m], net.bans
    at = member.bans
    if at < bans.shape[1]:
        member.bans += 1
    else:
        at = 0
        for i in range(1, bans.shape[1]):
            if bans[m, i].until_s < bans[m, at].until_s:
                at = i
    bans[m, at].peer, bans[m, at].until_s = q, now + net.figures[0].ban_s


def _joined(net: Tables, m: int, q: int) -> bool:
    """Whether the first of two members knows of a link-up of both."""
    joined = False
    for i in range(net.members[m].conns):
        joined |= peer(net, net.conns_of[m, i], m) == q
    return joined


def _dial(net: Tables, now: float, m: int, q: int) -> None:
    """Offer a connection: TCP takes a round trip, the offer half of one."""
    board = net.board[0]
    c = board.free_conn
    conn = net.conns[c]
    board.free_conn = conn.a
    conn.a, conn.b, conn.state = m, q, DIALLED
    for x in range(2 * c, 2 * c + 2):
        channel = net.channels[x]
        channel.busy = channel.head = channel.asked = channel.sent = channel.counted = channel.carried_bytes = 0
    _take_place(net, m, c)
    net.members[m].dialled += 1
    schedule(net, now + 3 * _one_way_s(net, m, q), OFFERED, c, conn.life)


def _one_way_s(net: Tables, m: int, q: int) -> Any:
    return delay_s(net, net.members[m].host, net.members[q].host)


def offered(net: Tables, now: float, c: int) -> None:
    """Somebody dials: there is room for him, or there is not."""
    conn = net.conns[c]
    m, q = conn.a, conn.b
    answered_s = now + _one_way_s(net, q, m)
    free = net.members[q].conns < net.figures[0].connections and reachable(net, m, q)
    if free and not _joined(net, q, m) and not net.members[q].failed:
        _take_place(net, q, c)
        schedule(net, answered_s, OPENED, c, conn.life)
    else:
        schedule(net, answered_s, REFUSED, c, conn.life)


def refused(net: Tables, now: float, c: int) -> None:
    """Leave whom it dialled alone for a while."""
    conn = net.conns[c]
    m, q = conn.a, conn.b
    _leave_place(net, m, c)
    net.members[m].dialled -= 1
    ban(net, now, m, q)
    _free(net, c)


def opened(net: Tables, now: float, c: int) -> None:
    """Both ends tell what they have, and ask for what they lack."""
    conn = net.conns[c]
    conn.state = OPEN
    net.members[conn.a].open += 1
    net.members[conn.b].open += 1
    learn(net, conn.a, conn.b, 1)
    learn(net, conn.b, conn.a, 1)
    ask(net, now, conn.a, c)
    ask(net, now, conn.b, c)


def close(net: Tables, now: float, c: int) -> None:
    """Part two members. What was under way is lost, and each leaves the other alone for a while."""
    conn = net.conns[c]
    a, b, state = conn.a, conn.b, conn.state
    for m in (a, b):
        q = b if m == a else a
        if _leave_place(net, m, c):
            ban(net, now, m, q)
        if state == OPEN:
            net.members[m].open -= 1
            learn(net, m, q, -1)
            x = inward(net, c, m)
            give_up(net, m, x)
            share(net, m, q, x)
    net.members[a].dialled -= 1
    _free(net, c)


def share(net: Tables, m: int, q: int, x: int) -> None:
    """Note what a member has had over a channel since that was last noted."""
    channel, board = net.channels[x], net.board[0]
    if channel.carried_bytes:
        row = net.shares[board.shares]
        board.shares += 1
        row.member, row.source = m, net.members[q].host
        row.carried_bytes, row.first_s, row.last_s = channel.carried_bytes, channel.first_s, channel.last_s
        channel.carried_bytes = 0


def _take_place(net: Tables, m: int, c: int) -> None:
    member = net.members[m]
    net.conns_of[m, member.conns] = c
    member.conns += 1


def _leave_place(net: Tables, m: int, c: int) -> bool:
    """Whether it held one."""
    member = net.members[m]
    for i in range(member.conns):
        if net.conns_of[m, i] == c:
            member.conns -= 1
            net.conns_of[m, i] = net.conns_of[m, member.conns]
            return True
    return False


def _free(net: Tables, c: int) -> None:
    conn, board = net.conns[c], net.board[0]
    conn.life += 1
    conn.state = UNUSED
    conn.a = board.free_conn
    board.free_conn = c


def reachable(net: Tables, m: int, q: int) -> bool:
    """Whether no link between them is down, either way."""
    a, b = net.members[m].host, net.members[q].host
    return _up(net, a, b) and _up(net, b, a)


def _up(net: Tables, source: int, target: int) -> bool:
    for first, end in route(net, source, target):
        for i in range(first, end):
            if not net.links[net.hops[i]].capacity_Bps:
                return False
    return True
