"""A plain world's text, compiled by numba: loaded late, because numba is slow to import."""

from __future__ import annotations

import sys

from sim.network.jit import checksum, jit_text
from sim.plain import bodies, convoys, flights, holdings, idle, kernel, lanes, pulls, pushes, records, requests
from sim.swarm import events

TEXT = (records, events, lanes, idle, convoys, flights, requests, holdings, bodies, pulls, pushes, kernel)

ENTRIES = ("run", "schedule")

_text = jit_text(TEXT, checksum((*TEXT, sys.modules[__name__])), entries=ENTRIES)
run, schedule = (_text[name] for name in ENTRIES)
