"""Requests and connections in runs with faults: each must get through, and is tried again as often as its client does.

Every request and every answer is delivered by `ops/retransmission`. A client that gets no answer opens another
connection and goes on from the first request that was not answered; the time spent in vain is waiting. Failures here
are of the kind that may be over later, but for requests that are refused once too often (`ops/rate_limits`).
"""

from __future__ import annotations

from typing import Any, Final

from sim.protocol.codes import BLOCKED, FAILED, GO, INF, LAST_UNREACHABLE, REGISTRY_DOWN, WAIT
from sim.protocol.ops.lanes import UP
from sim.protocol.ops.queueing import wait_in_queues
from sim.protocol.ops.rate_limits import passes_limits, wait_after_refusal_s
from sim.protocol.ops.retransmission import NOTHING_SPARED, answer_gets_through, deliver, hears_reset, open_connection
from sim.protocol.ops.service import observe_requests, serve_request
from sim.protocol.tasks import add_waiting_beyond, begin_yield, end_yield, make_all_ready, wait_for
from sim.registry.clients import KEEP_OPEN_S

# How far requests are, by `task.stage`.
_OPENS_FIRST: Final = 1
_IS_SENT: Final = 2
_ARRIVES: Final = 3
_IS_ANSWERED: Final = 4
_IS_REFUSED: Final = 5

# How far a connection is.
_LOOKS: Final = 1
_WAITS: Final = 2
_OPENS_ONE: Final = 3
_HAS_OPENED: Final = 4
_HAS_FAILED: Final = 5

# How far a call to the platform is.
_CALLS: Final = 1
_ASKS: Final = 2


def begin_retries(w: Any, p: int, opens: int) -> None:
    """From here on a task tries something again, as often as its client does.

    `opens` says that its first try opens a connection, too.
    """
    task = w.tasks[p]
    timeline = w.timelines[task.timeline]
    task.retries, task.opens = 0, opens
    task.idle_s = timeline.now_s - timeline.waited_s


def retry_after_wait(w: Any, p: int, done_idle_s: float) -> bool:
    """Whether a task tries once more, after its client's back-off.

    What need not be done again would have been done at `done_idle_s` on idle, unimpaired links.
    """
    task = w.tasks[p]
    profile = w.profiles[task.profile]
    task.idle_s = max(task.idle_s, done_idle_s)
    tries_again = task.retries < profile.waits
    if tries_again:
        w.timelines[task.timeline].now_s += w.waits_s[profile.first_wait + task.retries]
    task.retries += 1
    add_waiting_beyond(w, task.timeline, task.idle_s)
    return bool(tries_again)


def send_with_retries(w: Any, p: int, which: int, number: int, retried: int, opens: int) -> int:
    """Send the `requests` of a task one after another, each when the one before is answered: those of list `which`,
    which has a number among all."""
    task = w.tasks[p]
    if task.stage == 0:
        task.done, task.done_idle_s, task.refusals = 0, 0.0, 0
        if opens:
            w.timelines[task.timeline].now_s += w.profiles[task.profile].start_s
        if retried:
            begin_retries(w, p, opens)
        task.stage = _OPENS_FIRST if opens else _IS_SENT
        if opens == 0:
            observe_requests(w, p, which, task.requests, task.beside)
    result = _send_requests(w, p, which, number)
    while FAILED <= result <= LAST_UNREACHABLE and retried and retry_after_wait(w, p, task.done_idle_s):
        task.stage = _OPENS_FIRST
        result = _send_requests(w, p, which, number)
    if result == WAIT:
        task.pc -= 1
    else:
        task.stage = 0
    return result


def _send_requests(w: Any, p: int, which: int, number: int) -> int:
    """One try, up to the first request that fails."""
    task = w.tasks[p]
    timeline, way = w.timelines[task.timeline], w.ways[task.way]
    while True:
        if task.stage == _OPENS_FIRST:
            result = open_connection(w, p, 0)
            if result != GO:
                return result
            if task.opens:
                task.idle_s += way.open_s
                task.opens = 0
            if task.retries:
                add_waiting_beyond(w, task.timeline, task.idle_s)
            observe_requests(w, p, which, task.requests, task.beside)
            task.stage = _IS_SENT
        if task.stage == _IS_SENT:
            if task.requests == 0:
                return GO
            result = deliver(w, p, UP, INF, NOTHING_SPARED)
            if result != GO:
                return result
            timeline.now_s += way.forth_s
            if w.g.queues:
                wait_in_queues(w, p, 1, 0)
            task.stage = _ARRIVES
            return WAIT
        if task.stage == _ARRIVES:
            if hears_reset(w, p):
                return REGISTRY_DOWN
            if w.registries[task.registry].limits and not passes_limits(w, p, number, task.beside):
                task.refused_idle_s = timeline.now_s - timeline.waited_s
                task.stage = _IS_REFUSED
            else:
                serve_request(w, p, task.beside)
                if task.requests == 1:
                    return GO
                task.stage = _IS_ANSWERED
        result = answer_gets_through(w, p)
        if result != GO:
            return result
        if task.stage == _IS_REFUSED:
            wait_s = wait_after_refusal_s(w, p, number)
            timeline.now_s += max(wait_s, 0.0)
            # Sent again, it is where it was but for that.
            add_waiting_beyond(w, task.timeline, task.refused_idle_s - way.forth_s)
            if wait_s < 0.0:
                return int(task.refused_by)
            task.stage = _IS_SENT
            continue
        task.requests -= 1
        task.beside = 0
        task.done, task.done_idle_s = 1, timeline.now_s - timeline.waited_s
        task.stage = _IS_SENT


def kept_way(w: Any, way: int) -> int:
    """The way that has the connection which registries keep: copies with caps use that of the plain way."""
    plain = w.ways[way].plain
    return int(plain if plain >= 0 else way)


def connect_with_retries(w: Any, p: int) -> int:
    """Have a connection between registries. A task that waits for one that can't be opened opens another."""
    task = w.tasks[p]
    timeline, way = w.timelines[task.timeline], w.ways[kept_way(w, task.way)]
    if task.stage == 0:
        task.stage = _LOOKS
        if timeline.now_s > w.g.now_s:
            task.pc -= 1
            return WAIT
    if task.stage == _LOOKS:
        task.began_s = timeline.now_s - timeline.waited_s
        task.idle_ready_s = task.began_s + w.ways[task.way].open_s
    elif task.stage == _WAITS:
        wait_for(w, task.timeline, max(w.g.now_s, task.wait_s), task.idle_ready_s)
    if task.stage <= _WAITS:
        if way.until_s >= 0.0 and way.opening >= 0:
            # On idle, unimpaired links it would use this one, or open one by itself if that is sooner.
            task.idle_ready_s = max(task.began_s, min(way.ready_s, task.idle_ready_s))
            task.stage = _WAITS
            task.pc -= 1
            _wait_for_opener(w, p, way.opening)
            return BLOCKED
        if way.until_s >= timeline.now_s:
            timeline.now_s = max(timeline.now_s, way.ready_s)
            return _connected(w, p)
        way.ready_s, way.until_s, way.opening = timeline.now_s - timeline.waited_s + w.ways[task.way].open_s, 0.0, p
        way.connection += 1
        task.connection, task.first_waiter, task.last_waiter = way.connection, -1, -1
        begin_retries(w, p, 0)
        task.stage = _OPENS_ONE
    if task.stage == _OPENS_ONE:
        return _open_for_all(w, p)
    if task.stage == _HAS_FAILED:
        task.stage = 0
        return int(task.connection)
    return _connected(w, p)


def _connected(w: Any, p: int) -> int:
    """The connection is used from here, and kept for a while."""
    task = w.tasks[p]
    now_s, way = w.timelines[task.timeline].now_s, w.ways[kept_way(w, task.way)]
    task.stage = 0
    if way.until_s < 0.0:  # it was reset meanwhile
        way.ready_s = now_s
    way.until_s = max(way.until_s, now_s + KEEP_OPEN_S)
    return GO


def _wait_for_opener(w: Any, p: int, opener: int) -> None:
    """Wait until another task has opened a connection, behind those that wait already."""
    other = w.tasks[opener]
    w.tasks[p].next = -1
    if other.first_waiter < 0:
        other.first_waiter = p
    else:
        w.tasks[other.last_waiter].next = p
    other.last_waiter = p


def _open_for_all(w: Any, p: int) -> int:
    """Open a connection; tasks that wait for it go on before its opener does, whether it could be opened or not."""
    task = w.tasks[p]
    result = open_connection(w, p, 0)
    while result >= FAILED and retry_after_wait(w, p, 0.0):
        result = open_connection(w, p, 0)
    task.pc -= 1
    if result == WAIT:
        return WAIT
    timeline, way = w.timelines[task.timeline], w.ways[kept_way(w, task.way)]
    ready_s = 0.0
    if result == GO:
        add_waiting_beyond(w, task.timeline, min(timeline.now_s - timeline.waited_s, task.idle_ready_s))
        ready_s = timeline.now_s
        if way.connection == task.connection:
            way.ready_s, way.opening = ready_s, -1
        task.stage = _HAS_OPENED
    else:
        way.until_s, way.opening = -1.0, -1
        way.connection += 1
        task.connection = result  # why it failed
        task.stage = _HAS_FAILED
    first = task.first_waiter
    task.first_waiter = -1
    waiter = first
    while waiter >= 0:
        w.tasks[waiter].wait_s = ready_s
        waiter = w.tasks[waiter].next
    aside = begin_yield(w, p)
    make_all_ready(w, first)
    return end_yield(w, aside)


def call_platform_with_retries(w: Any, p: int) -> int:
    """Open a connection to a node's platform and send it a request. The platform answers even while its registry is
    down."""
    task = w.tasks[p]
    if task.stage == 0:
        begin_retries(w, p, 0)
        task.stage = _CALLS
    result = _call_once(w, p)
    while result >= FAILED and retry_after_wait(w, p, 0.0):
        task.stage = _CALLS
        result = _call_once(w, p)
    if result == WAIT:
        task.pc -= 1
    else:
        task.stage = 0
    return result


def _call_once(w: Any, p: int) -> int:
    """One try."""
    task = w.tasks[p]
    if task.stage == _CALLS:
        result = open_connection(w, p, 1)
        if result != GO:
            return result
        task.stage = _ASKS
    result = deliver(w, p, UP, INF, task.registry)
    if result == GO:
        w.timelines[task.timeline].now_s += w.ways[task.way].forth_s
    return result
