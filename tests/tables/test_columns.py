"""Tables as columns, in memory and on disk."""

from __future__ import annotations

import importlib
import pickle
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim.engines import Engine, collected
from sim.engines.collected import Collected
from sim.records.layout import State
from sim.runner import replay, run
from sim.tables import columns, rows
from sim.tables.codes import LazyTexts, in_order_of_use
from sim.tables.columns import Column, Numbers, Table

SCENARIOS = Path(__file__).parents[2] / "scenarios"

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
    table = Table(COLUMNS, on_disk)
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


@given(st.lists(ROWS, max_size=5), ROWS)
def test_a_table_keeps_what_is_appended_and_sorts_it(
    batches: list[list[tuple[float, int, bool, str]]], more: list[tuple[float, int, bool, str]]
) -> None:
    """Whatever is appended, looked at, and appended after that: the rows in their order, then by time, ties as before.

    A view of a column keeps what was there when it was taken.
    """
    table = filled(batches, on_disk=False)
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


@given(st.lists(st.lists(st.sampled_from(["", "a", "b", "\u00e9", "ab"])), max_size=4), st.booleans())
def test_text_is_the_same_however_it_is_put(batches: list[list[str]], on_disk: bool) -> None:
    """As rows, as lists, as codes of words in any order: the same text, and every word is in use."""
    ways = [Table(COLUMNS[3:], on_disk) for _ in range(3)]
    keep = columns.IN_MEMORY
    columns.IN_MEMORY = 1
    try:
        for batch in batches:
            words = sorted({*batch, "never"}, reverse=True)
            for who in batch:
                for table in ways:
                    table.append((who,))
            ways[0].settle()
            for who in batch:
                ways[0].append((who,))
            ways[1].fill([batch])
            ways[2].fill([(np.array([words.index(who) for who in batch], np.int64), words)])
    finally:
        columns.IN_MEMORY = keep
    batches = [batch * 2 for batch in batches]
    expected = [who for batch in batches for who in batch]
    for table in ways:
        codes, used = table.codes("who")
        assert codes.dtype == np.int32
        assert [used[code] for code in codes.tolist()] == table.column("who") == expected
        assert list(used) == list(dict.fromkeys(expected))
        for who in ("a", "never"):
            assert table.where("who", who).tolist() == [each == who for each in expected]


def test_words_may_be_spelled_when_they_are_asked_for() -> None:
    """Of 2**40 texts two are in use, and the empty one; more rows may follow."""
    table = Table(COLUMNS[3:])
    table.fill([(np.array([1, 0, 2, 1]), LazyTexts(range(2**40), np.array([7, 2**39, -1])))])  # type: ignore[arg-type]
    codes, words = table.codes("who")
    assert (codes.tolist(), list(words)) == ([1, 0, 2, 1], [7, 2**39, ""])
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
    table = filled([[(1.0, 2, True, "x")]], on_disk=False)
    for ask in (table.codes, lambda name: table.where(name, "x")):
        with pytest.raises(TypeError, match="size"):
            ask("size")


def test_codes_in_order_of_use() -> None:
    """Of 3, 1, 3, 0 the first is 3; 2 is not there."""
    assert in_order_of_use(np.array([3, 1, 3, 0]), 4).tolist() == [3, 1, 0]
    assert in_order_of_use(np.array([], np.int64), 0).tolist() == []


def test_rows_on_disk_take_no_memory() -> None:
    """Of 300 rows, 100 at a time, at most 100 wait in memory; the rest is in files."""
    keep = columns.IN_MEMORY
    columns.IN_MEMORY = 100
    try:
        table = filled([[(float(n), n, False, "x")] * 60 for n in range(5)], on_disk=True)
    finally:
        columns.IN_MEMORY = keep
    assert len(table) == 300
    assert all(column.in_memory <= 100 for column in table._data)


def test_numbers_on_disk_become_wider_and_move_and_stay_as_they_were_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """5, 7 and 300 need two bytes; who has looked before keeps what there was then."""
    monkeypatch.setattr(columns, "IN_MEMORY", 2)
    numbers = Numbers(on_disk=True)
    numbers.extend(np.array([5, 7], np.int8))
    before = numbers.all()
    numbers.extend(np.array([300], np.int16))
    wider = numbers.all()
    numbers.reorder(np.array([2, 0, 1]))
    assert (before.dtype, before.tolist()) == (np.dtype(np.int8), [5, 7])
    assert (wider.dtype, wider.tolist()) == (np.dtype(np.int16), [5, 7, 300])
    assert (numbers.all().tolist(), numbers.in_memory) == ([300, 5, 7], 0)


def test_a_table_on_disk_travels_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is sent one, as a worker's answer is, has its rows without its files."""
    monkeypatch.setattr(columns, "IN_MEMORY", 1)
    table = filled([[(1.5, 2**40, True, "x")], [(0.5, 3, False, "y")]], on_disk=True)
    sent: Table = pickle.loads(pickle.dumps(table))
    assert [list(column) for column in sent.arrays().values()] == [[1.5, 0.5], [2**40, 3], [True, False], ["x", "y"]]
    assert all(column.in_memory == 2 for column in sent._data)


@pytest.mark.parametrize("engine", get_args(Engine))
def test_a_replay_whose_rows_are_on_disk_finds_the_same(monkeypatch: pytest.MonkeyPatch, engine: Engine) -> None:
    """Its digest, its metrics and its tables, wherever rows are when it ends: in the state, in memory, in files."""
    scenario = sim.load(SCENARIOS / "replay.toml")
    told, taken = [], []
    take = Collected.take

    def count(self: Collected, state: State, *names: str) -> None:
        taken.append(names[0])
        take(self, state, *names)

    monkeypatch.setattr(Collected, "take", count)
    for in_memory, many in ((columns.IN_MEMORY, collected.MANY), (4, 2)):
        monkeypatch.setattr(columns, "IN_MEMORY", in_memory)
        monkeypatch.setattr(Collected.take_if_many, "__defaults__", (many,))
        taken.clear()
        result = replay(scenario, engine=engine).result
        told.append((rows.digest(result.tables), repr(result.metrics), result.deploys.to_csv(), result.starts.to_csv()))
    assert told[0] == told[1]
    for name, last in (("transfers", "transfers"), ("deploys", "logged_deploys")):
        assert taken.count(last) > 1  # some of them while it went on
        assert all(column.in_memory < 4 for column in result.tables[name]._data)


def test_a_run_whose_rows_are_on_disk_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of so many deploys keeps what it leaves on disk; its digest is that of one in memory."""
    scenario = sim.load(SCENARIOS / "metros.toml", {"demand.rate": "100/day"}).variant("node-direct")
    whole = run(scenario, engine="reference")
    monkeypatch.setattr(columns, "IN_MEMORY", 4)
    monkeypatch.setattr(importlib.import_module("sim.engines.run"), "ON_DISK_FROM", 1)
    monkeypatch.setattr(Collected.take_if_many, "__defaults__", (8,))
    result = run(scenario, engine="reference")
    assert (result.digest, repr(result.metrics)) == (whole.digest, repr(whole.metrics))
    assert all(column.in_memory < 4 for column in result.tables["deploys"]._data)
