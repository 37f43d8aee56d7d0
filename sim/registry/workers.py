"""A registry's workers: at most `count` requests in service, first come first served, in closed form.

When a request's service time is known as it arrives, a first-come-first-served station needs no events: the request
starts when the earliest worker is free (Kiefer and Wolfowitz, "On the theory of queues with many servers", 1955). A
heap of the times at which the workers are free is the whole state, and each request costs one heap operation.

Left out: a worker is held for the service time only, not while a blob's bytes travel, as in servers that give each
connection a thread of its own; requests do not give up while they wait.
"""

from __future__ import annotations

from heapq import heapreplace
from typing import Final

#: How many workers must be idle (or all, if there are fewer) for requests to be booked before they arrive: whoever
#: comes in the meantime then finds one, too. It is as many as the top of the heap shows at a glance.
SPARE_WORKERS: Final = 7


class Workers:
    """`count` servers behind one queue, and what they did: requests served, time spent on them, time they waited.

    `free_s` is the heap of the times at which each is free; the first is the earliest. After `all_free_s` all are.
    """

    __slots__ = ("all_free_s", "busy_s", "count", "free_s", "requests", "waited_s")

    def __init__(self, count: int) -> None:
        self.count = count
        self.free_s = [0.0] * count
        self.all_free_s = 0.0
        self.requests = 0
        self.busy_s = 0.0
        self.waited_s = 0.0

    def serve(self, arrived_s: float, service_s: float) -> float:
        """When a request that arrives now is done, s. Calls come in the order of arrival."""
        start_s = self.free_s[0]
        if start_s < arrived_s:
            start_s = arrived_s
        else:
            self.waited_s += start_s - arrived_s
        done_s = start_s + service_s
        heapreplace(self.free_s, done_s)
        if done_s > self.all_free_s:
            self.all_free_s = done_s
        self.busy_s += service_s
        self.requests += 1
        return done_s

    def book(self, now_s: float, busy_s: float, requests: int) -> bool:
        """Have requests served that will arrive later, `busy_s` in all, if workers are to spare; whether they are.

        Workers are idle, so nobody waits. One is held for the sum of the service times from now on, though in truth it
        serves them later, and others during the round trips between: the same work, placed a little otherwise.
        """
        if self.all_free_s <= now_s:  # all are idle, and one is as good as another: the last of a heap may grow freely
            self.free_s[-1] = self.all_free_s = now_s + busy_s
        elif max(self.free_s[:SPARE_WORKERS]) <= now_s:
            heapreplace(self.free_s, now_s + busy_s)
            self.all_free_s = max(self.all_free_s, now_s + busy_s)
        else:
            return False
        self.busy_s += busy_s
        self.requests += requests
        return True
