"""What a comparison found: every metric of every run, intervals over runs, differences from the baseline.

Differences are paired run by run. With more than one variant beside the baseline, the differences of one metric hold
together at 95 % (Bonferroni over the variants); each variant's own interval holds by itself. That is enough to name
the lowest with those that are level with it, too: the true lowest is left out only if one of its own differences from
the others misses, and of these there are no more (Hsu, "Constrained simultaneous confidence intervals for multiple
comparisons with the best", 1984).

Left out: metrics taken together, each of which has its own 5 % of error. The verdict, frames and plots are made in
`sim.report` (`rendering`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from sim.accounting.failures import Failures
from sim.accounting.held_back import Held, mean_held, to_json
from sim.errors import InputError, shown
from sim.experiment.assumptions.examination import Assumptions
from sim.experiment.assumptions.flips import Flip, flips, sides_of
from sim.experiment.doubling import Gain
from sim.experiment.doubts import doubts
from sim.experiment.execution.at_hand import Asked
from sim.experiment.execution.worker import Outcome
from sim.experiment.fault_effects import faults_to_json
from sim.experiment.measures import NOTHING, Measures
from sim.experiment.sample import (
    Values,
    counts_of,
    fails_more,
    interval_of,
    least_failing,
    resolution,
    values_of,
)
from sim.experiment.tradeoff import Choice, tradeoff
from sim.files import jsonable
from sim.rendering import Finding, render
from sim.result import Result
from sim.scenario import Scenario
from sim.scenario.warnings.warning import ScenarioWarning
from sim.stats.intervals import CONFIDENCE, Interval
from sim.stats.paired import Pairing, difference, pairing
from sim.tables import metric_names

if TYPE_CHECKING:
    import pandas as pd

#: The metrics that people are shown; the rest is in the files.
HEADLINE: Final = (
    "deploy_latency_s.p50", "deploy_latency_s.p95", "deploy_latency_s.p99", "client_latency_s.p50",
    "client_latency_s.p95", "wan_bytes", "central_egress_bytes", "dedup_saved_bytes", "stale_starts", "failed_deploys",
)  # fmt: skip

#: What is shown where there is any.
NOTEWORTHY: Final = ("missed_starts", "lost_images", "cost_usd", "cost_usd_per_month")


@dataclass(frozen=True, slots=True)
class Precision:
    """The half-width asked for, as a share of the mean, and whether the runs reached it."""

    asked: float
    reached: bool


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Comparison(Finding):
    """All runs of a scenario's variants, `outcomes[variant][run]`, and what follows from them.

    Unless `allow_failures` no variant that fails more than another is called better. The verdict says what could flip
    it if the assumptions were `examined`.

    `interval(NAME, METRIC)` and `difference(NAME, METRIC)` are in the metric's unit, at 95 %; `values` are by run.

    >>> import sim
    >>> asked = sim.load("metros", {"demand.rate": "50/day", "demand.apps": 20})
    >>> outcome = sim.compare(asked, runs=3, executor="serial")
    >>> outcome
    <Comparison of metros.toml: 3 runs each of central, node-direct, seed 1>
    >>> outcome.difference("node-direct", "deploy_latency_s.p50").decided
    True
    >>> outcome.values["central"]["wan_bytes"].shape
    (3,)
    """

    scenario: Scenario
    seed: int
    runs: int
    baseline: str
    executor: str
    outcomes: Mapping[str, tuple[Outcome, ...]]
    wall_s: float
    measures: Measures = NOTHING
    gains: Mapping[str, tuple[Gain, ...]] = field(default_factory=dict)
    precision: Precision | None = None
    allow_failures: bool = False
    examined: Assumptions | None = None
    #: `flips`, where they were asked for at once.
    turned: tuple[Flip, ...] | None = None
    asked: Asked | None = None

    @property
    def headline(self) -> tuple[str, ...]:
        """The metrics that people are shown: `HEADLINE`, and of `NOTEWORTHY` those that are not all zero."""
        seen = [metric for metric in NOTEWORTHY if any(self.values[name][metric].any() for name in self.variants)]
        return (*HEADLINE, *seen, *self.measures.names)

    @property
    def variants(self) -> tuple[str, ...]:
        """The variants' names, in the file's order."""
        return tuple(self.outcomes)

    @property
    def others(self) -> tuple[str, ...]:
        """The variants but the baseline."""
        return tuple(name for name in self.outcomes if name != self.baseline)

    @property
    def samples(self) -> Mapping[str, Result]:
        """Run 0 of each variant, tables included."""
        return {name: runs[0].sample for name, runs in self.outcomes.items() if runs[0].sample is not None}

    def held_back(self, variant: str) -> tuple[Held, ...]:
        """What held a variant's deploys back, the most first: s a run, mean over runs (`sim.accounting.held_back`)."""
        return mean_held([outcome.held for outcome in self.outcomes[variant]])

    @property
    def digests(self) -> Mapping[str, tuple[str, ...]]:
        """The digest of each variant's rows, by run."""
        return {name: tuple(outcome.digest for outcome in runs) for name, runs in self.outcomes.items()}

    @cached_property
    def tradeoff(self) -> tuple[Choice, ...]:
        """What each variant costs against its p99, from the cheapest on; empty where nothing costs."""
        return tradeoff([((), self)], self.allow_failures)

    @property
    def too_short(self) -> int:
        """Runs too short to tell a steady state from its warm-up; none where no steady state is asked for."""
        return sum(outcome.too_short for runs in self.outcomes.values() for outcome in runs)

    def failures(self, variant: str) -> Failures:
        """How many of a variant's deploys failed in all its runs, and why."""
        return Failures.together(outcome.failures for outcome in self.outcomes[variant])

    def fails_more(self, variant: str, than: str) -> bool:
        """Whether more of a variant's deploys fail than of another's; such answers of all variants hold together."""
        mine, other = self.outcomes[variant], self.outcomes[than]
        return fails_more(mine, other, simultaneous=max(len(self.others), 1))

    @cached_property
    def ruled_out(self) -> tuple[str, ...]:
        """The variants that fail more than the one that fails least; none where failures are allowed."""
        least = least_failing(self.outcomes)
        return () if self.allow_failures else tuple(name for name in self.variants if self.fails_more(name, least))

    @property
    def deploys(self) -> int:
        """Deploys in all runs together."""
        return sum(outcome.deploys for runs in self.outcomes.values() for outcome in runs)

    @property
    def events(self) -> int:
        """Events in all runs together."""
        return sum(outcome.events for runs in self.outcomes.values() for outcome in runs)

    @cached_property
    def values(self) -> Values:
        """Each variant's metrics, arrays (runs,) by run."""
        return values_of(self.outcomes)

    def metrics(self, variant: str) -> Collection[str]:
        """The metrics that a variant has."""
        return self.values[variant].keys()

    def shared_metrics(self, variant: str) -> tuple[str, ...]:
        """The metrics that a variant has in common with the baseline; links may differ."""
        return tuple(metric for metric in self.values[self.baseline] if metric in self.values[variant])

    def interval(self, variant: str, metric: str) -> Interval:
        """The metric's mean over the variant's runs with its interval at 95 %."""
        return interval_of(self.values[variant][metric])

    def difference(self, variant: str, metric: str, than: str | None = None) -> Interval:
        """How much more the variant has of a metric than the baseline (or than another), paired run by run."""
        baseline = self.values[than or self.baseline][metric]
        simultaneous = max(len(self.others), 1)
        return difference(
            self.values[variant][metric], baseline, simultaneous=simultaneous, resolution=resolution(metric)
        )

    def relative(self, variant: str, metric: str) -> float:
        """The mean difference as a share of the baseline's mean; NaN where that is zero, and where deploys fail."""
        base = float(self.values[self.baseline][metric].mean())
        apart = self.difference(variant, metric).mean
        return apart / abs(base) if base and np.isfinite((base, apart)).all() else float("nan")

    def pairing(self, variant: str, metric: str) -> Pairing:
        """What sharing random numbers with the baseline was worth."""
        return pairing(self.values[variant][metric], self.values[self.baseline][metric], resolution(metric))

    @cached_property
    def differences(self) -> pd.DataFrame:
        """A row for each variant but the baseline and metric: the paired difference and what pairing was worth."""
        made: pd.DataFrame = render("frames.differences", self)
        return made

    def groups(self, by: str) -> tuple[str, ...]:
        """The groups of a dimension that was asked for, those first that the scenario names.

        InputError for one that was not asked for, as the runs' tables are not kept.
        """
        if by not in self.measures.by:
            remedy = f'ask for it: sim.compare(scenario, by="{by}")'
            raise InputError("by", f"was not measured, got {shown(by)}", remedy)
        found = (metric_names.split(metric) for name in self.variants for metric in self.metrics(name))
        return tuple(dict.fromkeys(parts.group for parts in found if parts is not None and parts.by == by))

    def by(self, by: str) -> pd.DataFrame:
        """A row for each variant, group of `by` and metric: its interval, and the paired difference from the baseline.

        Columns: variant, the dimension's name, metric, unit, mean, low, high, difference, difference_low,
        difference_high, decided; the last four are empty for the baseline. InputError as for `groups`.
        """
        made: pd.DataFrame = render("frames.by", self, by)
        return made

    @property
    def known_flips(self) -> tuple[Flip, ...] | None:
        """`flips`, if somebody has read them: finding them takes seconds that not every reader of a verdict has."""
        return cast("tuple[Flip, ...] | None", self.__dict__.get("flips", self.turned))

    @cached_property
    def verdict(self) -> str:
        """A few sentences to act on; they say what turns the answer if `flips` or `examined` knows."""
        made: str = render("verdict.verdict", self)
        return made

    @cached_property
    def warnings(self) -> tuple[ScenarioWarning, ...]:
        """What may be wrong with the question, as it was asked and as the runs show."""
        return (*self.scenario.warnings, *doubts(self.scenario, self.outcomes))

    @cached_property
    def flips(self) -> tuple[Flip, ...]:
        """The assumed figures that turn who deploys faster, as far as idle links show it; found when first read."""
        sides = sides_of(self, self.baseline)
        return tuple(flips(self.scenario, self.seed, self.runs, sides)) if self.turned is None else self.turned

    def to_json(self) -> dict[str, Any]:
        """The document `regsim.compare/1`, ready for `json.dumps`; what is infinite or has no value is None."""
        document = {
            "schema": "regsim.compare/1",
            "scenario": self.scenario.name,
            "warnings": [each.to_json() for each in self.warnings],
            "seed": self.seed,
            "baseline": self.baseline,
            "runs": self.runs,
            "precision": None if self.precision is None else asdict(self.precision),
            "too_short": self.too_short,
            "confidence": CONFIDENCE,
            "variants": {
                name: {metric: self.interval(name, metric).to_json() for metric in self.values[name]}
                for name in self.variants
            },
            "differences": {
                name: {
                    metric: {**(found := self.difference(name, metric)).to_json(), "decided": found.decided}
                    for metric in self.shared_metrics(name)
                }
                for name in self.others
            },
            "pairing": {
                name: {metric: asdict(self.pairing(name, metric)) for metric in self.shared_metrics(name)}
                for name in self.others
            },
            "failures": {name: self.failures(name).to_json() for name in self.variants},
            "ruled_out": list(self.ruled_out),
            "digests": self.digests,
            "counts": counts_of(self.outcomes),
            "faults": {name: faults_to_json(self, name) for name in self.variants},
            "held_back": {name: to_json(self.held_back(name)) for name in self.variants},
            "held_deploys": {
                name: sum(each.held.deploys for each in runs) / len(runs) for name, runs in self.outcomes.items()
            },
            "gains": {name: [gain.to_json() for gain in gains] for name, gains in self.gains.items()},
            "tradeoff": [choice.to_json() for choice in self.tradeoff],
            "allow_failures": self.allow_failures,
            "flips": None if self.known_flips is None else [flip.to_json() for flip in self.known_flips],
            "verdict": self.verdict,
        }
        return cast("dict[str, Any]", jsonable(document))
