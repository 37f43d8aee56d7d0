"""The tables that are written once, when the world has ended: what each link carried, what each registry did."""

from __future__ import annotations

import numpy as np

from sim.network.transport import INITIAL_WINDOW_BYTES
from sim.world.usage import peaks
from sim.world.wire import BIN_S
from sim.world.world import World

_PURPOSES = ("push", "pull", "sync")


def tally(world: World) -> None:
    """Fill the tables `links` and `registries`."""
    _links(world)
    for registry in (world.central, *world.nodes):
        workers = registry.workers
        world.log.tables["registries"].append(
            (registry.name, registry.site, workers.count, workers.requests, workers.busy_s, workers.waited_s,
             registry.received_bytes, registry.sent_bytes, registry.contents.stored_bytes)
        )  # fmt: skip


def _links(world: World) -> None:
    network, transfers = world.network, world.log.tables["transfers"]
    carried = np.zeros((len(_PURPOSES), len(network.capacity_Bps)))
    purposes = np.array([_PURPOSES.index(purpose) for purpose in transfers.column("purpose")], dtype=np.int64)
    lanes = np.frombuffer(world.log.transfer_lanes, dtype=np.int64) if len(purposes) else purposes
    sizes = transfers.column("size_bytes").astype(np.float64)
    by_lane = np.zeros((len(_PURPOSES), len(network.wire.lanes)))
    np.add.at(by_lane, (purposes, lanes), sizes)
    for lane in network.wire.lanes:
        for crossed in lane.route:
            carried[:, crossed] += by_lane[:, lane.number]
    horizon_s = world.clock.now
    no_flow = transfers.column("size_bytes") <= INITIAL_WINDOW_BYTES
    busiest = peaks(network.wire, (lanes[no_flow], transfers.column("started_s")[no_flow], sizes[no_flow]))
    for at, link in enumerate(network.graph.links):
        capacity_Bps = network.capacity_Bps[at]
        total_bytes, peak_Bps = float(carried[:, at].sum()), float(busiest[at]) / BIN_S
        world.log.tables["links"].append(
            (link.name, link.tail, link.head, capacity_Bps, network.wan[at],
             *(int(carried[purpose, at]) for purpose in range(len(_PURPOSES))),
             total_bytes / (capacity_Bps * horizon_s) if horizon_s else 0.0, peak_Bps / capacity_Bps,
             total_bytes * network.price_usd_per_byte[at])
        )  # fmt: skip
