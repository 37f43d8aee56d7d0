"""Retries of one blob: what a client does when its connection breaks or its registry does not answer.

From `begin_tries` to `end_tries` a failure sends a task back to the step behind `begin_tries`, after the client's
back-off and as often as it tries (`sim.registry.clients.Retry`); then the failure is the task's. Only what may be over
later is tried again (up to LAST_UNREACHABLE), and answers that do not come in time (`ops/commits`). All time that was
spent in vain is waiting.

What is repeated of a blob is `ops/blob_retries`'; retries of single requests are `ops/request_retries`'.
"""

from __future__ import annotations

from typing import Any, Final

from sim.protocol.codes import ANSWER_TIMED_OUT, GO, LAST_UNREACHABLE
from sim.protocol.tasks import add_waiting_beyond

# What is tried again.
OF_DOWNLOAD: Final = 0
OF_UPLOAD: Final = 1

# What a client repeats of an upload that breaks, by its profile's `repeats`.
REPEATS_BLOB: Final = 0  # all that it does for the blob
REPEATS_BYTES: Final = 1  # the request that carries them
REPEATS_NOTHING: Final = 2


def begin_tries(w: Any, p: int, first: int, upload: int) -> int:
    """From here on a task tries again after a failure, as often as its client does; the first time go to `first`."""
    task = w.tasks[p]
    if w.g.faults or w.g.answers_time_out:
        profile, timeline = w.profiles[task.profile], w.timelines[task.timeline]
        task.attempt, task.tries, task.opened = 0, task.pc, 0
        task.tries_left = 0 if upload and profile.repeats == REPEATS_NOTHING else profile.waits
        task.idle_s = timeline.now_s - timeline.waited_s
        task.sent_bytes = task.got_bytes = 0
    task.pc = first
    return GO


def end_tries(w: Any, p: int, a: int, b: int) -> int:
    """What was tried is done."""
    w.tasks[p].attempt = -1
    return GO


def try_again(w: Any, p: int, why: int) -> bool:
    """Whether a task that failed tries again: then it goes on behind its `begin_tries`."""
    if why > LAST_UNREACHABLE and why != ANSWER_TIMED_OUT:
        return False
    task = w.tasks[p]
    profile = w.profiles[task.profile]
    task.sent_bytes = task.sent_bytes + task.got_bytes if profile.resumes else 0
    task.got_bytes = 0
    task.idle_s = max(task.idle_s, 0.0)
    tries_again = task.tries_left > 0
    if tries_again:
        w.timelines[task.timeline].now_s += w.waits_s[profile.first_wait + task.attempt]
        task.tries_left -= 1
        task.attempt += 1
        task.pc = task.tries
    add_waiting_beyond(w, task.timeline, task.idle_s)
    return bool(tries_again)
