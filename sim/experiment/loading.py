"""A finding read again from the directory that it was written to, be it a run, a comparison, a sweep or a search.

A run is its tables. All else follows from a question and its runs, which are in the directory: the question is asked
again while they are at hand (`execution.at_hand`), and none is made. Left out: what assumptions do to a verdict
(`compare --assumptions`), which has runs of its own; and functions of a user's, of which the values are there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from sim.errors import InputError, one_line
from sim.experiment.assumptions.assumed import assumed
from sim.experiment.assumptions.flips import Flip
from sim.experiment.axes import Axis
from sim.experiment.compare import compare
from sim.experiment.comparison import Comparison
from sim.experiment.execution.at_hand import at_hand
from sim.experiment.execution.worker import Outcome, Task
from sim.experiment.recorded import Recorded, recorded
from sim.experiment.searches.best import Best, best
from sim.experiment.searches.capacity import Capacity, capacity
from sim.experiment.searches.crossover import Crossover, crossover
from sim.experiment.sweeps.sweep import Sweep, sweep
from sim.files import folder_name, read_json
from sim.result import Result
from sim.scenario import Scenario
from sim.tables import parquet, rows
from sim.tables.columns import Column, Table
from sim.tables.lanes import BESIDE

#: Every run that a question was answered by: what the worker was told, and what it handed back.
RUNS_COLUMNS: Final = (
    Column("task", "text", "JSON: variant, number of the run, settings, whether its tables were wanted, overrides"),
    Column("outcome", "text", "JSON, in which numbers may be NaN and Infinity: what is kept of that run"),
)
#: What of a run is in no table of it.
FACTS: Final = ("events", "flows", "simulated_s", "wall_s", "peak_rss_bytes")
#: What was asked, beside the manifest, and how many bytes it may have.
QUESTION: Final = "question.json"
_MOST_BYTES: Final = 1 << 26
_REMEDY: Final = "write it anew, by --out or .write(DIR)"

Found = Result | Comparison | Sweep | Capacity | Crossover | Best


def load_result(directory: str | Path) -> Found:
    """What `.write(DIR)`, or a verb with `--out DIR`, left in a directory: of the same class, with the same numbers.

    No run is made. Rules of a user's own are looked for where they were. InputError when the directory has no manifest,
    lacks a file that it should have, or was left by a version that answers otherwise.

    >>> import sim, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sim.run(sim.load("metros", {"demand.rate": "50/day"})).write(folder)
    ...     again = sim.load_result(folder)
    >>> again
    <Result of metros.toml: one run of seed 1, 48 deploys>
    """
    where = Path(directory)
    if (where / "score.json").is_file():
        raise InputError(str(where), "has scores against measurements and no run", "read its score.json as it is")
    made = recorded(where)
    if made.manifest.digest is not None:
        return read_run(where, made.scenario, made.seed, made.manifest.run, _facts(where))
    question = read_json(where / QUESTION, _MOST_BYTES, _REMEDY)
    try:
        verb = question["verb"]
        with at_hand(dict(_runs(where, made, question["samples"]))):
            found = _VERBS[verb](made.scenario, dict(question["arguments"]))
        about: dict[str, Any] = {"wall_s": float(question["wall_s"])}
        if isinstance(found, Comparison):
            about |= {"executor": str(question["executor"]), "turned": _flips(made.scenario, question["flips"])}
        elif not isinstance(found, Sweep):
            about["made"] = int(question["made"])
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration) as error:
        problem = f"was left by another version ({type(error).__name__}: {error})"
        raise InputError(str(where / QUESTION), one_line(problem), _REMEDY) from None
    loaded: Found = replace(found, **about)
    return loaded


def _facts(where: Path) -> Mapping[str, Any]:
    """What of a run is in no table of it, as its document says."""
    facts: Any = read_json(where / "run.json", _MOST_BYTES, _REMEDY)
    if not isinstance(facts, dict) or not set(FACTS) <= set(facts):
        raise InputError(str(where / "run.json"), "is no document of a run", _REMEDY)
    return {name: facts[name] for name in FACTS}


def read_run(
    where: Path, scenario: Scenario, seed: int, run: int, facts: Mapping[str, Any], older: bool = False
) -> Result:  # fmt: skip
    """One run, by its tables in a directory and what is in none of them (`FACTS`).

    An `older` version may have left fewer tables: what one says that it did not write yet, it said of nothing that this
    version knows. InputError for a table that is not there, unless that may be, or that can't be read.
    """
    columns = {**rows.TABLES, **BESIDE}
    files = {name: where / f"{name}.parquet" for name in columns}
    tables = {
        name: Table(each) if older and not files[name].is_file() else parquet.read_table(files[name], each)
        for name, each in columns.items()
    }
    return Result(scenario=scenario, variant=scenario.variant_name, seed=seed, run=run, tables=tables, **facts)


def _runs(where: Path, made: Recorded, facts: Mapping[str, Any]) -> Iterator[tuple[Task, Outcome]]:
    """Every recorded run by its task, tables with those that have them; `facts` are what is in no table."""
    table = parquet.read_table(where / "runs.parquet", RUNS_COLUMNS)
    for told, kept in zip(table.column("task"), table.column("outcome"), strict=True):
        variant, run, settings, tables, overrides = json.loads(told)
        task = Task(variant, run, _pairs(settings), tables, _pairs(overrides))
        outcome = Outcome.from_json(json.loads(kept))
        name = next(name for name, each in made.named.items() if each == variant)
        if tables and name in facts:
            scenario = made.scenario if variant is None else made.scenario.variant(variant)
            sample = read_run(
                where / folder_name(name), scenario, made.seed, run, {each: facts[name][each] for each in FACTS}
            )
            outcome = replace(outcome, sample=sample)
        yield task, outcome


def _pairs(settings: Any) -> tuple[tuple[str, Any], ...]:
    return tuple((key, value) for key, value in settings)


def _flips(scenario: Scenario, told: list[list[Any]] | None) -> tuple[Flip, ...] | None:
    """What turns the verdict, if that was known when it was written."""
    if told is None:
        return None
    named = {assumption.name: assumption for assumption in assumed(scenario)}
    return tuple(Flip(named[name], *rest) for name, *rest in told if name in named)


def _unknown(result: Result) -> float:
    """In place of a user's function: its values are known, and it is called no more."""
    raise AssertionError("a recorded run is not measured again")


def _custom(names: Any) -> dict[str, Callable[[Result], float]]:
    return dict.fromkeys(names, _unknown)


def _searched(verb: Any) -> Callable[[Scenario, dict[str, Any]], Any]:
    """A verb of searches, asked with what JSON holds of its arguments."""

    def ask(scenario: Scenario, asked: dict[str, Any]) -> Any:
        if "axis" in asked:
            asked["axis"] = Axis.from_json(asked["axis"])
        return verb(scenario, **asked | {"metrics": _custom(asked["metrics"])}, executor="serial")

    return ask


def _swept(scenario: Scenario, asked: dict[str, Any]) -> Sweep:
    custom, names = asked.pop("custom"), asked.pop("metrics")
    axes = [Axis.from_json(each) for each in asked.pop("axes")]
    return sweep(scenario, axes, metrics=_custom(names) if custom else names, executor="serial", **asked)


_VERBS: Final[Mapping[str, Callable[[Scenario, dict[str, Any]], Any]]] = {
    "compare": _searched(compare), "capacity": _searched(capacity), "crossover": _searched(crossover),
    "best": _searched(best), "sweep": _swept,
}  # fmt: skip
