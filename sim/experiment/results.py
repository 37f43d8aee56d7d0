"""What an experiment but a comparison leaves in a directory: a document, the metrics of every run, a figure where there
is a key to draw along, and a manifest to make it again from.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Protocol

from sim.experiment.execution.worker import Settings
from sim.experiment.panels import Curves
from sim.experiment.sample import RUN_COLUMNS, Sample
from sim.files import folder, write_json
from sim.scenario import Scenario
from sim.tables.columns import Column

METRICS_COLUMNS: Final = (
    Column(
        "settings", "text", "what its scenario has otherwise: `KEY = VALUE`, with commas between; empty for nothing"
    ),
    *RUN_COLUMNS,
)


class Finding(Protocol):
    """What searches and sweeps give."""

    @property
    def scenario(self) -> Scenario: ...
    @property
    def seed(self) -> int: ...
    @property
    def wall_s(self) -> float: ...
    @property
    def verdict(self) -> str: ...
    @property
    def rows(self) -> tuple[list[str], list[list[str]]]: ...
    @property
    def curves(self) -> Curves: ...
    @property
    def samples(self) -> Iterable[tuple[Settings, Sample]]: ...
    def to_json(self) -> dict[str, Any]: ...


def write(found: Finding, directory: str | Path, kind: str) -> None:
    """`KIND.json`, `metrics.parquet`, `KIND.png` and `.svg`, and last `manifest.json`, each whole or not there."""
    target = folder(directory)
    curves = importlib.import_module("sim.experiment.curves")
    curves.write(found.curves, target, kind)
    if choices := getattr(found, "tradeoff", ()):
        curves.write_tradeoff(choices, target)
    importlib.import_module("sim.tables.parquet").write_columns(
        target / "metrics.parquet", METRICS_COLUMNS, _metrics(found)
    )
    write_json(target / f"{kind}.json", found.to_json())
    about = {"kind": kind, "wall_s": found.wall_s, "made": [*made(found)]}
    manifest = importlib.import_module("sim.manifest").manifest(found.scenario, found.seed, about)
    write_json(target / "manifest.json", manifest)


def _metrics(found: Finding) -> dict[str, list[Any]]:
    """Every metric of every run, as columns."""
    long = [
        (", ".join(f"{key} = {value}" for key, value in settings), variant, run, metric, value)
        for settings, sample in found.samples
        for variant, outcomes in sample.outcomes.items()
        for run, outcome in enumerate(outcomes)
        for metric, value in outcome.metrics.items()
    ]
    names = (column.name for column in METRICS_COLUMNS)
    return {name: list(values) for name, values in zip(names, zip(*long, strict=True), strict=True)}


def made(found: Finding) -> Iterable[dict[str, Any]]:
    """Every run by its settings and variant, as digests from run 0 on."""
    for settings, sample in found.samples:
        for variant, outcomes in sample.outcomes.items():
            digests = [outcome.digest for outcome in outcomes]
            yield {"settings": dict(settings), "variant": variant, "digests": digests}
