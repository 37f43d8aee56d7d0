"""A pull through a registry that fetches what it lacks from another: distribution as a pull-through cache.

It asks the other for the tag each time, and for the manifest when it lacks that. For a blob that it lacks it opens two
connections: what comes on one goes to the client as it comes, what comes on the other is stored. Whoever asks for a
blob that is still being stored gets a connection of its own. (distribution 2.8, registry/proxy: proxyTagService.Get,
proxyManifestStore.Get, proxyBlobStore.ServeBlob.) Which requests it sends, how many connections it opens for them and
how long after each other copies begin was seen on the rig.

Left out: that blobs are thrown away after a week, and that a client whose line is slower than the registry's holds the
copy for it up.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.registry.oci import Digest, Image, Layer
from sim.world.bodies import carry
from sim.world.clock import Happening
from sim.world.log import Moved
from sim.world.path import Path
from sim.world.places import Registry, Way
from sim.world.talk import side_by_side, tell
from sim.world.world import World

#: For a tag `GET /v2/` and `HEAD` manifest, for a manifest `GET /v2/` and `GET`, for a blob `GET /v2/`, `HEAD`,
#: `GET /v2/` and `GET`.
_FOR_TAG, _FOR_MANIFEST, _FOR_BLOB = 2, 2, 4
#: A request takes one round trip, and every second opens a connection first: 12 of 22 did.
_TRIPS = 1 + 12 / 22
#: Blobs asked for at once wait for each other's first request, a round trip each. The two copies of one come a
#: millisecond after each other; but in 3 of 6 pulls one of the first's took a connection that was open, and the other
#: had to open its own.
_AFTER_S, _OPENS = 0.001, 0.5

Doing = Generator[Happening, Any, None]


@dataclass(slots=True)
class Proxy:
    """A registry that pulls through `upstream`; what it holds of that one's repositories, and what it is storing."""

    registry: Registry
    upstream: Registry
    manifests: set[Digest] = field(default_factory=set)
    blobs: set[Digest] = field(default_factory=set)
    storing: set[Digest] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Asking:
    """One pull through a proxy: the client's way to it, and for each copy of a blob a way of its own to the other.

    A copy ends by `leave`, when nothing more comes on its way. `luck` says which blob comes first, and what has to wait
    for a connection.
    """

    world: World
    proxy: Proxy
    way: Way
    enter: Callable[[], Way]
    leave: Callable[[Way], None]
    luck: np.random.Generator

    def manifest(self, path: Path, image: Image, moved: Moved) -> Doing:
        """The client's request for the manifest; ends as the answer is there."""
        path.now_s += self.way.forth_s
        proxy = self.proxy
        yield path.now_s
        requests = _FOR_TAG + (0 if image.digest in proxy.manifests else _FOR_MANIFEST)
        self._ask(path, requests)
        proxy.manifests.add(image.digest)
        path.now_s += self.way.back_s
        moved.add_metadata(self.way.down.lane, path.now_s, image.manifest_bytes)

    def blobs(self, path: Path, image: Image, moved: Moved) -> Doing:
        """All layers side by side, then the config, as skopeo asks for them."""
        layers = [blob for blob in image.blobs if blob.kind != "config"]
        configs = [blob for blob in image.blobs if blob.kind == "config"]
        for group in (layers, configs):
            lacks = [blob for blob in group if blob.digest not in self.proxy.blobs]
            self.luck.shuffle(lacks)

            def get(path: Path, blob: Layer, group: list[Layer] = group, lacks: list[Layer] = lacks) -> Doing:
                yield from self._get(path, blob, group, lacks, moved)

            yield from side_by_side(self.world, path, group, get)

    def _get(self, path: Path, blob: Layer, beside: list[Layer], lacks: list[Layer], moved: Moved) -> Doing:
        world, proxy = self.world, self.proxy
        yield from tell(world, path, self.way, proxy.registry, ("GET blob",))
        yield path.now_s
        if blob.digest in proxy.blobs:
            yield from carry(world, path, self.way.down, blob, beside, moved)
        else:
            stores = blob.digest not in proxy.storing
            proxy.storing.add(blob.digest)
            self._ask(path, _FOR_BLOB, lacks.index(blob))
            opens = len(lacks) > 1 and blob is lacks[0] and self.luck.random() < _OPENS
            starts_s = [path.now_s, path.now_s + (self._round_trip_s() if opens else _AFTER_S)]
            self.luck.shuffle(starts_s)
            path.now_s, stored_s = starts_s
            if stores:
                world.clock.start(self._store(blob, beside, stored_s))
            began_s = path.now_s
            yield path.now_s
            yield from self._copy(path, blob, beside, moved)
            path.now_s = max(path.now_s, began_s + blob.size_bytes / self.way.down.lane.rate_Bps)
        path.now_s += self.way.back_s

    def _copy(self, path: Path, blob: Layer, beside: list[Layer], moved: Moved) -> Doing:
        way = self.enter()
        yield from carry(self.world, path, way.down, blob, beside, moved)
        path.now_s += way.back_s
        yield path.now_s
        self.leave(way)

    def _store(self, blob: Layer, beside: list[Layer], at_s: float) -> Doing:
        yield at_s
        yield from self._copy(Path(at_s), blob, beside, Moved(self.world.log, 0, "pull"))
        self.proxy.storing.discard(blob.digest)
        self.proxy.blobs.add(blob.digest)

    def _ask(self, path: Path, requests: int, waits: int = 0) -> None:
        """Requests to the other registry, one after another, after so many round trips of others."""
        round_trip_s = self._round_trip_s()
        path.now_s += waits * round_trip_s + requests * (_TRIPS * round_trip_s + self.proxy.upstream.request_s)

    def _round_trip_s(self) -> float:
        """One to the other registry."""
        way = self.enter()
        self.leave(way)
        return way.round_trip_s
