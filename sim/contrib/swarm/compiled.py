"""The swarm's text, compiled by numba: loaded late, because numba is slow to import."""

from __future__ import annotations

import sys

from sim.contrib.swarm import events, kernel, peers, pieces, records
from sim.records.jit import checksum, jit_text

TEXT = (records, events, pieces, peers, kernel)

ENTRIES = ("join", "run", "leave", "cut")

_text = jit_text(TEXT, checksum((*TEXT, sys.modules[__name__])), entries=ENTRIES)
join, run, leave, cut = (_text[name] for name in ENTRIES)
