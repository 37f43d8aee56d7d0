"""A node fetches from the nearest node that has the layer, and from upstream if none has, as Spegel does.

Looking for a holder takes time in either case: Spegel gives its router `lookup` before it goes upstream
(spegel-org/spegel, mirrorResolveTimeout 20 ms). Among holders that are equally far the deploy's own draw decides, so
that they share the load.
"""

from __future__ import annotations

from sim.figures import Duration, Table, figure
from sim.policies.snapshot import Holders, Parents


class Parameters(Table):
    """`lookup` is what asking for holders costs."""

    lookup_s: Duration = figure(
        "lookup", "20 ms", source="spegel-org/spegel: mirrorResolveTimeout",
        about="How long a node takes to find out who has a layer.",
    )  # fmt: skip


def parents(view: Holders, parameters: Parameters) -> Parents:
    """One of the nearest holders, if it is nearer than upstream or as near."""
    nearest_s = min(view.round_trips_s, default=float("inf"))
    if nearest_s > view.upstream_s:
        return Parents((), parameters.lookup_s)
    equal = [at for at, round_trip_s in enumerate(view.round_trips_s) if round_trip_s == nearest_s]
    return Parents((equal[int(view.draw * len(equal))],), parameters.lookup_s)
