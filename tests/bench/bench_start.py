"""What it costs to start workers: the time until two of them have answered, for each way of starting processes.

    python tests/bench/bench_start.py [scenario]

The answer asked for is nothing but the worker's process number, after it has been told the scenario; the parent has
imported what `compare` imports. `sim.experiment.execution.executors` rests its choice on these figures.
"""

from __future__ import annotations

import os
import statistics
import sys
import time

from sim.experiment import compare as compare
from sim.experiment.execution import executors, worker
from sim.scenario import Scenario, load

_REPEATS = 5


def _answer(_: int) -> int:
    time.sleep(0.05)  # long enough for the other worker to take the other task
    return os.getpid()


def start_s(method: str, scenario: Scenario) -> float:
    """Seconds from asking for two workers until both have answered, the answers' own pause excluded."""
    executors.START = method
    began = time.perf_counter()
    with executors.started("processes:2", worker.begin, (scenario, 1)) as pool:
        list(pool.map(_answer, range(2)))
        return time.perf_counter() - began - 0.05


def main() -> None:
    scenario = load(sys.argv[1] if len(sys.argv) > 1 else "scenarios/metros.toml")
    for method in ("fork", "forkserver", "spawn"):
        times_s = [start_s(method, scenario) for _ in range(_REPEATS)]
        print(f"{method:10} {statistics.median(times_s):6.3f} s (best {min(times_s):.3f}, worst {max(times_s):.3f})")


if __name__ == "__main__":
    main()
