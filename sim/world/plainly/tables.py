"""A plain world written down for the compiled text: its machines, ways and lanes, what stands where at the start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.plain import records
from sim.plain.records import AT_CENTRAL, AT_NODE, Tables
from sim.registry.clients import CONTAINERD, TOKEN, Profile
from sim.rows import PHASES
from sim.workload.demand import Demand
from sim.world.deploy import TAG
from sim.world.flight import Lane
from sim.world.places import Body, Machine, Registry, Way
from sim.world.plainly.conditions import Plan
from sim.world.world import World

#: Rows for flows under way, and for what has yet to happen, to begin with.
ROOM = 4096


class Ways:
    """The ways that deploys take, and their lanes, numbered for the text."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ways: dict[tuple[int, int], int] = {}
        self._rows: list[tuple[Way, int]] = []
        self.lanes: list[Lane] = []
        self._lanes: dict[int, int] = {}

    def number(self, source: Machine, target: Registry) -> int:
        """That of the way from a machine to a registry."""
        key = source.number, target.number
        at = self._ways.get(key)
        if at is None:
            at = self._ways[key] = len(self._rows)
            self._rows.append((self._world.network.way(source, target), target.number))
        return at

    def up(self, way: int) -> Body:
        """For bytes that go up a way."""
        return self._enlist(self._rows[way][0].up)

    def down(self, way: int) -> Body:
        """For bytes that come down a way."""
        return self._enlist(self._rows[way][0].down)

    def _enlist(self, body: Body) -> Body:
        if body.lane.number not in self._lanes:
            self._lanes[body.lane.number] = len(self.lanes)
            self.lanes.append(body.lane)
        return body

    def rows(self) -> NDArray[Any]:
        """The table of ways."""
        made = np.zeros(len(self._rows), records.WAY)
        for at, (way, registry) in enumerate(self._rows):
            bodies = [-1 if body is None else self._lanes[body.lane.number] for body in (way._up, way._down)]
            made[at] = (registry, way.forth_s, way.back_s, way.round_trip_s, way.open_s, *bodies)
        return made

    def lane_rows(self) -> tuple[NDArray[Any], list[int]]:
        """The table of lanes, and the links that they cross."""
        made, hops = np.zeros(len(self.lanes), records.LANE), [link for lane in self.lanes for link in lane.route]
        ends = np.cumsum([len(lane.route) for lane in self.lanes])
        made["end"], made["first"][1:] = ends, ends[:-1]
        for field in ("bound", "limit", "rate_Bps", "narrowest_Bps", "cap_Bps"):
            made[field] = [getattr(lane, field) for lane in self.lanes]
        for field in ("number", "alone", "members", "earlier", "later"):
            made[field] = -1
        return made, hops


def write_down(world: World, demand: Demand, plan: Plan) -> tuple[Tables, Ways]:
    """The tables of a plain world at time 0."""
    n, n_apps = len(demand), len(demand.app_kind)
    ways, registries = Ways(world), [world.central, *world.nodes]
    profiles = [*dict.fromkeys(client.profile for client in world.clients), CONTAINERD]
    apps, ramps_s = _apps(world, demand, plan, ways, profiles)
    repositories, images = _holdings(world, demand, apps)
    lanes, hops = ways.lane_rows()
    links = np.zeros(len(world.wire.capacity_Bps), records.LINK)
    links["left"] = world.wire.room_left()
    deploys = np.zeros(n, records.DEPLOY)
    deploys["app"], deploys["at_s"], deploys["central"] = demand.app, demand.at_s, plan.central
    registry_rows = _registries(registries)
    tables = Tables(
        events=np.zeros(ROOM, records.EVENT),
        registries=registry_rows,
        free_s=np.zeros((len(registries), int(registry_rows["workers"].max()))),
        ways=ways.rows(),
        profiles=np.array([_counts(profile) for profile in profiles], records.PROFILE),
        links=links,
        hops=np.array(hops, np.int64),
        lanes=lanes,
        flows=flows(0, ROOM),
        kinds=np.array(
            [(k.kernel_bytes, k.rootfs_bytes, k.config_bytes, k.manifest_bytes, k.index_bytes, k.boot_s)
             for k in world.kinds], records.KIND,
        ),
        apps=apps,
        ramps_s=ramps_s,
        repositories=repositories,
        fetching=np.full((n_apps, 2), -1, np.int64),
        images=images,
        deploys=deploys,
        spent_s=np.zeros((n, 2 * len(PHASES))),
        errands=np.zeros(3 * n, records.ERRAND),
        bodies=np.zeros(6 * n, records.BODY),
        transfers=np.zeros(5 * n + ROOM, records.TRANSFER),
        partings=np.zeros(4 * ROOM, records.PARTING),
        held_s=np.zeros((2, len(links) + 1)),
        meeting=np.zeros(ROOM, records.MEETING),
        orders=np.zeros(n, records.ORDER),
        board=_board(plan),
    )  # fmt: skip
    return tables, ways


def flows(first: int, count: int) -> NDArray[Any]:
    """Unused rows for flows, a list by `next` from the `first` on."""
    made = np.zeros(count, records.FLOW)
    made["next"] = np.arange(first + 1, first + count + 1)
    made["next"][-1] = -1
    return made


def _board(plan: Plan) -> NDArray[Any]:
    made = np.zeros(1, records.BOARD)
    for field in ("first_alone", "last_alone", "first_convoy", "last_convoy"):
        made[field] = -1
    made["jobs"], made["delay_s"] = plan.jobs, plan.delay_s
    return made


def _registries(registries: Sequence[Registry]) -> NDArray[Any]:
    made = np.zeros(len(registries), records.REGISTRY)
    made["workers"] = [one.workers.count for one in registries]
    for field in ("request_s", "first_byte_s", "token_life_s"):
        made[field] = [getattr(one, field) for one in registries]
    return made


def _counts(profile: Profile) -> tuple[float | int, ...]:
    """The row of a client: how many requests it makes for what."""
    asks = (profile.tags, profile.blob_check, profile.blob_open, profile.blob_close, profile.publish)
    gets = (profile.blob_get, profile.manifests)
    counts = [len(requests) for requests in (*asks, *gets)]
    return (profile.start_s, len(profile.login), int(TOKEN in profile.login), *counts)


def _apps(
    world: World, demand: Demand, plan: Plan, ways: Ways, profiles: Sequence[Profile]
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """The table of applications, and what slow start costs their bodies, (n_apps, 6) s."""
    made, ramps_s = np.zeros(len(demand.app_kind), records.APP), np.zeros((len(demand.app_kind), 6))
    made["newest"], made["kind"] = -1, demand.app_kind
    at_central = np.zeros(len(made), np.bool_)
    at_central[demand.app] = plan.central
    number = {profile.name: at for at, profile in enumerate(profiles[:-1])}
    for app in np.unique(demand.app).tolist():
        client = world.clients[world.app_client[app]]
        node = world.place(client, app, 0.0)[0]
        to_central, to_node = ways.number(client, world.central), ways.number(client, node)
        from_node = ways.number(node, world.central)
        made[app] = (
            made["kind"][app], number[client.profile.name], node.number, to_central, to_node, from_node, -1, 0.0
        )  # fmt: skip
        bodies = [ways.up(to_central if at_central[app] else to_node), ways.down(from_node)]
        if not at_central[app]:
            bodies.append(ways.up(from_node))
        kind = world.kinds[int(demand.app_kind[app])]
        for purpose, body in enumerate(bodies):
            for content, size_bytes in enumerate((kind.kernel_bytes, kind.rootfs_bytes)):
                if size_bytes:
                    ramps_s[app, 2 * purpose + content] = body.ramp_s(size_bytes)
    return made, ramps_s


def _holdings(world: World, demand: Demand, apps: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The tables of repositories and of images; those that are there at the start are numbered from n_deploys on."""
    n = len(demand)
    repositories = np.zeros(2 * len(apps), records.REPOSITORY)
    repositories["image"], repositories["listed_s"] = -1, -1.0
    images = np.zeros(n + len(apps), records.IMAGE)
    images["fetched_by"] = images["config_by"] = -1
    images["release"][:n] = demand.kernel
    registries = [world.central, *world.nodes]
    for app in np.unique(demand.app).tolist():
        image, kind = n + app, world.kinds[int(demand.app_kind[app])]
        for side, bit in enumerate((AT_CENTRAL, AT_NODE)):
            registry = registries[int(apps["node"][app]) if side else 0]
            held = registry.contents.repository(world.repository(app))
            publish = None if held is None else held.tags.get(TAG)
            if held is None or publish is None:
                continue
            kernels = sum(
                1 << release
                for release, kernel in enumerate(kind.kernels)
                if kernel is not None and kernel.digest in held.blobs
            )
            repositories[2 * app + side] = (
                kernels, image, publish.published_s, publish.origin, publish.generation, publish.published_s
            )  # fmt: skip
            for field in ("rootfs", "config", "manifest"):
                images[field][image] |= bit
            apps["newest"][app], apps["newest_s"][app] = image, publish.published_s
    return repositories, images
