"""`regsim explore`: what is wrong is said in a line before anything is made; `--save` writes one page."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.small_question import Answer

NODES = "nodes = { value = 1, assumption = true, range = [1, 2] }"


@pytest.fixture
def ranges(small: str) -> str:
    """The small question with a range, in the directory that the test runs in."""
    Path("ranges.toml").write_text(Path(small).read_text().replace("apps = 5", f"{NODES}, apps = 5"))
    return "ranges.toml"


@pytest.mark.parametrize("package", ["starlette", "uvicorn"])
def test_without_the_extra_it_says_how_to_have_it(
    package: str, ranges: str, regsim: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is missing is named, with the command that installs it."""
    for name in [package, *(each for each in sys.modules if each.startswith(f"{package}."))]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "sim.explore.server", raising=False)
    answer = regsim("explore", ranges)
    line = f"regsim explore: needs {package}, which is not installed; pip install 'regsim[explore]'\n"
    assert (answer.code, answer.out, answer.err) == (2, "", line)


def test_a_port_that_is_taken_is_one_line(ranges: str, regsim: Callable[..., Answer]) -> None:
    """It names the port, and what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        answer = regsim("explore", ranges, "--port", port)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert answer.err.startswith(f"--port: {port} cannot be had")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--port", "70000"), "--port: must be at most 65535"),
        (("--port", "x"), "--port: must be a whole number"),
        (("--deploys", "-1"), "--deploys: must be at least 0"),
        (("--runs", "1"), "--runs: must be at least 2"),
        (("--workers", "0"), "--workers: must be at least 1"),
        (("--vary", "demand.nodes"), "--vary: chooses what --save shows"),
        (("--save", "x.html", "--vary", "nodes.n.count"), "--vary: is no figure with a range"),
    ],
)
def test_bad_words_are_one_line(words: tuple[str, ...], said: str, ranges: str, regsim: Callable[..., Answer]) -> None:
    """Before anything is made."""
    answer = regsim("explore", ranges, *words)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert answer.err.startswith(said)


def test_a_page_is_saved(ranges: str, regsim: Callable[..., Answer]) -> None:
    """Whole, in a new folder, of the figure that is named."""
    words = ("--vary", "demand.nodes", "--runs", "2", "--workers", "1", "--engine", "reference", "-q")
    answer = regsim("explore", ranges, "--save", "new/page.html", *words)
    assert (answer.code, answer.out, answer.err) == (0, "", "")
    page = Path("new/page.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "Every place that there is was run" in page


def test_without_a_range_it_says_how_to_write_one(
    ranges: str, regsim: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scenario of which nothing can be moved is refused; the model's own assumptions are there in any."""
    monkeypatch.setattr("sim.explore.question.sliders", lambda scenario: ())
    answer = regsim("explore", ranges, "-q")
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert "has no figure with a range, so that there is nothing to move; write one as { value" in answer.err
