"""Warnings on the command line: a line each on standard error, in every document, and errors when asked for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Ask = Callable[..., Any]
ROOT = str(Path(__file__).parents[2])

_LINE = "doubtful.toml: images.rom.kernel: is called a ROM and has a kernel; drop the kernel or rename the image"
_VERBS = {
    "check": (),
    "show": (),
    "run": (),
    "compare": ("--runs", "2", "--executor", "serial"),
    "best": ("--runs", "10", "--executor", "serial"),
    "sweep": ("--vary", "demand.nodes=1,2", "--runs", "2", "--executor", "serial"),
    "capacity": (
        "--vary", "central.capacity=1 Gbit/s..2 Gbit/s", "--until", "failed_deploys < 1", "--runs", "2",
        "--executor", "serial",
    ),
    "crossover": ("--vary", "central.capacity=1 Gbit/s..2 Gbit/s", "--runs", "2", "--executor", "serial"),
}  # fmt: skip


@pytest.fixture
def doubtful(small: str) -> str:
    """The small scenario, its image called a ROM."""
    text = Path(small).read_text()
    Path("doubtful.toml").write_text(text.replace("images.app", "images.rom"))
    return "doubtful.toml"


@pytest.mark.usefixtures("no_flips")
@pytest.mark.parametrize("verb", _VERBS)
def test_every_verb_warns(regsim: Ask, doubtful: str, verb: str) -> None:
    """A warning is a line on standard error and an entry of the document; the answer is given all the same."""
    answer = regsim(verb, doubtful, *_VERBS[verb], "--json")
    assert answer.code in (0, 98)
    assert f"warning: {_LINE}" in answer.err.splitlines()
    said = {"code": "rom-with-kernel", "where": _LINE.split(": is")[0], "text": _LINE.split("kernel: ")[1]}
    assert said in json.loads(answer.out)["warnings"]


@pytest.mark.parametrize("verb", _VERBS)
def test_strict_makes_warnings_errors(regsim: Ask, doubtful: str, verb: str) -> None:
    """With `--strict` nothing is run: the warning is the error, and the exit code 2."""
    answer = regsim(verb, doubtful, *_VERBS[verb], "--strict")
    assert (answer.code, answer.out) == (2, "")
    assert _LINE in answer.err.splitlines()


def test_quiet_leaves_warnings_to_the_document(regsim: Ask, doubtful: str) -> None:
    """`--quiet` says nothing on standard error; the document has the warning."""
    answer = regsim("check", doubtful, "--json", "--quiet")
    assert (answer.code, answer.err) == (0, "")
    assert len(json.loads(answer.out)["warnings"]) == 1


#: The command line, with runs that warn as an engine does which has no machine code for a rule.
_WARNING = """
import sys
import warnings
from sim.cli.app import main
from sim.engines.choice import EngineWarning
from sim.experiment.execution import worker

run = worker.run

def warned(*asked, **more):
    warnings.warn("the reference engine runs it", EngineWarning)
    return run(*asked, **more)

worker.run = warned
sys.exit(main())
"""


@pytest.mark.parametrize("executor", ["serial", pytest.param("processes:2", marks=pytest.mark.slow)])
def test_quiet_leaves_out_what_runs_warn_of(small: str, executor: str) -> None:
    """A line says which engine runs it, once however many workers there are; with `--quiet` none does."""
    asked = [sys.executable, "-c", _WARNING, "compare", small, "--runs", "1", "--gains", "0"]
    asked += ["--executor", executor]
    loud, quiet = (
        subprocess.run(
            [*asked, *more], capture_output=True, text=True, check=True, env=os.environ | {"PYTHONPATH": ROOT}
        )
        for more in ((), ("--quiet",))
    )
    assert "warning: the reference engine runs it" in loud.stderr.splitlines()
    assert quiet.stderr == ""
    assert quiet.stdout == loud.stdout


def test_strict_is_of_the_question_and_not_of_the_answer(regsim: Ask, small: str) -> None:
    """That nothing queued, and which assumption turns the verdict, is found and no fault: it stays a warning."""
    assumed = 'policies.sync.delay = { value = "5 s", assumption = true, range = ["0 s", "50 s"] }'
    Path("turns.toml").write_text(f"{Path(small).read_text()}{assumed}\n")
    options = ("--set", "demand.nodes=2", "--executor", "serial", "--gains", "0", "--strict", "--json")
    answer = regsim("compare", "turns.toml", *options)
    codes = [each["code"] for each in json.loads(answer.out)["warnings"]]
    assert (answer.code, set(codes)) == (0, {"no-contention", "flip"})
    assert sum(line.startswith("warning: ") for line in answer.err.splitlines()) == len(codes)


@pytest.mark.usefixtures("no_flips")
def test_strict_refuses_variants_that_came_out_the_same(regsim: Ask, small: str) -> None:
    """That one variant is the other to the bit is a fault of the question, though only the runs show it."""
    same = 'variants.below = { policies.route = { name = "direct-below", size = "1 GB" } }'
    Path("same.toml").write_text(f"{Path(small).read_text()}{same}\n")
    answer = regsim("compare", "same.toml", "--executor", "serial", "--gains", "0", "--strict")
    assert answer.code == 2
    assert "variants.below: came out as variant node-direct in every run, to the bit" in answer.err


def test_a_document_without_warnings_says_so(regsim: Ask, small: str) -> None:
    """Every document has the list, empty where there is nothing to warn of."""
    assert json.loads(regsim("check", small, "--json").out)["warnings"] == []
