"""Observed rows, taken out of a state while it runs, so that a long run needs little memory.

Ops write them and never read them (`sim.protocol.state.observed`). They are kept as columns of the narrowest numbers
that hold them, where they are many on disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.records.layout import ObjectState, State, used
from sim.tables.columns import Numbers

Columns = Mapping[str, NDArray[Any]]

#: What programs write and never read: tables whose rows are counted together.
ENDED: Final = ("ended", "deploy_phases_s", "deploy_waited_s")
LOGGED: Final = ("logged_deploys", "logged_phases_s", "logged_waited_s")
WRITTEN: Final = (
    ("transfers",), ("starts",), ("pulls_begun",), ("syncs",), ("drops",), ("tag_changes",), ("segments",), ("bins",),
    ENDED, LOGGED,
)  # fmt: skip
MANY: Final = 1 << 15
"""Rows from which on it pays to take them out."""

_KINDS: Final = ((np.int8, 8), (np.int16, 16), (np.int32, 32), (np.int64, 64))


class Taken(Columns):
    """All rows of some tables, by field, (n,) each, as numbers of the narrowest kind that holds them.

    Those on disk are mapped into memory while somebody has them.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, Numbers] = {}

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._numbers[name].all()

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def add(self, name: str, values: NDArray[Any], on_disk: bool) -> None:
        """Put a copy of these behind what the field has."""
        self._numbers.setdefault(name, Numbers(on_disk)).extend(narrow(values))

    def sort(self, name: str) -> None:
        """Put all rows in the order of one field; those that tie keep theirs."""
        keys = self[name]
        if (keys[1:] >= keys[:-1]).all():
            return
        order = np.argsort(keys, kind="stable")
        # A field at a time: of a long run there is no memory for two of each.
        for numbers in self._numbers.values():
            numbers.reorder(order)


class Collected:
    """The rows of one run that were taken out of its state; `on_disk`, where they are many."""

    def __init__(self, on_disk: bool = False) -> None:
        self.on_disk = on_disk
        self._taken: dict[Sequence[str], Taken] = {}

    def take(self, state: State, *names: str) -> None:
        """Take all rows in use of tables that are counted together: they have none after that.

        A table of single numbers, of which each row has several, has a field for each of these: `name.0`, `name.1`.
        """
        taken = self._taken.setdefault(names, Taken())
        for name in names:
            for field, values in _fields(state, name):
                taken.add(field, values, self.on_disk)
        counter, _ = state.layout.counted[names[0]]
        if isinstance(state, ObjectState):
            setattr(state.g, counter, 0)
        else:
            state.g[counter] = 0

    def take_if_many(self, state: State, many: int = MANY) -> None:
        """The same for each table that programs only write, where there are so many rows; for between two events."""
        for names in WRITTEN:
            counter, _ = state.layout.counted[names[0]]
            if int(getattr(state.g, counter) if isinstance(state, ObjectState) else state.g[counter]) >= many:
                self.take(state, *names)

    def columns(self, state: State, *names: str) -> Taken:
        """All rows of tables that are counted together; they are taken out of the state, and out of here."""
        self.take(state, *names)
        return self._taken.pop(names)


def _fields(state: State, name: str) -> Iterator[tuple[str, NDArray[Any]]]:
    rows, (_, each) = used(state, name), state.layout.counted[name]
    if rows.dtype.names:
        yield from ((field, rows[field]) for field in rows.dtype.names)
    elif each == 1:
        yield name, rows
    else:
        yield from ((f"{name}.{place}", rows[place::each]) for place in range(each))


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
