"""What may happen in a scenario's world, read off its tables before anything runs: which routes pushes may take,
whether registries copy from each other, whether anything may break; and when a trigger begins its copies.

A trigger is a rule, perhaps a user's own, so when it begins is found by asking it for many instants of the run. Left
out: how often anything happens.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from types import ModuleType
from typing import Final, get_args

from sim.policies.snapshot import Due, NotYetError, Owed, PushView, Route
from sim.scenario.effects import summary
from sim.scenario.effects.summary import DemandSummary, demand_summary
from sim.scenario.model.choices import Choice
from sim.scenario.model.root import Model

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


def happens(model: Model) -> Happens:
    """What may happen in the world of these tables."""
    chosen, together = model.policies, demand_summary(model)
    routes = _routes(model, together)
    straight = bool(routes & {"node-direct", "both"})
    plan = chosen.fanout.rule("fanout").plan(together.most, chosen.fanout.parameters)
    nodes = (*model.nodes.values(), *model.caches.values())
    limited = (
        model.central.storage_bytes is not None
        or model.central.quota_bytes is not None
        or any(group.storage_bytes is not None for group in nodes)
    )
    return Happens(
        routes=routes,
        straight=straight,
        waits=straight
        and (
            chosen.tags.look == "host"
            or together.starts
            or ((plan.pushed < together.most or chosen.elsewhere > 0) and plan.source == "central")
        ),
        to_central="node-direct" in routes and not refuses(chosen.sync.to_central),
        to_nodes=not on_demand(chosen.sync.to_nodes) and not refuses(chosen.sync.to_nodes),
        limited=limited,
        fragile=limited or bool(model.faults),
    )


def _routes(model: Model, together: DemandSummary) -> frozenset[str]:
    """The ways that the pushes of a scenario may take, by its rules and the images that are asked for.

    A rule that looks at what nodes hold may decide on any.
    """
    if not together.pushes:
        return frozenset()
    views = [
        PushView(rootfs_bytes, kernel_bytes, update)
        for rootfs_bytes, kernel_bytes in summary.images(model)
        for update in ((True, False) if together.known else (False,))
    ]
    try:
        return frozenset(
            part.rule("route").decide(view, part.parameters)
            for part in model.policies.route
            if part.share
            for view in views
        )
    except NotYetError:
        return frozenset(get_args(Route))


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
    return trigger.rule("trigger")


def _times(duration_s: float) -> Iterator[float]:
    return (duration_s * (number * _STEP % 1) for number in range(_ASKED))
