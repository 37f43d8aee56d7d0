"""Which assumed figure turns the verdict, and at which value within its range, as far as idle links show it.

Each assumption is put at both ends of its range, one at a time, as `examination` does with whole runs; here every
variant answers by deploys that never meet (`idle`), which takes a hundredth of a second, so that the value at which the
answer turns can be searched for, too. Left out: queues. Where the comparison itself says otherwise than its deploys do
on idle links, queues decide, and nothing is said; `regsim compare --assumptions` is for these.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sim.errors import InputError
from sim.experiment.assumptions.assumed import Assumption, assumed
from sim.experiment.assumptions.idle import Met, met
from sim.experiment.assumptions.small import SHARES, Small
from sim.experiment.sample import Measured, side
from sim.figures import Quantity
from sim.scenario import Scenario
from sim.scenario.effects.unused import without_effect
from sim.scenario.keypath import dotted, split
from sim.scenario.model.entries import entries
from sim.scenario.warnings.warning import ScenarioWarning

#: Runs whose demand is looked at.
_RUNS: Final = 5
#: A search ends when it knows a value to this share, or after so many steps.
_WITHIN: Final = 0.02
_STEPS: Final = 14
#: Whether a variant has lower or higher latencies; one that fails more or less than another is neither.
_SIGN: Final = {"lower": -1, "higher": 1}
#: Differences below this are none, s.
_EQUAL_S: Final = 1e-6

#: A variant and a quantile.
Where = tuple[str, str]


class Flip(NamedTuple):
    """The value of an assumption from which on another variant deploys faster at a quantile."""

    assumption: Assumption
    quantile: str
    faster: str
    slower: str
    value: Any

    def warning(self, name: str) -> ScenarioWarning:
        """As documents have it; `name` is the scenario's."""
        figure = self.assumption
        turns = f"{self.faster} deploys faster than {self.slower} at {self.quantile}; on idle links that turns at"
        about = f"assumed {figure.value}, range {figure.ends[0]} to {figure.ends[1]}"
        return ScenarioWarning("flip", f"{name}: {figure.name}", f"{turns} about {self.value} ({about})")

    def to_json(self) -> dict[str, Any]:
        """Its part of a document: what is assumed, within which range, and from which value on who is faster."""
        figure = self.assumption
        return {
            "key": figure.name, "keys": list(figure.keys), "value": figure.value, "range": list(figure.ends),
            "quantile": self.quantile, "faster": self.faster, "slower": self.slower, "turns_at": self.value,
        }  # fmt: skip


def sides_of(measured: Measured, baseline: str) -> dict[Where, int]:
    """Whether each variant was measured to deploy faster than the baseline (-1), slower (1), or neither (0)."""
    return {
        (name, quantile): _SIGN.get(side(measured, name, baseline, f"deploy_latency_s.{quantile}"), 0)
        for name in measured.variants
        if name != baseline
        for quantile in SHARES
    }


def flips(scenario: Scenario, seed: int, runs: int, sides: Mapping[Where, int]) -> list[Flip]:
    """What turns the verdict of a comparison of the scenario's variants, which had these `sides` in so many runs.

    Nothing is found where things break, where demand is a log's or a table's, or has starts:
    idle links do not show what these do.
    """
    if not any(sides.values()):
        return []
    questions = {name: scenario.variant(name) for name in scenario.variants}
    if len(questions) < 2 or any(each.faults or each.demand.replay or each.demand.table for each in questions.values()):
        return []
    asked: dict[str, list[Met]] = {}
    for name, each in questions.items():
        found = [met(each, seed, run) for run in range(min(runs, _RUNS))]
        asked[name] = [one for one in found if one is not None]
        if len(asked[name]) < len(found):
            return []
    try:
        prober = _Prober(scenario, questions, asked)
    except InputError:  # something is said of a host that the small scenario lacks
        return []
    idle_keys = [{dotted(one.path) for one in without_effect(each)} for each in questions.values()]
    for_nothing = set.intersection(*idle_keys)
    readings = _readings(questions.values())
    return [
        flip
        for assumption in assumed(scenario)
        if assumption.keys[0] in readings and not for_nothing & set(assumption.keys) and _is_seen(assumption)
        for flip in prober.flips(assumption, readings[assumption.keys[0]], sides)
    ]


def _is_seen(assumption: Assumption) -> bool:
    """Whether idle links show what a figure does: of the demand only on how many nodes a deploy starts, no counts."""
    table, *_, key = split(assumption.keys[0])
    return key == "nodes" if table == "demand" else key != "count"


class _Reading(NamedTuple):
    """How a key is read, and its value as a number."""

    quantity: Quantity
    value: float

    def text(self, value: float) -> Any:
        """As a scenario writes it, to three digits."""
        example = self.quantity.example
        if isinstance(example, int):
            return round(value)
        rounded = float(f"{value:.3g}")
        return self.quantity.format(rounded) if isinstance(example, str) else rounded

    def between(self, one: float, other: float) -> float:
        """Half-way; on a logarithmic scale where the two are a factor of ten apart or more."""
        if isinstance(self.quantity.example, int):
            return float((round(one) + round(other)) // 2)
        if min(one, other) > 0 and max(one, other) / min(one, other) >= 10:
            return math.sqrt(one * other)
        return (one + other) / 2


def _readings(questions: Iterable[Scenario]) -> dict[str, _Reading]:
    """Every key of the questions that holds a number."""
    return {
        dotted(leaf.path): _Reading(leaf.quantity, float(leaf.value))
        for each in questions
        for leaf in entries(each)
        if leaf.quantity is not None and isinstance(leaf.value, int | float)
    }


class _Prober:
    """Answers of the variants, each as a small scenario of its own, and the values at which they turn."""

    def __init__(
        self, scenario: Scenario, questions: Mapping[str, Scenario], asked: Mapping[str, Sequence[Met]]
    ) -> None:
        self._baseline = str(scenario.baseline)
        self._asked = asked
        self._small = Small(scenario, questions)
        self._base = self._sides({})

    def flips(self, assumption: Assumption, known: _Reading, sides: Mapping[Where, int]) -> Iterator[Flip]:
        """The value nearest to the assumed one at which each variant's side turns, at either end of the range."""
        found: set[str] = set()
        for end in map(known.quantity.read, assumption.ends):
            at_end = self._at(assumption, known, end) if end != known.value else None
            for (variant, quantile), sign in sides.items() if at_end is not None else ():
                as_found = sign and self._base[variant, quantile] == sign
                if as_found and at_end and at_end[variant, quantile] == -sign and variant not in found:
                    found.add(variant)
                    value = self._turn(assumption, known, end, (variant, quantile))
                    faster, slower = (variant, self._baseline)[::-sign]
                    yield Flip(assumption, quantile, faster, slower, known.text(value))

    def _turn(self, assumption: Assumption, known: _Reading, end: float, about: Where) -> float:
        """Between the assumed value and an end at which the answer is another: where it turns."""
        stays, turns = known.value, end
        for _ in range(_STEPS):
            middle = known.between(stays, turns)
            if middle in (stays, turns) or abs(turns - stays) <= _WITHIN * abs(turns):
                break
            found = self._at(assumption, known, middle)
            if found is not None and found[about] == self._base[about]:
                stays = middle
            else:
                turns = middle
        return turns

    def _at(self, assumption: Assumption, known: _Reading, value: float) -> dict[Where, int] | None:
        """The sides with an assumption put elsewhere; None where that makes no scenario."""
        try:
            return self._sides(dict(assumption.settings(known.text(value))))
        except InputError:
            return None

    def _sides(self, settings: Mapping[str, Any]) -> dict[Where, int]:
        """Whether each variant is faster than the baseline (-1), slower (1) or neither (0), at each quantile."""
        latency_s = {name: self._latency_s(name, settings) for name in self._asked}
        found = {}
        for name in latency_s:
            for quantile in SHARES if name != self._baseline else ():
                one_s, other_s = latency_s[name][quantile], latency_s[self._baseline][quantile]
                equal = one_s == other_s or abs(one_s - other_s) < _EQUAL_S
                found[name, quantile] = 0 if equal else -1 if one_s < other_s else 1
        return found

    def _latency_s(self, variant: str, settings: Mapping[str, Any]) -> dict[str, float]:
        """A variant's quantiles, means over the runs whose demand is looked at, s."""
        return self._small.latency_s(variant, settings, self._asked[variant])
