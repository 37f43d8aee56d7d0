"""What will happen, in the order of time, and chance: a binary heap and a stream of random numbers.

Events at one instant happen in the order in which they were scheduled. An event about a link-up or a channel carries
the life that it had then: one about a link-up that has closed since is void. Text to be compiled (see `records`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

#: SplitMix64's numbers: a stray signed one would turn all of it into floats.
STEP, FIRST, SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
U11, U27, U30, U31 = np.uint64(11), np.uint64(27), np.uint64(30), np.uint64(31)
TWO_53 = 2.0**53


def schedule(net: Any, at_s: float, kind: int, what: int, life: int) -> None:
    """Have something happen."""
    board, events = net.board[0], net.events
    i = board.events
    board.events += 1
    board.order += 1
    order = board.order
    while i > 0:
        above = (i - 1) >> 1
        if events[above].at_s <= at_s:  # of equals the one above was first
            break
        _copy(net, i, above)
        i = above
    event = events[i]
    event.at_s, event.order, event.kind, event.what, event.life = at_s, order, kind, what, life


def take_first(net: Any) -> Any:
    """Take the next event out of the heap: the row where it can be read until something is scheduled."""
    board, events = net.board[0], net.events
    n = board.events - 1
    board.events = n
    last = events[n]
    at_s, order, kind, what, life = last.at_s, last.order, last.kind, last.what, last.life
    _copy(net, n, 0)
    i = 0
    while True:
        below = 2 * i + 1
        if below >= n:
            break
        if below + 1 < n and _before(net, below + 1, events[below].at_s, events[below].order):
            below += 1
        if not _before(net, below, at_s, order):
            break
        _copy(net, i, below)
        i = below
    if n:
        event = events[i]
        event.at_s, event.order, event.kind, event.what, event.life = at_s, order, kind, what, life
    return n


def _before(net: Any, i: int, at_s: float, order: int) -> Any:
    event = net.events[i]
    return event.at_s < at_s or (event.at_s == at_s and event.order < order)


def _copy(net: Any, to: int, source: int) -> None:
    event, other = net.events[to], net.events[source]
    event.at_s, event.order, event.kind = other.at_s, other.order, other.kind
    event.what, event.life = other.what, other.life


def draw(net: Any) -> float:
    """Uniform in [0, 1): SplitMix64 (Steele, Lea and Flood, OOPSLA 2014)."""
    board = net.board[0]
    board.random += STEP
    z = board.random
    z = (z ^ (z >> U30)) * FIRST
    z = (z ^ (z >> U27)) * SECOND
    return float((z ^ (z >> U31)) >> U11) / TWO_53
