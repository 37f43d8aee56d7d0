"""What is written once, when the world has ended: what each link carried, what each registry did.

And rows are put in the order in which they ended. Paths run a little ahead of the clock, and a deploy that pushes to
two places may be ready before it has ended both, so they were not always written in it.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from sim.columns import Table
from sim.rows import ENDS
from sim.world.limits import sweep
from sim.world.sightings import BIN_S
from sim.world.usage import Usage, held_s, offered_bytes, usage
from sim.world.world import World

_PURPOSES = ("push", "pull", "sync")
_CONTENTS = ("kernel", "rootfs", "metadata")


def tally(world: World) -> None:
    """Put rows in the order of their ends, and fill the tables `links`, `utilisation`, `registries` and `lists`."""
    for registry in (world.central, *world.nodes):
        sweep(world, registry)
    for name, ended in ENDS.items():
        world.log.tables[name].sort(ended)
    transfers = world.log.tables["transfers"]
    by_purpose = _by_lane(world, transfers, "purpose", _PURPOSES)
    used = usage(world.wire, world.network.capacity_Bps, transfers)
    _links(world, used, np.hstack((by_purpose, _by_lane(world, transfers, "content", _CONTENTS))))
    _registries(world, by_purpose.sum(axis=1))
    names = world.wire.seen.names
    on_link = [names[link] for link in used.link.tolist()]
    _lists(world)
    world.log.tables["utilisation"].fill((on_link, used.bin * BIN_S, used.carried_bytes, used.utilisation))


def _by_lane(world: World, transfers: Table, column: str, kinds: tuple[str, ...]) -> NDArray[np.int64]:
    """Bytes of each kind over each lane, (n_lanes, n_kinds); what has no name of its own counts as the last kind."""
    values = transfers.column(column)
    at = {kind: kinds.index(kind) if kind in kinds else len(kinds) - 1 for kind in set(values)}
    number = np.fromiter(map(at.__getitem__, values), np.int64, len(values))
    by_lane = np.zeros((len(world.wire.lanes), len(kinds)), np.int64)
    np.add.at(by_lane, (transfers.column("lane"), number), transfers.column("size_bytes"))
    return by_lane


def _registries(world: World, by_lane: NDArray[np.int64]) -> None:
    sent: dict[str, int] = defaultdict(int)
    received: dict[str, int] = defaultdict(int)
    for lane, carried in zip(world.network.wire.lanes, by_lane.tolist(), strict=True):
        sent[lane.source] += carried
        received[lane.target] += carried
    for registry in (world.central, *world.nodes):
        workers = registry.workers
        world.log.tables["registries"].append(
            (registry.name, registry.site, workers.count, workers.requests, workers.busy_s, workers.waited_s,
             received[registry.name], sent[registry.name], registry.contents.stored_bytes)
        )  # fmt: skip


def _lists(world: World) -> None:
    table = world.log.tables["lists"]
    for registry in (world.central, *world.nodes):
        for repository, change in registry.contents.changes():
            shown_s = change.changed_s + registry.list_lag_s
            table.append(
                (registry.name, repository, change.tag, change.rom, change.exists, change.changed_s, shown_s)
            )  # fmt: skip


def _links(world: World, used: Usage, by_lane: NDArray[np.int64]) -> None:
    network, transfers = world.network, world.log.tables["transfers"]
    n = len(network.capacity_Bps)
    carried = np.zeros((n, by_lane.shape[1]), np.int64)
    for lane in world.wire.lanes:
        for crossed in lane.route:
            carried[crossed] += by_lane[lane.number]
    all_links, start_s = np.arange(n), np.zeros(n)
    capacity_Bps = np.array(network.capacity_Bps)
    offered = offered_bytes(world.wire.seen.changes, capacity_Bps, all_links, start_s, start_s + world.clock.now)
    total = carried[:, : len(_PURPOSES)].sum(axis=1)
    mean = np.divide(total, offered, out=np.zeros(n), where=offered > 0)
    peak = np.zeros(n)
    np.maximum.at(peak, used.link, used.utilisation)
    bound_s, full_s = held_s(world.wire, transfers)
    for at, link in enumerate(network.graph.links):
        world.log.tables["links"].append(
            (link.name, link.tail, link.head, network.capacity_Bps[at], network.wan[at], *map(int, carried[at]),
             float(mean[at]), float(peak[at]), float(full_s[at]), float(bound_s[at]),
             float(total[at]) * network.price_usd_per_byte[at])
        )  # fmt: skip
