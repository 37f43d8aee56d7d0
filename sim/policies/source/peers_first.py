"""A node fetches from the nearest node that has the layer, and from upstream if none has, as Spegel does.

Looking for a holder takes time in either case: Spegel gives its router `lookup` before it goes upstream
(spegel-org/spegel, mirrorResolveTimeout 20 ms). Among holders that are equally far the deploy's own draw decides, so
that they share the load.
"""

from __future__ import annotations

import math

from sim.figures import Duration, Table, figure
from sim.policies.snapshot import Holders, Parents, neighbours


class Parameters(Table):
    """`lookup` is what asking for holders costs."""

    lookup_s: Duration = figure(
        "lookup", "20 ms", source="spegel-org/spegel: mirrorResolveTimeout",
        about="How long a node takes to find out who has a layer.",
    )  # fmt: skip


def parents(view: Holders, parameters: Parameters) -> Parents:
    """One of the nearest holders, if it is nearer than upstream or as near."""
    count = len(view.round_trips_s)
    nearest_s, equal = math.inf, 0
    for round_trip_s in view.round_trips_s:
        if round_trip_s < nearest_s:
            nearest_s, equal = round_trip_s, 0
        equal += round_trip_s == nearest_s
    if nearest_s > view.upstream_s or count == 0:
        return Parents(neighbours(0, 0, 1), parameters.lookup_s)
    drawn, at = int(view.draw * equal), 0
    while drawn > 0 or view.round_trips_s[at] != nearest_s:
        drawn -= view.round_trips_s[at] == nearest_s
        at += 1
    return Parents(neighbours(at, 1, count), parameters.lookup_s)
