"""Places and links from a GraphML file, as the Internet Topology Zoo publishes them; hosts hang on sites of its names.

A place's name is its label in the file without accents, with a hyphen for whatever is neither letter nor digit: `St.
Louis` is the site `St-Louis`, `Malmö` is `Malmo`; where that is nothing, and of labels that come to the same, a
place has its node's id. A link `A-B` is one edge, or of a directed graph the edge there and the edge back; where no
edge has one back, directions are a drawing program's and each edge leads both ways. Delays come from distance where the
file has positions. Which files are refused, and how speeds are read: `sim/network/topology/graphml`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from pydantic import PrivateAttr, StrictStr

from sim.figures import Delay, Rate, Weight, figure, setting
from sim.network.topology.graph import Link
from sim.network.topology.placenames import plain_name
from sim.network.topology.shapes import Host, Routing, ShapeError, Site, Span, metros
from sim.units import format_rate, format_seconds


class Parameters(Routing):
    """`file`, from the scenario's folder; `capacity` where an edge has no speed, `rtt` where an end has no position."""

    file: StrictStr = setting("file", about="The GraphML file, from the scenario's folder.")
    capacity_Bps: Rate = figure(
        "capacity", "10 Gbit/s", assumption=True, range=("1 Gbit/s", "100 Gbit/s"),
        about="What an edge without a speed carries each way.",
    )  # fmt: skip
    rtt_s: Delay = figure(
        "rtt", "10 ms", assumption=True, range=("1 ms", "200 ms"),
        about="The round trip over an edge with an end that has no position.",
    )  # fmt: skip
    detour: Weight = figure(
        "detour", 1.5, assumption=True, range=(1.0, 2.5), about="How many times longer fibre is than the great circle."
    )
    _folder: Path = PrivateAttr(default=Path())

    def model_post_init(self, context: Any) -> None:
        """Whoever validates may say in which folder the scenario is."""
        self._folder = Path((context or {}).get("folder", ""))

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._folder / self.file


def spans(hosts: Sequence[Host], sites: Sequence[Site], parameters: Parameters) -> Iterator[Span]:
    """One span a host, from the host to its site, and one for each edge of the file."""
    return chain(metros.spans(hosts, sites, Routing()), _read(parameters)[0])


def places(parameters: Parameters) -> tuple[str, ...]:
    """The file's places that an edge leads to."""
    return tuple(dict.fromkeys(end for span in _read(parameters)[0] for end in (span.a, span.b)))


def doubts(parameters: Parameters) -> Iterator[tuple[str, str]]:
    """(key, words) of what the file does not say and a reader of results may take for its word."""
    _, found = _read(parameters)
    of = f"of {found.edges} edges of {parameters.file}"
    if found.without_speed and "capacity_Bps" not in parameters.model_fields_set:
        yield "capacity", f"{found.without_speed} {of} have no speed: {format_rate(parameters.capacity_Bps)} is assumed"
    if found.without_place and "rtt_s" not in parameters.model_fields_set:
        rtt = format_seconds(parameters.rtt_s)
        yield "rtt", f"{found.without_place} {of} have an end without a position: {rtt} is assumed"
    if found.not_built:
        yield "file", f"{found.not_built} more edges of {parameters.file} are not built yet and carry nothing"


def _read(parameters: Parameters) -> tuple[tuple[Span, ...], Any]:
    path = parameters.path
    try:
        written_ns = path.stat().st_mtime_ns
        return _cables(path, written_ns, parameters.capacity_Bps, parameters.rtt_s / 2, parameters.detour)
    except OSError as error:
        problem = f"cannot read {path}: {error.strerror}"
        raise ShapeError("file", problem, "paths are from the scenario's folder") from None
    except ValueError as error:
        raise ShapeError("file", str(error), "mend the file") from None


@lru_cache(maxsize=8)
def _cables(
    path: Path, written_ns: int, default_Bps: float, delay_s: float, detour: float
) -> tuple[tuple[Span, ...], Any]:
    """The file's edges and what it does not say; kept, since every variant and every run of a scenario asks."""
    read = importlib.import_module("sim.network.topology.graphml").read_map
    found = read(path, default_Bps=default_Bps, default_delay_s=delay_s, detour=detour)
    return tuple(_paired(found.links)), found


def _paired(links: Sequence[Link]) -> Iterator[Span]:
    """Links there and back as spans; the first of a pair is up."""
    labels: dict[str, str] = {}
    for label in (end for link in links for end in (link.tail, link.head)):
        name = plain_name(label)
        if labels.setdefault(name, label) != label:
            raise ValueError(f"places {labels[name]!r} and {label!r} would both be site {name}")
    waiting: dict[tuple[str, str], list[Link]] = {}
    for link in links:
        there = waiting.get((link.head, link.tail))
        if not there:
            waiting.setdefault((link.tail, link.head), []).append(link)
            continue
        up = there.pop(0)
        rates_Bps = up.capacity_Bps, link.capacity_Bps
        yield _span(up, up.name.removesuffix("-up"), *rates_Bps)
    one_way = [link for left in waiting.values() for link in left]
    if len(one_way) == len(links):
        for link in links:
            yield _span(link, link.name, link.capacity_Bps, link.capacity_Bps)
        return
    for alone in one_way:
        raise ValueError(f"edge {alone.name} leads one way only; add the edge back")


def _span(link: Link, name: str, up_Bps: float, down_Bps: float) -> Span:
    return Span(plain_name(name), plain_name(link.tail), plain_name(link.head), up_Bps, down_Bps, link.delay_s)
