"""Requests and bodies: how a path and a registry talk.

Consecutive requests with nothing to decide between them are one stretch of the path's own clock when the registry has
workers to spare, and one event each when it has not, when service times are drawn, or under `run.detail = "requests"`,
so that queues are exact where there are any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from sim.network.transport import INITIAL_WINDOW_BYTES, slow_start_s
from sim.registry.clients import KEEP_OPEN_S, Requests, Retry
from sim.registry.oci import Layer
from sim.world.clock import Finding, R, Steps, Unreachable, Waits
from sim.world.flight import Flight
from sim.world.log import Moved
from sim.world.path import Path
from sim.world.places import Body, Kept, Registry, Way
from sim.world.world import World

T = TypeVar("T")


def tell(world: World, path: Path, way: Way, registry: Registry, requests: Requests, beside: int = 0) -> Waits:
    """Send requests one after another, each when the one before is answered; ends as the registry has served the last.

    `beside` counts requests for other blobs that travel at the same time and are answered no later: they load the
    registry and take no time of the path's.
    """
    if world.watch is not None:
        world.watch(path, registry, requests)
    if world.faults is not None:
        return _if_reachable(world, path, way, registry, requests, beside)
    if registry.merges:
        return _stretch(path, way, registry, len(requests), beside, world.clock._now)
    return _one_by_one(path, way, registry, len(requests), beside)


def _stretch(path: Path, way: Way, registry: Registry, count: int, beside: int, clock_s: float) -> Waits:
    """So many requests, one after another: as one stretch of the path's if workers are to spare at `clock_s`."""
    request_s, every = registry.request_s, count + beside
    if registry.workers.book(clock_s, request_s * every, every):
        path.now_s = path.now_s + way.forth_s + request_s * count + (count - 1) * way.round_trip_s
        return ()
    return _one_by_one(path, way, registry, count, beside)


def _if_reachable(world: World, path: Path, way: Way, registry: Registry, requests: Requests, beside: int) -> Steps:
    """The same where links and registries may be down: each request waits until it gets through, or is given up."""
    assert world.faults is not None
    yield path.now_s
    yield from world.faults.reach(path, way, registry)
    yield from _one_by_one(path, way, registry, len(requests), beside)


def ask(
    world: World, path: Path, way: Way, registry: Registry, retry: Retry, requests: Requests, beside: int = 0
) -> Waits:
    """`tell`, as often as a client does that gets no answer."""
    if world.faults is None:
        return tell(world, path, way, registry, requests, beside)
    return _insist(path, retry, lambda _: tell(world, path, way, registry, requests, beside))


def insist(world: World, path: Path, retry: Retry, attempt: Callable[[int], Waits]) -> Waits:
    """Attempt something as often as a client does, each time told how many bytes got through before, if that helps it.

    What a link or a registry that is down breaks may succeed later; any other failure is final.
    """
    return attempt(0) if world.faults is None else _insist(path, retry, attempt)


def _insist(path: Path, retry: Retry, attempt: Callable[[int], Waits]) -> Steps:
    sent_bytes, idle_s = 0, path.idle_s
    for wait_s in (*retry.waits_s, None):
        try:
            yield from attempt(sent_bytes)
        except Unreachable as broken:
            sent_bytes = sent_bytes + broken.sent_bytes if retry.resumes else 0
            path.now_s += wait_s or 0.0
            path.would_be_here_at(idle_s)
            if wait_s is None:
                raise
        else:
            return


def _one_by_one(path: Path, way: Way, registry: Registry, requests: int, beside: int) -> Steps:
    """So many requests, each an event when it arrives."""
    path.now_s += way.forth_s
    for number in range(requests):
        if number:
            path.now_s += way.round_trip_s
        yield path.now_s
        service_s = registry.service_s(1)
        queued_s = max(0.0, registry.workers.free_s[0] - path.now_s)
        path.waited(queued_s + service_s * registry.slowness)
        done_s = registry.workers.serve(path.now_s, service_s)
        for _ in range(beside if number == 0 else 0):
            registry.workers.serve(path.now_s, registry.service_s(1))
        path.now_s = done_s


def connect(world: World, path: Path, way: Way, source: Registry, target: Registry) -> Waits:
    """Have a connection between registries: one that is open from a while ago, or is being opened, or a new one.

    Whoever finds one that is being opened waits until it is.
    """
    kept = source.kept.get(target.number)
    if kept is None or kept.until_s < path.now_s:
        return _open(world, path, way, source, target)
    path.now_s = max(path.now_s, kept.ready_s)
    keep_open(path, source, target)
    return ()


def _open(world: World, path: Path, way: Way, source: Registry, target: Registry) -> Steps:
    """The same, once everybody has come who may open one before."""
    yield from catch_up(world, path)
    kept = source.kept.get(target.number)
    if kept is None or kept.until_s < path.now_s:
        path.now_s += way.open_s
        source.kept[target.number] = Kept(path.now_s)
    else:
        path.now_s = max(path.now_s, kept.ready_s)
    keep_open(path, source, target)


def keep_open(path: Path, source: Registry, target: Registry) -> None:
    """A connection between registries was used until now, and is kept for a while from here."""
    kept = source.kept[target.number]
    kept.until_s = max(kept.until_s, path.now_s + KEEP_OPEN_S)


def catch_up(world: World, path: Path) -> Waits:
    """Wait for the world where the path has run ahead of it: what follows others may see."""
    return (path.now_s,) if path.now_s > world.clock._now else ()


def carry(
    world: World, path: Path, body: Body, blob: Layer, beside: Sequence[Layer], moved: Moved, sent_bytes: int = 0
) -> Waits:
    """Send a blob's bytes; ends as the last has left. `beside` are the blobs of its group, itself among them.

    Of a blob that broke off `sent_bytes` are there already.

    Slow start is a delay before the flow: what it costs over sending at the idle lane's rate. A blob within the
    initial window needs no flow, only the time that the idle lane takes.
    """
    if blob.size_bytes > INITIAL_WINDOW_BYTES:
        return _flow(world, path, body, blob, beside, moved, sent_bytes)
    if not body.lane.rate_Bps:
        raise Unreachable("connection lost")
    started_s = path.now_s
    path.now_s += blob.size_bytes / body.lane.rate_Bps
    if not body.lane.is_whole:
        path.waited(path.now_s - started_s - blob.size_bytes / body.lane.whole_rate_Bps)
    moved.add(blob.kind, body.lane, started_s, path.now_s, blob.size_bytes)
    return ()


def _flow(
    world: World, path: Path, body: Body, blob: Layer, beside: Sequence[Layer], moved: Moved, sent_bytes: int
) -> Steps:
    size_bytes, lane, idle_s = blob.size_bytes - sent_bytes, body.lane, path.idle_s
    mates = [other for other in beside if other is not blob]
    if size_bytes > 0:
        path.now_s = started_s = path.now_s + ramp_s(body, size_bytes)
        yield started_s
        flight = world.wire.send(lane, size_bytes)
        yield flight
        path.now_s = world.clock._now
        _landed(path, body, flight, blob, mates, moved)
    if world.faults is not None:
        # What broke held it back, too: it waited all that it took beyond the whole blob on whole links.
        whole_s = whole_ramp_s(body, blob.size_bytes) + _idle_s(body, blob.size_bytes, blob, mates)
        path.would_be_here_at(idle_s + whole_s)


def ramp_s(body: Body, size_bytes: int) -> float:
    """How much longer slow start makes a body of bytes take than its lane's rate does; Unreachable if that is 0."""
    lane = body.lane
    took_s = lane.ramps_s.get(size_bytes)
    if took_s is None:
        if not lane.rate_Bps:
            raise Unreachable("connection lost")
        took_s = lane.ramps_s[size_bytes] = body.ramp * slow_start_s(size_bytes, lane.rate_Bps, body.round_trip_s)
    return took_s


def whole_ramp_s(body: Body, size_bytes: int) -> float:
    """The same were nothing broken."""
    if body.lane.is_whole:
        return ramp_s(body, size_bytes)
    return body.ramp * slow_start_s(size_bytes, body.lane.whole_rate_Bps, body.round_trip_s)


def _idle_s(body: Body, size_bytes: float, blob: Layer, mates: Sequence[Layer]) -> float:
    """How long a flow of a blob takes on idle, whole links beside its mates, each of which has a slow start of its own.

    They hold each other back; only what others add to that is waiting.
    """
    if not mates:
        return body.lane.idle_s(size_bytes)
    own_s = whole_ramp_s(body, blob.size_bytes)
    beside = [(whole_ramp_s(body, other.size_bytes) - own_s, float(other.size_bytes)) for other in mates]
    return body.lane.idle_s(size_bytes, beside)


def _landed(path: Path, body: Body, flight: Flight, blob: Layer, mates: Sequence[Layer], moved: Moved) -> None:
    """A flight has ended where the path is now: its row; Unreachable if it broke off."""
    lane, started_s, ended_s = flight.lane, flight.started_s, path.now_s
    if flight._value is not None:
        got_bytes = int(flight.sent_bytes)
        moved.add(blob.kind, lane, started_s, ended_s, got_bytes, 0.0, flight.shared)
        raise Unreachable("connection lost", got_bytes)
    size_bytes = int(flight.size_bytes)
    if not flight.shared:
        lasted_s = ended_s - started_s
        waited_s = 0.0 if lane.is_whole else max(0.0, lasted_s - _idle_s(body, size_bytes, blob, mates))
        moved.add(blob.kind, lane, started_s, ended_s, size_bytes, waited_s, False, lane.bound_by, lasted_s)
        return
    waited_s = ended_s - started_s - _idle_s(body, size_bytes, blob, mates)
    path.waited(waited_s)
    moved.add(blob.kind, lane, started_s, ended_s, size_bytes, max(0.0, waited_s), True, *flight.bound)


def groups(blobs: tuple[Layer, ...], size: int, config_last: bool) -> Iterable[tuple[Layer, ...]]:
    """The blobs that a client moves side by side, at most `size` at once, group after group."""
    if config_last:
        layers = tuple(blob for blob in blobs if blob.kind != "config")
        configs = tuple(blob for blob in blobs if blob.kind == "config")
        return (*groups(layers, size, False), *groups(configs, size, False))
    return (blobs,) if 0 < len(blobs) <= size else [blobs[i : i + size] for i in range(0, len(blobs), size)]


def side_by_side(world: World, path: Path, things: Sequence[T], do: Callable[[Path, T], Finding[R]]) -> Finding[R]:
    """`do` all things at once, each on a branch of the path; the branch that ends last is the path's.

    Returns what doing the first returned. After a failure, too, the path goes on from the last branch, and the failure
    is raised.
    """
    return do(path, things[0]) if len(things) == 1 else _branch(world, path, things, do)


def _branch(world: World, path: Path, things: Sequence[T], do: Callable[[Path, T], Finding[R]]) -> Finding[R]:
    branches = [path.fork() for _ in things]
    try:
        return (yield from world.clock.together(map(do, branches, things)))
    finally:
        path.join(branches)


def leaders(blobs: Sequence[Layer]) -> tuple[list[Layer], list[Layer]]:
    """The blobs that decide how long a group takes, and those that only trail along.

    A blob within the initial window needs no flow and the same requests as a larger one, so beside a larger one it
    ends first.
    """
    large: list[Layer] = []
    small: list[Layer] = []
    for blob in blobs:
        (large if blob.size_bytes > INITIAL_WINDOW_BYTES else small).append(blob)
    if small and not large:
        large.append(max(small, key=_size_bytes))
        small.remove(large[0])
    return large, small


def _size_bytes(blob: Layer) -> int:
    return blob.size_bytes
