"""Every host on one hub, whatever its site; the link of host `n3` is named `hub-n3`, and up is towards the hub."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sim.network.topology.shapes import Host, Site, Span
from sim.network.topology.shapes import Routing as Parameters

__all__ = ["HUB", "SITELESS", "Parameters", "places", "spans"]

HUB = "hub"
SITELESS = True


def spans(hosts: Sequence[Host], sites: Sequence[Site], parameters: Parameters) -> Iterator[Span]:
    """One span a host, from the host to the hub."""
    for host in hosts:
        yield Span(f"{HUB}-{host.name}", host.name, HUB, host.up_Bps, host.down_Bps, host.delay_s)


def places(parameters: Parameters) -> tuple[str, ...]:
    """The hub."""
    return (HUB,)
