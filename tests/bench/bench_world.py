"""Deploys a second of `scenarios/metros.toml` at its default detail, one process, median of three runs of each variant.

Beside it, what the machine does in the same minute: bare SimPy timeouts a second, so that figures from two machines, or
from two hours of a noisy one, can be compared.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import simpy

import sim

RUNS = 3
TIMEOUTS = 200_000


def main() -> None:
    """Print the table."""
    scenario = sim.load(Path(__file__).parents[2] / "scenarios" / "metros.toml")
    print(f"{'variant':<14}{'deploys/s':>12}{'events/deploy':>16}{'flows/deploy':>15}{'SimPy timeouts/s':>20}")
    for variant in scenario.variants:
        chosen = scenario.variant(variant)
        timeouts = statistics.median(timeouts_per_s() for _ in range(RUNS))
        results = [sim.run(chosen, run=run) for run in range(RUNS)]
        deploys = [len(result.tables["deploys"]) for result in results]
        speed = statistics.median(n / result.wall_s for n, result in zip(deploys, results, strict=True))
        events, flows = results[0].events / deploys[0], results[0].flows / deploys[0]
        print(f"{variant:<14}{speed:>12,.0f}{events:>16.1f}{flows:>15.1f}{timeouts:>20,.0f}")


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
