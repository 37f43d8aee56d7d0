"""What an experiment along a key leaves in a directory: a document, a figure, and a manifest to make it again from."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from sim.experiment.panels import Curves
from sim.experiment.sample import Sample
from sim.experiment.worker import Settings
from sim.files import folder, write_json
from sim.scenario import Scenario


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
    """`KIND.json`, `KIND.png` and `.svg`, and last `manifest.json`, each whole or not there."""
    target = folder(directory)
    curves = importlib.import_module("sim.experiment.curves")
    curves.write(found.curves, target, kind)
    if choices := getattr(found, "tradeoff", ()):
        curves.write_tradeoff(choices, target)
    write_json(target / f"{kind}.json", found.to_json())
    about = {"kind": kind, "wall_s": found.wall_s, "made": [*made(found)]}
    manifest = importlib.import_module("sim.manifest").manifest(found.scenario, found.seed, about)
    write_json(target / "manifest.json", manifest)


def made(found: Finding) -> Iterable[dict[str, Any]]:
    """Every run by its settings and variant, as digests from run 0 on."""
    for settings, sample in found.samples:
        for variant, outcomes in sample.outcomes.items():
            digests = [outcome.digest for outcome in outcomes]
            yield {"settings": dict(settings), "variant": variant, "digests": digests}
