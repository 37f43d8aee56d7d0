"""How the program starts: at once, and the same by either name."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import sim
from sim import cli
from sim.manifest import model_digest
from sim.schemas import SCHEMAS

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


def test_version_names_program_model_and_documents() -> None:
    """`--version` has a line for the program, one for the model's source, one for the kinds of documents."""
    process = subprocess.run([*BY_MODULE, "--version"], capture_output=True, text=True, cwd=ROOT)
    program, model, schemas = process.stdout.splitlines()
    assert (process.returncode, program, model) == (0, f"regsim {sim.__version__}", f"model {model_digest()}")
    assert schemas.split()[0] == "schemas"
    assert {"run/1", "compare/1", "manifest/1"} <= {*schemas.split()[1:]}


def test_every_document_s_schema_is_listed() -> None:
    """What the source calls `regsim.KIND/N` is what `--version` names, and no other."""
    sources = "".join(path.read_text() for path in (ROOT / "sim").rglob("*.py") if path.name != "schemas.py")
    found = re.findall(r'"regsim\.([a-z]+)/(\d+)"', sources)
    by_name = {"bench", "diff", "kept"}  # which are written by `sim.schemas.named`
    assert {kind: int(number) for kind, number in found} == {k: n for k, n in SCHEMAS.items() if k not in by_name}


def test_windows_is_refused_in_a_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Its Python has no `resource`: modules load all the same, and the command says where it runs."""
    monkeypatch.setitem(sys.modules, "resource", None)
    monkeypatch.delitem(sys.modules, "sim.result")
    monkeypatch.setattr(sys, "platform", "win32")
    assert importlib.import_module("sim.result").peak_rss_bytes() == 0
    assert cli.main() == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n"), "WSL 2" in said.err) == ("", 1, True)


@pytest.mark.slow
def test_a_mistyped_name_is_found_by_a_checker(tmp_path: Path) -> None:
    """Whoever has the package checks calls of it: names that are there pass, and one that is not fails."""
    (tmp_path / "good.py").write_text(
        'import sim\n\nscenario: sim.Scenario = sim.load("metros")\n'
        "digest: str = sim.run(scenario, seed=1).digest\nsim.network.read_graphml\n"
    )
    (tmp_path / "bad.py").write_text('import sim\n\nsim.lod("metros")\nsim.network.max_mim\n')
    words = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", f"--cache-dir={tmp_path / 'cache'}"]
    good, bad = (
        subprocess.run([*words, f"{name}.py"], cwd=tmp_path, capture_output=True, text=True,
                       env=os.environ | {"MYPYPATH": str(ROOT)})
        for name in ("good", "bad")
    )  # fmt: skip
    assert good.returncode == 0, good.stdout
    assert bad.returncode == 1
    assert 'Module has no attribute "lod"' in bad.stdout
    assert 'Module has no attribute "max_mim"' in bad.stdout
