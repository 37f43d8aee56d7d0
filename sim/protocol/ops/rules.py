"""What the scenario's rules decide, asked in rows.

A rule is a plain function in a file of its own (`sim/policies`). Here its view is made of rows, and its decision is
handed back as numbers. Which rule is asked stands in the globals: its number among those of its kind, and the place of
its parameters in `rule_values`. The functions that ask the rule of a number (`conflict_rule` and so on) are those of
`sim.protocol.rules`; a unit with rules from outside the package has others bound in their place.

Left out: routes, placement, fan-out and chunking, which are decided before a run.
"""

from __future__ import annotations

from typing import Any

from sim.policies.snapshot import Holders, Kept, Owed, Publish, Rivals
from sim.protocol.rules import conflict_rule, eviction_rule, first_of, source_rule, trigger_rule


def publish_wins(w: Any, publish: int, held: int) -> bool:
    """Whether a registry that holds one publish under a tag takes the other in its place when a copy comes."""
    one, other = w.publishes[publish], w.publishes[held]
    # Digests are only ever compared, so that their ranks do.
    rivals = Rivals(
        Publish(w.images[one.image].rank, one.published_s, one.skew_s, one.origin, one.generation),
        Publish(w.images[other.image].rank, other.published_s, other.skew_s, other.origin, other.generation),
    )
    return bool(conflict_rule(w, w.g.conflict, w.g.conflict_values, rivals))


def due(w: Any, direction: int, now_s: float) -> tuple[float, int]:
    """When a copy that is owed now begins, to central (direction 0) or to nodes (1), and whether its run is exclusive.

    (NEVER, 0): not by itself.
    """
    g = w.g
    owed = Owed(now_s, g.sync_delay_s)
    if direction == 0:
        return trigger_rule(w, g.to_central, g.to_central_values, owed)  # type: ignore[no-any-return]
    return trigger_rule(w, g.to_nodes, g.to_nodes_values, owed)  # type: ignore[no-any-return]


def eviction_worth(w: Any, came_s: float, used_s: float, uses: int, freed_bytes: int) -> tuple[float, float, float]:
    """What an image is worth to a disk without room, the least is dropped first; to be compared as it is.

    Zeros make up three numbers where the rule has fewer.
    """
    kept = Kept(came_s, used_s, uses, freed_bytes)
    return eviction_rule(w, w.g.eviction, w.g.eviction_values, kept)  # type: ignore[no-any-return]


def choose_parents(w: Any, n: int, upstream_s: float, draw: float) -> float:
    """Choose among the holders whose round trips are the first `n` of `holder_round_trips_s`; what finding them took.

    Their positions are the first `g.chosen_used` of `chosen`; nobody means upstream.
    """
    holders = Holders(first_of(w.holder_round_trips_s, n), upstream_s, draw)
    return source_rule(w, w.g.source, w.g.source_values, holders)  # type: ignore[no-any-return]
