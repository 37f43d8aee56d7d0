"""Sliders: a scenario's figures that have a range, each as a list of values that a place on the slider stands for.

A page is given the values as text and gives back places, so that what is asked for from outside is whole numbers within
known limits, and what is simulated is what a file would say. Figures that stand alike at several keys are one slider,
as they are one assumption. Left out: prices, which move no deploy; `[run]`; defaults that are measured, not assumed;
and figures that move nothing, because nothing uses them or because every variant has its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sim.errors import InputError
from sim.experiment.assumptions.assumed import Ranged, ranged, starred
from sim.experiment.axes import Range, between
from sim.experiment.execution.worker import Settings
from sim.scenario import Scenario
from sim.scenario.describe import keys as described
from sim.scenario.document import nested
from sim.scenario.effects.unused import without_effect
from sim.scenario.keypath import dotted
from sim.scenario.starred import matching

#: Steps from one end to the other, before the assumed value is put among them.
_STEPS: Final = 40
#: Significant digits of what is between the ends: of a range that goes by ratios, and of one that goes evenly.
_DIGITS: Final = {True: 2, False: 3}
#: Two numbers are the same place within this share of each other.
_SAME: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Slider:
    """One figure at all of its `keys`: its `values` as a file has them, of which `start` is the scenario's own.

    `origin` is what the figure rests on, `about` what it is; one that is `written` stands in the file itself.
    """

    keys: tuple[str, ...]
    values: tuple[Any, ...]
    start: int
    limits: tuple[Any, Any]
    origin: str
    about: str
    written: bool

    @property
    def name(self) -> str:
        """Its key, with a star for the names that differ."""
        return starred(self.keys)

    @property
    def texts(self) -> tuple[str, ...]:
        """Its values as people read them."""
        return tuple(str(value) for value in self.values)

    def settings(self, place: int) -> Settings:
        """What a run is given to have the figure at a place."""
        return tuple((key, self.values[place]) for key in self.keys)

    def words(self, place: int, scenario: Scenario) -> Iterator[str]:
        """The same as values of `--set`: one with a star where that stands for these keys and no others."""
        short = sorted(matching(self.name, scenario)) == sorted(self.keys)
        for key in (self.name,) if short else self.keys:
            yield f"{key}={_worded(self.values[place])}"


def sliders(scenario: Scenario) -> tuple[Slider, ...]:
    """A slider a figure, those that the file writes first, else in the model's order. Empty where none has a range."""
    questions = [scenario.variant(name) for name in scenario.variants] or [scenario]
    unused = [{dotted(one.path) for one in without_effect(each)} for each in questions]
    owned = [{*_written(table)} for table in scenario.document.get("variants", {}).values()]
    made = []
    for each in ranged(scenario):
        if each.keys[0].startswith("run.") or not (each.written or each.figure.assumption):
            continue
        if _everywhere(each.keys, unused) or _everywhere(each.keys, owned):
            continue
        found = _slider(each)
        if found is not None:
            made.append(found)
    return tuple(sorted(made, key=lambda slider: not slider.written))


def _everywhere(keys: Sequence[str], variants: Sequence[set[str]]) -> bool:
    """Whether every variant has all of the keys among its own."""
    return bool(variants) and all(_below(key, paths) for key in keys for paths in variants)


def _below(key: str, paths: set[str]) -> bool:
    return any(key == path or key.startswith(f"{path}.") for path in paths)


def _written(table: Any, above: tuple[str, ...] = ()) -> Iterator[str]:
    """The dotted keys that a variant writes itself."""
    for key, value in nested(table).items():
        if isinstance(value, Mapping) and "value" not in value:
            yield from _written(value, (*above, key))
        else:
            yield dotted((*above, key))


def _slider(each: Ranged) -> Slider | None:
    """None of a figure that is no number, or whose range is none."""
    quantity, limits = each.quantity, each.figure.range
    value = getattr(each.value, "per_s", each.value)
    if quantity is None or limits is None or not isinstance(value, int | float):
        return None
    try:
        span = between(*limits, whole=isinstance(quantity.example, int))
    except InputError:
        return None
    own = value / span.one
    if not span.low * (1 - _SAME) <= own <= span.high * (1 + _SAME):
        return None
    numbers = sorted([*(number for number in _numbers(span) if not math.isclose(number, own, rel_tol=_SAME)), own])
    start = numbers.index(own)
    written = each.text if isinstance(quantity.example, str) else value
    values = tuple(written if at == start else span.text(number) for at, number in enumerate(numbers))
    info, _ = described.find(each.keys[0])
    return Slider(each.keys, values, start, limits, each.figure.origin, info.about, each.written)


def _numbers(span: Range) -> Iterator[float]:
    """Numbers from end to end, in few digits, each once."""
    seen = set()
    for step in range(_STEPS + 1):
        share = step / _STEPS
        far = span.low * (span.high / span.low) ** share if span.by_ratio else span.low + share * (span.high - span.low)
        short = float(f"{far:.{_DIGITS[span.by_ratio]}g}")
        short = min(max(float(round(short)) if span.whole else short, span.low), span.high)
        number = {0: span.low, _STEPS: span.high}.get(step, short)
        if number not in seen:
            seen.add(number)
            yield number


def _worded(value: Any) -> str:
    """A value as `--set` takes it."""
    return str(value)
