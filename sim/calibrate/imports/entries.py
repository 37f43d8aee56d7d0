"""Lines of a scenario before they are text: each a key and its value, with what it rests on.

A value is as a scenario's file has it, text with a unit or a number. It is measured (with a source and how many samples
stand behind it), assumed (where the data has nothing, by the model's default and range), or a plain setting, such as
which site a host is at. Left out: comments, which `writing` adds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim.calibrate.calibration import quantity_text
from sim.calibrate.imports.found import shown_text
from sim.calibrate.probes.estimate import Estimate
from sim.scenario.describe.keys import find
from sim.scenario.tomltext import toml

Table = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: the table that it stands in, its key and value, and what the value rests on."""

    table: Table
    key: str
    value: object
    source: str = ""
    assumption: bool = False
    range: tuple[object, object] | None = None
    n: int | None = None

    def to_toml(self) -> str:
        """The value, with what it rests on beside it."""
        about: dict[str, Any] = {}
        if self.range is not None:
            about["range"] = list(self.range)
        if self.source:
            about["source"] = self.source if self.n is None else f"{self.source}, n = {self.n}"
        if self.assumption:
            about["assumption"] = True
        return toml({"value": self.value} | about) if about else toml(self.value)

    def to_json(self) -> Mapping[str, Any]:
        """The same for machines; what is neither measured nor assumed is a setting."""
        basis = "assumed" if self.assumption else "measured" if self.source else "set"
        limits = None if self.range is None else list(self.range)
        return {"value": self.value, "range": limits, "source": self.source, "n": self.n, "basis": basis}


def measured(table: Table, key: str, estimate: Estimate, assumption: bool = False) -> Entry:
    """A figure that samples say."""
    value, low, high = (quantity_text(estimate, each) for each in (estimate.value, estimate.low, estimate.high))
    numbers = estimate.unit == "share"
    limits = (float(low), float(high)) if numbers else (low, high)
    source = shown_text(estimate.source)
    return Entry(table, key, float(value) if numbers else value, source, assumption, limits, estimate.n)


def assumed(table: Table, key: str, path: str, why: str = "") -> Entry:
    """A figure that nothing says: the default of the key at `path`, and its range."""
    default = find(path)[0].figure
    assert default is not None, path
    source = "; ".join(part for part in (why, default.source) if part)
    return Entry(table, key, default.value, source, True, default.range)
