"""A pull through a node's registry: resolve the reference, fetch what the node lacks, or join a fetch under way."""

from __future__ import annotations

from typing import NamedTuple

from simpy import Event

from sim.registry.clients import CONTAINERD
from sim.registry.contents import Publish
from sim.registry.oci import Digest, Image, Layer
from sim.registry.plan import plan_pull
from sim.rows import PULL
from sim.world.clock import Failure, Finding, Steps, Unreachable
from sim.world.fetch import fetch_blobs, fetch_from_peers, fetch_from_swarm
from sim.world.limits import sweep, within_limits
from sim.world.log import Booted, DeployRow, Moved
from sim.world.path import Path
from sim.world.places import Registry
from sim.world.talk import answer, ask, catch_up, connect, keep_open
from sim.world.world import World


class Wanted(NamedTuple):
    """What an instance was created from: a tag of a repository, or the digest that pins it."""

    repository: str
    tag: str
    digest: Digest | None


class Seen(NamedTuple):
    """What a reference meant when it was resolved, and the image it names."""

    publish: Publish
    image: Image


def pull(
    world: World, path: Path, node: Registry, upstream: Registry, wanted: Wanted, row: DeployRow
) -> Finding[Booted]:
    """Have on `node` the image that `wanted` means; ends with everything there."""
    path.enter(PULL)
    started_s = path.now_s
    seen = yield from _resolve(world, path, node, upstream, wanted)
    digest = seen.publish.digest
    booted = Booted(digest, digest, None)
    if wanted.digest is None:
        newer = world.newer(wanted.repository, wanted.tag, seen.publish)
        if newer is not None:
            row.stale_starts += 1
            booted = Booted(digest, newer.digest, world.clock.now - newer.published_s)
    if node.contents.image(wanted.repository, digest) is None:
        fetching = _fetch(world, path, node, upstream, wanted, seen, row)
        yield from within_limits(world, path, node, wanted.repository, seen.image, fetching)
    elif wanted.digest is None and node.contents.resolve(wanted.repository, wanted.tag) != seen.publish:
        # The tag went back to what it has.
        world.hold(node, wanted.repository, wanted.tag, seen.image, seen.publish, path.lag_s)
    if node.limits is not None:
        node.limits.storage.use(wanted.repository, digest, world.clock.now)
        node.limits.run_from(wanted.repository, digest)
    row.pull_s = max(row.pull_s, path.now_s - started_s)
    return booted


def _resolve(world: World, path: Path, node: Registry, upstream: Registry, wanted: Wanted) -> Finding[Seen]:
    """The newest publish of a tag among the node's own copy and, where it is asked, upstream's.

    Or the pinned digest.
    """
    if node.limits is not None:
        yield path.now_s
        sweep(world, node)
    if not (world.rules.check_upstream and wanted.digest is None):
        yield path.now_s
        own = _look_up(node, wanted)
        if own is not None:
            return own
    if world.rules.sync.to_nodes.refuses and upstream is world.central:
        yield path.now_s
        own = _look_up(node, wanted)
        if own is None:
            raise Failure("image not found")
        return own
    way = world.network.way(node, upstream)
    yield from connect(world, path, way, node, upstream, CONTAINERD.retry)
    yield from ask(world, path, way, upstream, CONTAINERD.retry, CONTAINERD.tags)
    yield path.now_s
    own, theirs = _look_up(node, wanted), _look_up(upstream, wanted)
    if not world.rules.sync.to_nodes.on_demand:
        node.contents.expect(wanted.repository)  # a publish from now on is owed to this node, too
    yield from answer(world, path, way, CONTAINERD.retry)
    keep_open(path, node, upstream)
    if theirs is not None and (own is None or world.rules.wins(theirs.publish, own.publish)):
        return theirs
    if own is None:
        raise Failure("image not found")
    return own


def can_start(registry: Registry, wanted: Wanted) -> bool:
    """Whether a registry has an image under that reference."""
    return _look_up(registry, wanted) is not None


def _look_up(registry: Registry, wanted: Wanted) -> Seen | None:
    contents = registry.contents
    if wanted.digest is None:
        publish = contents.resolve(wanted.repository, wanted.tag)
        if publish is None:
            return None
    else:
        publish = Publish(wanted.digest, 0.0)
    image = contents.image(wanted.repository, publish.digest)
    return None if image is None else Seen(publish, image)


def _fetch(
    world: World, path: Path, node: Registry, upstream: Registry, wanted: Wanted, seen: Seen, row: DeployRow
) -> Steps:
    """Read the manifests, then fetch each blob that is neither held nor on its way, and wait for those that are."""
    repository, image = wanted.repository, seen.image
    way = world.network.way(node, upstream)
    moved = Moved(world.log, row.ask.deploy, "pull")
    yield from ask(world, path, way, upstream, CONTAINERD.retry, CONTAINERD.manifests)
    yield from answer(world, path, way, CONTAINERD.retry)
    if not upstream.merges:
        yield path.now_s
    arriving = node.arriving
    under_way = (
        {digest for place, digest in arriving if place == repository} if arriving and world.rules.coalesce else ()
    )
    plan = plan_pull(image.blobs, node.contents.blobs(repository), under_way)
    joined = []
    for blob in plan.join:
        row.coalesced_bytes += blob.size_bytes
        joined.append(arriving[repository, blob.digest] or Event(world.clock))
        arriving[repository, blob.digest] = joined[-1]
    for blob in plan.skip:
        row.saved_bytes += blob.size_bytes
        node.contents.add_blob(repository, blob)
    for blob in plan.fetch:
        arriving[repository, blob.digest] = None

    def arrived(blob: Layer, path: Path) -> None:
        node.contents.add_blob(repository, blob)
        # Where pulls are not coalesced two may fetch one blob, and the first has it.
        awaited = arriving.pop((repository, blob.digest), None)
        if awaited is not None:
            world.clock.deliver(awaited, (path.now_s, path.idle_s))

    try:
        if world.torrents is not None:
            yield from fetch_from_swarm(world, path, node, upstream, repository, plan.fetch, moved, arrived)
        elif world.rules.parents is None:
            yield from fetch_blobs(world, path, way, CONTAINERD, upstream, plan.fetch, moved, arrived)
        else:
            yield from fetch_from_peers(world, path, node, upstream, repository, plan.fetch, moved, arrived, row)
        keep_open(path, node, upstream)
        for arrival in joined:
            arrived_s = yield arrival
            if arrived_s is None:
                path.now_s = max(path.now_s, world.clock.now)
                raise Unreachable("the fetch that it joined broke off")
            path.meet(*arrived_s)
        moved.add_metadata(way.down.lane, path.now_s, image.manifest_bytes + image.index_bytes)
    finally:
        row.pulled_bytes += moved.size_bytes
        for blob in plan.fetch:  # those that have not come will not
            awaited = arriving.pop((repository, blob.digest), None)
            if awaited is not None:
                world.clock.deliver(awaited, None)
    yield from catch_up(world, path)
    if wanted.digest is None:
        world.hold(node, repository, wanted.tag, image, seen.publish, path.lag_s)
    else:
        world.keep(node, repository, None, image, seen.publish, path.lag_s)
