"""The solver as machine code: `kernel`'s functions, to be called with a network of arrays. Numba is slow to import:
import this late."""

from __future__ import annotations

from sim.network.fairshare import active, filling, kernel, pairing, sharing, solution
from sim.network.fairshare.state import LAYOUT
from sim.records.compiling import compile_calls

MODULES = (pairing, filling, sharing, active, solution, kernel)

_calls = compile_calls(LAYOUT, MODULES, ("start", "finish", "stop", "move", "set_capacity", "rate", "progress", "run"))
start, finish, stop, move, set_capacity = _calls.start, _calls.finish, _calls.stop, _calls.move, _calls.set_capacity
rate, progress, run = _calls.rate, _calls.progress, _calls.run
