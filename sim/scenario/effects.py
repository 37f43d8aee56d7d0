"""Which keys have no effect in a world, and why: what is written for nothing is hardly what somebody meant to ask.

What may happen in a world (`Happens`) is read off its tables: which ways a push may go, whether registries copy from
each other, whether anything may break. A key is named here only where a run comes out the same to the bit whatever it
says; the tests hold each claim against runs. Where that depends on what happens in a run, nothing is claimed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from types import ModuleType
from typing import Final

from sim import policies
from sim.network.topology.shapes import Routing
from sim.policies.snapshot import Due, Owed, PushView
from sim.scenario import asked
from sim.scenario.choices import Choice
from sim.scenario.drawn import Asks, asks, of_demand
from sim.scenario.idle import Idle, in_a_replay
from sim.scenario.model import Tables
from sim.scenario.outages import READS, Fault
from sim.scenario.tcp import Tcp

#: At how many times of a run a trigger is asked, and the step between them as a share of it: in step with no period.
_ASKED, _STEP = 97, (math.sqrt(5) - 1) / 2
#: Until the time at which a copy's begin jumps is known to less than a millisecond.
_HALVINGS = 24

#: Placements that choose among the nodes at the client's metro first, in the file's order after these.
LOCAL_FIRST: Final = ("sticky", "spread")


@dataclass(frozen=True, slots=True)
class Happens:
    """What may happen in a world whose demand goes by its policies: the routes that pushes may take, and so on.

    `waits` says whether a start may wait for its image to be at central, `copies` whether registries copy from each
    other, `limited` whether a registry may refuse or drop an image, `fragile` whether a copy may break.
    """

    routes: frozenset[str]
    straight: bool
    waits: bool
    to_central: bool
    to_nodes: bool
    limited: bool
    fragile: bool

    @property
    def copies(self) -> bool:
        return self.to_central or self.to_nodes


def happens(tables: Tables) -> Happens:
    """What may happen in the world of these tables."""
    chosen, together = tables.policies, asks(tables)
    routes = _routes(tables, together)
    straight = bool(routes & {"node-direct", "both"})
    plan = policies.rule("fanout", chosen.fanout.name).plan(together.most, chosen.fanout.parameters)
    nodes = tables.nodes.values()
    limited = (
        tables.central.storage_bytes is not None
        or tables.central.quota_bytes is not None
        or any(group.storage_bytes is not None for group in nodes)
    )
    return Happens(
        routes=routes,
        straight=straight,
        waits=straight
        and (together.starts or ((plan.pushed < together.most or chosen.elsewhere > 0) and plan.source == "central")),
        to_central="node-direct" in routes and not refuses(chosen.sync.to_central),
        to_nodes=not on_demand(chosen.sync.to_nodes) and not refuses(chosen.sync.to_nodes),
        limited=limited,
        fragile=limited or bool(tables.faults),
    )


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


def _routes(tables: Tables, together: Asks) -> frozenset[str]:
    """The ways that the pushes of a scenario may take, by its rules and the images that are asked for."""
    if not together.pushes:
        return frozenset()
    views = [
        PushView(rootfs_bytes, kernel_bytes, update)
        for rootfs_bytes, kernel_bytes in asked.images(tables)
        for update in ((True, False) if together.known else (False,))
    ]
    return frozenset(
        policies.rule("route", part.name).decide(view, part.parameters)
        for part in tables.policies.route
        if part.share
        for view in views
    )


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
    every = dict.fromkeys(key for keys in READS.values() for key in keys)
    for key, broken in tables.faults.items():
        for other in every:
            if other not in READS.get(broken.kind, ()):
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


def longest_wait_s(trigger: Choice, delay_s: float, duration_s: float) -> float | None:
    """How long after a publish of a run a copy begins at most, s; None where none does by itself.

    Whoever publishes as a copy begins may wait longest, and whoever does just after the last moment for an earlier one.
    """
    due: Callable[[Owed], Due | None] = partial(_rule(trigger).due, parameters=trigger.parameters)

    def begins_s(at_s: float) -> float:
        found = due(Owed(at_s, delay_s))
        return math.inf if found is None else found.at_s

    times = sorted(_times(duration_s))
    known_s = [at_s for at_s in map(begins_s, times) if math.isfinite(at_s)]
    waits_s = [begins_s(at_s) - at_s for at_s in (*times, *known_s)]
    for before_s, after_s in pairwise(times):
        if begins_s(after_s) - begins_s(before_s) > 2 * (after_s - before_s):
            for _ in range(_HALVINGS):
                middle_s = (before_s + after_s) / 2
                if begins_s(after_s) - begins_s(middle_s) > 2 * (after_s - middle_s):
                    before_s = middle_s
                else:
                    after_s = middle_s
            waits_s.append(begins_s(after_s) - after_s)
    longest_s = max(waits_s)
    return longest_s if math.isfinite(longest_s) else None


def heeds_delay(trigger: Choice, duration_s: float) -> bool:
    """Whether a copy's time depends on the job's delay."""
    due: Callable[[Owed], Due | None] = partial(_rule(trigger).due, parameters=trigger.parameters)
    return any(
        due(Owed(at_s, 0.0)) != due(Owed(at_s, delay_s)) for at_s in _times(duration_s) for delay_s in (1.0, 7200.0)
    )


def on_demand(trigger: Choice) -> bool:
    """Whether whoever asks for an image sets its copy going."""
    return bool(getattr(_rule(trigger), "ON_DEMAND", False))


def refuses(trigger: Choice) -> bool:
    """Whether nothing is copied, whoever asks."""
    return bool(getattr(_rule(trigger), "REFUSES", False))


def _rule(trigger: Choice) -> ModuleType:
    return policies.rule("trigger", trigger.name)


def _times(duration_s: float) -> Iterator[float]:
    return (duration_s * (number * _STEP % 1) for number in range(_ASKED))
