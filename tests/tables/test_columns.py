"""Tables as columns: what is put in comes out, whichever way it is put."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.tables.codes import LazyTexts, in_order_of_use
from sim.tables.columns import Column, Table

COLUMNS = (
    Column("at_s", "float", ""),
    Column("size", "int", ""),
    Column("late", "bool", ""),
    Column("who", "text", ""),
)
ROWS = st.lists(
    st.tuples(st.floats(0, 9), st.integers(-(2**60), 2**60), st.booleans(), st.text("ab\u00e9", max_size=2))
)


def filled(batches: list[list[tuple[float, int, bool, str]]]) -> Table:
    """A table that settles after each batch."""
    table = Table(COLUMNS)
    for batch in batches:
        for row in batch:
            table.append(row)
        table.settle()
    return table


@given(st.lists(ROWS, max_size=5), ROWS)
def test_a_table_keeps_what_is_appended_and_sorts_it(
    batches: list[list[tuple[float, int, bool, str]]], more: list[tuple[float, int, bool, str]]
) -> None:
    """Whatever is appended, looked at, and appended after that: the rows in their order, then by time, ties as before.

    A view of a column keeps what was there when it was taken.
    """
    table = filled(batches)
    before = [row for batch in batches for row in batch]
    view = table.column("size")
    for row in more:
        table.append(row)
    for expected in ([*before, *more], sorted([*before, *more], key=lambda row: row[0])):
        assert len(table) == len(expected)
        for at, column in enumerate(COLUMNS):
            assert list(table.column(column.name)) == [row[at] for row in expected]
        table.sort("at_s")
    assert view.tolist() == [row[1] for row in before]


@given(st.lists(st.lists(st.sampled_from(["", "a", "b", "\u00e9", "ab"])), max_size=4))
def test_text_is_the_same_however_it_is_put(batches: list[list[str]]) -> None:
    """As rows, as lists, as codes of entries in any order: the same text, and every entry is in use."""
    ways = [Table(COLUMNS[3:]) for _ in range(3)]
    for batch in batches:
        entries = sorted({*batch, "never"}, reverse=True)
        for who in batch:
            for table in ways:
                table.append((who,))
        ways[0].settle()
        for who in batch:
            ways[0].append((who,))
        ways[1].fill([batch])
        ways[2].fill([(np.array([entries.index(who) for who in batch], np.int64), entries)])
    batches = [batch * 2 for batch in batches]
    expected = [who for batch in batches for who in batch]
    for table in ways:
        codes, used = table.codes("who")
        assert codes.dtype == np.int32
        assert [used[code] for code in codes.tolist()] == table.column("who") == expected
        assert list(used) == list(dict.fromkeys(expected))
        for who in ("a", "never"):
            assert table.where("who", who).tolist() == [each == who for each in expected]


def test_entries_may_be_made_when_they_are_asked_for() -> None:
    """Of 2**40 texts two are in use, and the empty one; more rows may follow."""
    table = Table(COLUMNS[3:])
    table.fill([(np.array([1, 0, 2, 1]), LazyTexts(range(2**40), np.array([7, 2**39, -1])))])  # type: ignore[arg-type]
    codes, entries = table.codes("who")
    assert (codes.tolist(), list(entries)) == ([1, 0, 2, 1], [7, 2**39, ""])
    table.append(("x",))
    assert table.column("who") == [2**39, 7, "", 2**39, "x"]


def test_a_column_that_is_given_is_not_copied() -> None:
    """Numbers of somebody's rows, and narrow ones, are kept as they are and read as they are declared."""
    rows_of_state = np.zeros(3, [("at_s", "f8"), ("size", "i8")])
    rows_of_state["at_s"] = 2.0, 1.0, 3.0
    table = Table(COLUMNS[:3])
    table.fill((rows_of_state["at_s"], np.array([5, -6, 7], np.int8), np.array([True, False, True])))
    assert np.shares_memory(table.column("at_s"), rows_of_state)
    assert table.column("size").dtype == np.int64
    table.sort("at_s")
    table.append((0.5, 2**60, False))
    assert rows_of_state["at_s"].tolist() == [2.0, 1.0, 3.0]
    assert table.column("at_s").tolist() == [1.0, 2.0, 3.0, 0.5]
    assert table.column("size").tolist() == [-6, 5, 7, 2**60]
    assert table.column("late").tolist() == [False, True, True, False]


def test_only_text_has_codes() -> None:
    """Numbers are asked for as they are."""
    table = filled([[(1.0, 2, True, "x")]])
    for ask in (table.codes, lambda name: table.where(name, "x")):
        with pytest.raises(TypeError, match="size"):
            ask("size")


def test_codes_in_order_of_use() -> None:
    """Of 3, 1, 3, 0 the first is 3; 2 is not there."""
    assert in_order_of_use(np.array([3, 1, 3, 0]), 4).tolist() == [3, 1, 0]
    assert in_order_of_use(np.array([], np.int64), 0).tolist() == []
