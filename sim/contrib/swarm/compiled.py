"""A swarm as machine code: `kernel`'s functions, to be called with a state of arrays. Numba is slow to import: import
this late."""

from __future__ import annotations

import inspect
import sys
from typing import Any

import numpy as np

from sim.contrib.swarm import kernel, members, peers, pieces, random
from sim.contrib.swarm.random import FIRST_MIX, GAMMA, SECOND_MIX, TWO_53
from sim.contrib.swarm.state import LAYOUT
from sim.records import queue
from sim.records.compiling import Jit, compile_calls


def draw(w: Any) -> Any:
    """`random.draw`, in numba's unsigned numbers: a stray signed one would turn all of it into floats."""
    z = np.uint64(w.g.random) + np.uint64(GAMMA)
    w.g.random = np.int64(z)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(FIRST_MIX)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(SECOND_MIX)
    return float((z ^ (z >> np.uint64(31))) >> np.uint64(11)) / TWO_53


def _bound(jit: Jit) -> dict[str, Any]:
    return {"draw": jit(draw, globals())}


_calls = compile_calls(
    LAYOUT, (queue, random, pieces, peers, members, kernel),
    ("begin_member", "fill_member", "free_member", "join", "run", "leave", "cut"),
    sources=(inspect.getsource(sys.modules[__name__]),), bound=_bound,
)  # fmt: skip
begin_member, fill_member, free_member = _calls.begin_member, _calls.fill_member, _calls.free_member
join, run, leave, cut = _calls.join, _calls.run, _calls.leave, _calls.cut
