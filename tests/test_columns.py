"""Tables as columns, in memory and on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim import columns, rows
from sim.columns import Column, Table
from sim.runner import replay

SCENARIOS = Path(__file__).parents[1] / "scenarios"

COLUMNS = (
    Column("at_s", "float", ""),
    Column("size", "int", ""),
    Column("late", "bool", ""),
    Column("who", "text", ""),
)
ROWS = st.lists(
    st.tuples(st.floats(0, 9), st.integers(-(2**60), 2**60), st.booleans(), st.text("ab\u00e9", max_size=2))
)


def filled(batches: list[list[tuple[float, int, bool, str]]], on_disk: bool) -> Table:
    """A table that settles after each batch."""
    table = Table(COLUMNS)
    if on_disk:
        table.keep_on_disk()
    for batch in batches:
        for row in batch:
            table.append(row)
        table.settle()
    return table


@given(st.lists(ROWS, max_size=5), ROWS)
def test_a_table_on_disk_is_the_same(
    batches: list[list[tuple[float, int, bool, str]]], more: list[tuple[float, int, bool, str]]
) -> None:
    """Whatever is appended, looked at, appended after that and sorted: as in memory, where two rows stay there."""
    keep = columns.IN_MEMORY
    columns.IN_MEMORY = 2
    try:
        tables = [filled(batches, on_disk) for on_disk in (False, True)]
        for table in tables:
            table.column("size")
            for row in more:
                table.append(row)
            table.sort("at_s")
    finally:
        columns.IN_MEMORY = keep
    one, other = tables
    assert len(one) == len(other) == sum(map(len, batches)) + len(more)
    for name in ("at_s", "size", "late"):
        assert other.column(name).dtype == one.column(name).dtype
        np.testing.assert_array_equal(one.column(name), other.column(name))
    assert one.column("who") == other.column("who")


def test_rows_on_disk_take_no_memory() -> None:
    """Of 300 rows, 100 at a time, at most 100 wait in memory; the rest is in files."""
    keep = columns.IN_MEMORY
    columns.IN_MEMORY = 100
    try:
        table = filled([[(float(n), n, False, "x")] * 60 for n in range(5)], on_disk=True)
    finally:
        columns.IN_MEMORY = keep
    assert len(table) == 300
    assert sum(len(column) for column in table._data) <= 4 * 100


def test_a_replay_whose_rows_are_on_disk_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its digest, its metrics and its tables, sorted as they are at the end of a run."""
    scenario = sim.load(SCENARIOS / "replay.toml")
    told = []
    for in_memory in (columns.IN_MEMORY, 4):
        monkeypatch.setattr(columns, "IN_MEMORY", in_memory)
        result = replay(scenario).result
        told.append((rows.digest(result.tables), repr(result.metrics), result.deploys.to_csv(), result.starts.to_csv()))
    assert told[0] == told[1]
    assert isinstance(result.tables["transfers"]._disk, columns._Disk)
