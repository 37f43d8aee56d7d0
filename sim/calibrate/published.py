"""What others published beside what is simulated, error and all.

`published.csv` in a folder of scenarios says for each row which scenario (and variant) it speaks of, which figure of
its run, and what was published, where. Rows marked as fitted are those that figures of the scenario were fitted to;
`fit` does that again. Every other row is a prediction. Where the scenario's pushes go by its policies, figures are
those of the copies from registry to registry that follow. Left out: figures that were published without the setting
that they were measured in.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy import optimize

from sim.calibrate.probes.estimate import Values
from sim.errors import InputError, near
from sim.files import read_text
from sim.report.formatting import amount
from sim.result import Result
from sim.runner import Replayed, replay, run
from sim.scenario import Scenario, load
from sim.stats.quantiles import rank

_COLUMNS: Final = ("scenario", "variant", "metric", "repository", "published", "unit", "fitted", "source")
_WIDTHS: Final = (28, 24, 12, 12, 10)
_MOST_BYTES: Final = 1 << 24
#: Fitted rows are met to within this share.
_MET: Final = 1e-3
_PER_MILLE: Final = {"p50": 500, "p95": 950, "p99": 990, "p99.9": 999}


#: A log replayed as it was, or a run of its pushes by the policies.
Ran = Replayed | Result


@dataclass(frozen=True, slots=True)
class Published:
    """One published figure."""

    scenario: str
    variant: str
    metric: str
    repository: str
    published: float
    unit: str
    fitted: bool
    source: str


@dataclass(frozen=True, slots=True)
class Compared:
    """One published figure and the simulated one."""

    row: Published
    simulated: float

    @property
    def error(self) -> float:
        """Relative, above 0 where the simulation gives more."""
        return (self.simulated - self.row.published) / self.row.published


def read(folder: str | Path) -> list[Published]:
    """The rows of `published.csv`. InputError with the line of one that is wrong."""
    path = Path(folder) / "published.csv"
    try:
        text = read_text(path, _MOST_BYTES)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(path), f"can't be read: {error}", "name a folder that has it") from None
    reader = csv.DictReader(text.splitlines())
    if tuple(reader.fieldnames or ()) != _COLUMNS:
        raise InputError(f"{path}:1", "is not its header", ",".join(_COLUMNS))
    rows = []
    for row in reader:
        try:
            value = float(row["published"])
        except (TypeError, ValueError):
            raise InputError(
                f"{path}:{reader.line_num}: published", f"must be a number, got {row['published']}"
            ) from None
        texts = (row["scenario"], row["variant"], row["metric"], row["repository"])
        rows.append(Published(*texts, value, row["unit"], row["fitted"] == "yes", row["source"]))
    return rows


def compare(folder: str | Path, only: str | None = None) -> list[Compared]:
    """Run every scenario that is spoken of (or one), and put each figure beside the published one."""
    rows = read(folder)
    if only is not None and only not in {row.scenario for row in rows}:
        raise InputError(only, "nothing published speaks of it", near(only, {row.scenario for row in rows}))
    runs: dict[tuple[str, str], Ran] = {}
    found = []
    for row in rows:
        if only not in (None, row.scenario):
            continue
        key = row.scenario, row.variant
        if key not in runs:
            runs[key] = _ran(load(Path(folder) / row.scenario, variant=row.variant or None))
        found.append(Compared(row, simulated(runs[key], row.metric, row.repository)))
    return found


def _ran(scenario: Scenario) -> Ran:
    """One run: of a log as it was logged, or of pushes that go by the policies."""
    logged = scenario.demand.replay
    return run(scenario) if logged is not None and logged.route == "policies" else replay(scenario)


def simulated(run: Ran, metric: str, repository: str) -> float:
    """A figure of a run: of a replay `pull_s.p99` of a repository's pulls, bytes that pushes sent, the share that dedup
    saved; otherwise how long copies took from the first begun to the last ended, their bytes and requests."""
    if isinstance(run, Result):
        return _of_copies(run, metric)
    counts = run.simulated
    if metric == "sent_bytes":
        return float(counts.sent_bytes)
    if metric == "saved_share":
        return float(counts.saved_bytes / (counts.saved_bytes + counts.sent_bytes))
    name, _, quantile = metric.partition(".")
    if name != "pull_s" or quantile not in _PER_MILLE:
        raise _unknown(metric, ("sent_bytes", "saved_share", *(f"pull_s.{name}" for name in _PER_MILLE)))
    deploys = run.result.tables["deploys"]
    own = deploys.where("repository", repository)
    pulls = own & deploys.where("route", "pull")
    took_s = np.sort(deploys.column("longest_pull_s")[pulls])
    return float(took_s[rank(10 * len(took_s), _PER_MILLE[quantile] // 10) // 10]) if len(took_s) else math.nan


def _of_copies(run: Result, metric: str) -> float:
    """A figure of all copies to central, where nothing else asks it."""
    syncs, registries = run.tables["syncs"], run.tables["registries"]
    if metric == "copies_s":
        if not len(syncs):
            return math.nan
        return float(syncs.column("committed_s").max() - syncs.column("started_s").min())
    if metric == "copied_bytes":
        return float(syncs.column("size_bytes").sum())
    if metric == "requests":
        return float(registries.column("requests")[registries.where("registry", "central")].sum())
    raise _unknown(metric, ("copies_s", "copied_bytes", "requests"))


def _unknown(metric: str, known: Sequence[str]) -> InputError:
    return InputError(metric, "unknown figure", f"one of {', '.join(known)}")


def fit(scenario: Scenario, rows: Sequence[Published], start: Mapping[str, tuple[float, str]]) -> dict[str, float]:
    """The figures that reproduce the rows marked as fitted: by key, from a first value and its unit.

    As many keys as rows; each is scaled by a factor above 0 until simulated and published agree.
    """
    fitted = [row for row in rows if row.fitted]
    keys = list(start)

    def errors(factors: Values, /) -> Values:
        changes = {
            key: f"{start[key][0] * factor:.12g} {start[key][1]}" for key, factor in zip(keys, factors, strict=True)
        }
        ran = _ran(scenario.with_(changes))
        return np.array([math.log(simulated(ran, row.metric, row.repository) / row.published) for row in fitted])

    # Figures of a scenario are rounded to bytes, so that steps must not be too small to be seen.
    found = optimize.least_squares(errors, np.ones(len(keys)), bounds=(0.1, 10), diff_step=[1e-3] * len(keys))
    if np.abs(found.fun).max() > _MET:
        raise ValueError(f"no figures reproduce the published rows: {np.expm1(found.fun).tolist()} off")
    return {key: start[key][0] * factor for key, factor in zip(keys, found.x.tolist(), strict=True)}


def to_text(found: Sequence[Compared]) -> str:
    """A table, one line a figure, and the mean error of what was predicted."""
    lines = [_line("scenario", "figure", "published", "simulated", "error")]
    for one in found:
        row = one.row
        scenario = f"{row.scenario} {row.variant}".strip()
        error = f"{100 * one.error:+.1f} %"
        note = "   fitted" if row.fitted else ""
        figure = f"{row.metric} {row.repository}".strip()
        lines.append(
            _line(scenario, figure, _amount(row.published, row.unit), _amount(one.simulated, row.unit), error) + note
        )
    predicted = [abs(one.error) for one in found if not one.row.fitted]
    if predicted:
        mean = 100 * sum(predicted) / len(predicted)
        lines += [
            "",
            f"{len(predicted)} figures predicted, mean absolute error {mean:.1f} %, worst {100 * max(predicted):.1f} %",
        ]
    sources = dict.fromkeys(one.row.source for one in found)
    return "\n".join([*lines, f"published in: {'; '.join(sources)}"])


def to_json(found: Sequence[Compared]) -> dict[str, Any]:
    """The document `regsim.published/1`."""
    rows = [{**asdict(one.row), "simulated": one.simulated, "error": one.error} for one in found]
    return {"schema": "regsim.published/1", "rows": rows}


def _amount(value: float, unit: str) -> str:
    if unit == "requests":
        return f"{value:,.0f}"
    return f"{100 * value:.1f} %" if unit == "" else amount(value, unit)


def _line(*cells: str) -> str:
    return "".join(
        f"{cell:<{w}}" if at < 2 else f"{cell:>{w}}" for at, (cell, w) in enumerate(zip(cells, _WIDTHS, strict=True))
    )
