"""What each fault of a scenario did to deploys and registries, from a run's rows and the times at which it held.

A deploy met a fault if it was under way at some time of it; the rest are those that met none. The backlog has drained
when, after the fault's end, as few deploys are under way as in 95 % of the time before the first fault. Registries
agree again when every copy is made that was owed by the fault's end; never, if one of those was given up meanwhile.
Of a fault that comes several times in a run all its times count together, and the longest of what follows them. Left
out: which of two faults that overlap did it; a deploy that met both counts for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.stats.quantiles import summary
from sim.tables.columns import Table
from sim.tables.metric_names import FAULTS
from sim.workload.outages import Episode

Floats = NDArray[np.float64]
_USUAL = 0.95


def fault_metrics(
    faults: Iterable[str], episodes: Sequence[Episode], tables: Mapping[str, Table], from_s: float
) -> dict[str, float]:
    """For each fault by name the metrics of `metric_names.FAULTS`, by `faults.NAME.METRIC`.

    Latencies are of deploys asked for from `from_s` on. What has no value is NaN: quantiles of no deploys, draining
    where nothing was before, agreeing where nothing is copied, all but counts where the fault never came.
    """
    by_fault = {name: [episode for episode in episodes if episode.fault == name] for name in faults}
    deploys = tables["deploys"]
    asked_s, ended_s = deploys.column("asked_s"), deploys.column("ended_s")
    counts = asked_s >= from_s
    met = {name: _met(asked_s, ended_s, times) & counts for name, times in by_fault.items()}
    rest = counts & ~np.logical_or.reduce([*met.values()]) if met else counts
    latency_s, failed = deploys.column("latency_s"), deploys.column("failed")
    of_rest = summary(latency_s[rest])
    usual = _usually_under_way(asked_s, ended_s, min((episode.from_s for episode in episodes), default=0.0))
    found: dict[str, float] = {}
    for name, times in by_fault.items():
        of_met = summary(latency_s[met[name]])
        values = (
            len(times), met[name].sum(), failed[met[name]].sum(), of_met["p50"], of_met["p95"], of_rest["p50"],
            of_rest["p95"], _longest(_drained_s(asked_s, ended_s, usual, time.until_s) for time in times),
            _longest(_agreed_s(tables["syncs"], time) for time in times),
            sum(int(_given_up(tables["syncs"], time).sum()) for time in times),
        )  # fmt: skip
        found |= {f"faults.{name}.{metric}": float(value) for metric, value in zip(FAULTS, values, strict=True)}
    return found


def under_way(asked_s: Floats, ended_s: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """How many deploys are under way from each time on: times (n,) in order, and numbers (n,)."""
    times_s = np.concatenate((asked_s, ended_s))
    order = np.argsort(times_s, kind="stable")
    number = np.cumsum(np.where(order < len(asked_s), 1, -1))
    last = np.append(np.diff(times_s[order]) > 0, True) if len(order) else np.empty(0, bool)
    return times_s[order][last], number[last]


def _met(asked_s: Floats, ended_s: Floats, times: Sequence[Episode]) -> NDArray[np.bool_]:
    """Which deploys were under way at some time of these."""
    met = np.zeros(len(asked_s), bool)
    for time in times:
        met |= (asked_s < time.until_s) & (ended_s > time.from_s)
    return met


def _usually_under_way(asked_s: Floats, ended_s: Floats, until_s: float) -> float:
    """How many deploys at most are under way in 95 % of the time until then; NaN if none was asked for."""
    before = asked_s < until_s
    if not before.any():
        return float("nan")
    times_s, number = under_way(asked_s[before], np.minimum(ended_s[before], until_s))
    edges_s, counts = np.concatenate(([0.0], times_s, [until_s])), np.concatenate(([0], number))
    lasts_s = np.diff(edges_s)
    order = np.argsort(counts, kind="stable")
    by_then_s = np.cumsum(lasts_s[order])
    return float(counts[order][np.searchsorted(by_then_s, _USUAL * by_then_s[-1])])


def _drained_s(asked_s: Floats, ended_s: Floats, usual: float, end_s: float) -> float:
    """From the end of a fault until no more deploys are under way than usually."""
    if np.isnan(usual):
        return float("nan")
    times_s, number = under_way(asked_s, ended_s)
    at = int(np.searchsorted(times_s, end_s, side="right"))
    if (number[at - 1] if at else 0) <= usual:
        return 0.0
    return float(times_s[at:][number[at:] <= usual][0] - end_s)


def _agreed_s(syncs: Table, time: Episode) -> float:
    """From the end of a fault until the copies owed by then are made; infinite if one was given up since it began."""
    if not len(syncs):
        return float("nan")
    done_s = syncs.column("committed_s")
    owed = (syncs.column("published_s") <= time.until_s) & (done_s > time.from_s)
    if _given_up(syncs, time).any():
        return float("inf")
    return float(max(done_s[owed].max(initial=time.until_s) - time.until_s, 0.0))


def _given_up(syncs: Table, time: Episode) -> NDArray[np.bool_]:
    """Which copies that were owed by a fault's end were given up since it began; a stale one is of no more use."""
    given_up = syncs.where("state", "failed")
    owed = (syncs.column("committed_s") > time.from_s) & (syncs.column("published_s") <= time.until_s)
    found: NDArray[np.bool_] = given_up & owed
    return found


def _longest(values: Iterable[float]) -> float:
    return max(values, default=float("nan"))
