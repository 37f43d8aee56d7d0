"""Sites joined by the scenario's own links; every host hangs on its site by a link of its own, named after the host."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sim.network.topology.shapes import Host, Site, Span
from sim.network.topology.shapes import Routing as Parameters

__all__ = ["Parameters", "spans"]


def spans(hosts: Sequence[Host], sites: Sequence[Site], parameters: Parameters) -> Iterator[Span]:
    """One span a host, from the host to its site."""
    for host in hosts:
        yield Span(host.name, host.name, host.site, host.up_Bps, host.down_Bps, host.delay_s)
