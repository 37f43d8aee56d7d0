"""`regsim map`: a scenario before anything runs, a result with what it used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.small_question import Answer


def test_a_scenario_is_drawn_before_anything_runs(small: str, regsim: Callable[..., Answer]) -> None:
    """On standard output, or to a file; overrides count."""
    answer = regsim("map", small, "--set", "nodes.n.count=5", "-q")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("<svg ")
    assert "nodes n \u00d7 5" in answer.out
    assert regsim("map", small, "--out", "maps/m.svg", "-q").out == ""
    assert Path("maps/m.svg").read_text().endswith("</svg>\n")


@pytest.mark.integration
def test_a_result_is_drawn_with_its_use(small: str, regsim: Callable[..., Answer]) -> None:
    """The ring and the colours' meaning are there; --set is not for results."""
    asked = ("run", small, "--variant", "central", "--engine", "reference", "--out", "ran", "-q")
    assert regsim(*asked).code == 0
    assert "held transfers back the longest" in regsim("map", "ran").out
    answer = regsim("map", "ran", "--set", "run.seed=1")
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert 'did you mean "central"?' in regsim("map", "ran", "--variant", "centrol").err
