"""A push: log in, ask what the registry has, upload what it lacks, publish."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from functools import partial

from sim.registry.clients import MOUNT, TOKEN, Profile
from sim.registry.contents import Publish
from sim.registry.oci import Digest, Image, Layer
from sim.registry.plan import mountable, plan_push
from sim.rows import CHECKS, COMMIT, UPLOAD
from sim.world.bodies import carry, groups, leaders
from sim.world.clock import Finding, Steps
from sim.world.limits import charge
from sim.world.log import Moved
from sim.world.path import Path
from sim.world.places import Machine, Registry, Way
from sim.world.talk import answer, ask, call, catch_up, insist, side_by_side, tell
from sim.world.world import World


def push(
    world: World, path: Path, profile: Profile, source: Machine, target: Registry,
    repository: str, tag: str, image: Image, moved: Moved,
) -> Finding[Publish]:  # fmt: skip
    """Bring `image` to `target` under `tag`; ends as `target` has published it, the answer still on its way back."""
    way = world.network.way(source, target)
    yield from call(world, path, way, target, profile.retry, profile.login, profile.start_s)
    if world.faults is not None:
        world.faults.show_token(target)
    yield from answer(world, path, way, profile.retry)
    token_until_s = path.now_s + target.token_life_s
    mounts = None
    if profile.mounts:
        pushed = world.pushed.setdefault((source.number, target.number), {})
        mounts = mountable(target.contents, repository, pushed)
    yield from copy_blobs(world, path, way, profile, target, repository, image, moved, mounts)
    path.enter(COMMIT)
    if path.now_s > token_until_s and TOKEN in profile.login:  # refused, and asked for anew
        yield from ask(world, path, way, target, profile.retry, (*profile.publish[:1], TOKEN))
        yield from answer(world, path, way, profile.retry)
    yield from ask(world, path, way, target, profile.retry, profile.publish)
    yield path.now_s
    yield from charge(path, target, repository, image.blobs, way.back_s)
    if profile.mounts:
        pushed[repository] = None
    moved.add_metadata(way.up.lane, path.now_s, image.manifest_bytes + image.index_bytes)
    return world.publish(target, repository, tag, image, path.now_s, path.lag_s)


def copy_blobs(
    world: World, path: Path, way: Way, profile: Profile, target: Registry,
    repository: str, image: Image, moved: Moved, mounts: Container[Digest] | None = None,
) -> Steps:  # fmt: skip
    """Check the tag and each blob of `image`; send what `target` lacks, as many side by side as the client does.

    What it may have by `mounts` from another repository costs a request and no bytes.
    """

    checks = profile.tags
    for group in groups(image.blobs, profile.parallel_pushes, profile.config_last):
        path.enter(CHECKS)
        beside = (len(group) - 1) * len(profile.blob_check)
        yield from ask(world, path, way, target, profile.retry, checks + profile.blob_check, beside)
        checks = ()
        yield path.now_s
        plan = plan_push(group, target.contents.blobs(repository), mounts or ())
        yield from answer(world, path, way, profile.retry)
        for blob in plan.skip:
            moved.saved_bytes += blob.size_bytes
            target.contents.add_blob(repository, blob)  # which may have been another repository's
        if plan.mount:
            yield from _mount(world, path, way, profile, target, repository, plan.mount, moved)
        if plan.send:
            path.enter(UPLOAD)
            yield from _upload(world, path, way, profile, target, repository, plan.send, moved)


def _upload(
    world: World, path: Path, way: Way, profile: Profile, target: Registry,
    repository: str, blobs: tuple[Layer, ...], moved: Moved,
) -> Steps:  # fmt: skip
    """Send blobs side by side, each with the requests that open and close its upload."""

    retry = profile.retry
    uploads = retry if retry.repeats != "nothing" else replace(retry, waits_s=())
    opened: set[Digest] = set()

    def send(path: Path, blob: Layer) -> Steps:
        yield from insist(world, path, way, target, uploads, partial(send_once, path, blob))

    def send_once(path: Path, blob: Layer, sent_bytes: int, again: bool) -> Steps:
        trails, began_s = len(trailing) if blob is leading[0] else 0, path.idle_s
        if again and retry.repeats == "blob":
            yield from tell(world, path, way, target, profile.blob_check, retry=retry)
            yield path.now_s
            has_it = target.contents.has_blob(repository, blob.digest)
            yield from answer(world, path, way, retry)
            path.would_be_here_at(began_s)
            if has_it:
                return
        if retry.repeats != "bytes" or blob.digest not in opened:
            opening = profile.opening(blob.kind)
            yield from tell(world, path, way, target, opening, trails * len(profile.blob_open), retry)
            yield from answer(world, path, way, retry)
            opened.add(blob.digest)
        yield from carry(world, path, way.up, blob, leading, moved, sent_bytes)
        yield from tell(world, path, way, target, profile.blob_close, trails * len(profile.blob_close), retry)
        ended = (blob, *trailing) if trails else (blob,)
        yield from charge(path, target, repository, ended, way.back_s)
        path.now_s += target.first_byte_s
        yield from catch_up(world, path)
        for there in ended:
            target.contents.add_blob(repository, there)
        yield from answer(world, path, way, retry)

    leading, trailing = leaders(blobs)
    for blob in trailing:
        moved.metadata_bytes += blob.size_bytes
    yield from side_by_side(world, path, leading, send)


def _mount(
    world: World, path: Path, way: Way, profile: Profile, target: Registry,
    repository: str, blobs: tuple[Layer, ...], moved: Moved,
) -> Steps:  # fmt: skip
    """Have blobs of other repositories in this one: a request each, side by side, and no bytes."""
    yield from ask(world, path, way, target, profile.retry, MOUNT, (len(blobs) - 1) * len(MOUNT))
    yield from charge(path, target, repository, blobs, way.back_s)
    yield from answer(world, path, way, profile.retry)
    for blob in blobs:
        moved.saved_bytes += blob.size_bytes
        target.contents.add_blob(repository, blob)
