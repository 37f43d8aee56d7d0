"""Arrays as text reads them that the interpreter runs: rows with attributes, while nothing changes.

For who looks things up in a state of arrays with the text's own functions, and writes nothing.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from sim.records.layout import ArrayState


class AsRows:
    """A state's arrays as the text's functions read them in the interpreter, while nothing changes: by rows with
    attributes. Views of numpy's that do the same take twenty times as long."""

    def __init__(self, state: ArrayState) -> None:
        self._state = state

    def __getattr__(self, name: str) -> Any:
        table = self._state[name]
        found: Any = _Column(table) if table.dtype.names is None else _Rows(table)
        found = found[0] if name == "g" else found
        setattr(self, name, found)
        return found


class _Column:
    """A table of numbers."""

    __slots__ = ("_item",)

    def __init__(self, table: NDArray[Any]) -> None:
        self._item = table.item

    def __getitem__(self, at: int) -> Any:
        return self._item(at)


class _Rows:
    """A table of rows; a column is looked up once."""

    __slots__ = ("_columns", "_table")

    def __init__(self, table: NDArray[Any]) -> None:
        self._table, self._columns = table, dict[str, Any]()

    def __getitem__(self, at: int) -> _Row:
        return _Row(self, at)

    def item(self, field: str, at: int) -> Any:
        """A number of a row."""
        if field not in self._columns:
            self._columns[field] = self._table[field].item
        return self._columns[field](at)


class _Row:
    __slots__ = ("_at", "_rows")

    def __init__(self, rows: _Rows, at: int) -> None:
        self._rows, self._at = rows, at

    def __getattr__(self, field: str) -> Any:
        return self._rows.item(field, self._at)
