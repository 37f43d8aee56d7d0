"""A run's state at time 0, made from a scenario and its demand: the tables of rows, and what stays outside of rows.

Machines, registries, rules with their parameters, images, deploys with their nodes and routes, and what is there at the
start. Everything that is said once per deploy is arithmetic on columns; rules are asked once for what they can tell
apart. Outside of rows are names, the graph (`Routes`), the streams that go on being drawn from (`ServiceDraws`) and
rules that look at a deploy as it begins (`Decisions`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.contrib.swarm.rules import Rules as SwarmRules
from sim.errors import InputError
from sim.network import Schedule
from sim.network.tcp.retransmission import SYN_TIMEOUT_S, given_up_s
from sim.network.tcp.transport import Congestion
from sim.network.topology.schedule import DAY_S, Change
from sim.network.topology.shapes import Routing
from sim.policies.snapshot import NotYetError, PushView
from sim.protocol.codes import BOTH, CENTRAL, INF, NEVER, NODES_UNDECIDED, ROUTE_UNDECIDED, START_ONLY
from sim.protocol.deciding import ROUTES, AtStart, Decisions, Facts
from sim.protocol.images import Images, Kind, architecture_numbers, boot_s, images_of, kinds_of
from sim.protocol.limits import answers_within_s, limit_rows, limit_table, request_bits, turns_table
from sim.protocol.names import Names
from sim.protocol.ops.building import KERNELS
from sim.protocol.ops.faults import KINDS
from sim.protocol.ops.requests import LISTS, N_LISTS
from sim.protocol.pipelines import add_cores, add_pipelines, lazy_globals
from sim.protocol.placing import Nodes, Placing, Start
from sim.protocol.routes import Host, Routes, SyncCaps
from sim.protocol.rules import rule_values
from sim.protocol.spans import spans_of
from sim.protocol.state import LAYOUT
from sim.protocol.upstreams import cache_numbers, caches_above, set_upstreams
from sim.records.cells import set_cells, write_rows
from sim.records.layout import State, table_of
from sim.registry.clients import CONTAINERD, PROFILES, TOKEN, Profile, Retry
from sim.registry.copiers import COPIERS
from sim.registry.dedup import SCOPES, account_of
from sim.registry.reference import DEFAULT_TAG
from sim.scenario import Scenario
from sim.scenario.model.caches import Cache
from sim.scenario.model.hosts import Central, NodeGroup, Registry
from sim.scenario.model.policies import Sync
from sim.streams import Streams
from sim.workload.demand import BY_DIGEST, Demand
from sim.workload.outages import outages

"""Of every image that is pushed."""
DRAWS_AT_ONCE: Final = 1024
"""Service times of a registry that are drawn at a time."""
_BOUND: Final = 1024
"""Bounds and what is left of links are whole multiples of one of so many parts of a byte/s (`network.room`)."""

_NOT_YET: Final = -1
"""In the place of a route, and of nodes, that are decided as the deploy begins."""
_REPEATS: Final = ("blob", "bytes", "nothing")
Tables = dict[str, NDArray[Any]]


class ServiceDraws:
    """Service times that are drawn, a block at a time for each registry; `streams` by the registries' numbers."""

    def __init__(self, streams: Mapping[int, np.random.Generator]) -> None:
        self._streams = dict(streams)
        self._first = {registry: DRAWS_AT_ONCE * at for at, registry in enumerate(self._streams)}

    def table(self) -> NDArray[np.float64]:
        """The table `service_draws`; nothing is drawn yet."""
        return np.zeros(DRAWS_AT_ONCE * len(self._streams))

    def refill(self, state: State, registry: int) -> None:
        """Draw the next block for a registry, whose last one is used up."""
        first = self._first[registry]
        drawn = self._streams[registry].standard_exponential(DRAWS_AT_ONCE)
        write_rows(state, "service_draws", first, drawn)
        set_cells(state, "registries", registry, {"next_draw": first, "end_draw": first + DRAWS_AT_ONCE})

    def blocks(self) -> Mapping[int, int]:
        """Where the block of each such registry begins."""
        return self._first


@dataclass(frozen=True, slots=True)
class OnPackets:
    """How bodies go packet by packet: by which congestion control, before queues of which length, and how many packets
    at most; what is drawn for them comes from `rng`."""

    congestion: Congestion
    queue_s: float
    most: int
    limit: str
    rng: np.random.Generator


@dataclass
class Built:
    """The state of a run at its start, and what goes with it."""

    tables: Tables
    names: Names
    routes: Routes
    draws: ServiceDraws
    placing: Placing
    profiles: Sequence[Profile]  # of clients, by number
    swarm: tuple[SwarmRules, int] | None = None  # and its seed
    packets: OnPackets | None = None
    decisions: Decisions | None = None  # where a rule looks at deploys as they begin


def build(scenario: Scenario, demand: Demand, streams: Streams) -> Built:
    """The state at time 0."""
    groups = _registry_groups(scenario)
    hosts, profiles, profile_of = _hosts(scenario)
    routes = _routes(scenario, hosts, groups)
    placing = _placing(scenario, routes)
    kinds = kinds_of(scenario, demand)
    images = images_of(scenario, demand, kinds)
    cores = add_cores(scenario, routes, kinds)
    draws = ServiceDraws(
        {
            number: streams.generator("service", hosts[number].name)
            for number, group in enumerate(groups)
            if group.service == "exponential"
        }
    )
    globals_ = _globals(scenario, len(groups), routes.capped) | _windows(scenario, streams)
    facts = Facts.of(scenario, demand, placing, kinds)
    asked = _asked(scenario, demand, facts, images)
    tables: Tables = {
        **images.tables, **asked, **routes.tables_for(*_asked_ways(scenario, asked)),
        **_rules(scenario, globals_, asked, len(groups) - 1),
        **_registries(scenario, groups, draws, routes), **profile_rows(profiles, scenario.policies.create),
        **link_rows(routes, globals_),
        }  # fmt: skip
    globals_ |= add_pipelines(scenario, routes, kinds, cores, tables) | lazy_globals(scenario.policies)
    tables |= _outages(scenario, streams, routes, globals_, tables["registries"])
    tables["machines"] = machine_rows(routes, hosts, profile_of)
    tables["machines"]["kernels"][len(groups) :] = [KERNELS[group.kernels] for _, group in scenario.client_hosts()]
    tables["machines"]["cores"][len(groups) :] = [group.cores or 0.0 for _, group in scenario.client_hosts()]
    tables["machines"]["answers_within_s"][len(groups) :] = answers_within_s(scenario)
    commits = bool(tables["registries"]["commit_Bps"].any())
    globals_["answers_time_out"] = commits and bool(np.isfinite(tables["machines"]["answers_within_s"]).any())
    # Scratch for blobs that travel side by side: all of one image, each in as many parts as there may be, and one more.
    at_once = int(tables["images"]["blobs"].max(initial=0)) * int(tables["registries"]["ranges"].max())
    beside = max(64, 2 * at_once + 2)
    tables |= {name: LAYOUT.rows(name, beside) for name in LAYOUT.tables if name.startswith("beside_")}
    accounts = _accounts(scenario)
    own = [accounts[client] for client in demand.app_client.tolist()]
    given = demand.repositories or ()
    tables |= _repositories(own, given)
    if scenario.demand.warm:
        cold = {number for number, (_, group) in enumerate(scenario.node_hosts(), 1) if group.cold}
        tables["warm_places"] = _warm_places(scenario, demand, facts, images, cold)
    globals_ |= {f"{name}_used": len(tables[name]) for name in ("ways", "lanes", "lane_links") if name in tables}
    swarm = _swarm(scenario, streams)
    globals_["swarm"] = int(swarm is not None)
    tables["swarm"], tables["packets"] = LAYOUT.rows("swarm", 1), LAYOUT.rows("packets", 1)
    tables["copy_workers"] = _copy_workers(scenario.policies.sync, len(groups))
    globals_["limited"] = int(tables["registries"]["bounded"].any())
    tables["turns"] = turns_table(groups)
    globals_["takes_turns"] = int(tables["turns"]["bounded"].any())
    globals_["throttles"] = int(tables["registries"]["limits"].any() or tables["turns"]["rate_per_s"].any())
    tables["g"] = table_of(LAYOUT, "g", globals_, 1)
    names = Names(
        machines=[host.name for host in hosts], sites=[host.site for host in hosts],
        repositories=[*given, *(f"{own[app]}/app{app}" for app in range(len(given), len(own)))],
        tags=_tags(demand, kinds, len(own)), kinds=[kind.name for kind in kinds], digests=images.digests,
        links=routes.names, ends=[(link.tail, link.head) for link in routes.graph.links], wan=routes.wan,
        price_usd_per_byte=routes.price_usd_per_byte, capacity_Bps=routes.capacity_Bps,
    )  # fmt: skip
    undecided = bool(tables["deploys"]["undecided"].any())
    packets = _packets(scenario, streams)
    decided = Decisions(facts) if undecided else None
    return Built(tables, names, routes, draws, placing, profiles, swarm, packets, decided)


def placements(scenario: Scenario) -> Callable[[int, int, float, float], list[int]]:
    """On which nodes, by their places among them, a client's deploys start: (client, how many, app's draw, own draw).

    What it takes is made when it is first asked. InputError where a rule looks at deploys as they begin: then nobody
    knows it before the run.
    """
    made: list[Placing] = []

    def placed(client: int, count: int, app_draw: float, draw: float) -> list[int]:
        if not made:
            hosts, _, _ = _hosts(scenario)
            made.append(_placing(scenario, _routes(scenario, hosts, _registry_groups(scenario))))
        try:
            return list(made[0].place(client, min(count, len(made[0].nodes)), app_draw, draw))
        except NotYetError:
            where, rule = f"{scenario.name}: policies.placement", scenario.policies.placement.name
            problem = f"{rule} looks at view.deploy, so that nobody knows before the run what runs on a replaced node"
            raise InputError(where, problem, "choose another placement, or ask for no replacements") from None

    return placed


def _registry_groups(scenario: Scenario) -> list[Registry]:
    """What the registries are, in the order of their numbers: central, nodes, caches."""
    nodes = (group for _, group in scenario.node_hosts())
    return [scenario.central, *nodes, *scenario.caches.values()]


def _hosts(scenario: Scenario) -> tuple[list[Host], list[Profile], list[int]]:
    """The machines in the order of their numbers, the clients that run on them, and which of these each has."""
    registries = [("central", scenario.central), *scenario.node_hosts(), *scenario.cache_hosts()]
    hosts = [Host(name, group.site or "", group.window_bytes, tls=group.tls) for name, group in registries]
    hosts += [Host(name, group.site or "", group.window_bytes) for name, group in scenario.client_hosts()]
    chosen = [PROFILES[group.profile] for _, group in scenario.client_hosts()]
    profiles = [CONTAINERD, _copier(scenario.policies.sync), *dict.fromkeys(chosen)]
    place = {profile.name: at for at, profile in enumerate(profiles) if at > 1}
    return hosts, profiles, [0] * len(registries) + [place[profile.name] for profile in chosen]


def _copier(chosen: Sync) -> Profile:
    """The client that copies: a tool's requests or containerd's, the blobs and the tries as the scenario has them."""
    waits_s = tuple(chosen.backoff_s * 2**attempt for attempt in range(chosen.retries)) if chosen.resume else ()
    copier = CONTAINERD if chosen.client is None else COPIERS[chosen.client]
    at_once = 1 if chosen.references == "series" else copier.parallel_pushes
    return replace(copier, parallel_pushes=at_once, retry=Retry(waits_s, resumes=chosen.resume))


def _accounts(scenario: Scenario) -> list[str]:
    """The account of each client; one of its own is none that is written."""
    written = {group.account for group in scenario.clients.values()}
    accounts = []
    for number, (_, group) in enumerate(scenario.client_hosts()):
        account = group.account or f"org{number}"
        while group.account is None and account in written:
            account += "-own"
        accounts.append(account)
    return accounts


def _routes(scenario: Scenario, hosts: Sequence[Host], groups: Sequence[Registry]) -> Routes:
    """The network's routes, and caps on copies."""
    sync = scenario.policies.sync
    caps = SyncCaps(sync.job_Bps, sync.target_Bps, sync.leg_Bps)
    disks_Bps = [group.disk_Bps for group in groups]
    keeps_lanes = bool(scenario.faults) and _converges_s(scenario) is not None
    return Routes(spans_of(scenario), frozenset(scenario.sites), hosts, disks_Bps, caps, keeps_lanes)


def _converges_s(scenario: Scenario) -> float | None:
    """How long routing takes to hear of a link; None where routes stay what they are."""
    routing = scenario.topology.parameters
    return routing.convergence_s if isinstance(routing, Routing) and routing.reroute else None


def _placing(scenario: Scenario, routes: Routes) -> Placing:
    """The nodes as the placement rule sees them."""
    chosen = scenario.policies.placement
    nodes = [(name, group.site or "") for name, group in scenario.node_hosts()]
    clients = [(name, group.metro or group.site or "") for name, group in scenario.client_hosts()]
    weights = [group.weight for _, group in scenario.node_hosts()]
    return Placing(routes.graph, nodes, weights, clients, chosen.rule("placement"), chosen.parameters)


def _swarm(scenario: Scenario, streams: Streams) -> tuple[SwarmRules, int] | None:
    """The rules of a swarm and its seed, where nodes form one."""
    source = scenario.policies.source
    swarm = getattr(source.rule("source"), "swarm", None)
    return None if swarm is None else (swarm(source.parameters), int(streams.generator("swarm").integers(2**63)))


def _globals(scenario: Scenario, registries: int, capped: bool) -> dict[str, Any]:
    """What there is one of, but for what rules and faults need."""
    chosen, sync, garbage = scenario.policies, scenario.policies.sync, scenario.policies.garbage
    collections = 0 if garbage.every_s is None else int(scenario.run.duration_s // garbage.every_s)
    return {
        "nodes": registries - 1 - len(scenario.caches),
        "caches": len(scenario.caches),
        "run_s": scenario.run.duration_s,
        "copies_capped": capped,
        "copies_platform": sync.platforms == "node",
        "dedup": SCOPES.index(chosen.dedup),
        "parts": registries + 1,  # after the fleet and each registry: see ops/places
        "check_upstream": chosen.tags.check == "upstream",
        "coalesce": chosen.coalesce,
        "keep_unsynced": chosen.keep_unsynced,
        "runs": scenario.demand.runs_for_s is not None,
        "runs_for_s": scenario.demand.runs_for_s or 0.0,
        "sleeps_for_s": scenario.demand.sleeps_for_s,
        "wakes": scenario.demand.wakes,
        "removed_after_s": scenario.demand.removed_after_s,
        "patience_s": chosen.patience_s,
        "propagation_s": scenario.central.propagation_s,
        "targets_all": sync.targets == "all",
        "sync_delay_s": sync.delay_s,
        "sync_retries": 0 if sync.resume else sync.retries,
        "sync_backoff_s": sync.backoff_s,
        "sync_deletions": sync.deletions,
        "node_profile": 0,
        "sync_profile": 1,
        "config_first": chosen.configs == "first",
        "handshakes": scenario.tcp.parallel == "opened",
        "one_connection": scenario.tcp.parallel == "shared",
        "workers_each": sync.target_workers or 0,
        "workers_shared": sync.queue == "shared",
        "collections": collections,
        "collect_every_s": garbage.every_s or 0.0,
        "collects_untagged": garbage.untagged,
        "collect_pause_s": garbage.pause_s,
    }


def _windows(scenario: Scenario, streams: Streams) -> dict[str, Any]:
    """How flows share: packet by packet, or by windows, and where the random numbers of these begin."""
    found: dict[str, Any] = {"queue_s": scenario.tcp.queue_s}
    if scenario.run.wire == "packets":
        found |= {"packets": 1, "queues": 1}
    elif scenario.tcp.by_window:
        found |= {"windows": 1, "queues": 1, "window_random": int(streams.generator("windows").integers(1 << 31))}
    return found


def _packets(scenario: Scenario, streams: Streams) -> OnPackets | None:
    """How bodies go packet by packet, where they do."""
    if scenario.run.wire != "packets":
        return None
    run, tcp = scenario.run, scenario.tcp
    limit = f"{scenario.name}: run.max_packets"
    return OnPackets(tcp.congestion, tcp.queue_s, run.max_packets, limit, streams.generator("packets"))


def machine_rows(routes: Routes, hosts: Sequence[Host], profile_of: Sequence[int]) -> NDArray[Any]:
    """Machines by their numbers, with the client that runs on each."""
    leaves = [routes.graph.leaf(host.name) or (-1, -1) for host in hosts]
    return table_of(
        LAYOUT, "machines", {
            "trips": [host.trips for host in hosts], "ramp": [host.ramp for host in hosts],
            "window_bytes": [host.window_bytes for host in hosts], "profile": profile_of,
            "site": np.unique([host.site for host in hosts], return_inverse=True)[1],
            "access_up": [up for up, _ in leaves], "access_down": [down for _, down in leaves],
        },
    )  # fmt: skip


def _registries(scenario: Scenario, groups: Sequence[Registry], draws: ServiceDraws, routes: Routes) -> Tables:
    """Registries, the workers of each, and what bounds them."""
    chosen, blocks = scenario.policies, draws.blocks()
    merges = scenario.run.detail == "phases"
    rows = LAYOUT.rows("registries", len(groups))
    workers, limits = 0, list[Any]()
    for number, (row, group) in enumerate(zip(rows, groups, strict=True)):
        drawn = number in blocks
        row["workers"], row["first_worker"] = group.workers, workers
        workers += group.workers
        row["request_s"] = group.request_time_s
        row["commit_Bps"] = group.commit_Bps or 0.0
        if isinstance(group, Central | NodeGroup | Cache):
            row["first_byte_s"] = group.first_byte_s
        row["list_lag_s"], row["tls"] = group.list_lag_s, group.tls
        row["store_s"], row["anonymous"] = group.store_s, group.anonymous
        row["drawn"], row["token_life_s"] = drawn, group.token_life_s
        row["first_limit"], row["limits"] = len(limits), len(group.limits.written())
        limits += limit_rows(number, group.limits)
        row["merges"] = merges and not drawn and row["limits"] == 0  # what is counted is counted when it comes
        row["next_draw"] = row["end_draw"] = blocks.get(number, 0)
        row["disk"] = routes.disk(number)
        row["dedup"] = -1 if group.dedup is None else SCOPES.index(group.dedup)
        quota_bytes = group.quota_bytes if isinstance(group, Central) else None
        ttl_s = (group.ttl_s or chosen.ttl_s) if isinstance(group, NodeGroup) else None
        ttl_s = group.ttl_s if isinstance(group, Cache) else ttl_s
        paused = isinstance(group, Central) and chosen.garbage.every_s is not None
        bounds = (group.storage_bytes, quota_bytes, ttl_s)
        row["bounded"] = paused or any(bound is not None for bound in bounds)
        row["capacity_bytes"] = -1 if group.storage_bytes is None else group.storage_bytes
        row["quota_bytes"] = -1 if quota_bytes is None else quota_bytes
        row["ttl_s"] = NEVER if ttl_s is None else ttl_s
    numbers = architecture_numbers(scenario)
    nodes = [group for _, group in scenario.node_hosts()]
    rows["architecture"][1 : 1 + len(nodes)] = [numbers.get(group.architecture, 0) for group in nodes]
    set_upstreams(scenario, rows)
    return {
        "registries": rows, "free_s": np.zeros(workers), "service_draws": draws.table(), **limit_table(limits),
    }  # fmt: skip


def profile_rows(profiles: Sequence[Profile], create: str = "at-once") -> Tables:
    """What each client asks, and how long it waits before it tries again; `create` is `policies.create`."""
    waits_s = [wait_s for profile in profiles for wait_s in profile.retry.waits_s]
    counts = [len(profile.retry.waits_s) for profile in profiles]
    throttles_s = [profile.throttled.waits_s for profile in profiles]
    throttles = [len(one_s) for one_s in throttles_s]
    rows = table_of(
        LAYOUT, "profiles", {
            "start_s": [one.start_s for one in profiles], "renews": [TOKEN in one.login for one in profiles],
            "pushes_at_once": [one.parallel_pushes for one in profiles],
            "pulls_at_once": [one.parallel_pulls for one in profiles], "mounts": [one.mounts for one in profiles],
            "config_last": [one.config_last for one in profiles],
            "polls": [one.polls if create == "client" else create == "poll" for one in profiles],
            "first_wait": np.cumsum(counts) - counts,
            "waits": counts, "resumes": [one.retry.resumes for one in profiles],
            "repeats": [_REPEATS.index(one.retry.repeats) for one in profiles],
            "dial_s": [one.retry.dial_s for one in profiles],
            "handshake_s": [one.retry.handshake_s for one in profiles],
            "quiet_s": [one.retry.quiet_s for one in profiles],
            "first_throttle": len(waits_s) + np.cumsum(throttles) - throttles, "throttles": throttles,
            "heeds_s": [one.throttled.heeds_s for one in profiles],
        },
    )  # fmt: skip
    requests = [len(LISTS[number](one)) for one in profiles for number in range(N_LISTS)]
    all_waits_s = [*waits_s, *(wait_s for one_s in throttles_s for wait_s in one_s)]
    return {
        "profiles": rows, "waits_s": np.array(all_waits_s, np.float64),
        "request_counts": np.array(requests, np.int64), **request_bits(profiles),
    }  # fmt: skip


def link_rows(routes: Routes, globals_: dict[str, Any]) -> Tables:
    """Links at the start, and the steps of their schedules in the order of the day."""
    cables = len(routes.graph.links)
    count, capacity_Bps = len(routes.capacity_Bps), np.array(routes.capacity_Bps, np.float64)
    steps = sorted(change for schedule in routes.schedules for change in _day(schedule))
    hours = {
        "from_s": [at_s for at_s, _, _ in steps], "link": [routes.graph.index[link] for _, link, _ in steps],
        "capacity_Bps": [capacity for _, _, capacity in steps],
    }  # fmt: skip
    globals_["nodes_used"] = count
    # What is no cable, as disks are, holds senders back and drops nothing.
    queues_s = [globals_["queue_s"]] * cables + [INF] * (count - cables)
    return {
        "links": table_of(LAYOUT, "links", {"capacity": capacity_Bps}),
        "nodes": LAYOUT.rows("nodes", count),
        "ranks": LAYOUT.rows("ranks", count),
        "solver": table_of(LAYOUT, "solver", {"observed": [1]}),
        "link_uses": table_of(LAYOUT, "link_uses", {"queue_s": queues_s}),
        "nominal_Bps": capacity_Bps,
        "residual": np.array([round(capacity * _BOUND) for capacity in routes.capacity_Bps], np.int64),
        "alone_s": np.zeros(count + 1),
        "held_s": np.zeros(count + 1),
        "avoided": np.zeros(count, np.int64),
        "has_detour": np.zeros(count, np.int64),
        "schedule_steps": table_of(LAYOUT, "schedule_steps", hours, len(steps)),
    }


def _day(schedule: Schedule) -> Iterator[Change]:
    """The steps of a schedule's day; one at its beginning is there from the second day on."""
    changes = schedule.changes(DAY_S)
    next(changes)  # what holds at the start
    for change in changes:
        yield change if change.at_s < DAY_S else change._replace(at_s=0.0)


def _outages(
    scenario: Scenario, streams: Streams, routes: Routes, globals_: dict[str, Any], registries: NDArray[Any]
) -> Tables:
    """What breaks and when, and what hosts and routers do about it."""
    if not scenario.faults:
        return {}
    tcp, converges_s = scenario.tcp, _converges_s(scenario)
    globals_ |= {
        "faults": 1, "tries_for_s": given_up_s(tcp.retries), "opens_for_s": given_up_s(tcp.syn_retries, SYN_TIMEOUT_S),
        "bbr": tcp.congestion == "bbr",
        "converges_s": -1.0 if converges_s is None else converges_s,
    }  # fmt: skip
    number = {host.name: at for at, host in enumerate(routes.hosts[: routes.registries])}
    found = outages(scenario, streams)
    links = [routes.links_of(one.target) if one.kind == "link" else (-1, -1) for one in found]
    rows = {
        "from_s": [one.from_s for one in found], "until_s": [one.until_s for one in found],
        "kind": [KINDS[one.kind] for one in found],
        "registry": [-1 if one.kind == "link" else number[one.target] for one in found],
        "link_up": [up for up, _ in links], "link_down": [down for _, down in links],
        "factor": [one.factor for one in found],
    }  # fmt: skip
    detours = np.zeros(len(routes.capacity_Bps), np.int64)
    if converges_s is not None:
        for link in {link for pair in links for link in pair if link >= 0}:
            detours[link] = routes.has_detour(link)
    return {
        "registries_at_start": registries.copy(), "outages": table_of(LAYOUT, "outages", rows, len(found)),
        "has_detour": detours,
        "effects": LAYOUT.rows("effects", 2 * len(found)), "downtimes": LAYOUT.rows("downtimes", 2 * len(found)),
        "link_faults": LAYOUT.rows("link_faults", len(detours)), "changes_s": np.zeros(4 * len(found)),
    }  # fmt: skip


def _copy_workers(chosen: Sync, registries: int) -> NDArray[Any]:
    """Workers that make copies, of all targets, then of each."""
    rows = LAYOUT.rows("copy_workers", 1 + registries)
    rows["free"][0], rows["free"][1:] = chosen.workers, chosen.target_workers or 0
    return rows


def _repositories(accounts: Sequence[str], given: Sequence[str]) -> Tables:
    """A repository for each application, with one tag, and the accounts to which they belong."""
    count = len(accounts)
    numbers: dict[str, int] = {}
    # What an account of a client is called may have a path of its own.
    of_text = {account: account_of(f"{account}/") for account in dict.fromkeys(accounts)}
    own = [account_of(name) for name in given] + [of_text[account] for account in accounts[len(given) :]]
    account = np.array([numbers.setdefault(name, len(numbers)) for name in own], np.int64)
    nowhere = np.full(count, -1)
    names = {"repository": np.arange(count), "newest": nowhere, "removed": nowhere}
    return {"repository_account": account, "names": table_of(LAYOUT, "names", names, count)}


def _tags(demand: Demand, kinds: Sequence[Kind], count: int) -> list[str]:
    """The tag of each application's name: that of its kind's, or the digest where that has no tag."""
    if demand.images is not None:
        return [DEFAULT_TAG] * count
    of_kind = [one.tag or one.digest or DEFAULT_TAG for one in kinds]
    return [of_kind[kind] for kind in demand.app_kind.tolist()]


def _asked(scenario: Scenario, demand: Demand, facts: Facts, images: Images) -> Tables:
    """What clients ask for: the deploys, and the nodes that they start on."""
    n, kinds, kind = len(demand), facts.kinds, facts.kind
    pushes = np.ones(n, np.bool_) if demand.pushes is None else demand.pushes
    image = images.row(np.arange(n) if demand.image is None else demand.image)
    placed, starts = _placed(facts)
    length = np.array([len(start.nodes) for start in starts], np.int64)
    first = np.cumsum(length) - length
    pushed_to = np.array([start.pushed_to + 1 if start.nodes else -1 for start in starts], np.int64)[placed]
    nothing = np.zeros(n, np.bool_)
    by_digest = _by_digest(scenario, demand, facts, pushes)
    route = _routed(scenario, demand, facts, pushes)
    undecided = np.where(pushed_to == 0, NODES_UNDECIDED, 0) | np.where(route == _NOT_YET, ROUTE_UNDECIDED, 0)
    pinned = np.array([one.digest is not None for one in kinds], np.bool_)[kind]
    first_client = 1 + len(facts.placing.nodes) + len(scenario.caches)
    deploys = {
        "at_s": demand.at_s, "name": demand.app,
        "client": first_client + facts.wanted.client, "kind": kind, "image": image, "route": route,
        "update": demand.update, "kernel": np.where(pinned, 0, demand.kernel), "by_digest": by_digest | pinned,
        "look": np.array([one.look for one in kinds], np.int64)[kind],
        "removed": nothing if demand.removed is None else demand.removed,
        "cloned": nothing if demand.cloned is None else demand.cloned, "draw": demand.place_draw,
        "boot_s": np.array([boot_s(one) for one in kinds])[kind], "undecided": undecided,
        "pushed_to": np.where(pushed_to == 0, -1, pushed_to), "first_node": first[placed],
        "nodes": length[placed], "missing": length[placed], "digest": image,
    }  # fmt: skip
    return {
        "deploys": table_of(LAYOUT, "deploys", deploys, n),
        "deploy_nodes": np.array([node + 1 for start in starts for node in start.nodes], np.int64),
    }


def _by_digest(scenario: Scenario, demand: Demand, facts: Facts, pushes: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether each deploy's instances name the image itself, by its digest; what starts without a push does so only
    where the scenario says it."""
    said = np.full(len(demand), BY_DIGEST[scenario.demand.reference])
    if demand.by_digest is not None:
        said = demand.by_digest.astype(np.int64)
    pins = np.array([PROFILES[group.profile].pins for _, group in scenario.client_hosts()], np.bool_)
    found: NDArray[np.bool_] = (said == BY_DIGEST["digest"]) | (
        (said == BY_DIGEST["client"]) & pins[facts.wanted.client] & pushes
    )
    return found


def _placed(facts: Facts) -> tuple[NDArray[np.int64], list[Start]]:
    """Where each deploy starts: its number among the starts. Those that are not known yet have rows of their own."""
    found, wanted, most = facts.placing.starts(facts.wanted), facts.wanted.nodes, len(facts.placing.nodes)
    starts = [Start(_NOT_YET, ()) if start is None else start for start in found.rows]
    unknown = np.array([start is None for start in found.rows], np.bool_)
    for deploy in np.flatnonzero(unknown[found.chosen]).tolist() if unknown.any() else ():
        found.chosen[deploy] = len(starts)
        starts.append(Start(_NOT_YET, (_NOT_YET,) * min(int(wanted[deploy]), most)))
    return found.chosen, starts


def _asked_ways(scenario: Scenario, asked: Tables) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The ways that deploys will ask for: of clients to central and to their first nodes, of nodes to their upstream.

    Those of deploys that are not decided yet are worked out when they are.
    """
    deploys = asked["deploys"]
    client, route, node = deploys["client"], deploys["route"], np.unique(asked["deploy_nodes"])
    node = node[node > 0]
    numbers = cache_numbers(scenario)
    upstream = np.array([0, *(numbers[group.upstream] for _, group in scenario.node_hosts())], np.int64)
    to_central = np.unique(client[(route == CENTRAL) | (route == BOTH)])
    direct = deploys["pushed_to"] >= 0
    machine = np.concatenate([to_central, client[direct], node])
    registry = np.concatenate([np.zeros_like(to_central), deploys["pushed_to"][direct], upstream[node]])
    return machine, registry


def _routed(scenario: Scenario, demand: Demand, facts: Facts, pushes: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The route of each push: each rule of the mix decides its share of them, and is asked once for what it can tell
    apart. One that looks at deploys has not decided yet."""
    routes = np.full(len(demand), START_ONLY)
    rows = np.flatnonzero(pushes)
    if len(rows):
        seen = np.stack(
            [facts.part[rows], facts.rootfs_bytes[rows], facts.kernel_bytes[rows], demand.update[rows]]
        )  # fmt: skip
        views, alike = _distinct(seen)
        rules = [(one.rule("route").decide, one.parameters) for one in scenario.policies.route]
        decided = []
        for at, rootfs_bytes, kernel_bytes, update in views.T.tolist():
            decide, parameters = rules[at]
            try:
                decided.append(ROUTES[decide(PushView(rootfs_bytes, kernel_bytes, bool(update)), parameters)])
            except NotYetError:
                decided.append(_NOT_YET)
        routes[rows] = np.array(decided, np.int64)[alike]
    return routes


def _distinct(seen: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The columns that differ, and which of them each is like."""
    alike = np.zeros(seen.shape[1], np.int64)
    for row in seen:  # row by row, as sorting whole columns would take much longer
        _, found = np.unique(row, return_inverse=True)
        _, alike = np.unique(alike * (int(found.max()) + 1) + found, return_inverse=True)
    first = np.zeros(int(alike.max()) + 1, np.int64)
    first[alike] = np.arange(len(alike))
    return seen[:, first], alike


def _rules(scenario: Scenario, globals_: dict[str, Any], asked: Tables, nodes: int) -> Tables:
    """Numbers and parameters of the rules that ops ask, and the answers of those that are asked before a run."""
    said = rule_values(scenario)
    globals_ |= said.globals_
    deploys, chosen = asked["deploys"], scenario.policies.fanout
    plan = chosen.rule("fanout").plan
    starts = deploys["route"] == START_ONLY
    counts = {*np.unique(deploys["nodes"][~starts]).tolist(), *(np.unique(deploys["nodes"][starts]) + 1).tolist()}
    rows = LAYOUT.rows("fanouts", max(counts, default=0) + 1)
    for count in counts:
        fanout = plan(count, chosen.parameters)
        rows[count]["pushed"], rows[count]["peers"] = fanout.pushed, fanout.source == "peer"
    return {"rule_values": said.values, "fanouts": rows}


def _warm_places(
    scenario: Scenario, demand: Demand, facts: Facts, images: Images, cold: Collection[int]
) -> NDArray[Any]:
    """Every application that is known at the start is at central and on its nodes, but for those that start `cold`."""
    known, n, placing = demand.known_apps, len(demand), facts.placing
    wanted = np.full(known, scenario.demand.nodes) if demand.app_nodes is None else demand.app_nodes[:known]
    draw, client = demand.app_draw[:known], demand.app_client[:known]
    wanted = np.minimum(wanted, len(placing.nodes))
    chosen, answers = placing.place_all(client, wanted, draw, draw)
    unknown = np.array([nodes is None for nodes in answers], np.bool_)
    for which in np.flatnonzero(unknown[chosen]).tolist() if unknown.any() else ():
        values = int(client[which]), int(wanted[which]), float(draw[which]), float(draw[which])
        chosen[which] = len(answers)
        answers.append(placing.place(*values, AtStart(facts, demand, which)))
    above = caches_above(scenario)
    places = []
    for nodes in answers:
        warm = [node for node in nodes or () if node + 1 not in cold]
        caches = dict.fromkeys(cache for node in warm for cache in above[node])
        places.append((0, *_registries_of(warm), *caches))
    count = np.array([len(one) for one in places], np.int64)[chosen]
    app = np.repeat(np.arange(known), count)
    rows: dict[str, Any] = {
        "registry": np.concatenate([np.array(places[at], np.int64) for at in chosen.tolist()]) if known else [],
        "name": app, "image": images.row(n + app),
    }  # fmt: skip
    return table_of(LAYOUT, "warm_places", rows, len(app))


def _registries_of(nodes: Iterable[int]) -> Nodes:
    """The numbers of their registries."""
    return tuple(node + 1 for node in nodes)
