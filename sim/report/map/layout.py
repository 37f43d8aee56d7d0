"""Where things stand: places by their positions on Earth, or near ones by links near, texts where there is room.

On Earth the projection is equirectangular, true to scale at the middle latitude. Else places repel each other and links
pull them together (Kamada and Kawai, "An algorithm for drawing general undirected graphs", 1989); many places stand in
a ring. A text goes to the first of several spots beside its place that nothing else has.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import networkx as nx

from sim.report.map.network import Network

Point = tuple[float, float]
#: Places that forces still place well.
_MOST_BY_FORCE: Final = 60
#: Degrees of land to see around the outermost places, at least.
_AROUND: Final = 4.0


@dataclass(frozen=True, slots=True)
class View:
    """Where a point of the Earth stands, px, in a drawing of `width` by `height`; `west`, `south` ... are its edges."""

    west: float
    south: float
    east: float
    north: float
    width: float
    height: float

    def __call__(self, east: float, north: float) -> Point:
        x = (east - self.west) / (self.east - self.west) * self.width
        return x, (self.north - north) / (self.north - self.south) * self.height


def on_earth(
    network: Network, width: float, most_height: float, larger: float = 1.0
) -> tuple[View, dict[str, Point]]:  # fmt: skip
    """The part of the Earth that has all places, and where they stand in it; more of it around them if `larger`."""
    norths, easts = zip(*(network.positions[place] for place in network.places), strict=True)
    middle = math.cos(math.radians((min(norths) + max(norths)) / 2))
    high, wide = max(norths) - min(norths), max(easts) - min(easts)
    around = larger**2 * max(_AROUND, 0.22 * max(wide, high))
    west, east = min(easts) - around, max(easts) + around
    south, north = min(norths) - around, max(norths) + around
    # As wide as the drawing, and as high as that makes it, within reason: what is too flat or too high is widened.
    per_degree = width / (east - west)
    height = (north - south) * per_degree / middle
    if height > most_height:
        extra = ((north - south) / middle * width / most_height - (east - west)) / 2
        west, east, height = west - extra, east + extra, most_height
    elif height < 0.5 * width:
        extra = (0.5 * width * middle * (east - west) / width - (north - south)) / 2
        south, north, height = south - extra, north + extra, 0.5 * width
    view = View(west, south, east, north, width, height)
    return view, {place: view(*reversed(network.positions[place])) for place in network.places}


def by_force(network: Network, width: float, height: float, margin: Point) -> dict[str, Point]:
    """Places so that links are short; one alone in the middle."""
    if len(network.places) == 1:
        return {network.places[0]: (width / 2, height / 2)}
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(network.places)
    graph.add_edges_from((line.a, line.b) for line in network.lines)
    ring = nx.circular_layout(graph)
    found = ring
    if len(network.places) <= _MOST_BY_FORCE and nx.is_connected(graph):
        found = nx.kamada_kawai_layout(graph, pos=ring)
    xs, ys = zip(*(found[place] for place in network.places), strict=True)
    return {
        place: (
            margin[0] + (width - 2 * margin[0]) * _share(found[place][0], xs),
            margin[1] + (height - 2 * margin[1]) * _share(found[place][1], ys),
        )
        for place in network.places
    }


def _share(value: float, of: Sequence[float]) -> float:
    low, high = min(of), max(of)
    return 0.5 if high - low < 1e-9 else float((value - low) / (high - low))


Box = tuple[float, float, float, float]


@dataclass(slots=True)
class Room:
    """What of a drawing is taken: boxes (left, top, right, bottom), and how large it is.

    `lines` has points on lines, which are covered only where there is no other room.
    """

    width: float
    height: float
    taken: list[Box] = field(default_factory=list)
    lines: list[Point] = field(default_factory=list)

    def beside(self, at: Point, wide: float, high: float, gap: float = 12.0, near: bool = False) -> Box | None:
        """A free box of that size near a point, which is taken then; None where there is none, or none so `near`.

        The side away from the middle comes first.
        """
        away = at[0] - self.width / 2, at[1] - self.height / 2
        boxes = [
            (left, top, left + wide, top + high)
            for spots in _spots(at, wide, high, gap)[: 2 if near else None]
            for left, top in sorted(spots, key=lambda spot: -_along(away, at, spot, wide, high))
        ]
        free = [box for box in boxes if self._free(box)]
        clear = (box for box in free if not any(_inside(box, point) for point in self.lines))
        found = next(clear, None if near else next(iter(free), None))
        if found is not None:
            self.taken.append(found)
        return found

    def _free(self, box: Box) -> bool:
        left, top, right, bottom = box
        if left < 2 or top < 2 or right > self.width - 2 or bottom > self.height - 2:
            return False
        return all(right <= a or left >= c or bottom <= b or top >= d for a, b, c, d in self.taken)


def _spots(at: Point, wide: float, high: float, gap: float) -> list[list[Point]]:
    """Right, left, below, above, at the corners, and the same further away."""
    x, y = at
    return [
        [
            (x + away, y - high / 2), (x - away - wide, y - high / 2), (x - wide / 2, y + away),
            (x - wide / 2, y - away - high), (x + away, y + away), (x - away - wide, y + away),
            (x + away, y - away - high), (x - away - wide, y - away - high),
        ]
        for away in (gap, 2 * gap, 4 * gap, 7 * gap, 11 * gap, 16 * gap)
    ]  # fmt: skip


def _along(away: Point, at: Point, spot: Point, wide: float, high: float) -> float:
    """How far the middle of a box at a spot lies in a direction."""
    return away[0] * (spot[0] + wide / 2 - at[0]) + away[1] * (spot[1] + high / 2 - at[1])


def _inside(box: Box, point: Point) -> bool:
    return box[0] - 2 <= point[0] <= box[2] + 2 and box[1] - 2 <= point[1] <= box[3] + 2


def between(a: Point, b: Point, share: float, aside: float = 0.0) -> Point:
    """The point at that share of the way, so many px to its left."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    long = math.hypot(dx, dy) or 1.0
    return a[0] + share * dx + aside * dy / long, a[1] + share * dy - aside * dx / long
