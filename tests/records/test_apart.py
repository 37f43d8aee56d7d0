"""Kernel code in two parts does what it does in one, and neither part needs to know more than annotations."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sim.records import ArrayState, Layout, ObjectState

pytest.importorskip("numba")

from numba.core.caching import NullCache

from sim.records import apart
from sim.records.compiling import compile_kernel
from sim.records.native import StateType


class Globals:
    total: float
    calls: int


class Row:
    number: int


LAYOUT = Layout(Globals, {"rows": Row})

NEAR = """
from __future__ import annotations
from far import doubled, halves, is_odd, noted

def start(w: Any) -> None:
    for at in range(len(w.rows)):
        if is_odd(w, w.rows[at].number):
            noted(w, doubled(w, at))
        else:
            whole, part = halves(w, w.rows[at].number)
            noted(w, whole + part)

def counted(w: Any) -> int:
    w.g.calls += 1
    return w.g.calls
"""
FAR = """
from __future__ import annotations

def doubled(w: Any, at: int) -> int:
    return 2 * helper(w.rows[at])

def helper(row: Any) -> int:
    return row.number

def is_odd(w: Any, number: int) -> bool:
    return number % 2 == 1

def halves(w: Any, number: int) -> tuple[int, float]:
    return number // 4, number / 4

def noted(w: Any, more: float) -> None:
    w.g.total += more * counted(w)

def unused(w: Any) -> int:
    return nothing_that_there_is(w)
"""


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[ModuleType, ModuleType]]:
    """The two, from their source: each calls the other."""

    def made(far: str = FAR) -> tuple[ModuleType, ModuleType]:
        found = []
        for name, text in (("far", far), ("near", NEAR)):
            path = tmp_path / f"{name}.py"
            path.write_text(text, encoding="utf-8")
            spec = importlib.util.spec_from_file_location(name, path)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            monkeypatch.setitem(sys.modules, name, module)
            spec.loader.exec_module(module)
            found.append(module)
        vars(found[0])["counted"] = vars(found[1])["counted"]
        return found[1], found[0]

    return made


def state(kind: Any) -> Any:
    """Rows 3, 8 and 5."""
    rows = LAYOUT.rows("rows", 3)
    rows["number"] = 3, 8, 5
    return kind(LAYOUT, {"rows": rows})


@pytest.mark.slow  # it compiles
def test_two_parts_do_what_one_does(modules: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """3 * 2 * 1 + (2 + 2.0) * 2 + 5 * 2 * 3 = 44, in the interpreter, from two parts, and where one was kept."""
    near, far = modules()
    objects = state(ObjectState)
    near.start(objects)
    assert (objects.g.total, objects.g.calls) == (44.0, 3)
    places = []
    for _ in range(2):
        code = compile_kernel(LAYOUT, (near, far), "start", {}, far=(far,))
        code._made._cache = NullCache()  # the whole is compiled each time
        code._compile(tmp_path)
        arrays = state(ArrayState)
        code(arrays.address)
        assert (arrays.g["total"], arrays.g["calls"]) == (44.0, 3)
        places.append({path.name: path.stat().st_mtime_ns for path in tmp_path.glob("far_*.bc")})
        monkeypatch.setattr(apart.Apart, "_far_made", lambda parts: pytest.fail("the far part was compiled again"))
    assert len(places[0]) == 1
    assert places[0] == places[1]


@pytest.mark.slow  # it compiles
def test_a_function_that_returns_more_than_it_says_is_refused(modules: Any) -> None:
    """Half a number is no int: what the other part makes of it would be another number."""
    near, far = modules(FAR.replace("return 2 * helper(w.rows[at])", "return helper(w.rows[at]) / 2"))
    code = compile_kernel(LAYOUT, (near, far), "start", {}, far=(far,))
    with pytest.raises(TypeError, match="doubled is annotated to return int64, and returns float64"):
        code._compile(None)


def test_what_takes_numbers_beside_a_state_is_declared(modules: Any) -> None:
    """Ints, floats and truths, in any order, or nothing; rows, and what takes no state, are not."""
    _, far = modules()
    found = {name: apart.signature_of(vars(far)[name], StateType(LAYOUT)) for name in ("doubled", "halves", "noted")}
    texts = {name: str(kind).replace(str(StateType(LAYOUT)), "w") for name, kind in found.items()}
    assert texts == {
        "doubled": "(w, int64) -> int64",
        "halves": "(w, int64) -> Tuple(int64, float64)",
        "noted": "(w, float64) -> none",
    }
    assert apart.signature_of(far.helper, StateType(LAYOUT)) is None
    assert apart.signature_of(lambda: 0, StateType(LAYOUT)) is None


def test_only_what_an_entry_reaches_is_compiled(modules: Any) -> None:
    """The far part compiles what the near one calls, and the near one what is called back; nothing else."""
    near, far = modules()
    parts = compile_kernel(LAYOUT, (near, far), "start", {}, far=(far,))._parts
    assert parts is not None
    assert parts._far_called == ["doubled", "is_odd", "halves", "noted"]
    assert parts._near_called == ["counted"]
    assert "unused" in inspect.getsource(far)
