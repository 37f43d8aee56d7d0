"""A table as columns: a million rows are a million entries in a few arrays, never an object each.

Rows arrive as tuples in a small buffer, which is turned into columns now and then; that is the cheapest way Python has
to do both.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["float", "int", "bool", "text"]

_TYPECODES: Final[Mapping[Kind, str]] = {"float": "d", "int": "q", "bool": "b"}
_DTYPES: Final[Mapping[Kind, str]] = {"float": "<f8", "int": "<i8", "bool": "|b1"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its name (which carries the unit), what it holds, and what that means."""

    name: str
    kind: Kind
    meaning: str


class Table:
    """Rows of one table, appended one at a time and kept as columns.

    `append` takes the row's values in the order of the declared columns; it is on the path of every deploy, so it is
    the buffer's own and checks nothing, and whoever appends calls `settle` every few thousand rows. `column(name)`
    gives an array (n_rows,), or a list of strings for text.
    """

    __slots__ = ("_buffer", "_data", "append", "columns")

    def __init__(self, columns: Iterable[Column]) -> None:
        self.columns = tuple(columns)
        self._data: list[Any] = [[] if c.kind == "text" else array(_TYPECODES[c.kind]) for c in self.columns]
        self._buffer: list[tuple[Any, ...]] = []
        self.append = self._buffer.append

    def settle(self) -> None:
        """Turn the rows of the buffer into columns. ValueError when a row is too long or too short."""
        count = len(self._buffer)
        if not count:
            return
        for column, data, values in zip(self.columns, self._data, zip(*self._buffer, strict=True), strict=True):
            if column.kind == "text":
                data.extend(values)
            else:
                # `struct` turns numbers into bytes several times faster than an array takes them one by one.
                data.frombytes(struct.pack(f"{count}{_TYPECODES[column.kind]}", *values))
        self._buffer.clear()

    def fill(self, columns: Iterable[Any]) -> None:
        """Put whole columns after what is there, in their declared order: lists for text, arrays (n,) for numbers."""
        self.settle()
        for column, data, values in zip(self.columns, self._data, columns, strict=True):
            if column.kind == "text":
                data.extend(values)
            else:
                data.frombytes(np.asarray(values, _DTYPES[column.kind]).tobytes())

    def __len__(self) -> int:
        return len(self._data[0]) + len(self._buffer)

    def column(self, name: str) -> Any:
        self.settle()
        at = next(i for i, column in enumerate(self.columns) if column.name == name)
        kind, data = self.columns[at].kind, self._data[at]
        return data if kind == "text" else np.frombuffer(data, dtype=_DTYPES[kind]) if len(data) else _empty(kind)

    def sort(self, name: str) -> None:
        """Put the rows in the order of one column of numbers; rows that tie keep theirs."""
        keys = self.column(name)
        if (keys[1:] >= keys[:-1]).all():
            return
        order = np.argsort(keys, kind="stable")
        for at, column in enumerate(self.columns):
            if column.kind == "text":
                self._data[at] = np.array(self._data[at], dtype=object)[order].tolist()
            else:
                self._data[at] = array(_TYPECODES[column.kind], self.column(column.name)[order].tobytes())

    def arrays(self) -> dict[str, Any]:
        """All columns by name, in their declared order."""
        return {column.name: self.column(column.name) for column in self.columns}


def _empty(kind: Kind) -> NDArray[Any]:
    return np.empty(0, dtype=_DTYPES[kind])
