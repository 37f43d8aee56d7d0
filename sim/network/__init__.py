"""A fluid network on its own: links and routes, exact max-min shares, flows over time.

Imports nothing of the simulator but `sim.units`; knows no registries and draws no random numbers. Read `graph`,
then `fairshare`, then `fluid`.
"""

from sim.network.climb import Climb
from sim.network.fairshare import max_min
from sim.network.fluid import FlowClass, Fluid
from sim.network.graph import Graph, Link, Route, duplex
from sim.network.simulate import Flow, Flows, simulate
from sim.network.watch import Seen, Watch

__all__ = [
    "Climb",
    "Flow",
    "FlowClass",
    "Flows",
    "Fluid",
    "Graph",
    "Link",
    "Route",
    "Seen",
    "Watch",
    "duplex",
    "max_min",
    "simulate",
]
