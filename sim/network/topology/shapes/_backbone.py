"""What shapes that join sites have in common: hosts hang on their sites, and sites are joined by links `A-B`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from sim.figures import Delay, Rate, Weight, figure, setting
from sim.network.topology.distance import fibre_s
from sim.network.topology.shapes import Host, Routing, ShapeError, Site, Span, metros


class Backbone(Routing):
    """The links between sites: `capacity` each way, and their `rtt`; without it, that of fibre `detour` times the great
    circle between the sites' positions."""

    capacity_Bps: Rate = figure(
        "capacity", "10 Gbit/s", assumption=True, range=("1 Gbit/s", "100 Gbit/s"),
        about="What each link between sites carries each way.",
    )  # fmt: skip
    rtt_s: Delay | None = setting(
        "rtt", None, about="The round trip over each link between sites; without it, by fibre between their positions."
    )
    detour: Weight = figure(
        "detour", 1.5, assumption=True, range=(1.0, 2.5), about="How many times longer fibre is than the great circle."
    )


def joined(
    hosts: Sequence[Host], sites: Sequence[Site], pairs: Iterable[tuple[Site, Site]], backbone: Backbone
) -> Iterator[Span]:
    """One span a host, and one for each pair of sites."""
    lines = metros.spans(hosts, sites, Routing())
    return chain(lines, (_span(a, b, backbone) for a, b in pairs))


def _span(a: Site, b: Site, backbone: Backbone) -> Span:
    delay_s = _delay_s(a, b, backbone.detour) if backbone.rtt_s is None else backbone.rtt_s / 2
    return Span(f"{a.name}-{b.name}", a.name, b.name, backbone.capacity_Bps, backbone.capacity_Bps, delay_s)


def _delay_s(a: Site, b: Site, detour: float) -> float:
    return fibre_s(*_position(a), *_position(b), detour)


def _position(site: Site) -> tuple[float, float]:
    if site.latitude is None or site.longitude is None:
        problem = f"is missing, and site {site.name} has no position to take it from"
        raise ShapeError("rtt", problem, f'write rtt = "35 ms", or latitude and longitude in [sites.{site.name}]')
    return site.latitude, site.longitude
