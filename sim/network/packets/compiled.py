"""Packets as machine code: `packets`' functions, to be called with a state of arrays. Numba is slow to import: import
this late."""

from __future__ import annotations

from sim.network.packets import bbr, cubic, packets, policing
from sim.network.packets.state import LAYOUT
from sim.network.tcp import windows
from sim.records import queue
from sim.records.compiling import compile_calls

_calls = compile_calls(LAYOUT, (queue, windows, cubic, policing, bbr, packets), ("open_flow", "run_until"))
open_flow, run_until = _calls.open_flow, _calls.run_until
