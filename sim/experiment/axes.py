"""`--vary`: which keys of a scenario take which values.

    links.was-fra.capacity=100 Mbit/s, 1 Gbit/s, 10 Gbit/s     these values
    links.was-fra.capacity=100 Mbit/s..10 Gbit/s:5             five of them, evenly spaced, both ends included
    links.was-fra.capacity=100 Mbit/s..10 Gbit/s:log:5         five with equal ratios
    links.was-fra.capacity=100 Mbit/s..10 Gbit/s               a range, for a search to go through
    links.a.capacity + links.b.capacity=1 Gbit/s, 2 Gbit/s     two keys that change together
    nodes.*.workers=8, 32                                      all keys of that form, together

A range keeps the unit of its lower end, and a value in between has four significant digits there, so that what was
simulated is what a reader can write into a file. Between whole numbers there are only whole numbers where the key takes
no others. Left out: which combinations of several axes are visited (`sim.experiment.sweeps.designs`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Self

from sim import units
from sim.errors import ArgumentError, InputError, shown
from sim.experiment.execution.worker import Settings
from sim.scenario import Scenario
from sim.scenario.document import parse_setting
from sim.scenario.starred import matching
from sim.units import UnitError

_DIGITS: Final = 4
_MOST: Final = 10_000
#: Of this many units at once the size of one is found, as a byte is the least that a size can be.
_MANY: Final = 10**9
#: A range over more than this ratio is gone through by ratios.
_WIDE: Final = 8.0
_FIGURE: Final = re.compile(r"([+-]?[\d_.]+(?:[eE][+-]?\d+)?)(.*)")
_OF: Final[tuple[Callable[[object], float], ...]] = (
    units.rate_Bps_of, units.seconds_of, units.bytes_of, units.per_second_of, units.price_of, units.usd_of,
    units.capacity_price_of, units.fraction_of, units.per_node_of, units.per_client_of,
)  # fmt: skip
_REMEDY: Final = 'write for example "links.wan.capacity=100 Mbit/s..10 Gbit/s:log:5"'


@dataclass(frozen=True, slots=True)
class Range:
    """All values between two ends, as numbers of `unit`; `whole` where only whole ones count.

    `one` is what one of the unit is in base units.
    """

    low: float
    high: float
    unit: str
    whole: bool
    one: float = 1.0

    @property
    def by_ratio(self) -> bool:
        """Whether it is so wide that halving goes by ratios."""
        return self.low > 0 and self.high / self.low > _WIDE

    def at(self, share: float, log: bool | None = None) -> float:
        """The number at a share of the way from low to high, as it can be written."""
        log = self.by_ratio if log is None else log
        number = self.low * (self.high / self.low) ** share if log else self.low + share * (self.high - self.low)
        return self.rounded(min(max(number, self.low), self.high))

    def rounded(self, number: float) -> float:
        """The number as `text` writes it; the ends are what they are."""
        if number in (self.low, self.high):
            return number
        return float(round(number)) if self.whole else float(f"{number:.{_DIGITS}g}")

    def text(self, number: float) -> str | int | float:
        """What a setting takes for a number."""
        if self.whole:
            return round(number)
        return f"{_written(number)}{self.unit}" if self.unit else number


@dataclass(frozen=True, slots=True)
class Axis:
    """Keys that change together, and the values that they take: listed, or a range of which `count` are taken."""

    keys: tuple[str, ...]
    values: tuple[Any, ...] = ()
    range: Range | None = None

    text: str = ""

    @property
    def name(self) -> str:
        """How it is called in tables: as it was asked for."""
        return self.text or " + ".join(self.keys)

    def at(self, share: float) -> Any:
        """The value at a share of the way, from 0 to 1: of the range, by ratios where it is wide, or of the list."""
        if self.range is not None:
            return self.range.text(self.range.at(share))
        return self.values[min(int(share * len(self.values)), len(self.values) - 1)]

    def to_json(self) -> dict[str, Any]:
        """All of it, as JSON holds it."""
        ends = None if self.range is None else asdict(self.range)
        return {"keys": list(self.keys), "values": list(self.values), "range": ends, "text": self.text}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """What `to_json` gave."""
        ends = document["range"]
        found = None if ends is None else Range(**ends)
        return cls(tuple(document["keys"]), tuple(document["values"]), found, str(document["text"]))

    def settings(self, value: Any) -> Settings:
        """What a run is given to have it at a value."""
        return tuple((key, value) for key in self.keys)


def axis(text: str, scenario: Scenario) -> Axis:
    """The axis that a text says of a scenario. InputError when it says none."""
    keys_text, equals, values_text = (part.strip() for part in text.partition("="))
    keys = tuple(each for key in keys_text.split("+") for each in _matching(key.strip(), scenario))
    if not all(keys) or not equals or not values_text:
        raise _fault(f"must be KEY=VALUES, got {shown(text)}")
    name = " ".join(keys_text.split())
    if ".." not in values_text:
        return Axis(keys, text=name, values=tuple(_value(keys[0], part.strip()) for part in _parts(values_text)))
    low, _, rest = values_text.partition("..")
    high, *spacing = (part.strip() for part in rest.split(":"))
    found = _range(low.strip(), high)
    if found.whole and _takes_parts(scenario, keys, found):
        found = replace(found, whole=False)
    if not spacing:
        return Axis(keys, range=found, text=name)
    log = len(spacing) == 2 and spacing[0] == "log"
    count = spacing[-1]
    if len(spacing) > 1 + log or not count.isdecimal() or not 2 <= int(count) <= _MOST:
        raise _fault(f"must end in :N or :log:N with N from 2 to {_MOST:,}, got {shown(':'.join(spacing))}")
    if log and found.low <= 0:
        raise _fault(f"equal ratios start above 0, got {shown(low)}")
    numbers = dict.fromkeys(found.at(at / (int(count) - 1), log) for at in range(int(count)))
    return Axis(keys, tuple(found.text(number) for number in numbers), found, name)


def ranged(text: str, scenario: Scenario) -> Axis:
    """An axis for a search: a range, without a number of values. InputError when it is not one."""
    found = axis(text, scenario)
    if found.range is None or found.values:
        raise _fault(f"a search goes through a range, got {shown(text)}", 'write KEY=LOW..HIGH, "1 Mbit/s..1 Gbit/s"')
    return found


def between(low: object, high: object, whole: bool) -> Range:
    """All values between two figures of one kind, as files have them. InputError when they are of none, or not two."""
    return replace(_range(str(low), str(high)), whole=whole)


def number_of(value: Any) -> float | None:
    """A listed value as a number to draw it at, in base units; None where it is a word."""
    if isinstance(value, bool):
        return None
    for read in _OF:
        try:
            return float(read(value))
        except UnitError:
            continue
    return None


def number_along(axis: Axis, value: object) -> float:
    """A value as a number of the axis's unit (`unit_along`); NaN where it is a word."""
    number = number_of(value)
    return math.nan if number is None else float(number) / unit_along(axis)[1]


def unit_along(axis: Axis) -> tuple[str, float]:
    """The unit that an axis is written in, of a list that of its first value; and what one of it is in base units."""
    if axis.range is not None:
        return axis.range.unit.strip(), axis.range.one if axis.range.unit else 1.0
    found = _FIGURE.fullmatch(str(axis.values[0])) if axis.values else None
    one = number_of(f"{_MANY}{found[2]}") if found is not None and found[2] else None
    return (found[2].strip(), one / _MANY) if found is not None and one else ("", 1.0)


def _parts(text: str) -> Iterable[str]:
    """What stands between commas; a list in brackets is one value."""
    return (text,) if text.startswith("[") or text.startswith("{") else text.split(",")


def _value(key: str, text: str) -> Any:
    if not text:
        raise _fault("has a value that is empty")
    return parse_setting(f"{key}={text}")[1]


def _range(low: str, high: str) -> Range:
    found = _FIGURE.fullmatch(low)
    if found is None:
        raise _fault(f"must go from a figure to a figure, got {shown(f'{low}..{high}')}")
    unit = found[2]
    if not unit and _is_whole(low) and _is_whole(high):
        return _ordered(Range(float(int(low)), float(int(high)), "", whole=True), low, high)
    for read in _OF:
        try:
            one, top, _ = read(f"{_MANY}{unit}") / _MANY, read(high), read(low)
            return _ordered(Range(float(found[1]), _in_units(high, unit, top / one), unit, False, one), low, high)
        except UnitError:
            continue
    raise _fault(f"must go from a figure to one of the same kind, got {shown(f'{low}..{high}')}")


def _in_units(text: str, unit: str, number: float) -> float:
    """A range's upper end in the unit of its lower one: as it is written where it has that unit, too."""
    same = _FIGURE.fullmatch(text)
    return float(same[1]) if same is not None and same[2] == unit else number


def _ordered(found: Range, low: str, high: str) -> Range:
    if not found.low < found.high:
        raise _fault(f"must go from a lower to a higher value, got {shown(f'{low}..{high}')}")
    return found


def _matching(key: str, scenario: Scenario) -> list[str]:
    """The key, or all those of the scenario that its stars stand for. InputError when they stand for none."""
    found = matching(key, scenario)
    if not found:
        raise _fault(
            f"no key is like {shown(key)}", "scenario.with_ takes the same keys", "see regsim show for all of them"
        )
    return found


def _takes_parts(scenario: Scenario, keys: tuple[str, ...], found: Range) -> bool:
    """Whether what lies between two whole numbers is a value of the keys, too."""
    overrides = dict.fromkeys(keys, (found.low + found.high) / 2 + 0.1)
    try:
        Scenario.from_document(scenario.document, scenario.name, overrides, scenario.variant_name, scenario.rules)
    except InputError:
        return False
    return True


def _is_whole(text: str) -> bool:
    return text.replace("_", "").isdecimal()


def _written(number: float) -> str:
    """A number without an exponent, as short as it reads back."""
    text = repr(number)
    return text.removesuffix(".0") if "e" not in text else f"{number:.12f}".rstrip("0").rstrip(".")


def _fault(problem: str, remedy: str = _REMEDY, option_remedy: str | None = None) -> InputError:
    return ArgumentError("axis", "--vary", problem, remedy, option_remedy)


def combined(axes: Sequence[Axis], values: Sequence[Any]) -> Settings:
    """The settings that put each axis at its value."""
    return tuple(pair for axis, value in zip(axes, values, strict=True) for pair in axis.settings(value))
