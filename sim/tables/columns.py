"""A table as columns: a million rows are a million entries in a few arrays, never an object each.

Rows may arrive as tuples in a small buffer, which is turned into columns now and then; that is the cheapest way Python
has to do both. Whole columns may be given, too, and are kept as they are: narrower numbers than declared, or every so
many bytes of somebody's memory. Text is kept as codes (`sim.tables.codes`): whoever can should ask for those. Left out:
changing a row, and taking one away.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from sim.tables.codes import Codes, Dictionary

Kind = Literal["float", "int", "bool", "text"]

_TYPECODES: Final[Mapping[Kind, str]] = {"float": "d", "int": "q", "bool": "b", "text": "i"}
_DTYPES: Final[Mapping[Kind, str]] = {"float": "<f8", "int": "<i8", "bool": "|b1", "text": "<i4"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its name (which carries the unit), what it holds, and what that means."""

    name: str
    kind: Kind
    meaning: str


class Table:
    """Rows of one table, appended one at a time or as whole columns, and kept as columns.

    `append` takes the row's values in the order of the declared columns; it is the buffer's own and checks nothing, and
    whoever appends many calls `settle` every few thousand rows. `column(name)` gives an array (n_rows,), or a list of
    strings for text, of which `codes(name)` gives the codes.
    """

    __slots__ = ("_buffer", "_data", "_dictionaries", "append", "columns")

    def __init__(self, columns: Iterable[Column]) -> None:
        self.columns = tuple(columns)
        self._data = [_Numbers(column.kind) for column in self.columns]
        #: Of each column of text.
        self._dictionaries = [Dictionary() if column.kind == "text" else None for column in self.columns]
        self._buffer: list[tuple[Any, ...]] = []
        self.append = self._buffer.append

    def settle(self) -> None:
        """Turn the rows of the buffer into columns. ValueError when a row is too long or too short."""
        if not self._buffer:
            return
        columns = zip(*self._buffer, strict=True)
        for data, dictionary, values in zip(self._data, self._dictionaries, columns, strict=True):
            data.append(values if dictionary is None else dictionary.codes(values))
        self._buffer.clear()

    def fill(self, columns: Iterable[Any]) -> None:
        """Put whole columns after what is there, in their declared order.

        Arrays (n,) for numbers; for text lists, or pairs of codes (n,) and their entries, which are distinct (of
        `LazyTexts` all are in use). What is put into an empty table is kept and not copied: nobody may change it.
        """
        self.settle()
        for data, dictionary, values in zip(self._data, self._dictionaries, columns, strict=True):
            if dictionary is not None:
                of_pair = isinstance(values, tuple)
                values = dictionary.merged(*values) if of_pair else array("i", dictionary.codes(values))
            data.extend(np.asarray(values))

    def __len__(self) -> int:
        return len(self._data[0]) + len(self._buffer)

    def column(self, name: str) -> Any:
        """An array (n_rows,), or a list of strings for text."""
        at = self._at(name)
        values, dictionary = self._values(at), self._dictionaries[at]
        return _wide(values, self.columns[at].kind) if dictionary is None else dictionary.texts(values)

    def codes(self, name: str) -> tuple[Codes, Sequence[str]]:
        """A column of text: for each row the code of its entry, (n_rows,), and the distinct entries, all in use."""
        at = self._at(name)
        return _wide(self._values(at), "text"), self._dictionary(at).entries

    def where(self, name: str, wanted: str) -> NDArray[np.bool_]:
        """Which rows have that text in a column of text, (n_rows,)."""
        at = self._at(name)
        values, code = self._values(at), self._dictionary(at).code(wanted)
        found: NDArray[np.bool_] = np.zeros(len(values), bool) if code is None else values == code
        return found

    def _at(self, name: str) -> int:
        return next(at for at, column in enumerate(self.columns) if column.name == name)

    def _dictionary(self, at: int) -> Dictionary:
        found = self._dictionaries[at]
        if found is None:
            raise TypeError(f"{self.columns[at].name}: numbers have no codes")
        return found

    def _values(self, at: int) -> NDArray[Any]:
        """A column's numbers as they are kept, codes for text."""
        self.settle()
        return self._data[at].all()

    def sort(self, name: str) -> None:
        """Put the rows in the order of one column of numbers; rows that tie keep theirs."""
        keys = self.column(name)
        if (keys[1:] >= keys[:-1]).all():
            return
        order = np.argsort(keys, kind="stable")
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
        """Put numbers after what is there."""
        # `struct` turns numbers into bytes several times faster than an array takes them one by one.
        self._grow(struct.pack(f"{len(values)}{self._typecode}", *values))

    def extend(self, values: NDArray[Any]) -> None:
        """Put an array after what is there; the first one is kept unless its numbers are of another kind."""
        if not len(self) and np.can_cast(values.dtype, self._dtype):
            self._values = values
        else:
            self._grow(values.astype(self._dtype, copy=False).tobytes())

    def all(self) -> NDArray[Any]:
        """An array (n_rows,), of narrower numbers than declared where such were given."""
        if not isinstance(self._values, array):
            return self._values
        return np.frombuffer(self._values, self._dtype) if self._values else np.empty(0, self._dtype)

    def reorder(self, order: NDArray[np.int64]) -> None:
        """Put the rows in this order."""
        self._values = self.all()[order]


def _wide(values: NDArray[Any], kind: Kind) -> NDArray[Any]:
    """As a column of its kind is declared."""
    return values.astype(_DTYPES[kind], copy=False)
