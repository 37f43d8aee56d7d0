"""Groups of blobs that a client moves side by side, and the transfers that this makes.

A client moves at most so many blobs at once, group after group. Slow start is a delay before a flow: what it costs over
sending at the lane's rate when idle. A blob within the initial window needs no flow, only the time that the idle lane
takes. It has the same requests as a larger one, so beside a larger one it *trails*: it shares that one's requests and
ends no later.

Left out: chunks within a blob ("chunked or monolithic", distribution specification,
https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-blobs): all clients here send a blob in
one body.
"""

from __future__ import annotations

from typing import Any, Final

from sim.network.tcp.transport import INITIAL_WINDOW_BYTES
from sim.protocol.codes import CONFIG, FOR_PULL, GO, METADATA, UNBOUND
from sim.protocol.ops.flows import free_flight
from sim.protocol.ops.lanes import UP, beside_idle_s, lane_is_unimpaired, nominal_ramp_s, nominal_rate_Bps
from sim.protocol.ops.lazy import bytes_before_start
from sim.protocol.ops.platforms import manifests_sent, plan_manifests
from sim.protocol.ops.ways import down_lane, up_lane
from sim.protocol.tasks import add_waiting, branch, start_branches

DOWN: Final = 1

# What a group is made of, by each blob's mark; 0: it is there already.
TRAVEL: Final = 1
NEAR: Final = 2  # another repository has it, or it is on its way already

IN_PARTS: Final = 2
"""`Task.planned` of one that moves parts of blobs: its marks are their sizes."""


def begin_groups(w: Any, p: int, a: int, b: int) -> int:
    """From the first blob of the image on, or of what a copy brings of it."""
    task = w.tasks[p]
    plan_manifests(w, p)
    task.group = task.group_end = task.begin
    task.connections = 1
    return GO


def next_group(w: Any, p: int, done: int, pulls: int) -> int:
    """Take the next blobs that the client moves side by side; go to `done` if there are none."""
    task = w.tasks[p]
    profile, image = w.profiles[task.profile], w.images[task.image]
    task.group = task.group_end
    if task.group >= task.stop:
        task.pc = done
        return GO
    size = profile.pulls_at_once if pulls else profile.pushes_at_once
    end = task.stop
    if profile.config_last:
        if image.platforms > 1:  # whose configs stand behind their own layers
            each = image.blobs // image.platforms
            end = (task.group // each + 1) * each
        layers = end
        while layers > 0 and w.blobs[w.image_blobs[image.first_blob + layers - 1]].content == CONFIG:
            layers -= 1
        if task.group < layers:
            end = layers
    task.group_end = min(task.group + size, end)
    return GO


def lane_of(w: Any, p: int, direction: int) -> int:
    """The lane of a task's way, up or down."""
    way = w.tasks[p].way
    return int(up_lane(w, way) if direction == UP else down_lane(w, way))


def bytes_to_move(w: Any, p: int, at: int) -> int:
    """How much of a blob a task moves, by its position in the image: all of it, the part that its mark says, or of one
    that is loaded lazily what a start reads."""
    task = w.tasks[p]
    if task.planned == IN_PARTS:
        return int(w.marks[task.marks + at])
    blob = w.image_blobs[w.images[task.image].first_blob + at]
    if task.planned and w.g.lazy_loading:
        return bytes_before_start(w, blob)
    return int(w.blobs[blob].size_bytes)


def each_blob(w: Any, p: int, entry: int, direction: int) -> int:
    """A branch for each large blob of the group that travels, or for each range of it; small ones trail along with the
    first.

    Each but the first opens a connection, unless as many were open for a group before; under `g.handshakes` = 0 all
    find theirs open.
    """
    task = w.tasks[p]
    first = w.images[task.image].first_blob
    leaders = trailing = beside = 0
    largest = -1
    for at in range(task.group, task.group_end):
        if w.marks[task.marks + at] > 0:
            if bytes_to_move(w, p, at) > INITIAL_WINDOW_BYTES:
                leaders += 1
            else:
                trailing += 1
    if leaders == 0:  # the largest leads, the first of those if several are
        for at in range(task.group, task.group_end):
            if w.marks[task.marks + at] > 0 and (largest < 0 or bytes_to_move(w, p, at) > bytes_to_move(w, p, largest)):
                largest = at
        trailing -= 1
    ranges = ranges_of(w, p, direction)
    for at in range(task.group, task.group_end):
        if w.marks[task.marks + at] > 0:
            blob = w.image_blobs[first + at]
            size = bytes_to_move(w, p, at)
            if size > INITIAL_WINDOW_BYTES or at == largest:
                parts = min(ranges, max(size // (INITIAL_WINDOW_BYTES + 1), 1))
                if ranges > 1:
                    w.marks[task.marks + w.images[task.image].blobs + at] = parts
                for part in range(parts):
                    child = branch(w, p, entry, leaders < 2 and parts == 1)
                    other = w.tasks[child]
                    other.blob, other.size_bytes = blob, size // parts + (1 if part < size % parts else 0)
                    beside += 1
                    if w.g.handshakes and beside > task.connections:
                        task.connections = beside
                        other.late_s = w.ways[task.way].open_s if beside > 1 else 0.0
                        w.timelines[other.timeline].now_s += other.late_s
                    other.trailing = trailing if task.child == child else 0
            else:
                w.tasks[task.counter].metadata_bytes += size
    return start_branches(w, p)


def ranges_of(w: Any, p: int, direction: int) -> int:
    """In how many parts a task fetches each blob from one registry: a node in as many as it asks for, whoever has been
    given parts and everybody else in one."""
    task = w.tasks[p]
    if w.g.ranging == 0 or direction == UP or task.purpose != FOR_PULL or task.planned == IN_PARTS:
        return 1
    return int(max(w.registries[task.machine].ranges, 1))


def is_trailing(w: Any, parent: int, blob: int) -> bool:
    """Whether a blob that travels has no branch of its own: it trails."""
    child = w.tasks[parent].child
    while child >= 0:
        if w.tasks[child].blob == blob:
            return False
        child = w.tasks[child].sibling
    return True


def send_small(w: Any, p: int, lane: int) -> None:
    """A blob within the initial window: the time that the idle lane takes."""
    task = w.tasks[p]
    timeline, crossed = w.timelines[task.timeline], w.lanes[lane]
    started_s = timeline.now_s
    timeline.now_s += task.size_bytes / crossed.rate_Bps
    if not lane_is_unimpaired(w, lane):
        add_waiting(w, task.timeline, timeline.now_s - started_s - task.size_bytes / nominal_rate_Bps(w, lane))
    content = w.blobs[task.blob].content
    record_transfer(
        w, task.counter, content, lane, started_s, timeline.now_s, task.size_bytes, 0.0, 0, UNBOUND, 0.0
    )  # fmt: skip


def idle_s(w: Any, p: int, lane: int, direction: int, size_bytes: float) -> float:
    """How long a flow of so much of a blob takes on idle, unimpaired links beside the other blobs of its group.

    Each has a slow start of its own, or all share one connection's. They hold each other back; only what others add to
    that is waiting.
    """
    task = w.tasks[p]
    count = 0
    parent = task.parent
    if parent >= 0:
        together = bytes_in_slow_start(w, p)
        own_s = nominal_ramp_s(w, lane, task.way, direction, together)
        other = w.tasks[parent].child
        while other >= 0:
            mate = w.tasks[other]
            if other != p:
                later_s = mate.late_s - task.late_s
                mate_bytes = together if w.g.one_connection else mate.size_bytes
                mate_s = nominal_ramp_s(w, lane, task.way, direction, mate_bytes)
                w.beside_later_s[count] = mate_s - own_s + later_s
                w.beside_bytes[count] = float(mate.size_bytes)
                count += 1
            other = mate.sibling
    return float(beside_idle_s(w, lane, size_bytes, count))


def bytes_in_slow_start(w: Any, p: int) -> int:
    """How much the connection of a body sends from its slow start on: that body, or all that share the connection."""
    task = w.tasks[p]
    if w.g.one_connection == 0 or task.parent < 0:
        return int(task.size_bytes)
    found, mate = 0, w.tasks[task.parent].child
    while mate >= 0:
        found += w.tasks[mate].size_bytes
        mate = w.tasks[mate].sibling
    return int(found)


def end_transfer(w: Any, p: int, waited_s: float) -> int:
    """A task's flight has ended: a row; the bytes that got through.

    `waited_s` is what it took beyond idle, unimpaired links.
    """
    task = w.tasks[p]
    flight = w.flights[task.flight]
    lane = w.lanes[flight.lane]
    size_bytes, ended_s = int(flight.sent_bytes), w.timelines[task.timeline].now_s
    by, for_s = flight.bound_by, flight.bound_s
    if flight.broken:
        by, for_s = UNBOUND, 0.0
    elif not flight.shared and w.g.packets == 0:
        by, for_s = lane.limit, ended_s - flight.started_s
    record_transfer(
        w, task.counter, w.blobs[task.blob].content, flight.lane, flight.started_s, ended_s, size_bytes,
        max(0.0, waited_s), flight.shared, by, for_s,
    )  # fmt: skip
    free_flight(w, task.flight)
    task.flight = -1
    return size_bytes


def record_transfer(
    w: Any, counter: int, content: int, lane: int, started_s: float, ended_s: float, size_bytes: int, waited_s: float,
    shared: int, bound_by: int, bound_s: float,
) -> None:  # fmt: skip
    """A row for a body that has crossed a lane, and what held it back the longest; task `counter` counts its bytes."""
    g, task = w.g, w.tasks[counter]
    task.moved_bytes += size_bytes
    row = w.transfers[g.transfers_used]
    g.transfers_used += 1
    row.deploy, row.purpose, row.content, row.lane = task.deploy, task.purpose, content, lane
    row.started_s, row.ended_s, row.size_bytes, row.waited_s = started_s, ended_s, size_bytes, waited_s
    row.shared, row.bound_by, row.bound_s = shared, bound_by, bound_s


def record_manifests(w: Any, p: int, direction: int, b: int) -> int:
    """A row for what was sent or read of manifests and small blobs."""
    record_metadata(w, p, lane_of(w, p, direction))
    return GO


def record_metadata(w: Any, p: int, lane: int) -> None:
    """A row for manifests, and what trailed along before them, as one body at one instant."""
    task = w.tasks[p]
    image, counter = w.images[task.image], w.tasks[task.counter]
    size_bytes = counter.metadata_bytes + image.manifest_bytes * manifests_sent(w, p) + image.index_bytes
    now_s = w.timelines[task.timeline].now_s
    record_transfer(w, task.counter, METADATA, lane, now_s, now_s, size_bytes, 0.0, 0, UNBOUND, 0.0)
    counter.metadata_bytes = 0
