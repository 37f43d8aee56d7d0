"""A result as it is held against another: what was asked, every metric of every run, what runs were counted by.

It is read from a directory that `--out` of a comparison wrote, or from the one file that `--keep` writes, some 20 kB:
the manifest without what can be worked out from it again, and the metrics. Left out: tables, plots, verdicts.
"""

from __future__ import annotations

import gzip
import importlib
import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError, shown
from sim.experiment import recorded
from sim.experiment.comparison import Comparison
from sim.experiment.execution.worker import COUNTS
from sim.experiment.recorded import Manifest, Recorded
from sim.experiment.sample import Values, counts_of
from sim.experiment.speed import Speed
from sim.files import jsonable, parse_json, read_bytes, read_json, replacing
from sim.manifest import manifest
from sim.schemas import named, unread

_REMEDY: Final = "name a directory that compare --out wrote, or a file that compare --keep wrote"
_MOST_BYTES: Final = 1 << 28

#: What runs were counted by: by variant, what is counted, and run.
Counts = Mapping[str, Mapping[str, list[int]]]


@dataclass(frozen=True, slots=True)
class Kept:
    """One result; `counts` is empty of one that an older version wrote, `speed` unless that was measured."""

    path: Path
    recorded: Recorded
    values: Values
    counts: Counts
    speed: Speed | None = None

    @property
    def manifest(self) -> Manifest:
        """What it was made from."""
        return self.recorded.manifest


def keep(outcome: Comparison, path: str | Path, speed: Speed | None = None) -> None:
    """Write a comparison as one small file; one whose name ends in `.gz` is packed. InputError if that can't be."""
    about = {"runs": outcome.runs, "wall_s": outcome.wall_s, "digests": outcome.digests}
    made = {name: part for name, part in manifest(outcome.scenario, outcome.seed, about).items() if name != "resolved"}
    metrics = {name: {metric: _said(values) for metric, values in by.items()} for name, by in outcome.values.items()}
    document = {
        "schema": named("kept"), "manifest": made, "counts": counts_of(outcome.outcomes), "metrics": metrics,
        "speed": None if speed is None else speed.to_json(),
    }  # fmt: skip
    text = json.dumps(jsonable(document), allow_nan=False, separators=(",", ":")).encode() + b"\n"
    target = Path(path)
    try:
        with replacing(target) as temporary:
            temporary.write_bytes(gzip.compress(text, mtime=0) if target.suffix == ".gz" else text)
    except OSError as error:
        raise InputError(str(path), f"cannot be written ({error.strerror})", "make room or name another file") from None


def _said(values: NDArray[np.float64]) -> list[float | str | None]:
    """JSON has no infinity: it is text."""
    return [value if math.isfinite(value) else None if math.isnan(value) else str(value) for value in values.tolist()]


def read(path: str | Path, overrides: Mapping[str, Any] | None = None) -> Kept:
    """The result in a directory or a file. InputError(s) for what is none, or of another version."""
    place = Path(path)
    if place.is_file():
        return _of_file(place, overrides)
    found = recorded.recorded(place, overrides)
    if found.manifest.digests is None:
        raise InputError(f"{place / 'manifest.json'}: digests", "are of no comparison", _REMEDY)
    values = _of_parquet(place / "metrics.parquet")
    return _checked(Kept(place, found, values, _counts(place / "manifest.json", found.manifest.counts)))


def _of_file(path: Path, overrides: Mapping[str, Any] | None) -> Kept:
    document = _document(path)
    schema = document.get("schema") if isinstance(document, dict) else document
    if not isinstance(document, dict) or schema != named("kept"):
        raise InputError(f"{path}: schema", *unread(schema, "kept", _REMEDY))
    found = recorded.of_manifest(recorded.checked(document.get("manifest"), path), path, overrides)
    metrics, values = document.get("metrics"), {}
    if not isinstance(metrics, dict):
        raise InputError(f"{path}: metrics", f"must be a table by variant, got {shown(metrics)}", _REMEDY)
    for name, by in metrics.items():
        try:
            values[name] = {metric: _numbers(each) for metric, each in by.items()}
        except (AttributeError, TypeError, ValueError, OverflowError):
            raise InputError(f"{path}: metrics.{name}", "must be lists of numbers", _REMEDY) from None
    speed = document.get("speed")
    try:
        fast = None if speed is None else Speed.from_json(speed)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise InputError(f"{path}: speed", f"must be numbers, got {shown(speed)}", _REMEDY) from None
    return _checked(Kept(path, found, values, _counts(path, document.get("counts")), fast))


def _document(path: Path) -> Any:
    if path.suffix != ".gz":
        return read_json(path, _MOST_BYTES, _REMEDY)
    try:
        unpacker = zlib.decompressobj(wbits=31)
        text = unpacker.decompress(read_bytes(path, _MOST_BYTES), _MOST_BYTES)
        return parse_json(text)
    except (OSError, zlib.error, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(str(path), f"cannot be read ({error})", _REMEDY) from None


def _numbers(values: Any) -> NDArray[np.float64]:
    if not isinstance(values, list) or not all(isinstance(each, int | float | str | None) for each in values):
        raise TypeError
    return np.array([math.nan if each is None else float(each) for each in values], dtype=np.float64)


def _of_parquet(path: Path) -> Values:
    """The metrics of a stored comparison, (runs,) by variant and metric."""
    found: dict[str, dict[str, dict[int, float]]] = {}
    importlib.import_module("sim.tables.parquet").require()
    try:
        table = importlib.import_module("pyarrow.parquet").read_table(path).to_pydict()
        columns = (table[name] for name in ("variant", "metric", "run", "value"))
        for variant, metric, run, value in zip(*columns, strict=True):
            by_run = found.setdefault(str(variant), {}).setdefault(str(metric), {})
            by_run[int(run)] = math.nan if value is None else float(value)
    except (OSError, ValueError, KeyError, TypeError, NotImplementedError, MemoryError) as error:
        why = " ".join(str(error).split())
        raise InputError(str(path), f"cannot be read ({why})", "name a directory that compare --out wrote") from None
    return {
        name: {metric: np.array([runs[run] for run in sorted(runs)]) for metric, runs in metrics.items()}
        for name, metrics in found.items()
    }


def _counts(path: Path, found: Any) -> Counts:
    """Counts as they are, empty where there are none. InputError where they are no whole numbers."""
    if found is None:
        return {}
    whole = isinstance(found, dict) and all(
        isinstance(by, dict) and all(isinstance(runs, list) and all(type(one) is int for one in runs)
                                     for runs in by.values())
        for by in found.values()
    )  # fmt: skip
    if not whole:
        raise InputError(f"{path}: counts", f"must be whole numbers by variant, got {shown(found)}", _REMEDY)
    return {name: {what: by[what] for what in COUNTS if what in by} for name, by in found.items()}


def _checked(kept: Kept) -> Kept:
    """Each variant has as many values of each metric as it has runs. InputError otherwise."""
    runs = dict.fromkeys(kept.recorded.named, 0)
    for task in kept.recorded.digests:
        name = next(name for name, which in kept.recorded.named.items() if which == task.variant)
        runs[name] = max(runs[name], task.run + 1)
    for name, metrics in kept.values.items():
        for metric, values in metrics.items():
            if len(values) != runs.get(name):
                problem = f"has {len(values)} values of {shown(metric)} for {runs.get(name, 0)} runs"
                raise InputError(f"{kept.path}: {name}", problem, _REMEDY)
    return kept
