"""regsim: a discrete-event simulator of container registry topologies.

A deploy is a push, a wait for the image to be where it is needed, a pull of what is missing, and a boot. Everything
reported is the sum of such deploys competing for the same links and registries.

    scenario = sim.load("scenarios/metros.toml", overrides={"links.dal-was.capacity": "1 Gbit/s"})
    scenario = scenario.with_({"demand.rate": "20000/day"})
    result = sim.run(scenario, seed=1)
    outcome = sim.compare(scenario, runs=20)
    found = sim.capacity(scenario, "clients.*.up=10 Mbit/s..1 Gbit/s", ["deploy_latency_s.p95 < 5 s"])

`@sim.policy("placement")` makes a function a rule that scenarios may choose (`sim.policies.registered`).

The names below are imported when they are first used, so that importing `sim` costs nothing.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sim import document as document
    from sim import network as network
    from sim.errors import InputError as InputError
    from sim.experiment.compare import compare as compare
    from sim.experiment.comparison import Comparison as Comparison
    from sim.experiment.execution.store import Store as Store
    from sim.experiment.loading import load_result as load_result
    from sim.experiment.searches.best import Best as Best
    from sim.experiment.searches.best import best as best
    from sim.experiment.searches.capacity import Capacity as Capacity
    from sim.experiment.searches.capacity import capacity as capacity
    from sim.experiment.searches.crossover import Crossover as Crossover
    from sim.experiment.searches.crossover import crossover as crossover
    from sim.experiment.sweeps.sweep import Sweep as Sweep
    from sim.experiment.sweeps.sweep import sweep as sweep
    from sim.policies.registered import policy as policy
    from sim.result import Result as Result
    from sim.runner import run as run
    from sim.scenario import Scenario as Scenario
    from sim.scenario import load as load
    from sim.version import __version__ as __version__

_HOMES: Final[Mapping[str, str]] = {
    "Best": "sim.experiment.searches.best",
    "Capacity": "sim.experiment.searches.capacity",
    "Comparison": "sim.experiment.comparison",
    "Crossover": "sim.experiment.searches.crossover",
    "InputError": "sim.errors",
    "Result": "sim.result",
    "Scenario": "sim.scenario",
    "Store": "sim.experiment.execution.store",
    "Sweep": "sim.experiment.sweeps.sweep",
    "__version__": "sim.version",
    "best": "sim.experiment.searches.best",
    "capacity": "sim.experiment.searches.capacity",
    "compare": "sim.experiment.compare",
    "crossover": "sim.experiment.searches.crossover",
    "load": "sim.scenario",
    "load_result": "sim.experiment.loading",
    "policy": "sim.policies.registered",
    "run": "sim.runner",
    "sweep": "sim.experiment.sweeps.sweep",
}
_ROOMS: Final = ("document", "network")

__all__ = [
    "Best", "Capacity", "Comparison", "Crossover", "InputError", "Result", "Scenario", "Store", "Sweep", "__version__",
    "best", "capacity", "compare", "crossover", "document", "load", "load_result", "network", "policy", "run", "sweep",
]  # fmt: skip


if not TYPE_CHECKING:  # a checker knows all names, so that it finds a mistyped one

    def __getattr__(name: str) -> Any:
        if name in _HOMES:
            value = getattr(importlib.import_module(_HOMES[name]), name)
        elif name in _ROOMS:
            value = importlib.import_module(f"sim.{name}")
        else:
            raise AttributeError(f"module 'sim' has no attribute {name!r}")
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*_HOMES, *_ROOMS, *(name for name in globals() if name.startswith("__"))})
