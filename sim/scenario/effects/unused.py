"""Which keys have no effect in a world, and why: what is written for nothing is hardly what somebody meant to ask.

What may happen in a world (`Happens`) is read off its tables: which ways a push may go, whether registries copy from
each other, whether anything may break. A key is named here only where a run comes out the same to the bit whatever it
says; the tests hold each claim against runs. Where that depends on what happens in a run, nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Iterator

from sim.network.topology.shapes import Routing
from sim.scenario.effects import summary as asked
from sim.scenario.effects.happens import LOCAL_FIRST, Happens, happens, heeds_delay
from sim.scenario.effects.summary import asks
from sim.scenario.effects.unused_demand import Idle, in_a_replay, of_demand
from sim.scenario.model.faults import Fault
from sim.scenario.model.root import Tables
from sim.scenario.model.tcp import Tcp


def without_effect(tables: Tables) -> Iterator[Idle]:
    """Every key of these tables' policies, demand and faults that has no effect, whether written or not."""
    if asked.as_logged(tables):
        yield from in_a_replay(tables)
    else:
        world = happens(tables)
        yield from _of_routes(tables, world)
        yield from _of_copies(tables, world)
        yield from _of_registries(tables)
        yield from of_demand(tables)
    yield from _of_faults(tables)


def _of_routes(tables: Tables, world: Happens) -> Iterator[Idle]:
    """What pushes and pulls do depends on where pushes go and on how many nodes start an image."""
    together = asks(tables)
    if not world.straight:
        yield Idle(("policies", "fanout"), "every push goes to central")
    elif together.most == 1 and not together.starts and not tables.policies.elsewhere:
        yield Idle(("policies", "fanout"), "each deploy starts on one node, the one that was pushed to")
    if "central" not in world.routes:
        yield Idle(("policies", "create"), "clients poll after a push to central alone, and there is none")
    if not world.waits and not (tables.policies.create == "poll" and "central" in world.routes):
        yield Idle(("policies", "patience"), "nothing waits for an image to be copied")
    if together.by_digest:
        yield Idle(("policies", "tags", "check"), "instances are created by digest")
    if together.most == 1 and not together.starts and all(count == 1 for count in _candidates(tables)):
        yield Idle(("policies", "placement"), "each client has one node to deploy to")
    if tables.policies.placement.name != "weighted":
        for key in tables.nodes:
            yield Idle(("nodes", key, "weight"), "policies.placement is not weighted")


def _candidates(tables: Tables) -> Iterator[int]:
    """From how many nodes one is chosen, for each group of clients: those at its metro, or all."""
    by_site: dict[str, int] = {}
    for group in tables.nodes.values():
        by_site[group.site or ""] = by_site.get(group.site or "", 0) + group.count
    at_metro = tables.policies.placement.name in LOCAL_FIRST and not tables.policies.elsewhere
    asking = asked.clients(tables)
    for key, client in tables.clients.items():
        if key in asking:
            yield (by_site.get(client.metro or client.site or "") if at_metro else None) or sum(by_site.values())


def _of_copies(tables: Tables, world: Happens) -> Iterator[Idle]:
    """How registries copy from each other counts where they do."""
    sync, at = tables.policies.sync, ("policies", "sync")
    if "node-direct" not in world.routes:
        yield Idle((*at, "to_central"), "no push goes to a node alone")
    if not world.to_nodes:
        yield Idle((*at, "targets"), f"nothing is sent to nodes, policies.sync.to_nodes is {sync.to_nodes.name}")
    removes = asks(tables).removes
    if not removes:
        yield Idle((*at, "deletions"), "nothing is removed, demand.removals is 0")
    triggers = [
        trigger for trigger, used in ((sync.to_central, world.to_central), (sync.to_nodes, world.to_nodes)) if used
    ]
    heeded = any(heeds_delay(trigger, tables.run.duration_s) for trigger in triggers)
    if not heeded and not (sync.deletions and removes):
        yield Idle((*at, "delay"), "no copy begins a delay after its publish")
    if sync.target_workers is None:
        yield Idle((*at, "queue"), "policies.sync.target_workers is not given")
    if not sync.retries:
        yield Idle((*at, "backoff"), "policies.sync.retries is 0")
    for key in ("workers", "target_workers", "queue", "references", "job_rate", "target_rate", "leg_rate"):
        if not world.copies:
            yield Idle((*at, key), "no registry copies from another")
    for key in ("retries", "backoff", "resume"):
        if not (world.copies and world.fragile):
            why = "no copy can break: nothing fails and no registry is limited"
            yield Idle((*at, key), why if world.copies else "no registry copies from another")


def _of_registries(tables: Tables) -> Iterator[Idle]:
    """What registries drop counts where they cannot keep everything."""
    groups = tables.nodes.values()
    on_nodes = any(group.storage_bytes is not None for group in groups)
    if not on_nodes and tables.central.storage_bytes is None:
        yield Idle(("policies", "eviction"), "no registry has a storage that could be full")
    if not on_nodes:
        yield Idle(("policies", "keep_unsynced"), "no node has a storage that could be full")
    if all(group.ttl_s is not None for group in groups):
        yield Idle(("policies", "ttl"), "every node has a ttl of its own")
    garbage, every_s = tables.policies.garbage, tables.policies.garbage.every_s
    if every_s is None or every_s > tables.run.duration_s:
        why = "policies.garbage.every is not given" if every_s is None else "none is collected before run.duration ends"
        written = ("untagged", "pause") if every_s is None else type(garbage).model_fields
        yield from (Idle(("policies", "garbage", key.removesuffix("_s")), why) for key in written)


def _of_faults(tables: Tables) -> Iterator[Idle]:
    """Each kind of fault reads some of the keys."""
    read: dict[str, tuple[str, ...]] = {
        "link-degraded": ("to",), "swizzle": ("to",), "registry-slow": ("times",), "clock-skew": ("ahead", "behind"),
    }  # fmt: skip
    for key, broken in tables.faults.items():
        for other in ("to", "times", "ahead", "behind"):
            if other not in read.get(broken.kind, ()):
                yield Idle(("faults", key, other), f"a fault of kind {broken.kind} does not read it")
    if not any(_cuts(broken) for broken in tables.faults.values()):
        outages = [("tcp", field.alias or name) for name, field in Tcp.model_fields.items()]
        for path in (*outages, ("topology", "reroute"), ("topology", "convergence")):
            yield Idle(path, "no fault takes all that a link carries")
    elif isinstance(tables.topology.parameters, Routing) and not tables.topology.parameters.reroute:
        yield Idle(("topology", "convergence"), "topology.reroute is false")


def _cuts(broken: Fault) -> bool:
    """Whether a fault leaves links nothing."""
    return broken.kind == "link-down" or (broken.kind in ("link-degraded", "swizzle") and broken.to == 0)
