"""What a search, a sweep or a selection leaves in a directory, to be read, drawn from and made again.

A document, the metrics of every run, a plot where there is a key to draw along, and a manifest. What a comparison
leaves is more: it writes itself (`sim.experiment.comparison`).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from sim.experiment.sample import RUN_COLUMNS
from sim.files import folder, write_json
from sim.manifest import manifest
from sim.report import curves
from sim.report.renderers import RENDERERS, Found
from sim.tables import parquet
from sim.tables.columns import Column

METRICS_COLUMNS: Final = (
    Column(
        "settings", "text", "what its scenario has otherwise: `KEY = VALUE`, with commas between; empty for nothing"
    ),
    *RUN_COLUMNS,
)


def save(found: Found, directory: str | Path, kind: str) -> None:
    """`KIND.json`, `metrics.parquet`, `KIND.png` and `.svg`, and last `manifest.json`, each whole or not there."""
    target = folder(directory)
    curves.write(RENDERERS[kind].plot_data(found), target, kind)
    if choices := getattr(found, "tradeoff", ()):
        curves.write_tradeoff(choices, target)
    parquet.write_columns(target / "metrics.parquet", METRICS_COLUMNS, _metrics(found))
    write_json(target / f"{kind}.json", found.to_json())
    about = {"kind": kind, "wall_s": found.wall_s, "made": [*made(found)]}
    write_json(target / "manifest.json", manifest(found.scenario, found.seed, about))


def _metrics(found: Found) -> dict[str, list[Any]]:
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


def made(found: Found) -> Iterable[dict[str, Any]]:
    """Every run by its settings and variant, as digests from run 0 on."""
    for settings, sample in found.samples:
        for variant, outcomes in sample.outcomes.items():
            digests = [outcome.digest for outcome in outcomes]
            yield {"settings": dict(settings), "variant": variant, "digests": digests}
