"""What experiments, reports and the command line are asked about in tests: fixtures that their `conftest.py` take.

A question small enough to be answered many times over: two nodes on one hub, forty deploys in an hour.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import sim
from sim import cli
from sim.experiment.comparison import Comparison
from sim.scenario import Scenario

_SMALL = """
run = { duration = "1 h", seed = 7, runs = 3 }
topology = { shape = "star" }
nodes.n = { count = 2, capacity = "1 Gbit/s" }
clients.dev = { count = 3, up = "50 Mbit/s", rtt = "20 ms" }
images.app = { kernel = { value = "10 MB", source = "measured" }, rootfs = "1 MB" }
demand = { rate = "40/h", apps = 5, updates = 0.5 }
variants.central = { policies.route = "central" }
variants.node-direct = { policies.route = "node-direct" }
"""


@pytest.fixture(scope="session")
def small_text() -> str:
    """The small question as a file has it."""
    return _SMALL


@pytest.fixture
def document() -> dict[str, Any]:
    """A fresh copy of the small question, to change."""
    return tomllib.loads(_SMALL)


@pytest.fixture(scope="session")
def scenario() -> Scenario:
    """The small question."""
    return Scenario.from_document(tomllib.loads(_SMALL), "small")


@pytest.fixture(scope="session")
def outcome(scenario: Scenario) -> Comparison:
    """The small question's comparison, made once for the tests that read it."""
    return sim.compare(scenario, executor="serial")


@pytest.fixture(scope="session")
def failing(scenario: Scenario) -> Comparison:
    """Node-direct as it is, and with copies to central that come a minute after the second node has given up."""
    document = {**tomllib.loads(_SMALL), "run": {"duration": "1 h", "seed": 7, "runs": 5}}
    document["demand"]["nodes"] = 2
    late = {"policies": {"route": "node-direct", "sync": {"delay": "120 s"}}}
    document["variants"] = {"sound": {"policies": {"route": "node-direct"}}, "late": late}
    return sim.compare(Scenario.from_document(document, "failing"), executor="serial")


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The small question as `small.toml` in the directory that the test runs in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(_SMALL)
    return "small.toml"


@dataclass(frozen=True)
class Answer:
    """What a command line gave back."""

    code: int
    out: str
    err: str


@pytest.fixture
def regsim(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """The command line asked in this process: call with the words after `regsim`."""

    def ask(*words: str) -> Answer:
        monkeypatch.setattr("sys.argv", ["regsim", *words])
        capsys.readouterr()
        code = cli.main()
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return ask
