"""Layouts, and states that have them: tables of rows, as objects or as arrays.

A table that counts its rows has a global `TABLE_used`; whoever runs kernel code lengthens it (`grow`) before it could
run out, or lets rows that are objects come as they are counted (`grow_as_counted`). What an array of rows looks like in
memory is numpy's own structured dtype, with fields in the order of their widths.

Left out: rows that go away (tables have lists of free ones), text (codes stand for it), arrays within rows.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from operator import attrgetter
from typing import Annotated, Any, Final, get_type_hints

import numpy as np
from numpy.typing import NDArray

#: Whole numbers that take less memory in arrays; to kernel code, and in rows that are objects, they are like any
#: others. Times are floats of 64 bits, and bytes whole numbers of 64.
Int8 = Annotated[int, "int8"]
Int32 = Annotated[int, "int32"]

#: What a column's values are, by the type that declares them.
_DTYPES: Final[dict[Any, np.dtype[Any]]] = {
    float: np.dtype(np.float64), int: np.dtype(np.int64), Int32: np.dtype(np.int32), Int8: np.dtype(np.int8),
}  # fmt: skip
_WORD_BYTES: Final = 8


class Layout:
    """The globals, and the tables by name: a class whose annotated fields are floats and ints, or `float` or `int`.

    A class attribute is what a new row has in that field, 0 where there is none.
    """

    def __init__(
        self, globals_: type, tables: Mapping[str, type], along: Mapping[str, tuple[str, int]] | None = None
    ) -> None:
        self.globals_ = globals_
        self.tables = dict(tables)
        #: The tables that grow: the global that counts their rows, and how many rows each of those counted takes.
        self.counted = {name: (f"{name}_used", 1) for name in tables if f"{name}_used" in fields(globals_)}
        self.counted |= {name: (f"{other}_used", each) for name, (other, each) in (along or {}).items()}

    def dtype(self, name: str) -> np.dtype[Any]:
        """Of a table's rows."""
        kind = self.globals_ if name == "g" else self.tables[name]
        return _DTYPES.get(kind) or _dtype(kind)

    def is_column(self, name: str) -> bool:
        """Whether a table has one number a row."""
        return self.tables[name] in _DTYPES

    def rows(self, name: str, count: int) -> NDArray[Any]:
        """So many new rows of a table."""
        made = np.zeros(count, self.dtype(name))
        self.make_new(name, made)
        return made

    def make_new(self, name: str, rows: NDArray[Any]) -> None:
        """Give rows of zeros what new ones have."""
        kind = self.globals_ if name == "g" else self.tables[name]
        for field, value in _defaults(kind):
            rows[field] = value


@cache
def fields(kind: type) -> dict[str, type]:
    """The fields of a row, in their order."""
    return get_type_hints(kind, include_extras=True)


@cache
def _defaults(kind: type) -> tuple[tuple[str, Any], ...]:
    """The fields in which a new row has something else than 0, with what that is."""
    found = ((field, getattr(kind, field, 0)) for field in (fields(kind) if kind not in _DTYPES else ()))
    return tuple((field, value) for field, value in found if value)


@cache
def _new_row(kind: type) -> Any:
    """What a new row has, as a tuple, or as a number."""
    if kind in _DTYPES:
        return _number(kind)(0)
    defaults = dict(_defaults(kind))
    return tuple(_number(of)(defaults.get(field, 0)) for field, of in fields(kind).items())


def _number(kind: Any) -> type:
    """What a number of a kind is in rows that are objects."""
    return float if kind is float else int


@cache
def _dtype(kind: type) -> np.dtype[Any]:
    """Fields in their order; in memory the widest come first, so that each is where its own width wants it."""
    declared = {name: _DTYPES[of] for name, of in fields(kind).items()}
    offsets, end = {}, 0
    for name in sorted(declared, key=lambda name: -declared[name].itemsize):
        offsets[name] = end
        end += declared[name].itemsize
    widest = max(of.itemsize for of in declared.values())
    size = -(-end // widest) * widest
    if size == _WORD_BYTES * len(declared):
        return np.dtype(list(declared.items()))
    return np.dtype({
        "names": list(declared), "formats": list(declared.values()), "offsets": [offsets[name] for name in declared],
        "itemsize": size,
    })  # fmt: skip


@cache
def _row_type(kind: type) -> type:
    """A small object with the fields of a row."""
    return type(kind.__name__, (), {"__slots__": tuple(fields(kind)), "__doc__": kind.__doc__})


@cache
def _maker(kind: type) -> Callable[[Iterable[tuple[Any, ...]]], list[Any]]:
    """What makes small objects of the values of all their fields: a function of its own, as rows are many."""
    scope: dict[str, Any] = {"new": _row_type(kind)}
    targets = "".join(f"row.{name}, " for name in fields(kind))
    exec(
        "def make(rows):\n    made = []\n    add = made.append\n"
        f"    for values in rows:\n        row = new()\n        {targets} = values\n"
        "        add(row)\n    return made\n",
        scope,
    )
    maker: Callable[[Iterable[tuple[Any, ...]]], list[Any]] = scope["make"]
    return maker


@cache
def _counting_type(kind: type, counters: tuple[str, ...]) -> type:
    """Globals some of which count rows: one that is counted up to its limit has `_more` called."""
    plain = _row_type(kind)

    def counting(name: str) -> property:
        slot = getattr(plain, name)
        put = slot.__set__

        def count(g: Any, value: int) -> None:
            put(g, value)
            if value > g.limits[name]:
                _more(g, name)

        return property(slot.__get__, count)

    namespace = {"__slots__": ("limits", "counted", "spare"), **{name: counting(name) for name in counters}}
    return type(kind.__name__, (plain,), namespace)


def _more(g: Any, counter: str) -> None:
    """More rows for all tables that go by a global."""
    value = getattr(g, counter)
    for table, each, new in g.counted[counter]:
        short = (value + g.spare) * each - len(table)
        if short > 0:
            table += new(max(short, len(table) // 2, g.spare))
    g.limits[counter] = min(len(table) // each for table, each, _ in g.counted[counter]) - g.spare


def _objects(kind: type, rows: Iterable[tuple[Any, ...]]) -> list[Any]:
    collects = gc.isenabled()
    gc.disable()  # none of so many is garbage
    made = _maker(kind)(rows)
    if collects:
        gc.enable()
    return made


def _new_rows(layout: Layout, name: str, count: int) -> list[Any]:
    rows = [_new_row(layout.tables[name])] * count
    return rows if layout.is_column(name) else _objects(layout.tables[name], rows)


class ArrayState:
    """Tables as arrays, and where they are in memory, for machine code."""

    def __init__(self, layout: Layout, tables: Mapping[str, NDArray[Any]]) -> None:
        self.layout = layout
        self._tables = {"g": layout.rows("g", 1)} | {name: layout.rows(name, 0) for name in layout.tables}
        self._places = np.zeros(2 * len(self._tables), np.int64)
        #: Where machine code finds it.
        self.address = int(self._places.ctypes.data)
        for name in self._tables:
            self._put(name, np.ascontiguousarray(tables.get(name, self._tables[name])))

    def _put(self, name: str, table: NDArray[Any]) -> None:
        if table.dtype != self.layout.dtype(name):
            raise TypeError(f"table {name} has rows of {table.dtype}, not of {self.layout.dtype(name)}")
        self._tables[name] = table
        at = 2 * list(self._tables).index(name)
        self._places[at], self._places[at + 1] = table.ctypes.data, len(table)

    def __getitem__(self, name: str) -> NDArray[Any]:
        """A whole table, (n_rows,); the globals are the one row of `g`."""
        return self._tables[name]

    def first(self, name: str, count: int) -> NDArray[Any]:
        """So many of its rows from the first on, (count,)."""
        return self._tables[name][:count]

    @property
    def g(self) -> Any:
        """The globals, a record."""
        return self._tables["g"][0]

    def length(self, name: str) -> int:
        """How many rows a table has, in use or not."""
        return len(self._tables[name])

    def column(self, name: str, field: str, count: int) -> list[Any]:
        """A field of so many of its rows from the first on."""
        values: list[Any] = self._tables[name][field][:count].tolist()
        return values

    def grow(self, name: str, more: int) -> None:
        """So many more new rows for a table."""
        table = self._tables[name]
        if not table.flags.owndata:
            table = table.copy()
        size = len(table)
        # A large array grows where it is, or its pages are moved: nothing is copied, and it is never there twice.
        table.resize(size + more, refcheck=False)
        self.layout.make_new(name, table[size:])
        self._put(name, table)

    def replace(self, name: str, table: NDArray[Any]) -> None:
        """Another table in its place."""
        self._put(name, np.ascontiguousarray(table))


@cache
def _with_slots(kind: type, names: tuple[str, ...]) -> type:
    return type(kind.__name__, (kind,), {"__slots__": names})


class ObjectState:
    """Tables as lists of small objects (or of numbers), for the interpreter."""

    g: Any

    def __new__(cls, layout: Layout, tables: Mapping[str, NDArray[Any]]) -> ObjectState:
        """With a slot for each table, which is read in half the time."""
        kind: Any = cls
        made: ObjectState = object.__new__(_with_slots(kind, ("g", *layout.tables)))
        return made

    def __init__(self, layout: Layout, tables: Mapping[str, NDArray[Any]]) -> None:
        self.layout = layout
        #: Whether tables get rows as they are counted, so that nobody else has to lengthen them.
        self.grows_as_counted = False
        globals_ = tables["g"].tolist() if "g" in tables else [_new_row(layout.globals_)]
        (self.g,) = _objects(layout.globals_, globals_)
        for name in layout.tables:
            values = tables[name].tolist() if name in tables else []
            setattr(self, name, values if layout.is_column(name) else _objects(layout.tables[name], values))

    def __getitem__(self, name: str) -> NDArray[Any]:
        """A whole table as an array, (n_rows,): a copy."""
        return self.first(name, 1 if name == "g" else len(getattr(self, name)))

    def first(self, name: str, count: int) -> NDArray[Any]:
        """So many of its rows from the first on, (count,): a copy."""
        rows: Sequence[Any] = [self.g] if name == "g" else getattr(self, name)[:count]
        dtype = self.layout.dtype(name)
        if dtype.names is None:
            return np.array(rows, dtype)
        made = np.empty(len(rows), dtype)
        for field in dtype.names:
            made[field] = np.fromiter(map(attrgetter(field), rows), dtype[field], len(rows))
        return made

    def length(self, name: str) -> int:
        """How many rows a table has, in use or not."""
        return len(getattr(self, name))

    def column(self, name: str, field: str, count: int) -> list[Any]:
        """A field of so many of its rows from the first on."""
        return [getattr(row, field) for row in getattr(self, name)[:count]]

    def grow(self, name: str, more: int) -> None:
        """So many more new rows for a table."""
        table: list[Any] = getattr(self, name)
        table += _new_rows(self.layout, name, more)

    def grow_as_counted(self, counted: Mapping[str, tuple[str, int]], spare: int) -> None:
        """From now on tables get more rows as soon as the global that counts them leaves fewer than `spare`.

        `counted` is by table, as `Layout.counted`: the global, and how many rows it takes for each that it counts.
        """
        by_counter: dict[str, list[Any]] = {}
        for name, (counter, each) in counted.items():
            new = partial(_new_rows, self.layout, name)
            by_counter.setdefault(counter, []).append((getattr(self, name), each, new))
        before, self.g = self.g, _counting_type(self.layout.globals_, tuple(by_counter))()
        self.g.spare, self.g.counted, self.g.limits = spare, by_counter, dict.fromkeys(by_counter, -1)
        for field in fields(self.layout.globals_):
            setattr(self.g, field, getattr(before, field))
        self.grows_as_counted = True

    def replace(self, name: str, table: NDArray[Any]) -> None:
        """Another table in its place."""
        rows = table.tolist()
        getattr(self, name)[:] = rows if self.layout.is_column(name) else _objects(self.layout.tables[name], rows)


State = ArrayState | ObjectState


def as_arrays(state: State) -> ArrayState:
    """The same rows, for machine code."""
    return ArrayState(state.layout, {name: state[name] for name in names(state.layout)})


def copied(state: State) -> State:
    """The same rows once more."""
    kind = ObjectState if isinstance(state, ObjectState) else ArrayState
    return kind(state.layout, {name: state[name].copy() for name in names(state.layout)})


def used(state: State, name: str) -> NDArray[Any]:
    """The rows of a counted table that are in use, (n,)."""
    counter, each = state.layout.counted[name]
    rows = getattr(state.g, counter) if isinstance(state, ObjectState) else int(state.g[counter])
    return state.first(name, rows * each)


def table_of(layout: Layout, name: str, columns: Mapping[str, Any], count: int | None = None) -> NDArray[Any]:
    """New rows of a table with these columns; what is not named has its default."""
    length = len(next(iter(columns.values()))) if count is None else count
    made = layout.rows(name, length)
    for field, values in columns.items():
        made[field] = values
    return made


def names(layout: Layout) -> Iterable[str]:
    """Of all tables, the globals first: the order in which their places stand in memory."""
    return ("g", *layout.tables)
