"""Requests: how a path and a registry talk; what they send is `bodies`'.

Consecutive requests with nothing to decide between them are one stretch of the path's own clock when the registry has
workers to spare, and one event each when it has not, when service times are drawn, or under `run.detail = "requests"`,
so that queues are exact where there are any. Where links and registries may be down each request and each answer is
one that has to get through (`outlast`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from simpy import Event

from sim.registry.clients import KEEP_OPEN_S, Requests, Retry
from sim.world.clock import Finding, R, Steps, Unreachable, Waits
from sim.world.faults import Faults
from sim.world.outlast import arrive, cross, opened
from sim.world.path import Path
from sim.world.places import Kept, Registry, Way
from sim.world.world import World

T = TypeVar("T")
_NEVER = float("inf")
#: Nothing is tried again.
ONCE = Retry()


def tell(
    world: World, path: Path, way: Way, registry: Registry, requests: Requests, beside: int = 0, retry: Retry = ONCE
) -> Waits:
    """Send requests one after another, each when the one before is answered; ends as the registry has served the last.

    `beside` counts requests for other blobs that travel at the same time and are answered no later: they load the
    registry and take no time of the path's. `retry` has how long an answer may take.
    """
    if world.faults is not None:
        return _outlast(world, world.faults, path, way, registry, requests, beside, retry, [])
    if world.watch is not None:
        world.watch(path, registry, requests)
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


def _outlast(
    world: World, faults: Faults, path: Path, way: Way, registry: Registry, requests: Requests, beside: int,
    retry: Retry, done: list[float],
) -> Steps:  # fmt: skip
    """The same where links and registries may be down; Unreachable from the first request that fails.

    `done` gets, for each that was answered and the last once it is served, when that would be on idle, whole links.
    """
    if world.watch is not None:
        world.watch(path, registry, requests)
    for number in range(len(requests)):
        if number:
            yield from answer(world, path, way, retry)
            done.append(path.idle_s)
        yield from cross(world, faults, path, way.up)
        yield from arrive(faults, path, way, way.forth_s)
        _serve(path, registry, beside if number == 0 else 0)
    done.append(path.idle_s)


def answer(world: World, path: Path, way: Way, retry: Retry = ONCE) -> Waits:
    """The answer to the last request comes back."""
    if world.faults is None:
        path.now_s += way.back_s
        return ()
    return _come_back(world, world.faults, path, way, retry)


def _come_back(world: World, faults: Faults, path: Path, way: Way, retry: Retry) -> Steps:
    yield from cross(world, faults, path, way.down, retry.quiet_s)
    path.now_s += way.back_s


def open_connection(world: World, path: Path, way: Way, registry: Registry, retry: Retry = ONCE) -> Waits:
    """Open a connection to a registry."""
    if world.faults is None:
        path.now_s += way.open_s
        return ()
    return opened(world, world.faults, path, way, registry, retry)


def call_platform(world: World, path: Path, way: Way, node: Registry, retry: Retry) -> Waits:
    """Open a connection to a node's platform and send it a request; it is there whatever becomes of its registry."""
    faults = world.faults
    if faults is None:
        path.now_s += way.open_s + way.forth_s
        return ()

    def attempt(sent_bytes: int, again: bool) -> Steps:
        yield from opened(world, faults, path, way, node, retry, platform=True)
        yield from cross(world, faults, path, way.up, spared=faults.own_links(node))
        path.now_s += way.forth_s

    return _insist(world, path, way, None, retry, attempt)


def call(
    world: World, path: Path, way: Way, registry: Registry, retry: Retry, requests: Requests, after_s: float
) -> Waits:
    """Open a connection in a while, and `ask` over it."""
    if world.faults is None:
        path.now_s += after_s + way.open_s
        return tell(world, path, way, registry, requests)
    path.now_s += after_s
    return _ask(world, world.faults, path, way, registry, retry, requests, 0, opens=True)


def ask(
    world: World, path: Path, way: Way, registry: Registry, retry: Retry, requests: Requests, beside: int = 0
) -> Waits:
    """`tell`, each request as often as a client sends it that gets no answer."""
    if world.faults is None:
        return tell(world, path, way, registry, requests, beside)
    return _ask(world, world.faults, path, way, registry, retry, requests, beside, opens=False)


def _ask(
    world: World, faults: Faults, path: Path, way: Way, registry: Registry, retry: Retry, requests: Requests,
    beside: int, opens: bool,
) -> Steps:  # fmt: skip
    done: list[float] = []

    def attempt(sent_bytes: int, again: bool) -> Steps:
        left = requests[len(done) :]
        try:
            yield from _outlast(world, faults, path, way, registry, left, 0 if done else beside, retry, done)
        except Unreachable as broken:
            broken.idle_s = done[-1] if done else broken.idle_s
            raise

    return _insist(world, path, way, registry, retry, attempt, opens)


def insist(
    world: World, path: Path, way: Way, registry: Registry, retry: Retry, attempt: Callable[[int, bool], Waits]
) -> Waits:
    """Attempt something as often as a client does, told how many bytes got through before, if that helps it, and
    whether it is not the first time.

    What breaks a connection may be over later; any other failure is final. Each try after the first opens another.
    """
    if world.faults is None:
        return attempt(0, False)
    return _insist(world, path, way, registry, retry, attempt)


def _insist(
    world: World, path: Path, way: Way, registry: Registry | None, retry: Retry, attempt: Callable[[int, bool], Waits],
    opens: bool = False,
) -> Steps:  # fmt: skip
    """The same; without a registry an attempt opens its own connections, and where it `opens` the first does, too.

    All that an attempt did in vain was waiting.
    """
    sent_bytes, idle_s = 0, path.idle_s
    for number, wait_s in enumerate((*retry.waits_s, None)):
        try:
            if registry is not None and (number or opens):
                yield from open_connection(world, path, way, registry, retry)
                idle_s += way.open_s if opens else 0.0
                opens = False
                if number:
                    path.would_be_here_at(idle_s)
            yield from attempt(sent_bytes, number > 0)
        except Unreachable as broken:
            sent_bytes = sent_bytes + broken.sent_bytes if retry.resumes else 0
            idle_s = max(idle_s, broken.idle_s)
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
        _serve(path, registry, beside if number == 0 else 0)


def _serve(path: Path, registry: Registry, beside: int) -> None:
    """A request has arrived, and so many of other blobs."""
    service_s = registry.service_s(1)
    queued_s = max(0.0, registry.workers.free_s[0] - path.now_s)
    path.waited(queued_s + service_s * registry.slowness)
    done_s = registry.workers.serve(path.now_s, service_s)
    for _ in range(beside):
        registry.workers.serve(path.now_s, registry.service_s(1))
    path.now_s = done_s


def connect(world: World, path: Path, way: Way, source: Registry, target: Registry, retry: Retry = ONCE) -> Waits:
    """Have a connection between registries: one that is open from a while ago, or is being opened, or a new one.

    Whoever finds one that is being opened waits until it is.
    """
    if world.faults is not None:
        return _connect(world, path, way, source, target, retry)
    if not is_open(path, source, target):
        return _open(world, path, way, source, target)
    path.now_s = max(path.now_s, source.kept[target.number].ready_s)
    keep_open(path, source, target)
    return ()


def _open(world: World, path: Path, way: Way, source: Registry, target: Registry) -> Steps:
    """The same, once everybody has come who may open one before."""
    yield from catch_up(world, path)
    if is_open(path, source, target):
        path.now_s = max(path.now_s, source.kept[target.number].ready_s)
    else:
        path.now_s += way.open_s
        source.kept[target.number] = Kept(path.now_s)
    keep_open(path, source, target)


def _connect(world: World, path: Path, way: Way, source: Registry, target: Registry, retry: Retry) -> Steps:
    """The same where links and registries may be down; who waits for one that can't be opened opens another."""
    yield from catch_up(world, path)
    kept, came_s = source.kept.get(target.number), path.idle_s
    would_s = came_s + way.open_s
    while kept is not None and kept.opening is not None:
        # On idle, whole links it would use this one, or open one by itself if that is sooner.
        would_s = max(came_s, min(kept.ready_s, would_s))
        yield kept.opening
        path.meet(max(world.clock.now, kept.ready_s if kept.opening is None else 0.0), would_s)
        kept = source.kept.get(target.number)
    if kept is None or kept.until_s < path.now_s:
        kept = source.kept[target.number] = Kept(path.idle_s + way.open_s, opening=Event(world.clock))
        opening = kept.opening
        try:
            yield from _insist(
                world, path, way, None, retry, lambda *_: open_connection(world, path, way, target, retry)
            )
            path.would_be_here_at(min(path.idle_s, would_s))
            kept.ready_s, kept.opening = path.now_s, None
        except Unreachable:
            source.kept.pop(target.number, None)
            raise
        finally:
            assert opening is not None
            world.clock.deliver(opening)
    path.now_s = max(path.now_s, kept.ready_s)
    keep_open(path, source, target)


def is_open(path: Path, source: Registry, target: Registry) -> bool:
    """Whether there is a connection between registries, though it may take a while yet until it can be used."""
    kept = source.kept.get(target.number)
    return kept is not None and kept.until_s >= path.now_s


def keep_open(path: Path, source: Registry, target: Registry) -> None:
    """A connection between registries was used until now, and is kept for a while from here."""
    kept = source.kept.get(target.number)
    if kept is None:  # it was reset meanwhile, and another opened
        kept = source.kept[target.number] = Kept(path.now_s)
    kept.until_s = max(kept.until_s, path.now_s + KEEP_OPEN_S)


def catch_up(world: World, path: Path) -> Waits:
    """Wait for the world where the path has run ahead of it: what follows others may see."""
    return (path.now_s,) if path.now_s > world.clock._now else ()


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
