"""Graphs from GraphML files, as the Internet Topology Zoo publishes them (Knight et al., JSAC 2011).

Speeds come from `LinkSpeedRaw` (bit/s) or `LinkSpeed` with `LinkSpeedUnits`; delays from the great circle between
places that have `Latitude` and `Longitude` (see `distance`), times a detour if the caller knows one. Files are taken to
be hostile: none may be large, nested deep, or declare a document type, so entities, inside or outside the file, cannot
occur.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.parsers import expat

import networkx

from sim import units
from sim.network.distance import fibre_s
from sim.network.graph import Link, duplex

MAX_BYTES = 16 * 2**20
MAX_ELEMENTS = 500_000
MAX_DEPTH = 64
_BITS = {"": "bit/s", "K": "kbit/s", "M": "Mbit/s", "G": "Gbit/s", "T": "Gbit/s"}


def read_graphml(
    path: str | Path, *, default_Bps: float | None = None, default_delay_s: float = 0.0, detour: float = 1.0
) -> tuple[Link, ...]:
    """The links of a GraphML file: two for each edge of an undirected graph, one for each of a directed one.

    `default_Bps` stands in where an edge has no speed, which is an error otherwise; `default_delay_s` where an end
    has no place. Raises ValueError naming the file and the fault.
    """
    path = Path(path)
    try:
        data = _checked(path)
        graph = networkx.read_graphml(io.BytesIO(data), force_multigraph=True)
        return tuple(_links(graph, default_Bps, default_delay_s, detour))
    except (ValueError, networkx.NetworkXError, expat.ExpatError, KeyError) as fault:
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


def _links(graph: Any, default_Bps: float | None, default_delay_s: float, detour: float) -> Iterator[Link]:
    names = _names(graph)
    used: dict[str, int] = {}
    for a, b, edge in graph.edges(data=True):
        if a == b:
            continue
        name = f"{names[a]}-{names[b]}"
        used[name] = used.get(name, 0) + 1
        if used[name] > 1:
            name = f"{name} {used[name]}"
        capacity_Bps = _speed_Bps(edge)
        if capacity_Bps is None:
            capacity_Bps = default_Bps
        if capacity_Bps is None:
            raise ValueError(f"edge {name} has no LinkSpeedRaw nor LinkSpeed; give a default speed")
        delay_s = _delay_s(graph.nodes[a], graph.nodes[b], detour)
        delay_s = default_delay_s if delay_s is None else delay_s
        if graph.is_directed():
            yield Link(name, names[a], names[b], capacity_Bps, delay_s)
        else:
            yield from duplex(name, names[a], names[b], capacity_Bps, None, delay_s)


def _names(graph: Any) -> dict[Any, str]:
    """A node's label where no other has it, else its label and id, else its id."""
    labels = {node: str(data.get("label", "")).strip() for node, data in graph.nodes(data=True)}
    counts: dict[str, int] = {}
    for label in labels.values():
        counts[label] = counts.get(label, 0) + 1
    return {
        node: str(node) if not label else label if counts[label] == 1 else f"{label} {node}"
        for node, label in labels.items()
    }


def _speed_Bps(edge: Mapping[str, Any]) -> float | None:
    raw = edge.get("LinkSpeedRaw")
    if raw is not None:
        return _number(raw, "LinkSpeedRaw") / 8
    if edge.get("LinkSpeed") is None:
        return None
    unit = str(edge.get("LinkSpeedUnits", "")).strip().upper()
    if unit not in _BITS:
        raise ValueError(f"LinkSpeedUnits must be one of {', '.join(filter(None, _BITS))} or none, got {unit!r}")
    speed = _number(edge["LinkSpeed"], "LinkSpeed") * (1000 if unit == "T" else 1)
    return units.rate_Bps_of(f"{speed!r} {_BITS[unit]}")


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
