"""Two engines that run the protocol to the same rows: `reference` on SimPy, to be stepped through, and `compiled`."""

from sim.engines.choice import EngineWarning, at_hand, checked, choose, engine_for
from sim.engines.replay import replay
from sim.engines.run import Engine, Ran, built, run, run_built

__all__ = [
    "Engine",
    "EngineWarning",
    "Ran",
    "at_hand",
    "built",
    "checked",
    "choose",
    "engine_for",
    "replay",
    "run",
    "run_built",
]
