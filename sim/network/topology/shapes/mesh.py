"""Every two sites joined by a link, named after both in the file's order; hosts hang on their sites."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from sim.network.topology.shapes import Host, Site, Span
from sim.network.topology.shapes._backbone import Backbone as Parameters
from sim.network.topology.shapes._backbone import joined

__all__ = ["Parameters", "spans"]


def spans(hosts: Sequence[Host], sites: Sequence[Site], parameters: Parameters) -> Iterator[Span]:
    """One span a host, from the host to its site, and one for each two sites."""
    return joined(hosts, sites, combinations(sites, 2), parameters)
