"""Sites as a tree, filled level by level in the file's order: the first is the root, and each has `fanout` children."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sim.figures import Count, setting
from sim.network.topology.shapes import Host, Site, Span
from sim.network.topology.shapes._backbone import Backbone, joined


class Parameters(Backbone):
    """`fanout`: how many sites hang on each."""

    fanout: Count = setting("fanout", 2, about="How many sites hang on each.")


def spans(hosts: Sequence[Host], sites: Sequence[Site], parameters: Parameters) -> Iterator[Span]:
    """One span a host, from the host to its site, and one from each site but the root to its parent: `CHILD-PARENT`."""
    pairs = ((site, sites[at // parameters.fanout]) for at, site in enumerate(sites[1:]))
    return joined(hosts, sites, pairs, parameters)
