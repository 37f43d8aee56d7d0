"""Ways between machines and registries: found by a hash table, worked out over the graph when first asked for.

A way is everything about a pair of machines that requests and bodies need to know. Its lanes are numbered, and learn
their narrowest link, when a direction is first asked for. Where routes change, ways stay the rows that they are and get
other lanes, so that tasks under way go on by the new route with what they send next (`sim.protocol.routes` works routes
out).
"""

from __future__ import annotations

from typing import Any, Final

from sim.protocol.codes import ROUTE_ASKED
from sim.protocol.machine import ask_host
from sim.protocol.ops.lanes import narrow_lane

WAY_HASH: Final = 2654435769
"""2^32 over the golden ratio (Knuth, "The art of computer programming", vol. 3, 6.4): where a way is in `way_index`."""


def way_key(w: Any, machine: int, registry: int, copy: int) -> int:
    """What names a way in the table; never 0."""
    return 1 + 2 * (machine * len(w.registries) + registry) + (copy if w.g.copies_capped else 0)


def find_way(w: Any, machine: int, registry: int, copy: int) -> int:
    """The way from a machine to a registry, for a copy if `copy` is 1; -1 where none has been asked for."""
    key = way_key(w, machine, registry, copy)
    mask = len(w.way_index) - 1
    at = (key * WAY_HASH >> 16) & mask
    while True:
        cell = w.way_index[at]
        if cell.key == key:
            return int(cell.way)
        if cell.key == 0:
            return -1
        at = (at + 1) & mask


def way_of(w: Any, machine: int, registry: int, copy: int) -> int:
    """The same, worked out if it is new. Rows of ways and lanes may move meanwhile."""
    way = find_way(w, machine, registry, copy)
    if way < 0:
        ask_host(w, ROUTE_ASKED, machine, registry, copy)
        way = find_way(w, machine, registry, copy)
        if w.ways[way].plain >= 0:
            up_lane(w, way)  # lanes of copies are numbered in the order in which ways are found
    return way


def up_lane(w: Any, way: int) -> int:
    """The lane of bytes that the asking machine sends."""
    row = w.ways[way]
    if row.up_known == 0:
        if row.plain >= 0:
            _know_up(w, row.plain)
        _know_up(w, way)
    return int(row.up)


def down_lane(w: Any, way: int) -> int:
    """The lane of bytes that it fetches; a copy's way with caps has that of the plain way."""
    row = w.ways[way]
    if row.down_known == 0:
        row.down_known = 1
        if row.plain >= 0:
            w.ways[row.plain].down_known = 1
        number_lane(w, row.down)
    return int(row.down)


def _know_up(w: Any, way: int) -> None:
    """The same of one way."""
    row = w.ways[way]
    if row.up_known == 0:
        row.up_known = 1
        number_lane(w, row.up)


def number_lane(w: Any, lane: int) -> None:
    """A lane is in use from now on, if it was not."""
    row = w.lanes[lane]
    if row.number < 0:
        row.number = w.g.lane_numbers
        w.g.lane_numbers += 1
        narrow_lane(w, lane)


def follow_routes(w: Any) -> None:
    """Ways lead over other lanes from now on, as the engine has worked out.

    Lanes that are abandoned are marked: their flights break off. A direction that was never asked for abandons none.
    """
    for at in range(w.g.rerouted_used):
        turn = w.rerouted[at]
        way = w.ways[turn.way]
        if turn.down:
            if way.plain >= 0:
                plain = w.ways[way.plain]
                way.down = plain.down
                way.down_round_trip_s = plain.down_round_trip_s
            elif way.down_known == 0 or _leaves(w, way.down, turn.lane):
                way.down = turn.lane
                way.down_round_trip_s = turn.round_trip_s
        elif way.up_known == 0 or _leaves(w, way.up, turn.lane):
            way.up = turn.lane
            way.up_round_trip_s = turn.round_trip_s
    w.g.rerouted_used = 0


def _leaves(w: Any, was: int, lane: int) -> bool:
    """Whether a direction that was asked for changes its lane."""
    number_lane(w, lane)
    if lane == was:
        return False
    w.lanes[was].abandoned = 1
    return True
