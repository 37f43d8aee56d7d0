"""Rules of one's own at the command line: checked without a scenario, and taken by every verb that loads one."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.cli import app

Ask = Callable[..., Any]
FIRST = '"""The first ones."""\n\n\ndef place(view, parameters):\n    """The first ones."""\n    return {}\n'
LATER = '"""The later one."""\n\n\ndef wins(view, parameters):\n    """The later one."""\n    return {}\n'
CHOSEN = ["--policies", "rules", "--set", "policies.placement=mine"]


@pytest.fixture
def rules(small: str) -> Path:
    """A folder `rules` beside the small question, with a placement `mine`."""
    (Path("rules") / "placement").mkdir(parents=True)
    path = Path("rules/placement/mine.py")
    path.write_text(FIRST.format("view.nodes[: view.wanted]"))
    return path


def test_each_rule_of_a_folder_has_a_line(regsim: Ask, rules: Path) -> None:
    """Valid ones on standard output, of those that runs ask whether there is machine code for them, and exit code 0."""
    Path("rules/conflict").mkdir()
    key = "(view.publish.published_s, view.publish.digest) > (view.held.published_s, view.held.digest)"
    Path("rules/conflict/later.py").write_text(LATER.format(key))
    Path("rules/conflict/wordy.py").write_text(LATER.format(f"{{True: True, False: False}}[{key}]"))
    answer = regsim("check", "--policies", "rules")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.splitlines() == [
        "rules/conflict/later.py: conflict later is valid, as machine code, too",
        "rules/conflict/wordy.py: conflict wordy is valid, on the reference engine alone",
        "rules/placement/mine.py: placement mine is valid",
    ]


def test_a_rule_that_fails_has_a_line_that_says_why(regsim: Ask, rules: Path) -> None:
    """File, line, what and remedy on standard error, exit code 2; a valid one among them is still said to be."""
    Path("rules/placement/nowhere.py").write_text(FIRST.format("(99,) * view.wanted"))
    Path("rules/stray.py").write_text(FIRST.format("()"))
    answer = regsim("check", "--policies", "rules")
    assert answer.code == 2
    assert answer.out == "rules/placement/mine.py: placement mine is valid\n"
    first, second = answer.err.splitlines()
    assert first.startswith(
        "rules/placement/nowhere.py: line 4: place chose 99, and there is no such node, asked about "
    )
    assert first.endswith("; return a tuple of view.wanted different nodes of view.nodes")
    assert second == "rules/stray.py: is in no folder of a kind; move it to placement/stray.py"


def test_a_check_of_rules_as_a_document(regsim: Ask, rules: Path) -> None:
    """`--json` has each file as a scenario's check has."""
    Path("rules/placement/nowhere.py").write_text(FIRST.format("view.nowhere"))
    answer = regsim("check", "--policies", "rules", "--json")
    assert answer.code == 2
    document = json.loads(answer.out)
    assert document["schema"] == "regsim.check/1"
    assert document["files"]["rules/placement/mine.py"] == {"valid": True, "faults": []}
    (fault,) = document["files"]["rules/placement/nowhere.py"]["faults"]
    assert fault["where"] == "rules/placement/nowhere.py: line 6"
    assert fault["problem"].startswith("place raised AttributeError")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("check", "regsim check: FILE: is missing; name a scenario, or a folder of rules by --policies"),
        ("check --policies none", '--policies: no such folder, got "none"; name one that has KIND/NAME.py'),
        ("check --policies small.toml", '--policies: is no folder, got "small.toml"; name one that has KIND/NAME.py'),
        ("check --policies empty", "empty: has no rules; write one into KIND/NAME.py, such as placement/warmest.py"),
        ("check --policies rules --set a.b=1", "--set: has no scenario to change; name one before it"),
        ("selftest --policies rules", "--policies: has no scenario to change; name one before it"),
        ("run small.toml --policies none", '--policies: no such folder, got "none"; name one that has KIND/NAME.py'),
        (
            "run small.toml --set run.policies_path=none",
            "small.toml: run.policies_path: none: no such folder; name one that has KIND/NAME.py, such as "
            "placement/warmest.py",
        ),
        (
            "run small.toml --policies rules --set policies.placement=mne",
            'small.toml: policies.placement: unknown choice, got "mne"; did you mean "mine"?',
        ),
    ],
)
def test_what_is_no_folder_is_one_line(regsim: Ask, rules: Path, words: str, line: str) -> None:
    """With the option or the key as it was written, and exit code 2."""
    Path("empty").mkdir()
    answer = regsim(*words.split())
    assert (answer.code, answer.out, answer.err) == (2, "", f"{line}\n")


def test_a_run_that_comes_upon_a_wrong_decision_is_bad_input(regsim: Ask, rules: Path) -> None:
    """One line, no traceback, exit code 2; also from workers, whose runs it ends."""
    rules.write_text(FIRST.format("(99,) * view.wanted if view.deploy.at_s > 600 else view.nodes[: view.wanted]"))
    for words in (
        ["run"],
        ["compare", "--executor", "processes:2", "--runs", "2"],
        ["compare", "--executor", "serial"],
    ):
        answer = regsim(words[0], "small.toml", *words[1:], *CHOSEN, "--quiet")
        line = f"{rules.absolute()}: line 4: place chose 99, and there is no such node; return a tuple of view.wanted "
        assert (answer.code, answer.out) == (2, "")
        assert answer.err == f"{line}different nodes of view.nodes\n"


#: Verbs that load a scenario, with what they need beside it.
VERBS = {
    "check": [], "show": [], "run": [], "compare": ["--runs", "1"], "best": ["--runs", "10"],
    "sweep": ["--vary", "demand.nodes=1,2", "--runs", "1"],
    "capacity": ["--vary", "demand.nodes=1..2", "--until", "deploy_latency_s.p50 < 1 h", "--runs", "2"],
    "crossover": ["--vary", "demand.nodes=1..2", "--runs", "2"],
}  # fmt: skip


def test_every_verb_that_loads_scenarios_takes_the_option() -> None:
    """Whoever takes `--set` takes `--policies`, and so do those that make a result again or extend a scenario."""
    taking = {verb.__name__: set(inspect.signature(verb).parameters) for verb in app.VERBS}
    settings = {name for name, taken in taking.items() if "settings" in taken}
    assert settings == {*VERBS, "replay", "selftest"}
    assert {name for name, taken in taking.items() if "policies" in taken} == settings | {"rerun", "bench", "calibrate"}


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_finds_the_rule(regsim: Ask, rules: Path, verb: str) -> None:
    """The folder of `--policies` is from the current one, wherever the scenario is."""
    Path("below").mkdir()
    Path("small.toml").rename("below/small.toml")
    answer = regsim(verb, "below/small.toml", *VERBS[verb], *CHOSEN)
    assert answer.code == 0, answer.err


def test_a_result_is_made_again_with_rules_from_elsewhere(regsim: Ask, rules: Path) -> None:
    """`rerun` and `bench` find the folder that the manifest names, or the one that they are told; else one line."""
    chosen = sim.load("small.toml", {"run.policies_path": str(Path("rules").absolute()), "policies.placement": "mine"})
    sim.compare(chosen, runs=2, executor="serial", gains=0).write("out")
    assert regsim("rerun", "out", "--quiet").code == 0
    Path("rules").rename("moved")
    for verb in ("rerun", "bench"):
        answer = regsim(verb, "out", "--quiet")
        where = f"out/manifest.json: placement mine: {rules.absolute()} is not there"
        assert (answer.code, answer.out) == (2, "")
        assert answer.err == f"{where}; name the folder that has placement/mine.py with --policies DIR\n"
        assert regsim(verb, "out", "--policies", "moved", "--quiet").code == 0


def test_show_explains_ones_own_rules_too(regsim: Ask, rules: Path) -> None:
    """With a scenario and a folder, the choices of a key are those that ship and one's own."""
    answer = regsim("show", "small.toml", "--explain", "policies.placement", "--policies", "rules")
    assert "mine" in answer.out
    assert "The first ones." in answer.out
    assert "sticky" in answer.out


def test_a_folder_may_stand_in_the_scenario(regsim: Ask, rules: Path) -> None:
    """`run.policies_path` is from the scenario's folder; what is shown loads again."""
    text = Path("small.toml").read_text().replace("seed = 7", 'seed = 7, policies_path = "rules"')
    Path("mine.toml").write_text(text + 'policies.placement = "mine"\n')
    assert regsim("check", "mine.toml").out == "mine.toml: valid\n"
    Path("shown.toml").write_text(regsim("show", "mine.toml").out)
    assert regsim("check", "shown.toml").out == "shown.toml: valid\n"
    one, other = (json.loads(regsim("run", name, "--json").out)["digest"] for name in ("mine.toml", "shown.toml"))
    assert one == other
