"""A network on its own: links and routes, exact max-min shares, flows over time, what TCP adds, and packets one by one.

Four parts, each of which uses only those before it. `topology` has graphs, the shapes that make them, and capacities
that change with the hour; `fairshare` shares links out exactly, as fluids, over time (`simulate` for many flows at
once, `Fluid` event by event); `tcp` has in formulas what a fluid leaves out of a connection; `packets` sends flows
packet by packet, for what formulas leave out. Knows no registries and draws no random numbers.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from sim.network.fairshare.fluid import FlowClass, Fluid
from sim.network.fairshare.maxmin import max_min
from sim.network.fairshare.monitor import FlowMonitor, FlowRecord
from sim.network.fairshare.simulate import Flow, Flows, simulate
from sim.network.packets.windows import Windows
from sim.network.topology.graph import Graph, Link, Route, duplex
from sim.network.topology.schedule import Change, Schedule

if TYPE_CHECKING:
    from sim.network.topology.graphml import read_graphml

__all__ = [
    "Change",
    "Flow",
    "FlowClass",
    "FlowMonitor",
    "FlowRecord",
    "Flows",
    "Fluid",
    "Graph",
    "Link",
    "Route",
    "Schedule",
    "Windows",
    "duplex",
    "max_min",
    "read_graphml",
    "simulate",
]


if not TYPE_CHECKING:  # a checker knows all names, so that it finds a mistyped one

    def __getattr__(name: str) -> Any:
        """`read_graphml` comes late: networkx is slow to import and few need it."""
        if name == "read_graphml":
            return importlib.import_module("sim.network.topology.graphml").read_graphml
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
