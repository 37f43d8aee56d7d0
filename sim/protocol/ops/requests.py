"""Requests: how a task and a registry talk. What they send is `blobs`'; where links and registries fail, `outlast`'s.

Consecutive requests with nothing to decide between them are one stretch of the timeline when the registry has workers
to spare, and one event each when it has not, when service times are drawn, or under `run.detail = "requests"`, so that
queues are exact where there are any (`service`).
"""

from __future__ import annotations

from typing import Any, Final

from sim.protocol.ops.insisting import request_outlasting
from sim.protocol.ops.outlast import answer_outlasting
from sim.protocol.ops.service import book, observe_requests, serve_request
from sim.protocol.state import CONFIG, GO, WAIT
from sim.protocol.tasks import enter_phase

# Lists of requests, by what they are for; a client's profile says how many each are.
LOGIN_REQUESTS: Final = 0
TAGS: Final = 1
CHECK: Final = 2  # and, before the first group of blobs, the tags
OPENING: Final = 3
CLOSE: Final = 4
PUBLISH: Final = 5
RENEW: Final = 6  # the first of PUBLISH, refused, and the one that asks for another token
MANIFESTS: Final = 7
GET: Final = 8
MOUNT: Final = 9
RECHECK: Final = 10  # whether a blob has come after all
LOGIN_AND_MANIFESTS: Final = 11

# How requests are sent, a sum of these.
ONCE: Final = 0
INSISTS: Final = 1  # each as often as a client sends it that gets no answer
OPENS: Final = 2  # over a connection that is opened first
GROUP: Final = 4  # beside those for the other blobs of its group
TRAILING: Final = 8  # beside those for the blobs that trail along


def phase(w: Any, p: int, number: int, b: int) -> int:
    """What follows belongs to a phase."""
    enter_phase(w, w.tasks[p].timeline, number)
    return GO


def at_clock(w: Any, p: int, a: int, b: int) -> int:
    """Wait for the world: what follows looks at what others change."""
    return WAIT


def catch_up(w: Any, p: int, a: int, b: int) -> int:
    """Wait for the world where the timeline has run ahead of it: what follows others may see."""
    return WAIT if w.timelines[w.tasks[p].timeline].now_s > w.g.now_s else GO


def requests_of(w: Any, p: int, which: int) -> int:
    """How many requests a list has for a task's client."""
    task = w.tasks[p]
    profile = w.profiles[task.profile]
    if which == CHECK:
        return int(profile.check + (profile.tags if task.group == 0 else 0))
    if which == GET:
        return int(profile.get)
    if which == OPENING:
        return int(profile.open_config if w.blobs[task.blob].content == CONFIG else profile.open)
    if which == CLOSE:
        return int(profile.close)
    if which == MANIFESTS:
        return int(profile.manifests)
    if which == TAGS:
        return int(profile.tags)
    if which == PUBLISH:
        return int(profile.publish)
    if which == LOGIN_REQUESTS:
        return int(profile.login)
    if which == RENEW:
        return 2
    if which == LOGIN_AND_MANIFESTS:
        return int(profile.login + profile.manifests)
    if which == MOUNT:
        return 1
    return int(profile.check)


def beside_of(w: Any, p: int, which: int, how: int) -> int:
    """Requests for other blobs that travel at the same time and are answered no later: they load the registry and take
    no time of the task's."""
    task = w.tasks[p]
    profile = w.profiles[task.profile]
    if which == MOUNT:
        return int(task.mounts - 1)
    if how & GROUP:
        return int((task.group_end - task.group - 1) * profile.check)
    if how & TRAILING:
        each = profile.open if which == OPENING else profile.close if which == CLOSE else profile.get
        return int(task.trailing * each)
    return 0


def request(w: Any, p: int, which: int, how: int) -> int:
    """Send requests one after another, each when the one before is answered; on as the registry has served the last."""
    task = w.tasks[p]
    if w.g.faults:
        if task.stage == 0:
            task.requests, task.beside = requests_of(w, p, which), beside_of(w, p, which, how)
        return request_outlasting(w, p, which, how & INSISTS, how & OPENS)
    line, way = w.timelines[task.timeline], w.ways[task.way]
    if task.stage == 0:
        if how & OPENS:
            line.now_s += w.profiles[task.profile].start_s + way.open_s
        count, beside = requests_of(w, p, which), beside_of(w, p, which, how)
        observe_requests(w, p, which, count, beside)
        registry = w.registries[task.registry]
        if registry.merges and book(w, task.registry, registry.request_s * (count + beside), count + beside):
            line.now_s = line.now_s + way.forth_s + registry.request_s * count + (count - 1) * way.round_trip_s
            return GO
        task.requests, task.beside, task.stage = count, beside, 1
        line.now_s += way.forth_s
    else:
        serve_request(w, p, task.beside)
        task.beside = 0
        task.requests -= 1
        if task.requests == 0:
            task.stage = 0
            return GO
        line.now_s += way.round_trip_s
    task.pc -= 1
    return WAIT


def answer(w: Any, p: int, a: int, b: int) -> int:
    """The answer to the last request comes back."""
    task = w.tasks[p]
    if w.g.faults:
        return answer_outlasting(w, p)
    w.timelines[task.timeline].now_s += w.ways[task.way].back_s
    return GO


def travel_back(w: Any, p: int, a: int, b: int) -> int:
    """The last byte is on its way from the registry to whoever asked."""
    task = w.tasks[p]
    w.timelines[task.timeline].now_s += w.ways[task.way].back_s
    return GO
