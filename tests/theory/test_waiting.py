"""Waiting at a registry is that of the M/M/c queue, at the workers alone and in a whole scenario.

`sim.theory` has the formulas and their sources.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.protocol.ops.service import serve
from sim.protocol.state import (
    LAYOUT,
)
from sim.records import ObjectState
from sim.records.layout import table_of
from sim.runner import run
from sim.scenario import Scenario
from sim.theory import erlang_c, mg1_wait_s, mmc_wait_s

Agrees = Callable[[Sequence[float], float], bool]
RUNS, REQUESTS, WARM_UP = 40, 10_000, 1_000


def stays(
    workers: int, rate_per_s: float, service_s: Callable[[np.random.Generator], NDArray[np.float64]], seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Arrivals, ends and waits of one run of Poisson arrivals, without its warm-up; (n,) each."""
    rng = np.random.default_rng(seed)
    arrived_s = np.cumsum(rng.exponential(1 / rate_per_s, REQUESTS))
    taken_s = service_s(rng)
    registry = table_of(LAYOUT, "registries", {"workers": [workers]})
    place = ObjectState(LAYOUT, {"registries": registry, "free_s": np.zeros(workers)})
    asked = zip(arrived_s.tolist(), taken_s.tolist(), strict=True)
    ended_s = np.array([serve(place, 0, *request) for request in asked])
    return tuple(column[WARM_UP:] for column in (arrived_s, ended_s, ended_s - arrived_s - taken_s))  # type: ignore[return-value]


def exponential(rng: np.random.Generator) -> NDArray[np.float64]:
    return rng.exponential(1.0, REQUESTS)


@pytest.mark.parametrize(("workers", "busy"), [(1, 0.5), (1, 0.7), (2, 0.7), (8, 0.8)])
def test_exponential_requests_wait_as_erlang_says(workers: int, busy: float, agrees: Agrees) -> None:
    """Poisson arrivals of 1 s of exponential work: the mean wait, and how many wait, are the M/M/c queue's."""
    rate_per_s = busy * workers
    waits = [stays(workers, rate_per_s, exponential, seed)[2] for seed in range(RUNS)]
    assert agrees([float(wait_s.mean()) for wait_s in waits], mmc_wait_s(workers, rate_per_s, 1.0))
    assert agrees([float((wait_s > 1e-9).mean()) for wait_s in waits], erlang_c(workers, rate_per_s))


@pytest.mark.parametrize(("variation", "squared"), [("fixed", 0.0), ("two kinds", 2.0)])
def test_one_worker_waits_as_pollaczek_and_khinchine_say(variation: str, squared: float, agrees: Agrees) -> None:
    """At one worker waits scale with (1 + CV^2) / 2: half of the M/M/1 queue's when all take 1 s, 1.5 at CV^2 = 2."""

    def service_s(rng: np.random.Generator) -> NDArray[np.float64]:
        # 2 / 3 take nothing and 1 / 3 take 3 s: mean 1, second moment 3.
        return np.ones(REQUESTS) if variation == "fixed" else 3.0 * (rng.random(REQUESTS) < 1 / 3)

    waits = [float(stays(1, 0.5, service_s, seed)[2].mean()) for seed in range(RUNS)]
    assert agrees(waits, mg1_wait_s(0.5, 1.0, squared))


def test_littles_law_holds(agrees: Agrees) -> None:
    """The number of requests seen at instants of a clock is the arrival rate times the mean stay (Little, 1961)."""
    seen, ratio = [], []
    for seed in range(RUNS):
        arrived_s, ended_s, _ = stays(2, 1.4, exponential, seed)
        clock_s = np.arange(arrived_s[0] + 100, arrived_s[-1], 1.0)
        inside = np.searchsorted(arrived_s, clock_s, "right") - np.searchsorted(np.sort(ended_s), clock_s, "right")
        seen.append(float(inside.mean()))
        ratio.append(float(inside.mean()) / (1.4 * float((ended_s - arrived_s).mean())))
    assert agrees(ratio, 1.0)
    assert agrees(seen, 1.4 * (mmc_wait_s(2, 1.4, 1.0) + 1.0))


#: Skopeo asks a registry for one thing at a time: a new ROM of two blobs is 11 requests to the one node and none to
#: central. Links are so fast that deploys meet each other at the workers alone.
WHOLE: dict[str, Any] = {
    "run": {"duration": "1200 s", "seed": 1},
    "topology": {"shape": "star"},
    "central": {},
    "nodes": {"n": {"rtt": "2 us", "capacity": "1000 Gbit/s", "service": "exponential", "request_time": "50 ms"}},
    "clients": {"ci": {"count": 5, "rtt": "100 ms", "up": "1000 Gbit/s", "down": "1000 Gbit/s", "profile": "skopeo"}},
    "images": {"rom": {"rootfs": "20 kB"}},
    "demand": {"apps": 0, "updates": 0.0},
    "policies": {"route": "node-direct", "sync": {"to_central": "never"}, "tags": {"check": "absent"}},
}


@pytest.mark.slow
@pytest.mark.parametrize(("workers", "busy"), [(1, 0.5), (3, 0.6)])
def test_a_registry_in_a_whole_scenario_is_the_same_queue(workers: int, busy: float, agrees: Agrees) -> None:
    """Requests that come back after each answer still wait as Erlang says, 11 of them a deploy.

    What returns is no Poisson stream, but the network of queues has a product form (J. R. Jackson, "Networks of
    waiting lines", 1957), so each request sees the M/M/c queue at its total rate.
    """
    rate_per_s = busy * workers / 0.05
    overrides = {"demand.rate": f"{rate_per_s / 11}/s", "nodes.n.workers": workers}
    scenario = Scenario.from_document(WHOLE, overrides=overrides)
    waits_s, services_s = [], []
    for number in range(24):
        result = run(scenario, run=number)
        node = {column: values[1] for column, values in result.tables["registries"].arrays().items()}
        assert node["requests"] == 11 * len(result.tables["deploys"])
        waits_s.append(float(node["waited_s"] / node["requests"]))
        services_s.append(float(node["busy_s"] / node["requests"]))
    assert agrees(services_s, 0.05)
    assert agrees(waits_s, mmc_wait_s(workers, rate_per_s, 0.05))
