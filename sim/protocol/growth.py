"""Growth of tables: rows for what programs are about to add. Kernel code can't allocate, so engines do it between
tasks.

A table that grows counts its rows, and has as many to spare as `tasks_per_growth` tasks may add at most (a *margin*
each).
"""

from __future__ import annotations

from typing import Any, Final

from sim.records.layout import ObjectState, State

_WANTED = {
    "segments": "segments", "bins": "bins", "flows": "flows", "classes": "classes", "nodes": "nodes",
    "ranks": "nodes", "hops": "hops",
}  # fmt: skip

#: Tables to which a task may add some rows for each node; to others it adds some for each blob of an image.
_BY_NODE: Final = ("tasks", "timelines", "phases_s", "waited_s", "ready", "events", "copies")
#: Hash tables, which are rehashed as they grow: the less they grow, the more often.
_HASHED: Final = ("held", "entries")
_LARGE_HASHED: Final = 1 << 21
"""Rows from which on these grow by half, as memory is dearer then."""
_LARGE: Final = 1 << 14
"""Rows from which on all others grow by a quarter."""
#: Tables to which every task that waits may add a row when what it waits for has come.
WAITED_FOR: Final = ("ready", "events")


def margin_of(name: str) -> str:
    """The global that says how many rows a task may add to a table while it goes on."""
    return "node_margin" if name in _BY_NODE else "margin"


def grow_all(state: State) -> None:
    """Lengthen every table that is short of rows, as `machine.ensure_rows` wants it."""
    g: Any = state.g
    read = g.__getattribute__ if isinstance(state, ObjectState) else g.__getitem__
    runs = int(read("tasks_per_growth"))
    for name, (counter, each) in state.layout.counted.items():
        rows = int(read(counter)) + runs * int(read(margin_of(name)))
        if name in WAITED_FOR:
            rows = max(rows, int(read(counter)) + int(read("tasks_used")) + runs * int(read("margin")))
        size = state.length(name)
        if rows * each > size:
            state.grow(name, max(_more(name, size), rows * each - size))
    grow_flow_tables(state)


def _more(name: str, size: int) -> int:
    """How much longer a table of that size becomes."""
    if name in _HASHED:
        return size if size < _LARGE_HASHED else size // 2
    return size if size < _LARGE else size // 4


def grow_flow_tables(state: State) -> None:
    """Lengthen the tables of flows, as `ops.flow_monitor.flow_rows_are_low` has asked for."""
    g: Any = state.g
    read = g.__getattribute__ if isinstance(state, ObjectState) else g.__getitem__
    for name, other in _WANTED.items():
        size, rows = state.length(name), int(read(f"{other}_wanted"))
        if size < rows:
            state.grow(name, max(size, rows - size))
