"""Searches: they narrow towards what changes, and their interval covers it as often as they claim.

The queue is M/M/1 from its stationary start, whose mean wait at rate 1 and service rate mu is 1 / (mu (mu - 1))
(Kleinrock, "Queueing Systems", volume 1, section 3.2): it is below w from mu = (1 + sqrt(1 + 4 / w)) / 2 on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from scipy.stats import binom

from sim.errors import InputError
from sim.experiment.axes import Axis, Range
from sim.experiment.execution.worker import Outcome, Task
from sim.experiment.sample import Sample
from sim.experiment.searches.bisection import Look, Prober, looks, narrow, points_at_most

METRIC = "deploy_latency_s.mean"
CUSTOMERS = 400


class Queue:
    """Stands in for runs: the mean wait of some customers of an M/M/1 queue, at the service rate that a task sets."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.made = 0

    def outcomes(self, tasks: Sequence[Task]) -> list[Outcome]:
        """The same draws at every service rate, as runs of one number have."""
        self.made += len(tasks)
        return [Outcome({METRIC: self.wait_s(task)}, "", CUSTOMERS, 0, ()) for task in tasks]

    def wait_s(self, task: Task) -> float:
        """Lindley's recursion in one go: a wait is the walk's height above its lowest point so far."""
        rate_per_s = float(task.settings[0][1])
        rng = np.random.default_rng((self.seed, task.run))
        first_s = rng.exponential(1 / (rate_per_s - 1)) if rng.random() < 1 / rate_per_s else 0.0
        steps_s = rng.exponential(1.0, CUSTOMERS) / rate_per_s - rng.exponential(1.0, CUSTOMERS)
        walk_s = np.concatenate([[first_s], first_s + np.cumsum(steps_s)])
        return float((walk_s - np.minimum(np.minimum.accumulate(walk_s), 0.0)).mean())


def prober(queue: Queue, found: Range, limit_s: float, most_runs: int = 40, within: float = 0.05) -> Prober:
    """Tells whether the mean wait is below a limit."""

    def test(sample: Sample) -> Look:
        measured = sample.interval("queue", METRIC)
        return Look("met" if measured.high < limit_s else "missed" if measured.low > limit_s else None, None)

    axis = Axis(("rate",), range=found)
    return Prober(queue, axis, {"queue": None}, test, most_runs, points_at_most(found, within))  # type: ignore[arg-type]


def test_the_interval_covers_a_known_answer_as_often_as_it_claims() -> None:
    """Of 100 searches for the service rate that M/M/1 needs, as many cover it as 95 % allow at worst, and more."""
    limit_s, searches = 1.0, 100
    truth = (1 + math.sqrt(1 + 4 / limit_s)) / 2
    covered = 0
    for seed in range(searches):
        probe = prober(Queue(seed), Range(1.2, 3.0, "", whole=False), limit_s, most_runs=20)
        low, high = narrow(probe, 1.2, 3.0, 0.05)
        covered += low <= truth <= high
        assert high - low < 1.0  # it is an answer, not the range
    assert covered >= binom.ppf(0.001, searches, 0.95)


def test_a_test_that_looks_once_too_freely_is_caught() -> None:
    """The same searches at one look of three runs and no correction miss the answer far more often."""
    limit_s, searches = 1.0, 100
    truth = (1 + math.sqrt(1 + 4 / limit_s)) / 2
    covered = 0
    for seed in range(searches):
        probe = prober(Queue(seed), Range(1.2, 3.0, "", whole=False), limit_s, most_runs=3)
        probe._confidence = 0.3
        low, high = narrow(probe, 1.2, 3.0, 0.05)
        covered += low <= truth <= high
    assert covered < binom.ppf(0.001, searches, 0.95)


class Sure:
    """Stands in for runs whose metric is the number set, without any chance."""

    def outcomes(self, tasks: Sequence[Task]) -> list[Outcome]:
        return [Outcome({METRIC: float(task.settings[0][1])}, "", 1, 0, ()) for task in tasks]


@pytest.mark.parametrize(("limit", "answer"), [(6.5, (6, 7)), (1.5, (1, 2)), (99.5, (99, 100))])
def test_whole_numbers_are_searched_to_neighbours(limit: float, answer: tuple[int, int]) -> None:
    """Between whole numbers the answer is two neighbours, found in about as many points as halving takes."""
    found = Range(1.0, 100.0, "", whole=True)
    probe = prober(Sure(), found, limit, within=0.001)  # type: ignore[arg-type]
    assert narrow(probe, 1.0, 100.0, 0.001) == answer
    assert len(probe.points) <= points_at_most(found, 0.001)
    assert {point.runs for point in probe.points} == {5}  # no chance, so the first look decides


def test_a_point_that_stays_open_is_left_inside() -> None:
    """Where a band cannot be decided the search closes in on it from both sides."""

    def test(sample: Sample) -> Look:
        value = sample.interval("queue", METRIC).mean
        return Look("met" if value < 40 else "missed" if value > 60 else None, None)

    found = Range(0.0, 100.0, "", whole=False)
    probe = Prober(Sure(), Axis(("x",), range=found), {"queue": None}, test, 10, 20)  # type: ignore[arg-type]
    low, high = narrow(probe, 0.0, 100.0, 0.02)
    assert 36 <= low < 40
    assert 60 < high <= 64
    assert all(point.label == "undecided" for point in probe.points if 40 <= point.number <= 60)


def test_looks_double_up_to_the_most() -> None:
    """Five, ten, twenty runs, and all of them at last; a search needs two."""
    assert looks(40) == (5, 10, 20, 40)
    assert looks(12) == (5, 10, 12)
    assert looks(3) == (3,)
    with pytest.raises(InputError, match="at least 2"):
        looks(1)
