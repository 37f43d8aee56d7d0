"""Kernel code as machine code: what it takes and returns, and that it says what the interpreter says."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

from sim.records import ArrayState, Layout, ObjectState
from sim.records.layout import Int8, as_arrays
from sim.records.scope import scope_of


class Globals:
    total: float
    count: int


class Row:
    number: int
    small: Int8
    part: float = 0.5


LAYOUT = Layout(Globals, {"rows": Row, "flags": Int8})
FACTOR = 3


def note(w: Any, at: int, number: int, part: float) -> None:
    """Write a row, and a flag."""
    row = w.rows[at]
    row.number, row.small, row.part = number, number % 100, part
    w.flags[at] = 1
    w.g.count += 1
    w.g.total += part


def ratio(w: Any, at: int) -> float:
    """A row's number for its part."""
    return float(w.rows[at].number / w.rows[at].part)


def first_above(w: Any, least: float) -> tuple[int, float, bool]:
    """The first row with a part above `least`, that part, and whether it was written; -1 if there is none."""
    for at in range(len(w.rows)):
        if w.rows[at].part > least:
            return at, w.rows[at].part, bool(w.flags[at])
    return -1, 0.0, False


def scaled(w: Any) -> int:
    """The numbers, by a constant of the module."""
    total = 0
    for at in range(len(w.rows)):
        total += FACTOR * w.rows[at].number
    return total


def state() -> Any:
    """Four new rows."""
    return ObjectState(LAYOUT, {name: LAYOUT.rows(name, 4) for name in LAYOUT.tables})


@pytest.mark.slow  # it compiles
def test_calls_take_and_return_numbers_as_annotated() -> None:
    """Ints, floats, a truth, several or nothing, in any order, from one machine code: as the interpreter has them."""
    compiling = pytest.importorskip("sim.records.compiling")
    names = ("note", "ratio", "first_above", "scaled")
    calls = compiling.compile_calls(LAYOUT, (sys.modules[__name__],), names)
    objects, arrays = state(), as_arrays(state())
    for functions, w in ((sys.modules[__name__], objects), (calls, arrays)):
        assert functions.note(w, 2, 7, 0.75) is None
        assert functions.note(w, 1, -5, 4) is None  # an int where a float is taken
        found = [functions.ratio(w, 1), *functions.first_above(w, 0.5), *functions.first_above(w, 9.0)]
        assert found == [-1.25, 1, 4.0, True, -1, 0.0, False]
        assert functions.scaled(w) == 6
    assert [type(one) for one in calls.first_above(arrays, 0.5)] == [int, float, bool]
    for name in ("g", *LAYOUT.tables):
        assert (objects[name] == arrays[name]).all()


def test_a_name_means_one_thing_in_kernel_code() -> None:
    """Modules that are compiled together share their names: two constants or functions of one name are refused."""
    one: Any = ModuleType("one")
    other: Any = ModuleType("other")
    one.HALF, other.HALF = 0.5, 0.25
    with pytest.raises(ValueError, match=r"other\.HALF: another module"):
        scope_of((one, other))


def test_rows_stay_where_they_are_when_a_table_grows() -> None:
    """An array of rows that gets more keeps those that it has, and new ones have what they should."""
    arrays = ArrayState(LAYOUT, {"rows": LAYOUT.rows("rows", 2)})
    arrays["rows"]["number"] = 3, 4
    arrays.grow("rows", 2)
    assert arrays["rows"]["number"].tolist() == [3, 4, 0, 0]
    assert arrays["rows"]["part"].tolist() == [0.5] * 4
    assert arrays.column("rows", "number", 2) == as_arrays(arrays).column("rows", "number", 2) == [3, 4]
