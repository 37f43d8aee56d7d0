"""A world made from a scenario and its demand.

Machines, registries, rules with their parameters, and what is there at the start.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import accumulate

import numpy as np

from sim import policies
from sim.policies.snapshot import Holders, Parents, PushView, Rivals, Rootfs, Route
from sim.registry.clients import CONTAINERD, PROFILES, Profile, Retry
from sim.registry.contents import Contents, Publish
from sim.registry.dedup import Pool, pools
from sim.registry.oci import Layer, digest_of
from sim.registry.storage import Quota, Storage
from sim.registry.workers import Workers
from sim.scenario import Choice, Scenario
from sim.scenario.policies import Policies, Sync
from sim.scenario.tables import Central, ClientGroup, NodeGroup
from sim.streams import Streams
from sim.workload.demand import Demand
from sim.workload.outages import outages
from sim.world.clock import Clock
from sim.world.faults import Faults, Hosts
from sim.world.jobs import Backlog
from sim.world.limits import Limits, collect, fits
from sim.world.log import Log
from sim.world.network import Network, SyncCaps, spans_of
from sim.world.places import Client, ImageKind, Registry
from sim.world.placing import Placing
from sim.world.torrents import Torrents
from sim.world.world import Rules, SyncRules, Trigger, World


def build(scenario: Scenario, demand: Demand, streams: Streams) -> World:
    """The world at time 0."""
    clock = Clock()
    merges = scenario.run.detail == "phases"
    chosen, pool = scenario.policies, pools(scenario.policies.dedup)
    central = _registry("central", scenario.central, 0, streams, merges, chosen, pool())
    hosts = enumerate(scenario.node_hosts(), 1)
    nodes = [_registry(name, group, n, streams, merges, chosen, pool()) for n, (name, group) in hosts]
    written = {group.account for group in scenario.clients.values()}
    clients = [
        _client(name, group, 1 + len(nodes), n, written) for n, (name, group) in enumerate(scenario.client_hosts())
    ]
    disks_Bps = {0: scenario.central.disk_Bps}
    disks_Bps |= {n: group.disk_Bps for n, (_, group) in enumerate(scenario.node_hosts(), 1)}
    spans = spans_of(scenario)
    sync = scenario.policies.sync
    caps = SyncCaps(sync.job_Bps, sync.target_Bps, sync.leg_Bps)
    network = Network(clock, spans, frozenset(scenario.sites), disks_Bps, caps)
    world = World(
        clock=clock,
        network=network,
        wire=network.wire,
        log=Log(),
        rules=_rules(scenario),
        central=central,
        nodes=nodes,
        placing=_placing(scenario, network, nodes),
        clients=clients,
        kinds=_kinds(scenario) if demand.images is None else [_logged_kind(scenario)],
        backlog=_backlog(scenario, clock),
        app_draw=demand.app_draw.tolist(),
        app_client=demand.app_client.tolist(),
        stable_bytes=_stable_by_app(scenario, demand),
        images=demand.images,
    )
    world.name_repositories(demand.repositories or ())
    garbage = scenario.policies.garbage
    if garbage.every_s is not None:
        rounds = int(scenario.run.duration_s // garbage.every_s)
        clock.start(collect(world, rounds, garbage.every_s, garbage.untagged, garbage.pause_s))
    if scenario.faults:
        world.faults = Faults(world, outages(scenario, streams), Hosts.of(scenario))
    source = scenario.policies.source
    swarm = getattr(policies.rule("source", source.name), "swarm", None)
    if swarm is not None:
        seed = int(streams.generator("swarm").integers(2**63))
        world.torrents = Torrents(world, swarm(source.parameters), seed)
    if scenario.demand.warm:
        _warm_up(world, demand, {name for name, group in scenario.node_hosts() if group.cold})
    return world


def placements(scenario: Scenario, streams: Streams) -> Callable[[int, int, float, float], list[int]]:
    """On which nodes, by their numbers, a client's deploys start: (client, how many, its app's draw, its own draw).

    The places that tell it are made when it is first asked.
    """

    @cache
    def places() -> World:
        return build(scenario, Demand.nothing(), streams)

    def placed(client: int, count: int, app_draw: float, draw: float) -> list[int]:
        world = places()
        wanted = min(count, len(world.nodes))
        nodes = world.placing.place(world.clients[client], wanted, app_draw, draw)
        return [node.number - 1 for node in nodes]

    return placed


def _client(name: str, group: ClientGroup, first: int, number: int, written: Collection[str | None]) -> Client:
    """Client `number`, where hosts from `first` on are clients; an account of its own is none that is `written`."""
    site, account = group.site or "", group.account or f"org{number}"
    while group.account is None and account in written:
        account += "-own"
    return Client(
        name,
        site,
        first + number,
        group.window_bytes,
        profile=PROFILES[group.profile],
        account=account,
        metro=group.metro or site,
    )


def _registry(
    name: str, group: Central | NodeGroup, number: int, streams: Streams, merges: bool, chosen: Policies,
    pool: Pool | None,
) -> Registry:  # fmt: skip
    draw_service = None
    if group.service == "exponential":
        draw_service = streams.generator("service", name).standard_exponential
    return Registry(
        name,
        group.site or "",
        number,
        group.window_bytes,
        contents=Contents(pool),
        workers=Workers(group.workers),
        request_s=group.request_time_s,
        first_byte_s=group.first_byte_s,
        list_lag_s=group.list_lag_s,
        draw_service=draw_service,
        tls=group.tls,
        merges=merges and draw_service is None,
        token_life_s=group.token_life_s,
        limits=_limits(group, chosen),
    )


def _limits(group: Central | NodeGroup, chosen: Policies) -> Limits | None:
    quota_bytes = group.quota_bytes if isinstance(group, Central) else None
    ttl_s = (group.ttl_s or chosen.ttl_s) if isinstance(group, NodeGroup) else None
    paused = isinstance(group, Central) and chosen.garbage.every_s is not None
    if group.storage_bytes is None and quota_bytes is None and ttl_s is None and not paused:
        return None
    rule, parameters = policies.rule("eviction", chosen.eviction.name), chosen.eviction.parameters
    storage = Storage(group.storage_bytes, ttl_s, lambda kept: rule.worth(kept, parameters))
    return Limits(storage, None if quota_bytes is None else Quota(quota_bytes))


def _placing(scenario: Scenario, network: Network, nodes: Sequence[Registry]) -> Placing:
    chosen = scenario.policies.placement
    place, parameters = policies.rule("placement", chosen.name).place, chosen.parameters
    weights = [group.weight for _, group in scenario.node_hosts()]
    return Placing(network.graph, nodes, weights, lambda view: place(view, parameters))


def _kinds(scenario: Scenario) -> list[ImageKind]:
    return [
        ImageKind(
            name,
            tuple(
                None
                if image.kernel_bytes is None
                else Layer(digest_of("kernel", name, release), image.kernel_bytes, "kernel")
                for release in range(2)
            ),
            image.kernel_bytes or 0,
            image.rootfs_bytes,
            image.config_bytes,
            image.manifest_bytes,
            image.index_bytes,
            image.boot_s,
            _stable_bytes(scenario.policies.chunking, image.rootfs_bytes),
        )
        for name, image in scenario.images.items()
    ]


def _logged_kind(scenario: Scenario) -> ImageKind:
    """The kind of all images that a log has: they say themselves what they are made of."""
    replay = scenario.demand.replay
    return ImageKind("logged", (), 0, 0, 0, 0, 0, 0.0 if replay is None else replay.boot_s)


def _stable_bytes(chunking: Choice, rootfs_bytes: int) -> int:
    rule = policies.rule("chunking", chunking.name)
    stable_bytes: int = rule.cut(Rootfs(rootfs_bytes), chunking.parameters).stable_bytes
    return stable_bytes


def _stable_by_app(scenario: Scenario, demand: Demand) -> list[int] | None:
    """What an application's images share where sizes are their own: as much as the smallest of them has to share."""
    if demand.images is not None or (demand.rootfs_bytes is None and demand.app_rootfs_bytes is None):
        return None
    of_kind = np.array([image.rootfs_bytes for image in scenario.images.values()], dtype=np.int64)
    known, kind = np.arange(len(demand.app_kind)) < demand.known_apps, demand.app_kind[demand.app]
    kind = kind if demand.kind is None else demand.kind
    at_start = of_kind[demand.app_kind] if demand.app_rootfs_bytes is None else demand.app_rootfs_bytes
    smallest = np.where(known, at_start, np.iinfo(np.int64).max)
    np.minimum.at(smallest, demand.app, of_kind[kind] if demand.rootfs_bytes is None else demand.rootfs_bytes)
    return [_stable_bytes(scenario.policies.chunking, size_bytes) for size_bytes in smallest.tolist()]


def _rules(scenario: Scenario) -> Rules:
    chosen = scenario.policies
    fanout = policies.rule("fanout", chosen.fanout.name)
    return Rules(
        route=_route(chosen.route),
        fanout=lambda count: fanout.plan(count, chosen.fanout.parameters),
        nodes_per_deploy=scenario.demand.nodes,
        by_digest=scenario.demand.reference == "digest",
        check_upstream=chosen.tags.check == "upstream",
        coalesce=chosen.coalesce,
        wins=_wins(chosen.conflict),
        parents=_parents(chosen.source),
        keep_unsynced=chosen.keep_unsynced,
        runs_for_s=scenario.demand.runs_for_s,
        sleeps_for_s=scenario.demand.sleeps_for_s,
        wakes=scenario.demand.wakes,
        removed_after_s=scenario.demand.removed_after_s,
        polls=chosen.create == "poll",
        patience_s=chosen.patience_s,
        sync=_sync(chosen.sync),
    )


def _wins(conflict: Choice) -> Callable[[Publish, Publish], bool]:
    wins, parameters = policies.rule("conflict", conflict.name).wins, conflict.parameters
    return lambda publish, held: wins(Rivals(publish, held), parameters)


def _parents(source: Choice) -> Callable[[Holders], Parents] | None:
    rule, parameters = policies.rule("source", source.name), source.parameters
    return None if getattr(rule, "ASKS_NOBODY", False) else lambda view: rule.parents(view, parameters)


def _sync(chosen: Sync) -> SyncRules:
    return SyncRules(
        to_central=_trigger(chosen.to_central),
        to_nodes=_trigger(chosen.to_nodes),
        targets=chosen.targets,
        delay_s=chosen.delay_s,
        profile=_copier(chosen),
        retries=0 if chosen.resume else chosen.retries,
        backoff_s=chosen.backoff_s,
        deletions=chosen.deletions,
    )


def _copier(chosen: Sync) -> Profile:
    """The client that copies: containerd's requests, the blobs and the tries as the scenario has them."""
    waits_s = tuple(chosen.backoff_s * 2**attempt for attempt in range(chosen.retries)) if chosen.resume else ()
    at_once = 1 if chosen.references == "series" else CONTAINERD.parallel_pushes
    return replace(CONTAINERD, parallel_pushes=at_once, retry=Retry(waits_s, resumes=chosen.resume))


def _trigger(chosen: Choice) -> Trigger:
    rule = policies.rule("trigger", chosen.name)
    on_demand, refuses = getattr(rule, "ON_DEMAND", False), getattr(rule, "REFUSES", False)
    return Trigger(lambda view: rule.due(view, chosen.parameters), on_demand, refuses)


def _backlog(scenario: Scenario, clock: Clock) -> Backlog:
    sync = scenario.policies.sync
    return Backlog(clock, sync.workers, sync.target_workers, sync.queue)


def _route(mix: Sequence[Choice]) -> Callable[[PushView, float], Route]:
    """The route of one push: each rule of the mix decides its share of them."""
    if len(mix) == 1:
        decide, parameters = policies.rule("route", mix[0].name).decide, mix[0].parameters
        return lambda view, draw: decide(view, parameters)
    deciders = [partial(policies.rule("route", part.name).decide, parameters=part.parameters) for part in mix]
    edges = list(accumulate(part.share for part in mix))

    def route(view: PushView, draw: float) -> Route:
        chosen = next(at for at, edge in enumerate(edges) if draw * edges[-1] < edge)
        decided: Route = deciders[chosen](view)
        return decided

    return route


def _warm_up(world: World, demand: Demand, cold: set[str]) -> None:
    """Every application that is known at the start is at central and on its nodes, as far as there is room.

    Nodes that start `cold` have none.
    """
    for app in range(demand.known_apps):
        repository = world.repository(app)
        kind, sizes_bytes = world.kinds[int(demand.app_kind[app])], demand.app_rootfs_bytes
        own_bytes = None if sizes_bytes is None else int(sizes_bytes[app])
        image = world.image(kind, 0, len(demand) + app, app, own_bytes)
        client = world.clients[world.app_client[app]]
        count = None if demand.app_nodes is None else int(demand.app_nodes[app])
        placed = world.place(client, app, world.app_draw[app], count)
        for registry in (world.central, *(node for node in placed if node.name not in cold)):
            if not fits(registry, repository, image):
                continue
            for blob in image.blobs:
                registry.contents.add_blob(repository, blob)
            world.publish(registry, repository, "latest", image, 0.0)
