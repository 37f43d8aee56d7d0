"""Notebooks run from top to bottom, and are kept without what they show."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_there_is_a_notebook() -> None:
    """Without one the next test would pass by finding nothing."""
    assert NOTEBOOKS


#: What the last code cell of a notebook prints, which its closing words rest on.
CONCLUDED = {
    "node-direct-or-central": """\
node-direct is faster:
  as it is
  uplink 10 Mbit/s
  uplink 1000 Mbit/s
  tags asked for only when absent
  two nodes, peer
  two nodes, push-each
central is faster:
  two nodes, sync-then-pull
  nodes drawn afresh
undecided:
""",
    "1-first-question": """\
node-direct, deploy_latency_s.p50: less
node-direct, wan_bytes: less
""",
    "capacity-of-the-uplink": """\
p95 falls: True
a thousand times the uplink is worth less than a thousand times the speed: True
the smallest uplink that will do was found
""",
    "kernel-release-day": """\
every application is reached: True
fewest bytes pushed: platform-kernel
that is less than half of node-direct's: True
""",
    "calibrate-from-a-log": """\
measured, not assumed:
  central.request_time
  clients.dev.rtt
  clients.dev.up
  demand.rate
more deploys than we had assumed: True
""",
    "what-matters": """\
the uplink or the size of images moves most: True
the backbone's capacity moves less than a third of that: True
""",
    "your-own-policy": """\
warm nodes first pushes fewer bytes than nodes drawn afresh: True
and yet deploys are slower at p50: True
""",
    "your-own-demand": """\
deploys: 90
who pushed in the rush waited longer for others: True
variants of which deploys failed: ['central']
""",
}


def outputs(cells: list[Any]) -> list[Any]:
    """What code cells put out, in order."""
    return [output for cell in cells if cell.cell_type == "code" for output in cell.outputs]


def unseen_figures(shown: list[Any]) -> list[Any]:
    """Figures that are there as text and not as a picture."""
    data = [output.get("data", {}) for output in shown]
    return [each for each in data if each.get("text/plain", "").startswith("<Figure") and "image/png" not in each]


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # the kernel's own libraries warn of each other
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_shows_its_figures_and_concludes_from_what_it_prints(path: Path) -> None:
    """Every cell ends without an error, every figure is a picture, and the last lines bear the conclusion out."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(path.parent)}}).execute()
    shown = outputs(notebook.cells)
    assert any("image/png" in output.get("data", {}) for output in shown)
    assert unseen_figures(shown) == []
    said = "".join(output.get("text", "") for output in outputs(notebook.cells[-2:]))
    assert said.strip() == CONCLUDED[path.stem].strip()


def test_a_figure_that_is_only_named_is_unseen() -> None:
    """A figure's name without its picture counts, one with it does not, and neither does a table."""
    named = {"data": {"text/plain": "<Figure size 640x480 with 1 Axes>"}}
    drawn = {"data": {**named["data"], "image/png": "iVBORw0KGgo="}}
    assert unseen_figures([named, drawn, {"data": {"text/plain": "3"}}, {"text": "<Figure"}]) == [named["data"]]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(path: Path) -> None:
    """The docs say so: what it shows is made by running it, never left over from an older model."""
    cells = nbformat.read(path, as_version=4).cells
    assert outputs(cells) == []
    assert all(cell.execution_count is None for cell in cells if cell.cell_type == "code")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_uses_public_names_alone(path: Path) -> None:
    """It imports `sim` and what `sim` offers, and no room of its own."""
    cells = nbformat.read(path, as_version=4).cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code").replace("%matplotlib inline", "")
    names = [
        name
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([each.name for each in node.names] if isinstance(node, ast.Import) else [node.module or ""])
    ]
    assert "sim" in names
    assert [name for name in names if name.startswith("sim.") and name not in ("sim.document", "sim.network")] == []
