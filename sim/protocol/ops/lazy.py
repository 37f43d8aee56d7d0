"""Layers that a node reads as far as it needs them: how much of each before a start, and what reading in turns takes.

A layer that is not small is read to a share (`policies.lazy.read_share`) before the instance boots, in reads of one
size, so many at once: each turn of reads takes a round trip, a request's time and a first byte, and what they bring
flows as one body after that. The rest is `ops/rest`'s.

Left out: which bytes these are, and reads that come back to what has been read; the index that says where files are
(it is part of the layer's share here); what a file system in user space makes slower; an outage between two turns,
which is felt with the bytes that follow.
"""

from __future__ import annotations

import math
from typing import Any

from sim.protocol.codes import CONFIG, FOR_PULL, GO
from sim.protocol.ops.service import serve_ahead


def is_lazy(w: Any, blob: int) -> bool:
    """Whether a layer is read on demand: those that are too small for it are fetched whole."""
    if w.g.lazy_loading == 0:
        return False
    row = w.blobs[blob]
    return bool(row.content != CONFIG and row.size_bytes >= w.g.lazy_least_bytes)


def share_before_start(w: Any, blob: int) -> float:
    """Which part of a layer a start reads."""
    return float(w.g.lazy_share) if is_lazy(w, blob) else 1.0


def bytes_before_start(w: Any, blob: int) -> int:
    """How many bytes of a layer a start reads."""
    size = int(w.blobs[blob].size_bytes)
    return max(1, math.ceil(size * w.g.lazy_share)) if is_lazy(w, blob) else size


def by_node(w: Any, p: int) -> bool:
    """Whether a node pulls, and no client that fetches a kernel."""
    return bool(w.tasks[p].purpose == FOR_PULL and w.tasks[p].machine <= w.g.nodes)


def read_in_turns(w: Any, p: int, a: int, b: int) -> int:
    """A layer that is read on demand is asked for read by read, so many at once; the first of them has been answered.

    The registry's workers serve all of these requests; nobody queues for them.
    """
    task = w.tasks[p]
    if w.g.lazy_loading == 0 or not by_node(w, p) or not is_lazy(w, task.blob):
        return GO
    reads = math.ceil(task.size_bytes / w.g.lazy_read_bytes)
    if reads > 1:
        registry = w.registries[task.registry]
        busy_s = registry.request_s * (reads - 1)
        if not (registry.merges and serve_ahead(w, task.registry, busy_s, reads - 1)):
            registry.busy_s += busy_s
            registry.requests += reads - 1
        turns = math.ceil(reads / w.g.lazy_at_once)
        turn_s = w.ways[task.way].round_trip_s + registry.request_s + registry.first_byte_s
        w.timelines[task.timeline].now_s += (turns - 1) * turn_s
    return GO
