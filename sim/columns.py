"""A table as columns: a million rows are a million entries in a few arrays, never an object each.

Rows arrive as tuples in a small buffer, which is turned into columns now and then; that is the cheapest way Python has
to do both. A table that is kept on disk moves its columns into files without a name as they grow, and maps a column
into memory while somebody looks at it.
"""

from __future__ import annotations

import struct
import tempfile
import weakref
from array import array
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["float", "int", "bool", "text"]

_TYPECODES: Final[Mapping[Kind, str]] = {"float": "d", "int": "q", "bool": "b"}
_DTYPES: Final[Mapping[Kind, str]] = {"float": "<f8", "int": "<i8", "bool": "|b1"}


IN_MEMORY: Final = 1 << 16
"""Rows of a table kept on disk that stay in memory; the next go with them."""
_CODE: Final = "<i4"


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

    __slots__ = ("_buffer", "_data", "_disk", "_keeps", "append", "columns")

    def __init__(self, columns: Iterable[Column]) -> None:
        self.columns = tuple(columns)
        self._data = self._nothing()
        self._buffer: list[tuple[Any, ...]] = []
        self._keeps = False
        self._disk: _Disk | None = None
        self.append = self._buffer.append

    def _nothing(self) -> list[Any]:
        return [[] if c.kind == "text" else array(_TYPECODES[c.kind]) for c in self.columns]

    def keep_on_disk(self) -> None:
        """From now on, whatever more than `IN_MEMORY` rows take goes to the folder for temporary files."""
        self._keeps = True

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
        if self._keeps and len(self._data[0]) >= IN_MEMORY:
            self._disk = self._disk or _Disk([column.kind for column in self.columns])
            self._put_away(self._disk)

    def _put_away(self, disk: _Disk) -> None:
        disk.extend(self._data)
        self._data = self._nothing()

    def fill(self, columns: Iterable[Any]) -> None:
        """Put whole columns after what is there, in their declared order: lists for text, arrays (n,) for numbers."""
        self.settle()
        for column, data, values in zip(self.columns, self._data, columns, strict=True):
            if column.kind == "text":
                data.extend(values)
            else:
                data.frombytes(np.asarray(values, _DTYPES[column.kind]).tobytes())

    def __len__(self) -> int:
        return len(self._data[0]) + len(self._buffer) + (self._disk.rows if self._disk is not None else 0)

    def column(self, name: str) -> Any:
        self.settle()
        at = next(i for i, column in enumerate(self.columns) if column.name == name)
        if self._disk is not None:
            if len(self._data[0]):
                self._put_away(self._disk)
            return self._disk.column(at)
        kind, data = self.columns[at].kind, self._data[at]
        return data if kind == "text" else np.frombuffer(data, dtype=_DTYPES[kind]) if len(data) else _empty(kind)

    def sort(self, name: str) -> None:
        """Put the rows in the order of one column of numbers; rows that tie keep theirs."""
        keys = self.column(name)
        if (keys[1:] >= keys[:-1]).all():
            return
        order = np.argsort(keys, kind="stable")
        if self._disk is not None:
            self._disk.reorder(order)
            return
        for at, column in enumerate(self.columns):
            if column.kind == "text":
                self._data[at] = np.array(self._data[at], dtype=object)[order].tolist()
            else:
                self._data[at] = array(_TYPECODES[column.kind], self.column(column.name)[order].tobytes())

    def arrays(self) -> dict[str, Any]:
        """All columns by name, in their declared order."""
        return {column.name: self.column(column.name) for column in self.columns}


class _Disk:
    """The columns of `rows` rows, a file each: numbers as they are, text as numbers of words that stay in memory.

    The files have no name, so that nothing is left of them whatever happens.
    """

    def __init__(self, kinds: Sequence[Kind]) -> None:
        self.rows = 0
        self._dtypes = [_CODE if kind == "text" else _DTYPES[kind] for kind in kinds]
        self._words: list[dict[str, int] | None] = [{} if kind == "text" else None for kind in kinds]
        # Whoever drops the table closes its files; what was mapped stays mapped.
        opened = ExitStack()
        weakref.finalize(self, opened.close)
        self._files = [opened.enter_context(tempfile.TemporaryFile()) for _ in kinds]  # noqa: SIM115 - the stack's

    def extend(self, columns: Sequence[Any]) -> None:
        """Put these after what is there: a list for text, an array for numbers."""
        for file, words, values in zip(self._files, self._words, columns, strict=True):
            if words is not None:
                values = array("i", [words.setdefault(word, len(words)) for word in values])
            file.write(values.tobytes())
        self.rows += len(columns[0])

    def column(self, at: int) -> Any:
        """An array (n_rows,) over the file, or a list of strings."""
        self._files[at].flush()
        values = np.memmap(self._files[at], self._dtypes[at], "r", shape=(self.rows,)).view(np.ndarray)
        words = self._words[at]
        return values if words is None else list(map(list(words).__getitem__, values.tolist()))

    def reorder(self, order: NDArray[np.int64]) -> None:
        """Put the rows in this order."""
        for at, file in enumerate(self._files):
            file.flush()
            values = np.memmap(file, self._dtypes[at], "r", shape=(self.rows,))[order]
            file.seek(0)
            file.write(values.tobytes())


def _empty(kind: Kind) -> NDArray[Any]:
    return np.empty(0, dtype=_DTYPES[kind])
