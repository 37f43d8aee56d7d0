"""The public names of `sim`, and what importing it costs."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import sim

PUBLIC = {"Comparison", "InputError", "Result", "Scenario", "__version__", "compare", "load", "network", "run"}


def test_importing_sim_imports_nothing_else() -> None:
    """No library and no room of the simulator is loaded until a name is used."""
    code = (
        "import sys; import sim; print([m for m in sys.modules if m.startswith('sim.') or m in ('numpy', 'pydantic')])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_every_public_name_is_listed_and_there() -> None:
    """`dir(sim)` lists each public name before it is used, and each can be got."""
    assert set(dir(sim)) >= PUBLIC
    assert all(getattr(sim, name) is not None for name in PUBLIC)


def test_a_room_is_a_module_and_a_verb_is_a_function() -> None:
    """`sim.network` has `simulate`; `sim.run` and `sim.compare` can be called, whatever was imported before."""
    assert callable(sim.network.simulate)
    assert sim.run.__module__ == "sim.runner"
    assert sim.compare.__module__ == "sim.experiment.compare"


def test_a_name_that_is_not_there_is_an_ordinary_error() -> None:
    """A mistyped name is an AttributeError that names it."""
    with pytest.raises(AttributeError, match="module 'sim' has no attribute 'comapre'"):
        sim.comapre  # noqa: B018


def test_the_version_is_the_package_s() -> None:
    """`pyproject.toml` states the same version, or takes it from here."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    assert "version" in project.get("dynamic", []) or project["version"] == sim.__version__


@pytest.mark.slow
def test_a_checker_knows_every_name_and_no_other(tmp_path: Path) -> None:
    """What is public has a type; a name that is not there, an unknown key and a wrong value are type errors."""
    api = pytest.importorskip("mypy.api")
    (tmp_path / "right.py").write_text(
        "import sim\n"
        "from sim.document import Document, Link, Site\n"
        "asked = Document(sites={'was': Site()}, links={'wan': Link(capacity='1 Gbit/s')})\n"
        "found: sim.Comparison = sim.compare(sim.load(asked))\n"
        "width: int = len(found.table)\n"
    )
    (tmp_path / "wrong.py").write_text(
        "import sim\nsim.comapre\nsim.document.Site(nme='x')\nsim.document.Link(capacity=3)\nsim.Result.digets\n"
    )
    out, err, _ = api.run(["--strict", "--no-error-summary", "--cache-dir", str(tmp_path / "cache"), str(tmp_path)])
    assert err == ""
    wrong = [line.partition(":")[0] + line.split(":")[1] for line in out.splitlines() if ": error: " in line]
    assert wrong == [f"{tmp_path / 'wrong.py'}{number}" for number in (2, 3, 4, 5)]
