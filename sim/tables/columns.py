"""A table as columns: a million rows are a million entries in a few arrays, never an object each.

Whole columns are given, and kept as they are: narrower numbers than declared, or every so many bytes of somebody's
memory. Text is kept as codes, numbers of the different words that a column has: whoever can should ask for those. What
is kept on disk moves into files without a name as it grows, one for each column, and a column is mapped into memory
while somebody looks at it.
"""

from __future__ import annotations

import struct
import tempfile
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from sim.tables.codes import Codes, Dictionary

Kind = Literal["float", "int", "bool", "text"]

_TYPECODES: Final[Mapping[Kind, str]] = {"float": "d", "int": "q", "bool": "b", "text": "i"}
_DTYPES: Final[Mapping[Kind, str]] = {"float": "<f8", "int": "<i8", "bool": "|b1", "text": "<i4"}

#: What a column's name ends in, and its unit.
_UNITS: Final[Mapping[str, str]] = {"_s": "s", "_bytes": "bytes", "_Bps": "bytes/s", "_usd": "USD"}

IN_MEMORY: Final = 1 << 15
"""Numbers kept on disk of which so many stay in memory; the next go with them."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its name (which carries the unit), what it holds, and what that means."""

    name: str
    kind: Kind
    meaning: str

    @property
    def unit(self) -> str:
        """The unit that its name ends with; empty for counts, shares and text."""
        return next((unit for suffix, unit in _UNITS.items() if self.name.endswith(suffix)), "")

    @property
    def about(self) -> dict[str, str]:
        """As files and frames say it."""
        return {"unit": self.unit, "meaning": self.meaning}


class Table:
    """Rows of one table, kept as columns.

    `append` takes one row's values in the order of the declared columns and checks nothing: rows are looked at together
    when they settle. `column(name)` gives an array (n_rows,), or a list of strings for text, of which `codes(name)`
    gives the numbers.
    """

    __slots__ = ("_buffer", "_data", "_dictionaries", "append", "columns")

    def __init__(self, columns: Iterable[Column], on_disk: bool = False) -> None:
        """With `on_disk`, whatever more than `IN_MEMORY` rows take goes to the folder for temporary files."""
        self.columns = tuple(columns)
        self._data = [Numbers(on_disk) for _ in self.columns]
        #: The words of each column of text, by number.
        self._dictionaries = [Dictionary() if column.kind == "text" else None for column in self.columns]
        self._buffer: list[tuple[Any, ...]] = []
        self.append = self._buffer.append

    def settle(self) -> None:
        """Turn the rows of the buffer into columns. ValueError when a row is too long or too short."""
        if not self._buffer:
            return
        columns = zip(*self._buffer, strict=True)
        for column, data, dictionary, values in zip(self.columns, self._data, self._dictionaries, columns, strict=True):
            numbers = values if dictionary is None else dictionary.codes(values)
            # `struct` takes no fraction for a whole number.
            packed = struct.pack(f"{len(numbers)}{_TYPECODES[column.kind]}", *numbers)
            data.extend(np.frombuffer(packed, _DTYPES[column.kind]))
        self._buffer.clear()

    def fill(self, columns: Iterable[Any]) -> None:
        """Put whole columns after what is there, in their declared order.

        Arrays (n,) for numbers; for text lists, or pairs of codes (n,) and their entries, which are distinct (of
        `LazyTexts` all are in use). What is put into an empty table is kept and not copied: nobody may change it.
        """
        self.settle()
        for column, data, dictionary, values in zip(self.columns, self._data, self._dictionaries, columns, strict=True):
            if dictionary is None:
                found = np.asarray(values)
            elif isinstance(values, tuple):
                found = dictionary.merged(*values)
            else:
                found = np.array(dictionary.codes(values), np.int32)
            data.extend(found if np.can_cast(found.dtype, _DTYPES[column.kind]) else _wide(found, column.kind))

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


class Numbers:
    """Numbers that grow, of the narrowest kind among those given that holds all of them.

    What is put first is kept and not copied: nobody may change it. With `on_disk`, whatever more than `IN_MEMORY` of
    them take goes to a file.
    """

    __slots__ = ("__weakref__", "_close", "_dtype", "_file", "_held", "_in_file", "_on_disk")

    def __init__(self, on_disk: bool = False) -> None:
        self._dtype: np.dtype[Any] = np.dtype(np.int8)
        #: Those that stay in memory, the last ones if there is a file.
        self._held: NDArray[Any] | bytearray = bytearray()
        self._on_disk = on_disk
        self._file: IO[bytes] | None = None
        self._close: Callable[[], Any] = int
        self._in_file = 0

    def __len__(self) -> int:
        return self._in_file + self.in_memory

    @property
    def in_memory(self) -> int:
        """How many of them are not in a file."""
        return len(self._held) // (1 if isinstance(self._held, np.ndarray) else self._dtype.itemsize)

    def extend(self, values: NDArray[Any]) -> None:
        """Put these behind what is there."""
        if not len(self):
            self._dtype, self._held = values.dtype, values
        else:
            kind = np.promote_types(self._dtype, values.dtype)
            if kind != self._dtype:
                self._replace(self.all().astype(kind))
            self._grow(values.astype(kind, copy=False).tobytes())
        if self._on_disk and self.in_memory >= IN_MEMORY:
            self._put_away()

    def all(self) -> NDArray[Any]:
        """All of them, (n,); those of a file are mapped into memory while somebody has them."""
        if self._file is not None:
            self._put_away()
            self._file.flush()
            return np.memmap(self._file, self._dtype, "r", shape=(self._in_file,)).view(np.ndarray)
        if isinstance(self._held, np.ndarray):
            return self._held
        return np.frombuffer(self._held, self._dtype) if self._held else np.empty(0, self._dtype)

    def reorder(self, order: NDArray[np.int64]) -> None:
        """Put them in this order; whoever has looked at them keeps what was there."""
        self._replace(self.all()[order])

    def _grow(self, more: bytes) -> None:
        if isinstance(self._held, np.ndarray):
            self._held = bytearray(self._held.tobytes())
        try:
            self._held += more
        except BufferError:  # whoever has looked at it keeps what was there
            self._held = self._held + more

    def _replace(self, values: NDArray[Any]) -> None:
        self._close()
        self._file, self._in_file = None, 0
        self._dtype, self._held = values.dtype, values
        if self._on_disk and len(values) >= IN_MEMORY:
            self._put_away()

    def _put_away(self) -> None:
        """Move them to the end of the file."""
        if self._file is None:
            # It has no name, so that nothing is left of it whatever happens; what is mapped of it stays so.
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by whoever drops these numbers
            self._close = weakref.finalize(self, self._file.close)
        count = self.in_memory
        self._file.write(np.ascontiguousarray(self._held).data)
        self._in_file += count
        self._held = bytearray()

    def __reduce__(self) -> tuple[Any, ...]:
        """Whoever is sent them has them in memory."""
        return _in_memory, (np.array(self.all()),)


def _in_memory(values: NDArray[Any]) -> Numbers:
    made = Numbers()
    made.extend(values)
    return made


def _wide(values: NDArray[Any], kind: Kind) -> NDArray[Any]:
    """As a column of its kind is declared."""
    return values.astype(_DTYPES[kind], copy=False)
