"""One more try for a blob, over another connection: what its client does again.

Of an upload that breaks some clients repeat all that they do for the blob, and ask first whether it has come after all;
some send the bytes again by the upload that they have opened (`registry.clients.Retry`).
"""

from __future__ import annotations

from typing import Any

from sim.protocol.codes import GO, WAIT
from sim.protocol.ops.holdings import has_blob
from sim.protocol.ops.retransmission import open_connection
from sim.protocol.ops.retries import REPEATS_BLOB, REPEATS_BYTES
from sim.protocol.tasks import add_waiting_beyond


def reopen_connection(w: Any, p: int, a: int, b: int) -> int:
    """Another connection for one more try."""
    task = w.tasks[p]
    said = open_connection(w, p, 0)
    if said == GO:
        add_waiting_beyond(w, task.timeline, task.idle_s)
    elif said == WAIT:
        task.pc -= 1
    return said


def does_not_recheck(w: Any, p: int, label: int, b: int) -> int:
    """A client that repeats all it does for a blob asks first whether it has come after all.

    Others go on at `label`.
    """
    task = w.tasks[p]
    timeline = w.timelines[task.timeline]
    task.began_s = timeline.now_s - timeline.waited_s
    if w.profiles[task.profile].repeats != REPEATS_BLOB:
        task.pc = label
    return GO


def recheck_blob(w: Any, p: int, a: int, b: int) -> int:
    """What the registry says, now."""
    task = w.tasks[p]
    task.found = 1 if has_blob(w, task.registry, w.names[task.name].repository, task.blob) else 0
    return GO


def is_there_after_all(w: Any, p: int, there: int, b: int) -> int:
    """Go to `there` if the registry has the blob; asking was in vain if not, and was waiting in any case."""
    task = w.tasks[p]
    add_waiting_beyond(w, task.timeline, task.began_s)
    if task.found:
        task.pc = there
    return GO


def upload_is_open(w: Any, p: int, label: int, b: int) -> int:
    """Go to `label` if a client that sends the bytes alone again has opened its upload already."""
    task = w.tasks[p]
    if w.g.faults and task.opened and w.profiles[task.profile].repeats == REPEATS_BYTES:
        task.pc = label
    return GO
