"""The package as others have it: a wheel, built of this source and installed in an empty environment, away from it.

What it needs is there by a path, as it would be by its package index. Left out: systems other than this one.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.integration]

ROOT = Path(__file__).parents[1]
Ask = Callable[..., str]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the environment in `env` and an empty one, `empty`."""
    found = tmp_path_factory.mktemp("wheel")
    beside = shutil.ignore_patterns(".git", ".venv", "out", "build", "__pycache__", "tests", "*.egg-info")
    shutil.copytree(ROOT, found / "source", symlinks=True, ignore=beside)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    build = ["wheel", "--quiet", "--no-deps", "--wheel-dir", found / "made"]
    subprocess.run([*pip, *build, found / "source"], check=True)
    (wheel,) = (found / "made").glob("regsim-*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", found / "env"], check=True)
    python = found / "env/bin/python"
    subprocess.run([*pip, "--python", python, "install", "--quiet", "--no-deps", wheel], check=True)
    (packages,) = (found / "env/lib").glob("python*/site-packages")
    (packages / "needed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    (found / "empty").mkdir()
    return found


@pytest.fixture
def regsim(place: Path) -> Ask:
    """What the installed command prints; it must end well."""

    def ask(*words: str) -> str:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        command = [place / "env/bin/regsim", *words]
        done = subprocess.run(command, cwd=place / "empty", env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout

    return ask


def test_what_is_installed_is_the_wheel_s(place: Path) -> None:
    """The package stands in the environment, with its types, and not in this repository."""
    code = "import sim, pathlib; place = pathlib.Path(sim.__file__).parent; print(place, (place / 'py.typed').exists())"
    done = subprocess.run(
        [place / "env/bin/python", "-c", code], cwd=place / "empty", capture_output=True, text=True, check=True,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )  # fmt: skip
    where, typed = done.stdout.split()
    assert (Path(where).is_relative_to(place / "env"), typed) == (True, "True")


def test_shipped_questions_are_answered_anywhere(regsim: Ask) -> None:
    """`regsim compare metros` finds the scenario that ships, and all that ship are valid."""
    asked = ("compare", "metros", "--runs", "1", "--gains", "0", "--set", "run.duration=10 min", "--json", "--quiet")
    found = json.loads(regsim(*asked, "--engine", "reference", "--executor", "serial"))
    assert list(found["variants"]) == ["central", "node-direct"]
    every = sorted(path.stem for path in (ROOT / "scenarios").glob("*.toml"))
    assert regsim("check", *every, "--quiet").count(": valid") == len(every)


def test_published_results_ship(regsim: Ask) -> None:
    """`regsim published` has its folder by itself."""
    assert "mean absolute error" in regsim("published")


def test_rules_of_ones_own_are_checked(regsim: Ask, place: Path) -> None:
    """The suite that every rule passes ships, too."""
    shutil.copytree(ROOT / "tests/policies/own", place / "empty/own")
    assert regsim("check", "--policies", "own")


def test_pages_ship(regsim: Ask) -> None:
    """`regsim docs` prints any page, and `--version` the wheel's."""
    assert "tutorial" in regsim("docs", "--json")
    assert regsim("docs", "metros").startswith("# ")
    assert regsim("--version").startswith("regsim ")
