"""The two flows by which a node unpacks one layer: nanoseconds of its cores, and bytes that its disk writes.

`ops/unpacking` says when they begin, and what else there is to know. What they leave: in the layer's row what held back
the one that ended last, and how long both would take on an idle node; in `segments` what they have carried.
"""

from __future__ import annotations

from typing import Any, Final

from sim.protocol.codes import IN_ORDER, STREAMED
from sim.protocol.ops.flows import free_flight, send
from sim.protocol.ops.lanes import beside_idle_s
from sim.protocol.ops.lazy import share_before_start
from sim.protocol.ops.ways import number_lane

# How far a layer is (`Unpack.state`).
COMING: Final = 0
UNPACKING: Final = 1
UNPACKED: Final = 2
GIVEN_UP: Final = 3


def begin_flows(w: Any, p: int, row: Any) -> None:
    """Both flows of a layer; the task is ready when the one that it waits for has ended."""
    task, blob = w.tasks[p], w.blobs[row.blob]
    work, lane = w.formats[blob.format], w.registries[row.node].first_lane
    share = share_before_start(w, row.blob)
    row.core_ns = round(blob.size_bytes * work.core_ns * share)
    row.written_bytes = round(blob.size_bytes * work.written * share)
    task.flight = row.write = -1
    if row.core_ns > 0:
        number_lane(w, lane + blob.format)
        task.flight = send(w, lane + blob.format, float(row.core_ns), -1)
    if row.written_bytes > 0:
        number_lane(w, lane)
        row.write = send(w, lane, float(row.written_bytes), -1)


def awaits_flow(w: Any, p: int, f: int) -> bool:
    """Whether a task waits for a flow; then it is ready when that ends."""
    if w.flights[f].ended:
        return False
    w.flights[f].task = p
    w.tasks[p].pc -= 1
    return True


def end_flow(w: Any, row: Any, f: int, size: int, written: int, last: int) -> None:
    """A flow of a layer has ended, or broken off with its disk; what held back the `last` one says the layer's row."""
    g, flight = w.g, w.flights[f]
    if w.lanes[flight.lane].nominal_Bps > 0.0:
        own_s = min(_idle_flow_s(w, row, flight.lane, float(size), written), g.now_s - flight.started_s)
        row.idle_ended_s = max(row.idle_ended_s, row.idle_started_s + own_s)
    if flight.shared == 0 and flight.broken == 0:
        # Flows that shared no link are counted by rows of transfers, of which this one has none.
        segment = w.segments[g.segments_used]
        segment.lane, segment.started_s, segment.carried_bytes = flight.lane, flight.started_s, size
        segment.ended_s = flight.started_s + flight.bound_s
        g.segments_used += 1
    if flight.broken:
        row.broken = 1
    if last:
        row.bound_by, row.bound_s = flight.bound_by, flight.bound_s
    free_flight(w, f)


def _idle_flow_s(w: Any, row: Any, lane: int, size: float, written: int) -> float:
    """How long a flow of a layer takes on an idle node, beside the other layers that its pull has unpacked with it and,
    where layers are unpacked as they come, beside what their fetches write.

    These hold each other back; only what others add to that is waiting. In order there is none beside it.
    """
    mode, count = w.registries[row.node].unpack, 0
    if mode != IN_ORDER:
        for at in range(row.first_beside, row.end_beside):
            other = w.unpacks[at]
            if other.state != UNPACKING and other.state != UNPACKED:
                continue
            blob = w.blobs[other.blob]
            work, later_s = w.formats[blob.format], other.idle_started_s - row.idle_started_s
            share = share_before_start(w, other.blob)
            size_of = round(blob.size_bytes * (work.written if written else work.core_ns) * share)
            if other.blob != row.blob and size_of > 0:
                w.beside_later_s[count], w.beside_bytes[count] = later_s, float(size_of)
                count += 1
            if written and mode == STREAMED and other.fetched:
                w.beside_later_s[count], w.beside_bytes[count] = later_s, blob.size_bytes * share
                count += 1
    return float(beside_idle_s(w, lane, size, count))
