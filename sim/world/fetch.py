"""Fetching layers: from one registry, or in parts from the nodes that a rule names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from sim.policies.snapshot import Holders
from sim.registry.clients import CONTAINERD, Profile
from sim.registry.oci import Digest, Layer
from sim.world.bodies import carry, groups, leaders
from sim.world.clock import Steps, Unreachable
from sim.world.log import DeployRow, Moved
from sim.world.path import Path
from sim.world.places import Registry, Way
from sim.world.talk import catch_up, connect, insist, keep_open, side_by_side, tell
from sim.world.world import World

#: Told of each layer when its last byte is there: which, and the path that brought it.
Arrived = Callable[[Layer, Path], None]


def fetch_blobs(
    world: World, path: Path, way: Way, profile: Profile, source: Registry,
    blobs: tuple[Layer, ...], moved: Moved, arrived: Arrived,
) -> Steps:  # fmt: skip
    """Fetch blobs, as many side by side as the client does; each is `arrived` when its last byte is there."""

    def get(path: Path, blob: Layer) -> Steps:
        yield from insist(world, path, way, source, profile.retry, partial(get_once, path, blob))

    def get_once(path: Path, blob: Layer, sent_bytes: int, again: bool) -> Steps:
        trails = len(trailing) if blob is leading[0] else 0
        yield from tell(world, path, way, source, profile.blob_get, trails * len(profile.blob_get), profile.retry)
        path.now_s += source.first_byte_s
        yield from carry(world, path, way.down, blob, leading, moved, sent_bytes, profile.retry.quiet_s)
        path.now_s += way.back_s
        yield from catch_up(world, path)
        # What trails along ends sooner; from when on is not known, so that nobody counts on it before.
        for there in (*trailing, blob) if trails else (blob,):
            arrived(there, path)

    for group in groups(blobs, profile.parallel_pulls, profile.config_last):
        leading, trailing = leaders(group)
        for blob in trailing:
            moved.metadata_bytes += blob.size_bytes
        yield from side_by_side(world, path, leading, get)


def fetch_from_peers(
    world: World, path: Path, node: Registry, upstream: Registry, repository: str, blobs: Sequence[Layer],
    moved: Moved, arrived: Arrived, row: DeployRow,
) -> Steps:  # fmt: skip
    """Fetch each blob from the nodes that the source rule names, in equal parts; from upstream if it names nobody."""
    yield path.now_s
    sources: dict[int, tuple[Registry, list[Layer]]] = {}
    missing: dict[Digest, int] = {}
    lookup_s = 0.0
    for blob in blobs:
        parents, took_s = _parents(world, node, upstream, repository, blob, row)
        lookup_s = max(lookup_s, took_s)
        missing[blob.digest] = len(parents)
        for parent, part in zip(parents, _parts(blob, len(parents)), strict=True):
            sources.setdefault(parent.number, (parent, []))[1].append(part)
    path.now_s += lookup_s
    whole = {blob.digest: blob for blob in blobs}

    def part_arrived(part: Layer, path: Path) -> None:
        missing[part.digest] -= 1
        if not missing[part.digest]:
            arrived(whole[part.digest], path)

    def get(path: Path, source: tuple[Registry, list[Layer]]) -> Steps:
        parent, parts = source
        way = world.network.way(node, parent)
        yield from connect(world, path, way, node, parent, CONTAINERD.retry)
        yield from fetch_blobs(world, path, way, CONTAINERD, parent, tuple(parts), moved, part_arrived)
        keep_open(path, node, parent)

    if sources:
        yield from side_by_side(world, path, list(sources.values()), get)


def fetch_from_swarm(
    world: World, path: Path, node: Registry, upstream: Registry, repository: str, blobs: Sequence[Layer],
    moved: Moved, arrived: Arrived,
) -> Steps:  # fmt: skip
    """Fetch all blobs at once, each in pieces from whoever has some; upstream's seeds have all of them."""
    torrents = world.torrents
    assert torrents is not None

    way = world.network.way(node, upstream)

    def get(path: Path, blob: Layer) -> Steps:
        yield from insist(world, path, way, upstream, CONTAINERD.retry, lambda *_: get_once(path, blob))

    def get_once(path: Path, blob: Layer) -> Steps:
        yield path.now_s
        ended = yield from torrents.fetch(node, upstream, repository, blob)
        path.now_s = ended.at_s
        for share in ended.shares:
            lane = world.network.way(node, torrents.registry(share.source)).down.lane
            held_s = share.last_s - share.first_s  # by tokens and turns, which no link stands for
            moved.add(blob.kind, lane, share.first_s, share.last_s, share.carried_bytes, bound_by="cap", bound_s=held_s)
        if ended.failed:
            raise Unreachable("connection lost")
        arrived(blob, path)

    if blobs:
        yield from side_by_side(world, path, blobs, get)


def _parents(
    world: World, node: Registry, upstream: Registry, repository: str, blob: Layer, row: DeployRow
) -> tuple[list[Registry], float]:
    """Who sends a part of the blob, and how long it took to find out."""
    holders = [other for other in world.nodes if other is not node and other.contents.has_blob(repository, blob.digest)]
    way, decide = world.network.way, world.rules.parents
    assert decide is not None
    round_trips_s = tuple(way(node, holder).round_trip_s for holder in holders)
    chosen, lookup_s = decide(Holders(round_trips_s, way(node, upstream).round_trip_s, row.ask.place_draw))
    return [holders[at] for at in chosen] or [upstream], lookup_s


def _parts(blob: Layer, count: int) -> list[Layer]:
    """The blob in `count` parts that differ by a byte at most."""
    each, more = divmod(blob.size_bytes, count)
    return [Layer(blob.digest, each + (at < more), blob.kind) for at in range(count)]
