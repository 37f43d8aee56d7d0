"""What ops and a swarm hand each other. See ops/swarms."""

from __future__ import annotations


class SwarmCall:
    """The one row by which ops ask the swarm, and it answers."""

    # a member that joins, and what it fetches
    task: int
    host: int
    upstream: int
    repository: int
    blob: int
    size_bytes: int
    tracker_s: float  # a round trip to the tracker
    known: int  # another fetches it already
    # when it goes on
    driven: int  # its next event is in the queue
    until_s: float
    at_s: float
    # a link that changes
    capacity_Bps: float
    # members that have ended
    ended: int
    current: int  # the one that goes on just now


class SwarmEnded:
    """A task whose node has all of a layer, or has given up."""

    task: int
    at_s: float
    failed: int
    first_share: int
    shares: int


class SwarmShare:
    """What a node had of a layer from one registry, and from when to when."""

    source: int
    carried_bytes: int
    first_s: float
    last_s: float
