"""The state of a swarm: tables of records and of bits, as numpy arrays that the compiled text reads and writes.

The text is `events`, `pieces`, `peers` and `kernel`. References are numbers, -1 for none.

A *torrent* is one layer while somebody fetches it. A *member* is a host in a torrent; a seed is one that had all of it
from the start. A *link-up* (`Conn`) joins two members, and has a channel each way: channel 2c carries pieces from the
end that opened it, channel 2c + 1 to that end.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

#: What can happen, by number: the order in which `kernel` tells them apart.
TICK, ANNOUNCED, OFFERED, REFUSED, OPENED, SEND, GRANTED, LET_IN, DELIVERED = range(9)
#: What a link-up is.
UNUSED, DIALLED, OPEN = range(3)
#: What a run of the text stopped for.
DONE, IDLE, FULL = range(3)
#: Room that is kept free in the table of events: more than one event can fill.
MARGIN = 4096


def _record(names: str, **kinds: str) -> np.dtype[Any]:
    """A record of whole numbers, of floats where the name ends in seconds or a rate."""
    guess = ("i8", "f8")
    return np.dtype([(name, kinds.get(name, guess[name.endswith(("_s", "_Bps"))])) for name in names.split()])


EVENT = _record("at_s order kind what life")
LINK = _record("capacity_Bps free_s")
#: Its links up are hops[first_up:end_up]; its tokens to send and to receive are spent until `egress_s` and `ingress_s`;
#: its torrents that announce themselves are a list from `head` to `tail`.
HOST = _record(
    "place delay_s window_bytes first_up end_up first_down end_down egress_Bps egress_s ingress_Bps ingress_s "
    "ticking head tail"
)
#: Routes between places: hops[first:end], and how long they take.
LEG = _record("first end delay_s")
TORRENT = _record("pieces last_bytes announced seeds")
MEMBER = _record(
    "host torrent tracker_s seed pieces complete announced told_complete conns open dialled bans next queued "
    "progress_s failed life"
)
CONN = _record("a b state life")
#: `asked` counts the pieces under way or waiting, of which `sent` have left; `counted` those that are still wanted.
CHANNEL = _record("busy head asked sent counted carried_bytes first_s last_s")
#: Bytes that one host had from another over one channel.
SHARE = _record("member source carried_bytes first_s last_s")
BAN = _record("peer until_s")
#: A `late` one is asked of others as well.
REQUEST = _record("piece asked_s here_s late")
BOARD = _record("events order free_conn done shares now_s random", random="u8")
FIGURES = _record(
    "piece_bytes dials connections mutual pipeline seed_pipeline handout first_announce_s announce_s ban_s burst_s "
    "timeout_s patience_s"
)


class Tables(NamedTuple):
    """All of it. `board` and `figures` have one row.

    Of each member: its link-ups (n, connections), whom it leaves alone (n, bans), and as words of bits the pieces that
    it `has` and those that it `lacks` and has not asked for; and for each piece how many of its peers have it
    (`spread`) and how often it is asked for just now (`awaited`). Of each channel: its requests. Of each torrent: who
    has announced itself (n, hosts), and its seeds.
    """

    board: Any
    figures: Any
    events: Any
    links: Any
    hosts: Any
    hops: Any
    legs: Any
    torrents: Any
    tracker: Any
    seeds: Any
    members: Any
    conns_of: Any
    bans: Any
    has: Any
    lacks: Any
    spread: Any
    awaited: Any
    conns: Any
    channels: Any
    requests: Any
    done: Any
    shares: Any
    scratch: Any
