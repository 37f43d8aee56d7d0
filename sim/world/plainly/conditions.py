"""Which worlds are plain: those in which nothing happens but pushes, pulls and copies of images, one node each.

Nothing breaks, nothing is watched, drawn, limited, removed, mounted or had from peers; an application keeps its node
and its route; every deploy pushes, and has its client, kind and size from its application. What only turns out on the
way (workers that are scarce) ends the plain run, and the world that waits does all of it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.network.transport import INITIAL_WINDOW_BYTES
from sim.policies.snapshot import PushView
from sim.scenario import Scenario
from sim.workload.demand import Demand
from sim.world.places import ImageKind
from sim.world.world import World

#: Deploys from which on loading the compiled text pays: it takes most of a second, half a minute when used first.
PAYS_FROM = 10_000


class Plan(NamedTuple):
    """How a plain world's deploys go: whether each is pushed to central, (n_deploys,); how copies go there."""

    central: NDArray[np.bool_]
    delay_s: float
    jobs: int


def plan(scenario: Scenario, world: World, demand: Demand, pays_from: int = PAYS_FROM) -> Plan | None:
    """The plan of a world of at least so many deploys; None where it is not plain."""
    if len(demand) < pays_from or not (_rules_are_plain(scenario, world) and _things_are_plain(world, demand)):
        return None
    central = _to_central(world, demand)
    sync = scenario.policies.sync
    if central is None or not (sync.to_central.name == "on-push" or central.all()):
        return None
    return Plan(central, sync.delay_s, sync.workers)


def _rules_are_plain(scenario: Scenario, world: World) -> bool:
    rules, chosen = world.rules, scenario.policies
    known = chosen.placement.name == "sticky" and chosen.conflict.name == "last-writer"
    uncapped = chosen.sync.job_Bps is None and chosen.sync.target_Bps is None and chosen.sync.leg_Bps is None
    one_queue = chosen.sync.target_workers is None and rules.sync.profile.parallel_pushes >= 3
    by_tag = rules.check_upstream and not rules.by_digest and rules.coalesce
    from_central = rules.sync.to_nodes.on_demand and rules.parents is None and world.torrents is None
    once = rules.nodes_per_deploy == 1 and rules.runs_for_s is None and not rules.polls
    # Whatever else is to happen, from garbage collections to audits, stands in the clock's queue.
    undisturbed = world.faults is None and world.watch is None and not world.clock._queue
    return known and uncapped and one_queue and by_tag and from_central and once and undisturbed


def _things_are_plain(world: World, demand: Demand) -> bool:
    registries = (world.central, *world.nodes)
    keep_all = all(
        one.merges and one.limits is None and not one.contents.pooled and not one.skew_s for one in registries
    )
    if not demand.is_uniform:
        return False
    all_new = demand.image is None or bool((demand.image == np.arange(len(demand))).all())
    stays = demand.removed is None or not demand.removed.any()
    at_home = demand.elsewhere is None or not demand.elsewhere.any()
    profiles = {client.profile for client in world.clients}
    at_once = all(not (one.mounts or one.config_last) and one.parallel_pushes >= 3 for one in profiles)
    return keep_all and all_new and stays and at_home and at_once and all(map(_is_plain, world.kinds))


def _is_plain(kind: ImageKind) -> bool:
    """Whether its kernel and rootfs are flows and its config is none, and nothing of it is cut into chunks."""
    large = kind.rootfs_bytes > INITIAL_WINDOW_BYTES and not 0 < kind.kernel_bytes <= INITIAL_WINDOW_BYTES
    return large and kind.config_bytes <= INITIAL_WINDOW_BYTES and not kind.stable_bytes


def _to_central(world: World, demand: Demand) -> NDArray[np.bool_] | None:
    """Whether each deploy goes to central, (n_deploys,); None where one goes to both, or an application changes."""
    kinds = demand.app_kind[demand.app]
    central = np.zeros(len(demand), np.bool_)
    views = [PushView(kind.rootfs_bytes, kind.kernel_bytes, False) for kind in world.kinds]
    for number, (kind, update, draw) in enumerate(
        zip(kinds.tolist(), demand.update.tolist(), demand.route_draw.tolist(), strict=True)
    ):
        route = world.rules.route(views[kind]._replace(update=True) if update else views[kind], draw)
        if route == "both":
            return None
        central[number] = route == "central"
    of_app = np.zeros(len(demand.app_kind), np.bool_)
    of_app[demand.app] = central
    return central if (of_app[demand.app] == central).all() else None
