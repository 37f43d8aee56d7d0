"""Which module renders which kind of result, by the name that its verb and its document have.

A comparison is not among them: it has several tables and a plot of its own (`verdict`, `frames`, `plots`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

from sim.experiment.execution.worker import Settings
from sim.experiment.sample import Sample
from sim.report import best, capacity, crossover, sweeps
from sim.report.plot_data import PlotData
from sim.report.searches import TextTable
from sim.scenario import Scenario


class Found(Protocol):
    """What a search, a sweep or a selection found."""

    @property
    def scenario(self) -> Scenario: ...
    @property
    def seed(self) -> int: ...
    @property
    def wall_s(self) -> float: ...
    @property
    def verdict(self) -> str: ...
    @property
    def samples(self) -> Iterable[tuple[Settings, Sample]]: ...
    def to_json(self) -> dict[str, Any]: ...


class Renderer(Protocol):
    """What such a module has: functions of a result."""

    def text_table(self, found: Any, /) -> TextTable:
        """A table's heads and its lines."""

    def plot_data(self, found: Any, /) -> PlotData:
        """What is to be drawn along a key."""


RENDERERS: Final[Mapping[str, Renderer]] = {
    "best": best, "capacity": capacity, "crossover": crossover, "sweep": sweeps,
}  # fmt: skip
