"""How soon an answer is there: the benchmark runs, and nothing is ten times as slow as it is meant to be."""

from __future__ import annotations

import pytest

import sim
from tests.test_bench import loaded


@pytest.mark.slow
def test_answers_come_at_once() -> None:
    """On five metros idle links are meant to take 50 ms and a pair of runs 200 ms: of the processor, ten times that."""
    found = loaded("bench_explore").measured(sim.load("metros"))
    print(*found.items(), sep="\n")
    assert found["idle links"].processor_s < 0.5
    assert found["one of its runs, here"].processor_s < 2.0
