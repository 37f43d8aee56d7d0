"""Places and links from a GraphML file, as the Internet Topology Zoo publishes them; hosts hang on sites of its names.

A place's name is its label in the file, with a hyphen for whatever is neither letter nor digit: `St. Louis` is the site
`St-Louis`. A link `A-B` is one edge, or of a directed graph the edge there and the edge back. Delays come from distance
where the file has positions. Which files are refused, and how speeds are read: `sim/network/graphml`.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from pydantic import PrivateAttr, StrictStr

from sim.figures import Duration, Rate, Table, Weight, figure, setting
from sim.network import Link
from sim.plugins import NoParameters
from sim.topologies import Host, ShapeError, Site, Span, metros


class Parameters(Table):
    """`file`, from the scenario's folder; `capacity` where an edge has no speed, `rtt` where an end has no position."""

    file: StrictStr = setting("file", about="The GraphML file, from the scenario's folder.")
    capacity_Bps: Rate = figure(
        "capacity", "10 Gbit/s", assumption=True, range=("1 Gbit/s", "100 Gbit/s"),
        about="What an edge without a speed carries each way.",
    )  # fmt: skip
    rtt_s: Duration = figure(
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
    return chain(metros.spans(hosts, sites, NoParameters()), _read(parameters))


def places(parameters: Parameters) -> tuple[str, ...]:
    """The file's places that an edge leads to."""
    return tuple(dict.fromkeys(end for span in _read(parameters) for end in (span.a, span.b)))


def _read(parameters: Parameters) -> tuple[Span, ...]:
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
def _cables(path: Path, written_ns: int, default_Bps: float, delay_s: float, detour: float) -> tuple[Span, ...]:
    """The file's edges; kept, since every variant and every run of a scenario asks."""
    read = importlib.import_module("sim.network.graphml").read_graphml
    links: tuple[Link, ...] = read(path, default_Bps=default_Bps, default_delay_s=delay_s, detour=detour)
    return tuple(_paired(links))


def _paired(links: Sequence[Link]) -> Iterator[Span]:
    """Links there and back as spans; the first of a pair is up."""
    labels: dict[str, str] = {}
    for label in (end for link in links for end in (link.tail, link.head)):
        if labels.setdefault(_key(label), label) != label:
            raise ValueError(f"places {labels[_key(label)]!r} and {label!r} would both be site {_key(label)}")
    waiting: dict[tuple[str, str], list[Link]] = {}
    for link in links:
        there = waiting.get((link.head, link.tail))
        if not there:
            waiting.setdefault((link.tail, link.head), []).append(link)
            continue
        up = there.pop(0)
        rates_Bps = up.capacity_Bps, link.capacity_Bps
        yield Span(_key(up.name.removesuffix("-up")), _key(up.tail), _key(up.head), *rates_Bps, up.delay_s)
    for alone in (link for left in waiting.values() for link in left):
        raise ValueError(f"edge {alone.name} leads one way only; add the edge back")


def _key(label: str) -> str:
    """A label as a scenario can write it."""
    return re.sub(r"[^A-Za-z0-9_]+", "-", label).strip("-")
