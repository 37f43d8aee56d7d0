"""Twice as much of what held deploys back: the overrides of a scenario that make it so, and what they gained.

Lines, disks, windows and workers are doubled for all hosts of a kind at once, since deploys of one group seldom make
the mean; links between places are doubled one by one. Copies that had not begun get twice the workers and half the
delay and period. Left out: what is not a capacity (requests, booting), outages, and doubling two things together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from sim import units
from sim.accounting.held_back import HeldBack, Holder
from sim.engines.run import Engine
from sim.experiment.execution.runs import Runs
from sim.experiment.execution.worker import Outcome, Settings, Task, outcome_of
from sim.result import Result
from sim.runner import run as make
from sim.scenario import Scenario
from sim.scenario.model.limits import SCOPES, RateLimits
from sim.scenario.model.links import Rates
from sim.stats.intervals import Interval
from sim.stats.paired import difference

#: What gains are measured in: the mean over deploys that got ready, and quantiles over all.
METRICS: Final = ("mean", "deploy_latency_s.p50", "deploy_latency_s.p95")
#: Runs that each doubling gets: paired, they differ little from run to run.
RUNS: Final = 3
#: Things that are doubled unless somebody says otherwise, and the part of all seconds that they have to hold.
MOST: Final = 3
LEAST_SHARE: Final = 0.01


@dataclass(frozen=True, slots=True)
class Thing:
    """What is doubled at once: a kind of holder, or one link, which has a name; `held_s` a run."""

    kind: str
    name: str
    held_s: float

    def has(self, holder: Holder) -> bool:
        """Whether a holder is part of it."""
        return holder.kind == self.kind and self.name in ("", holder.group)


@dataclass(frozen=True, slots=True)
class Gain:
    """What doubling a thing gained, by metric of `METRICS`: s more (or, below zero, less), paired over `runs` runs."""

    thing: Thing
    overrides: Settings
    runs: int
    apart: Mapping[str, Interval]

    def to_json(self) -> dict[str, Any]:
        """Its part of a document."""
        return {
            "kind": self.thing.kind, "group": self.thing.name, "changes": dict(self.overrides), "runs": self.runs,
            "differences": {
                metric: found.to_json() | {"decided": found.decided} for metric, found in self.apart.items()
            },
        }  # fmt: skip


def things(held: Sequence[HeldBack]) -> tuple[Thing, ...]:
    """What held deploys back in these runs, links by name and all else by kind, the most first."""
    sums: dict[tuple[str, str], float] = {}
    for one in held:
        for each in one.parts:
            which = each.holder.kind, each.holder.group if each.holder.kind == "link" else ""
            sums[which] = sums.get(which, 0.0) + each.held_s / len(held)
    return tuple(Thing(*which, held_s) for which, held_s in sorted(sums.items(), key=lambda pair: (-pair[1], pair[0])))


def doublings(scenario: Scenario, held: Sequence[HeldBack], most: int) -> Iterator[tuple[Thing, Settings]]:
    """Of a scenario that is one variant, the things to double and the overrides that do, those first that held most."""
    found = things(held)
    total_s = sum(thing.held_s for thing in found)
    made = 0
    for thing in found:
        if made == most or thing.held_s < LEAST_SHARE * total_s:
            return
        holders = [each.holder for one in held for each in one.parts if thing.has(each.holder)]
        overrides = tuple(dict(_overrides(scenario, dict.fromkeys(holders))).items())
        if overrides:
            made += 1
            yield thing, overrides


def doubled(
    runs: Runs, named: Mapping[str, str | None], outcomes: Mapping[str, Sequence[Outcome]], most: int
) -> dict[str, tuple[Gain, ...]]:
    """For each variant of which these runs were made, what doubling up to `most` things gained, in `RUNS` runs each."""
    asked = {
        name: [*doublings(runs.scenario(Task(which, 0)), [outcome.held for outcome in outcomes[name]], most)]
        for name, which in named.items()
    }
    count = min(RUNS, *(len(each) for each in outcomes.values()))
    tasks = {
        (name, at, run): Task(named[name], run, overrides=overrides)
        for name, found in asked.items() for at, (_, overrides) in enumerate(found) for run in range(count)
    }  # fmt: skip
    made = dict(zip(tasks, runs.outcomes([*tasks.values()]), strict=True))
    return {
        name: tuple(
            gain(thing, overrides, outcomes[name][:count], [made[name, at, run] for run in range(count)])
            for at, (thing, overrides) in enumerate(found)
        )
        for name, found in asked.items()
    }


def doubled_run(result: Result, most: int, engine: Engine | None = None) -> tuple[Gain, ...]:
    """What doubling up to `most` things gained in one run: the same run again, for each."""
    before = [outcome_of(result)]

    def again(overrides: Settings) -> Outcome:
        doubled = result.scenario.with_(dict(overrides), result.scenario.rules)
        return outcome_of(make(doubled, result.seed, result.run, engine=engine))

    return tuple(
        gain(thing, overrides, before, [again(overrides)])
        for thing, overrides in doublings(result.scenario, [result.held_back], most)
    )


def gain(thing: Thing, overrides: Settings, before: Sequence[Outcome], after: Sequence[Outcome]) -> Gain:
    """What the overrides gained, over runs that share their random numbers one by one."""
    apart = {metric: difference(_series(after, metric), _series(before, metric)) for metric in METRICS}
    return Gain(thing, overrides, len(after), apart)


def _series(outcomes: Sequence[Outcome], metric: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if metric == "mean":
        return np.array([outcome.held.mean_s for outcome in outcomes])
    return np.array([outcome.metrics[metric] for outcome in outcomes])


def _overrides(scenario: Scenario, holders: Iterable[Holder]) -> Iterator[tuple[str, Any]]:
    """By dotted key, the values that double what held deploys back."""
    for holder in holders:
        kind, _, way = holder.kind.partition(" ")
        if way in ("up", "down"):
            yield from _lines(scenario, kind, holder.group, way)
        elif kind == "link":
            yield from _link(scenario, holder.group)
        elif kind == "disk":
            for path in _tables(scenario, holder.group):
                yield f"{path}.disk", units.format_rate(2 * _table(scenario, path).disk_Bps)
        elif kind == "cores":
            for path in _tables(scenario, holder.group):
                yield f"{path}.cores", 2 * _table(scenario, path).cores
        elif kind == "workers":
            for path in _tables(scenario, holder.group):
                yield f"{path}.workers", 2 * _table(scenario, path).workers
        elif kind == "limits":
            for path in _tables(scenario, holder.group):
                yield from _limits(path, _table(scenario, path).limits)
        elif kind == "turns":
            yield from _turns(scenario, holder.group)
        elif kind == "window":
            for group in holder.group.split(" to "):
                for path in _tables(scenario, group):
                    yield f"{path}.window", units.format_bytes(2 * _table(scenario, path).window_bytes)
        elif kind == "cap":
            yield from _cap(scenario, holder.group)
        elif kind == "copies":
            yield from _copies(scenario)


def _tables(scenario: Scenario, group: str) -> Iterator[str]:
    """The dotted paths of the tables that a group's name means: central, nodes, clients."""
    if group == "central":
        yield "central"
    if group in scenario.nodes:
        yield f"nodes.{group}"
    if group in scenario.clients:
        yield f"clients.{group}"


def _table(scenario: Scenario, path: str) -> Any:
    table, _, key = path.partition(".")
    return getattr(scenario, table)[key] if key else getattr(scenario, table)


def _lines(scenario: Scenario, kind: str, group: str, way: str) -> Iterator[tuple[str, Any]]:
    """The line of each host of a group, and what overrides it."""
    path = "central" if kind == "central" else f"{kind}s.{group}"
    table = _table(scenario, path)
    yield from _rates(path, table, way)
    hosts = {"central"} if kind == "central" else {*scenario.host_names.of(f"{kind}s", group)}
    lines = {span.name for span in scenario.generated() if hosts & {span.a, span.b}}
    for key, link in scenario.links.items():
        if link.between is None and lines & {*scenario.link_names.of_shape(key)}:
            yield from _whole_link(f"links.{key}", link)


def _link(scenario: Scenario, name: str) -> Iterator[tuple[str, Any]]:
    """One link between places: what is written of it, or else what its shape gives it."""
    for key, link in scenario.links.items():
        if name in scenario.link_names.meant(key):
            yield from _whole_link(f"links.{key}", link)
            if link.up_Bps is not None and link.down_Bps is not None:
                return
    for span in scenario.generated():
        if span.name == name:
            yield f"links.{name}.up", units.format_rate(2 * span.up_Bps)
            yield f"links.{name}.down", units.format_rate(2 * span.down_Bps)


def doubled_direction(scenario: Scenario, direction: str) -> Settings:
    """What overrides one direction of one link, `NAME-up` or `NAME-down`, and no other; nothing where none is so named.

    A table that is of this link alone is overridden where it says the rate, a generated link by its own name.
    """
    name, _, way = direction.rpartition("-")
    found: dict[str, Any] = {}
    for key, link in scenario.links.items():
        if scenario.link_names.meant(key) == (name,):
            found |= dict(_rates(f"links.{key}", link, way))
            for place, window in link.schedule.items():
                found |= dict(_rates(f"links.{key}.schedule.{place}", window, way))
    for span in scenario.generated() if not found else ():
        if span.name == name and way in ("up", "down"):
            found[f"links.{name}.{way}"] = units.format_rate(2 * (span.up_Bps if way == "up" else span.down_Bps))
    return tuple(found.items())


def _whole_link(path: str, link: Any) -> Iterator[tuple[str, Any]]:
    for way in ("up", "down"):
        yield from _rates(path, link, way)
        for key, window in link.schedule.items():
            yield from _rates(f"{path}.schedule.{key}", window, way)


def _rates(path: str, rates: Rates, way: str) -> Iterator[tuple[str, Any]]:
    """Twice the rate one way, written as the table writes it; nothing where it says nothing."""
    own_Bps = rates.own_up_Bps if way == "up" else rates.own_down_Bps
    if rates.capacity_Bps is not None and (own_Bps is None or "capacity_Bps" in rates.model_fields_set):
        yield f"{path}.capacity", units.format_rate(2 * rates.capacity_Bps)
    elif own_Bps is not None:
        yield f"{path}.{way}", units.format_rate(2 * own_Bps)


def _limits(path: str, limits: RateLimits) -> Iterator[tuple[str, Any]]:
    """Twice the rate and the burst of each limit of a registry."""
    for at, limit in limits.written():
        yield f"{path}.limits.{SCOPES[at]}.rate", units.format_per_second(2 * limit.rate_per_s)
        yield f"{path}.limits.{SCOPES[at]}.burst", 2 * limit.burst


def _turns(scenario: Scenario, group: str) -> Iterator[tuple[str, Any]]:
    """Twice as many pulls at once on each node of a group, and begun in a while."""
    table = scenario.nodes[group]
    if table.parallel_pulls is not None:
        yield f"nodes.{group}.parallel_pulls", 2 * table.parallel_pulls
    if table.pull_rate_per_s is not None:
        yield f"nodes.{group}.pull_rate", units.format_per_second(2 * table.pull_rate_per_s)
        yield f"nodes.{group}.pull_burst", 2 * table.pull_burst


def _cap(scenario: Scenario, group: str) -> Iterator[tuple[str, Any]]:
    """The cap on copies that is meant: on a job, on all to one target, or from one site to another."""
    sync = scenario.policies.sync
    target = "target_rate" if group.startswith("to ") else "leg_rate"
    key = "job_rate" if group == "job_rate" else target
    rate_Bps = {"job_rate": sync.job_Bps, "target_rate": sync.target_Bps, "leg_rate": sync.leg_Bps}[key]
    if rate_Bps is not None:
        yield f"policies.sync.{key}", units.format_rate(2 * rate_Bps)


def _copies(scenario: Scenario) -> Iterator[tuple[str, Any]]:
    """Half the delay and the period, twice the workers."""
    sync = scenario.policies.sync
    yield "policies.sync.delay", units.format_seconds(sync.delay_s / 2)
    yield "policies.sync.workers", 2 * sync.workers
    if sync.target_workers is not None:
        yield "policies.sync.target_workers", 2 * sync.target_workers
    for key, trigger in (("to_central", sync.to_central), ("to_nodes", sync.to_nodes)):
        every_s: float | None = getattr(trigger.parameters, "every_s", None)
        if every_s is not None:
            yield f"policies.sync.{key}.every", units.format_seconds(every_s / 2)
