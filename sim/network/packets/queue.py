"""What is due next, packet by packet: a heap in an array of records, by time and then by turn.

Text for both ways to run (see `jit`), as `packets` is that uses it. `count` : (2,), how many are due, and how many ever
were.
"""

from __future__ import annotations

from typing import Any

import numpy as np

#: Transmission `number` of `flow` comes to the `hop`th link of its route; a negative one stands for something else.
EVENT = np.dtype([("due", "f8"), ("turn", "i8"), ("flow", "i8"), ("number", "i8"), ("hop", "i8")])


def add(heap: Any, count: Any, due: float, f: int, number: int, hop: int) -> None:
    """Something more that is due."""
    at = count[0]
    count[0] += 1
    turn = count[1]
    count[1] += 1
    while at > 0:
        above = heap[(at - 1) // 2]
        if above.due <= due:
            break
        _copy(heap, (at - 1) // 2, at)
        at = (at - 1) // 2
    one = heap[at]
    one.due, one.turn, one.flow, one.number, one.hop = due, turn, f, number, hop


def take(heap: Any, count: Any) -> None:
    """Take the first away; what was last sinks to its place. Events at one instant go by their turn."""
    count[0] -= 1
    last, at = count[0], 0
    while True:
        child = 2 * at + 1
        if child >= last:
            break
        if child + 1 < last and _sooner(heap, child + 1, child):
            child += 1
        if not _sooner(heap, child, last):
            break
        _copy(heap, child, at)
        at = child
    _copy(heap, last, at)


def _sooner(heap: Any, a: int, b: int) -> bool:
    one, other = heap[a], heap[b]
    return bool(one.due < other.due or (one.due == other.due and one.turn < other.turn))


def _copy(heap: Any, a: int, b: int) -> None:
    one, other = heap[a], heap[b]
    other.due, other.turn, other.flow, other.number, other.hop = one.due, one.turn, one.flow, one.number, one.hop
