"""Demand from a log's pushes (`demand.replay.route = "policies"`): each is a deploy that goes by the policies.

Who pushed what and when is the log's; where it goes, on which nodes it starts and who pulls it is the scenario's, so
that routes can be compared on a registry's own pushes. Each repository is an application and its newest push what its
tag means, whatever tags the log has. An image is made of the blobs that were logged. There at the start, at central and
on the application's nodes, is what was pushed before the window, and each blob that a push found which the log never
brought. Logged pulls are left out: those of the deploys take their place.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sim.errors import InputError
from sim.registry.oci import Digest, Image, Layer
from sim.scenario import Scenario
from sim.streams import Streams
from sim.workload.demand import Demand
from sim.workload.logs.operations import Blobs, Operation, sized
from sim.workload.replay import Places, Source
from sim.workload.synthetic import draws

#: Of a manifest of which the log does not say how large it is.
_MANIFEST_BYTES = 560


def image_of(blobs: Blobs, manifest_bytes: float, unknown_bytes: float) -> Image:
    """Logged blobs as an image; the last is taken for its config, and all together stand for its manifest's digest."""
    *layers, last = layers_of(blobs, unknown_bytes)
    config = Layer(last.digest, last.size_bytes, "config")
    name = Digest(" ".join(blob.digest for blob in (*layers, config)))
    return Image(name, tuple(layers), config, sized(manifest_bytes, _MANIFEST_BYTES), 0)


def layers_of(blobs: Blobs, unknown_bytes: float) -> list[Layer]:
    """Logged blobs as layers of a file tree."""
    return [Layer(Digest(digest), sized(size_bytes, unknown_bytes), "rootfs") for digest, size_bytes in blobs]


@dataclass(slots=True)
class _Repository:
    """What the log says of one repository: the last push before the window and what pushes in it found, and who pushed.

    `found` has the blobs that were there though nothing in the log brought them.
    """

    client: int
    before: Operation | None = None
    found: dict[str, float] = field(default_factory=dict)

    def at_start(self, unknown_bytes: float) -> Image | None:
        """The image that it has at the start, None if it has none."""
        blobs = self.found | (dict(self.before.blobs) if self.before is not None else {})
        size_bytes = self.before.manifest_bytes if self.before is not None else float("nan")
        return image_of(tuple(blobs.items()), size_bytes, unknown_bytes) if blobs else None


def demand(scenario: Scenario, source: Source, streams: Streams) -> Demand:
    """The demand of one run; InputError where the log has no push, or one from a node."""
    replay = source.replay
    number = {name: at for at, (name, _) in enumerate(scenario.client_hosts())}
    places = Places(scenario, replay)
    pushes: list[tuple[float, Operation, int]] = []
    named: dict[str, _Repository] = {}
    for at_s, operation in source.operations(scenario.run.duration_s):
        if operation.kind != "push":
            continue
        host = places.host(operation.client)
        if host not in number:
            problem = f"the log has a push from {host}, which is a node, and nodes deploy nothing"
            raise InputError(f"{scenario.name}: demand.replay.origins", problem, "let its addresses be a client's")
        repository = named.setdefault(operation.repository, _Repository(number[host]))
        if at_s < 0:
            repository.before = operation
            continue
        repository.found.update(blob for blob in operation.blobs if blob[0] in operation.found)
        pushes.append((at_s, operation, number[host]))
    if not pushes:
        remedy = "widen demand.replay.since and until, or replay it as it was logged"
        raise InputError(source.reading.path, "no push falls into the window", remedy)
    return _demand(scenario, pushes, named, replay.unknown_bytes, streams)


def _demand(
    scenario: Scenario, pushes: list[tuple[float, Operation, int]], named: dict[str, _Repository],
    unknown_bytes: float, streams: Streams,
) -> Demand:  # fmt: skip
    """The columns of the demand; applications that are known at the start come first."""
    there = {name: repository.at_start(unknown_bytes) for name, repository in named.items()}
    order = [name for name in named if there[name] is not None]
    known = len(order)
    order += [name for name in named if there[name] is None]
    app = {name: at for at, name in enumerate(order)}
    n = len(pushes)
    at_start = [image for name in order[:known] if (image := there[name]) is not None]
    images = [image_of(operation.blobs, operation.manifest_bytes, unknown_bytes) for _, operation, _ in pushes]
    held: dict[str, set[Digest]] = {
        name: {blob.digest for blob in image.blobs} for name, image in zip(order, at_start, strict=False)
    }
    update, new_bytes = np.zeros(n, dtype=np.bool_), np.ones(n, dtype=np.int64)
    for at, ((_, operation, _), image) in enumerate(zip(pushes, images, strict=True)):
        update[at] = operation.repository in held
        has = held.setdefault(operation.repository, set())
        # What a push is expected to send, by which a route may choose; a size is at least a byte.
        new_bytes[at] = max(1, sum(blob.size_bytes for blob in image.layers if blob.digest not in has))
        has.update(blob.digest for blob in image.blobs)
    return Demand(
        at_s=np.array([at_s for at_s, _, _ in pushes]),
        app=np.array([app[operation.repository] for _, operation, _ in pushes], dtype=np.int64),
        kernel=np.zeros(n, dtype=np.int64),
        update=update,
        route_draw=streams.generator("routes").random(n),
        place_draw=streams.generator("places").random(n),
        app_client=np.array([named[name].client for name in order], dtype=np.int64),
        app_kind=np.zeros(len(order), dtype=np.int64),
        app_draw=streams.generator("homes").random(len(order)),
        known_apps=known,
        elsewhere=draws.share(scenario.policies.elsewhere, n, streams.generator("elsewhere")),
        removed=draws.share(scenario.demand.removals, n, streams.generator("removals")),
        client=np.array([client for _, _, client in pushes], dtype=np.int64),
        rootfs_bytes=new_bytes,
        images=(*images, *at_start),
        repositories=tuple(order),
    )
