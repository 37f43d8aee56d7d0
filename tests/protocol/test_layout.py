"""Narrow whole numbers in arrays: where they stand in memory, and that rows which are objects have the same."""

from __future__ import annotations

import numpy as np
import pytest

from sim.protocol.state import LAYOUT
from sim.records.layout import ArrayState, ObjectState, table_of

TABLES = [name for name in LAYOUT.tables if not LAYOUT.is_column(name)]


@pytest.mark.parametrize("name", TABLES)
def test_each_field_is_where_its_own_width_wants_it(name: str) -> None:
    dtype = LAYOUT.dtype(name)
    assert dtype.fields is not None
    taken = np.zeros(dtype.itemsize, np.int64)
    for kind, at, *_ in dtype.fields.values():
        assert at % kind.itemsize == 0
        taken[at : at + kind.itemsize] += 1
    assert taken.max() == 1
    assert dtype.itemsize % max(kind.itemsize for kind, *_ in dtype.fields.values()) == 0


@pytest.mark.parametrize("name", TABLES)
def test_times_and_bytes_are_not_narrow(name: str) -> None:
    dtype = LAYOUT.dtype(name)
    for field in dtype.names or ():
        if field.endswith(("_s", "_bytes", "_Bps")):
            assert dtype[field].itemsize == 8


def test_narrow_rows_are_the_same_as_objects() -> None:
    count = 5
    rows = LAYOUT.rows("deploys", count)
    for number, field in enumerate(rows.dtype.names or ()):
        rows[field] = np.arange(count) - number
    arrays, objects = (kind(LAYOUT, {"deploys": rows.copy()}) for kind in (ArrayState, ObjectState))
    for state in (arrays, objects):
        state.grow("deploys", 3)
    assert (arrays["deploys"] == objects["deploys"]).all()
    assert (arrays["deploys"][:count] == rows).all()


def test_narrow_columns_are_filled_by_name() -> None:
    rows = table_of(LAYOUT, "places", {"registry": [1, 2], "repository": [7, 1 << 30]})
    assert rows["repository"].tolist() == [7, 1 << 30]
    assert rows["next"].tolist() == [-1, -1]
