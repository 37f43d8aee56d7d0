"""The choice of an engine: the one that ends a run sooner, unless the user says which.

Machine code is worth loading for some thousand deploys if there is some, and worth compiling for some ten thousand.
Many short runs in one process are worth it, too: once they have had a thousand deploys between them by the reference
engine, waiting any longer could cost more than loading, whatever comes ("ski rental": Karlin et al., Algorithmica 3,
1988). Once it is loaded it takes every run, the shortest too.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from dataclasses import dataclass
from typing import Final, cast, get_args

from sim.engines.run import Engine, programs
from sim.errors import InputError
from sim.protocol.rules import chosen_rules, outside_of
from sim.records.machinery import lacking
from sim.scenario import Scenario

PAYS_FROM: Final = 1000
"""Deploys from which on machine code is worth loading."""
COMPILES_FROM: Final = 20_000
"""Deploys from which on it is worth making: the reference engine takes as long for them."""
APPS_A_DEPLOY: Final = 20
"""So many applications that are there at the start take the reference engine as long as one deploy."""


class EngineWarning(UserWarning):
    """Another engine runs it than was asked for, or than is the quicker one."""


@dataclass(slots=True)
class Spent:
    """What this process's runs by the reference engine were worth so far, in deploys."""

    deploys: int = 0


_SPENT: Final = Spent()


def choose(scenario: Scenario, deploys: int | None, known_apps: int = 0, before: int = 0) -> Engine:
    """For a run of so many deploys, or of a log, whose length is not known, with so many applications at the start,
    after runs that were worth so many deploys `before`.

    Where these are worth fewer than `PAYS_FROM` deploys together numba is not even imported.
    """
    if at_hand(scenario) == "compiled":
        return "compiled"
    if deploys is not None and before + _worth(deploys, known_apps) < PAYS_FROM:
        return "reference"
    if deploys is not None and deploys >= COMPILES_FROM:
        return "compiled"
    return "compiled" if _is_kept(scenario) else "reference"


def _worth(deploys: int, known_apps: int) -> int:
    return deploys + known_apps // APPS_A_DEPLOY


def engine_for(scenario: Scenario, deploys: int | None, asked: Engine | None = None, known_apps: int = 0) -> Engine:
    """The engine of a run: the one that is asked for, or that `choose` chooses, unless there is no machine code here or
    none for a rule of the scenario. Says so then, in a warning, where the run is of a size at which it matters."""
    lacks = "" if asked == "reference" else lacking()
    if lacks:
        if asked is not None or deploys is None or deploys >= PAYS_FROM:
            warnings.warn(f"{lacks}: the reference engine runs it", EngineWarning, stacklevel=2)
        return "reference"
    known_apps = known_apps if scenario.demand.warm else 0
    outside = outside_of(scenario)
    # Machine code that all runs have knows no user's rules: each of theirs is judged by its own length.
    engine = asked or choose(scenario, deploys, known_apps, 0 if outside else _SPENT.deploys)
    if engine == "reference":
        _SPENT.deploys += 0 if outside else _worth(deploys or 0, known_apps)
        return engine
    unfit = {other.name for other in outside if not other.is_numbers}
    if not unfit:
        left_out = importlib.import_module("sim.engines.compiled").left_out(programs(), outside)
        unfit = {choice.name for kind, choice in chosen_rules(scenario) if (kind, choice.name) in left_out}
    if not unfit:
        return engine
    rules = f"the rule {min(unfit)}" if len(unfit) == 1 else f"the rules {', '.join(sorted(unfit))}"
    warnings.warn(f"machine code has no way for {rules}: the reference engine runs it", EngineWarning, stacklevel=2)
    return "reference"


def at_hand(scenario: Scenario) -> Engine:
    """The engine of a run that is over sooner than machine code is loaded: what has been loaded for others serves it,
    too."""
    compiled = sys.modules.get("sim.engines.compiled")
    if compiled is None or outside_of(scenario) or not compiled.is_loaded(programs()):
        return "reference"
    return "compiled"


def _is_kept(scenario: Scenario) -> bool:
    """Whether machine code for the protocol as it is now, with a user's own rules, is in memory or on disk."""
    compiled = importlib.import_module("sim.engines.compiled")  # numba takes half a second to import
    return bool(compiled.is_kept(programs(), outside_of(scenario)))


def checked(engine: str | None) -> Engine | None:
    """The engine of that name, None where none is named. InputError when there is none."""
    if engine is not None and engine not in get_args(Engine):
        raise InputError("engine", f'there is no "{engine}"', f"use {' or '.join(get_args(Engine))}")
    return cast("Engine | None", engine)
