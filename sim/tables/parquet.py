"""Columns as Parquet files, written and read; loaded only when somebody does either.

Each column's field carries its `unit` and `meaning`, so that a file explains itself away from this program. Text is
dictionary-encoded: a column of a million host names is a million small numbers and one list of names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sim.errors import InputError, one_line
from sim.files import replacing
from sim.tables.codes import in_order_of_use
from sim.tables.columns import Column, Table


def write_table(path: Path, table: Table) -> None:
    """One table of a run."""
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
    """What `write_table` wrote. InputError when the file is not there, or is another table."""
    try:
        found = pq.read_table(path, columns=[column.name for column in columns])
    except (OSError, pa.ArrowException, ValueError) as error:
        problem = f"cannot be read as a table ({one_line(str(error))[:80]})"
        raise InputError(str(path), problem, "write the result anew") from None
    table = Table(columns)
    table.fill(_values(found.column(column.name), column) for column in columns)
    return table


def _values(found: pa.ChunkedArray, column: Column) -> Any:
    """A column's numbers (n,), or its codes (n,) with their words."""
    if column.kind != "text":
        return found.to_numpy()
    whole = found.unify_dictionaries().combine_chunks()
    if isinstance(whole, pa.ChunkedArray):  # of a column without rows there is no chunk
        return []
    return whole.indices.to_numpy(), whole.dictionary.to_pylist()
