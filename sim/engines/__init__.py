"""Two engines that run the protocol to the same rows, bit for bit.

`reference` runs it on SimPy's own environment, in the interpreter: to be stepped through, and for rules that can't be
compiled. `compiled` runs the same functions as machine code, with a queue of its own. `choice` says which one a run
uses; `run` and `replay` make tables of what it leaves.
"""

from sim.engines.choice import EngineWarning, at_hand, checked, choose, engine_for
from sim.engines.replay import replay
from sim.engines.requests_seen import Request, Seen, Service
from sim.engines.run import Engine, Ran, built, run, run_built

__all__ = [
    "Engine",
    "EngineWarning",
    "Ran",
    "Request",
    "Seen",
    "Service",
    "at_hand",
    "built",
    "checked",
    "choose",
    "engine_for",
    "replay",
    "run",
    "run_built",
]
