"""A fluid network on its own: links and routes, exact max-min shares, flows over time, and what TCP adds.

Imports nothing of the simulator but `sim.units`; knows no registries and draws no random numbers. In order of
reading:

- `graph`, `shapes`, `graphml`, `distance`, `schedule`: places, links, routes, and capacities that change.
- `fairshare`: who gets what. `simulate`: when each of many flows ends. `fluid`: the same, one event at a time.
- `kernel`, `sharing`, `heat`, `solution`, `pairing` over `records`: how, in one text that runs plain or `compiled`.
- `transport`, `pool`, `climb`, `models`, `retransmission`: what a fluid leaves out.
- `windows` over `packets`, `cubic`, `bbr`, `policing`: flows packet by packet, by windows instead of by shares.
- `watch`: what links carried and what held flows back.
- `room`: whether flows can meet at all, for a driver that spares the engine those that cannot.
"""

from __future__ import annotations

import importlib
from typing import Any

from sim.network.climb import Climb
from sim.network.fairshare import max_min
from sim.network.fluid import FlowClass, Fluid
from sim.network.graph import Graph, Link, Route, duplex
from sim.network.schedule import Change, Schedule
from sim.network.simulate import Flow, Flows, simulate
from sim.network.watch import Seen, Watch
from sim.network.windows import Windows

__all__ = [
    "Change",
    "Climb",
    "Flow",
    "FlowClass",
    "Flows",
    "Fluid",
    "Graph",
    "Link",
    "Route",
    "Schedule",
    "Seen",
    "Watch",
    "Windows",
    "duplex",
    "max_min",
    "read_graphml",
    "simulate",
]


def __getattr__(name: str) -> Any:
    """`read_graphml` comes late: networkx is slow to import and few need it."""
    if name == "read_graphml":
        return importlib.import_module("sim.network.graphml").read_graphml
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
