"""One more try for a blob, over another connection: which steps its client repeats.

Of an upload that breaks some clients repeat all that they do for the blob, and ask first whether it has come after all;
some send the bytes again by the upload session that is open (`sim.registry.clients.Retry`).

"HEAD request to an existing blob or manifest URL MUST return `200 OK`" (checking if content exists in the registry,
https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#checking-if-content-exists-in-the-registry).
"""

from __future__ import annotations

from typing import Any

from sim.protocol.codes import GO, WAIT
from sim.protocol.ops.holdings import has_blob
from sim.protocol.ops.retransmission import open_connection
from sim.protocol.ops.retries import REPEATS_BLOB, REPEATS_BYTES
from sim.protocol.tasks import add_waiting_beyond


def reopen_connection(w: Any, p: int, a: int, b: int) -> int:
    """Open another connection for one more try."""
    task = w.tasks[p]
    if w.g.faults == 0:
        w.timelines[task.timeline].now_s += w.ways[task.way].open_s
        add_waiting_beyond(w, task.timeline, task.idle_s)
        return GO
    result = open_connection(w, p, 0)
    if result == GO:
        add_waiting_beyond(w, task.timeline, task.idle_s)
    elif result == WAIT:
        task.pc -= 1
    return result


def does_not_recheck(w: Any, p: int, label: int, b: int) -> int:
    """Go to `label` unless the client asks first whether the blob has come after all, as those do that repeat all of an
    upload."""
    task = w.tasks[p]
    timeline = w.timelines[task.timeline]
    task.began_s = timeline.now_s - timeline.waited_s
    if w.profiles[task.profile].repeats != REPEATS_BLOB:
        task.pc = label
    return GO


def recheck_blob(w: Any, p: int, a: int, b: int) -> int:
    """Look whether the registry has the blob now."""
    task = w.tasks[p]
    task.found = 1 if has_blob(w, task.registry, w.names[task.name].repository, task.blob) else 0
    return GO


def is_there_after_all(w: Any, p: int, there: int, b: int) -> int:
    """Go to `there` if the registry has the blob. What the question took was waiting in any case."""
    task = w.tasks[p]
    add_waiting_beyond(w, task.timeline, task.began_s)
    if task.found:
        task.pc = there
    return GO


def upload_is_open(w: Any, p: int, label: int, b: int) -> int:
    """Go to `label` if the client sends only the bytes again, by an upload that it has opened before."""
    task = w.tasks[p]
    if (w.g.faults or w.g.answers_time_out) and task.opened and w.profiles[task.profile].repeats == REPEATS_BYTES:
        task.pc = label
    return GO
