"""What a scenario assumes: figures that say they are assumptions and give a range, with the keys that they stand at.

They are written in the scenario, or are defaults of the model. One that stands alike in many tables (the workers of
every node) is one assumption, changed in all of them together. Left out: prices, which move no byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sim.experiment.execution.worker import Settings
from sim.figures import Figure
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
        parts = [set(names) for names in zip(*(split(key) for key in self.keys), strict=True)]
        return dotted(tuple(names.pop() if len(names) == 1 else "*" for names in parts))

    def settings(self, end: Any) -> Settings:
        """What a run is given to have it at an end."""
        return tuple((key, end) for key in self.keys)


def assumed(scenario: Scenario) -> list[Assumption]:
    """The scenario's assumptions that have a range, and the defaults' of every variant, in the model's order."""
    alike: dict[tuple[str, ...], list[str]] = {}
    about: dict[tuple[str, ...], tuple[Any, Figure]] = {}
    for one in [scenario.variant(name) for name in scenario.variants] or [scenario]:
        for entry in entries(one):
            key = dotted(entry.path)
            figure = scenario.figures.get(key) if entry.written else entry.default
            if figure is None or not figure.assumption or figure.range is None:
                continue
            if entry.quantity is not None and entry.quantity.noun in _MONEY:
                continue
            same = (str(entry.path[0]), str(entry.path[-1]), entry.text, *map(str, figure.range))
            about.setdefault(same, (entry.text.strip('"'), figure))
            if key not in alike.setdefault(same, []):
                alike[same].append(key)
    return [
        Assumption(tuple(keys), about[same][0], (figure.range[0], figure.range[1]))
        for same, keys in alike.items()
        if (figure := about[same][1]).range is not None
    ]
