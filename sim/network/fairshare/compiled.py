"""The engine's text, compiled by numba: loaded late, because numba is slow to import.

`run` takes the network as it is. The others, which are called for every event, take a `handle` instead: where the
tables lie in memory and how long they are. Telling numba the types of seven tables would cost more than the event.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.numpy_support import carray
from numpy.typing import NDArray

from sim.network.fairshare import active, kernel, maxmin, pairing, sharing, solution, state
from sim.network.fairshare.state import Net, dtypes
from sim.records.jit import checksum, jit, jit_text

TEXT = (state, pairing, maxmin, sharing, active, solution, kernel)

INLINE = (
    *("insert", "remove", "meld", "served", "withdraw", "recount", "place", "hold", "join", "settle", "empty"),
    *("aim", "relevel", "swell", "hot_link", "stain", "soon", "_append", "_unlink", "_queue", "_weigh", "_enrol"),
)
"""Small and often called. The rest stays apart, which keeps compilation short."""

_CHECKSUM = checksum((*TEXT, sys.modules[__name__]))
_LINKS, _CLASSES, _HOPS, _NODES, _RANKS, _FLOWS, _BOARD = dtypes()


_text = jit_text(TEXT, _CHECKSUM, INLINE, entries=("run",))
run = _text["run"]


def handle(net: Net) -> NDArray[np.int64]:
    """Where the tables of a network of arrays lie: good for as long as they live and none grows."""
    tables: Any = net
    return np.array([number for table in tables for number in (table.ctypes.data, len(table))], np.int64)


def _as_pointer(context: Any, address: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(address), generate


_pointer: Any = intrinsic(_as_pointer)


def _net(at: Any) -> Any:
    tables: Any = Net
    return tables(
        carray(_pointer(at[0]), (at[1],), _LINKS),
        carray(_pointer(at[2]), (at[3],), _CLASSES),
        carray(_pointer(at[4]), (at[5],), _HOPS),
        carray(_pointer(at[6]), (at[7],), _NODES),
        carray(_pointer(at[8]), (at[9],), _RANKS),
        carray(_pointer(at[10]), (at[11],), _FLOWS),
        carray(_pointer(at[12]), (at[13],), _BOARD),
    )


def _start(at: Any, now: float, c: int, f: int, size: float) -> Any:
    return text_start(_net(at), now, c, f, size)


def _finish(at: Any, now: float) -> Any:
    return text_finish(_net(at), now)


def _rate(at: Any, c: int) -> Any:
    return text_rate(_net(at), c)


def _progress(at: Any, now: float, f: int) -> Any:
    return text_progress(_net(at), now, f)


def _advance(at: Any, now: float, f: int, least: float, window: float, c: int, top: int) -> Any:
    return text_advance(_net(at), now, f, least, window, c, top)


def _stop(at: Any, now: float, f: int) -> Any:
    return text_stop(_net(at), now, f)


def _move(at: Any, now: float, f: int, c: int, more: float) -> Any:
    return text_move(_net(at), now, f, c, more)


def _set_capacity(at: Any, now: float, e: int, capacity: float) -> Any:
    return text_set_capacity(_net(at), now, e, capacity)


text_start, text_finish, text_stop = _text["start"], _text["finish"], _text["stop"]
text_move, text_set_capacity = _text["move"], _text["set_capacity"]
text_rate, text_progress, text_advance = _text["rate"], _text["progress"], _text["advance"]
_net = jit(_net, globals(), _CHECKSUM, inline=True)
start, finish, stop, move, set_capacity, rate, progress, advance = (
    jit(function, globals(), _CHECKSUM)
    for function in (_start, _finish, _stop, _move, _set_capacity, _rate, _progress, _advance)
)
