"""A rule that somebody puts into a folder: machine code where that has a way for it, the reference engine where not."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import sim
from sim.engines import EngineWarning, choice, engine_for
from sim.policies import conflict

_WITH_WORDS = '''"""The words decide."""

from typing import Literal

from sim.figures import Table, setting


class Parameters(Table):
    """What wins."""

    what: Literal["later", "nobody"] = setting("what", "later", about="What wins.")


def wins(view, parameters):
    return {"later": view.publish.published_s >= view.held.published_s}[parameters.what]
'''
_WITH_TEXT = '''"""The later one wins, which is found out in a way that numba does not know."""

from sim.plugins import NoParameters as Parameters


def wins(view, parameters):
    return sorted([(view.publish.published_s, 1), (view.held.published_s, 0)], key=lambda pair: pair[0])[-1][1] == 1
'''

Put = Callable[[str, str], None]


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Put]:
    """Puts a file beside the package's own rules of conflict, by its name."""
    monkeypatch.setattr(conflict, "__path__", [*conflict.__path__, str(tmp_path)])
    made: list[str] = []

    def put(name: str, text: str) -> None:
        (tmp_path / f"{name}.py").write_text(text)
        importlib.invalidate_caches()
        made.append(name)

    yield put
    for name in made:
        sys.modules.pop(f"{conflict.__name__}.{name}", None)
        vars(conflict).pop(name, None)


FEW = {"demand.rate": "200/day", "demand.apps": 3, "policies.route": "both"}


def test_a_rule_with_parameters_that_are_no_numbers_runs(put: Put) -> None:
    """It has them as they were written, on the reference engine, and other rules have the numbers that they had."""
    before = sim.run(sim.load("metros.toml", FEW), engine="reference")
    put("a_words", _WITH_WORDS)  # before the package's own in the order of names
    assert sim.run(sim.load("metros.toml", FEW), engine="reference").digest == before.digest
    chosen = sim.load("metros.toml", FEW | {"policies.conflict": {"name": "a-words", "what": "later"}})
    assert sim.run(chosen, engine="reference").digest == before.digest
    with pytest.raises(KeyError, match="nobody"):
        sim.run(chosen.with_({"policies.conflict": {"name": "a-words", "what": "nobody"}}), engine="reference")


def test_a_run_says_that_another_engine_runs_it(put: Put) -> None:
    """One line names the rule; the engine that needs nobody's leave is not told of."""
    put("a_words", _WITH_WORDS)
    chosen = sim.load("metros.toml", FEW | {"policies.conflict": "a-words"})
    with pytest.warns(
        EngineWarning, match="^machine code has no way for the rule a-words: the reference engine runs it$"
    ):
        assert engine_for(chosen, None, "compiled") == "reference"
    assert engine_for(chosen, 10) == "reference"
    assert engine_for(chosen, None, "reference") == "reference"


def test_other_scenarios_are_not_told(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that nobody chooses keeps nobody from machine code."""
    put("a_words", _WITH_WORDS)
    compiled = importlib.import_module("sim.engines.compiled")
    monkeypatch.setattr(compiled, "left_out", lambda assembled: frozenset({("conflict", "a-words")}))
    assert engine_for(sim.load("metros.toml", FEW), choice.COMPILES_FROM) == "compiled"


@pytest.mark.slow
def test_what_numba_does_not_take_is_found_out(put: Put, tmp_path: Path) -> None:
    """Machine code is made without it, and the run that chose it is the reference engine's, with the same rows."""
    put("a_text", _WITH_TEXT)
    chosen = sim.load("metros.toml", FEW | {"policies.conflict": "a-text"})
    with pytest.warns(EngineWarning, match="a-text"):
        found = sim.run(chosen, engine="compiled")
    plain = sim.load("metros.toml", FEW)
    assert found.digest == sim.run(chosen, engine="reference").digest
    assert sim.run(plain, engine="compiled").digest == sim.run(plain, engine="reference").digest


_MAIN = """
import subprocess
import sys
from sim.cli.app import main
from sim.policies import conflict

conflict.__path__.append(sys.argv.pop(1))
sys.exit(main())
"""


def test_it_is_said_once_however_many_workers_there_are(tmp_path: Path) -> None:
    """By the verbs, as a warning."""
    (tmp_path / "a_words.py").write_text(_WITH_WORDS)
    asked = ["compare", "metros.toml", "--engine", "compiled", "--executor", "processes:2", "--runs", "2"]
    changes = ["--set", "policies.conflict=a-words", "--set", "demand.rate=50/day", "--set", "run.duration=6 h"]
    ran = subprocess.run(
        [sys.executable, "-c", _MAIN, str(tmp_path), *asked, *changes], capture_output=True, text=True, check=True
    )
    said = [line for line in ran.stderr.splitlines() if "machine code" in line]
    assert said == ["warning: machine code has no way for the rule a-words: the reference engine runs it"]
