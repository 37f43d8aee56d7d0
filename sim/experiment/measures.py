"""What is measured of a run beside its own metrics: metrics by group, and metrics of the user's own.

A metric of the user's own is a function of a run's `Result` (its tables) that gives a number. It is known by its file:
the store's key holds the digest of the whole file in which it is defined, so that a changed helper beside it counts,
too. A function without a file, or one that carries values of its own (a closure, defaults, a `partial`), has nothing
that it could be known by, and runs that are measured by it bypass the store. Left out: what such a function imports
from other files, of which a change goes unseen.
"""

from __future__ import annotations

import hashlib
import inspect
import pickle
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from sim.accounting.groups import group_names
from sim.errors import ArgumentError, InputError, near, shown
from sim.result import Result
from sim.scenario import Scenario
from sim.tables import metric_names, rows

#: A user's own metrics by name.
Custom = Mapping[str, Callable[[Result], float]]
_REMEDY = 'give metrics={"sin_under_2s": function}, where the function takes a run\'s Result and returns a number'


@dataclass(frozen=True, slots=True)
class Measures:
    """`by` are dimensions of `metric_names.DIMENSIONS`, `custom` pairs of a name and a function of a `Result`."""

    by: tuple[str, ...] = ()
    custom: tuple[tuple[str, Callable[[Result], float]], ...] = ()

    @classmethod
    def of(cls, by: str | Iterable[str] = (), custom: Custom | None = None, names: Iterable[str] = ()) -> Self:
        """What `by` and `custom` ask for, and what metrics of these names need. InputError for what there is not."""
        asked = [by] if isinstance(by, str) else [*by]
        for dimension in asked:
            if dimension not in metric_names.DIMENSIONS:
                problem = f"nothing is split by that, got {shown(dimension)}"
                raise InputError("by", problem, near(dimension, metric_names.DIMENSIONS))
        asked += [parts.by for name in names if (parts := metric_names.split(name)) is not None]
        for name, function in (custom or {}).items():
            if not callable(function):
                raise InputError(f"metrics.{name}", f"must be a function, got {shown(function)}", _REMEDY)
            if name in rows.METRICS or not name.replace("_", "").isalnum():
                problem = "is a name that is taken" if name in rows.METRICS else "must be letters, digits and _ alone"
                raise InputError(f"metrics.{name}", problem, "choose another name")
        return cls(tuple(dict.fromkeys(asked)), tuple((custom or {}).items()))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the user's own metrics."""
        return tuple(name for name, _ in self.custom)

    def __bool__(self) -> bool:
        return bool(self.by or self.custom)

    def measured(self, result: Result) -> dict[str, float]:
        """All of it, of one run, by the metrics' names. InputError when a function fails or gives no number."""
        found: dict[str, float] = {}
        for by in self.by:
            for group, metrics in result.metrics_by(by).items():
                found |= {metric_names.split_name(metric, by, group): value for metric, value in metrics.items()}
        return found | {name: _number(name, function, result) for name, function in self.custom}

    def identity(self) -> list[Any] | None:
        """What a run's key in the store holds of it; None when a function has nothing to be known by."""
        known = [(name, _identity(function)) for name, function in self.custom]
        if any(identity is None for _, identity in known):
            return None
        return [list(self.by), known]

    def check_sent(self) -> None:
        """InputError when a function cannot be sent to another process."""
        for name, function in self.custom:
            try:
                pickle.dumps(function)
            except (pickle.PicklingError, AttributeError, TypeError):
                problem = "cannot be sent to the workers"
                remedy = "define the function in a module of its own, or use the executor serial"
                raise InputError(f"metrics.{name}", problem, remedy) from None


NOTHING = Measures()


def known_metric(metric: str, custom: Sequence[str] = (), scenario: Scenario | None = None) -> rows.Metric:
    """The metric of that name, one of the user's own included. InputError when there is none."""
    if metric in custom:
        return rows.Metric(metric, metric_names.unit_by_ending(metric), "a metric of the user's own")
    problem = metric_names.why_unknown(metric)
    if problem is not None:
        raise ArgumentError("metric", "--metric", *problem)
    if scenario is not None:
        check_group("metric", metric, scenario, "--metric")
    return metric_names.metric(metric)


def check_group(where: str, metric: str, scenario: Scenario, option: str = "") -> None:
    """InputError when a metric is of a group or of a fault that neither the scenario nor a variant of it has.

    `option` is what the command line calls `where`, if that is otherwise.
    """
    option = option or where
    fault, parts = metric_names.fault_of(metric), metric_names.split(metric)
    if fault is not None:
        faults = dict.fromkeys(key for one in scenario.with_its_variants() for key in one.faults)
        if fault not in faults:
            raise ArgumentError(
                where, option, f"the scenario has no such fault, got {shown(fault)}", near(fault, faults)
            )
    if parts is None or parts.by == "route" or scenario.demand.replay is not None:
        return
    names = dict.fromkeys(name for one in scenario.with_its_variants() for name in group_names(one, parts.by))
    if parts.group not in names:
        problem = f"{parts.by} {shown(parts.group)} is not in the scenario"
        raise ArgumentError(where, option, problem, near(parts.group, names))


def split_by(metric: str, by: Iterable[str], scenario: Scenario) -> tuple[str, ...]:
    """A metric by each group that the scenario names. InputError where it cannot be split, or no groups are named."""
    made: list[str] = []
    for dimension in by:
        reason = metric_names.whole(metric, dimension)
        groups = group_names(scenario, dimension)
        if reason is not None or metric not in rows.METRICS:
            problem = f"{metric} cannot be split by {dimension}: {reason or 'it is your own'}"
            raise ArgumentError(
                "by", "--by", problem, "leave it out, or name another metric first",
                "leave --by out, or name another metric first",
            )  # fmt: skip
        if not groups:
            raise ArgumentError("by", "--by", f"the scenario names no groups by {dimension}", "choose another")
        made += [metric_names.split_name(metric, dimension, group) for group in groups]
    return tuple(made)


def _number(name: str, function: Callable[[Result], float], result: Result) -> float:
    try:
        return float(function(result))
    except InputError:
        raise
    except Exception as error:
        kind = type(error).__name__
        raise InputError(f"metrics.{name}", f"the function failed ({kind}: {error})", _REMEDY) from error


def _identity(function: Callable[[Result], float]) -> list[str] | None:
    """Its name and the digest of the file that defines it."""
    if not inspect.isfunction(function) or function.__closure__ or function.__defaults__ or function.__kwdefaults__:
        return None
    path = Path(function.__code__.co_filename)
    if not path.is_file():
        return None
    # A lambda's name says nothing, but its place in the file does.
    return [
        function.__qualname__, str(function.__code__.co_firstlineno), hashlib.sha256(path.read_bytes()).hexdigest(),
        hashlib.sha256(function.__code__.co_code).hexdigest(),
    ]  # fmt: skip
