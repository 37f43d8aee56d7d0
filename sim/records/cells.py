"""Numbers and rows of a state, read and written from outside of kernel code, be its rows objects or arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from sim.records.layout import ArrayState, State


def cell(state: State, name: str, at: int, field: str) -> Any:
    """A field of a row; the globals are the one row of `g`."""
    if isinstance(state, ArrayState):
        return state[name][at][field].item()
    return getattr(state.g if name == "g" else getattr(state, name)[at], field)


def set_cells(state: State, name: str, at: int, values: Mapping[str, Any]) -> None:
    """The same, written: by field."""
    row: Any
    if isinstance(state, ArrayState):
        row = state[name][at]
        for field, value in values.items():
            row[field] = value
        return
    row = state.g if name == "g" else getattr(state, name)[at]
    for field, value in values.items():
        setattr(row, field, value)


def number_at(state: State, name: str, at: int) -> Any:
    """A number of a table that has one a row."""
    return state[name][at].item() if isinstance(state, ArrayState) else getattr(state, name)[at]


def set_number(state: State, name: str, at: int, value: float) -> None:
    """The same, written."""
    (state[name] if isinstance(state, ArrayState) else getattr(state, name))[at] = value


def numbers_at(state: State, name: str, first: int, end: int) -> list[int]:
    """Whole numbers of a table that has one a row."""
    table = state[name] if isinstance(state, ArrayState) else getattr(state, name)
    return [int(number) for number in table[first:end]]


def write_rows(state: State, name: str, at: int, rows: NDArray[Any]) -> None:
    """Write rows over those of a table from number `at` on."""
    if isinstance(state, ArrayState):
        state[name][at : at + len(rows)] = rows
        return
    table = getattr(state, name)
    if rows.dtype.names is None:
        table[at : at + len(rows)] = rows.tolist()
        return
    for row, values in zip(table[at : at + len(rows)], rows.tolist(), strict=True):
        for field, value in zip(rows.dtype.names, values, strict=True):
            setattr(row, field, value)


def append_rows(state: State, name: str, rows: NDArray[Any]) -> int:
    """Add rows to a table that counts those in use; the number of the first."""
    counter, _ = state.layout.counted[name]
    used = int(cell(state, "g", 0, counter))
    lengthen(state, name, used + len(rows))
    write_rows(state, name, used, rows)
    set_cells(state, "g", 0, {counter: used + len(rows)})
    return used


def lengthen(state: State, name: str, rows: int) -> None:
    """Have at least so many rows in a table; if it has fewer it doubles, as it may be asked for more soon."""
    size = state.length(name)
    if rows > size:
        state.grow(name, max(size, rows - size, 64))
