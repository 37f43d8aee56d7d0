"""A comparison made again and held against the stored one: has anything moved that a user would see?

Runs that came out equal bit for bit have moved nothing. Of the others every metric is compared run by run, on the same
seeds: it has moved when its mean is beyond `within` of what it was, whatever the interval of the difference, which is
shown beside it; or when it was finite and is not, or the other way round. Left out: changes of the scenario, since it
is the stored one that is made again.
"""

from __future__ import annotations

import importlib
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.engines.run import Engine
from sim.errors import InputError
from sim.experiment.execution.runs import Progress
from sim.experiment.execution.worker import Task
from sim.experiment.measures import Measures
from sim.experiment.recorded import Recorded, recorded
from sim.experiment.rerun import Rerun, rerun
from sim.experiment.sample import resolution
from sim.stats.intervals import Interval
from sim.stats.paired import difference

#: How far a metric may move, as a share of what it was.
WITHIN: Final = 0.01


@dataclass(frozen=True, slots=True)
class Moved:
    """A metric of a variant that is not what it was; `apart` is the paired difference."""

    variant: str
    metric: str
    was: float
    apart: Interval


@dataclass(frozen=True, slots=True)
class Gate:
    """What came of holding a stored comparison against the model as it is."""

    again: Rerun
    moved: tuple[Moved, ...]
    metrics: int
    deploys: int
    wall_s: float
    wall_before_s: float

    @property
    def passed(self) -> bool:
        """Whether nothing moved."""
        return not self.moved

    def to_json(self) -> dict[str, Any]:
        """The document `regsim.bench/1`."""
        return {
            "schema": "regsim.bench/1",
            "warnings": [each.to_json() for each in self.again.recorded.scenario.warnings],
            "passed": self.passed,
            "equal": not self.again.differing,
            "metrics": self.metrics,
            "moved": [
                {"variant": each.variant, "metric": each.metric, "was": each.was, "mean": each.apart.mean,
                 "low": each.apart.low, "high": each.apart.high}
                for each in self.moved
            ],
            "deploys": self.deploys,
            "wall_s": self.wall_s,
            "wall_before_s": self.wall_before_s,
            "now_otherwise": list(self.again.about),
        }  # fmt: skip


def gate(
    directory: str | Path, within: float = WITHIN, executor: str = "processes", progress: Progress | None = None,
    engine: Engine | None = None, found: Recorded | None = None,
) -> Gate:  # fmt: skip
    """Make the comparison stored in a directory again and hold it against what it was; `found` is what it records."""
    found = found or recorded(directory)
    stored = _stored(Path(directory) / "metrics.parquet")
    began = time.perf_counter()
    again = rerun(found, executor, progress, Measures.of(names=[metric for _, metric in stored]), engine)
    wall_s = time.perf_counter() - began
    moved: list[Moved] = []
    for (variant, metric), was in stored.items():
        which = found.named.get(variant)
        now = np.array([again.outcomes[Task(which, run)].metrics.get(metric, math.nan) for run in range(len(was))])
        moved += _moved(variant, metric, was, now, within)
    deploys = sum(outcome.deploys for outcome in again.outcomes.values())
    return Gate(
        again,
        tuple(moved),
        len(stored),
        deploys,
        wall_s,
        math.nan if found.manifest.wall_s is None else found.manifest.wall_s,
    )


def _moved(
    variant: str, metric: str, was: NDArray[np.float64], now: NDArray[np.float64], within: float
) -> Iterator[Moved]:
    if np.array_equal(was, now, equal_nan=True):
        return
    apart = difference(now, was, resolution=resolution(metric))
    if math.isfinite(apart.mean):
        stays = abs(apart.mean) <= within * abs(float(was.mean()))
    else:
        stays = np.array_equal(np.isfinite(was), np.isfinite(now)) and _finite_stay(was, now, within)
    if not stays:
        yield Moved(variant, metric, float(was.mean()), apart)


def _finite_stay(was: NDArray[np.float64], now: NDArray[np.float64], within: float) -> bool:
    """Whether the runs in which a metric is finite are as they were."""
    finite = np.isfinite(was)
    return bool(np.all(np.abs(now[finite] - was[finite]) <= within * np.abs(was[finite])))


def _stored(path: Path) -> Mapping[tuple[str, str], NDArray[np.float64]]:
    """The metrics of a stored comparison, (runs,) by variant and metric."""
    try:
        table = importlib.import_module("pyarrow.parquet").read_table(path).to_pydict()
        found: dict[tuple[str, str], dict[int, float]] = {}
        columns = (table[name] for name in ("variant", "metric", "run", "value"))
        for variant, metric, run, value in zip(*columns, strict=True):
            found.setdefault((variant, metric), {})[run] = math.nan if value is None else value
    except (OSError, ValueError, KeyError) as error:
        why = " ".join(str(error).split())
        raise InputError(str(path), f"cannot be read ({why})", "name a directory that compare --out wrote") from None
    return {key: np.array([runs[run] for run in sorted(runs)]) for key, runs in found.items()}
