"""What single deploys would have taken with twice of something: the same runs again, under the same random numbers.

Demand, sizes and faults are drawn as before, so that a deploy is paired with itself by its number: what it saves is its
own, not another's luck. Of one deploy its own links are doubled one direction at a time, and whatever else held it as
`doubling` does; of the slowest share of a run all that `doubling` does. Of a share there is a mean saving in each of
several runs, and an interval over these; of one deploy the saving is one number, and beside it stands what all deploys
save on average, with an interval. Left out: doubling two things together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.accounting.held_back import HeldBack, held_back
from sim.accounting.steps import row_of, steps
from sim.engines.run import Engine
from sim.experiment.doubling import LEAST_SHARE, Thing, doubled_direction, doublings
from sim.experiment.execution.runs import Progress
from sim.experiment.execution.worker import Settings
from sim.result import Result
from sim.runner import run as make
from sim.stats.intervals import Interval, interval

#: Things that are doubled, and runs that each doubling gets, unless somebody says otherwise.
MOST: Final = 3
RUNS: Final = 3
#: Kinds that a single deploy's own links stand for.
_LINES: Final = ("client up", "client down", "node up", "node down", "central up", "central down", "link")

Chosen = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """What doubling a thing saves, s: the deploys in question, and all.

    `lost` of the former got ready in one of both worlds only.
    `thing.kind` is `direction` for one direction of a link, which `thing.name` names.
    """

    thing: Thing
    overrides: Settings
    saves: Interval
    all_save: Interval
    lost: int

    def to_json(self) -> dict[str, Any]:
        """Its part of a document."""
        return {
            "kind": self.thing.kind, "name": self.thing.name, "held_s": self.thing.held_s,
            "changes": dict(self.overrides), "saves_s": self.saves.to_json(), "all_save_s": self.all_save.to_json(),
            "runs": self.all_save.n, "lost": self.lost,
        }  # fmt: skip


def slowest(result: Result, share: float) -> Chosen:
    """The slowest share of the deploys that got ready after the warm-up, at least one, (n_deploys,)."""
    deploys = result.tables["deploys"]
    latency_s = np.array(deploys.column("latency_s"))
    latency_s[deploys.column("failed") | (deploys.column("asked_s") < result.warm_up.ends_s)] = np.nan
    ready = np.isfinite(latency_s)
    count = min(max(round(share * int(ready.sum())), 1), int(ready.sum()))
    order = np.argsort(np.where(ready, -latency_s, np.inf), kind="stable")[:count]
    found = np.zeros(len(latency_s), bool)
    found[order] = True
    return found


def only(result: Result, number: int) -> Chosen:
    """One deploy, (n_deploys,). InputError when there is none of that number, and when it failed."""
    found = np.zeros(len(result.tables["deploys"]), bool)
    found[row_of(result.tables["deploys"], number)] = True
    return found


def held(result: Result, chosen: Chosen) -> HeldBack:
    """What held these deploys back."""
    times = [(episode.from_s, episode.until_s) for episode in result.episodes]
    return held_back(result.scenario, result.tables, -np.inf, times, chosen)


def counterfactuals(
    result: Result,
    choose: Callable[[Result], Chosen],
    number: int | None = None,
    most: int = MOST,
    runs: int = RUNS,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> tuple[Counterfactual, ...]:
    """What doubling up to `most` things saves the deploys that `choose` picks in each of `runs` runs, the most first.

    With `number` they are that one deploy of the run at hand, whose own links are doubled.
    """
    told = progress or (lambda done, total: None)
    asked = [*_candidates(result, choose(result), number, most)]
    total = (runs - 1 + runs * len(asked)) if asked else 0
    told(0, total)
    before, done = [result], 0
    for at in range(1, runs if asked else 1):
        before.append(make(result.scenario, result.seed, result.run + at, engine=engine))
        told(done := done + 1, total)
    picked = [choose(each) for each in (before[:1] if number is not None else before)]
    found = []
    for thing, overrides in asked:
        changed = result.scenario.with_(dict(overrides), result.scenario.rules)
        own, every, lost = [], [], 0
        for at, world in enumerate(before):
            saved_s = _saved_s(world, make(changed, result.seed, world.run, engine=engine))
            told(done := done + 1, total)
            every.append(_mean(saved_s))
            if at < len(picked):
                own.append(_mean(saved_s[picked[at]]))
                lost += int(np.isnan(saved_s[picked[at]]).sum())
        found.append(Counterfactual(thing, overrides, interval(np.array(own)), interval(np.array(every)), lost))
    return tuple(sorted(found, key=lambda each: -np.nan_to_num(each.saves.mean, nan=-np.inf)))


def _candidates(
    result: Result, chosen: Chosen, number: int | None, most: int
) -> Iterator[tuple[Thing, Settings]]:  # fmt: skip
    """What to double, those first that held most."""
    scenario, of = result.scenario, held(result, chosen)
    if number is None:
        yield from doublings(scenario, [of], most)
        return
    by_direction: dict[str, float] = {}
    for step in steps(scenario, result.tables, number):
        if step.row >= 0:
            by_direction[step.on] = by_direction.get(step.on, 0.0) + step.lasts_s
    total_s = sum(part.held_s for part in of.parts)
    found = [
        (Thing("direction", name, held_s), overrides)
        for name, held_s in by_direction.items()
        if held_s >= LEAST_SHARE * total_s and (overrides := doubled_direction(scenario, name))
    ]
    rest = [part for part in of.parts if part.holder.kind not in _LINES]
    found += [*doublings(scenario, [HeldBack(of.deploys, tuple(rest))], most)]
    yield from sorted(found, key=lambda each: -each[0].held_s)[:most]


def _saved_s(before: Result, after: Result) -> NDArray[np.float64]:
    """What each deploy saved, (n_deploys,) s as `before` has them; NaN where it got ready in one world only."""
    tables = before.tables["deploys"], after.tables["deploys"]
    numbers, others = (table.column("deploy") for table in tables)
    found = np.full(len(numbers), np.nan)
    _, mine, its = np.intersect1d(numbers, others, assume_unique=True, return_indices=True)
    was_s, is_s = (table.column("latency_s")[at] for table, at in zip(tables, (mine, its), strict=True))
    ready = np.isfinite(was_s) & np.isfinite(is_s)
    found[mine[ready]] = was_s[ready] - is_s[ready]
    return found


def _mean(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
