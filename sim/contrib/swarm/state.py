"""What a swarm keeps: rows for torrents, members, connections and pieces, as `sim.records` has rows.

A *torrent* is one layer while somebody fetches it. A *member* is a host in a torrent; a seed is one that had all of it
from the start. A *connection* joins two members, and has a channel each way: channel 2c carries pieces from the end
that opened it, channel 2c + 1 to that end. Tables that have several rows for each of something (`conns_of`, `has`, ...)
have them one after another; how many is a global. References are numbers, -1 for none; times s.
"""

from __future__ import annotations

from typing import Final

from sim.records import Layout
from sim.records.layout import Int32
from sim.records.queue import Event, QueueGlobals

#: What can happen, by number: the order in which `kernel` tells them apart. `what` is a host, then a member, then a
#: connection, then a channel.
TICK, ANSWERED, OFFERED, REFUSED, OPENED, SEND, GRANTED, ADMITTED, DELIVERED = range(9)
#: What a connection is.
UNUSED, DIALLED, OPEN = range(3)
#: What a run stopped for.
DONE, IDLE, PAUSED = range(3)
#: Rows that are kept free in the table of events: more than one event can fill.
MARGIN: Final = 4096
#: Bits in a word of those that say which pieces a member has.
WORD: Final = 32
#: Peers that a member leaves alone at a time, at most.
MAX_BANS: Final = 64


class Globals(QueueGlobals):
    """What there is one of: figures of `Rules`, rows that there are for each of something, what is under way."""

    piece_bytes: int
    dials: int
    connections: int
    mutual: int
    pipeline: int
    seed_pipeline: int
    handout: int
    first_announce_s: float
    announce_s: float
    ban_s: float
    burst_s: float
    timeout_s: float
    patience_s: float
    places: int  # `legs` has a row for each two
    announced_room: int  # rows of `tracker` for each torrent, of `seeds`, and of `requests` for each channel
    seeds_room: int
    requests_room: int
    words: int  # of `has` and `lacks` for each member
    now_s: float
    random: int
    free_conn: int = -1
    done: int  # rows in use of `done` and of `shares`
    shares: int


class Link:
    """A link on which pieces take turns."""

    capacity_Bps: float
    free_s: float  # when all that has been let onto it will have left


class Host:
    """A node: its links are hops[first_up:end_up] and hops[first_down:end_down], then there is its place."""

    place: int
    delay_s: float
    window_bytes: float
    first_up: int
    end_up: int
    first_down: int
    end_down: int
    egress_Bps: float
    egress_s: float = -float("inf")  # its tokens to send are spent until then
    ingress_Bps: float
    ingress_s: float = -float("inf")
    ticking: int  # 1 while it announces torrents in turns: those in its list
    head: int = -1
    tail: int = -1


class Leg:
    """The way from one place to another: hops[first:end]."""

    first: int
    end: int
    delay_s: float


class Torrent:
    """A layer that somebody fetches."""

    pieces: int
    last_bytes: int  # of the last piece
    announced: int  # members that the tracker knows
    seeds: int


class Member:
    """A host in a torrent."""

    host: int
    torrent: int
    tracker_s: float  # a round trip to the tracker
    seed: int
    pieces: int  # how many it has
    complete: int
    announced: int  # 1: the tracker knows it, and knows whether it was complete then
    announced_complete: int
    conns: int  # connections that it has, or has been promised
    open: int
    dialled: int
    bans: int
    next: int  # in its host's list of torrents that announce themselves
    queued: int
    progress_s: float  # when it last got a piece
    failed: int
    generation: int


class Conn:
    """A connection, opened by `a`; the next free one, if it is not used."""

    a: int
    b: int
    state: int
    generation: int


class Channel:
    """One way of a connection. Its requests are a ring: of the `asked` pieces the first `sent` are on their way."""

    busy: int
    head: int
    asked: int
    sent: int
    counted: int  # requests that still count against what a member may ask one peer for
    carried_bytes: int
    first_s: float
    last_s: float


class Share:
    """Bytes that a member had from one host over one channel."""

    member: int
    source: int
    carried_bytes: int
    first_s: float
    last_s: float


class Ban:
    """A peer that a member leaves alone."""

    peer: int
    until_s: float


class Request:
    """A piece that was asked for; one that is overdue may be asked of others as well."""

    piece: int
    asked_s: float
    here_s: float  # when it comes to the peer
    overdue: int


LAYOUT: Final = Layout(
    Globals,
    {
        "events": Event,
        "links": Link,
        "hosts": Host,
        "hops": int,
        "legs": Leg,
        "torrents": Torrent,
        "tracker": int,  # of each torrent, its members in any order
        "seeds": int,
        "members": Member,
        "conns_of": int,  # of each member
        "bans": Ban,
        "has": int,  # of each member, words of bits: the pieces that it has
        "lacks": int,  # and those that it neither has nor has asked for
        "spread": Int32,  # of each member and piece: how many of its peers have it
        "awaited": Int32,  # and how often it is asked for just now
        "conns": Conn,
        "channels": Channel,
        "requests": Request,
        "done": int,  # members
        "shares": Share,
        "scratch": int,  # pieces
    },
)
