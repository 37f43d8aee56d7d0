"""Requests from a client to a registry, one after another, and their answers.

Consecutive requests with nothing to decide between them are one stretch of the timeline where the registry has workers
to spare. They are one event each where it has not, where service times are drawn, and under `run.detail = "requests"`,
so that queues are exact where there are any (`ops/service`).

`LISTS` has which requests are sent for what, from the profiles of `sim.registry.clients`. A request that all clients
send alike needs no list: a program names it (`request("HEAD manifest by digest")`).

Left out: bodies of blobs (`ops/transfers`), and failures of links and registries (`ops/request_retries`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sim.protocol.codes import CONFIG, GO, WAIT
from sim.protocol.ops.queueing import wait_in_queues
from sim.protocol.ops.rate_limits import GIVES_UP, answer_too_many, passes_limits
from sim.protocol.ops.request_retries import send_with_retries
from sim.protocol.ops.retransmission import answer_with_retransmission
from sim.protocol.ops.service import observe_requests, serve_ahead, serve_request
from sim.protocol.tasks import enter_phase
from sim.registry import clients
from sim.registry.clients import PUT_INDEX, TOKEN, Profile, Requests

# What requests are sent for.
LOGIN_REQUESTS: Final = 0
TAGS: Final = 1
CHECK: Final = 2  # whether the registry has each blob of a group
FIRST_CHECK: Final = 3  # the same of the first group, with the tags before it
OPENING: Final = 4  # of an upload
OPENING_CONFIG: Final = 5  # of one for a config
CLOSE: Final = 6  # the bytes of an upload and its digest
PUBLISH: Final = 7
RENEW: Final = 8  # the first of PUBLISH, refused, and the one that asks for another token
MANIFESTS: Final = 9
GET: Final = 10
MOUNT: Final = 11
RECHECK: Final = 12  # whether a blob has come after all
LOGIN_AND_MANIFESTS: Final = 13
NAMED: Final = 14  # one request, which the program names
REFUSED_AND_TAGS: Final = 15  # tags, asked for without a token first
MANIFEST: Final = 16  # of one platform, before that of the last
PUBLISH_INDEX: Final = 17  # PUBLISH, and an index in any case
N_LISTS: Final = 18

#: The requests of each list, as a client sends them.
LISTS: Final[Mapping[int, Callable[[Profile], Requests]]] = {
    LOGIN_REQUESTS: lambda client: client.login,
    TAGS: lambda client: client.tags,
    CHECK: lambda client: client.blob_check,
    FIRST_CHECK: lambda client: (*client.tags, *client.blob_check),
    OPENING: lambda client: client.blob_open,
    OPENING_CONFIG: lambda client: client.opening("config"),
    CLOSE: lambda client: client.blob_close,
    PUBLISH: lambda client: client.publish,
    RENEW: lambda client: (*client.publish[:1], TOKEN),
    MANIFESTS: lambda client: client.manifests,
    GET: lambda client: client.blob_get,
    MOUNT: lambda client: clients.MOUNT,
    RECHECK: lambda client: client.blob_check,
    LOGIN_AND_MANIFESTS: lambda client: (*client.login, *client.manifests),
    NAMED: lambda client: ("",),
    REFUSED_AND_TAGS: lambda client: (*client.challenge, *client.tags),
    MANIFEST: lambda client: tuple(one for one in client.publish if "manifest" in one),
    PUBLISH_INDEX: lambda client: (*client.publish, *([] if PUT_INDEX in client.publish else [PUT_INDEX])),
}

# How requests are sent, a sum of these.
ONCE: Final = 0
RETRIED: Final = 1  # each as often as a client sends it that gets no answer
OVER_NEW_CONNECTION: Final = 2
FOR_GROUP: Final = 4  # beside those for the other blobs of its group
WITH_TRAILING: Final = 8  # beside those for the blobs that trail along


def phase(w: Any, p: int, number: int, b: int) -> int:
    """What follows belongs to a phase."""
    enter_phase(w, w.tasks[p].timeline, number)
    return GO


def at_clock(w: Any, p: int, a: int, b: int) -> int:
    """Wait until the clock is where the timeline is: what follows looks at what others change."""
    return WAIT


def catch_up(w: Any, p: int, a: int, b: int) -> int:
    """The same where the timeline has run ahead of the clock: others may see what follows."""
    return WAIT if w.timelines[w.tasks[p].timeline].now_s > w.g.now_s else GO


def request(w: Any, p: int, which: int, how: int) -> int:
    """Send requests one after another, each when the one before is answered; on as the registry has served the last."""
    task = w.tasks[p]
    if w.g.faults:
        if task.stage == 0:
            task.requests, task.beside = count_of(w, p, which), count_beside(w, p, which, how)
        return send_with_retries(
            w, p, list_of(w, p, which), number_of_list(w, p, which), how & RETRIED, how & OVER_NEW_CONNECTION
        )
    timeline, way = w.timelines[task.timeline], w.ways[task.way]
    if task.stage == 0:
        if how & OVER_NEW_CONNECTION:
            timeline.now_s += w.profiles[task.profile].start_s + way.open_s
        count, beside = count_of(w, p, which), count_beside(w, p, which, how)
        observe_requests(w, p, list_of(w, p, which), count, beside)
        registry = w.registries[task.registry]
        busy_s = registry.request_s * (count + beside)
        if registry.merges and serve_ahead(w, task.registry, busy_s, count + beside):
            timeline.now_s = timeline.now_s + way.forth_s + registry.request_s * count + (count - 1) * way.round_trip_s
            if w.g.queues:
                wait_in_queues(w, p, 1, 0)
                wait_in_queues(w, p, count - 1, count - 1)
            return GO
        task.requests, task.beside, task.stage, task.refusals = count, beside, 1, 0
        timeline.now_s += way.forth_s
        if w.g.queues:
            wait_in_queues(w, p, 1, 0)
    else:
        if w.registries[task.registry].limits:
            number = number_of_list(w, p, which)
            if task.stage == GIVES_UP or not passes_limits(w, p, number, task.beside):
                return answer_too_many(w, p, number)
        serve_request(w, p, task.beside)
        task.beside = 0
        task.requests -= 1
        if task.requests == 0:
            task.stage = 0
            return GO
        timeline.now_s += way.round_trip_s
        if w.g.queues:
            wait_in_queues(w, p, 1, 1)
    task.pc -= 1
    return WAIT


def answer(w: Any, p: int, a: int, b: int) -> int:
    """The answer to the last request comes back."""
    task = w.tasks[p]
    if w.g.faults:
        return answer_with_retransmission(w, p)
    w.timelines[task.timeline].now_s += w.ways[task.way].back_s
    if w.g.queues:
        wait_in_queues(w, p, 0, 1)
    return GO


def last_byte_arrives(w: Any, p: int, a: int, b: int) -> int:
    """The last byte of a body crosses from the registry to the machine that asked."""
    task = w.tasks[p]
    w.timelines[task.timeline].now_s += w.ways[task.way].back_s
    if w.g.queues:
        wait_in_queues(w, p, 0, 1)
    return GO


def list_of(w: Any, p: int, which: int) -> int:
    """The list that a task's client sends: with the tags before the first group, for a config its own, and for
    several platforms an index; of a registry that wants a token, it asks for tags without one first."""
    task = w.tasks[p]
    if which == TAGS:
        return TAGS if w.registries[task.registry].anonymous else REFUSED_AND_TAGS
    if which == CHECK and task.group == task.begin:
        return FIRST_CHECK
    if which == OPENING and w.blobs[task.blob].content == CONFIG:
        return OPENING_CONFIG
    if which == PUBLISH and w.images[task.image].platforms > 1:
        return PUBLISH_INDEX
    return which


def count_of(w: Any, p: int, which: int) -> int:
    """How many requests that are."""
    return int(w.request_counts[number_of_list(w, p, which)])


def number_of_list(w: Any, p: int, which: int) -> int:
    """That list's number among those of all clients."""
    return int(w.tasks[p].profile * N_LISTS + list_of(w, p, which))


def count_beside(w: Any, p: int, which: int, how: int) -> int:
    """Requests for other blobs at the same time, answered no later: they load the registry, and take the task no time
    of its own."""
    task = w.tasks[p]
    each = int(w.request_counts[task.profile * N_LISTS + which])
    if which == MOUNT:
        return int(task.mounts - 1)
    if how & FOR_GROUP:
        return int((task.group_end - task.group - 1) * each)
    if how & WITH_TRAILING:
        return int(task.trailing * each)
    return 0
