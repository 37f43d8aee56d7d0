"""Whether a metric moved between two results, judged in one of three ways, each of which the output names.

- *exact*: any run's value that differs has moved. With the same seed and the same model nothing else is free of noise.
- *statistical*: what moved is a mean whose paired difference lies beside zero with its whole interval, which is as wide
  as all metrics at once need. A change that only draws its random numbers in another order moves nothing that this
  sees. Of one run there is no interval, so that what differs there is undecided.
- *tolerance*: a mean may move by a share of what it was, or by an amount in its own unit, whichever is more: a share of
  0 is 0. The first tolerance whose pattern fits a metric counts.

A value that was finite and is not, or the other way round, has moved however it is judged. Left out: what is judged
(`gate`), and how it is said (`sim.report.gates`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError, near, shown
from sim.experiment.sample import counts_failures, resolution
from sim.scenario.model.thresholds import limit_of
from sim.stats.intervals import CONFIDENCE, Interval, interval
from sim.stats.paired import difference
from sim.tables import metric_names, rows
from sim.units import UnitError, fraction_of

Judge = Literal["exact", "statistical", "tolerance"]
JUDGES: Final = get_args(Judge)
Verdict = Literal["same", "moved", "undecided"]
Values = NDArray[np.float64]

#: How far a metric may move, as a share of what it was, where nothing else is said.
WITHIN: Final = 0.01


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far metrics that fit a pattern, such as `deploy_latency_s.*`, may move: by either of the two."""

    pattern: str
    share: float = 0.0
    amount: float = 0.0
    text: str = ""

    def allows(self, was: float, moved: float) -> bool:
        """Whether a mean may move so far."""
        return abs(moved) <= max(self.share * abs(was), self.amount)


@dataclass(frozen=True, slots=True)
class How:
    """By what is judged."""

    judge: Judge = "tolerance"
    within: float = WITHIN
    tolerances: tuple[Tolerance, ...] = ()

    def tolerance(self, metric: str) -> Tolerance:
        """How far a metric may move."""
        fits = (each for each in self.tolerances if each.pattern == metric or fnmatchcase(metric, each.pattern))
        return next(fits, Tolerance("*", self.within))

    def sentence(self, metrics: int) -> str:
        """What was judged by, for whoever reads the answer."""
        if self.judge == "exact":
            return "judged exactly: any run's value that differs has moved"
        if self.judge == "statistical":
            at = f"{100 * CONFIDENCE:g} % over all {metrics} metrics"
            return f"judged statistically: what moved differs from 0 at {at}; the order of draws alone moves nothing"
        own = "".join(f"; {each.pattern} by {each.text}" for each in self.tolerances)
        return f"judged by tolerances: a mean may move by {100 * self.within:g} %{own}"


@dataclass(frozen=True, slots=True)
class Judged:
    """A metric of a variant then and now: means, the paired difference, and what it was judged to be."""

    variant: str
    metric: str
    then: Interval
    now: Interval
    apart: Interval
    verdict: Verdict

    @property
    def was(self) -> float:
        """The mean that it had."""
        return self.then.mean

    @property
    def share(self) -> float:
        """By what share of what it was it moved; NaN of 0, and of what has no value."""
        known = math.isfinite(self.apart.mean) and math.isfinite(self.was) and self.was
        return self.apart.mean / abs(self.was) if known else math.nan

    @property
    def side(self) -> str:
        """`better` or `worse`, where anybody knows which way is better; else `higher` or `lower`, or nothing."""
        up = self.now.mean > self.was if not math.isnan(self.now.mean - self.was) else None
        if up is None or self.verdict == "same":
            return ""
        try:
            lower_is_better = metric_names.metric(self.metric).lower_is_better
        except KeyError:
            lower_is_better = None
        if counts_failures(self.metric):
            lower_is_better = True
        if lower_is_better is None:
            return "higher" if up else "lower"
        return "worse" if up == lower_is_better else "better"

    def to_json(self) -> dict[str, Any]:
        """As documents have it: `was` and the paired difference as before, and what was judged."""
        return {
            "variant": self.variant, "metric": self.metric, "was": self.was, "now": self.now.mean,
            "mean": self.apart.mean, "low": self.apart.low, "high": self.apart.high, "share": self.share,
            "side": self.side, "outcome": self.verdict,
        }  # fmt: skip


def tolerance_of(text: str) -> Tolerance:
    """`deploy_latency_s.*=5 %`, `failed_deploys=2`, `push_s.p50=5 % or 10 ms`. InputError for what is none."""
    pattern, equals, rest = text.partition("=")
    pattern = pattern.strip()
    remedy = 'write for example --tolerance "deploy_latency_s.p95=5 % or 10 ms"'
    if not equals or not pattern or not rest.strip():
        raise InputError("--tolerance", f"must be METRIC=SHARE or METRIC=AMOUNT, got {shown(text)}", remedy)
    known = [name for name in (*rows.METRICS, pattern) if name == pattern or fnmatchcase(name, pattern)]
    problem = metric_names.why_unknown(known[0]) if set(pattern).isdisjoint("*?[") else None
    if problem is not None:
        raise InputError("--tolerance", *problem)
    share, amount = 0.0, 0.0
    for part in rest.split(" or "):
        if "%" in part:
            try:
                share = fraction_of(part.strip())
            except UnitError as error:
                raise InputError("--tolerance", error.problem, remedy) from None
        else:
            try:
                amount = limit_of(known[0], part.strip(), (known[0],))
            except InputError as error:
                raise InputError("--tolerance", error.problem, error.remedy or remedy) from None
    if share < 0 or amount < 0:
        raise InputError("--tolerance", f"must be 0 or above, got {shown(rest.strip())}", remedy)
    return Tolerance(pattern, share, amount, rest.strip())


def judge_of(name: str) -> Judge:
    """The way to judge of that name. InputError if there is none."""
    for known in JUDGES:
        if name == known:
            found: Judge = known
            return found
    raise InputError("--judge", f"unknown way to judge, got {shown(name)}", near(name, JUDGES))


def judged(
    was: Mapping[str, Mapping[str, Values]], now: Mapping[str, Mapping[str, Values]], how: How
) -> tuple[Judged, ...]:
    """Every metric that both have, values (runs,) by variant and metric, by variant and name in the order of `was`."""
    shared = [
        (name, metric) for name, metrics in was.items() if name in now for metric in metrics if metric in now[name]
    ]
    return tuple(
        _judge(name, metric, was[name][metric], now[name][metric], how, len(shared)) for name, metric in shared
    )


def _judge(variant: str, metric: str, was: Values, now: Values, how: How, metrics: int) -> Judged:
    n = min(len(was), len(now))
    then, here, least = was[:n], now[:n], resolution(metric)
    simultaneous = max(metrics, 1) if how.judge == "statistical" else 1
    apart = difference(here, then, simultaneous=simultaneous, resolution=least)
    verdict = _verdict(metric, then, here, apart, how, len(was) == len(now))
    return Judged(variant, metric, interval(then, positive=True), interval(here, positive=True), apart, verdict)


def _verdict(metric: str, was: Values, now: Values, apart: Interval, how: How, all_runs: bool) -> Verdict:
    same = np.array_equal(was, now, equal_nan=True)
    if same or not np.array_equal(np.isfinite(was), np.isfinite(now)):
        return "same" if same and (all_runs or how.judge != "exact") else "moved"
    if how.judge == "exact":
        return "moved"
    finite = np.isfinite(was)
    if how.judge == "statistical":
        if not finite.all() or not apart.known:
            return "undecided"
        return "moved" if apart.decided else "same"
    allowed = how.tolerance(metric)
    if not finite.all():
        each = zip(was[finite].tolist(), (now - was)[finite].tolist(), strict=True)
        return "same" if all(allowed.allows(then, moved) for then, moved in each) else "moved"
    return "same" if allowed.allows(float(was.mean()), apart.mean) else "moved"


def missing(one: Mapping[str, Sequence[str] | Mapping[str, Any]], other: Mapping[str, Any]) -> tuple[str, ...]:
    """The variants, and the metrics of variants that both have, of the first that the second lacks, by name."""
    found = []
    for name, metrics in one.items():
        if name not in other:
            found.append(f"variant {name}")
        else:
            found += [f"{name}: {metric}" for metric in metrics if metric not in other[name]]
    return tuple(found)
