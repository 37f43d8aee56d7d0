"""Which assumption could flip the verdict: each is put at both ends of its stated range, one at a time.

An assumption is a figure that says so and gives a range, written in the scenario or the model's own default. One that
stands alike in many tables (the workers of every node) is one assumption, changed in all of them together. Prices are
left alone: they move no byte. What two assumptions do together is not seen here; `regsim sweep --design morris:N` does.

The verdict is who fails less, and then who deploys faster at p50 and at p95, by the paired difference from the baseline
at 95 %. An end flips it when the other variant is the better one there, opens it when neither is any more, and settles
it when it was open before.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sim.accounting.failures import Failures
from sim.engines.run import Engine
from sim.errors import InputError
from sim.experiment.execution import executors
from sim.experiment.execution.runs import Progress, Runs, by_variant
from sim.experiment.execution.store import Store
from sim.experiment.execution.worker import Settings, Task
from sim.experiment.sample import Sample, Side, side
from sim.experiment.variants import variants
from sim.experiment.words import bounds, change
from sim.figures import Figure
from sim.scenario import Scenario
from sim.scenario.keypath import dotted, split
from sim.scenario.model.entries import entries
from sim.stats.intervals import Interval

#: By which the verdict goes, as that of a comparison does.
METRICS: Final = ("deploy_latency_s.p50", "deploy_latency_s.p95")
_MONEY: Final = ("price", "price of capacity", "cost")

Effect = Literal["flips", "opens", "settles", "keeps"]
#: Ends of ranges that a sentence names; `lines` has all.
_NAMED: Final = 3
#: What the verdict is by an assumption's end.
_DONE_BY: Final[Mapping[Effect, str]] = {"flips": "flipped by", "opens": "left open by", "settles": "settled by"}
#: Who is the better one, where one is: -1 the variant, 1 the baseline.
_BETTER: Final[Mapping[Side, int]] = {"lower": -1, "fails less": -1, "open": 0, "higher": 1, "fails more": 1}


@dataclass(frozen=True, slots=True)
class Assumption:
    """A figure assumed to be `value`, in all of `keys`, and the ends of its range."""

    keys: tuple[str, ...]
    value: Any
    ends: tuple[Any, Any]

    @property
    def name(self) -> str:
        """Its key, with a star for the names that differ."""
        parts = [set(names) for names in zip(*(split(key) for key in self.keys), strict=True)]
        return dotted(tuple(names.pop() if len(names) == 1 else "*" for names in parts))

    def settings(self, end: Any) -> Settings:
        """What a run is told."""
        return tuple((key, end) for key in self.keys)


@dataclass(frozen=True, slots=True)
class Finding:
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
    def effect(self) -> Effect:
        """What becomes of the verdict."""
        was, now = _BETTER[self.was], _BETTER[self.now]
        if was == now:
            return "keeps"
        return "settles" if not was else "flips" if now else "opens"

    @property
    def where(self) -> str:
        """`demand.nodes = 10 instead of 1`."""
        return f"{self.assumption.name} = {self.end} instead of {self.assumption.value}"

    def line(self, baseline: str) -> str:
        """The finding in words; with the variant's failures there, if there are any."""
        told = f"{change(self.after.mean, 's')}"
        told += f", from {bounds(self.after, 's')}" if self.after.known else ""
        fails = f"; of {self.variant} {self.failures.line()}" if self.failures.failed else ""
        return f"{self.effect}: {self.where}: {self.variant} - {baseline}: {self.metric} {told}{fails}"


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What each assumption does to the verdict; `skipped` are ends that make no scenario, with the reason."""

    baseline: str
    runs: int
    varied: tuple[Assumption, ...]
    findings: tuple[Finding, ...]
    skipped: tuple[tuple[Assumption, Any, str], ...]
    samples: tuple[tuple[Settings, Sample], ...]
    wall_s: float

    def that(self, effect: Effect) -> tuple[Finding, ...]:
        """The findings of one effect."""
        return tuple(found for found in self.findings if found.effect == effect)

    def lines(self) -> Iterator[str]:
        """Those that change the answer, and how many do not."""
        told = f"{len(self.varied)} assumptions, each at both ends of its range, {self.runs} runs a variant:"
        yield f"{told} {self._counted('flips')} could flip the verdict, {self._counted('opens')} leave it open"
        for effect in ("flips", "opens", "settles"):
            for found in self.that(effect):
                yield found.line(self.baseline)
        for assumption, end, why in self.skipped:
            yield f"not tried: {assumption.name} = {end}: {why}"

    @property
    def sentence(self) -> str:
        """What could flip the verdict, or leave it open, in a sentence."""
        told = []
        for effect, words in _DONE_BY.items():
            places = list(dict.fromkeys(found.where for found in self.that(effect)))
            more = f" and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
            told += [f"{words} {', '.join(places[:_NAMED])}{more}"] if places else []
        if told:
            return f"Of {len(self.varied)} assumptions, each at both ends of its range, it is {'; '.join(told)}."
        return f"None of {len(self.varied)} assumptions flips it, each at both ends of its range."

    def _counted(self, effect: Effect) -> int:
        return len({found.assumption for found in self.that(effect)})

    def to_json(self) -> list[dict[str, Any]]:
        """Its part of a document: an entry for each end, variant and metric."""
        return [
            {
                "key": found.assumption.name, "keys": list(found.assumption.keys), "value": found.assumption.value,
                "end": found.end, "variant": found.variant, "metric": found.metric, "effect": found.effect,
                "failures": found.failures.to_json(),
                "mean": found.after.mean, "low": found.after.low, "high": found.after.high,
            }
            for found in self.findings
        ]  # fmt: skip


def assumed(scenario: Scenario) -> list[Assumption]:
    """The scenario's assumptions that have a range, and the defaults' of every variant, in the model's order."""
    alike: dict[tuple[str, ...], list[str]] = {}
    about: dict[tuple[str, ...], tuple[Any, Figure]] = {}
    for one in [scenario.variant(name) for name in scenario.variants] or [scenario]:
        for leaf in entries(one):
            key = dotted(leaf.path)
            figure = scenario.figures.get(key) if leaf.written else leaf.default
            if figure is None or not figure.assumption or figure.range is None:
                continue
            if leaf.quantity is not None and leaf.quantity.noun in _MONEY:
                continue
            same = (str(leaf.path[0]), str(leaf.path[-1]), leaf.text, *map(str, figure.range))
            about.setdefault(same, (leaf.text.strip('"'), figure))
            if key not in alike.setdefault(same, []):
                alike[same].append(key)
    return [
        Assumption(tuple(keys), about[same][0], (figure.range[0], figure.range[1]))
        for same, keys in alike.items()
        if (figure := about[same][1]).range is not None
    ]


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
    findings = [*_findings(samples, points, baseline, allow_failures)]
    return Assumptions(
        baseline, runs, tuple(varied), tuple(findings), tuple(skipped), tuple(samples.items()),
        time.perf_counter() - began,
    )  # fmt: skip


def _findings(
    samples: Mapping[Settings, Sample], points: Mapping[Settings, tuple[Assumption, Any] | None], baseline: str,
    allow_failures: bool,
) -> Iterator[Finding]:  # fmt: skip
    base = samples[()]
    others: Sequence[str] = [name for name in base.variants if name != baseline]
    for settings, sample in samples.items():
        about = points[settings]
        for variant in others if about is not None else ():
            for metric in METRICS:
                before, after = (each.difference(variant, metric, baseline) for each in (base, sample))
                was, now = (side(each, variant, baseline, metric, allow_failures) for each in (base, sample))
                assert about is not None
                yield Finding(*about, variant, metric, before, after, was, now, sample.failures(variant))
