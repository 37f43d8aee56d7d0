"""What a plain world's tables say, as the rows that the world that waits would have written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.plain.records import AT_CENTRAL, AT_NODE, Tables
from sim.registry.contents import Change
from sim.registry.oci import numbered_digest
from sim.registry.replication import State
from sim.rows import PULL, SYNC_WAIT
from sim.workload.demand import Demand
from sim.world.deploy import TAG
from sim.world.flight import Lane
from sim.world.plainly.conditions import Plan
from sim.world.world import World

_PURPOSES = ("push", "pull", "sync")
_CONTENTS = ("kernel", "rootfs", "metadata")


def write_rows(world: World, demand: Demand, plan: Plan, tables: Tables, lanes: Sequence[Lane]) -> None:
    """Fill the log's tables, and leave in wire and registries what is read there when a world has ended."""
    _number(world, tables, lanes)
    _deploys(world, demand, plan, tables)
    _transfers(world, tables, lanes)
    _starts(world, demand, tables)
    _syncs(world, tables)
    for registry, row in zip((world.central, *world.nodes), tables.registries, strict=True):
        registry.workers.requests, registry.workers.busy_s = int(row["requests"]), float(row["busy_s"])
    _holdings(world, demand, tables)


def _pick(names: Sequence[str], at: NDArray[Any]) -> list[str]:
    """The name at each place."""
    picked: list[str] = np.array(names, dtype=object)[at].tolist()
    return picked


def _number(world: World, tables: Tables, lanes: Sequence[Lane]) -> None:
    """Lanes are numbered by when something crossed them first; those that nothing crossed are none."""
    for lane, number in zip(lanes, tables.lanes["number"].tolist(), strict=True):
        lane.number = number
    world.wire.lanes = sorted((lane for lane in lanes if lane.number >= 0), key=lambda lane: lane.number)
    parts = tables.partings[: int(tables.board["partings"][0])]
    number = tables.lanes["number"][parts["lane"]]
    columns = (number, parts["started_s"], parts["ended_s"], parts["carried"])
    world.wire.seen.partings = list(zip(*(column.tolist() for column in columns), strict=True))


def _deploys(world: World, demand: Demand, plan: Plan, tables: Tables) -> None:
    order = tables.orders["ended"][: int(tables.board["ended"][0])]
    n = len(order)
    rows, pushes = tables.deploys[order], tables.errands[: len(demand)][order]
    apps = rows["app"]
    client = demand.app_client[apps]
    spent_s = tables.spent_s[order]
    world.log.tables["deploys"].fill(
        (
            order, rows["started_s"], rows["now_s"], _pick([one.name for one in world.clients], client),
            _pick([one.site for one in world.clients], client), [world.repository(app) for app in apps.tolist()],
            _pick([kind.name for kind in world.kinds], demand.app_kind[apps]),
            _pick(("node-direct", "central"), plan.central[order].astype(np.int64)),
            demand.update[order], demand.kernel[order], np.ones(n), np.zeros(n, np.bool_), [""] * n,
            rows["now_s"] - rows["started_s"], rows["client_latency_s"], rows["push_s"], rows["pull_s"],
            *spent_s.T, pushes["moved"], rows["pulled"], pushes["saved"] + rows["kept"],
            rows["coalesced"], rows["stale"], spent_s[:, SYNC_WAIT] + spent_s[:, PULL],
        )
    )  # fmt: skip


def _transfers(world: World, tables: Tables, lanes: Sequence[Lane]) -> None:
    rows = tables.transfers[: int(tables.board["transfers"][0])]
    lane = rows["lane"]
    wan = np.array([one.wan for one in lanes], np.bool_)
    names = [*world.wire.seen.names, "", "cap"]  # -2 is nothing, -1 the flow's own cap
    world.log.tables["transfers"].fill(
        (
            rows["deploy"], _pick(_PURPOSES, rows["purpose"]), _pick(_CONTENTS, rows["content"]),
            _pick([one.source for one in lanes], lane), _pick([one.target for one in lanes], lane), wan[lane],
            rows["started_s"], rows["ended_s"], rows["size"], rows["waited_s"], rows["shared"].astype(np.bool_),
            tables.lanes["number"][lane], _pick(names, rows["bound_by"]), rows["bound_s"],
        )
    )  # fmt: skip


def _starts(world: World, demand: Demand, tables: Tables) -> None:
    order = tables.orders["ended"][: int(tables.board["ended"][0])]
    rows = tables.deploys[order]
    stale = rows["trailing_s"] >= 0
    digests = [numbered_digest(3, image) for image in rows["image"].tolist()]
    meant = list(digests)
    for at in np.flatnonzero(stale).tolist():
        meant[at] = numbered_digest(3, int(rows["meant"][at]))
    nodes = [registry.name for registry in (world.central, *world.nodes)]
    world.log.tables["starts"].fill(
        (
            order, _pick(nodes, tables.apps["node"][rows["app"]]), ["deploy"] * len(order), rows["asked_s"],
            rows["pulled_s"], rows["now_s"], rows["pulled_s"] - rows["asked_s"], np.zeros(len(order), np.bool_),
            digests, meant, stale, np.where(stale, rows["trailing_s"], 0.0),
        )
    )  # fmt: skip


def _syncs(world: World, tables: Tables) -> None:
    n = len(tables.deploys)
    order = tables.orders["copied"][: int(tables.board["syncs"][0])]
    rows, pushes = tables.errands[2 * n + order], tables.errands[order]
    apps = tables.deploys["app"][order]
    nodes = [registry.name for registry in (world.central, *world.nodes)]
    world.log.tables["syncs"].fill(
        (
            order, [world.repository(app) for app in apps.tolist()], _pick(nodes, tables.apps["node"][apps]),
            [world.central.name] * len(order), pushes["published_s"], rows["started_s"], rows["now_s"],
            rows["now_s"] - pushes["published_s"], rows["moved"], rows["saved"],
            _pick((str(State.COMMITTED), str(State.STALE)), rows["state"]), np.ones(len(order)),
        )
    )  # fmt: skip


def _holdings(world: World, demand: Demand, tables: Tables) -> None:
    """What registries hold in the end: kernels, that a tag is there, and the bytes of images that are theirs alone."""
    n = len(demand)
    app, node = demand.app, tables.apps["node"][demand.app]
    kinds, images = tables.kinds[demand.app_kind[app]], tables.images[:n]
    for side, bit in enumerate((AT_CENTRAL, AT_NODE)):
        own = np.where(images["rootfs"] & bit, kinds["rootfs_bytes"], 0)
        own = own + np.where(images["config"] & bit, kinds["config_bytes"], 0)
        place = node if side else np.zeros(n, np.int64)
        more = np.bincount(place, weights=own, minlength=1 + len(world.nodes)).astype(np.int64)
        for registry, more_bytes in zip((world.central, *world.nodes), more.tolist(), strict=True):
            registry.contents.weigh(more_bytes)
    registries = [world.central, *world.nodes]
    for number in np.unique(app).tolist():
        kind = world.kinds[int(demand.app_kind[number])]
        for side in range(2):
            row = tables.repositories[2 * number + side]
            contents = registries[int(tables.apps["node"][number]) if side else 0].contents
            name = world.repository(number)
            for release, kernel in enumerate(kind.kernels):
                if kernel is not None and row["kernels"] >> release & 1:
                    contents.add_blob(name, kernel)
            if row["listed_s"] > 0:
                contents.expect(name)
                held = contents.repository(name)
                if held is not None and not held.changes:
                    held.changes.append(Change(float(row["listed_s"]), TAG, True, kind.kernel_bytes == 0))
