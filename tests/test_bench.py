"""The benchmark of the engines: it runs, and its page has the rows that it would print."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCH = Path(__file__).parent / "bench"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_engines", BENCH / "bench_engines.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look for their module there
    spec.loader.exec_module(module)
    return module


def test_every_row_can_be_made(bench: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """`--quick` makes a few deploys of each world and prints the whole page."""
    before = bench.PAGE.read_bytes() if bench.PAGE.exists() else b""
    bench.main(["--quick"])
    assert bench.rows_of(capsys.readouterr().out) == expected(bench)
    assert (bench.PAGE.read_bytes() if bench.PAGE.exists() else b"") == before


def test_the_page_has_the_rows_that_would_be_printed(bench: ModuleType) -> None:
    """A world that is added or renamed is measured before it is told of."""
    assert bench.rows_of(bench.PAGE.read_text()) == expected(bench)


def expected(bench: ModuleType) -> list[str]:
    return [*(world.name for world in (*bench.kinds(), *bench.growing())), *bench.STARTS]
