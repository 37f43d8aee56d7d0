"""Each site joined to the next in the file's order and the last to the first, so that any one link may fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sim.network.topology.shapes import Host, ShapeError, Site, Span
from sim.network.topology.shapes._backbone import Backbone as Parameters
from sim.network.topology.shapes._backbone import joined

__all__ = ["Parameters", "spans"]


def spans(hosts: Sequence[Host], sites: Sequence[Site], parameters: Parameters) -> Iterator[Span]:
    """One span a host, from the host to its site, and one for each site, to the next."""
    if len(sites) < 3:
        raise ShapeError("shape", f"a ring needs 3 sites or more, got {len(sites)}", "add sites, or choose mesh")
    return joined(hosts, sites, zip(sites, [*sites[1:], sites[0]], strict=True), parameters)
