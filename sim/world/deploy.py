"""One deploy, top to bottom: push, create the instance, have the image where it starts, boot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from sim.policies.snapshot import PushView
from sim.registry.contents import Publish
from sim.registry.oci import Digest, Image
from sim.rows import BOOT, START, SYNC_WAIT
from sim.workload.demand import Ask
from sim.world.clock import Failure, Finding, Steps, Unreachable
from sim.world.limits import discard, within_limits
from sim.world.log import Booted, DeployRow, Moved
from sim.world.path import Path
from sim.world.places import Client, Registry
from sim.world.pull import Wanted, can_start, pull
from sim.world.push import push
from sim.world.sync import Copy, owe, owed_to_nodes
from sim.world.talk import answer, call_platform, is_open, side_by_side
from sim.world.world import World

TAG = "latest"

#: How long the platform waits before it starts an instance again that failed (unikraft-cloud/docs, instances.mdx).
RESTARTS_S: Final = (0.0, 5.0, 10.0, 20.0, 40.0, 300.0)

#: An instance's node, where it pulls from, and whether it waits until the image is there.
Start = tuple[Registry, Registry, bool]


class Deploy(DeployRow):
    """What all parts of one deploy share, and what will be said of it."""

    __slots__ = ("digest", "image", "placed", "wanted")

    client: Client
    image: Image
    digest: Digest
    placed: list[Registry]
    wanted: Wanted

    def __init__(self, world: World, ask: Ask) -> None:
        super().__init__()
        self.ask = ask
        self.client = world.clients[ask.client]
        self.repository = world.repository(ask.app)
        self.kind = kind = world.kinds[ask.kind]
        own_bytes = ask.rootfs_bytes
        self.image = image = world.image(kind, ask.kernel, ask.image, ask.app, own_bytes)
        self.placed = self.nodes = world.place(self.client, ask.app, ask.place_draw, ask.nodes, ask.beside)
        if ask.elsewhere and ask.pushes:
            app_draw = world.app_draw[ask.app]
            self.nodes = world.placing.elsewhere(self.client, self.placed, app_draw, ask.place_draw)
        if ask.pushes:
            rootfs_bytes = kind.rootfs_bytes if own_bytes is None else own_bytes
            self.digest = image.digest
            self.route = world.rules.route(PushView(rootfs_bytes, kind.kernel_bytes, ask.update), ask.route_draw)
        else:
            newest = world.newest(self.repository, TAG)
            self.digest = image.digest if newest is None else newest.digest
            self.route = START
            self.push_s = math.nan
        by_digest = world.rules.by_digest if ask.by_digest is None else ask.by_digest
        self.wanted = Wanted(self.repository, TAG, self.digest if by_digest else None)
        self.pushed = Moved(world.log, ask.deploy, "push")
        self.missing = len(self.nodes)


def deploy(world: World, ask: Ask) -> Steps:
    """Bring an image to life on its nodes; one row, whatever happens."""
    this = Deploy(world, ask)
    path = Path(ask.at_s)
    reason = ""
    try:
        if not ask.pushes:
            yield from _from_what_is_there(world, path, this)
        elif this.route == "central":
            yield from _through_central(world, path, this)
        elif this.route == "node-direct":
            yield from _straight_to_nodes(world, path, this, synced=True)
        else:
            yield from _both_at_once(world, path, this)
    except Failure as failure:
        reason = str(failure)
    this.end(world.log, path, reason)
    world.clock.last_until(path.now_s)
    if ask.removed and not reason:
        world.clock.start(remove(world, path.now_s + world.rules.removed_after_s, this))


def _through_central(world: World, path: Path, this: Deploy) -> Steps:
    """Push to central; every node pulls from there."""
    publish = yield from _push(world, path, this, world.central)
    if not world.rules.sync.to_nodes.on_demand:
        central = world.central
        own = Copy(this.ask.deploy, central, central, this.repository, TAG, this.image, publish, path.lag_s)
        owe(world, owed_to_nodes(world, own))
    yield from _create(world, path, this, world.central)
    if world.rules.polls:
        yield from _poll(world, path, this)
    yield from _start(world, path, [(node, world.central, False) for node in this.nodes], this)


def _poll(world: World, path: Path, this: Deploy) -> Steps:
    """The client asks the metro over and over, without a pause, until the first node has the image.

    What the node is not sent it fetches when it is first asked. Polls that find nothing are not simulated: the answer
    that says yes is that to the first poll which is served when the image has come. Then the client asks for the
    instance.
    """
    node = this.nodes[0]
    way = world.network.way(this.client, node)
    each_s = way.round_trip_s + node.request_s
    first_s, idle_s = path.now_s, path.idle_s
    this.client_latency_s = math.inf  # until a poll is told yes
    if world.rules.sync.to_nodes.on_demand:
        world.clock.start(_fetch_ahead(world, Path(first_s, path.lag_s), node, this))
    yield from world.until_has(path, node, this.repository, this.image.digest)
    yes_s = [
        since_s + math.ceil(max(0.0, came_s - node.request_s - since_s) / each_s) * each_s + node.request_s
        for since_s, came_s in ((first_s, path.now_s), (idle_s, path.idle_s))
    ]
    path.now_s, idle_s = (at_s + way.back_s + way.forth_s for at_s in yes_s)
    path.would_be_here_at(idle_s)
    this.client_latency_s = path.now_s + way.back_s - path.started_s


def _fetch_ahead(world: World, path: Path, node: Registry, this: Deploy) -> Steps:
    yield path.now_s
    with suppress(Failure):  # the client gives up polling, and says so
        yield from pull(world, path, node, world.central, this.wanted, this)


def _straight_to_nodes(world: World, path: Path, this: Deploy, synced: bool) -> Steps:
    """Push to the first of the chosen nodes; others pull from central when it is there, or from the first."""
    plan = world.rules.fanout(len(this.placed))
    first = this.placed[: plan.pushed]
    publish = yield from side_by_side(world, path, first, lambda branch, node: _push(world, branch, this, node))
    if synced:
        copied = Copy(this.ask.deploy, first[0], world.central, this.repository, TAG, this.image, publish, path.lag_s)
        owe(world, [copied])
    yield from _create(world, path, this, first[0])
    peers = plan.source == "peer"
    starts = [
        (node, world.central, False) if node in first else (node, first[0] if peers else world.central, not peers)
        for node in this.nodes
    ]
    yield from _start(world, path, starts, this)


def _from_what_is_there(world: World, path: Path, this: Deploy) -> Steps:
    """Start an image that is somewhere already, by the tag or by the digest that was the newest when it was asked for.

    A node pulls what it lacks: from where it was published if nodes are peers, else from central, for which it waits
    where neither has any image that it could start.
    """
    path.enter(SYNC_WAIT)
    yield from _ask_for_instance(world, path, this)
    yield path.now_s
    newest, source = world.newest(this.repository, TAG), world.central
    if newest is not None and world.rules.fanout(len(this.nodes) + 1).source == "peer":
        publisher = world.registry(newest.origin)
        source = publisher if can_start(publisher, this.wanted) else world.central
    waits = newest is not None and not can_start(source, this.wanted)
    starts = [
        (node, world.central if source is node else source, waits and not can_start(node, this.wanted))
        for node in this.nodes
    ]
    yield from _start(world, path, starts, this)


def _both_at_once(world: World, path: Path, this: Deploy) -> Steps:
    """Push to the node and to central side by side; the instance starts when the node has the image."""
    beside = path.fork()
    to_central_s = math.inf

    def to_central() -> Steps:
        nonlocal to_central_s
        yield from _push(world, beside, this, world.central)
        yield from answer(world, beside, world.network.way(this.client, world.central), this.client.profile.retry)
        to_central_s = beside.now_s - beside.started_s

    try:
        yield from world.clock.together((_straight_to_nodes(world, path, this, synced=False), to_central()))
    finally:
        this.client_latency_s = max(this.client_latency_s, to_central_s)


def _push(world: World, path: Path, this: Deploy, target: Registry) -> Finding[Publish]:
    client = this.client
    pushing = push(world, path, client.profile, client, target, this.repository, TAG, this.image, this.pushed)
    return within_limits(world, path, target, this.repository, this.image, pushing)


def _create(world: World, path: Path, this: Deploy, pushed_to: Registry) -> Steps:
    """The client hears that the push is done and asks the nodes' metro for the instance, over a new connection."""
    path.enter(SYNC_WAIT)
    yield from answer(world, path, world.network.way(this.client, pushed_to), this.client.profile.retry)
    this.push_s = path.now_s - path.started_s
    yield from _ask_for_instance(world, path, this)


def _ask_for_instance(world: World, path: Path, this: Deploy) -> Steps:
    """The client asks the nodes' metro for the instance, over a new connection."""
    node = this.placed[0]
    way = world.network.way(this.client, node)
    yield from call_platform(world, path, way, node, this.client.profile.retry)
    this.client_latency_s = path.now_s + way.back_s - path.started_s


def _start(world: World, path: Path, starts: Sequence[Start], this: Deploy) -> Steps:
    """Start an instance on each node; ends when the last is ready."""
    return side_by_side(world, path, starts, lambda branch, start: _instance(world, branch, *start, this))


def _instance(world: World, path: Path, node: Registry, upstream: Registry, wait: bool, this: Deploy) -> Steps:
    """One instance: wait until the image is where the node looks for it, pull, boot; a row, whatever happens."""
    asked_s, booted = path.now_s, None
    try:
        if wait:
            yield from world.until_has(path, world.central, this.repository, this.digest)
        booted = yield from _restarted(world, path, node, upstream, this)
        this.missing -= 1
    finally:
        pulled_s = path.now_s
        path.enter(BOOT)
        path.now_s += 0.0 if booted is None else this.kind.boot_s
        world.log.start(this, node, "deploy", asked_s, pulled_s, path.now_s, booted)
    if world.rules.runs_for_s is not None:
        world.clock.start(_later_life(world, path.now_s, node, this))


def _restarted(world: World, path: Path, node: Registry, upstream: Registry, this: Deploy) -> Finding[Booted]:
    """Pull; what a link or a registry that is down breaks the platform tries again, by its back-off."""
    if world.faults is None:
        return (yield from pull(world, path, node, upstream, this.wanted, this))
    idle_s = path.idle_s
    opens_s = 0.0 if is_open(path, node, upstream) else world.network.way(node, upstream).open_s
    for wait_s in RESTARTS_S:
        try:
            return (yield from pull(world, path, node, upstream, this.wanted, this))
        except Unreachable:
            path.now_s += wait_s
            # All was in vain but a connection that is still open.
            path.would_be_here_at(idle_s + (opens_s if is_open(path, node, upstream) else 0.0))
    return (yield from pull(world, path, node, upstream, this.wanted, this))


def remove(world: World, at_s: float, this: Deploy) -> Steps:
    """Remove the image where it was pushed to, and from there wherever deletions are copied to."""
    yield at_s
    pushed_to = [world.central] if this.route == "central" else this.placed[:1]
    if this.route == "both":
        pushed_to.append(world.central)
    for registry in pushed_to:
        discard(world, registry, this.repository, this.image.digest)
    if world.rules.sync.deletions:
        yield at_s + world.rules.sync.delay_s
        for registry in (world.central, *world.nodes):
            discard(world, registry, this.repository, this.image.digest)


def _later_life(world: World, ready_s: float, node: Registry, this: Deploy) -> Steps:
    """What becomes of an instance: it is scaled to zero after a while, and starts again as often as the demand says.

    It pulls again what was dropped meanwhile.
    """
    rules, now_s = world.rules, ready_s
    assert rules.runs_for_s is not None
    for wakes in range(rules.wakes + 1):
        now_s += rules.runs_for_s
        yield now_s
        if node.limits is not None:
            node.limits.stop(this.repository)
        if wakes == rules.wakes:
            return
        path = Path(now_s + rules.sleeps_for_s)
        yield path.now_s
        asked_s, booted = path.now_s, None
        with suppress(Failure):
            booted = yield from _restarted(world, path, node, world.central, this)
        now_s = path.now_s if booted is None else path.now_s + this.kind.boot_s
        world.log.start(this, node, "wake", asked_s, path.now_s, now_s, booted)
        yield now_s
