"""Networks as rows: idle links, and the classes of flows that may cross them. Before and between events, in Python.

A class may be added at any time. Each says which links it *dominates*: if whoever crosses a link also crosses one of no
more capacity, what that one lets through the link does, too, and it can hold nobody back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sim.network.fairshare.state import INF, LAYOUT, UNBOUNDED_BPS
from sim.records import ObjectState
from sim.records.cells import cell, set_cells
from sim.records.layout import State, table_of


def check_class(route: Sequence[int], weight: float, cap_Bps: float) -> None:
    """ValueError unless flows can have this route, weight and cap."""
    if len(set(route)) < len(route):
        raise ValueError(f"a route must not cross a link twice, got {tuple(route)}")
    if not 0 < weight < INF:
        raise ValueError(f"a weight must be above 0 and finite, got {weight:g}")
    if not cap_Bps > 0:
        raise ValueError(f"a cap must be above 0 bytes/s, got {cap_Bps:g}")


def idle_network(capacity_Bps: Iterable[float]) -> ObjectState:
    """Links of these capacities, (n_links,) bytes/s, and nothing on them."""
    capacity = [float(one) for one in capacity_Bps]
    tables = {name: LAYOUT.rows(name, len(capacity)) for name in ("nodes", "ranks")}
    tables |= {"links": table_of(LAYOUT, "links", {"capacity": capacity}), "solver": LAYOUT.rows("solver", 1)}
    net = ObjectState(LAYOUT, tables)
    net.g.nodes_used = len(capacity)
    return net


def add_class(net: State, route: Sequence[int], weight: float, cap_Bps: float) -> int:
    """One more class, for flows of this route, weight and cap; its number."""
    c, first = int(cell(net, "g", 0, "classes_used")), int(cell(net, "g", 0, "hops_used"))
    nodes, end = int(cell(net, "g", 0, "nodes_used")) + 1, first + len(route)
    for name, rows in (("classes", c + 1), ("hops", end), ("nodes", nodes), ("ranks", nodes)):
        size = net.length(name)
        if rows > size:
            # A list gets longer quickly; an array moves, so it doubles.
            net.grow(name, rows - size if isinstance(net, ObjectState) else max(rows - size, size, 64))
    for h, link in enumerate(route, first):
        set_cells(net, "hops", h, {"link": link, "owner": c})
    narrowest = min((float(cell(net, "links", link, "capacity")) for link in route), default=UNBOUNDED_BPS)
    row = {"weight": weight, "cap": cap_Bps, "first_hop": first, "end_hop": end, "narrowest": narrowest}
    set_cells(net, "classes", c, row)
    set_cells(net, "g", 0, {"classes_used": c + 1, "hops_used": end, "nodes_used": nodes})
    return c


class Domination:
    """Which links of a network are dominated, as classes are added: for capacities that stay as they are."""

    def __init__(self) -> None:
        #: Of each link the links that all of its classes cross; there only get fewer.
        self._common: dict[int, frozenset[int]] = {}
        self._routes: set[tuple[int, ...]] = set()

    def note(self, net: State, route: tuple[int, ...]) -> None:
        """A class of this route has been added."""
        if route in self._routes:
            return
        self._routes.add(route)
        crossed = frozenset(route)
        for link in crossed:
            shared = self._common[link] = self._common.get(link, crossed) & crossed
            own = (float(cell(net, "links", link, "capacity")), link)
            dominated = any((float(cell(net, "links", other, "capacity")), other) < own for other in shared)
            set_cells(net, "links", link, {"dominated": int(dominated)})
