"""Deploys a second of `scenarios/metros.toml` at its default detail, one process, median of three runs of each variant.

Once as it goes by itself, by compiled text since it is plain, and once as the world on SimPy has it. Beside them, what
the machine does in the same minute: bare SimPy timeouts a second, so that figures from two machines, or from two hours
of a noisy one, can be compared.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import simpy

import sim
from sim.world import plainly

RUNS = 3
TIMEOUTS = 200_000


def main() -> None:
    """Print the table."""
    scenario = sim.load(Path(__file__).parents[2] / "scenarios" / "metros.toml")
    print(f"{'variant':<23}{'deploys/s':>12}{'events/deploy':>16}{'flows/deploy':>15}{'SimPy timeouts/s':>20}")
    pays_from = plainly.PAYS_FROM
    for variant in scenario.variants:
        sim.run(scenario.variant(variant))  # loads the text, or compiles it
        show(variant, scenario.variant(variant))
        plainly.PAYS_FROM = sys.maxsize
        show(f"{variant}, SimPy", scenario.variant(variant))
        plainly.PAYS_FROM = pays_from


def show(name: str, chosen: sim.Scenario) -> None:
    """One row."""
    timeouts = statistics.median(timeouts_per_s() for _ in range(RUNS))
    results = [sim.run(chosen, run=run) for run in range(RUNS)]
    deploys = [len(result.tables["deploys"]) for result in results]
    speed = statistics.median(n / result.wall_s for n, result in zip(deploys, results, strict=True))
    events, flows = results[0].events / deploys[0], results[0].flows / deploys[0]
    print(f"{name:<23}{speed:>12,.0f}{events:>16.1f}{flows:>15.1f}{timeouts:>20,.0f}")


def timeouts_per_s() -> float:
    """How many timeouts SimPy gets through in a second here and now."""
    env = simpy.Environment()

    def wait(times: int) -> Iterator[Any]:
        for _ in range(times):
            yield env.timeout(1.0)

    for _ in range(100):
        env.process(wait(TIMEOUTS // 100))
    began = time.perf_counter()
    env.run()
    return TIMEOUTS / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
