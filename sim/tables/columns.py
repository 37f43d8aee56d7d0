"""A table as columns: a million rows are a million entries in a few arrays, never an object each.

Rows arrive as tuples in a small buffer, which is turned into columns now and then; that is the cheapest way Python has
to do both. Text is kept as codes, numbers of the different words that a column has: whoever can should ask for those.
Whole columns may be given, too, and are kept as they are: narrower numbers than declared, or every so many bytes of
somebody's memory. A table that is kept on disk moves its columns into files without a name as they grow, and maps a
column into memory while somebody looks at it.
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

from sim.tables.codes import Codes, Words

Kind = Literal["float", "int", "bool", "text"]

_TYPECODES: Final[Mapping[Kind, str]] = {"float": "d", "int": "q", "bool": "b", "text": "i"}
_DTYPES: Final[Mapping[Kind, str]] = {"float": "<f8", "int": "<i8", "bool": "|b1", "text": "<i4"}


IN_MEMORY: Final = 1 << 16
"""Rows of a table kept on disk that stay in memory; the next go with them."""


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
    gives an array (n_rows,), or a list of strings for text, of which `codes(name)` gives the numbers.
    """

    __slots__ = ("_buffer", "_data", "_disk", "_keeps", "_words", "append", "columns")

    def __init__(self, columns: Iterable[Column]) -> None:
        self.columns = tuple(columns)
        self._data = self._nothing()
        #: The words of each column of text, by number.
        self._words = [Words() if column.kind == "text" else None for column in self.columns]
        self._buffer: list[tuple[Any, ...]] = []
        self._keeps = False
        self._disk: _Disk | None = None
        self.append = self._buffer.append

    def _nothing(self) -> list[_Numbers]:
        return [_Numbers(column.kind) for column in self.columns]

    def keep_on_disk(self) -> None:
        """From now on, whatever more than `IN_MEMORY` rows take goes to the folder for temporary files."""
        self._keeps = True

    def settle(self) -> None:
        """Turn the rows of the buffer into columns. ValueError when a row is too long or too short."""
        if not self._buffer:
            return
        columns = zip(*self._buffer, strict=True)
        for data, words, values in zip(self._data, self._words, columns, strict=True):
            data.append(values if words is None else words.codes(values))
        self._buffer.clear()
        if self._keeps and len(self._data[0]) >= IN_MEMORY:
            self._disk = self._disk or _Disk([column.kind for column in self.columns])
            self._put_away(self._disk)

    def _put_away(self, disk: _Disk) -> None:
        disk.extend([data.all() for data in self._data])
        self._data = self._nothing()

    def fill(self, columns: Iterable[Any]) -> None:
        """Put whole columns after what is there, in their declared order: arrays (n,) for numbers, and for text lists
        or pairs of codes (n,) and their words, which are different ones (of `Spelled` words all are in use).

        What is put into an empty table is kept and not copied: nobody may change it.
        """
        self.settle()
        for data, words, values in zip(self._data, self._words, columns, strict=True):
            if words is not None:
                values = words.together(*values) if isinstance(values, tuple) else array("i", words.codes(values))
            data.extend(np.asarray(values))

    def __len__(self) -> int:
        return len(self._data[0]) + len(self._buffer) + (self._disk.rows if self._disk is not None else 0)

    def column(self, name: str) -> Any:
        """An array (n_rows,), or a list of strings for text."""
        at = self._at(name)
        values, words = self._values(at), self._words[at]
        return _wide(values, self.columns[at].kind) if words is None else words.texts(values)

    def codes(self, name: str) -> tuple[Codes, Sequence[str]]:
        """A column of text: for each row the number of its word, (n_rows,), and the different words, all in use."""
        at = self._at(name)
        words = self._words[at]
        if words is None:
            raise TypeError(f"{name}: numbers have no codes")
        return _wide(self._values(at), "text"), words.words

    def where(self, name: str, wanted: str) -> NDArray[np.bool_]:
        """Which rows have that word in a column of text, (n_rows,)."""
        at = self._at(name)
        words, values = self._words[at], self._values(at)
        if words is None:
            raise TypeError(f"{name}: numbers have no words")
        number = words.number(wanted)
        found: NDArray[np.bool_] = np.zeros(len(values), bool) if number is None else values == number
        return found

    def _at(self, name: str) -> int:
        return next(at for at, column in enumerate(self.columns) if column.name == name)

    def _values(self, at: int) -> NDArray[Any]:
        """A column's numbers as they are kept, codes for text."""
        self.settle()
        if self._disk is None:
            return self._data[at].all()
        if len(self._data[0]):
            self._put_away(self._disk)
        return self._disk.column(at)

    def sort(self, name: str) -> None:
        """Put the rows in the order of one column of numbers; rows that tie keep theirs."""
        keys = self.column(name)
        if (keys[1:] >= keys[:-1]).all():
            return
        order = np.argsort(keys, kind="stable")
        if self._disk is not None:
            self._disk.reorder(order)
            return
        for data in self._data:
            data.reorder(order)

    def arrays(self) -> dict[str, Any]:
        """All columns by name, in their declared order."""
        return {column.name: self.column(column.name) for column in self.columns}


class _Numbers:
    """A column in memory: an array that grows, or one that was given."""

    __slots__ = ("_dtype", "_typecode", "_values")

    def __init__(self, kind: Kind) -> None:
        self._typecode, self._dtype = _TYPECODES[kind], _DTYPES[kind]
        self._values: array[Any] | NDArray[Any] = array(self._typecode)

    def __len__(self) -> int:
        return len(self._values)

    def _grow(self, more: bytes) -> None:
        if not isinstance(self._values, array):
            self._values = array(self._typecode, self._values.astype(self._dtype, copy=False).tobytes())
        try:
            self._values.frombytes(more)
        except BufferError:  # whoever has looked at it keeps what was there
            self._values = self._values[:]
            self._values.frombytes(more)

    def append(self, values: Sequence[Any]) -> None:
        # `struct` turns numbers into bytes several times faster than an array takes them one by one.
        self._grow(struct.pack(f"{len(values)}{self._typecode}", *values))

    def extend(self, values: NDArray[Any]) -> None:
        """Put an array after what is there; the first one is kept unless its numbers are of another kind."""
        if not len(self) and np.can_cast(values.dtype, self._dtype):
            self._values = values
        else:
            self._grow(values.astype(self._dtype, copy=False).tobytes())

    def all(self) -> NDArray[Any]:
        if not isinstance(self._values, array):
            return self._values
        return np.frombuffer(self._values, self._dtype) if self._values else np.empty(0, self._dtype)

    def reorder(self, order: NDArray[np.int64]) -> None:
        self._values = self.all()[order]


class _Disk:
    """The columns of `rows` rows, a file each.

    The files have no name, so that nothing is left of them whatever happens.
    """

    def __init__(self, kinds: Sequence[Kind]) -> None:
        self.rows = 0
        self._dtypes = [_DTYPES[kind] for kind in kinds]
        # Whoever drops the table closes its files; what was mapped stays mapped.
        opened = ExitStack()
        weakref.finalize(self, opened.close)
        self._files = [opened.enter_context(tempfile.TemporaryFile()) for _ in kinds]  # noqa: SIM115 - the stack's

    def extend(self, columns: Sequence[NDArray[Any]]) -> None:
        """Put these after what is there."""
        for file, dtype, values in zip(self._files, self._dtypes, columns, strict=True):
            file.write(values.astype(dtype, copy=False).tobytes())
        self.rows += len(columns[0])

    def column(self, at: int) -> NDArray[Any]:
        """An array (n_rows,) over the file."""
        self._files[at].flush()
        return np.memmap(self._files[at], self._dtypes[at], "r", shape=(self.rows,)).view(np.ndarray)

    def reorder(self, order: NDArray[np.int64]) -> None:
        """Put the rows in this order."""
        for at, file in enumerate(self._files):
            file.flush()
            values = np.memmap(file, self._dtypes[at], "r", shape=(self.rows,))[order]
            file.seek(0)
            file.write(values.tobytes())


def _wide(values: NDArray[Any], kind: Kind) -> NDArray[Any]:
    """As a column of its kind is declared."""
    return values.astype(_DTYPES[kind], copy=False)
