"""What is said of the runs that were made when somebody interrupts them."""

from __future__ import annotations

from pathlib import Path

import pytest

import sim
from sim.experiment.execution.runs import Progress, _spans


def interrupting(after: int) -> Progress:
    """Somebody presses Ctrl-C when so many runs have ended."""

    def progress(done: int, total: int) -> None:
        if done == after:
            raise KeyboardInterrupt

    return progress


def test_an_interrupt_names_the_runs_that_the_store_has(
    scenario: sim.Scenario, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of six runs three have ended: two of one variant and one of the other; asked again, only the others are made."""
    store = sim.Store(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        sim.compare(scenario, runs=3, executor="serial", store=store, tables=False, progress=interrupting(3))
    kept = f"3 of 6 runs are kept in {tmp_path} (central 0-1, node-direct 0); the same question goes on from there"
    assert capsys.readouterr().err == f"{kept}\n"
    assert len(store) == 3
    seen: list[int] = []
    sim.compare(
        scenario, runs=3, executor="serial", store=store, tables=False, progress=lambda done, total: seen.append(done)
    )
    assert seen[0] == 3


def test_an_interrupt_without_a_store_says_that_nothing_is_kept(
    scenario: sim.Scenario, capsys: pytest.CaptureFixture[str]
) -> None:
    """And how to keep runs."""
    with pytest.raises(KeyboardInterrupt):
        sim.compare(scenario, runs=3, executor="serial", tables=False, progress=interrupting(2))
    assert capsys.readouterr().err.startswith("2 of 6 runs were made, and none is kept; a store keeps them")


def test_numbers_that_follow_each_other_are_one_span() -> None:
    """0 to 3 and 7."""
    assert _spans([0, 1, 2, 3, 7]) == "0-3, 7"
    assert _spans([]) == ""
