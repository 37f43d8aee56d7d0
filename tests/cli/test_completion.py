"""What shells are told: a script for each of them, and after an option the keys and names that go there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.cli.app import app

ROOT = Path(__file__).parents[2]
METROS = "scenarios/metros.toml"
REGSIM = [sys.executable, "-c", "import sys; from sim.cli import main; sys.exit(main())"]


#: The program as a shell's script calls it: what it answers, given what the shell says in the environment.
Asked = Callable[..., str]
#: What bash would be offered for the last of some words.
Offered = Callable[..., list[str]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Asked:
    """In this process: `test_the_script_works_in_a_shell` has the whole way."""

    def ask(**environment: str) -> str:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("sys.argv", ["regsim"])
        monkeypatch.chdir(ROOT)
        with pytest.raises(SystemExit) as ended:
            app(prog_name="regsim")
        said = capsys.readouterr()
        assert (ended.value.code, said.err) == (0, "")
        return said.out

    return ask


@pytest.fixture
def offered(asked: Asked) -> Offered:
    def offer(*words: str) -> list[str]:
        told = {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
        return asked(_REGSIM_COMPLETE="complete_bash", **told).split()

    return offer


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("bash", "complete -o default -F _regsim_completion regsim"),
        ("zsh", "#compdef regsim"),
        ("fish", "complete --command regsim --no-files"),
    ],
)
def test_each_shell_has_its_script(shell: str, line: str, asked: Asked) -> None:
    """bash, zsh and fish each get a script that asks the program."""
    script = asked(_REGSIM_COMPLETE=f"source_{shell}")
    assert line in script
    assert f"_REGSIM_COMPLETE=complete_{shell}" in script


def test_help_names_the_options_that_install_it() -> None:
    """Both of the usual options are there."""
    text = subprocess.run([*REGSIM, "--help"], capture_output=True, text=True, cwd=ROOT, check=True).stdout
    assert "--install-completion" in text
    assert "--show-completion" in text


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_the_script_works_in_a_shell(tmp_path: Path) -> None:
    """bash, given the script, fills in a verb and a key of a scenario by what the program says."""
    command = tmp_path / "regsim"
    command.write_text(
        f'#!/bin/sh\nexec {sys.executable} -c "import sys; from sim.cli import main; sys.exit(main())" "$@"\n'
    )
    command.chmod(0o755)
    lines = """
        eval "$(_REGSIM_COMPLETE=source_bash regsim)"
        COMP_WORDS=(regsim cap); COMP_CWORD=1; _regsim_completion regsim; echo "${COMPREPLY[@]}"
        COMP_WORDS=(regsim run scenarios/metros.toml --set nodes.was.cou); COMP_CWORD=4
        _regsim_completion regsim; echo "${COMPREPLY[@]}"
    """
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    answer = subprocess.run(
        ["bash", "--norc", "-c", lines], capture_output=True, text=True, cwd=ROOT, check=True, env=environment
    )
    assert answer.stdout.split() == ["capacity", "nodes.was.count="]


def test_keys_are_those_of_the_file(offered: Offered) -> None:
    """After --set stand the keys under the names of the file, wherever it stands; with a star, those of any name."""
    assert offered("regsim", "run", METROS, "--set", "nodes.dal.cou") == ["nodes.dal.count="]
    assert offered("regsim", "sweep", "--seed", "3", METROS, "--vary", "demand.upd") == ["demand.updates="]
    assert offered("regsim", "capacity", METROS, "--vary", "nodes.*.cou") == ["nodes.*.count="]
    assert offered("regsim", "run", METROS, "--set", "variants.node-direct.policies.ro") == [
        "variants.node-direct.policies.route=", "variants.node-direct.policies.route.name=",
        "variants.node-direct.policies.route.share=", "variants.node-direct.policies.route.size=",
    ]  # fmt: skip


def test_keys_are_known_without_a_file_that_can_be_read(offered: Offered) -> None:
    """No file yet, or one that is none: keys of any scenario, names open; a value is nobody's to guess."""
    assert offered("regsim", "show", "--explain", "sites.*.lat") == ["sites.*.latitude"]
    assert offered("regsim", "run", "no.toml", "--set", "run.see") == ["run.seed="]
    assert offered("regsim", "run", METROS, "--set", "run.seed=1") == []


def test_variants_are_those_of_the_file(offered: Offered) -> None:
    """After --variant stand the file's variants that begin as written."""
    assert offered("regsim", "show", METROS, "--variant", "node") == ["node-direct"]
    assert offered("regsim", "show", METROS, "--variant", "") == ["central", "node-direct"]


def test_shipped_scenarios_are_offered_beside_what_is_here(offered: Offered) -> None:
    """A name that begins as written comes with the files and folders here that do; other files are the shell's."""
    assert offered("regsim", "compare", "metr") == ["metros"]
    assert offered("regsim", "check", "s") == ["same-tag-two-writers", "seed-saturation", "sync-window", "systems",
                                               "scenarios/", "sim/"]  # fmt: skip
    assert offered("regsim", "compare", "scenarios/me") == []
    assert offered("regsim", "show", "metros", "--variant", "node") == ["node-direct"]
    assert offered("regsim", "run", "metros", "--set", "nodes.dal.cou") == ["nodes.dal.count="]


def test_keys_come_with_what_they_are_where_shells_show_it(asked: Asked) -> None:
    """fish has the sentence of each key beside it."""
    answer = asked(
        _REGSIM_COMPLETE="complete_fish",
        _TYPER_COMPLETE_FISH_ACTION="get-args",
        _TYPER_COMPLETE_ARGS="regsim run no.toml --set run.see",
    )
    assert answer.startswith("run.seed=\tThe number from which all random draws come")
