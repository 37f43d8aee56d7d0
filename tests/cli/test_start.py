"""How the program starts: at once, and the same by either name."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import sim

ROOT = Path(__file__).parents[2]
BY_MODULE = [sys.executable, "-m", "sim"]
BY_COMMAND = [sys.executable, "-c", "import sys; from sim.cli import main; sys.exit(main())"]


def test_help_imports_nothing_heavy() -> None:
    """Reading the command line needs no numbers, no models, no drawing."""
    heavy = "('numpy', 'pandas', 'scipy', 'numba', 'pydantic', 'matplotlib', 'pyarrow', 'rich.table', 'simpy')"
    code = f"import sys; from sim.cli import main; code = main(); print([m for m in {heavy} if m in sys.modules])"
    process = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, cwd=ROOT)
    assert process.stdout.splitlines()[-1] == "[]"


def test_help_is_there_within_half_a_second() -> None:
    """The best of three starts uses less than 0.5 s of processor time, which other programs do not lengthen much."""
    assert min(processor_s([*BY_MODULE, "--help"]) for _ in range(3)) < 0.5


def processor_s(words: list[str]) -> float:
    before = os.times()
    subprocess.run(words, capture_output=True, check=True, cwd=ROOT)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["compare", "--help"], ["run"], ["check", "none.toml"]])
def test_both_names_are_one_program(words: list[str]) -> None:
    """`python -m sim` and the command `regsim` answer the same, letter by letter."""
    by_module, by_command = (
        subprocess.run([*name, *words], capture_output=True, text=True, cwd=ROOT) for name in (BY_MODULE, BY_COMMAND)
    )
    assert by_module.returncode == by_command.returncode
    assert by_module.stdout == by_command.stdout
    assert by_module.stderr == by_command.stderr


def test_the_command_is_installed_under_its_name() -> None:
    """The package installs `regsim` as what `python -m sim` calls."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["scripts"] == {"regsim": "sim.cli:main"}


def test_version_is_the_package_s() -> None:
    """`--version` names program and version."""
    process = subprocess.run([*BY_MODULE, "--version"], capture_output=True, text=True, cwd=ROOT)
    assert (process.returncode, process.stdout) == (0, f"regsim {sim.__version__}\n")
