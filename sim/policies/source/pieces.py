"""A node fetches equal parts of a layer from several nodes that have all of it.

Parents are drawn, not ranked by distance. Parts share links with whatever else crosses them, max-min fair, which
`swarm` leaves out; in return nodes that have a part of the layer only are not asked, so a crowd that starts at once
fetches from upstream.
"""

from __future__ import annotations

from sim.figures import Count, Duration, Table, figure
from sim.policies.snapshot import Holders, Parents, neighbours


class Parameters(Table):
    """At most so many `parents` at once; `announce` is what it takes to hear of them."""

    parents: Count = figure(
        "parents", 3, source="dragonflyoss/dragonfly: up to 3 parents",
        about="How many nodes at once a node fetches a layer from at most.",
    )  # fmt: skip
    announce_s: Duration = figure(
        "announce", "0 s", assumption=True, range=("0 s", "5 s"),
        about="How long a node takes to hear of those that have a layer.",
    )  # fmt: skip


def parents(view: Holders, parameters: Parameters) -> Parents:
    """Neighbouring holders, as many as are allowed, from the one that the draw names."""
    count = len(view.round_trips_s)
    first = int(view.draw * count)
    return Parents(neighbours(first, min(parameters.parents, count), count), parameters.announce_s)
