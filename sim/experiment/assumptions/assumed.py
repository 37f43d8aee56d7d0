"""What a scenario assumes: figures that say they are assumptions and give a range, with the keys that they stand at.

They are written in the scenario, or are defaults of the model. One that stands alike in many tables (the workers of
every node) is one assumption, changed in all of them together. Left out: prices, which move no byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sim.experiment.execution.worker import Settings
from sim.figures import Figure, Quantity
from sim.scenario import Scenario
from sim.scenario.keypath import dotted, split
from sim.scenario.model.entries import entries

_MONEY: Final = ("price", "price of capacity", "cost")


@dataclass(frozen=True, slots=True)
class Assumption:
    """A figure assumed to be `value`, at all of `keys`, and the ends of its range."""

    keys: tuple[str, ...]
    value: Any
    ends: tuple[Any, Any]

    @property
    def name(self) -> str:
        """Its key, with a star for the names that differ."""
        return starred(self.keys)

    def settings(self, end: Any) -> Settings:
        """What a run is given to have it at an end."""
        return tuple((key, end) for key in self.keys)


def starred(keys: Sequence[str]) -> str:
    """One name for keys that differ in some of their parts, which become stars."""
    parts = [set(names) for names in zip(*(split(key) for key in keys), strict=True)]
    return dotted(tuple(names.pop() if len(names) == 1 else "*" for names in parts))


class Ranged(NamedTuple):
    """Keys that hold one figure of the same value and range: that value as text and in base units, what it rests on.

    It is `written` where a scenario says it, and else a default of the model.
    """

    keys: tuple[str, ...]
    text: str
    value: object
    figure: Figure
    quantity: Quantity | None
    written: bool


def ranged(scenario: Scenario) -> list[Ranged]:
    """The scenario's figures that have a range, and the defaults' of every variant, in the model's order."""
    alike: dict[tuple[str, ...], list[str]] = {}
    about: dict[tuple[str, ...], Ranged] = {}
    for one in [scenario.variant(name) for name in scenario.variants] or [scenario]:
        for entry in entries(one):
            key = dotted(entry.path)
            figure = scenario.figures.get(key) if entry.written else entry.default
            if figure is None or figure.range is None:
                continue
            if entry.quantity is not None and entry.quantity.noun in _MONEY:
                continue
            ends = map(str, (*figure.range, figure.assumption))
            same = (str(entry.path[0]), str(entry.path[-1]), entry.text, *ends)
            text = entry.text.strip('"')
            about.setdefault(same, Ranged((), text, entry.value, figure, entry.quantity, entry.written))
            if key not in alike.setdefault(same, []):
                alike[same].append(key)
    return [about[same]._replace(keys=tuple(keys)) for same, keys in alike.items()]


def assumed(scenario: Scenario) -> list[Assumption]:
    """Those of them that are assumptions."""
    return [
        Assumption(each.keys, each.text, ends)
        for each in ranged(scenario)
        if each.figure.assumption and (ends := each.figure.range) is not None
    ]
