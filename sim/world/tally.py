"""What is written once, when the world has ended: what each link carried, what each registry did.

And rows are put in the order in which they ended. Paths run a little ahead of the clock, and a deploy that pushes to
two places may be ready before it has ended both, so they were not always written in it.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from sim.rows import ENDS
from sim.world.limits import sweep
from sim.world.usage import peaks
from sim.world.wire import BIN_S
from sim.world.world import World

_PURPOSES = ("push", "pull", "sync")


def tally(world: World) -> None:
    """Put rows in the order of their ends, and fill the tables `links` and `registries`."""
    for registry in (world.central, *world.nodes):
        sweep(world, registry)
    for name, ended in ENDS.items():
        world.log.tables[name].sort(ended)
    lanes, transfers = world.network.wire.lanes, world.log.tables["transfers"]
    purposes = np.array([_PURPOSES.index(purpose) for purpose in transfers.column("purpose")], dtype=np.int64)
    by_lane = np.zeros((len(lanes), len(_PURPOSES)))
    np.add.at(by_lane, (transfers.column("lane"), purposes), transfers.column("size_bytes"))
    _links(world, by_lane)
    _registries(world, by_lane.sum(axis=1))


def _registries(world: World, by_lane: NDArray[np.float64]) -> None:
    sent: dict[str, float] = defaultdict(float)
    received: dict[str, float] = defaultdict(float)
    for lane, carried in zip(world.network.wire.lanes, by_lane.tolist(), strict=True):
        sent[lane.source] += carried
        received[lane.target] += carried
    for registry in (world.central, *world.nodes):
        workers = registry.workers
        world.log.tables["registries"].append(
            (registry.name, registry.site, workers.count, workers.requests, workers.busy_s, workers.waited_s,
             int(received[registry.name]), int(sent[registry.name]), registry.contents.stored_bytes)
        )  # fmt: skip


def _links(world: World, by_lane: NDArray[np.float64]) -> None:
    network = world.network
    carried = np.zeros((len(network.capacity_Bps), len(_PURPOSES)))
    for lane in network.wire.lanes:
        for crossed in lane.route:
            carried[crossed] += by_lane[lane.number]
    horizon_s = world.clock.now
    busiest = peaks(network.wire, world.log.tables["transfers"])
    for at, link in enumerate(network.graph.links):
        capacity_Bps = network.capacity_Bps[at]
        total_bytes, peak_Bps = float(carried[at].sum()), float(busiest[at]) / BIN_S
        world.log.tables["links"].append(
            (link.name, link.tail, link.head, capacity_Bps, network.wan[at], *map(int, carried[at]),
             total_bytes / (capacity_Bps * horizon_s) if horizon_s else 0.0, peak_Bps / capacity_Bps,
             total_bytes * network.price_usd_per_byte[at])
        )  # fmt: skip
