"""A rule of a user's own on both engines: machine code where that has a way for it, the reference engine where not."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.engines import EngineWarning, choice, engine_for
from sim.errors import InputError

_WITH_WORDS = '''"""The words decide."""

from typing import Literal

from sim.figures import Table, setting


class Parameters(Table):
    """What wins."""

    what: Literal["later", "nobody"] = setting("what", "later", about="What wins.")


def wins(view, parameters):
    """The later one, or nobody knows."""
    return {"later": view.publish.published_s >= view.held.published_s}[parameters.what]
'''
_WITH_TEXT = '''"""The later one wins, which is found out in a way that numba does not know."""


def wins(view, parameters):
    """The later one."""
    return sorted([(view.publish.published_s, 1), (view.held.published_s, 0)], key=lambda pair: pair[0])[-1][1] == 1
'''
_THAT_ERRS = '''"""Copies begin after a while, unless what is to be done wrong is named."""

import math

from sim.figures import Duration, Table, WholeNumber, setting
from sim.policies.snapshot import Due


class Parameters(Table):
    """When, and what is done wrong."""

    after_s: Duration = setting("after", "0 s", about="How long after the publish.")
    wrong: WholeNumber = setting("wrong", 0, about="What is done wrong.")


def due(view, parameters):
    """In time, in the past, never at all, or an end of everything."""
    if parameters.wrong == 1:
        return Due(view.now_s - 1.0)
    if parameters.wrong == 2:
        return Due(math.nan)
    if parameters.wrong == 3:
        raise ValueError("no")
    return Due(view.now_s + view.delay_s + parameters.after_s)
'''

Put = Callable[..., sim.Scenario]
#: Pulls by tag, and both registries pushed to: so that copies find tags that say otherwise.
FEW: dict[str, Any] = {
    "demand.rate": "200/day", "demand.apps": 5, "policies.route": "both", "demand.reference": "tag",
}  # fmt: skip


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Puts a file into a folder of rules; a small question that chooses from it."""

    def put(name: str, text: str, **changes: Any) -> sim.Scenario:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
        return sim.load("metros.toml", FEW | {"run.policies_path": str(tmp_path)} | changes)

    return put


def test_a_rule_with_parameters_that_are_no_numbers_runs(put: Put) -> None:
    """It has them as they were written, on the reference engine, and other rules have the numbers that they had."""
    before = sim.run(sim.load("metros.toml", FEW), engine="reference")
    other = put("conflict/a_words.py", _WITH_WORDS)  # before the package's own in the order of names
    assert sim.run(other, engine="reference").digest == before.digest
    chosen = other.with_({"policies.conflict": {"name": "a-words", "what": "later"}})
    assert sim.run(chosen, engine="reference").digest == before.digest
    with pytest.raises(InputError, match=r"a_words.py: line 16: wins raised KeyError: 'nobody'"):
        sim.run(chosen.with_({"policies.conflict": {"name": "a-words", "what": "nobody"}}), engine="reference")


def test_a_run_says_that_another_engine_runs_it(put: Put) -> None:
    """One line names the rule; the engine that needs nobody's leave has none."""
    chosen = put("conflict/a_words.py", _WITH_WORDS, **{"policies.conflict": "a-words"})
    with pytest.warns(
        EngineWarning, match="^machine code has no way for the rule a-words: the reference engine runs it$"
    ):
        assert engine_for(chosen, None, "compiled") == "reference"
    assert engine_for(chosen, 10) == "reference"
    assert engine_for(chosen, None, "reference") == "reference"


def test_other_scenarios_are_not_told(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that nobody chooses keeps nobody from machine code."""
    other = put("conflict/a_words.py", _WITH_WORDS)
    compiled = importlib.import_module("sim.engines.compiled")
    monkeypatch.setattr(compiled, "left_out", lambda assembled, outside: frozenset({("conflict", "a-words")}))
    assert engine_for(other, choice.COMPILES_FROM) == "compiled"


def test_what_numba_does_not_take_is_found_out(put: Put) -> None:
    """Before anything is made for it: the run that chose it is the reference engine's, with the same rows."""
    chosen = put("conflict/a_text.py", _WITH_TEXT, **{"policies.conflict": "a-text"})
    with pytest.warns(EngineWarning, match="a-text"):
        found = sim.run(chosen, engine="compiled")
    assert found.digest == sim.run(chosen, engine="reference").digest


@pytest.mark.slow
def test_a_rule_that_compiles_decides_alike_and_what_it_does_wrong_is_told(put: Put) -> None:
    """Equal bit for bit while it is right; a time that is past or none, and what it raises, name its file."""
    changes = {"policies.route": "node-direct", "policies.sync.to_central": {"name": "errs", "after": "7 s"}}
    chosen = put("trigger/errs.py", _THAT_ERRS, **changes)
    rows = sim.run(chosen, engine="compiled")
    assert rows.digest == sim.run(chosen, engine="reference").digest
    assert rows.digest != sim.run(chosen.with_({"policies.sync.to_central": "on-push"}), engine="reference").digest
    # What does wrong is asked for by a parameter, so that it is the same machine code.
    for wrong, told in ((1, "decided what can't be carried out"), (2, "decided what can't"), (3, "raised ValueError")):
        with pytest.raises(InputError, match=r"errs\.py: ") as caught:
            errs(chosen, wrong)
        assert told in str(caught.value)
        assert str(caught.value).endswith("; --engine reference says where, and by what")


def errs(scenario: sim.Scenario, wrong: int) -> sim.Result:
    """A run in machine code of a rule that does something wrong, which loading would have found."""
    parameters = scenario.policies.sync.to_central.parameters
    parameters.__dict__["wrong"] = wrong
    try:
        return sim.run(scenario, engine="compiled")
    finally:
        parameters.__dict__["wrong"] = 0


@pytest.mark.slow
def test_it_is_said_once_however_many_workers_there_are(put: Put, tmp_path: Path) -> None:
    """By the verbs, as a warning."""
    put("conflict/a_words.py", _WITH_WORDS)
    asked = ["compare", "metros.toml", "--engine", "compiled", "--executor", "processes:2", "--runs", "2"]
    changes = ["--set", "policies.conflict=a-words", "--set", "demand.rate=50/day", "--set", "run.duration=6 h"]
    ran = subprocess.run(
        [sys.executable, "-m", "sim", *asked, *changes, "--policies", str(tmp_path)], capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    said = [line for line in ran.stderr.splitlines() if "machine code" in line]
    assert said == ["warning: machine code has no way for the rule a-words: the reference engine runs it"]
