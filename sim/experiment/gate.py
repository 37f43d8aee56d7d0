"""A result held against another: the stored one made again, one of a changed scenario, or a second that is stored.

Runs that came out equal bit for bit have moved nothing. Of the others every metric is compared run by run, as `judging`
has it. Metrics and variants that only one of the two has are named. What was asked otherwise, which a user changed, is
told apart from what is otherwise around it: the model's source, versions, the machine, files. What runs are counted by
(`worker.COUNTS`) is compared exactly, since no noise moves it. Left out: how it is said (`sim.report.gates`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sim.engines.run import Engine
from sim.experiment import kept as keeping
from sim.experiment.execution import executors
from sim.experiment.execution.runs import Progress, Runs
from sim.experiment.execution.worker import Outcome, Task
from sim.experiment.judging import WITHIN, How, Judged, judged, missing
from sim.experiment.kept import Counts, Kept
from sim.experiment.measures import Measures
from sim.experiment.recorded import Recorded
from sim.experiment.rerun import Rerun, otherwise
from sim.experiment.sample import Values, counts_of, values_of
from sim.experiment.speed import Speed, speed
from sim.experiment.variants import variants
from sim.scenario import Scenario
from sim.scenario.keypath import dotted
from sim.scenario.model.entries import deciding
from sim.schemas import named
from sim.tables import metric_names

__all__ = ["WITHIN", "Gate", "Moved", "diff", "gate"]

#: How much longer a run may take, in loops of the same process, where its speed is judged.
SLOWER: Final = 0.5
Moved = Judged


@dataclass(frozen=True, slots=True)
class Counted:
    """What a variant's runs are counted by, a deploy, and is not what it was."""

    variant: str
    what: str
    was: float
    now: float


@dataclass(frozen=True, slots=True)
class Gate:
    """What came of holding a result against a stored one.

    `question` is what was asked otherwise, key by key, `about` what is otherwise around it. `differing` are runs whose
    rows differ; `slower` is by what share runs took longer than they may, measured against `speeds`, then and now.
    """

    kind: str
    scenario: Scenario
    how: How
    judged: tuple[Judged, ...]
    came: tuple[str, ...]
    went: tuple[str, ...]
    question: tuple[str, ...]
    about: tuple[str, ...]
    differing: tuple[str, ...]
    runs: int
    counted: tuple[Counted, ...]
    deploys: int
    wall_s: float
    wall_before_s: float
    count_gated: bool = False
    speeds: tuple[Speed, Speed] | None = None
    slower: float = SLOWER
    again: Rerun | None = None

    @property
    def moved(self) -> tuple[Judged, ...]:
        """The metrics that moved, in the order of the stored result."""
        return tuple(each for each in self.judged if each.verdict == "moved")

    @property
    def undecided(self) -> tuple[Judged, ...]:
        """Those of which this many runs can't tell."""
        return tuple(each for each in self.judged if each.verdict == "undecided")

    @property
    def metrics(self) -> int:
        """How many were judged."""
        return len(self.judged)

    @property
    def slowed(self) -> bool:
        """Whether runs take longer than they may."""
        return self.speeds is not None and self.speeds[1].ratio > self.speeds[0].ratio * (1 + self.slower)

    @property
    def passed(self) -> bool:
        """Whether nothing moved, came, went or slowed; and, judged exactly, no row and no count differs."""
        exact = self.how.judge == "exact"
        counts = self.counted if self.count_gated or exact else ()
        rows = self.differing if exact else ()
        return not (self.moved or self.went or counts or rows or self.slowed)

    def to_json(self) -> dict[str, Any]:
        """The document `regsim.bench/1`, or `regsim.diff/1`."""
        speeds = self.speeds
        return {
            "schema": named(self.kind),
            "warnings": [each.to_json() for each in self.scenario.warnings],
            "passed": self.passed,
            "equal": not self.differing,
            "judge": self.how.judge,
            "judged_by": self.how.sentence(self.metrics),
            "metrics": self.metrics,
            "moved": [each.to_json() for each in self.moved],
            "undecided": [each.to_json() for each in self.undecided],
            "came": list(self.came),
            "went": list(self.went),
            "differing": list(self.differing),
            "deploys": self.deploys,
            "wall_s": self.wall_s,
            "wall_before_s": self.wall_before_s,
            "counted": [{"variant": each.variant, "what": each.what, "was": each.was, "now": each.now}
                        for each in self.counted],
            "speed": None if speeds is None else {
                "was": speeds[0].to_json(), "now": speeds[1].to_json(), "slower": self.slower, "slowed": self.slowed},
            "asked_otherwise": list(self.question),
            "now_otherwise": list(self.about),
        }  # fmt: skip


def gate(
    directory: str | Path, within: float = WITHIN, executor: str = "processes", progress: Progress | None = None,
    engine: Engine | None = None, found: Recorded | None = None, *, how: How | None = None,
    scenario: Scenario | None = None, kept: Kept | None = None, slower: float | None = None, counts: bool = False,
) -> Gate:  # fmt: skip
    """Make the stored result again and hold it against what it was; of `scenario` instead of its own, if one is given.

    `slower` is how much longer a run may take, if its speed is measured; `counts` has what runs are counted by decide,
    too. `found` is what the directory records, `kept` the whole of it, where somebody has read them.
    """
    kept = kept or keeping.read(directory)
    found = found or kept.recorded
    asked = scenario or found.scenario
    named = variants(asked)
    stored = found.named
    tasks = [
        Task(named[name], task.run, task.settings)
        for task in found.digests
        for name, which in stored.items()
        if which == task.variant and name in named
    ]
    metrics = [metric for by in kept.values.values() for metric in by if metric_names.split(metric) is not None]
    executor = executors.resolved(executor, len(tasks))
    began = time.perf_counter()
    with Runs(asked, found.seed, executor, None, progress, Measures.of(names=metrics), engine) as made:
        outcomes = dict(zip(tasks, made.outcomes(tasks), strict=True))
    wall_s = time.perf_counter() - began
    by_name = _by_name(outcomes, named)
    about = tuple(otherwise(found))
    again = Rerun(found, outcomes, about) if scenario is None else None
    speeds = None
    if slower is not None and kept.speed is not None:
        speeds = kept.speed, speed(one_variant(asked), found.seed, engine)
    return _held(
        "bench", kept, asked, values_of(by_name), counts_of(by_name), how or How(within=within), about,
        _differing(found, {name: [each.digest for each in runs] for name, runs in by_name.items()}),
        counts, wall_s, speeds, SLOWER if slower is None else slower, again,
    )  # fmt: skip


def diff(one: Kept, other: Kept, how: How | None = None, *, counts: bool = False, slower: float | None = None) -> Gate:
    """Two stored results; nothing is run."""
    digests: dict[str, list[str]] = {}
    for task, digest in other.recorded.digests.items():
        name = next(name for name, which in other.recorded.named.items() if which == task.variant)
        digests.setdefault(name, []).append(digest)
    speeds = None if slower is None or one.speed is None or other.speed is None else (one.speed, other.speed)
    wall_s = other.manifest.wall_s
    return _held(
        "diff", one, other.recorded.scenario, other.values, other.counts, how or How(), tuple(_around(one, other)),
        _differing(one.recorded, digests), counts, math.nan if wall_s is None else wall_s, speeds,
        SLOWER if slower is None else slower, None,
    )  # fmt: skip


def one_variant(scenario: Scenario) -> Scenario:
    """What speed is measured of: the first variant, or the scenario where it has none."""
    which = next(iter(variants(scenario).values()))
    return scenario if which is None else scenario.variant(which)


def _held(
    kind: str, kept: Kept, asked: Scenario, now: Values, counts: Counts, how: How, about: tuple[str, ...],
    differing: tuple[str, ...], count_gated: bool, wall_s: float, speeds: tuple[Speed, Speed] | None, slower: float,
    again: Rerun | None,
) -> Gate:  # fmt: skip
    before = kept.manifest.wall_s
    return Gate(
        kind, asked, how, judged(kept.values, now, how), missing(now, kept.values), missing(kept.values, now),
        tuple(asked_otherwise(kept.recorded.scenario, asked)), about, differing, len(kept.recorded.digests),
        tuple(_counted(kept.counts, counts)), sum(sum(by.get("deploys", ())) for by in counts.values()), wall_s,
        math.nan if before is None else before, count_gated, speeds, slower, again,
    )  # fmt: skip


def _by_name(outcomes: Mapping[Task, Outcome], named: Mapping[str, str | None]) -> dict[str, list[Outcome]]:
    names = {which: name for name, which in named.items()}
    found: dict[str, list[Outcome]] = {}
    for task, outcome in outcomes.items():
        found.setdefault(names[task.variant], []).append(outcome)
    return found


def _differing(found: Recorded, digests: Mapping[str, list[str]]) -> tuple[str, ...]:
    """The stored runs whose rows differ from those of the same number, as `central, run 2`."""
    names = {which: name for name, which in found.named.items()}
    at: dict[str, int] = {}
    differing = []
    for task, digest in found.digests.items():
        name = names[task.variant]
        place = at.get(name, 0)
        at[name] = place + 1
        there = digests.get(name, [])
        if place >= len(there) or there[place] != digest:
            differing.append(f"{name}, run {task.run}")
    return tuple(differing)


def _counted(was: Counts, now: Counts) -> Iterator[Counted]:
    """What differs in any run, of variants that both have: deploys, and the rest a deploy."""
    for name, by in was.items():
        for what, before in by.items():
            after = now.get(name, {}).get(what)
            if after is not None and after != before:
                then, here = ((sum(one.get("deploys", ())) or 1) if what != "deploys" else 1 for one in (by, now[name]))
                yield Counted(name, what, sum(before) / then, sum(after) / here)


def asked_otherwise(was: Scenario, now: Scenario) -> Iterator[str]:
    """The keys by which two scenarios or variants of the same name differ: `demand.rate: 40/h, was 20/h`."""
    sides = [{None: one} | {name: one.variant(name) for name in one.variants} for one in (was, now)]
    said = set()
    for name in sides[0].keys() & sides[1].keys():
        then, here = ({dotted(each.path): each.text for each in deciding(side[name])} for side in sides)
        for key in {**then, **here}:
            before, after = then.get(key), here.get(key)
            line = f"{key}: {after or 'not there'}, was {before or 'not there'}"
            if before != after:
                said.add((name is not None, line if name is None else f"variant {name}: {line}", line))
    of_all = {line for of_variant, _, line in said if not of_variant}
    yield from sorted(text for of_variant, text, line in said if not of_variant or line not in of_all)


def _around(one: Kept, other: Kept) -> Iterator[str]:
    """What is otherwise around two stored results."""
    was, now = one.manifest, other.manifest
    if was.model != now.model:
        yield "the model's source"
    if was.seed != now.seed:
        yield f"seed {now.seed}, was {was.seed}"
    for then, here in ((was.versions, now.versions), (was.machine, now.machine)):
        for part in sorted(then.keys() | here.keys()):
            if then.get(part) != here.get(part):
                yield f"{part} {here.get(part)}, was {then.get(part)}"
    for path in sorted(was.files.keys() | now.files.keys()):
        if was.files.get(path) != now.files.get(path):
            yield f"{path} has other contents"
