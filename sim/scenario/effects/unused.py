"""Which keys have no effect in a scenario's world, and why: what is written for nothing is hardly what somebody meant.

A key is named only where a run comes out the same to the bit whatever the key says; tests hold each claim against
runs. Where that depends on what happens in a run, nothing is claimed. Keys of `[demand]` are in `unused_demand`. Left
out: keys whose effect is only too small to be seen.
"""

from __future__ import annotations

from collections.abc import Iterator

from sim.network.topology.shapes import Routing
from sim.scenario.effects import summary
from sim.scenario.effects.happens import LOCAL_FIRST, Happens, happens, heeds_delay
from sim.scenario.effects.summary import demand_summary, polls
from sim.scenario.effects.unused_demand import Unused, in_a_replay, unused_in_demand
from sim.scenario.model.faults import READS, Fault
from sim.scenario.model.formats import format_named
from sim.scenario.model.lazy import Lazy
from sim.scenario.model.root import Model
from sim.scenario.model.tcp import Tcp


def without_effect(model: Model) -> Iterator[Unused]:
    """Every key of these tables' policies, demand and faults that has no effect, whether written or not."""
    if summary.as_logged(model):
        yield from in_a_replay(model)
    else:
        world = happens(model)
        yield from _of_routes(model, world)
        yield from _of_copies(model, world)
        yield from _of_registries(model)
        yield from _of_platforms(model, world)
        yield from unused_in_demand(model)
    yield from _of_formats(model)
    yield from _of_lazy(model)
    yield from _of_caches(model)
    yield from _of_faults(model)


def _of_formats(model: Model) -> Iterator[Unused]:
    """What a node unpacks with counts where some image's format has anything unpacked."""
    logged = model.demand.replay is not None
    used = {image.format for image in model.images.values()} if not logged else set()
    made = [format_named(name, model.formats) for name in used]
    for key in model.nodes:
        for name in ("cores", "unpack"):
            if not any(one is not None and one.unpacks for one in made):
                yield Unused(("nodes", key, name), "no image's format has layers unpacked")
        if logged:
            yield Unused(("nodes", key, "ranges"), "a log's pulls fetch each layer whole")
    for key in model.clients:
        if not any(one is not None and one.compress_Bps > 0 for one in made):
            yield Unused(("clients", key, "cores"), "no image's format takes a client time to pack")
    for name in model.formats:
        if name not in used:
            yield Unused(("formats", name), "no image has this format")


def _of_lazy(model: Model) -> Iterator[Unused]:
    """How layers are read on demand counts where they are."""
    lazy, path = model.policies.lazy, ("policies", "lazy")
    if model.demand.replay is not None:
        yield Unused(("policies", "load"), "a log's pulls fetch layers whole")
    if model.demand.replay is not None or model.policies.load == "whole":
        for name, field in Lazy.model_fields.items():
            yield Unused((*path, field.alias or name), "policies.load is whole")
    elif lazy.rest == "background":
        for field in ("later_share", "later_for", *(() if lazy.pace_Bps else ("bursts",))):
            yield Unused((*path, field), "the rest comes in the background")
    else:
        yield Unused((*path, "pace"), "the rest is read on demand")


def _of_routes(model: Model, world: Happens) -> Iterator[Unused]:
    """What pushes and pulls do depends on where pushes go and on how many nodes start an image."""
    together = demand_summary(model)
    if not world.straight:
        yield Unused(("policies", "fanout"), "every push goes to central")
    elif together.most == 1 and not together.starts and not model.policies.elsewhere:
        yield Unused(("policies", "fanout"), "each deploy starts on one node, the one that was pushed to")
    if all(image.kernel_bytes is None for image in model.images.values()):
        yield Unused(("policies", "kernels"), "no image has a kernel")
    if not together.pushes:
        yield Unused(("policies", "create"), "clients poll after a push, and nothing is pushed")
    if not world.waits and not (polls(model) and "central" in world.routes):
        yield Unused(("policies", "patience"), "nothing waits for an image to be copied")
    by_host = model.policies.tags.look == "host"
    if by_host or together.by_digest:
        why = "policies.tags.look is host" if by_host else "instances are created by digest"
        yield Unused(("policies", "tags", "check"), why)
    if together.most == 1 and not together.starts and all(count == 1 for count in _candidates(model)):
        yield Unused(("policies", "placement"), "each client has one node to deploy to")
    if model.policies.placement.name != "weighted" and model.policies.placement.own is None:
        for key in model.nodes:
            yield Unused(("nodes", key, "weight"), "policies.placement is not weighted")


def _candidates(model: Model) -> Iterator[int]:
    """From how many nodes one is chosen, for each group of clients: those at its metro, or all."""
    by_site: dict[str, int] = {}
    for group in model.nodes.values():
        by_site[group.site or ""] = by_site.get(group.site or "", 0) + group.count
    at_metro = model.policies.placement.name in LOCAL_FIRST and not model.policies.elsewhere
    asking = summary.clients(model)
    for key, client in model.clients.items():
        if key in asking:
            yield (by_site.get(client.metro or client.site or "") if at_metro else None) or sum(by_site.values())


def _of_copies(model: Model, world: Happens) -> Iterator[Unused]:
    """How registries copy from each other counts where they do."""
    sync, at = model.policies.sync, ("policies", "sync")
    if "node-direct" not in world.routes:
        yield Unused((*at, "to_central"), "no push goes to a node alone")
    if not world.to_nodes:
        yield Unused((*at, "targets"), f"nothing is sent to nodes, policies.sync.to_nodes is {sync.to_nodes.name}")
    removes = demand_summary(model).removes
    if not removes:
        yield Unused((*at, "deletions"), "nothing is removed, demand.removals is 0")
    triggers = [
        trigger for trigger, used in ((sync.to_central, world.to_central), (sync.to_nodes, world.to_nodes)) if used
    ]
    heeded = any(heeds_delay(trigger, model.run.duration_s) for trigger in triggers)
    if not heeded and not (sync.deletions and removes):
        yield Unused((*at, "delay"), "no copy begins a delay after its publish")
    if sync.target_workers is None:
        yield Unused((*at, "queue"), "policies.sync.target_workers is not given")
    if not sync.retries:
        yield Unused((*at, "backoff"), "policies.sync.retries is 0")
    for key in ("workers", "target_workers", "queue", "references", "client", "job_rate", "target_rate", "leg_rate"):
        if not world.copies:
            yield Unused((*at, key), "no registry copies from another")
    for key in ("retries", "backoff", "resume"):
        if not (world.copies and world.fragile):
            why = "no copy can break: nothing fails and no registry is limited"
            yield Unused((*at, key), why if world.copies else "no registry copies from another")


def _of_registries(model: Model) -> Iterator[Unused]:
    """What registries drop counts where they cannot keep everything."""
    groups = model.nodes.values()
    on_nodes = any(group.storage_bytes is not None for group in groups)
    in_caches = any(cache.storage_bytes is not None for cache in model.caches.values())
    if not on_nodes and not in_caches and model.central.storage_bytes is None:
        yield Unused(("policies", "eviction"), "no registry has a storage that could be full")
    if not on_nodes:
        yield Unused(("policies", "keep_unsynced"), "no node has a storage that could be full")
    if all(registry.commit_Bps is None for registry in (model.central, *groups)):
        for key in model.clients:
            yield Unused(("clients", key, "answer_timeout"), "no registry has a commit_rate")
    for key, node in model.nodes.items():
        if node.pull_rate_per_s is None:
            yield Unused(("nodes", key, "pull_burst"), f"nodes.{key}.pull_rate is not given")
    if all(group.ttl_s is not None for group in groups):
        yield Unused(("policies", "ttl"), "every node has a ttl of its own")
    garbage, every_s = model.policies.garbage, model.policies.garbage.every_s
    if every_s is None or every_s > model.run.duration_s:
        why = "policies.garbage.every is not given" if every_s is None else "none is collected before run.duration ends"
        written = ("untagged", "pause") if every_s is None else type(garbage).model_fields
        yield from (Unused(("policies", "garbage", key.removesuffix("_s")), why) for key in written)


def _of_platforms(model: Model, world: Happens) -> Iterator[Unused]:
    """Architectures count where an image is built for several."""
    several = any(len(image.architectures or ()) > 1 for image in model.images.values())
    why = "no image is built for several architectures"
    if not several:
        yield from (Unused(("nodes", key, "architecture"), why) for key in model.nodes)
    if not several or not world.to_nodes:
        sent = f"nothing is sent to nodes, policies.sync.to_nodes is {model.policies.sync.to_nodes.name}"
        yield Unused(("policies", "sync", "platforms"), sent if several else why)


def _of_caches(model: Model) -> Iterator[Unused]:
    """Nobody pushes to a cache, and one counts that somebody pulls through."""
    above = {group.upstream for group in model.nodes.values()}
    ahead = [*above]
    while ahead:
        cache = model.caches.get(ahead.pop())
        if cache is not None and cache.upstream not in above:
            above.add(cache.upstream)
            ahead.append(cache.upstream)
    known = demand_summary(model).known and model.demand.warm
    for key in model.caches:
        at = ("caches", key)
        if model.demand.replay is not None:
            yield Unused(at, "a log's pulls are from central")
        elif key not in above:
            yield Unused(at, "no node pulls through it")
        else:
            yield from (
                Unused((*at, name), "nobody pushes to a cache") for name in ("commit_rate", "store", "token_life")
            )
            if not known:
                why = "demand.warm is false" if demand_summary(model).known else "demand.apps is 0"
                yield Unused((*at, "cold"), f"every registry starts empty, {why}")


def _of_faults(model: Model) -> Iterator[Unused]:
    """Each kind of fault reads some of the keys."""
    every = dict.fromkeys(key for keys in READS.values() for key in keys)
    for key, broken in model.faults.items():
        for other in every:
            if other not in READS.get(broken.kind, ()):
                yield Unused(("faults", key, other), f"a fault of kind {broken.kind} does not read it")
    if not any(_cuts(broken) for broken in model.faults.values()):
        shared = ("shares", "congestion", "queue") if model.tcp.shares == "windows" else ("shares",)
        if model.run.wire == "packets":
            yield Unused(("tcp", "shares"), "run.wire is packets, which share by none")
            shared = ("shares", "congestion", "queue")
        keys = (field.alias or name for name, field in Tcp.model_fields.items())
        outages = [("tcp", key) for key in keys if key not in (*shared, "parallel")]
        for path in (*outages, ("topology", "reroute"), ("topology", "convergence")):
            yield Unused(path, "no fault takes all that a link carries")
    elif isinstance(model.topology.parameters, Routing) and not model.topology.parameters.reroute:
        yield Unused(("topology", "convergence"), "topology.reroute is false")


def _cuts(broken: Fault) -> bool:
    """Whether a fault leaves links nothing."""
    return broken.kind == "link-down" or (broken.kind in ("link-degraded", "swizzle") and broken.to == 0)
