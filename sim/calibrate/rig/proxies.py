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

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sim.calibrate.rig.files import RigScenario
from sim.calibrate.rig.packetwire import RigWire
from sim.calibrate.rig.processes import Process
from sim.calibrate.rig.state import RigState, latest, new_way
from sim.protocol.codes import GO
from sim.protocol.ops.blobs import DOWN, record_manifests
from sim.protocol.ops.control import end, jump
from sim.protocol.ops.requests import GET, LOGIN_REQUESTS, ONCE, at_clock, last_byte_arrives, request
from sim.protocol.ops.transfers import transfer
from sim.protocol.ops.ways import down_lane
from sim.protocol.programs import Label, Program, call, step
from sim.protocol.tasks import branch, inherit, make_ready, new_task, new_timeline, start_branches

#: For a tag `GET /v2/` and `HEAD` manifest, for a manifest `GET /v2/` and `GET`, for a blob `GET /v2/`, `HEAD`,
#: `GET /v2/` and `GET`.
_FOR_TAG, _FOR_MANIFEST, _FOR_BLOB = 2, 2, 4
#: A request takes one round trip, and every second opens a connection first: 12 of 22 did.
_TRIPS = 1 + 12 / 22
#: Blobs asked for at once wait for each other's first request, a round trip each. The two copies of one come a
#: millisecond after each other; but in 3 of 6 pulls one of the first's took a connection that was open, and the other
#: had to open its own.
_AFTER_S, _OPENS = 0.001, 0.5


@dataclass(slots=True)
class _Proxy:
    """A registry that pulls through another, a round trip away; what it holds of that one's, and what it is storing.

    What it has of one repository it does not have of another: it asks for a blob again (distribution 2.8,
    registry/proxy, proxyBlobStore.serveLocal: the repository's own links are looked up). Whether it is storing a blob
    already it asks of all (inflight, by digest).
    """

    upstream: int
    round_trip_s: float = -1.0
    images: set[tuple[int, int]] = field(default_factory=set)
    blobs: set[tuple[int, int]] = field(default_factory=set)
    storing: set[int] = field(default_factory=set)


class Proxies:
    """Pulls through proxies: the registries in `of`, by the number of each.

    Each copy of a blob goes a way of its own to the other registry, which it enters on the wire and leaves when nothing
    more comes.
    """

    def __init__(self, scenario: RigScenario, built: RigState, processes: Sequence[Process], wire: RigWire) -> None:
        self.of = {
            built.registries[host.name]: _Proxy(built.registries[host.upstream])
            for host in scenario.hosts
            if host.upstream is not None
        }
        self._processes = processes
        self._wire = wire
        self._routes = built.routes

    def pull(self) -> Program:
        """What a client asks, from its first request on: the manifest, all layers side by side, the config."""
        return (
            step(request, LOGIN_REQUESTS, ONCE),
            step(last_byte_arrives),
            step(self._travel_forth),
            step(at_clock),
            step(self._fetch_manifest),
            step(last_byte_arrives),
            step(record_manifests, DOWN),
            Label("next group"),
            step(self._next_group, "fetched", "GET_THROUGH"),
            step(jump, "next group"),
            Label("fetched"),
        )

    def programs(self) -> dict[str, Program]:
        """What else is done for it."""
        return {
            "GET_THROUGH": (
                step(request, GET, ONCE),
                step(at_clock),
                step(self._unless_stored, "stored"),
                step(self._fetch_blob, "STORE_THROUGH"),
                step(at_clock),
                call("COPY_THROUGH"),
                step(self._is_sent),
                step(jump, "back"),
                Label("stored"),
                step(transfer, DOWN),
                Label("back"),
                step(last_byte_arrives),
                step(end),
            ),
            "STORE_THROUGH": (
                step(at_clock),
                call("COPY_THROUGH"),
                step(self._is_stored),
                step(end),
            ),
            "COPY_THROUGH": (
                step(self._enter),
                step(transfer, DOWN),
                step(last_byte_arrives),
                step(at_clock),
                step(self._leave),
                step(end),
            ),
        }

    def _travel_forth(self, w: Any, p: int, a: int, b: int) -> int:
        """A request is on its way to the proxy."""
        task = w.tasks[p]
        w.timelines[task.timeline].now_s += w.ways[task.way].forth_s
        return GO

    def _fetch_manifest(self, w: Any, p: int, a: int, b: int) -> int:
        """What the tag means at the other registry, and its manifest if the proxy lacks that."""
        task = w.tasks[p]
        proxy = self.of[task.registry]
        task.image = latest(w, proxy.upstream, self._processes[task.deploy].client)
        self._ask(w, p, _FOR_TAG + (0 if (task.name, task.image) in proxy.images else _FOR_MANIFEST))
        proxy.images.add((task.name, task.image))
        task.group = task.group_end = 0
        return GO

    def _next_group(self, w: Any, p: int, done: int, entry: int) -> int:
        """All layers, then the config, a branch for each; on at `done` after that."""
        task = w.tasks[p]
        image, process = w.images[task.image], self._processes[task.deploy]
        task.group = task.group_end
        if task.group == image.blobs:
            task.pc = done
            return GO
        task.group_end = image.blobs if task.group else max(image.blobs - 1, 1)
        blobs = w.image_blobs[image.first_blob + task.group : image.first_blob + task.group_end]
        process.lacks = [blob for blob in blobs if (task.name, blob) not in self.of[task.registry].blobs]
        process.rng.shuffle(process.lacks)
        for blob in blobs:
            child = w.tasks[branch(w, p, entry, len(blobs) == 1)]
            child.blob, child.size_bytes, child.trailing = blob, w.blobs[blob].size_bytes, 0
        return start_branches(w, p)

    def _unless_stored(self, w: Any, p: int, stored: int, b: int) -> int:
        """On at `stored` if the proxy has a blob."""
        task = w.tasks[p]
        if (task.name, task.blob) in self.of[task.registry].blobs:
            task.pc = stored
        return GO

    def _fetch_blob(self, w: Any, p: int, store: int, b: int) -> int:
        """The proxy asks for a blob; if nobody does so yet, a copy of it is stored by a task that begins at `store`."""
        task = w.tasks[p]
        proxy, process = self.of[task.registry], self._processes[task.deploy]
        line, lacks, rng = w.timelines[task.timeline], process.lacks, process.rng
        stores = task.blob not in proxy.storing
        proxy.storing.add(task.blob)
        self._ask(w, p, _FOR_BLOB, lacks.index(task.blob))
        opens = len(lacks) > 1 and task.blob == lacks[0] and rng.random() < _OPENS
        starts_s = [line.now_s, line.now_s + (self._round_trip_s(w, p) if opens else _AFTER_S)]
        rng.shuffle(starts_s)
        line.now_s, stored_s = starts_s
        task.began_s = line.now_s
        if stores:
            other = new_task(w, store, new_timeline(w, stored_s, 0.0))
            inherit(w, p, other)
            child = w.tasks[other]
            child.counter, child.blob, child.size_bytes, child.trailing = other, task.blob, task.size_bytes, 0
            make_ready(w, other)
        return GO

    def _enter(self, w: Any, p: int, a: int, b: int) -> int:
        """A connection of its own to the other registry, for the blob that whoever called is about."""
        task, above = w.tasks[p], w.tasks[w.tasks[p].parent]
        process = self._processes[task.deploy]
        task.blob, task.size_bytes, task.trailing = above.blob, above.size_bytes, 0
        task.machine, task.registry = next(process.client.copies), self.of[task.registry].upstream
        task.way = new_way(w, self._routes, task.machine, task.registry)
        self._wire.enter(task.way, 1.0, DOWN, process.rng)
        return GO

    def _leave(self, w: Any, p: int, a: int, b: int) -> int:
        """Nothing more comes on it."""
        self._wire.leave(down_lane(w, w.tasks[p].way))
        return GO

    def _is_sent(self, w: Any, p: int, a: int, b: int) -> int:
        """What has come for the client goes on to it meanwhile, as fast as its own way lets it."""
        task = w.tasks[p]
        line, lane = w.timelines[task.timeline], w.lanes[down_lane(w, task.way)]
        line.now_s = max(line.now_s, task.began_s + task.size_bytes / lane.rate_Bps)
        return GO

    def _is_stored(self, w: Any, p: int, a: int, b: int) -> int:
        """The proxy has a blob from now on."""
        task = w.tasks[p]
        proxy = self.of[task.registry]
        proxy.storing.discard(task.blob)
        proxy.blobs.add((task.name, task.blob))
        return GO

    def _ask(self, w: Any, p: int, requests: int, waits: int = 0) -> None:
        """Requests to the other registry, one after another, after so many round trips of others."""
        task, round_trip_s = w.tasks[p], self._round_trip_s(w, p)
        request_s = w.registries[self.of[task.registry].upstream].request_s
        w.timelines[task.timeline].now_s += waits * round_trip_s + requests * (_TRIPS * round_trip_s + request_s)

    def _round_trip_s(self, w: Any, p: int) -> float:
        """One to the other registry."""
        task = w.tasks[p]
        proxy = self.of[task.registry]
        if proxy.round_trip_s < 0:
            way = new_way(w, self._routes, next(self._processes[task.deploy].client.copies), proxy.upstream)
            proxy.round_trip_s = w.ways[way].round_trip_s
        return proxy.round_trip_s
