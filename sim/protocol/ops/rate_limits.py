"""Limits of requests: token buckets, the answer 429 with its `Retry-After`, and what clients do about it.

A bucket is full at the start, gives a token to each request that is counted, and fills again at its rate; between
requests nothing has to happen to it. A request needs a token of every bucket that it is counted in. If one of them has
none it is refused, takes no token and no worker's time, and is told when there will be one, in whole seconds
(`Retry-After`, https://www.rfc-editor.org/rfc/rfc9110.html#name-retry-after): no place is kept for it, so that of
several that come back at once the first alone may pass. Requests for other blobs that are sent beside it are counted
when it passes, and may leave a bucket in debt. Clients try again as `sim.registry.throttling` has it; then the request
fails, with the limit as the reason.

Left out: the limit's own traffic (a 429 is a round trip and no more), and limits of what is on its way by other means
than requests: pieces of a swarm.
"""

from __future__ import annotations

from typing import Any, Final

from sim.protocol.codes import LAST_RATE_LIMITED, RATE_LIMITED, WAIT
from sim.protocol.ops.places import BUCKET_KEY, add_entry, entry_key, entry_value
from sim.protocol.tasks import add_waiting

# Whose requests share a bucket, as `sim.scenario.model.limits.SCOPES` has it.
OF_ACCOUNT: Final = 1
OF_ADDRESS: Final = 2
OF_SITE: Final = 3

GIVES_UP: Final = 9
"""`Task.stage` of a request that will not be sent again, until its client has heard that it was refused."""
ALMOST: Final = 1e-9
"""So much of a token may be missing: times are sums of floats."""
_LONGEST_S: Final = 1e9


def is_rate_limit(why: int) -> bool:
    """Whether that is why something failed."""
    return RATE_LIMITED <= why <= LAST_RATE_LIMITED


def passes_limits(w: Any, p: int, which: int, beside: int) -> bool:
    """Whether a request that arrives now is answered, with those `beside` it: of a client's list, which has number
    `which` among all, the first of the last `task.requests`. If not, its task knows by which limit, and for how long it
    is to wait."""
    task, registry = w.tasks[p], w.registries[w.tasks[p].registry]
    position = w.request_counts[which] - task.requests
    is_pull = w.counts_as_pull[which] >> position & 1
    task.retry_after_s = -1.0
    for number in range(registry.first_limit, registry.first_limit + registry.limits):
        limit = w.limits[number]
        if limit.pulls and is_pull == 0:
            continue
        bucket = w.buckets[bucket_of(w, p, number)]
        refill(w, limit, bucket)
        if bucket.tokens < 1.0 - ALMOST:
            if task.retry_after_s < 0.0:
                task.refused_by = RATE_LIMITED + 2 * limit.scope + (1 if limit.registry else 0)
            task.retry_after_s = max(task.retry_after_s, whole_seconds((1.0 - bucket.tokens) / limit.rate_per_s))
            bucket.refused += 1 if limit.pulls else 1 + beside
            bucket.first_refused_s = min(bucket.first_refused_s, w.g.now_s)
    if task.retry_after_s >= 0.0:
        return False
    for number in range(registry.first_limit, registry.first_limit + registry.limits):
        limit = w.limits[number]
        if limit.pulls == 0 or is_pull:
            taken = 1 if limit.pulls else 1 + beside
            bucket = w.buckets[bucket_of(w, p, number)]
            bucket.tokens -= taken
            bucket.passed += taken
    task.refusals = 0
    return True


def refill(w: Any, limit: Any, bucket: Any) -> None:
    """A bucket has what came back since it was looked at last."""
    bucket.tokens = min(limit.burst, bucket.tokens + (w.g.now_s - bucket.at_s) * limit.rate_per_s)
    bucket.at_s = w.g.now_s


def bucket_of(w: Any, p: int, number: int) -> int:
    """The bucket of a limit that a task's requests are counted in; a new one is full."""
    task, limit = w.tasks[p], w.limits[number]
    whose = 0
    if limit.scope == OF_ACCOUNT:
        whose = int(w.repository_account[w.names[task.name].repository])
    elif limit.scope == OF_ADDRESS:
        whose = int(task.machine)
    elif limit.scope == OF_SITE:
        whose = int(w.machines[task.machine].site)
    key = entry_key(BUCKET_KEY, number, whose)
    found = entry_value(w, key, -1)
    if found < 0:
        found = int(w.g.buckets_used)
        w.g.buckets_used = found + 1
        add_entry(w, key, found)
        made = w.buckets[found]
        made.limit, made.whose, made.tokens, made.at_s = number, whose, limit.burst, w.g.now_s
    return found


def whole_seconds(exact_s: float) -> float:
    """A time as `Retry-After` has it."""
    exact_s = min(exact_s, _LONGEST_S)
    whole_s = float(int(exact_s))
    return whole_s if exact_s <= whole_s + ALMOST else whole_s + 1.0


def wait_after_refusal_s(w: Any, p: int, which: int) -> float:
    """How long the client waits before it sends the refused request again; -1 if it does not."""
    task = w.tasks[p]
    profile = w.profiles[task.profile]
    position = w.request_counts[which] - task.requests
    if task.refusals >= profile.throttles or w.sent_again[which] >> position & 1 == 0:
        return -1.0
    task.refusals += 1
    if profile.heeds_s > 0.0:
        return float(min(task.retry_after_s, profile.heeds_s))
    return float(w.waits_s[profile.first_throttle + task.refusals - 1])


def answer_too_many(w: Any, p: int, which: int) -> int:
    """The refused request's answer comes back, and the client sends it again after a while, or gives up. All of that
    is waiting."""
    task = w.tasks[p]
    timeline, way = w.timelines[task.timeline], w.ways[task.way]
    if task.stage == GIVES_UP:
        task.stage = 0
        return int(task.refused_by)
    refused_s, wait_s = timeline.now_s, wait_after_refusal_s(w, p, which)
    timeline.now_s += way.back_s
    if wait_s < 0.0:
        task.stage = GIVES_UP
    else:
        timeline.now_s += wait_s + way.forth_s
    add_waiting(w, task.timeline, timeline.now_s - refused_s)
    task.pc -= 1
    return WAIT
