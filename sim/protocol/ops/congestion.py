"""Flights with windows, where `[tcp] shares` says so: how large each one's share of a link is, round by round.

A flight is in the max-min solver as any that shares, in a class of its own. The class is capped by what its window
sends in a round trip, and weighs as much as its window, over the round trip with half of a full queue: so connections
share a full link as their windows are. Each round is an event (ROUND_DUE), at which the window changes by the formulas
of `sim.network.tcp.windows`. A round lasts what the window's bytes take at the rate that the flight has as it begins.

What links know is sums over the flights that cross them. A window that grows while a queue is fuller than it can be
loses packets, and so does every other one that grows within the round trip after that, until the first has fallen back.

After an outage that a retransmission time-out ends, a window begins with one segment and doubles up to 0.7 of what it
was (RFC 5681, 3.1; RFC 9438, 4.8); one that is rerouted goes on as it is.

Left out: BBR, whose flows share evenly (`flows`), bytes sent twice, and queues at disks.
"""

from __future__ import annotations

import math
from typing import Any

from sim.network.fairshare.kernel import rate, reshape
from sim.network.tcp.transport import CUBIC_BETA, MSS_BYTES
from sim.network.tcp.windows import (
    CONGESTION_AVOIDANCE,
    SLOW_START,
    after_loss,
    after_round,
    after_slow_start,
    burst_delay_s,
    burst_left,
)
from sim.protocol.codes import INF, ROUND_DUE
from sim.protocol.ops.fair_sharing import add_lane_class, arm_fair, share_in_class
from sim.protocol.ops.flow_monitor import advance_monitor, begin_held_back
from sim.protocol.ops.flows import break_off, new_flight, share_overfilled
from sim.protocol.ops.lanes import mark_overfilled, reserve
from sim.protocol.ops.window_sums import count_window, queue_s, standing_queue_s, weight_of
from sim.records.queue import push_event


def send_by_window(
    w: Any, lane: int, size_bytes: float, p: int, round_trip_s: float, window: float, growth: int, threshold: float
) -> int:
    """Start a flight now that has a window, which grows so; task `p` is ready when its last byte has left, or when it
    breaks off.

    Where slow start follows a time-out it ends at a `threshold`. Over a link that is down the flight breaks off at
    once: then it has `ended` already, and no task is made ready.
    """
    f = new_flight(w, lane, size_bytes, p)
    flight, row = w.flights[f], w.lanes[lane]
    flight.last_window, flight.growth = window, growth
    if row.rate_Bps == 0.0:
        break_off(w, f, 0)
        return f
    row.flights += 1
    if not reserve(w, lane, row.bound):
        # Flights without a round trip have no window, and may have had these links to themselves.
        w.g.stamp += 1
        mark_overfilled(w, lane, w.g.stamp)
        share_overfilled(w)
    begin_held_back(w, f)
    flight.window, flight.threshold, flight.trip_s = window, threshold, round_trip_s
    flight.w_max = flight.w_est = flight.lost_s = flight.grew = 0.0
    flight.overflows = 0
    flight.least_delay_s = INF
    _get_in_line(w, f)
    slot = w.held_back[flight.first_held_back]
    if slot.own_class < 0:
        slot.own_class = add_lane_class(w, lane)
    k = w.classes[slot.own_class]
    k.cap, k.weight = _cap_Bps(w, f), weight_of(w, f)
    _check_burst(w, f, _longest_queue_s(w, f), window if growth == SLOW_START else 0.0)
    count_window(w, f, 1.0)
    share_in_class(w, f, slot.own_class, size_bytes)
    arm_fair(w)
    _await_round(w, f)
    return f


def round_due(w: Any, f: int, generation: int) -> None:
    """A window has been delivered, and changes."""
    flight = w.flights[f]
    if flight.generation != generation:
        return
    w.g.now_s = w.g.event_s
    overflows = flight.overflows
    window, growth = _grown(w, f)
    if 0.0 < flight.threshold <= window and growth == SLOW_START:
        # From here on as CUBIC comes back after a loss (RFC 9438, 4.8).
        flight.w_max, flight.lost_s = flight.threshold / CUBIC_BETA, w.g.now_s
        window = flight.w_est = flight.threshold
        growth = CONGESTION_AVOIDANCE
    _resize_window(w, f, window, growth)
    if overflows or _loses(w, f):
        window, flight.w_max = after_loss(flight.window, flight.w_max)
        flight.w_est, flight.lost_s = window, w.g.now_s
        _resize_window(w, f, window, CONGESTION_AVOIDANCE)
        flight.grew = 0.0
        flight.overflows = 0
    advance_monitor(w, w.g.now_s)
    reshape(w, w.g.now_s, w.flows[flight.flow].owner, weight_of(w, f), _cap_Bps(w, f))
    arm_fair(w)
    _await_round(w, f)


def _resize_window(w: Any, f: int, window: float, growth: int) -> None:
    """A flight's window changes."""
    flight = w.flights[f]
    count_window(w, f, -1.0)
    flight.grew = window - flight.window
    flight.window, flight.growth = window, growth
    count_window(w, f, 1.0)


def _get_in_line(w: Any, f: int) -> None:
    """Whose bursts are ahead of a flight's: those that began less than half a round trip before it, on the link where
    they leave most behind. Of two that begin at one instant on a lane either may be first.
    """
    g, flight = w.g, w.flights[f]
    row = w.lanes[flight.lane]
    flight.ahead_s = flight.ahead_left = flight.ahead_lag_s = 0.0
    flight.burst_link = -1
    most_s, burst_Bps = 0.0, 2 * row.narrowest_Bps
    for h in range(row.first_link, row.end_link):
        link = w.lane_links[h]
        use, capacity_Bps = w.link_uses[link], w.links[link].capacity
        if use.windows == 0 or g.now_s - use.group_began_s > flight.trip_s / 2:
            use.group, use.group_began_s, use.group_steady_Bps = 0, g.now_s, 0.0
        ahead_s, left = use.group * MSS_BYTES / capacity_Bps, burst_left(capacity_Bps, burst_Bps)
        if use.queue_s < INF and ahead_s * left > flight.ahead_s * flight.ahead_left:
            flight.ahead_s, flight.ahead_left = ahead_s, left
            flight.ahead_lag_s = g.now_s - use.group_began_s
        if use.queue_s < INF and left / capacity_Bps > most_s:
            most_s = left / capacity_Bps
            flight.burst_link, flight.burst_Bps = link, burst_Bps
        use.group += 1
        burst_Bps = min(burst_Bps, capacity_Bps)
    last = row.last_flight
    together = last >= 0 and w.flights[last].lane == flight.lane and w.flights[last].started_s == g.now_s
    if together and _draw(w) < 0.5:
        other = w.flights[last]
        flight.ahead_s, other.ahead_s = other.ahead_s, flight.ahead_s
        flight.ahead_left, other.ahead_left = other.ahead_left, flight.ahead_left
        flight.ahead_lag_s, other.ahead_lag_s = other.ahead_lag_s, flight.ahead_lag_s
    row.last_flight = f


def _grown(w: Any, f: int) -> tuple[float, int]:
    """The window after a round in which nothing was lost, and how it grows from there."""
    flight = w.flights[f]
    row = w.lanes[flight.lane]
    if flight.growth == SLOW_START and flight.overflows:
        # Of its burst so much got through before the queue was full, half of it on and half into the queue.
        more, burst_s = flight.window, _burst_s(w, f)
        if burst_s > 0.0:
            more = min(more, 2 * max(w.g.queue_s - _ahead_s(w, f, flight.window), 0.0) / burst_s)
        return flight.window + more, SLOW_START
    if flight.growth == SLOW_START:
        standing_s = _longest_queue_s(w, f)
        flight.least_delay_s = min(flight.least_delay_s, standing_s)
        delay_s = max(_ahead_s(w, f, flight.window), standing_s) - flight.least_delay_s
        window, growth = after_slow_start(flight.window, row.narrowest_Bps, flight.trip_s, delay_s)
        # Each segment more than was acknowledged waits, and what the queue has no room for is lost; acknowledgements
        # come for two at a time, and release four.
        _check_burst(w, f, max(_ahead_s(w, f, window), standing_s), window - flight.window + 2)
        return window, growth
    since_s = w.g.now_s - flight.lost_s
    window, w_est = after_round(flight.growth, flight.window, flight.trip_s, flight.w_max, flight.w_est, since_s)
    flight.w_est = w_est
    # No more than the receive window is ever under way.
    return min(window, max(row.own_cap_Bps * (flight.trip_s + w.g.queue_s) / MSS_BYTES, flight.window)), flight.growth


def _ahead_s(w: Any, f: int, window: float) -> float:
    """How long others' bursts of a window each hold a flight's up."""
    flight = w.flights[f]
    return burst_delay_s(window, flight.ahead_s, flight.ahead_left, flight.ahead_lag_s)


def _burst_s(w: Any, f: int) -> float:
    """How long the queue gets for each segment that comes before its time.

    A link has for a burst what others leave who send steadily; those that began together with it send before or after.
    """
    flight = w.flights[f]
    if flight.burst_link < 0:
        return 0.0
    capacity_Bps, use = w.links[flight.burst_link].capacity, w.link_uses[flight.burst_link]
    steady_Bps = use.steady_Bps
    if flight.started_s >= use.group_began_s:
        steady_Bps -= use.group_steady_Bps
    free_Bps = min(max(capacity_Bps - steady_Bps, 0.0), capacity_Bps)
    return float(2 * burst_left(free_Bps, flight.burst_Bps) * MSS_BYTES / capacity_Bps)


def _check_burst(w: Any, f: int, before_s: float, segments: float) -> None:
    """Whether so many segments that come before their time find room in a queue that is so long already."""
    g, flight = w.g, w.flights[f]
    beyond_s = before_s + _burst_s(w, f) * segments - g.queue_s
    if beyond_s <= 0.0 or flight.burst_link < 0:
        return
    flight.overflows = 1
    use = w.link_uses[flight.burst_link]
    if use.full_until_s <= g.now_s and use.windows > 0:
        use.full_since_s, use.full_until_s, use.full_of_burst = g.now_s, g.now_s + flight.trip_s + g.queue_s, 1
        use.full_losses = beyond_s * w.links[flight.burst_link].capacity / MSS_BYTES / use.windows_bytes


def _loses(w: Any, f: int) -> bool:
    """Whether it loses packets in a queue on its way that is full, or was within the last round trip; not twice in one.

    What windows have grown by in a round is lost there, and each connection has a part in that as its window is large.
    """
    g, flight = w.g, w.flights[f]
    row = w.lanes[flight.lane]
    lasts_s = flight.trip_s + g.queue_s
    if flight.growth == CONGESTION_AVOIDANCE and flight.lost_s + lasts_s >= g.now_s:
        return False
    expected = 0.0
    for h in range(row.first_link, row.end_link):
        use = w.link_uses[w.lane_links[h]]
        if queue_s(w, w.lane_links[h]) > use.queue_s and use.full_until_s <= g.now_s:
            use.full_since_s, use.full_until_s, use.full_of_burst = g.now_s, g.now_s + lasts_s, 0
            use.full_losses = use.grown / use.windows_bytes
        meets = use.full_until_s > g.now_s and flight.started_s < use.full_since_s
        if meets and (use.full_of_burst == 0 or flight.growth != SLOW_START):
            expected = max(expected, use.full_losses * flight.window * MSS_BYTES)
    return expected > 0.0 and _draw(w) >= math.exp(-expected)


def _draw(w: Any) -> float:
    """A pseudo-random number from 0 to 1 (the generator of ISO C's example)."""
    g = w.g
    g.window_random = (g.window_random * 1103515245 + 12345) % 2147483648
    return float((g.window_random >> 16) / 32768)


def _longest_queue_s(w: Any, f: int) -> float:
    """The longest wait in a queue on a flight's way."""
    row = w.lanes[w.flights[f].lane]
    longest_s = 0.0
    for h in range(row.first_link, row.end_link):
        if w.link_uses[w.lane_links[h]].queue_s < INF:
            longest_s = max(longest_s, standing_queue_s(w, w.lane_links[h]))
    return longest_s


def _cap_Bps(w: Any, f: int) -> float:
    """What a window sends in a round trip without a queue."""
    flight = w.flights[f]
    return float(min(flight.window * MSS_BYTES / flight.trip_s, w.lanes[flight.lane].own_cap_Bps))


def _await_round(w: Any, f: int) -> None:
    """Have an event when the window has been delivered."""
    flight = w.flights[f]
    rate_Bps = rate(w, w.flows[flight.flow].owner)
    lasts_s = flight.window * MSS_BYTES / rate_Bps if rate_Bps > 0.0 else flight.trip_s
    push_event(w, w.g.now_s + max(lasts_s, flight.trip_s), ROUND_DUE, f, flight.generation)
