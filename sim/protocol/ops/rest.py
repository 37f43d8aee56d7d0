"""The rest of layers that were read only as far as a start needs: what an outage after the start is felt by.

It comes in bursts, of equal parts of each layer: one after another from a while after the start on, no faster than a
pace, in the background; or on demand, evenly over a time in which the instance reads so much more. An instance that
reads on demand stands still while a burst is on its way. One whose rest comes in the background stands still, at most,
while the way is down. A burst whose client gives up is an error that the instance sees, and nothing follows it.

Each such start has a row of `loads`. Left out: decompressing the rest; which of two instances of one node reads.
"""

from __future__ import annotations

from typing import Any

from sim.protocol.codes import GO, METADATA, UNBOUND, WAIT
from sim.protocol.ops.blobs import DOWN, IN_PARTS, lane_of, record_transfer
from sim.protocol.ops.lazy import bytes_before_start, is_lazy
from sim.protocol.ops.marks import take_marks
from sim.protocol.tasks import begin_yield, end_yield, inherit, make_ready, new_task, new_timeline


def leave_rest(w: Any, p: int, entry: int, b: int) -> int:
    """What a fetch has read of layers is enough to start; the rest of them comes from now on, by a task at `entry`."""
    task, g = w.tasks[p], w.g
    if g.lazy_loading == 0:
        return GO
    image = w.images[task.image]
    read_bytes = 0
    for at in range(image.blobs):
        blob = w.image_blobs[image.first_blob + at]
        if w.marks[task.marks + at] > 0 and is_lazy(w, blob):
            read_bytes += bytes_before_start(w, blob)
    if read_bytes == 0:
        return GO
    aside, now_s = begin_yield(w, p), w.timelines[task.timeline].now_s
    child = new_task(w, entry, new_timeline(w, now_s, 0.0))
    inherit(w, p, child)
    other = w.tasks[child]
    other.counter, other.planned, other.burst = child, IN_PARTS, 0
    marks = take_marks(w, child, 2 * image.blobs)
    row = w.lazy_loads[g.lazy_loads_used]
    other.load = g.lazy_loads_used
    g.lazy_loads_used += 1
    row.deploy, row.node, row.started_s, row.read_bytes = task.deploy, task.node, now_s, read_bytes
    row.rest_bytes = row.loaded_bytes = row.broken = 0
    row.stalled_s = row.down_s = row.whole_s = 0.0
    for at in range(image.blobs):
        blob = w.image_blobs[image.first_blob + at]
        if w.marks[w.tasks[p].marks + at] > 0 and is_lazy(w, blob):
            left = w.blobs[blob].size_bytes - bytes_before_start(w, blob)
            rest = left if g.lazy_background else min(left, int(w.blobs[blob].size_bytes * g.lazy_later))
            w.marks[marks + image.blobs + at] = rest
            row.rest_bytes += rest
    make_ready(w, child)
    return end_yield(w, aside)


def next_burst(w: Any, p: int, over: int, b: int) -> int:
    """Take the next part of the rest, when its time has come; go to `over` if there is none."""
    task, g = w.tasks[p], w.g
    row, timeline, count = w.lazy_loads[task.load], w.timelines[task.timeline], w.images[task.image].blobs
    bursts = g.lazy_bursts if g.lazy_spreads else 1
    if task.burst == bursts or row.rest_bytes == 0:
        task.pc = over
        return GO
    for at in range(count):
        rest = w.marks[task.marks + count + at]
        w.marks[task.marks + at] = rest * (task.burst + 1) // bursts - rest * task.burst // bursts
    lasts_s = row.rest_bytes / g.lazy_pace_Bps if g.lazy_background else g.lazy_later_s
    timeline.now_s = max(timeline.now_s, row.started_s + g.lazy_after_s + lasts_s * task.burst / bursts)
    task.burst += 1
    task.group = task.group_end = 0
    return WAIT


def begin_burst(w: Any, p: int, a: int, b: int) -> int:
    """A part of the rest is asked for."""
    w.tasks[p].asked_s = w.timelines[w.tasks[p].timeline].now_s
    return GO


def end_burst(w: Any, p: int, a: int, b: int) -> int:
    """It has come, or its client has given up: how long the instance stood still for it at most."""
    task = w.tasks[p]
    row, timeline = w.lazy_loads[task.load], w.timelines[task.timeline]
    now_s = timeline.now_s = max(timeline.now_s, w.g.now_s)
    lane = lane_of(w, p, DOWN)
    if task.metadata_bytes and task.failure == 0:  # parts within the initial window, which went along with others
        record_transfer(w, p, METADATA, lane, now_s, now_s, task.metadata_bytes, 0.0, 0, UNBOUND, 0.0)
    task.metadata_bytes = 0
    down_s = _down_s(w, lane, task.asked_s, now_s) if w.g.faults else 0.0
    row.down_s += down_s
    row.stalled_s += down_s if w.g.lazy_background else now_s - task.asked_s
    row.loaded_bytes, row.whole_s = task.moved_bytes, now_s
    if task.failure:
        row.broken = 1
        task.failure = 0
    return GO


def rest_broke(w: Any, p: int, label: int, b: int) -> int:
    """Go to `label` if a part of the rest did not come: nothing follows it."""
    task = w.tasks[p]
    if w.lazy_loads[task.load].broken:
        task.pc = label
    return GO


def _down_s(w: Any, lane: int, from_s: float, until_s: float) -> float:
    """How long a lane's links were down in that time: the one of them that was so the longest."""
    row, longest_s = w.lanes[lane], 0.0
    for h in range(row.first_link, row.end_link):
        sum_s, downtime = 0.0, w.link_faults[w.lane_links[h]].last_downtime
        while downtime >= 0:
            past = w.downtimes[downtime]
            sum_s += max(0.0, min(past.until_s, until_s) - max(past.from_s, from_s))
            downtime = past.before
        longest_s = max(longest_s, sum_s)
    return longest_s
