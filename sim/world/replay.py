"""Pushes and pulls as a registry's log has them: what deploys do by half, each with a row of its own.

A push goes to central by its client's requests, whatever the route policy says: the log tells where it went. A pull
fetches from central what its client does not keep. What travels is decided here again, from what the simulated registry
and the clients hold, and never taken over from the log.

Left out: deletions, pulls that fail for want of rights, and pushes that broke off.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import cast

from sim.registry.clients import CONTAINERD, Profile
from sim.registry.oci import Digest, Image, Layer
from sim.registry.plan import plan_pull
from sim.rows import PULL
from sim.scenario.replay import Replay
from sim.workload.demand import Ask
from sim.workload.logged import Logged, Operation, is_digest
from sim.workload.redeployed import image_of, layers_of
from sim.workload.replay import Places
from sim.world.clock import Failure, Steps
from sim.world.fetch import fetch_blobs, fetch_from_swarm
from sim.world.log import DeployRow, Moved
from sim.world.path import Path
from sim.world.places import Client, ImageKind, Machine, Registry
from sim.world.push import push
from sim.world.talk import answer, call
from sim.world.world import World

#: A row asks for a number and whether its repository was there; of all else a log says nothing.
_NOTHING = Ask._make((0,) * len(Ask._fields))
_LOGGED = ImageKind("logged", (), 0, 0, 0, 0, 0, 0.0)
_SETTLE_EVERY = 1024


class _Counted(Moved):
    """Counts the blobs that a push keeps to itself beside their bytes."""

    __slots__ = ("_saved_bytes", "kept")

    def __init__(self, *given: object) -> None:
        self.kept = self._saved_bytes = 0
        super().__init__(*given)  # type: ignore[arg-type]

    @property
    def saved_bytes(self) -> int:
        return self._saved_bytes

    @saved_bytes.setter
    def saved_bytes(self, total: int) -> None:
        self.kept += total > self._saved_bytes
        self._saved_bytes = total


class Replaying:
    """A log's operations in one world; `counts` is what the simulation did, to be held against the log."""

    def __init__(self, world: World, replay: Replay, places: Places) -> None:
        self._world, self._replay, self._places = world, replay, places
        self._machines: dict[str, Machine] = {one.name: one for one in (*world.nodes, *world.clients)}
        self._held: dict[str, set[Digest]] = {}
        self.counts = Logged()

    def run(self, operations: Iterable[tuple[float, Operation]]) -> Steps:
        """Start each operation when it was logged; what came before the run's start is there at once."""
        for number, (at_s, operation) in enumerate(operations):
            if at_s < 0:
                self._was_there(operation)
                continue
            yield float(at_s)
            self._find(operation)
            steps = self._push if operation.kind == "push" else self._pull
            self._world.clock.start(self._row(number, operation, steps))
            if number % _SETTLE_EVERY == 0:
                self._world.log.settle()

    def _row(self, number: int, operation: Operation, steps: object) -> Steps:
        world, row = self._world, DeployRow()
        known = world.central.contents.knows(operation.repository)
        row.ask = _NOTHING._replace(deploy=number, update=known)
        row.client = self._machines[self._places.host(operation.client)]
        row.repository, row.kind, row.route, row.nodes = operation.repository, _LOGGED, operation.kind, []
        row.pushed = _Counted(world.log, number, "push")
        if operation.kind == "push":
            row.pull_s = math.nan
        else:
            row.push_s = row.client_latency_s = math.nan
            row.missing = 1
        path = Path(world.clock.now)
        reason = ""
        try:
            yield from steps(path, operation, row)  # type: ignore[operator]
        except Failure as failure:
            reason = str(failure)
        row.end(world.log, path, reason)

    def _push(self, path: Path, operation: Operation, row: DeployRow) -> Steps:
        world, central, machine = self._world, self._world.central, row.client
        image = self._image(operation)
        path.now_s += self._replay.start_s
        yield from push(
            world, path, _profile(machine), machine, central, operation.repository, operation.reference, image,
            row.pushed,
        )  # fmt: skip
        yield from answer(world, path, world.network.way(machine, central), _profile(machine).retry)
        row.push_s = row.client_latency_s = path.now_s - path.started_s
        moved, counts = cast(_Counted, row.pushed), self.counts
        counts.pushes += 1
        counts.saved_blobs += moved.kept
        counts.saved_bytes += moved.saved_bytes
        counts.sent_blobs += len(image.blobs) - moved.kept
        counts.sent_bytes += moved.size_bytes - image.manifest_bytes

    def _pull(self, path: Path, operation: Operation, row: DeployRow) -> Steps:
        world, central, machine = self._world, self._world.central, row.client
        profile, way = _profile(machine), world.network.way(machine, central)
        path.enter(PULL)
        after_s = self._replay.start_s + profile.start_s
        yield from call(world, path, way, central, profile.retry, profile.login + profile.manifests, after_s)
        yield from answer(world, path, way, profile.retry)
        yield path.now_s
        image = self._seen(operation)
        held = self._held.setdefault(operation.client, set())
        again = {image.config.digest} if self._replay.configs else set()
        plan = plan_pull(image.blobs, held - again if self._replay.cache else ())
        moved = Moved(world.log, row.ask.deploy, "pull")
        if world.torrents is not None and isinstance(machine, Registry):

            def arrived(blob: Layer, path: Path) -> None:
                machine.contents.add_blob(operation.repository, blob)

            yield from fetch_from_swarm(world, path, machine, central, operation.repository, plan.fetch, moved, arrived)
        else:
            yield from fetch_blobs(world, path, way, profile, central, plan.fetch, moved, lambda blob, _: None)
        moved.add_metadata(way.down.lane, path.now_s, image.manifest_bytes)
        held.update(blob.digest for blob in image.blobs)
        row.pull_s = path.now_s - path.started_s
        row.missing = 0
        row.pulled_bytes = moved.size_bytes
        row.saved_bytes = sum(blob.size_bytes for blob in plan.skip)
        self.counts.pulls += 1
        self.counts.fetched_blobs += len(plan.fetch)
        self.counts.fetched_bytes += moved.size_bytes - image.manifest_bytes

    def _seen(self, operation: Operation) -> Image:
        """What the reference means at central now; an image from before the log is what its client fetched."""
        if not operation.known:
            self.counts.unknown_pulls += 1
            return self._image(operation)
        contents = self._world.central.contents
        if is_digest(operation.reference):
            held, named = contents.blobs(operation.repository), self._image(operation)
            if all(blob.digest in held for blob in named.blobs):
                return named
            raise Failure("image not found")
        publish = contents.resolve(operation.repository, operation.reference)
        image = None if publish is None else contents.image(operation.repository, publish.digest)
        if image is None:
            raise Failure("image not found")
        return image

    def _find(self, operation: Operation) -> None:
        """Blobs that a push finds though nothing in the log brought them are in the repository from before it."""
        self.counts.found_blobs += len(operation.found)
        for blob in layers_of(operation.blobs, self._replay.unknown_bytes):
            if blob.digest in operation.found:
                self._world.central.contents.add_blob(operation.repository, blob)

    def _was_there(self, operation: Operation) -> None:
        image, world = self._image(operation), self._world
        if operation.kind == "push":
            for blob in image.blobs:
                world.central.contents.add_blob(operation.repository, blob)
            world.publish(world.central, operation.repository, operation.reference, image, 0.0)
        else:
            self._held.setdefault(operation.client, set()).update(blob.digest for blob in image.blobs)

    def _image(self, operation: Operation) -> Image:
        return image_of(operation.blobs, operation.manifest_bytes, self._replay.unknown_bytes)


def _profile(machine: Machine) -> Profile:
    """A client's own requests; a node's are its container runtime's."""
    return machine.profile if isinstance(machine, Client) else CONTAINERD
