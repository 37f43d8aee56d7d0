"""What may be wrong with an experiment: keys varied for nothing, variants that came out the same, runs without queues.

What a check of the scenario can see is said before anything runs, all else when the runs are there. Left out: what a
scenario alone shows to be doubtful (`sim.scenario.warnings`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Final

from sim.errors import InputError
from sim.experiment.axes import Axis, combined
from sim.experiment.execution.worker import Outcome
from sim.experiment.sample import Measured
from sim.scenario import Scenario
from sim.scenario.effects.reach import unused_links
from sim.scenario.effects.unused import without_effect
from sim.scenario.keypath import dotted
from sim.scenario.warnings.warning import ScenarioWarning

#: As long as a smaller part of the deploys waits for others, no quantile that is reported is of those.
_FEW: Final = 0.01
#: Metrics that a key may move by itself, without moving any deploy: shares of a capacity, and prices.
_OF_THE_KEY: Final = ("link_utilisation.", "cost_usd")
#: At most at so many combinations of values it is looked whether a key has an effect.
_MOST: Final = 32


def varied_for_nothing(scenario: Scenario, axes: Sequence[Axis], named: Iterable[str]) -> Iterator[ScenarioWarning]:
    """Axes whose keys have no effect in any of the variants `named`, whatever the axes' values are."""
    names = [*named]
    values = [axis.values if 0 < len(axis.values) <= _MOST else (axis.at(0.0), axis.at(1.0)) for axis in axes]
    idle: dict[int, str] = dict.fromkeys(range(len(axes)), "")
    for point in product(*values) if math.prod(map(len, values)) <= _MOST else ():
        try:
            changed = scenario.with_(dict(combined(axes, point)))
        except InputError:  # the run at that point is going to say so
            return
        for name in names:
            whys = _whys(
                changed.variant(name) if scenario.variant_name is None and name in changed.variants else changed
            )
            idle = {at: why for at in idle if (why := _why(axes[at].keys, whys))}
        if not idle:
            return
    for at, why in idle.items():
        if why:
            yield ScenarioWarning("no-effect", f"{scenario.name}: {axes[at].name}", f"is varied without effect: {why}")


def _whys(scenario: Scenario) -> dict[str, str]:
    """The keys, and the tables, that have no effect in a scenario, each with the reason."""
    links = {f"links.{name}": why for name, why in unused_links(scenario).items()}
    return {dotted(one.path): one.why for one in without_effect(scenario)} | links


def _why(keys: Sequence[str], whys: Mapping[str, str]) -> str:
    """Why none of these keys has an effect; empty where one has."""
    found = [next((why for path, why in whys.items() if key == path or key.startswith(f"{path}.")), "") for key in keys]
    return found[0] if all(found) else ""


def moves_nothing(
    scenario: Scenario, axis: Axis, low: Measured, high: Measured, everywhere: bool = False
) -> Iterator[ScenarioWarning]:
    """A key whose range moves nothing in some variant: at both ends all runs measured the same.

    With `everywhere` only where that holds for all variants; nothing where that was known before anything ran.
    """
    if any(varied_for_nothing(scenario, [axis], low.variants)):
        return
    unmoved = [name for name in low.variants if _alike(low.outcomes[name], high.outcomes[name])]
    if not unmoved or (everywhere and len(unmoved) < len(low.variants)):
        return
    of = "" if len(unmoved) == len(low.variants) else f" in variant {' and '.join(unmoved)}"
    same = f"every run has the same latencies, bytes and counts at {axis.at(0.0)} as at {axis.at(1.0)}"
    yield ScenarioWarning("no-effect", f"{scenario.name}: {axis.name}", f"moves nothing{of}: {same}")


def _alike(one: Sequence[Outcome], other: Sequence[Outcome]) -> bool:
    """Whether the runs that both points have measured the same, be it at another price or of another capacity."""
    return all(_moved(mine) == _moved(its) for mine, its in zip(one, other, strict=False))


def _moved(outcome: Outcome) -> dict[str, str]:
    """What a run measured of its deploys, as texts, since what has no value is not equal to itself."""
    return {name: repr(value) for name, value in outcome.metrics.items() if not name.startswith(_OF_THE_KEY)}


def doubts(scenario: Scenario, outcomes: Mapping[str, Sequence[Outcome]]) -> Iterator[ScenarioWarning]:
    """What the runs of a comparison show, `outcomes[variant][run]`."""
    yield from _same(scenario, outcomes)
    yield from _without_contention(scenario, outcomes)


def _same(scenario: Scenario, outcomes: Mapping[str, Sequence[Outcome]]) -> Iterator[ScenarioWarning]:
    """Variants whose runs are equal to the bit, where that was not to be seen before."""
    known = {warning.where for warning in scenario.warnings if warning.code == "same-variants"}
    first: dict[tuple[str, ...], str] = {}
    for name, runs in outcomes.items():
        digests = tuple(outcome.digest for outcome in runs)
        where, same = f"{scenario.name}: variants.{name}", first.setdefault(digests, name)
        if same != name and where not in known:
            yield ScenarioWarning("same-rows", where, f"came out as variant {same} in every run, to the bit")


def _without_contention(
    scenario: Scenario, outcomes: Mapping[str, Sequence[Outcome]]
) -> Iterator[ScenarioWarning]:  # fmt: skip
    for runs in outcomes.values():
        ready = sum(each.deploys - each.failures.failed for each in runs)
        if not ready or sum(each.waiting for each in runs) >= _FEW * ready:
            return
    yield ScenarioWarning(
        "no-contention",
        f"{scenario.name}: demand",
        f"fewer than {100 * _FEW:g} of 100 deploys waited for others in any variant, so no quantile is of a queue: "
        "intervals tell which clients and images were drawn, and what more load would do is not seen",
    )
