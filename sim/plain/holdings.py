"""Where things are in a plain world, and rows of what moves. Text to be compiled (see `records`)."""

from __future__ import annotations

from sim.plain.records import AT_CENTRAL, AT_NODE, METADATA, Tables


def side(t: Tables, e: int) -> int:
    """Whether an errand brings its image to central or to a node, as a bit."""
    n = len(t.deploys)
    if e >= n:
        return AT_NODE if e < 2 * n else AT_CENTRAL
    return AT_CENTRAL if t.deploys[e].central else AT_NODE


def profile_of(t: Tables, e: int) -> int:
    """Whose requests an errand makes: its client's, or those of the container runtime, which is the last."""
    if e < len(t.deploys):
        return int(t.apps[t.deploys[e].app].profile)
    return len(t.profiles) - 1


def repository(t: Tables, e: int) -> int:
    """The repository that an errand brings its image to."""
    return int(2 * t.deploys[e % len(t.deploys)].app + (1 if side(t, e) == AT_NODE else 0))


def lane_of(t: Tables, e: int) -> int:
    """The lane of an errand's bodies, numbered when something crosses it first."""
    way = t.ways[t.errands[e].way]
    n = len(t.deploys)
    lane = way.down if n <= e < 2 * n else way.up
    if t.lanes[lane].number < 0:
        t.lanes[lane].number = t.board[0].lanes
        t.board[0].lanes += 1
    return int(lane)


def wins(t: Tables, image: int, published_s: float, generation: int, r: int) -> bool:
    """Whether a publish wins over what a repository's tag means: `policies/conflict/last_writer`."""
    held = t.repositories[r]
    if published_s != held.published_s:
        return bool(published_s > held.published_s)
    if generation != held.generation:
        return bool(generation > held.generation)
    return bool(image > held.image)


def hold(t: Tables, r: int, bit: int, image: int, published_s: float, origin: int, generation: int) -> None:
    """Have a copy of what was published elsewhere; the tag points there unless what it means wins."""
    held = t.repositories[r]
    if held.image < 0 or wins(t, image, published_s, generation, r):
        held.image, held.published_s, held.origin, held.generation = image, published_s, origin, generation
        if held.listed_s < 0:
            held.listed_s = t.board[0].now_s
    t.images[image].manifest |= bit


def row(
    t: Tables, deploy: int, purpose: int, content: int, lane: int, started_s: float, ended_s: float, size: int
) -> int:
    """A row of transfers, alone and held back by nothing yet."""
    board = t.board[0]
    new = t.transfers[board.transfers]
    board.transfers += 1
    new.deploy, new.purpose, new.content, new.lane, new.size = deploy, purpose, content, lane, size
    new.started_s, new.ended_s, new.waited_s, new.shared, new.bound_by, new.bound_s = (
        started_s,
        ended_s,
        0.0,
        0,
        -2,
        0.0,
    )
    return int(board.transfers - 1)


def metadata(t: Tables, e: int, now: float, more: int) -> None:
    """Manifests, and what was gathered before them, as one body at one instant."""
    errand = t.errands[e]
    size = errand.metadata + more
    n = len(t.deploys)
    row(t, e % n, e // n, METADATA, lane_of(t, e), now, now, size)
    errand.moved += size
    errand.metadata = 0
