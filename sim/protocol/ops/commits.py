"""Commits: a registry takes a while by size to commit a blob, and a client that hears nothing meanwhile gives up.

When a blob's bytes have arrived the request that closes its upload is answered only once they are checked and moved to
their place, which takes the blob's size at the registry's `commit_rate`. A client whose transport has a time-out for
answers gives up before (Go's `ResponseHeaderTimeout`; "timeout awaiting response headers", moby/moby issue 53700: 30 s
in containerd's transport, so in the `unikraft` CLI, unikraft-cloud/cli pull 511). It then tries again as after a
connection that broke (`ops/retries`). The registry goes on, and has the blob when it would have: a client that asks
again by `HEAD` may find it.

Left out: what a request waits for a worker does not count towards the time-out, a commit holds no worker, small blobs
are committed at once, and a registry that is bounded drops what nobody waits for.
"""

from __future__ import annotations

from typing import Any

from sim.protocol.codes import ANSWER_TIMED_OUT, GO, WAIT
from sim.protocol.ops.push import store_trailing
from sim.protocol.tasks import begin_yield, end_yield, inherit, make_ready, new_task, new_timeline


def commit_blob(w: Any, p: int, unheard: int, b: int) -> int:
    """Wait while the registry commits the blob; a failure if that is longer than the client waits for an answer. Then
    the program at `unheard` goes on with the commit."""
    task = w.tasks[p]
    registry = w.registries[task.registry]
    if registry.commit_Bps <= 0.0:
        return GO
    timeline, way = w.timelines[task.timeline], w.ways[task.way]
    if task.stage == 2:
        task.stage, task.opened = 0, 1
        store_trailing(w, p)
        return ANSWER_TIMED_OUT
    commit_s = task.size_bytes / registry.commit_Bps
    heard_after_s = way.forth_s + registry.request_s
    within_s = w.machines[task.machine].answers_within_s
    if task.stage == 0 and heard_after_s + commit_s + registry.store_s + way.back_s <= within_s:
        timeline.now_s += commit_s
        return GO
    if task.stage == 0:
        task.stage = 1
        committed_s = timeline.now_s + commit_s + registry.store_s
        timeline.now_s += max(within_s - heard_after_s, 0.0)
        if registry.bounded == 0:
            aside = begin_yield(w, p)
            child = new_task(w, unheard, new_timeline(w, committed_s, timeline.waited_s))
            inherit(w, p, child)
            w.tasks[child].blob, w.tasks[child].trailing = task.blob, 0
            make_ready(w, child)
            task.pc -= 1
            return end_yield(w, aside)
    task.stage = 2
    task.pc -= 1
    return WAIT
