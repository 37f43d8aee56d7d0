"""Warnings on the command line: a line each on standard error, in every document, and errors when asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Ask = Callable[..., Any]

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


def test_a_document_without_warnings_says_so(regsim: Ask, small: str) -> None:
    """Every document has the list, empty where there is nothing to warn of."""
    assert json.loads(regsim("check", small, "--json").out)["warnings"] == []
