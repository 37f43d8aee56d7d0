"""Graphs from GraphML files, as the Internet Topology Zoo publishes them (Knight et al., JSAC 2011).

Speeds come from `LinkSpeedRaw` (bit/s) or `LinkSpeed` with `LinkSpeedUnits`, else from what a link's label or type says
in words (`45 Mbps DS-3`, `OC-48`); links that are planned or being built carry nothing and are left out. Delays come
from the great circle between places that have `Latitude` and `Longitude` (see `distance`), times a detour if the caller
knows one. Files are taken to be hostile: none may be large, nested deep, or declare a document type, so entities,
inside or outside the file, cannot occur. Leaves out whatever else a file says of its nodes and edges.
"""

from __future__ import annotations

import io
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple
from xml.parsers import expat

import networkx

from sim import units
from sim.network.topology.distance import fibre_s
from sim.network.topology.graph import Link, duplex
from sim.network.topology.placenames import plain_name

MAX_BYTES = 16 * 2**20
MAX_ELEMENTS = 500_000
MAX_DEPTH = 64
_BITS = {"": "bit/s", "K": "kbit/s", "M": "Mbit/s", "G": "Gbit/s", "T": "Gbit/s"}
_IN_WORDS: Final = re.compile(r"(\d+(?:\.\d+)?) ?([kKMGT])(?:b(?:it)?(?:ps|/s)?|bits/s|E|ig[aE]\w*)?(?![A-Za-z])")
#: bit/s of carriers by name: ITU-T G.702 and G.707, ANSI T1.105. OC-n and STM-n are multiples.
_CARRIERS: Final = (
    (re.compile(r"\bOC-?(\d+)", re.I), 51.84e6), (re.compile(r"\bSTM-?(\d+)", re.I), 155.52e6),
    (re.compile(r"\b(?:DS|T)-?3\b", re.I), 44.736e6), (re.compile(r"\b(?:DS|T)-?1\b", re.I), 1.544e6),
    (re.compile(r"\bE-?3\b", re.I), 34.368e6), (re.compile(r"\bE-?1\b", re.I), 2.048e6),
    (re.compile(r"\bfast ?ethernet\b", re.I), 100e6), (re.compile(r"\bgig(?:abit)? ?e(?:thernet)?\b", re.I), 1e9),
)  # fmt: skip
_NOT_BUILT: Final = re.compile(r"\b(?:planned|proposed|future|under construction|being built|not yet)\b", re.I)
_WORDS: Final = ("LinkLabel", "LinkType", "label")


class _Edge(NamedTuple):
    """An edge between two nodes, and what the file says of its speed and delay; None where it says nothing."""

    a: Any
    b: Any
    speed_Bps: float | None
    delay_s: float | None


@dataclass(frozen=True, slots=True)
class Map:
    """The links of a file, and how many of its edges had no speed, no place for an end, or are not built yet.

    `positions` are degrees north and east of the nodes that have them, by the names that links know them by.
    """

    links: tuple[Link, ...]
    edges: int
    without_speed: int
    without_place: int
    not_built: int
    positions: Mapping[str, tuple[float, float]]


def read_graphml(
    path: str | Path, *, default_Bps: float | None = None, default_delay_s: float = 0.0, detour: float = 1.0
) -> tuple[Link, ...]:
    """The links of a GraphML file: two for each edge of an undirected graph, one for each of a directed one.

    `default_Bps` stands in where an edge has no speed, which is an error otherwise; `default_delay_s` where an end
    has no place. Raises ValueError naming the file and the fault.

    >>> import tempfile
    >>> from sim import network
    >>> edge = '<edge source="was" target="fra"/>'
    >>> with tempfile.NamedTemporaryFile("w", suffix=".graphml") as file:
    ...     nodes = '<node id="was"/><node id="fra"/>'
    ...     xmlns = 'xmlns="http://graphml.graphdrawing.org/xmlns"'
    ...     text = f'<graphml {xmlns}><graph edgedefault="undirected">{nodes}{edge}</graph></graphml>'
    ...     _ = file.write(text), file.flush()
    ...     [link.name for link in network.read_graphml(file.name, default_Bps=1.25e9)]
    ['was-fra-up', 'was-fra-down']
    """
    return read_map(path, default_Bps=default_Bps, default_delay_s=default_delay_s, detour=detour).links


def read_map(
    path: str | Path, *, default_Bps: float | None = None, default_delay_s: float = 0.0, detour: float = 1.0
) -> Map:
    """The same, with what the file does not say."""
    path = Path(path)
    try:
        data = _checked(path)
        graph = networkx.read_graphml(io.BytesIO(data), force_multigraph=True)
        edges = [(a, b, edge) for a, b, edge in graph.edges(data=True) if a != b]
        built = [
            _Edge(a, b, _speed_Bps(edge), _delay_s(graph.nodes[a], graph.nodes[b], detour))
            for a, b, edge in edges
            if not _NOT_BUILT.search(_said(edge, "LinkStatus", *_WORDS))
        ]
        return Map(
            links=tuple(_links(graph, built, default_Bps, default_delay_s)),
            edges=len(built),
            without_speed=sum(edge.speed_Bps is None for edge in built),
            without_place=sum(edge.delay_s is None for edge in built),
            not_built=len(edges) - len(built),
            positions=_positions(graph),
        )
    except (ValueError, networkx.NetworkXError, expat.ExpatError, KeyError, SyntaxError) as fault:
        raise ValueError(f"{path}: {fault}") from None


def _checked(path: Path) -> bytes:
    """The file's bytes, once a parser that resolves nothing has found them harmless."""
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError(f"must be at most {units.format_bytes(MAX_BYTES)}; cut it down")
    elements = depth = 0

    def opens(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal elements, depth
        elements += 1
        depth += 1
        if elements > MAX_ELEMENTS or depth > MAX_DEPTH:
            raise ValueError(f"must have at most {MAX_ELEMENTS} elements, {MAX_DEPTH} deep; cut it down")

    def closes(name: str) -> None:
        nonlocal depth
        depth -= 1

    def declares(*_: Any) -> None:
        raise ValueError("must not declare a document type; remove <!DOCTYPE ...>")

    parser = expat.ParserCreate()
    parser.StartElementHandler = opens
    parser.EndElementHandler = closes
    parser.StartDoctypeDeclHandler = declares
    parser.Parse(data, True)
    return data


def _links(graph: Any, edges: Sequence[_Edge], default_Bps: float | None, default_delay_s: float) -> Iterator[Link]:
    names = _names(graph)
    used: dict[str, int] = {}
    for a, b, speed_Bps, delay_s in edges:
        name = f"{names[a]}-{names[b]}"
        used[name] = used.get(name, 0) + 1
        if used[name] > 1:
            name = f"{name} {used[name]}"
        capacity_Bps = default_Bps if speed_Bps is None else speed_Bps
        if capacity_Bps is None:
            raise ValueError(f"edge {name} has no LinkSpeedRaw nor LinkSpeed; give a default speed")
        delay_s = default_delay_s if delay_s is None else delay_s
        if graph.is_directed():
            yield Link(name, names[a], names[b], capacity_Bps, delay_s)
        else:
            yield from duplex(name, names[a], names[b], capacity_Bps, None, delay_s)


def _positions(graph: Any) -> dict[str, tuple[float, float]]:
    """Where the nodes are that say so, by name: degrees north and east."""
    placed = {node: (values.get("Latitude"), values.get("Longitude")) for node, values in graph.nodes(data=True)}
    names = _names(graph)
    return {
        names[node]: (_number(north, "Latitude"), _number(east, "Longitude"))
        for node, (north, east) in placed.items()
        if north is not None and east is not None
    }


def _names(graph: Any) -> dict[Any, str]:
    """A node's label where no other has it, else its label and id; its id where it has none, or one without letters.

    Labels that differ in accents and punctuation alone count as one; of these the one without any keeps its name.
    """
    labels = {node: str(data.get("label", "")).strip() for node, data in graph.nodes(data=True)}
    counts, alike = Counter(labels.values()), Counter(map(plain_name, labels.values()))
    return {
        node: str(node)
        if not plain_name(label)
        else label
        if counts[label] == 1 and (alike[plain_name(label)] == 1 or plain_name(label) == label)
        else f"{label} {node}"
        for node, label in labels.items()
    }


def _speed_Bps(edge: Mapping[str, Any]) -> float | None:
    raw = edge.get("LinkSpeedRaw")
    if raw is not None:
        return _number(raw, "LinkSpeedRaw") / 8
    if edge.get("LinkSpeed") is None:
        return _speed_in_words_Bps(_said(edge, *_WORDS))
    unit = str(edge.get("LinkSpeedUnits", "")).strip().upper()
    if unit not in _BITS:
        raise ValueError(f"LinkSpeedUnits must be one of {', '.join(filter(None, _BITS))} or none, got {unit!r}")
    speed = _number(edge["LinkSpeed"], "LinkSpeed") * (1000 if unit == "T" else 1)
    return units.rate_Bps_of(f"{speed!r} {_BITS[unit]}")


def _said(edge: Mapping[str, Any], *keys: str) -> str:
    return " ".join(str(edge.get(key) or "") for key in keys)


def _speed_in_words_Bps(text: str) -> float | None:
    """A speed that a label or type says: a number with its unit before a carrier's name."""
    found = _IN_WORDS.search(text)
    if found is not None:
        return float(found[1]) * {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}[found[2].replace("K", "k")] / 8
    for form, bits in _CARRIERS:
        named = form.search(text)
        if named is not None:
            return bits * (int(named[1]) if form.groups else 1) / 8
    return None


def _delay_s(a: Mapping[str, Any], b: Mapping[str, Any], detour: float) -> float | None:
    ends = [a.get("Latitude"), a.get("Longitude"), b.get("Latitude"), b.get("Longitude")]
    if any(end is None for end in ends):
        return None
    latitude_a, longitude_a, latitude_b, longitude_b = (_number(end, "Latitude or Longitude") for end in ends)
    return fibre_s(latitude_a, longitude_a, latitude_b, longitude_b, detour)


def _number(value: Any, what: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{what} must be a number, got {value!r}")
    return number
