"""What links know of the windows of the flights that cross them: sums, so that no flight is looked for (`congestion`).

A link that no flight with a window crosses any more has sums of 0 again, so that rounding errors do not add up.
"""

from __future__ import annotations

from typing import Any

from sim.network.tcp.transport import MSS_BYTES
from sim.network.tcp.windows import SLOW_START, queue_delay_s


def count_window(w: Any, f: int, sign: float) -> None:
    """A flight's window counts on its links from now on (1.0), or no longer (-1.0)."""
    flight = w.flights[f]
    row = w.lanes[flight.lane]
    weight = weight_of(w, f)
    for h in range(row.first_link, row.end_link):
        use = w.link_uses[w.lane_links[h]]
        use.windows += 1 if sign > 0.0 else -1
        if use.windows == 0:
            use.windows_bytes = use.bursts_bytes = use.steady_Bps = use.group_steady_Bps = use.grown = 0.0
            use.windows_weight = use.weighed_trips_s = 0.0
        else:
            use.windows_bytes += sign * flight.window * MSS_BYTES
            use.grown += sign * flight.grew
            if flight.growth == SLOW_START:
                use.bursts_bytes += sign * flight.window / 2 * MSS_BYTES
            else:
                steady_Bps = sign * flight.window * MSS_BYTES / flight.trip_s
                use.steady_Bps += steady_Bps
                if flight.started_s >= use.group_began_s:
                    use.group_steady_Bps += steady_Bps
            use.windows_weight += sign * weight
            use.weighed_trips_s += sign * weight * flight.trip_s


def weight_of(w: Any, f: int) -> float:
    """A flight's part of a full link beside others'."""
    flight = w.flights[f]
    return float(flight.window / (flight.trip_s + w.g.queue_s / 2))


def queue_s(w: Any, link: int) -> float:
    """How long packets wait before a link where its queue is longest."""
    use = w.link_uses[link]
    if use.windows == 0:
        return 0.0
    return queue_delay_s(use.windows_bytes, w.links[link].capacity, use.weighed_trips_s / use.windows_weight)


def standing_queue_s(w: Any, link: int) -> float:
    """How long they wait before bursts: what slow start adds in a round is not there yet as the round begins."""
    use = w.link_uses[link]
    if use.windows == 0:
        return 0.0
    bytes_before = use.windows_bytes - use.bursts_bytes
    return queue_delay_s(bytes_before, w.links[link].capacity, use.weighed_trips_s / use.windows_weight)
