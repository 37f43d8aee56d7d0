"""Requests of a plain world, and the clock of a deploy, as `world/talk` and `world/path` have them.

Text to be compiled (see `records`).
"""

from __future__ import annotations

from typing import Any

from sim.plain.records import N_PHASES, Tables
from sim.registry.clients import KEEP_OPEN_S
from sim.registry.workers import SPARE_WORKERS


def stretch(t: Tables, now: float, way: int, count: int, beside: int) -> float:
    """So many requests, one after another: when the last is served. Where workers are scarce the world is not plain."""
    w = t.ways[way]
    reg, clock = t.registries[w.registry], t.board[0].now_s
    every = count + beside
    busy_s = reg.request_s * every
    done_s = clock + busy_s
    if reg.all_free_s <= clock:
        t.free_s[w.registry, reg.workers - 1] = done_s
        reg.all_free_s = done_s
    else:
        for i in range(min(SPARE_WORKERS, reg.workers)):
            if t.free_s[w.registry, i] > clock:
                t.board[0].unplain = 1
        _replace_first(t.free_s[w.registry], reg.workers, done_s)
        reg.all_free_s = max(reg.all_free_s, done_s)
    reg.busy_s += busy_s
    reg.requests += every
    return float(now + w.forth_s + reg.request_s * count + (count - 1) * w.round_trip_s)


def _replace_first(heap: Any, n: int, item: float) -> None:
    """`heapq.heapreplace`, which leaves the heap as CPython's does."""
    i, below = 0, 1
    while below < n:
        if below + 1 < n and not heap[below] < heap[below + 1]:
            below += 1
        heap[i] = heap[below]
        i, below = below, 2 * below + 1
    while i > 0 and item < heap[(i - 1) >> 1]:
        heap[i] = heap[(i - 1) >> 1]
        i = (i - 1) >> 1
    heap[i] = item


def connect(t: Tables, now: float, way: int, node: int) -> float:
    """A connection from a node to central: one that is open, or is being opened, or a new one."""
    reg = t.registries[node]
    if reg.open_until_s < now:
        now += t.ways[way].open_s
        reg.ready_s = now
    else:
        now = max(now, reg.ready_s)
    keep_open(t, now, node)
    return now


def keep_open(t: Tables, now: float, node: int) -> None:
    """It was used until now, and is kept for a while from here."""
    reg = t.registries[node]
    reg.open_until_s = max(reg.open_until_s, now + KEEP_OPEN_S)


def enter(t: Tables, i: int, phase: int) -> None:
    """What follows of a deploy belongs to a phase."""
    d = t.deploys[i]
    t.spent_s[i, d.phase] += d.now_s - d.mark_s
    d.mark_s, d.phase = d.now_s, phase


def waited(t: Tables, i: int, lasted_s: float) -> None:
    """Of what a deploy did last so much was waiting for others."""
    d = t.deploys[i]
    t.spent_s[i, N_PHASES + d.phase] += lasted_s
    d.lag_s += lasted_s


def meet(t: Tables, i: int, at_s: float, idle_s: float) -> None:
    """Wait for what comes at a time, and would have come at another on idle links."""
    d = t.deploys[i]
    idle_s = max(d.now_s - d.lag_s, idle_s)
    d.now_s = max(d.now_s, at_s)
    waited(t, i, d.now_s - idle_s - d.lag_s)


def settle(t: Tables, i: int) -> None:
    """No phase has waited less than nothing: what it saved comes off the phases before."""
    saved_s = 0.0
    for phase in range(2 * N_PHASES - 1, N_PHASES - 1, -1):
        left_s = t.spent_s[i, phase] - saved_s
        t.spent_s[i, phase], saved_s = max(left_s, 0.0), max(-left_s, 0.0)
