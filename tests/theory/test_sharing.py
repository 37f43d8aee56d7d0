"""Flows that share one link are a processor-sharing queue: their mean time knows the sizes' mean alone.

For M/G/1 processor sharing a flow of x bytes takes x / (C (1 - rho)) in the mean, whatever the sizes' distribution
(L. Kleinrock, "Time-shared systems: a theoretical treatment", 1967; M. Sakata, S. Noguchi and J. Oizumi, "An analysis
of the M/G/1 queue under round-robin scheduling", 1971).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.network import Flows, simulate
from sim.protocol.codes import INF
from tests.protocol.flowing import Case, Sent, Way, driven

Agrees = Callable[[Sequence[float], float], bool]
Ends = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]
RUNS, FLOWS, EDGE = 20, 4_000, 400
BUSY = 0.5
CAPACITY_BPS = 100.0


def two_kinds(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """Nine in ten flows are of half the mean, one in ten is of 5.5 times it."""
    return np.where(rng.random(n) < 0.9, 0.5, 5.5)


#: Sizes by distribution, of mean 1.
SIZES: Mapping[str, Callable[[np.random.Generator, int], NDArray[np.float64]]] = {
    "fixed": lambda rng, n: np.ones(n),
    "exponential": lambda rng, n: rng.exponential(1.0, n),
    "two kinds": two_kinds,
}


def simulated(start_s: NDArray[np.float64], size_bytes: NDArray[np.float64]) -> NDArray[np.float64]:
    """When flows over one link end, by the network alone."""
    flows = Flows(start_s, size_bytes, np.zeros(FLOWS, np.int64), [(0,)])
    return simulate({"link": CAPACITY_BPS}, flows, compiled=False)


def in_the_protocol(start_s: NDArray[np.float64], size_bytes: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same as events of the protocol, where flows that meet nobody are not handed to the network."""
    sent = [Sent(at_s, ((0, size),)) for at_s, size in zip(start_s.tolist(), size_bytes.tolist(), strict=True)]
    case = Case([CAPACITY_BPS], [Way((0,), INF)], sent, [])
    return np.array([body[1] for body in driven(case).bodies])


@cache
def one_run(sizes: str, seed: int, ends: Ends = simulated) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sizes in bytes, 200 in the mean, and times in seconds of flows that come at half the link's capacity.

    The first and the last flows are left out: they meet an empty link.
    """
    rng = np.random.default_rng(seed)
    start_s = np.cumsum(rng.exponential(200.0 / (BUSY * CAPACITY_BPS), FLOWS))
    size_bytes = 200.0 * SIZES[sizes](rng, FLOWS)
    finish_s = ends(start_s, size_bytes)
    return size_bytes[EDGE:-EDGE], (finish_s - start_s)[EDGE:-EDGE]


@pytest.mark.parametrize("sizes", SIZES)
def test_the_mean_time_knows_the_mean_size_alone(sizes: str, agrees: Agrees) -> None:
    """Flows that take 2 s alone take 4 s on a link that is half busy, for three distributions of their sizes."""
    assert agrees([float(one_run(sizes, seed)[1].mean()) for seed in range(RUNS)], 4.0)


@pytest.mark.slow
@pytest.mark.parametrize("sizes", ["exponential", "two kinds"])
def test_flows_in_the_protocol_share_as_theory_says(sizes: str, agrees: Agrees) -> None:
    """The same 4 s come of flows as events, half of which are alone at first."""
    assert agrees([float(one_run(sizes, seed, in_the_protocol)[1].mean()) for seed in range(RUNS)], 4.0)


def test_a_flows_mean_time_is_in_proportion_to_its_size(agrees: Agrees) -> None:
    """Flows of 100 bytes take 2 s and flows of 1,100 bytes 22 s in the mean: nobody is favoured."""
    runs = [one_run("two kinds", seed) for seed in range(RUNS)]
    assert agrees([float(time_s[size < 500].mean()) for size, time_s in runs], 2.0)
    assert agrees([float(time_s[size > 500].mean()) for size, time_s in runs], 22.0)
