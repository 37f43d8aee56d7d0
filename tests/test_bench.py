"""The benchmarks: that of the engines runs, and the page has the rows that they would print."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from sim.docs import markdown

pytestmark = pytest.mark.integration

BENCH = Path(__file__).parent / "bench"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    return loaded("bench_engines")


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, BENCH / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look for their module there
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_every_row_can_be_made(bench: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """`--quick` makes a few deploys of each world and prints the whole page."""
    before = bench.PAGE.read_bytes() if bench.PAGE.exists() else b""
    bench.main(["--quick"])
    assert bench.rows_of(capsys.readouterr().out) == expected(bench)
    assert (bench.PAGE.read_bytes() if bench.PAGE.exists() else b"") == before


def test_the_page_has_the_rows_that_would_be_printed(bench: ModuleType) -> None:
    """A world that is added or renamed is measured before it is told of."""
    assert bench.rows_of(bench.PAGE.read_text()) == expected(bench)


def test_the_page_tells_of_shapes_that_there_are() -> None:
    """Each shape of the network on the page is one that the benchmark has, in its order: none was renamed since."""
    network = loaded("bench_network")
    part = markdown.section((BENCH / "RESULTS.md").read_text(), "Network")
    names = re.findall(r"^\| \*\*(.+)\*\*, compiled \|", part, flags=re.MULTILINE)
    assert names
    assert names == [shape.name for shape in network.SHAPES if shape.name in names]


def test_the_package_s_part_has_what_would_be_printed() -> None:
    """What imports are timed, and what is largest, is on the page."""
    package = loaded("bench_package")
    part = markdown.section((BENCH / "RESULTS.md").read_text(), package.PART)
    assert all(f"| {name} | " in part for name in package.IMPORTS)
    assert {"regsim", "numpy", "numba"} <= set(package.needed())


def test_a_part_of_a_page_is_written_and_no_other() -> None:
    """In its place, or at the end where it has none yet."""
    page = "# A\n\n## One\n\n1\n\n## Two\n\n2\n"
    assert markdown.section(page, "One") == "## One\n\n1\n"
    assert markdown.section(page, "Three") == ""
    assert markdown.with_section(page, "## One\n\nnew") == "# A\n\n## One\n\nnew\n\n## Two\n\n2\n"
    assert markdown.with_section(page, "## Three\n\n3") == f"{page}\n## Three\n\n3\n"


def expected(bench: ModuleType) -> list[str]:
    return [*(world.name for world in (*bench.kinds(), *bench.growing())), *bench.STARTS]
