"""Rows that nobody reads any more are taken out of a state while it runs, so that a long run needs little memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.records.layout import ObjectState, State, used

Columns = Mapping[str, NDArray[Any]]

#: What programs write and never read, by table.
WRITTEN: Final = ("transfers", "starts", "syncs", "drops", "tag_changes", "segments", "bins")


_KINDS: Final = ((np.int8, 8), (np.int16, 16), (np.int32, 32), (np.int64, 64))


class Collected:
    """The rows of one run that were taken out of its state, as columns of the narrowest numbers that hold them."""

    def __init__(self) -> None:
        self._columns: dict[str, dict[str, _Column]] = {}

    def take(self, state: State, name: str) -> None:
        """Take all rows of a table in use: it has none after that."""
        rows = used(state, name)
        fields = rows.dtype.names or ()
        columns = self._columns.setdefault(name, {field: _Column() for field in fields})
        for field in fields:
            columns[field].add(rows[field])
        counter, _ = state.layout.counted[name]
        if isinstance(state, ObjectState):
            setattr(state.g, counter, 0)
        else:
            state.g[counter] = 0

    def take_if_many(self, state: State, many: int = 1 << 16) -> None:
        """The same for each table that programs only write, where there are so many rows; for between two events."""
        for name in WRITTEN:
            counter, _ = state.layout.counted[name]
            if int(getattr(state.g, counter) if isinstance(state, ObjectState) else state.g[counter]) >= many:
                self.take(state, name)

    def columns(self, state: State, name: str) -> dict[str, NDArray[Any]]:
        """All rows of a table by field, (n,) each; they are taken out of the state, and out of here."""
        self.take(state, name)
        return {field: column.all() for field, column in self._columns.pop(name).items()}


class _Column:
    """Numbers that grow in place, by a part at a time and not by copies of all."""

    __slots__ = ("_bytes", "_dtype")

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._dtype: np.dtype[Any] | None = None

    def add(self, values: NDArray[Any]) -> None:
        kind = narrowest(values)
        if self._dtype is not None and self._dtype != kind:
            kind = np.promote_types(self._dtype, kind)
            if self._dtype != kind:
                self._bytes = bytearray(self.all().astype(kind).tobytes())
        self._dtype = kind
        self._bytes += values.astype(kind).tobytes()

    def all(self) -> NDArray[Any]:
        return np.frombuffer(self._bytes, self._dtype) if self._bytes else np.empty(0, self._dtype)


def narrow(values: NDArray[Any]) -> NDArray[Any]:
    """A copy, of the narrowest kind of whole number that holds them."""
    return values.astype(narrowest(values))


def narrowest(values: NDArray[Any]) -> np.dtype[Any]:
    """The narrowest kind of whole number that holds them; floats stay as they are."""
    if values.dtype.kind != "i":
        return values.dtype
    low, high = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    bits = max(high, -1 - low).bit_length() + 1
    return np.dtype(next(kind for kind, size in _KINDS if bits <= size))
