"""Progress on standard error: a bar on a terminal, now and then a line elsewhere; above the bar a comparison so far."""

from __future__ import annotations

import io
import itertools
from dataclasses import replace

import pytest

from sim.cli import progress
from sim.cli.progress import Progress, duration, pace
from sim.experiment.comparison import Comparison
from sim.report.terminal.live import picture


@pytest.mark.parametrize(
    ("span_s", "text"), [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")]
)
def test_a_time_to_wait(span_s: float, text: str) -> None:
    """Whole seconds up to an hour, then minutes."""
    assert duration(span_s) == text


def test_the_pace_so_far_tells_the_time_left() -> None:
    """Five of twenty runs in ten seconds: half a run a second, thirty seconds left."""
    assert pace(5, 20, 10.0) == "0.5 runs/s, 30 s left"
    assert pace(0, 20, 10.0) == "starting"
    assert pace(20, 20, 40.0) == "40 s in all"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look at the clock is four seconds after the one before."""
    ticks = itertools.count(0, 4)
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(ticks)))


@pytest.mark.usefixtures("clock")
def test_elsewhere_a_line_at_both_ends_and_every_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    """Calls at 4, 8, 12 ... s: a line at the start, one ten seconds after it, and one at the end."""
    with Progress(quiet=False) as tell:
        for done in range(5):
            tell(done, 4)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "0 of 4 runs, starting\n3 of 4 runs, 0.19 runs/s, 5 s left\n4 of 4 runs, 20 s in all\n"


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """With `quiet` neither stream gets a letter."""
    with Progress(quiet=True) as tell:
        tell(0, 1)
        tell(1, 1)
    assert capsys.readouterr() == ("", "")


class Terminal(io.StringIO):
    """What a terminal is written."""

    def isatty(self) -> bool:
        return True


def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Standard error as a terminal of 100 columns and 40 lines."""
    made = Terminal()
    monkeypatch.setattr("sys.stderr", made)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("LINES", "40")
    return made


def test_a_terminal_gets_a_bar_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal, counts and pace are drawn in place, and the bar's line is erased at the end."""
    written = terminal(monkeypatch)
    with Progress(quiet=False) as tell:
        tell(0, 3)
        tell(1, 3)
    assert "1/3" in written.getvalue()
    assert "runs/s" in written.getvalue()
    assert written.getvalue().endswith("\x1b[1A\x1b[2K")


@pytest.mark.usefixtures("clock")
def test_each_run_that_ends_moves_the_intervals(monkeypatch: pytest.MonkeyPatch, outcome: Comparison) -> None:
    """On a terminal the table is drawn over for each further run of both variants, and is gone at the end."""
    written = terminal(monkeypatch)
    monkeypatch.setattr("sys.stdout", Terminal())
    with Progress(quiet=False, picture=picture) as tell:
        assert tell.so_far is not None
        for runs in (1, 2, 3):
            tell(2 * runs, 6)
            made = {name: every[:runs] for name, every in outcome.outcomes.items()}
            tell.so_far(replace(outcome, runs=runs, outcomes=made))
    seen = written.getvalue()
    assert [seen.count(f"so far: mean of {runs}") > 0 for runs in ("one run", "2 paired runs", "3 paired runs")] == [
        True, True, True,
    ]  # fmt: skip
    assert seen.count("\x1b[1A\x1b[2K") > 3 * 20


@pytest.mark.parametrize("how", ["quiet", "piped answer", "dumb", "no terminal"])
def test_elsewhere_nothing_is_drawn_of_a_comparison(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """Quiet, into a pipe, on a terminal without a cursor, or into a log, nobody asks for what runs show so far."""
    terminal(monkeypatch)
    monkeypatch.setattr("sys.stdout", io.StringIO() if how == "piped answer" else Terminal())
    if how == "dumb":
        monkeypatch.setenv("TERM", "dumb")
    if how == "no terminal":
        monkeypatch.setattr("sys.stderr", io.StringIO())
    with Progress(quiet=how == "quiet", picture=picture) as tell:
        assert tell.so_far is None
