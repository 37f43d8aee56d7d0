"""Single numbers of a state, read and written from outside of kernel code, be its rows objects or arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
