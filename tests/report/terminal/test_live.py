"""A comparison while its runs are made: it fits the terminal, and says what the runs so far say."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from sim.experiment.comparison import Comparison
from sim.report.terminal import live


def drawn(outcome: Comparison, width: int, height: int) -> list[str]:
    """The lines of a picture on such a terminal."""
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=True, no_color=True)
    return ["".join(part.text for part in line) for line in console.render_lines(live.picture(outcome, console))]


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("height", [3, 10, 24, 40, 60])
def test_a_picture_leaves_a_line_for_the_bar(outcome: Comparison, width: int, height: int) -> None:
    """Whatever the terminal's size, it is lower and no wider, since it is moved in place."""
    lines = drawn(outcome, width, height)
    assert len(lines) <= height - 1
    assert all(len(line) <= width for line in lines)


def test_a_high_terminal_has_all_that_the_answer_has_of_the_variants(outcome: Comparison) -> None:
    """Every metric twice, as measured and as a difference, and then the verdict but for what it rests on."""
    lines = drawn(outcome, 100, 60)
    text = " ".join(" ".join(lines).split())
    assert text.count("stale starts 0 [0, 0]") == 2
    assert "Variants so far: mean of 3 paired runs [95 % interval]" in text
    assert f"slower than {outcome.baseline}" in text or f"faster than {outcome.baseline}" in text
    assert "This rests on" not in text


def test_a_low_terminal_has_the_differences_and_what_they_say(outcome: Comparison) -> None:
    """In twelve lines there is room for two differences and the first sentence."""
    lines = [line.rstrip() for line in drawn(outcome, 80, 13)]
    assert lines[0].startswith("Difference from central so far")
    assert sum(line.startswith("deploy latency p") for line in lines) == 2
    assert any("than central" in line for line in lines)
