"""What a node does with a layer between its last byte and the boot: decompress it and write what comes out.

Both are flows in the network that bodies of bytes cross, and so are shared exactly: decompressing takes nanoseconds of
a core from a link that carries as many as the node has cores, at most as many at once as one layer uses; writing takes
bytes of the disk, beside what registries read and write there. They go on at once, and the slower one says when the
layer is unpacked. A node unpacks a layer once, whoever needs it: a row of `unpacks`, which pulls wait for. When it
begins is the node's way of unpacking (`nodes.NAME.unpack`): as the layer's first byte comes (STREAMED), with its last
byte (PARALLEL), or with its last byte and not before the layer below it is unpacked (IN_ORDER, as containerd,
core/unpack/unpacker.go). A layer that is at the node when an instance starts, as after a push to that node, is
unpacked then; what is there at the start of a run was unpacked before.

Left out: that a layer which is unpacked while it comes is held up by bytes that are late (it only ends no sooner than
they do), and that a fetch which its own layer's unpacking holds up on the disk waits for nobody else; reading what was
just written from disk again; room on the disk for what is unpacked; cores that instances use; the snapshot of a layer
that one repository of the node drops while another keeps it, which is unpacked anew.
"""

from __future__ import annotations

from typing import Any, Final

from sim.protocol.codes import (
    BLOB_GONE,
    BLOCKED,
    ENDED,
    GO,
    IN_ORDER,
    REGISTRY_DOWN,
    STREAMED,
    UNBOUND,
    WAIT,
)
from sim.protocol.ops.holdings import has_blob
from sim.protocol.ops.lazy import by_node
from sim.protocol.ops.places import UNPACKED_KEY, add_entry, entry_key, entry_value, find_entry, remove_entry
from sim.protocol.ops.platforms import own_begin, own_end
from sim.protocol.ops.unpack_flows import (
    COMING,
    GIVEN_UP,
    UNPACKED,
    UNPACKING,
    awaits_flow,
    begin_flows,
    end_flow,
)
from sim.protocol.tasks import (
    begin_yield,
    end_yield,
    inherit,
    make_all_ready,
    make_ready,
    new_task,
    new_timeline,
    wait_for,
)

# Where there is no row for a layer: it was unpacked before the run, or is not.
WAS_UNPACKED: Final = -1
NOT_UNPACKED: Final = -2


def needs_unpacking(w: Any, blob: int) -> bool:
    """Whether a node has anything to do with a layer."""
    work = w.formats[w.blobs[blob].format]
    return bool(work.core_ns > 0.0 or work.written > 0.0)


def unpack_of(w: Any, node: int, blob: int) -> int:
    """The row of a layer at a node; WAS_UNPACKED or NOT_UNPACKED where there is none."""
    return entry_value(w, entry_key(UNPACKED_KEY, node, blob), NOT_UNPACKED)


def note_unpacked(w: Any, node: int, blob: int) -> None:
    """A layer is unpacked at a node from the start."""
    if needs_unpacking(w, blob) and unpack_of(w, node, blob) == NOT_UNPACKED:
        add_entry(w, entry_key(UNPACKED_KEY, node, blob), WAS_UNPACKED)


def begin_unpacking(w: Any, p: int, a: int, b: int) -> int:
    """The node unpacks the layers of the image that it has not: those that are there from now on, others as they
    come."""
    if w.g.unpacking == 0:
        return GO
    aside = begin_yield(w, p)
    _add_unpacks(w, p)
    return end_yield(w, aside)


def _add_unpacks(w: Any, p: int) -> None:
    """Rows for the layers of a pull's image that have none, and tasks that unpack them."""
    g, task = w.g, w.tasks[p]
    timeline, image = w.timelines[task.timeline], w.images[task.image]
    repository, node = w.names[task.name].repository, task.node
    first, before = g.unpacks_used, -1
    for at in range(image.first_blob + own_begin(w, task.image, node), image.first_blob + own_end(w, task.image, node)):
        blob = w.image_blobs[at]
        if not needs_unpacking(w, blob):
            continue
        found = unpack_of(w, node, blob)
        if found == NOT_UNPACKED:
            found = _add_unpack(w, p, blob, before)
            if has_blob(w, node, repository, blob):
                row = w.unpacks[found]
                row.arrived, row.arrived_s = 1, timeline.now_s
                row.idle_arrived_s = timeline.now_s - timeline.waited_s
        if w.registries[node].unpack == IN_ORDER:
            before = found if found >= 0 and w.unpacks[found].state < UNPACKED else -1
    for at in range(g.unpacks_used - 1, first - 1, -1):
        row = w.unpacks[at]
        row.first_beside, row.end_beside = first, g.unpacks_used
        if row.arrived:
            make_ready(w, row.task)


def _add_unpack(w: Any, p: int, blob: int, before: int) -> int:
    """A row for a layer whose bytes are to come, and the task that unpacks it then."""
    g, task = w.g, w.tasks[p]
    timeline = w.timelines[task.timeline]
    made = int(g.unpacks_used)
    g.unpacks_used = made + 1
    child = new_task(w, g.unpack_entry, new_timeline(w, timeline.now_s, timeline.waited_s))
    inherit(w, p, child)
    w.tasks[child].blob, w.tasks[child].unpack = blob, made
    row = w.unpacks[made]
    row.deploy, row.node, row.blob, row.pull, row.task, row.before = task.deploy, task.node, blob, p, child, before
    row.state, row.arrived, row.fetched, row.broken, row.bound_by = COMING, 0, 0, 0, UNBOUND
    add_entry(w, entry_key(UNPACKED_KEY, task.node, blob), made)
    return made


def unpack_from_first_byte(w: Any, p: int, a: int, b: int) -> int:
    """The first byte of a layer comes: where layers are unpacked as they come this one is from now on."""
    task = w.tasks[p]
    if w.g.unpacking == 0 or not by_node(w, p) or w.registries[task.node].unpack != STREAMED:
        return GO
    timeline = w.timelines[task.timeline]
    if task.stage == 0 and timeline.now_s > w.g.now_s:
        task.stage = 1
        task.pc -= 1
        return WAIT
    task.stage = 0
    aside = begin_yield(w, p)
    layer_arrives(w, task.node, task.blob, timeline.now_s, timeline.now_s - timeline.waited_s)
    return end_yield(w, aside)


def layer_arrives(w: Any, node: int, blob: int, at_s: float, idle_s: float) -> None:
    """A layer's bytes are at a node: whoever unpacks it may begin."""
    if w.g.unpacking == 0:
        return
    found = unpack_of(w, node, blob)
    if found < 0:
        return
    row = w.unpacks[found]
    if row.arrived == 0 and row.state == COMING:
        row.arrived = row.fetched = 1
        row.arrived_s, row.idle_arrived_s = at_s, idle_s
        make_ready(w, row.task)


def give_up_layers(w: Any, p: int, a: int, b: int) -> int:
    """A fetch has failed: layers that it was to bring will not be unpacked by it."""
    task = w.tasks[p]
    if w.g.unpacking == 0 or task.failure == 0 or task.planned == 0:
        return GO
    aside = begin_yield(w, p)
    image, repository = w.images[task.image], w.names[task.name].repository
    for at in range(image.blobs):
        blob = w.image_blobs[image.first_blob + at]
        found = unpack_of(w, task.node, blob)
        if found >= 0 and w.unpacks[found].pull == p and not has_blob(w, task.node, repository, blob):
            _give_up(w, found)
    return end_yield(w, aside)


def _give_up(w: Any, found: int) -> None:
    """A layer is not unpacked after all: the next pull that needs it begins anew. Tasks that wait for it go on."""
    row = w.unpacks[found]
    slot = find_entry(w, entry_key(UNPACKED_KEY, row.node, row.blob))
    if slot >= 0 and w.entries[slot].value == found:
        remove_entry(w, slot)
    if row.state == UNPACKED:
        return
    waits_for_bytes = row.state == COMING and row.arrived == 0
    row.state = GIVEN_UP
    _wake(w, found)
    if waits_for_bytes:
        row.arrived = 1
        make_ready(w, row.task)


def _wake(w: Any, found: int) -> None:
    """Tasks that wait for a layer go on."""
    row = w.unpacks[found]
    first = row.first_waiter
    row.first_waiter = row.last_waiter = -1
    make_all_ready(w, first)


def _wait_for_unpack(w: Any, p: int, found: int) -> None:
    """A task goes on when a layer is unpacked, or given up; behind those that wait already."""
    task, row = w.tasks[p], w.unpacks[found]
    task.next = -1
    if row.first_waiter < 0:
        row.first_waiter = p
    else:
        w.tasks[row.last_waiter].next = p
    row.last_waiter = p


def await_turn(w: Any, p: int, a: int, b: int) -> int:
    """A layer's bytes are there: wait until the layer below it is unpacked, where that is to be first."""
    task = w.tasks[p]
    row, timeline = w.unpacks[task.unpack], w.timelines[task.timeline]
    if row.state == GIVEN_UP:
        return ENDED
    wait_for(w, task.timeline, row.arrived_s, row.idle_arrived_s)
    if row.before >= 0:
        below = w.unpacks[row.before]
        if below.state < UNPACKED:
            _wait_for_unpack(w, p, row.before)
            task.pc -= 1
            return BLOCKED
        if below.state == UNPACKED:
            wait_for(w, task.timeline, below.ended_s, below.idle_ended_s)
        else:  # nobody has it: this one goes on as of now
            wait_for(w, task.timeline, w.g.now_s, row.idle_arrived_s)
    return WAIT if timeline.now_s > w.g.now_s else GO


def unpack_layer(w: Any, p: int, a: int, b: int) -> int:
    """Decompress a layer and write what comes out, side by side, until both are through."""
    task, g = w.tasks[p], w.g
    row, timeline = w.unpacks[task.unpack], w.timelines[task.timeline]
    if task.stage == 0:
        if row.state == GIVEN_UP:
            return ENDED
        timeline.now_s = max(timeline.now_s, g.now_s)
        row.state, row.started_s, row.idle_started_s = UNPACKING, timeline.now_s, timeline.now_s - timeline.waited_s
        row.idle_ended_s = row.idle_started_s
        begin_flows(w, p, row)
        task.stage = 1
    if task.stage == 1:
        if task.flight >= 0:
            if awaits_flow(w, p, task.flight):
                return BLOCKED
            end_flow(w, row, task.flight, row.core_ns, 0, 1)
            task.flight = -1
        task.stage = 2
    if row.write >= 0:
        if awaits_flow(w, p, row.write):
            task.stage = 3  # it ends last
            return BLOCKED
        end_flow(w, row, row.write, row.written_bytes, 1, task.stage == 3 or row.core_ns == 0)
        row.write = -1
    task.stage = 0
    timeline.now_s = row.ended_s = g.now_s
    if row.broken:
        _give_up(w, task.unpack)
    elif row.state == UNPACKING:
        row.state = UNPACKED
        _wake(w, task.unpack)
    return GO


def await_unpacked(w: Any, p: int, a: int, b: int) -> int:
    """Wait until the node has unpacked all of the image's layers; those that nobody unpacks it unpacks from now on."""
    task, g = w.tasks[p], w.g
    if g.unpacking == 0:
        return GO
    if task.stage == 0:
        task.stage = 1
        if w.timelines[task.timeline].now_s > g.now_s:
            task.pc -= 1
            return WAIT
    if task.stage == 1:
        task.stage = 2
        task.pc -= 1
        aside = begin_yield(w, p)
        _add_unpacks(w, p)
        return end_yield(w, aside)
    first, repository = w.images[task.image].first_blob, w.names[task.name].repository
    for at in range(first + own_begin(w, task.image, task.node), first + own_end(w, task.image, task.node)):
        blob = w.image_blobs[at]
        if not needs_unpacking(w, blob):
            continue
        found = unpack_of(w, task.node, blob)
        if found == NOT_UNPACKED:
            timeline = w.timelines[task.timeline]
            timeline.now_s = max(timeline.now_s, g.now_s)
            return REGISTRY_DOWN if has_blob(w, task.node, repository, blob) else BLOB_GONE
        if found >= 0:
            row = w.unpacks[found]
            if row.state < UNPACKED:
                _wait_for_unpack(w, p, found)
                task.pc -= 1
                return BLOCKED
            wait_for(w, task.timeline, row.ended_s, row.idle_ended_s)
    task.stage = 0
    return GO
