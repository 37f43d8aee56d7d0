"""What a finding leaves in a directory, to be read (`sim.load_result`), drawn from and made again.

A run leaves its tables, all else the metrics of every run and the runs themselves with the question that they answer;
a comparison the tables of each variant's run 0, too; a search and a sweep a plot where there is a key to draw along.
With each goes its document, and last, when all else is there, a manifest. Every file is whole or not there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from sim.experiment.comparison import Comparison
from sim.experiment.execution.at_hand import Asked
from sim.experiment.loading import FACTS, QUESTION, RUNS_COLUMNS
from sim.experiment.sample import RUN_COLUMNS, counts_of, rows_of
from sim.experiment.searches.best import Best
from sim.experiment.searches.capacity import Capacity
from sim.experiment.searches.crossover import Crossover
from sim.experiment.sweeps.sweep import Sweep
from sim.files import folder, folder_name, write_json
from sim.manifest import manifest
from sim.report import curves
from sim.report.formatting import foot_text
from sim.report.renderers import RENDERERS, Found
from sim.result import Result
from sim.tables import parquet
from sim.tables.columns import Column

METRICS_COLUMNS: Final = (
    Column(
        "settings", "text", "what its scenario has otherwise: `KEY = VALUE`, with commas between; empty for nothing"
    ),
    *RUN_COLUMNS,
)
#: By class, the name of the verb that finds such things, of its document and of its renderer.
KINDS: Final[Mapping[type, str]] = {Best: "best", Capacity: "capacity", Crossover: "crossover", Sweep: "sweep"}


def write(found: Any, directory: str | Path, beside: Mapping[str, Any] | None = None) -> None:
    """Whatever it is, into a directory, which is made if it is not there; its document has what stands `beside`."""
    if isinstance(found, Result):
        _save_run(found, folder(directory), beside or {})
    elif isinstance(found, Comparison):
        _save_comparison(found, folder(directory), beside or {})
    else:
        save(found, directory, KINDS[type(found)], beside or {})


def save(found: Found, directory: str | Path, kind: str, beside: Mapping[str, Any] = MappingProxyType({})) -> None:
    """`KIND.json`, `metrics.parquet`, `KIND.png` and `.svg`, `runs.parquet`, and last `manifest.json`."""
    target = folder(directory)
    curves.write(RENDERERS[kind].plot_data(found), target, kind)
    if choices := getattr(found, "tradeoff", ()):
        runs = f"{found.runs} runs of each choice" if isinstance(found, Sweep) else ""
        curves.write_tradeoff(choices, found.scenario, foot_text(found.scenario, found.seed, runs), target)
    parquet.write_columns(target / "metrics.parquet", METRICS_COLUMNS, _metrics(found))
    write_json(target / f"{kind}.json", found.to_json() | dict(beside))
    about = {"kind": kind, "wall_s": found.wall_s, "made": [*made(found)]}
    _save_question(found, target)
    write_json(target / "manifest.json", manifest(found.scenario, found.seed, about))


def _save_run(result: Result, target: Path, beside: Mapping[str, Any]) -> None:
    """A Parquet file for each table, `run.json` and `manifest.json`."""
    result.write_tables(target)
    write_json(target / "run.json", result.to_json() | dict(beside))
    about = {"run": result.run, "digest": result.digest}
    write_json(target / "manifest.json", manifest(result.scenario, result.seed, about))


def _save_comparison(outcome: Comparison, target: Path, beside: Mapping[str, Any]) -> None:
    """`metrics.parquet`, each variant's tables of run 0 in a folder of its name, `compare.json`, `manifest.json`."""
    samples = outcome.samples
    for name, sample in samples.items():
        sample.write_tables(target / folder_name(name))
    parquet.write_columns(target / "metrics.parquet", RUN_COLUMNS, rows_of(outcome.values))
    write_json(target / "compare.json", outcome.to_json() | dict(beside))
    facts = {name: {fact: getattr(sample, fact) for fact in FACTS} for name, sample in samples.items()}
    _save_question(outcome, target, facts)
    about: dict[str, Any] = {"runs": outcome.runs, "executor": outcome.executor, "wall_s": outcome.wall_s}
    about |= {"digests": outcome.digests, "counts": counts_of(outcome.outcomes)}
    write_json(target / "manifest.json", manifest(outcome.scenario, outcome.seed, about))


def _save_question(found: Any, target: Path, facts: Mapping[str, Any] = MappingProxyType({})) -> None:
    """What was asked, and every run that answers it; `facts` are those of runs whose tables are kept."""
    asked: Asked | None = found.asked
    if asked is None:
        return
    runs = asked.runs.items()
    lines = [(json.dumps(list(task), default=str), json.dumps(outcome.to_json())) for task, outcome in runs]
    parquet.write_columns(target / "runs.parquet", RUNS_COLUMNS, _columns(RUNS_COLUMNS, lines))
    flips = getattr(found, "known_flips", None)
    about = {
        "verb": asked.verb, "arguments": asked.arguments, "samples": facts, "wall_s": found.wall_s,
        "executor": getattr(found, "executor", None), "made": getattr(found, "made", None),
        "flips": None if flips is None else [[flip.assumption.name, *flip[1:]] for flip in flips],
    }  # fmt: skip
    write_json(target / QUESTION, about)


def _metrics(found: Found) -> dict[str, list[Any]]:
    """Every metric of every run, as columns."""
    long = [
        (", ".join(f"{key} = {value}" for key, value in settings), variant, run, metric, value)
        for settings, sample in found.samples
        for variant, outcomes in sample.outcomes.items()
        for run, outcome in enumerate(outcomes)
        for metric, value in outcome.metrics.items()
    ]
    return _columns(METRICS_COLUMNS, long)


def _columns(columns: Iterable[Column], lines: Iterable[tuple[Any, ...]]) -> dict[str, list[Any]]:
    names = (column.name for column in columns)
    return {name: list(values) for name, values in zip(names, zip(*lines, strict=True), strict=True)}


def made(found: Found) -> Iterable[dict[str, Any]]:
    """Every run by its settings and variant, as digests from run 0 on."""
    for settings, sample in found.samples:
        for variant, outcomes in sample.outcomes.items():
            digests = [outcome.digest for outcome in outcomes]
            yield {"settings": dict(settings), "variant": variant, "digests": digests}
