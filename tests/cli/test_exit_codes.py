"""How the program ends when something happens to it: bugs, interrupts, readers that leave, full disks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

Ask = Callable[..., Any]

ROOT = Path(__file__).parents[2]


def started(*words: str, **more: Any) -> subprocess.Popen[str]:
    """The program in a process of its own."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": {"PYTHONPATH": str(ROOT)}}
    return subprocess.Popen([sys.executable, "-m", "sim", *words], **(pipes | more))


def test_a_bug_of_ours_is_told_with_its_traceback(regsim: Ask, small: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that no user made: exit code 1, the traceback, and a line that asks to report it."""
    monkeypatch.setattr("sim.load", lambda *_: 1 / 0)
    answer = regsim("run", small, "--json")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("Traceback (most recent call last):\n")
    assert answer.err.splitlines()[-2:] == [
        "ZeroDivisionError: division by zero",
        "regsim: this is a bug of regsim; please report it with the lines above",
    ]


def test_a_missing_file_of_ours_is_a_bug(regsim: Ask, small: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the system about a file that no user named is ours."""
    monkeypatch.setattr("sim.load", lambda *_: Path("nowhere").read_text())
    assert regsim("run", small).code == 1


def test_an_interrupt_ends_with_130(small: str) -> None:
    """Ctrl-C while runs are made: exit code 130, one word, no traceback, workers gone."""
    many = ("--runs", "100000", "--executor", "processes:2", "--set", "run.duration=100 h")
    # Who starts us may ignore interrupts, as a shell does for what it puts in the background.
    process = started(
        "compare", small, *many, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert process.stderr is not None
    try:
        assert "starting" in process.stderr.readline()
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=180)
    finally:
        with suppress(ProcessLookupError):  # whatever is left of it
            os.killpg(process.pid, signal.SIGKILL)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "interrupted"
    assert "Traceback" not in err


@pytest.mark.parametrize("words", [("show", "small.toml"), ("run", "small.toml"), ("schema",), ("--help",)])
def test_a_reader_that_leaves_is_no_failure(small: str, words: tuple[str, ...]) -> None:
    """When standard output is closed at the other end, nothing is said and the exit code is 0."""
    process = started(*words)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()
    process.stderr.close()
    assert said in ("", "simulating small.toml\n")
    assert process.wait(timeout=180) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_an_answer_that_does_not_fit_is_told(small: str) -> None:
    """A full disk behind standard output is a line and exit code 2."""
    with open("/dev/full", "w") as full:
        process = started("schema", stdout=full)
        _, err = process.communicate(timeout=180)
    assert process.returncode == 2
    assert err == "standard output: cannot be written (No space left on device); make room or send it elsewhere\n"


def test_what_a_terminal_cannot_show_is_escaped(small: str) -> None:
    """An ASCII terminal gets every character of a source, some of them escaped, and no error."""
    Path("named.toml").write_text(Path(small).read_text().replace('"measured"', '"measured in Zürich"'))
    process = started("show", "named.toml", env={"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"})
    out, err = process.communicate(timeout=180)
    assert (process.returncode, err) == (0, "")
    assert "measured in Z\\xfcrich" in out
