"""The swarm's text, compiled by numba: loaded late, because numba is slow to import."""

from __future__ import annotations

import sys

from sim.network.jit import checksum, jit_text
from sim.swarm import events, kernel, peers, pieces, records

TEXT = (records, events, pieces, peers, kernel)

ENTRIES = ("join", "run", "leave", "cut")

_text = jit_text(TEXT, checksum((*TEXT, sys.modules[__name__])), entries=ENTRIES)
join, run, leave, cut = (_text[name] for name in ENTRIES)
