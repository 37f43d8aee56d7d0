"""A push: log in, ask what the registry has, upload what it lacks, publish."""

from __future__ import annotations

from sim.registry.clients import Profile
from sim.registry.contents import Publish
from sim.registry.oci import Image, Layer
from sim.registry.plan import plan_push
from sim.world.clock import Finding, Steps
from sim.world.log import Moved
from sim.world.path import CHECKS, COMMIT, UPLOAD, Path
from sim.world.places import Machine, Registry, Way
from sim.world.talk import batched, carry, leaders, side_by_side, tell
from sim.world.world import World


def push(
    world: World, path: Path, profile: Profile, source: Machine, target: Registry,
    repository: str, tag: str, image: Image, moved: Moved,
) -> Finding[Publish]:  # fmt: skip
    """Bring `image` to `target` under `tag`; ends as `target` has published it, the answer still on its way back."""
    way = world.network.way(source, target)
    path.now_s += profile.start_s + way.open_s
    yield from tell(world, path, way, target, profile.login)
    path.now_s += way.back_s
    yield from copy_blobs(world, path, way, profile, target, repository, image, moved)
    path.enter(COMMIT)
    yield from tell(world, path, way, target, profile.publish)
    yield path.now_s
    moved.add_metadata(way.up.lane, path.now_s, image.manifest_bytes + image.index_bytes)
    return world.publish(target, repository, tag, image, path.now_s)


def copy_blobs(
    world: World, path: Path, way: Way, profile: Profile, target: Registry,
    repository: str, image: Image, moved: Moved,
) -> Steps:  # fmt: skip
    """Check the tag and each blob of `image`; send what `target` lacks, as many side by side as the client does."""

    def send(path: Path, blob: Layer) -> Steps:
        trails = len(trailing) if blob is leading[0] else 0
        yield from tell(world, path, way, target, profile.blob_open, beside=trails * len(profile.blob_open))
        path.now_s += way.back_s
        yield from carry(world, path, way.up, blob, leading, moved)
        yield from tell(world, path, way, target, profile.blob_close, beside=trails * len(profile.blob_close))
        path.now_s += target.first_byte_s
        if not target.merges:
            yield path.now_s
        target.contents.add_blob(repository, blob)
        path.now_s += way.back_s

    checks = profile.tags
    for group in batched(image.blobs, profile.parallel_pushes):
        path.enter(CHECKS)
        yield from tell(
            world, path, way, target, checks + profile.blob_check, beside=(len(group) - 1) * len(profile.blob_check)
        )
        checks = ()
        yield path.now_s
        plan = plan_push(group, target.contents.blobs(repository))
        path.now_s += way.back_s
        for blob in plan.skip:
            moved.saved_bytes += blob.size_bytes
            target.contents.add_blob(repository, blob)  # which may have been another repository's
        if plan.send:
            path.enter(UPLOAD)
            leading, trailing = leaders(plan.send)
            for blob in trailing:
                moved.metadata_bytes += blob.size_bytes
                target.contents.add_blob(repository, blob)
            yield from side_by_side(world, path, leading, send)
