"""The platform's own copying: what was pushed to a node is brought to central after a lag."""

from __future__ import annotations

from sim.registry.clients import CONTAINERD
from sim.registry.contents import Publish
from sim.registry.oci import Image
from sim.world.clock import Steps
from sim.world.log import Moved
from sim.world.path import Path
from sim.world.places import Registry
from sim.world.push import copy_blobs
from sim.world.talk import connect, keep_open, tell
from sim.world.world import World


def sync(world: World, deploy: int, node: Registry, repository: str, tag: str, image: Image, publish: Publish) -> Steps:
    """Copy one published image from a node to central: wait for the job, check, copy what central lacks, publish."""
    central, clock = world.central, world.clock
    yield publish.published_s + world.rules.sync_delay_s
    yield from world.sync_jobs.acquire()
    path = Path(clock.now)
    started_s = path.now_s
    way = world.network.way(node, central)
    moved = Moved(world.log, deploy, "sync")
    connect(path, way, node, central)
    yield from copy_blobs(world, path, way, CONTAINERD, central, repository, image, moved)
    yield from tell(world, path, way, central, CONTAINERD.publish)
    yield path.now_s
    keep_open(path, node, central)
    world.sync_jobs.release()
    moved.add_metadata(way.up.lane, path.now_s, image.manifest_bytes + image.index_bytes)
    world.publish(central, repository, tag, image, publish.published_s)
    world.log.tables["syncs"].append(
        (deploy, repository, node.name, central.name, publish.published_s, started_s, path.now_s,
         path.now_s - publish.published_s, moved.size_bytes, moved.saved_bytes)
    )  # fmt: skip
