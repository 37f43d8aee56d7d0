"""Requests that wait in the queues that bodies fill, where flows have windows (`congestion`) or packets (`packets`).

A request waits as long as queues on its way are now, as often as it takes round trips. Left out: how queues change
until it is there, and the room that it takes in them.
"""

from __future__ import annotations

from typing import Any

from sim.protocol.codes import INF
from sim.protocol.ops.packets import packet_wait_s
from sim.protocol.ops.ways import down_lane, up_lane
from sim.protocol.ops.window_sums import queue_s
from sim.protocol.tasks import add_waiting


def wait_in_queues(w: Any, p: int, forth: int, back: int) -> None:
    """A task's requests wait in queues, so many on the way there and so many answers."""
    task = w.tasks[p]
    way = task.way
    waited_s = 0.0
    if forth > 0:
        waited_s += forth * _queues_s(w, up_lane(w, way))
    if back > 0:
        waited_s += back * _queues_s(w, down_lane(w, way))
    waited_s *= w.machines[w.ways[way].source].trips
    w.timelines[task.timeline].now_s += waited_s
    add_waiting(w, task.timeline, waited_s)


def _queues_s(w: Any, lane: int) -> float:
    """How long a packet waits on a lane."""
    if w.g.packets:
        return packet_wait_s(w, lane)
    row = w.lanes[lane]
    waits_s = 0.0
    for h in range(row.first_link, row.end_link):
        use = w.link_uses[w.lane_links[h]]
        if use.queue_s < INF:
            waits_s += min(queue_s(w, w.lane_links[h]), use.queue_s)
    return waits_s
