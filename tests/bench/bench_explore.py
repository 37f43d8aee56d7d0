"""How soon the what-if page answers: idle links, then a pair of runs in warm workers.

    python tests/bench/bench_explore.py [scenario]

Each is the least of several, at a place of the sliders that nobody asked for before: from asking until the HTML is
there. Of idle links the time on a clock and of the processor, of a pair the clock's with two workers, and the
processor's of one of its two runs, made in this process. On a machine with other work the clock says more than either.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import NamedTuple

from sim.experiment.execution import worker
from sim.experiment.execution.worker import Outcome, Task
from sim.experiment.measures import NOTHING
from sim.explore.answering import Answers, answering
from sim.explore.question import Places, question
from sim.scenario import Scenario, load

_REPEATS = 6


class Took(NamedTuple):
    """The least of several, s: by a clock, and by the processor's."""

    clock_s: float
    processor_s: float


def took(work: Callable[[int], object]) -> Took:
    """The least time that some work takes, which is told how often it was done before."""
    times = []
    for at in range(_REPEATS):
        clock_s, processor_s = time.perf_counter(), time.process_time()
        work(at)
        times.append((time.perf_counter() - clock_s, time.process_time() - processor_s))
    return Took(min(each for each, _ in times), min(each for _, each in times))


def measured(scenario: Scenario, engine: str = "compiled") -> dict[str, Took]:
    """What takes how long, by its name; the first answer is not counted, as machine code is loaded for it."""
    asked = question(scenario, ["scenario.toml"], runs=5)

    def place(at: int, start: int) -> Places:
        return (start + at, *asked.start[1:])

    with answering(asked, 2, engine=engine) as answers:  # type: ignore[arg-type]
        idle = took(lambda at: answers._of_idle(place(at, 0)))
        pair = took(lambda at: _pair(answers, place(at, 10)))
        worker.begin(scenario, asked.seed, NOTHING, engine)  # type: ignore[arg-type]
        one = took(lambda at: worker.measure(_task(answers, place(at, 20), next(iter(asked.variants)))))
    return {"idle links": idle, "a pair of runs": pair, "one of its runs, here": one}


def _task(answers: Answers, places: Places, name: str) -> Task:
    settings = answers.question.of_runs(places)
    return Task(answers.question.variants[name], 0, tuple(settings.items()), tables=True)


def _pair(answers: Answers, places: Places) -> None:
    futures = {
        name: answers.pool.submit(worker.measure, _task(answers, places, name)) for name in answers.question.variants
    }
    scenario = answers.question.at(places)
    outcomes: dict[str, list[Outcome]] = {name: [future.result()] for name, future in futures.items()}
    answers._after(places, scenario, outcomes)


def main() -> None:
    found = measured(load(sys.argv[1] if len(sys.argv) > 1 else "scenarios/metros.toml"))
    for name, each in found.items():
        print(f"{name:24} {1000 * each.clock_s:6.0f} ms, of the processor {1000 * each.processor_s:6.0f} ms")


if __name__ == "__main__":
    main()
