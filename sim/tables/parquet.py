"""Columns as Parquet files, written and read back; loaded only when somebody does.

Each column's field carries its `unit` and `meaning`, so that a file explains itself away from this program. Text is
dictionary-encoded: a column of a million host names is a million small numbers and one list of names. Where pyarrow is
not built for a system all else works, and writing or reading a file is refused in a line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from sim.errors import InputError
from sim.files import replacing
from sim.tables.codes import in_order_of_use
from sim.tables.columns import Column, Table

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ModuleNotFoundError:
    pa = pq = None

_AGAIN: Final = "have the result made again by this version, with --out"


def require() -> None:
    """InputError where there is nothing to write or read such files with."""
    if pq is None:
        problem = "is not installed, and tables are written and read as Parquet by it"
        raise InputError("pyarrow", problem, "install it (pip install pyarrow), or take --json without --out")


def write_table(path: Path, table: Table) -> None:
    """One table of a run."""
    require()
    columns = {
        column.name: _text(table, column.name) if column.kind == "text" else table.column(column.name)
        for column in table.columns
    }
    write_columns(path, table.columns, columns)


def _text(table: Table, name: str) -> pa.DictionaryArray:
    codes, entries = table.codes(name)
    order = in_order_of_use(codes, len(entries))
    place = np.empty(len(entries), np.int32)
    place[order] = np.arange(len(entries), dtype=np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(place[codes]), pa.array([entries[at] for at in order], pa.string()))


def write_columns(path: Path, columns: Sequence[Column], arrays: Mapping[str, Any]) -> None:
    """Columns of equal length, by name: arrays of numbers, and where `kind` is text strings, or codes already."""
    require()
    fields, data = [], []
    for column in columns:
        values = arrays[column.name]
        if column.kind == "text" and not isinstance(values, pa.DictionaryArray):
            array = pa.array(values, pa.string()).dictionary_encode()
        else:
            array = values if column.kind == "text" else pa.array(values)
        about = column.about
        fields.append(pa.field(column.name, array.type, nullable=False, metadata=about))
        data.append(array)
    with replacing(path) as temporary:
        pq.write_table(pa.Table.from_arrays(data, schema=pa.schema(fields)), temporary, compression="zstd")


def read_table(path: Path, columns: Sequence[Column]) -> Table:
    """A run's table as `write_table` left it. InputError for a file that is none, or that lacks a column."""
    require()
    try:
        found = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        why = str(error).partition("\n")[0].rstrip(".")
        raise InputError(str(path), f"cannot be read ({why})", _AGAIN) from None
    lacks = [column.name for column in columns if column.name not in found.column_names]
    if lacks:
        raise InputError(str(path), f"lacks the column {lacks[0]}", _AGAIN)
    table = Table(columns)
    table.fill(_values(found.column(column.name).combine_chunks(), column) for column in columns)
    return table


def _values(array: Any, column: Column) -> Any:
    """A column as `Table.fill` takes it."""
    if column.kind != "text":
        return array.to_numpy(zero_copy_only=False)
    coded = array if isinstance(array, pa.DictionaryArray) else array.dictionary_encode()
    return coded.indices.to_numpy(zero_copy_only=False), coded.dictionary.to_pylist()
