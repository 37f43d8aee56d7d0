"""How registries serve requests: at most so many at once, first come first served, in closed form.

When a request's service time is known as it arrives, a first-come-first-served station needs no events: the request
starts when the earliest worker is free (Kiefer and Wolfowitz, "On the theory of queues with many servers", 1955). A
heap of the times at which the workers are free is the whole state, and each request costs one heap operation.

Left out: a worker is held for the service time only, not while a blob's bytes travel, as in servers that give each
connection a thread of its own; requests do not give up while they wait.
"""

from __future__ import annotations

from typing import Any, Final

from sim.protocol.codes import DRAWS_ASKED
from sim.protocol.machine import ask_host
from sim.protocol.tasks import add_waiting

SPARE_WORKERS: Final = 7
"""So many workers must be idle (or all, if there are fewer) for requests to be served ahead: those that arrive in the
meantime then find one, too. It is as many as the top of the heap shows at a glance."""


def observe_requests(w: Any, p: int, which: int, count: int, beside: int) -> None:
    """Requests leave now. This does nothing: it is here for tests to put something else in its place."""


def serve_request(w: Any, p: int, beside: int) -> None:
    """A request has arrived, and so many beside it for other blobs: the timeline is where its answer leaves."""
    task = w.tasks[p]
    t = task.timeline
    timeline, registry = w.timelines[t], w.registries[task.registry]
    service_s = service_time_s(w, task.registry)
    queued_s = max(0.0, w.free_s[registry.first_worker] - timeline.now_s)
    add_waiting(w, t, queued_s + service_s * registry.slowness)
    done_s = serve(w, task.registry, timeline.now_s, service_s)
    for _ in range(beside):
        serve(w, task.registry, timeline.now_s, service_time_s(w, task.registry))
    timeline.now_s = done_s


def service_time_s(w: Any, r: int) -> float:
    """The service time of one request."""
    registry = w.registries[r]
    if registry.drawn == 0:
        return float(registry.request_s)
    if registry.next_draw == registry.end_draw:
        ask_host(w, DRAWS_ASKED, r, 0, 0)
    draw = w.service_draws[registry.next_draw]
    registry.next_draw += 1
    return float(registry.request_s * draw)


def serve(w: Any, r: int, arrived_s: float, service_s: float) -> float:
    """When a request that arrives now is done. Calls come in the order of arrival."""
    registry = w.registries[r]
    start_s = w.free_s[registry.first_worker]
    if start_s < arrived_s:
        start_s = arrived_s
    else:
        registry.waited_s += start_s - arrived_s
    done_s = start_s + service_s
    _replace_first(w, registry.first_worker, registry.workers, done_s)
    if done_s > registry.all_free_s:
        registry.all_free_s = done_s
    registry.busy_s += service_s
    registry.requests += 1
    return float(done_s)


def serve_ahead(w: Any, r: int, busy_s: float, requests: int) -> bool:
    """Have requests served that will arrive later, `busy_s` in all, if workers are to spare; whether they are.

    Workers are idle, so that no request has to wait. One is held for the sum of the service times from now on, though
    in truth it serves them later, and others during the round trips between: the same work, placed a little otherwise.
    """
    registry = w.registries[r]
    first, workers, now_s = registry.first_worker, registry.workers, w.g.now_s
    if registry.all_free_s <= now_s:  # all are idle, and one is as good as another: the last of a heap may grow freely
        registry.all_free_s = now_s + busy_s
        w.free_s[first + workers - 1] = now_s + busy_s
    else:
        for at in range(first, first + min(workers, SPARE_WORKERS)):
            if w.free_s[at] > now_s:
                return False
        _replace_first(w, first, workers, now_s + busy_s)
        registry.all_free_s = max(registry.all_free_s, now_s + busy_s)
    registry.busy_s += busy_s
    registry.requests += requests
    return True


def _replace_first(w: Any, first: int, count: int, value: float) -> None:
    """Put a time in the place of the least of a heap, as `heapq.heapreplace` does: where others stand matters to
    `serve_ahead`."""
    free_s = w.free_s
    at, below = 0, 1
    while below < count:
        if below + 1 < count and not free_s[first + below] < free_s[first + below + 1]:
            below += 1
        free_s[first + at] = free_s[first + below]
        at = below
        below = 2 * at + 1
    while at > 0:
        above = (at - 1) >> 1
        if not value < free_s[first + above]:
            break
        free_s[first + at] = free_s[first + above]
        at = above
    free_s[first + at] = value
