"""Scenarios that ship are found by name, from any folder and from an installed package."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import sim
from sim.errors import InputError
from sim.scenario import shipped

ROOT = Path(__file__).parents[2]


def test_a_shipped_scenario_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`metros` is the scenario that ships wherever one stands, and a file of that name there comes first."""
    monkeypatch.chdir(tmp_path)
    assert sim.load("metros").run.title == "Node-direct or central pushes, over five metros"
    assert sim.load("published/spegel-10.toml").nodes
    (tmp_path / "metros").write_text(
        (ROOT / "scenarios/roms.toml").read_text().replace('title = "', 'title = "Mine: ', 1)
    )
    assert sim.load("metros").run.title.startswith("Mine: ")


def test_a_shipped_scenario_finds_files_beside_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`replay` by its name plays the log that it names by a path from its file."""
    monkeypatch.chdir(tmp_path)
    assert len(sim.run(sim.load("replay"), seed=1).deploys) == len(
        sim.run(sim.load(ROOT / "scenarios/replay.toml"), seed=1).deploys
    )


def test_every_scenario_at_the_top_ships() -> None:
    """The package has the repository's scenarios, not copies of them."""
    assert shipped.names() == tuple(sorted(path.stem for path in (ROOT / "scenarios").glob("*.toml")))


@pytest.mark.parametrize("name", ["metroz", "../metros", "/metros"])
def test_a_name_of_nothing_is_reported(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A near name is offered; no path leads out of the shipped folder."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r'no such file; check the path; did you mean "metros"\?'):
        sim.load(name)


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_the_wheel_answers_in_an_empty_folder(tmp_path: Path) -> None:
    """What is built from the repository has the scenarios and their files, and a verb finds them by name."""
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--disable-pip-version-check"]
    made = subprocess.run([*pip, "-w", "made", str(ROOT)], cwd=tmp_path, capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"no wheel can be built here: {made.stderr[-200:]}")
    (wheel,) = (tmp_path / "made").glob("*.whl")
    there, empty = tmp_path / "there", tmp_path / "empty"
    empty.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(there)
    assert files(there / "sim" / "shipped") == files(ROOT / "scenarios")
    said = subprocess.run(
        [sys.executable, "-m", "sim", "check", "metros", "systems", "published/kraken"], cwd=empty,
        env={"PYTHONPATH": str(there), "PATH": "/usr/bin"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
