"""What clients ask for: deploys, and operations of a log that is replayed; what registries have at the start."""

from __future__ import annotations

from sim.protocol.codes import INF
from sim.records.layout import Int8, Int32


class Deploy:
    """What a client asks for, and what becomes of it."""

    at_s: float
    name: Int32
    client: Int32  # its machine
    kind: Int32
    image: Int32
    route: Int8
    update: Int32
    kernel: Int32
    by_digest: Int8
    look: Int8  # where its instances look its reference up: see ops/lookups
    removed: Int32
    cloned: Int8  # its instances start from a template's snapshot
    draw: float
    boot_s: float
    pushed_to: Int32
    first_node: Int32  # in `deploy_nodes`
    nodes: Int32
    undecided: Int8  # NODES_UNDECIDED, ROUTE_UNDECIDED or both, until it begins
    digest: Int32
    # what becomes of it
    recorded: Int8  # its row is written: what its instances do later does not count
    reason: Int8
    missing: Int32  # nodes that lack the image
    ended_s: float
    to_central_s: float = INF
    client_latency_s: float = INF  # a part that is never reached keeps this
    push_s: float = INF
    pull_s: float
    pushed_bytes: int
    pulled_bytes: int
    saved_bytes: int
    pushed_saved_bytes: int
    coalesced_bytes: int
    stale_starts: Int32


class Fanout:
    """How an image that goes straight to so many nodes as the row's number reaches all of them."""

    pushed: int  # the client pushes to the first so many; 0: nobody asks
    peers: int  # the rest pull from the first, not from central


class WarmPlace:
    """A registry that has an image at the start, if it has space."""

    registry: Int32
    name: Int32
    image: Int32


class Operation:
    """A push or a pull as it was logged, and what it needs to know."""

    at_s: float  # below 0: it came before the window
    number: int
    pushes: int
    client: int  # whose address it is
    machine: int
    profile: int  # of the client that runs there; for a pull, that with the log's time to start
    name: int
    image: int
    by_digest: int  # the image itself is asked for, whatever its tag means
    known: int  # something in the log brought what it pulls
    first_found: int  # in `found_blobs`: what it finds though nothing in the log brought it
    found: int


class Logged:
    """What replaying a log came to, added up: as `sim.workload.logs.operations.Logged`."""

    pushes: int
    pulls: int
    sent_blobs: int
    sent_bytes: int
    saved_blobs: int
    saved_bytes: int
    fetched_blobs: int
    fetched_bytes: int
    unknown_pulls: int
    found_blobs: int


class LoggedDeploy:
    """A push or a pull of a log that has ended."""

    number: int
    at_s: float
    ended_s: float
    pushes: int
    client: int  # its machine
    name: int
    update: int
    reason: int
    missing: int
    took_s: float  # INF: it failed
    moved_bytes: int
    saved_bytes: int
