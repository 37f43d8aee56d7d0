"""Copies from registry to registry: a client process that brings what a tag means, or a sync of all tags, on the rig.

A process beside the registry that it copies from does what a copy of a run does (`COPY` in `protocol/programs`), with
the requests of `registry/copiers`'s skopeo: what it asks at home takes no way. One beside the registry that it copies
to does what a node does that pulls: it asks the source for manifests and for the layers that its own registry lacks,
and what it writes at home takes no way.

For each tag a sync asks first what the target has under it, and goes on to the next where that is the same. Every
client tries TLS before plain HTTP, and a sync has a new one for each question of another kind: so much was logged.

Left out: processes beside neither registry, layers that are mounted from other repositories (the rig's clients know of
none), and the time that a registry takes to write.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sim.calibrate.rig.packetwire import RigWire
from sim.calibrate.rig.parameters import Parameters
from sim.calibrate.rig.processes import Process, push_bytes
from sim.calibrate.rig.state import COPY, PROFILES, SYNC, RigState, new_way
from sim.protocol.codes import GO, MOVE_OWED, STATE_ABSENT
from sim.protocol.ops.blobs import DOWN, begin_groups, each_blob, next_group, record_manifests
from sim.protocol.ops.control import jump
from sim.protocol.ops.holdings import add_blob, has_blob, has_image, put_image, tag_publish
from sim.protocol.ops.lanes import UP
from sim.protocol.ops.marks import take_marks
from sim.protocol.ops.push import nothing_to_send
from sim.protocol.ops.requests import (
    LOGIN_AND_MANIFESTS,
    LOGIN_REQUESTS,
    NAMED,
    ONCE,
    at_clock,
    last_byte_arrives,
    request,
)
from sim.protocol.ops.sync import move_replica
from sim.protocol.programs import Label, Program, call, step


class Copies:
    """What processes do that copy: `beside_source` and `beside_target`, up to what each costs as it ends."""

    def __init__(self, parameters: Parameters, built: RigState, processes: Sequence[Process], wire: RigWire) -> None:
        self._parameters = parameters
        self._processes = processes
        self._routes = built.routes
        self._wire = wire

    def beside_source(self) -> Program:
        """Image after image by the copy of a run."""
        return (
            step(self._begin_to),
            Label("next image"),
            step(self._next_to, "over"),
            call("COPY"),
            step(last_byte_arrives),
            step(at_clock),
            step(self._point_tag),
            step(jump, "next image"),
            Label("over"),
        )

    def beside_target(self) -> Program:
        """Image after image by the pull of a node."""
        return (
            step(self._begin_from),
            step(self._copies_one, "next image"),
            step(request, LOGIN_REQUESTS, ONCE),
            step(last_byte_arrives),
            step(request, NAMED, ONCE),  # which tags there are
            step(last_byte_arrives),
            Label("next image"),
            step(self._next_from, "over"),
            step(request, LOGIN_AND_MANIFESTS, ONCE),
            step(last_byte_arrives),
            step(at_clock),
            step(self._is_there, "next image"),
            step(self._plan),
            step(record_manifests, DOWN),
            step(begin_groups),
            Label("next group"),
            step(next_group, "fetched", 1),
            step(nothing_to_send, "next group"),
            step(each_blob, "GET_LOGGED_BLOB", DOWN),
            step(jump, "next group"),
            Label("fetched"),
            step(at_clock),
            step(self._store),
            step(self._point_tag),
            step(jump, "next image"),
            Label("over"),
        )

    def _begin_to(self, w: Any, p: int, a: int, b: int) -> int:
        """A process starts beside the source; each image's own connection is opened with it."""
        task, given = w.tasks[p], self._parameters
        process = self._processes[task.deploy]
        w.timelines[task.timeline].now_s += given.push_start_s
        task.machine, task.profile = process.client.source, COPY if process.copies_one else SYNC
        task.way = new_way(w, self._routes, task.machine, task.registry)
        process.lane = self._wire.enter(task.way, given.push_trips, UP, process.rng)
        process.again_before_bytes = self._wire.again_bytes[process.lane]
        process.owed = list(process.client.images)
        return GO

    def _next_to(self, w: Any, p: int, over: int, b: int) -> int:
        """The next image that a copy or a sync brings; on at `over` after the last.

        A client tries TLS, which takes two round trips: here is the first of them, and COPY opens a connection. A sync
        has another client before, which asks what the target has: where that is the same image, nothing follows.
        """
        task = w.tasks[p]
        process, line, way = self._processes[task.deploy], w.timelines[task.timeline], w.ways[task.way]
        while process.owed:
            task.image = process.owed.pop(0)
            line.now_s += way.open_s
            if not process.copies_one:
                line.now_s += way.open_s
                if self._has(w, p):
                    line.now_s += 2 * (way.round_trip_s + w.registries[task.registry].request_s)
                    process.own_bytes += 2 * self._parameters.push_request_bytes
                    continue
                line.now_s += way.open_s
            way.until_s = -1.0  # no process finds a connection open
            process.own_bytes += push_bytes(w, p, self._parameters, PROFILES[task.profile])
            task.state = STATE_ABSENT
            move_replica(w, p, MOVE_OWED)
            return GO
        task.pc = over
        return GO

    def _begin_from(self, w: Any, p: int, a: int, b: int) -> int:
        """A process starts beside the target, and asks the source."""
        task, given = w.tasks[p], self._parameters
        process, line = self._processes[task.deploy], w.timelines[task.timeline]
        line.now_s += given.pull_start_s
        task.registry = process.client.source
        task.way = new_way(w, self._routes, task.machine, task.registry)
        process.lane = self._wire.enter(task.way, given.pull_trips, DOWN, process.rng)
        process.owed = list(process.client.images)
        if not process.copies_one:
            line.now_s += 2 * w.ways[task.way].open_s
        return GO

    def _copies_one(self, w: Any, p: int, label: int, b: int) -> int:
        """Go to `label` if a process knows which tag it brings."""
        if self._processes[w.tasks[p].deploy].copies_one:
            w.tasks[p].pc = label
        return GO

    def _next_from(self, w: Any, p: int, over: int, b: int) -> int:
        """The next image that is asked for, by a client that tries TLS first; on at `over` after the last."""
        task = w.tasks[p]
        process = self._processes[task.deploy]
        if not process.owed:
            task.pc = over
            return GO
        task.image = process.owed.pop(0)
        w.timelines[task.timeline].now_s += 2 * w.ways[task.way].open_s
        return GO

    def _is_there(self, w: Any, p: int, label: int, b: int) -> int:
        """Go to `label` if the target has what a sync has been told of."""
        process = self._processes[w.tasks[p].deploy]
        if not process.copies_one and self._has(w, p):
            w.tasks[p].pc = label
        return GO

    def _plan(self, w: Any, p: int, a: int, b: int) -> int:
        """All that the target lacks is fetched."""
        task = w.tasks[p]
        process, image = self._processes[task.deploy], w.images[task.image]
        first = take_marks(w, p, image.blobs)
        for at in range(image.blobs):
            blob = w.image_blobs[image.first_blob + at]
            w.marks[first + at] = int(not has_blob(w, process.client.registry, task.name, blob))
        fetched = sum(w.marks[first : first + image.blobs])
        process.own_bytes += (2 + fetched) * self._parameters.pull_request_bytes
        return GO

    def _store(self, w: Any, p: int, a: int, b: int) -> int:
        """The target has all blobs of an image."""
        task = w.tasks[p]
        image, target = w.images[task.image], self._processes[task.deploy].client.registry
        for blob in w.image_blobs[image.first_blob : image.first_blob + image.blobs]:
            add_blob(w, target, task.name, blob)
        return GO

    def _point_tag(self, w: Any, p: int, a: int, b: int) -> int:
        """The target has the image, and what its source's tag means under that tag."""
        task = w.tasks[p]
        client = self._processes[task.deploy].client
        publish = tag_publish(w, client.source, task.name)
        name = task.name if w.publishes[publish].image == task.image else -1
        put_image(w, client.registry, name, task.name, task.image, publish, w.g.now_s)
        return GO

    def _has(self, w: Any, p: int) -> bool:
        task = w.tasks[p]
        return has_image(w, self._processes[task.deploy].client.registry, task.name, task.image)
