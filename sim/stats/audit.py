"""The statistics' own audit: how often intervals cover, and selections are right, on queues with known answers.

Every experiment is made many times over with other random numbers; the rate at which it is right stands beside what is
claimed. Runs are M/M/1 queues of `CUSTOMERS` customers from their stationary start (`sim.stats.queues`), so that the
true mean is a closed form. A quantile of one run is a biased estimate of the long-run quantile, so its interval over
runs is held against both: what such a run gives on average, found from `_REFERENCE` other runs, and the closed form.

A run's p99 rests on its 20 longest waits, which come in clusters: it leans to the right, and an interval over few such
runs covers it somewhat less often than it says. The rows show by how much. How the interval of a quantity that is never
negative is best made is shown on runs that lean far, short ones of queues that are nearly full: on the log scale, as
`sim.stats.intervals` does it, by Student's t, which goes below zero, and by the bootstrap.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, binomtest

from sim.stats import queues
from sim.stats.failing import fails_more
from sim.stats.intervals import CONFIDENCE, interval
from sim.stats.paired import difference
from sim.stats.quantiles import rank
from sim.stats.selection import Selection
from sim.stats.warmup import mser5

CUSTOMERS: Final = 2_000
RUNS: Final = 10
MORE_RUNS: Final = 20
_RATE_PER_S: Final = 2.0  # half of the time busy
_REFERENCE: Final = 10_000
_PERCENTS: Final = (95, 99)
_AT_ONCE: Final = 1_000  # runs that are held in memory together
_VARIANTS: Final = 4
_FEW_CUSTOMERS: Final = 1_000  # of a run of a selection, which needs many runs
_DRAWN: Final = 20
_BACKLOG_S: Final = 40.0  # work that is there when a queue starts full
_NEARLY_FULL_PER_S: Final = 1.1  # 91 % of the time busy
_SHORT: Final = 50  # customers of a run that leans
_FEW_RUNS: Final = 3
_RESAMPLES: Final = 999
_DEPLOYS: Final = 300.0  # of a run in which a share of them fails
_FAILING: Final = 0.02
_CLUSTER: Final = 10.0  # deploys that fail together
_CLUSTERS: Final = 0.6  # of these in a run, on average


@dataclass(frozen=True, slots=True)
class Row:
    """What is claimed, how often it was so in n experiments, and the 99 % interval of that rate (Clopper-Pearson)."""

    name: str
    claimed: float
    measured: float
    low: float
    high: float
    n: int

    @property
    def keeps(self) -> bool:
        """Whether the claim can be true, or is kept with room to spare."""
        return self.high >= self.claimed


def audit(replications: int = 1_000, seed: int = 1) -> list[Row]:
    """Every row, each from that many experiments."""
    return [*_rows(replications, np.random.default_rng(seed))]


def _rows(n: int, rng: np.random.Generator) -> Iterator[Row]:
    yield from _intervals(n, rng)
    yield from _leaning(n, rng)
    yield from _differences(n, rng)
    yield from _failures(n, rng)
    yield from _selections(n, rng)
    yield from _warm_ups(n, rng)


def _intervals(n: int, rng: np.random.Generator) -> Iterator[Row]:
    """Means of few and of more runs, quantiles over runs, and what pooling all deploys would give: of the same runs."""
    truth_s = queues.mean_wait_s(_RATE_PER_S)
    expected_s = _expected_quantiles_s(rng)
    long_run_s = {percent: queues.quantile_s(_RATE_PER_S, percent / 100) for percent in _PERCENTS}
    right: dict[str, list[bool]] = defaultdict(list)
    for _ in range(n):
        waits_s = queues.waits_s(queues.draws(rng, MORE_RUNS, CUSTOMERS), _RATE_PER_S)
        for runs in (RUNS, MORE_RUNS):
            means_s = waits_s[:runs].mean(axis=1)
            right[f"interval of a mean over {runs} runs covers it"].append(_covers(means_s, truth_s))
            for percent, places_s in _quantiles_s(waits_s[:runs]).items():
                name = f"p{percent} over {runs} runs covers"
                right[f"{name} a run's expected p{percent}"].append(_covers(places_s, expected_s[percent]))
                right[f"{name} the long-run p{percent}"].append(_covers(places_s, long_run_s[percent]))
        for percent in _PERCENTS:
            low, high = _pooled(waits_s[:RUNS].ravel(), percent / 100)
            inside = low <= long_run_s[percent] <= high
            right[f"not done here: p{percent} of pooled deploys covers"].append(inside)
    for name, found in right.items():
        yield _row(name, CONFIDENCE, found)


def _leaning(n: int, rng: np.random.Generator) -> Iterator[Row]:
    """Three ways to the interval of a mean over few runs whose values lean far to the right, of the same runs."""
    truth_s = queues.mean_wait_s(_NEARLY_FULL_PER_S)
    for runs in (_FEW_RUNS, RUNS):
        right: dict[str, list[bool]] = defaultdict(list)
        for _ in range(n):
            means_s = queues.waits_s(queues.draws(rng, runs, _SHORT), _NEARLY_FULL_PER_S).mean(axis=1)
            student = interval(means_s)
            right["on the log scale (done here)"].append(_covers(means_s, truth_s))
            right["by Student's t"].append(student.low <= truth_s <= student.high)
            low_s, high_s = _bootstrapped(means_s, rng)
            right["by the bootstrap"].append(low_s <= truth_s <= high_s)
        for way, found in right.items():
            yield _row(f"no promise: mean of {runs} runs that lean far, {way}", CONFIDENCE, found)


def _bootstrapped(values: NDArray[np.float64], rng: np.random.Generator) -> tuple[float, float]:
    """The percentile interval of the mean of values (n,)."""
    means = values[rng.integers(0, len(values), (_RESAMPLES, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def _differences(n: int, rng: np.random.Generator) -> Iterator[Row]:
    """Variants that share their random numbers, one and then all of them held against the first."""
    rates_per_s = [_RATE_PER_S * (1 + 0.05 * variant) for variant in range(_VARIANTS)]
    truths_s = [queues.mean_wait_s(rate) - queues.mean_wait_s(rates_per_s[0]) for rate in rates_per_s]
    one, every = [], []
    for _ in range(n):
        drawn = queues.draws(rng, RUNS, CUSTOMERS)
        means = [queues.waits_s(drawn, rate).mean(axis=1) for rate in rates_per_s]
        found = [difference(mine, means[0], simultaneous=_VARIANTS - 1) for mine in means[1:]]
        every.append(all(each.low <= truth <= each.high for each, truth in zip(found, truths_s[1:], strict=True)))
        alone = difference(means[1], means[0])
        one.append(alone.low <= truths_s[1] <= alone.high)
    yield _row("paired difference of two variants covers it", CONFIDENCE, one)
    yield _row(f"{_VARIANTS - 1} paired differences all cover (Bonferroni)", CONFIDENCE, every)


def _failures(n: int, rng: np.random.Generator) -> Iterator[Row]:
    """Two variants that fail alike: neither is to be said to fail more, be failures independent or in clusters."""
    for runs in (_FEW_RUNS, RUNS):
        alone, clustered = [], []
        for _ in range(n):
            deploys = np.full(runs, _DEPLOYS)
            alone.append(_level(rng.binomial(int(_DEPLOYS), _FAILING, (2, runs)).astype(np.float64), deploys))
            clustered.append(_level((_CLUSTER * rng.poisson(_CLUSTERS, (2, runs))).astype(np.float64), deploys))
        yield _row(f"two that fail alike are not told apart by {runs} runs", CONFIDENCE, alone)
        yield _row(f"no promise: the same by {runs} runs, failures in clusters of {_CLUSTER:g}", CONFIDENCE, clustered)


def _level(failed: NDArray[np.float64], deploys: NDArray[np.float64]) -> bool:
    """Whether neither of two, (2, runs), is said to fail more."""
    one, other = failed
    return not (fails_more(one, deploys, other, deploys) or fails_more(other, deploys, one, deploys))


def _selections(n: int, rng: np.random.Generator) -> Iterator[Row]:
    """The hardest case: one variant is better than all others by exactly the indifference."""
    best_s = queues.mean_wait_s(_RATE_PER_S)
    indifference_s = 0.15 * best_s
    others = queues.rate_for(best_s + indifference_s)
    rates_per_s = {"best": _RATE_PER_S} | {f"other {at}": others for at in range(1, _VARIANTS)}
    for shared in (True, False):
        right = [_select(rates_per_s, indifference_s, rng, shared) == "best" for _ in range(n)]
        numbers = "shared random numbers" if shared else "own random numbers"
        yield _row(f"KN chooses the best of {_VARIANTS}, {numbers}", CONFIDENCE, right)


def _select(rates_per_s: dict[str, float], indifference_s: float, rng: np.random.Generator, shared: bool) -> str:
    """What KN chooses, given run after run; runs are drawn some at a time."""
    selection = Selection(list(rates_per_s), indifference_s)
    while selection.chosen is None:
        together = queues.draws(rng, _DRAWN, _FEW_CUSTOMERS)
        means_s = {
            name: queues.waits_s(
                together if shared else queues.draws(rng, _DRAWN, _FEW_CUSTOMERS), rates_per_s[name]
            ).mean(axis=1)
            for name in selection.surviving
        }  # fmt: skip
        for run in range(_DRAWN):
            if selection.chosen is None:
                selection.observe({name: float(each[run]) for name, each in means_s.items()})
    return selection.chosen


def _warm_ups(n: int, rng: np.random.Generator) -> Iterator[Row]:
    """Queues that start with a backlog: the interval of the mean with what MSER-5 cuts, and without a cut.

    Cutting where what is left looks most certain leaves some of the bias, so that the intervals cover less than 95 %.
    """
    truth_s = queues.mean_wait_s(_RATE_PER_S)
    cut, whole = [], []
    for _ in range(n):
        waits_s = queues.waits_s(queues.draws(rng, RUNS, CUSTOMERS), _RATE_PER_S, start_s=_BACKLOG_S)
        cut.append(_covers(np.array([run[mser5(run).cut :].mean() for run in waits_s]), truth_s))
        whole.append(_covers(waits_s.mean(axis=1), truth_s))
    yield _row("no promise: mean cut by MSER-5 after a backlog", CONFIDENCE, cut)
    yield _row("not done here: the same, uncut", CONFIDENCE, whole)


def _expected_quantiles_s(rng: np.random.Generator) -> dict[int, float]:
    """What the quantiles of one run are on average, from many runs that nothing else uses."""
    parts = [
        _quantiles_s(queues.waits_s(queues.draws(rng, _AT_ONCE, CUSTOMERS), _RATE_PER_S))
        for _ in range(_REFERENCE // _AT_ONCE)
    ]
    return {percent: float(np.mean([part[percent] for part in parts])) for percent in _PERCENTS}


def _quantiles_s(waits_s: NDArray[np.float64]) -> dict[int, NDArray[np.float64]]:
    """Each run's quantiles, (runs,) for every percentage."""
    places = {percent: rank(waits_s.shape[1], percent) for percent in _PERCENTS}
    ordered = np.partition(waits_s, list(places.values()), axis=1)
    return {percent: ordered[:, place] for percent, place in places.items()}


def _pooled(waits_s: NDArray[np.float64], share: float) -> tuple[float, float]:
    """What many do: order statistics of all deploys together, as if they were independent."""
    ordered, tail = np.sort(waits_s), (1 - CONFIDENCE) / 2
    low, high = (int(binom.ppf(chance, len(ordered), share)) for chance in (tail, 1 - tail))
    return float(ordered[low]), float(ordered[high])


def _covers(values: NDArray[np.float64], truth: float) -> bool:
    found = interval(values, positive=True)
    return found.low <= truth <= found.high


def _row(name: str, claimed: float, right: Sequence[bool]) -> Row:
    tested = binomtest(sum(right), len(right)).proportion_ci(0.99)
    return Row(name, claimed, sum(right) / len(right), float(tested.low), float(tested.high), len(right))
