"""The types that ship (`py.typed`) hold for a user's script: a mistyped name is found, a right one passes.

By mypy and by pyright, each where it is installed; `make lint` brings the first, `npm install pyright` the second.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.integration]

ROOT = Path(__file__).parents[1]
RIGHT = """
import sim

scenario = sim.load("metros", overrides={"run.duration": "10 min"})
result = sim.run(scenario, seed=1)
print(result.metrics["deploy_latency_s.p99"], result.digest)
"""
CHECKERS = {
    "mypy": [Path(sys.executable).with_name("mypy"), "--cache-dir", "cache"],
    "pyright": [shutil.which("pyright") or "", "--pythonpath", sys.executable],
}


@pytest.mark.parametrize("checker", CHECKERS)
def test_a_mistyped_name_is_found(tmp_path: Path, checker: str) -> None:
    """Of the module's, and of a result's; the script without slips has none found."""
    words = CHECKERS[checker]
    if not Path(words[0]).is_file():
        pytest.skip(f"no {checker} here")
    slips = {"module": ("sim.run(", "sim.runn("), "result": ("digest", "digets")}
    scripts = {"right": RIGHT, **{name: RIGHT.replace(*slip) for name, slip in slips.items()}}
    for name, text in scripts.items():
        (tmp_path / f"{name}.py").write_text(text)
    (tmp_path / "pyrightconfig.json").write_text(f'{{"include": ["*.py"], "extraPaths": ["{ROOT}"]}}')
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MYPYPATH": ""}
    command = [*words, *(f"{name}.py" for name in scripts)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=200)
    found = [line for line in done.stdout.splitlines() if "error" in line and ".py:" in line]
    assert done.returncode == 1
    assert sorted(next(name for name in scripts if f"{name}.py" in line) for line in found) == ["module", "result"]
