"""Notebooks run from top to bottom, and README names only what is there."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_there_is_a_notebook() -> None:
    """Without one the next test would pass by finding nothing."""
    assert NOTEBOOKS


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # the kernel's own libraries warn of each other
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_figures(path: Path) -> None:
    """Every cell ends without an error, and at least one shows a picture."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(path.parent)}}).execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert any("image/png" in output.get("data", {}) for output in shown)


def test_readme_names_files_that_exist() -> None:
    """Each path in backquotes that looks like one of ours is there."""
    text = (ROOT / "README.md").read_text()
    named = set(re.findall(r"`((?:sim|scenarios|notebooks|tests)/[\w./-]+)`", text))
    assert named
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_readme_names_verbs_that_exist() -> None:
    """Each `regsim VERB` in README has a module for its verb."""
    verbs = set(re.findall(r"regsim ([a-z]+)", (ROOT / "README.md").read_text()))
    assert {"check", "show", "schema", "run", "compare", "score"} <= verbs
    assert {verb for verb in verbs if not (ROOT / "sim" / "cli" / f"{verb}.py").exists()} == set()
