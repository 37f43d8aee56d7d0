"""A small question in a file, and the command line asked in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sim import cli

SMALL = """
run = { duration = "1 h", seed = 7, runs = 3 }
topology = { shape = "star" }
nodes.n = { count = 2, capacity = "1 Gbit/s" }
clients.dev = { count = 3, up = "50 Mbit/s", rtt = "20 ms" }
images.app = { kernel = { value = "10 MB", source = "measured" }, rootfs = "1 MB" }
demand = { rate = "40/h", apps = 5, updates = 0.5 }
variants.central = { policies.route = "central" }
variants.node-direct = { policies.route = "node-direct" }
"""


@dataclass(frozen=True)
class Answer:
    """What a command line gave back."""

    code: int
    out: str
    err: str


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The small scenario as `small.toml` in the directory that the test runs in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(SMALL)
    return "small.toml"


@pytest.fixture
def regsim(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Call with the words after `regsim`."""

    def ask(*words: str) -> Answer:
        monkeypatch.setattr("sys.argv", ["regsim", *words])
        capsys.readouterr()
        code = cli.main()
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return ask
