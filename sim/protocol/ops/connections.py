"""Connections from one registry to another, which are kept open for a while after each use (HTTP keep-alive).

A connection that is open is used again, and several requests may share it. How long it stays open unused is the default
of Go's HTTP client (`sim.registry.clients`).

Left out: a limit on streams, and connections of clients, who open one for each push or pull. Outages are
`ops/request_retries`'.
"""

from __future__ import annotations

from typing import Any

from sim.protocol.codes import GO, WAIT
from sim.protocol.ops.request_retries import connect_with_retries, kept_way
from sim.registry.clients import KEEP_OPEN_S


def is_open(w: Any, way: int, now_s: float) -> bool:
    """Whether there is a connection; it may be some time yet until it can be used."""
    return bool(w.ways[way].until_s >= now_s)


def connect(w: Any, p: int, a: int, b: int) -> int:
    """Have a connection: one that is kept open, one that is being opened, or a new one.

    A new one is opened only when the clock has come so far, since another task may open it before.
    """
    if w.g.faults:
        return connect_with_retries(w, p)
    task = w.tasks[p]
    kept = kept_way(w, task.way)
    timeline, way = w.timelines[task.timeline], w.ways[kept]
    if task.stage == 0 and not is_open(w, kept, timeline.now_s):
        task.stage = 1
        if timeline.now_s > w.g.now_s:
            task.pc -= 1
            return WAIT
    task.stage = 0
    if is_open(w, kept, timeline.now_s):
        timeline.now_s = max(timeline.now_s, way.ready_s)
    else:
        timeline.now_s += way.open_s
        way.ready_s = timeline.now_s
    way.until_s = max(way.until_s, timeline.now_s + KEEP_OPEN_S)
    return GO


def keep_open(w: Any, p: int, a: int, b: int) -> int:
    """The connection was used until now, and is kept for a while from here."""
    task = w.tasks[p]
    now_s, way = w.timelines[task.timeline].now_s, w.ways[kept_way(w, task.way)]
    if way.until_s < 0.0:  # it was reset meanwhile, and another opened
        way.ready_s = now_s
    way.until_s = max(way.until_s, now_s + KEEP_OPEN_S)
    return GO
