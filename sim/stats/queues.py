"""M/M/1 queues from their stationary start, many runs at once: what the statistics are audited on.

Arrivals come at rate 1, so that the mean wait at service rate mu is 1 / (mu (mu - 1)) and a wait exceeds t with chance
exp(-(mu - 1) t) / mu (Kleinrock, "Queueing Systems", volume 1, section 3.2). Waits follow Lindley's recursion in one
go: each is the height of a random walk above its lowest point so far.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

#: Draws of runs: how they start, and two draws for each customer, all of them of mean 1 or uniform.
Draws = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


def draws(rng: np.random.Generator, runs: int, customers: int) -> Draws:
    """The random numbers of runs, to be used at any service rate."""
    return (
        rng.random(runs), rng.exponential(1.0, runs), rng.exponential(1.0, (runs, customers - 1)),
        rng.exponential(1.0, (runs, customers - 1)),
    )  # fmt: skip


def waits_s(drawn: Draws, rate_per_s: float, start_s: float | None = None) -> NDArray[np.float64]:
    """The waits of all customers, (runs, customers), at a service rate above 1; from the stationary start unless given.

    In the stationary state the first waits with chance 1 / mu, exponentially with rate mu - 1.
    """
    busy, first, services, gaps = drawn
    begin_s = np.where(busy < 1 / rate_per_s, first / (rate_per_s - 1), 0.0)
    if start_s is not None:
        begin_s = np.full_like(begin_s, start_s)
    walk_s = np.empty((len(begin_s), services.shape[1] + 1))
    walk_s[:, 0] = begin_s
    np.subtract(np.divide(services, rate_per_s, out=walk_s[:, 1:]), gaps, out=walk_s[:, 1:])
    np.cumsum(walk_s, axis=1, out=walk_s)
    lowest_s = np.minimum.accumulate(walk_s, axis=1)
    walk_s -= np.minimum(lowest_s, 0.0, out=lowest_s)
    return walk_s


def mean_wait_s(rate_per_s: float) -> float:
    """The mean wait, those who do not wait included."""
    return 1 / (rate_per_s * (rate_per_s - 1))


def rate_for(wait_s: float) -> float:
    """The service rate at which the mean wait is that."""
    return (1 + math.sqrt(1 + 4 / wait_s)) / 2


def quantile_s(rate_per_s: float, share: float) -> float:
    """The wait that this share of customers do not exceed."""
    return max(-math.log((1 - share) * rate_per_s) / (rate_per_s - 1), 0.0)
