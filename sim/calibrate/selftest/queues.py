"""The simulator's own queues, links and caches against theory.

Each row simulates one thing over independent runs and puts the interval of its mean beside the closed form from
`sim.theory`. Intervals are at 99 %, all rows together, so that one test in a hundred fails by chance and the fixed
seed decides which. What is not random (slow start) must agree to rounding. Left out: what has no closed form, such as
queues in series with several classes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim import theory
from sim.network import Flows, simulate
from sim.network.tcp.transport import INITIAL_WINDOW_BYTES
from sim.protocol.ops.service import serve
from sim.protocol.state import LAYOUT
from sim.records import ObjectState
from sim.records.layout import table_of
from sim.runner import run
from sim.scenario import Scenario
from sim.stats.intervals import interval
from sim.streams import Streams

RUNS: Final = 20
CONFIDENCE: Final = 0.99
_REQUESTS, _WARM_UP = 20_000, 2_000
_FLOWS, _EDGE = 4_000, 400
_CAPACITY_BPS = 100.0
_REQUESTS_PER_S = 36.0
_MEAN_BYTES = 200.0

#: How one run's mean is drawn: from its number to a value.
Trial = Callable[[int], float]
#: Draws of mean 1, (n,).
Sizes = Callable[[np.random.Generator, int], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Agreement:
    """A closed form beside the interval of what was simulated; without a spread the two must be equal to rounding."""

    name: str
    unit: str
    theory: float
    simulated: float
    low: float
    high: float
    n: int

    @property
    def agrees(self) -> bool:
        if self.low == self.high or math.isnan(self.low):
            return math.isclose(self.theory, self.simulated, rel_tol=1e-9)
        return self.low <= self.theory <= self.high


@dataclass(frozen=True, slots=True)
class _Case:
    name: str
    unit: str
    theory: float
    trial: Trial
    runs: int = RUNS


def agreements(seed: int = 1) -> list[Agreement]:
    """Every case, in the order in which it is printed."""
    cases = _cases(seed)
    return [_agreement(case, len(cases)) for case in cases]


def _agreement(case: _Case, cases: int) -> Agreement:
    values = np.array([case.trial(number) for number in range(case.runs)])
    found = interval(values, CONFIDENCE, cases)
    return Agreement(case.name, case.unit, case.theory, found.mean, found.low, found.high, case.runs)


def _cases(seed: int) -> list[_Case]:
    def waits(name: str, workers: int, busy: float, draw: Sizes, form_s: float) -> _Case:
        return _Case(name, "s", form_s, lambda number: _mean_wait_s(Streams(seed, number), workers, busy, draw))

    def shares(name: str, draw: Sizes) -> _Case:
        form_s = theory.sharing_s(_MEAN_BYTES, _CAPACITY_BPS, 0.5)
        return _Case(name, "s", form_s, lambda number: _mean_flow_s(Streams(seed, number), 0.5, draw))

    return [
        waits("wait, M/M/1, 70 % busy", 1, 0.7, exponential, theory.mmc_wait_s(1, 0.7, 1.0)),
        waits("wait, M/M/8, 80 % busy", 8, 0.8, exponential, theory.mmc_wait_s(8, 6.4, 1.0)),
        waits("wait, M/D/1, 50 % busy", 1, 0.5, fixed, theory.mg1_wait_s(0.5, 1.0, 0.0)),
        waits("wait, M/G/1, CV^2 2.25, 50 % busy", 1, 0.5, two_kinds, theory.mg1_wait_s(0.5, 1.0, 2.25)),
        _Case(
            "wait at a registry of a scenario, M/M/3", "s",
            theory.mmc_wait_s(3, _REQUESTS_PER_S, 0.05), _registry(seed), 10,
        ),
        shares("time on a shared link, exponential sizes", exponential),
        shares("time on a shared link, two sizes", two_kinds),
        _slow_start(seed),
        _Case("kernels sent to an empty registry, of pushes", "", *_first_pushes(seed)),
        _Case("hits of a node's store, LRU, Che's form", "", *_node_cache(seed), 10),
    ]  # fmt: skip


def exponential(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return rng.exponential(1.0, n)


def fixed(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return np.ones(n)


def two_kinds(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """Nine in ten are half the mean, one in ten is 5.5 times it: a squared coefficient of variation of 2.25."""
    return np.where(rng.random(n) < 0.9, 0.5, 5.5)


def stays(
    streams: Streams, workers: int, rate_per_s: float, draw: Sizes, requests: int = _REQUESTS
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Arrivals, ends and waits, (n,) s each, of Poisson requests of 1 s at a registry's workers, warmed up."""
    arrived_s = np.cumsum(streams.generator("arrivals").exponential(1 / rate_per_s, requests))
    taken_s = draw(streams.generator("services"), requests)
    registry = table_of(LAYOUT, "registries", {"workers": [workers]})
    place = ObjectState(LAYOUT, {"registries": registry, "free_s": np.zeros(workers)})
    asked = zip(arrived_s.tolist(), taken_s.tolist(), strict=True)
    ended_s = np.array([serve(place, 0, *request) for request in asked])
    kept = slice(_WARM_UP, None)
    return arrived_s[kept], ended_s[kept], (ended_s - arrived_s - taken_s)[kept]


def _mean_wait_s(streams: Streams, workers: int, busy: float, draw: Sizes) -> float:
    return float(stays(streams, workers, busy * workers, draw)[2].mean())


def _mean_flow_s(streams: Streams, busy: float, draw: Sizes) -> float:
    """The mean time of Poisson flows over one link; those at both ends find an empty link and do not count."""
    gap_s = _MEAN_BYTES / (busy * _CAPACITY_BPS)
    start_s = np.cumsum(streams.generator("arrivals").exponential(gap_s, _FLOWS))
    size_bytes = _MEAN_BYTES * draw(streams.generator("sizes"), _FLOWS)
    flows = Flows(start_s, size_bytes, np.zeros(_FLOWS, np.int64), [(0,)])
    finish_s = simulate({"link": _CAPACITY_BPS}, flows, compiled=False)
    return float((finish_s - start_s)[_EDGE:-_EDGE].mean())


#: A new ROM of two small blobs is eleven requests of skopeo to the one node and none to central; links are so fast that
#: deploys meet at the workers alone. What comes back is no Poisson stream, but Jackson's networks have a product form.
_ONE_REGISTRY: Final[Mapping[str, Any]] = {
    "run": {"duration": "1000 s"},
    "topology": {"shape": "star"},
    "nodes": {"n": {"rtt": "2 us", "capacity": "1000 Gbit/s", "service": "exponential", "request_time": "50 ms",
                    "workers": 3}},
    "clients": {"ci": {"count": 5, "rtt": "100 ms", "up": "1000 Gbit/s", "down": "1000 Gbit/s", "profile": "skopeo"}},
    "images": {"rom": {"rootfs": "20 kB"}},
    "demand": {"apps": 0, "updates": 0.0, "rate": f"{_REQUESTS_PER_S / 11}/s"},
    "policies": {"route": "node-direct", "sync": {"to_central": "never"}, "tags": {"check": "absent"}},
}  # fmt: skip


def _registry(seed: int) -> Trial:
    scenario = Scenario.from_document(_ONE_REGISTRY, "selftest")

    def trial(number: int) -> float:
        node = run(scenario, seed, number).tables["registries"].arrays()
        return float(node["waited_s"][1] / node["requests"][1])

    return trial


def _slow_start(seed: int) -> _Case:
    """What a rootfs of 5 MB takes longer to upload than one that fits the first window, on an idle line."""
    rate_Bps, round_trip_s, large, small = 10e6, 0.1, 5_000_000, 10_000
    document = {
        **_ONE_REGISTRY,
        "nodes": {"n": {"rtt": "60 ms", "capacity": "1000 Gbit/s", "disk": "1000 GB/s", "window": "1 GB"}},
        "clients": {"ci": {"rtt": "40 ms", "up": "10 MB/s", "profile": "skopeo", "window": "1 GB"}},
        "demand": {"apps": 0, "updates": 0.0, "rate": "1/h", "arrivals": "even"},
    }

    def upload_s(size_bytes: int) -> float:
        scenario = Scenario.from_document(document, "selftest", {"images.rom.rootfs": f"{size_bytes} B"})
        return float(run(scenario, seed).tables["deploys"].column("upload_s")[0])

    form_s = theory.slow_start_transfer_s(large, rate_Bps, round_trip_s, INITIAL_WINDOW_BYTES) - small / rate_Bps
    return _Case("upload of 5 MB, slow start at 100 ms", "s", form_s, lambda _: upload_s(large) - upload_s(small), 1)


def _first_pushes(seed: int) -> tuple[float, Trial]:
    """Repositories start empty, so the first push of each carries its kernel: misses of a cache without bound."""
    apps, pushes = 200, 500
    scenario = Scenario.from_document(
        {
            **_ONE_REGISTRY,
            "run": {"duration": "500 h"},
            "nodes": {"n": {}},
            "images": {"app": {"kernel": "1 MB", "rootfs": "20 kB"}},
            "demand": {"apps": apps, "updates": 1.0, "rate": "1/h", "arrivals": "even", "warm": False},
        },
        "selftest",
    )

    def trial(number: int) -> float:
        result = run(scenario, seed, number)
        content = result.tables["transfers"].column("content")
        return float(content.count("kernel") / len(result.tables["deploys"]))

    return theory.fresh_share(_zipf(apps, scenario.demand.popularity), pushes), trial


def _node_cache(seed: int) -> tuple[float, Trial]:
    """A node keeps as many kernels as have room, the least recently used go: hits are pulls that find theirs there.

    Every deploy brings a new image of one of many kinds by Zipf's law, so that kernels are asked for independently, and
    its own layers are too small to count.
    """
    kinds, places, warm_up = 100, 20, 300
    popularity = _zipf(kinds, 0.8)
    image = {"kernel": "1 MB", "rootfs": "100 B", "config": "10 B"}
    scenario = Scenario.from_document(
        {
            **_ONE_REGISTRY,
            "run": {"duration": "1500 h"},
            "nodes": {"n": {"storage": f"{places * 1000 + 50} kB"}},
            "images": {f"kind{at}": {**image, "share": share} for at, share in enumerate(popularity.tolist())},
            "demand": {"apps": 0, "updates": 0.0, "rate": "1/h", "arrivals": "even", "runs_for": "1 s"},
            "policies": {"route": "central", "eviction": "lru", "dedup": "registry"},
        },
        "selftest",
    )

    def trial(number: int) -> float:
        result = run(scenario, seed, number)
        transfers = result.tables["transfers"]
        rows = zip(transfers.column("purpose"), transfers.column("content"), transfers.column("deploy"), strict=True)
        missed = sum(purpose == "pull" and content == "kernel" and at >= warm_up for purpose, content, at in rows)
        return float(1 - missed / (len(result.tables["deploys"]) - warm_up))

    return float(theory.che_hit_chances(popularity, places) @ popularity / popularity.sum()), trial


def _zipf(count: int, exponent: float) -> NDArray[np.float64]:
    return np.asarray(np.arange(1, count + 1, dtype=np.float64) ** -exponent)
