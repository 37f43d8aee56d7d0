"""Which assumption could flip the verdict: each is put at both ends of its range, one at a time, in whole runs.

The verdict is who fails less, and then who deploys faster at p50 and at p95, by the paired difference from the baseline
at 95 %. An end flips it when the other variant is the better one there, opens it when neither is any more, and settles
it when it was open before. Left out: what two assumptions do together; `regsim sweep --design morris:N` shows that.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sim.accounting.failures import Failures
from sim.engines.run import Engine
from sim.errors import InputError
from sim.experiment.assumptions.assumed import Assumption, assumed
from sim.experiment.execution import executors
from sim.experiment.execution.runs import Progress, Runs, by_variant
from sim.experiment.execution.store import Store
from sim.experiment.execution.worker import Settings, Task
from sim.experiment.sample import Sample, Side, side
from sim.experiment.variants import variants
from sim.scenario import Scenario
from sim.stats.intervals import Interval

#: By which the verdict goes, as that of a comparison does.
METRICS: Final = ("deploy_latency_s.p50", "deploy_latency_s.p95")

OnVerdict = Literal["flips", "opens", "settles", "keeps"]
#: Who is the better one, where one is: -1 the variant, 1 the baseline.
_BETTER: Final[Mapping[Side, int]] = {"lower": -1, "fails less": -1, "open": 0, "higher": 1, "fails more": 1}


@dataclass(frozen=True, slots=True)
class Effect:
    """What one end of an assumption's range does to the difference of one variant from the baseline in a metric."""

    assumption: Assumption
    end: Any
    variant: str
    metric: str
    before: Interval
    after: Interval
    was: Side
    now: Side
    failures: Failures

    @property
    def on_verdict(self) -> OnVerdict:
        """What becomes of the verdict."""
        was, now = _BETTER[self.was], _BETTER[self.now]
        if was == now:
            return "keeps"
        return "settles" if not was else "flips" if now else "opens"


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What each assumption does to the verdict; `skipped` are ends that make no scenario, with the reason."""

    baseline: str
    runs: int
    varied: tuple[Assumption, ...]
    effects: tuple[Effect, ...]
    skipped: tuple[tuple[Assumption, Any, str], ...]
    samples: tuple[tuple[Settings, Sample], ...]
    wall_s: float

    def that(self, on_verdict: OnVerdict) -> tuple[Effect, ...]:
        """The effects that flip the verdict, open, settle or keep it."""
        return tuple(effect for effect in self.effects if effect.on_verdict == on_verdict)

    def to_json(self) -> list[dict[str, Any]]:
        """Its part of a document: an entry for each end, variant and metric."""
        return [
            {
                "key": each.assumption.name, "keys": list(each.assumption.keys), "value": each.assumption.value,
                "end": each.end, "variant": each.variant, "metric": each.metric, "effect": each.on_verdict,
                "failures": each.failures.to_json(),
                "mean": each.after.mean, "low": each.after.low, "high": each.after.high,
            }
            for each in self.effects
        ]  # fmt: skip


def examine(
    scenario: Scenario,
    runs: int,
    seed: int,
    executor: str = "processes",
    progress: Progress | None = None,
    store: Store | None = None,
    allow_failures: bool = False,
    engine: Engine | None = None,
) -> Assumptions:
    """Run every variant `runs` times as the scenario is, and at both ends of every assumption's range."""
    named = variants(scenario)
    baseline = scenario.baseline
    if baseline is None or len(named) < 2:
        raise InputError(scenario.name, "has no two variants, so no verdict", "write [variants.NAME] twice")
    began = time.perf_counter()
    varied = assumed(scenario)
    points: dict[Settings, tuple[Assumption, Any] | None] = {(): None}
    skipped = []
    most = runs * len(named) * (1 + sum(len(assumption.ends) for assumption in varied))
    with Runs(scenario, seed, executors.resolved(executor, most), store, progress, engine=engine) as made:
        for assumption in varied:
            for end in assumption.ends:
                settings = assumption.settings(end)
                try:
                    for which in named.values():
                        made.scenario(Task(which, 0, settings))
                except InputError as error:
                    skipped.append((assumption, end, error.errors[0].problem))
                else:
                    points[settings] = (assumption, end)
        outcomes = by_variant(made, named, points, runs)
    samples = {each: Sample(found) for each, found in outcomes.items()}
    effects = [*_effects(samples, points, baseline, allow_failures)]
    return Assumptions(
        baseline, runs, tuple(varied), tuple(effects), tuple(skipped), tuple(samples.items()),
        time.perf_counter() - began,
    )  # fmt: skip


def _effects(
    samples: Mapping[Settings, Sample], points: Mapping[Settings, tuple[Assumption, Any] | None], baseline: str,
    allow_failures: bool,
) -> Iterator[Effect]:  # fmt: skip
    base = samples[()]
    others: Sequence[str] = [name for name in base.variants if name != baseline]
    for settings, sample in samples.items():
        about = points[settings]
        for variant in others if about is not None else ():
            for metric in METRICS:
                before, after = (each.difference(variant, metric, baseline) for each in (base, sample))
                was, now = (side(each, variant, baseline, metric, allow_failures) for each in (base, sample))
                assert about is not None
                yield Effect(*about, variant, metric, before, after, was, now, sample.failures(variant))
