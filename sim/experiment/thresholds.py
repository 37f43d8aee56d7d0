"""Whether what must hold does: a threshold against the interval of what was measured.

A threshold is met when the whole interval is on its good side, missed when the whole of it is on the other, and
undecided in between, with about how many more runs would decide: an interval's half-width shrinks with the root of the
number of runs, so what is `d` from the limit needs `runs (h / d)^2` of them. A deploy that failed counts as infinite,
so a threshold on it is missed. A difference that says that one variant is better than another is missed where that one
fails more, unless failures are allowed. Left out: what a threshold's text may say (`sim.scenario.thresholds`), and how
a judgement is said (`sim.report.thresholds`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from sim.accounting.failures import Failures
from sim.errors import InputError, near, shown
from sim.experiment.sample import Measured, counts_failures
from sim.scenario.model.thresholds import Threshold, limit_of, threshold
from sim.stats.intervals import Interval
from sim.tables import metric_names

__all__ = ["Judgement", "judged", "limit_of", "threshold"]

Outcome = Literal["met", "missed", "undecided"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """One threshold for one variant, or one difference; `more_runs` is about what would decide it, if that is known.

    `failing` is the variant that is not better as it fails more; `failures` are those of a variant of which deploys
    failed, as bytes and costs of what failed are soon within any limit.
    """

    threshold: Threshold
    of: str
    outcome: Outcome
    measured: Interval
    more_runs: int | None = None
    failing: str | None = None
    failures: Failures | None = None

    @property
    def condition(self) -> str:
        """The threshold without whom it is about."""
        return self.threshold.text.rpartition(":")[2].strip()

    def to_json(self) -> dict[str, Any]:
        """Its part of a document."""
        return {
            "threshold": self.threshold.text, "of": self.of, "outcome": self.outcome, "mean": self.measured.mean,
            "low": self.measured.low, "high": self.measured.high, "more_runs": self.more_runs, "failing": self.failing,
        }  # fmt: skip


def judged(found: Measured, thresholds: Iterable[Threshold], allow_failures: bool = False) -> list[Judgement]:
    """Every threshold for every variant that it is about. InputError for a variant or a link that there is not."""
    return [judgement for wanted in thresholds for judgement in _each(found, wanted, allow_failures)]


def _each(found: Measured, wanted: Threshold, allow_failures: bool) -> Iterator[Judgement]:
    where = f"threshold {shown(wanted.text)}"
    for name in (wanted.variant, wanted.baseline):
        if name is not None and name not in found.variants:
            raise InputError(where, f"unknown variant, got {shown(name)}", near(name, found.variants))
    about = [name for name in (wanted.variant, wanted.baseline) if name is not None] or found.variants
    for variant in about:
        if wanted.metric not in found.metrics(variant):
            problem = f"{variant} has no such metric, got {shown(wanted.metric)}"
            raise InputError(where, problem, near(wanted.metric, found.metrics(variant)))
    if wanted.variant is not None and wanted.baseline is not None:
        measured = found.difference(wanted.variant, wanted.metric, wanted.baseline)
        of = f"{wanted.variant} - {wanted.baseline}"
        failing = None if allow_failures else _failing(found, wanted, wanted.variant, wanted.baseline)
        if failing is None:
            yield _judge(wanted, of, measured, found.runs)
        else:
            yield Judgement(wanted, of, "missed", measured, failing=failing)
        return
    for variant in about:
        failures = found.failures(variant)
        beside = failures if failures.failed and not counts_failures(wanted.metric) else None
        yield replace(_judge(wanted, variant, found.interval(variant, wanted.metric), found.runs), failures=beside)


def _failing(found: Measured, wanted: Threshold, variant: str, baseline: str) -> str | None:
    """Which of two a difference says to be better though it fails more; None for one of failures themselves.

    None as well where nobody knows which way is better, as of a link's use and of the user's own metrics.
    """
    if counts_failures(wanted.metric) or metric_names.why_unknown(wanted.metric) is not None:
        return None
    lower_is_better = metric_names.metric(wanted.metric).lower_is_better
    if lower_is_better is None:
        return None
    better, other = (variant, baseline) if wanted.below == lower_is_better else (baseline, variant)
    return better if found.fails_more(better, other) else None


def _judge(wanted: Threshold, of: str, measured: Interval, runs: int) -> Judgement:
    ends = [wanted.holds(end) for end in (measured.low, measured.high)]
    if math.isinf(measured.mean):
        return Judgement(wanted, of, "met" if wanted.holds(measured.mean) else "missed", measured)
    if not math.isnan(measured.low) and ends[0] == ends[1] and wanted.holds(measured.mean) == ends[0]:
        return Judgement(wanted, of, "met" if ends[0] else "missed", measured)
    half, distance = (measured.high - measured.low) / 2, abs(measured.mean - wanted.limit)
    decides = runs * (half / distance) ** 2 if distance and math.isfinite(half) else math.nan
    more_runs = math.ceil(decides) - runs if math.isfinite(decides) else None
    return Judgement(wanted, of, "undecided", measured, None if more_runs is None else max(more_runs, 1))
