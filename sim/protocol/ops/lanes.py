"""Lanes: one-way paths from machine to machine for bodies of bytes, and the residual capacity of their links.

A lane has its links, a cap of its own on each flow (`own_cap_Bps`), and the rate that a flow gets alone (`rate_Bps`, 0
while a link of it is down). What holds such a flow back is link `limit`, or its cap (OWN_CAP). Unimpaired, its
narrowest link would carry `nominal_Bps`. A cap that no flow can reach is none (`cap_Bps` is infinite then), which
leaves the solver with fewer classes.

Residual capacity tells which flights can slow each other down. A flight is never faster than its bound, `rate_Bps`. As
long as the bounds of all flights on a link add up to no more than it carries, that link holds none of them back, and
max-min fairness gives each its bound. Once a link is overfilled its flights have to share. Flights of one lane without
a cap never take more than the lane's bound together. Bounds are whole multiples of 1/1024 byte/s: integers, so that a
link that empties is exactly empty.

Where bodies side by side share one connection (HTTP/2), all flights of a lane are its streams: the cap is that of all
together, so that a lane without a cap of its own and one with are the same to the flights on it.

Left out: delays, which ops add, and why capacities change (`ops/faults`, `ops/link_schedules`).
"""

from __future__ import annotations

from typing import Any, Final

from sim.network.tcp.transport import INITIAL_WINDOW_BYTES, slow_start_s
from sim.protocol.codes import INF, OWN_CAP

UP: Final = 0
"""What the asking machine of a way sends; what it fetches comes down."""
PER_BYTE: Final = 1024.0


def residual_units(rate_Bps: float) -> int:
    """A rate in the units of residual capacity."""
    return round(rate_Bps * PER_BYTE)


def narrow_lane(w: Any, lane: int) -> None:
    """Work out what a lane carries, when it is new or a capacity on its way has changed."""
    row = w.lanes[lane]
    w.g.longest_lane = max(w.g.longest_lane, row.end_link - row.first_link)
    narrowest_Bps = nominal_Bps = INF
    link = OWN_CAP
    for h in range(row.first_link, row.end_link):
        crossed = w.lane_links[h]
        capacity_Bps = w.links[crossed].capacity
        if link == OWN_CAP or capacity_Bps < narrowest_Bps:
            link, narrowest_Bps = crossed, capacity_Bps
        nominal_Bps = min(nominal_Bps, w.nominal_Bps[crossed])
    cap_Bps = row.own_cap_Bps
    row.nominal_Bps = nominal_Bps
    row.narrowest_Bps = narrowest_Bps
    row.limit = OWN_CAP if cap_Bps < narrowest_Bps else link
    row.cap_Bps = INF if cap_Bps >= narrowest_Bps or is_one_connection(w, lane) else cap_Bps
    rate_Bps = min(cap_Bps, narrowest_Bps)
    row.rate_Bps = rate_Bps
    # A link that is down has no residual capacity; a lane of no links and no cap reserves none.
    row.bound = 1 if rate_Bps == 0.0 else 0 if rate_Bps == INF else residual_units(rate_Bps)


def is_one_connection(w: Any, lane: int) -> bool:
    """Whether a lane's flights are streams of one connection, whose cap is that of all together; a node's cores, from
    itself to itself, are none."""
    row = w.lanes[lane]
    return bool(w.g.one_connection and row.source != row.target)


def reservations_of(w: Any, lane: int) -> int:
    """How many times its bound a lane's flights reserve on each of its links."""
    row = w.lanes[lane]
    return int(min(row.flights, 1) if row.cap_Bps == INF else row.flights)


def reserve(w: Any, lane: int, units: int) -> bool:
    """Reserve so much of each link of a lane; whether none of them is overfilled then."""
    row, residual = w.lanes[lane], w.residual
    fits = True
    for h in range(row.first_link, row.end_link):
        link = w.lane_links[h]
        left = residual[link] - units
        residual[link] = left
        if left < 0:
            fits = False
    return fits


def release(w: Any, lane: int, units: int) -> None:
    """Release so much of each link of a lane."""
    row, residual = w.lanes[lane], w.residual
    for h in range(row.first_link, row.end_link):
        residual[w.lane_links[h]] += units


def leave_lane(w: Any, lane: int) -> None:
    """A flight leaves a lane."""
    row = w.lanes[lane]
    row.flights -= 1
    if row.flights == 0 or row.cap_Bps != INF:
        release(w, lane, row.bound)


def crosses_link(w: Any, lane: int, link: int) -> bool:
    """Whether a link is on a lane's route."""
    row, crosses = w.lanes[lane], False
    for h in range(row.first_link, row.end_link):
        if w.lane_links[h] == link:
            crosses = True
    return crosses


def mark_overfilled(w: Any, lane: int, stamp: int) -> None:
    """Mark the links of a lane on which flows have to share."""
    row = w.lanes[lane]
    for h in range(row.first_link, row.end_link):
        link = w.lane_links[h]
        if w.residual[link] < 0:
            w.link_uses[link].overfilled = stamp


def crosses_overfilled(w: Any, lane: int, stamp: int) -> bool:
    """Whether a marked link is on a lane's route."""
    row, crosses = w.lanes[lane], False
    for h in range(row.first_link, row.end_link):
        if w.link_uses[w.lane_links[h]].overfilled == stamp:
            crosses = True
    return crosses


def lane_is_unimpaired(w: Any, lane: int) -> bool:
    """Whether no outage on a lane's way holds it back."""
    row = w.lanes[lane]
    return bool(row.nominal_Bps == row.narrowest_Bps)


def nominal_rate_Bps(w: Any, lane: int) -> float:
    """A lane's rate when idle and unimpaired."""
    row = w.lanes[lane]
    return float(min(row.own_cap_Bps, row.nominal_Bps))


def ramp_s(w: Any, lane: int, way: int, direction: int, size_bytes: float) -> float:
    """How much longer slow start makes so many bytes take than their lane's rate does, which must not be 0.

    They go up or down a way, whose `ramp_*` stretches it: 1 where windows double each round trip, 0 where the network
    has windows of its own.
    """
    return _ramp_at_s(w, way, direction, size_bytes, w.lanes[lane].rate_Bps)


def nominal_ramp_s(w: Any, lane: int, way: int, direction: int, size_bytes: float) -> float:
    """The same when unimpaired."""
    return _ramp_at_s(w, way, direction, size_bytes, nominal_rate_Bps(w, lane))


def _ramp_at_s(w: Any, way: int, direction: int, size_bytes: float, rate_Bps: float) -> float:
    """The same at a rate."""
    row = w.ways[way]
    if direction == UP:
        ramp, round_trip_s = row.ramp_up, row.up_round_trip_s
    else:
        ramp, round_trip_s = row.ramp_down, row.down_round_trip_s
    return float(ramp * slow_start_s(float(size_bytes), rate_Bps, round_trip_s, INITIAL_WINDOW_BYTES))


def beside_idle_s(w: Any, lane: int, size_bytes: float, count: int) -> float:
    """How long a body takes when its links are unimpaired and carry nothing but it and those beside it.

    Of these, `count`, number i starts `beside_later_s[i]` after it (or before, if below 0) with `beside_bytes[i]`; all
    four columns have a row more, for the body itself. All share the narrowest link evenly, each up to the cap, or one
    connection up to the cap of all, until they have ended.
    """
    row = w.lanes[lane]
    if count == 0:
        return size_bytes / nominal_rate_Bps(w, lane)
    cap_Bps, together_Bps = row.own_cap_Bps, row.nominal_Bps
    if is_one_connection(w, lane):
        cap_Bps, together_Bps = INF, nominal_rate_Bps(w, lane)
    if count == 1:
        return _beside_another_s(size_bytes, w.beside_bytes[0], w.beside_later_s[0], cap_Bps, together_Bps)
    w.beside_later_s[count], w.beside_bytes[count] = 0.0, size_bytes
    return _beside_many_s(w, cap_Bps, together_Bps, count)


def _beside_another_s(size: float, other: float, later_s: float, cap_Bps: float, narrowest_Bps: float) -> float:
    """How long a body takes from its start, when one other starts `later_s` after it."""
    alone_Bps, both_Bps = min(cap_Bps, narrowest_Bps), min(cap_Bps, narrowest_Bps / 2)
    if later_s < 0:
        other += later_s * alone_Bps
        if other <= 0:
            return size / alone_Bps
        later_s = 0.0
    left = size - later_s * alone_Bps
    if left <= 0:
        return size / alone_Bps
    if other >= left:
        return later_s + left / both_Bps
    return later_s + other / both_Bps + (left - other) / alone_Bps


def _beside_many_s(w: Any, cap_Bps: float, narrowest_Bps: float, own: int) -> float:
    """When body `own`, the last of those in `beside_*`, has ended, from its start at 0."""
    for body in range(own + 1):
        w.beside_state[body] = 0  # 1 once it is under way, 2 when it has ended
    now_s = w.beside_later_s[_next_beside(w, own)]
    under_way = 0
    while True:
        following = _next_beside(w, own)
        starts_s = w.beside_later_s[following] if following >= 0 else INF
        rate_Bps = 0.0
        least = ends_s = INF
        if under_way:
            rate_Bps = min(cap_Bps, narrowest_Bps / under_way)
            for body in range(own + 1):
                if w.beside_state[body] == 1:
                    least = min(least, w.beside_left_bytes[body])
            ends_s = now_s + least / rate_Bps
        if following >= 0 and starts_s <= ends_s:
            for body in range(own + 1):
                if w.beside_state[body] == 1:
                    w.beside_left_bytes[body] -= rate_Bps * (starts_s - now_s)
            w.beside_left_bytes[following], w.beside_state[following] = w.beside_bytes[following], 1
            under_way += 1
            now_s = starts_s
            continue
        if w.beside_state[own] == 1 and w.beside_left_bytes[own] == least:
            return float(ends_s)
        for body in range(own + 1):
            if w.beside_state[body] == 1:
                if w.beside_left_bytes[body] > least:
                    w.beside_left_bytes[body] -= least
                else:
                    w.beside_state[body] = 2
                    under_way -= 1
        now_s = ends_s


def _next_beside(w: Any, own: int) -> int:
    """Of the bodies that have not started the one that does so next, the smaller of two at once; -1 for none."""
    found = -1
    for body in range(own + 1):
        if w.beside_state[body] == 0 and (
            found < 0
            or w.beside_later_s[body] < w.beside_later_s[found]
            or (w.beside_later_s[body] == w.beside_later_s[found] and w.beside_bytes[body] < w.beside_bytes[found])
        ):
            found = body
    return found
