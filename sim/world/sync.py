"""The platform's own copying: what was published at one registry is brought to those that it is owed to.

A copy is owed from a publish on. Its trigger (`policies/trigger`) says when its job is due; the job takes a place among
the workers, asks the target what it lacks, sends that and puts the manifest. Where it breaks it backs off and tries
again. The states it passes are `registry/replication`'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

from sim.policies.snapshot import Due, Owed
from sim.registry.contents import Publish
from sim.registry.oci import Image
from sim.registry.replication import Event, Replica, State
from sim.world.clock import Failure, Steps
from sim.world.limits import charge, holding, within_limits
from sim.world.log import Moved
from sim.world.path import Path
from sim.world.places import Registry
from sim.world.push import copy_blobs
from sim.world.talk import connect, keep_open, tell
from sim.world.world import Trigger, World


class Copy(NamedTuple):
    """One published image that `source` owes `target`; `deploy` published it, on idle, whole links `lag_s` before."""

    deploy: int
    source: Registry
    target: Registry
    repository: str
    tag: str
    image: Image
    publish: Publish
    lag_s: float = 0.0


def owe(world: World, copies: Iterable[Copy]) -> None:
    """Have what was just published copied, each when its trigger says; on demand, when somebody asks for it."""
    for copy in copies:
        trigger = world.rules.sync.to_central if copy.target is world.central else world.rules.sync.to_nodes
        if trigger.on_demand:
            world.backlog.on_demand[copy.target.number, copy.repository, copy.image.digest] = partial(_job, world, copy)
        else:
            now_s, delay_s = world.clock.now, world.rules.sync.delay_s
            due = trigger.due(Owed(now_s, delay_s))
            if due is not None:
                idle = trigger.due(Owed(now_s - copy.lag_s, delay_s)) if copy.lag_s else due
                world.clock.start(_when_due(world, copy, trigger, due, (idle or due).at_s))


def owed_to_nodes(world: World, copy: Copy) -> Iterable[Copy]:
    """What central has just taken, for each node that is to have it without asking."""
    sync = world.rules.sync
    if sync.to_nodes.on_demand:  # nodes fetch for themselves
        return ()
    holders = sync.targets == "holders"
    return [
        copy._replace(source=world.central, target=node)
        for node in world.nodes
        if node is not copy.source and not (holders and not node.contents.knows(copy.repository))
    ]


def _when_due(world: World, copy: Copy, trigger: Trigger, due: Due, idle_s: float) -> Steps:
    """Wait until the trigger lets the copy begin, at `idle_s` were all idle and whole, and make it."""
    runs, way = world.backlog.runs, (copy.source.number, copy.target.number)
    later: Due | None = due
    while later is not None:
        yield later.at_s
        if not (later.exclusive and runs.under_way_before(way, later.at_s)):
            runs.begin(way, later.at_s)
            yield from _job(world, copy, idle_s)
            runs.end(way)
            return
        later = trigger.due(Owed(later.at_s, world.rules.sync.delay_s))


def _job(world: World, copy: Copy, idle_s: float) -> Steps:
    """Make a copy, and try again as often as the rules allow; a row in the end.

    It is due at `idle_s`: waiting for a worker, and all that is done in vain, is waiting.
    """
    sync, source, target, clock = world.rules.sync, copy.source, copy.target, world.clock
    replica, moved = Replica(), Moved(world.log, copy.deploy, "sync")
    replica.on(Event.OWED)
    for attempt in range(sync.retries + 1):
        yield from world.backlog.take(target)
        path = Path(clock.now, clock.now - idle_s)
        if not attempt:
            started_s = path.now_s
        try:
            copying = within_limits(
                world, path, target, copy.repository, copy.image, _copy(world, path, copy, replica, moved)
            )
            yield from (copying if source.limits is None else holding(source, copy.image, copying))
        except Failure:
            replica.on(Event.BROKE)
            yield path.now_s
        world.backlog.leave(target)
        if replica.state is not State.BACKING_OFF:
            break
        if attempt == sync.retries:
            replica.on(Event.GAVE_UP)
        else:
            yield path.now_s + sync.backoff_s * 2**attempt
    committed = replica.state is State.COMMITTED
    if committed:
        _take(world, copy._replace(lag_s=path.lag_s), replica)
    lag_s = path.now_s - copy.publish.published_s if committed else float("inf")
    world.log.tables["syncs"].append(
        (copy.deploy, copy.repository, source.name, target.name, copy.publish.published_s, started_s, path.now_s, lag_s,
         moved.size_bytes, moved.saved_bytes, str(replica.state), attempt + 1)
    )  # fmt: skip


def _copy(world: World, path: Path, copy: Copy, replica: Replica, moved: Moved) -> Steps:
    """Ask the target, send what it lacks, put the manifest."""
    source, target, image, profile = copy.source, copy.target, copy.image, world.rules.sync.profile
    replica.on(Event.BEGUN)
    if source.contents.image(copy.repository, image.digest) is None:
        replica.on(Event.VANISHED)
        return
    way = world.network.sync_way(source, target)
    yield from connect(world, path, way, source, target, profile.retry)
    yield from copy_blobs(world, path, way, profile, target, copy.repository, image, moved)
    replica.on(Event.CHECKED)
    yield from tell(world, path, way, target, profile.publish, retry=profile.retry)
    yield path.now_s
    yield from charge(path, target, copy.repository, image.blobs, way.back_s)
    replica.on(Event.PUT)
    keep_open(path, source, target)
    moved.add_metadata(way.up.lane, path.now_s, image.manifest_bytes + image.index_bytes)


def _take(world: World, copy: Copy, replica: Replica) -> None:
    """The target has the manifest; whose tag it is from now on is the conflict rule's to say.

    A source whose tag means what loses to that hears of it, be it this publish or one that came since: it takes the
    winner if it has that image, and otherwise gives the tag up, so that its next start asks. Whatever central's tag
    means from then on it owes to nodes.
    """
    source, target, repository, tag, now_s = copy.source, copy.target, copy.repository, copy.tag, world.clock.now
    world.hold(target, repository, tag, copy.image, copy.publish, copy.lag_s)
    held = target.contents.resolve(repository, tag)
    taken = held is None or held.digest == copy.image.digest
    if not taken:
        replica.on(Event.LOST)
    elif target is world.central:
        owe(world, owed_to_nodes(world, copy))
    meant = source.contents.resolve(repository, tag)
    if held is None or meant is None or meant == held or not world.rules.wins(held, meant):
        return
    winner = source.contents.image(repository, held.digest)
    if winner is None:
        source.contents.remove_tag(repository, tag, now_s)
        return
    world.put(source, repository, tag, winner, held, now_s)
    if source is world.central:
        owe(world, owed_to_nodes(world, copy._replace(image=winner, publish=held)))
