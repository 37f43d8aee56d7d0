"""The flow monitor: what links carried minute by minute, for how long they were full, and what held each flight back.

Flights in the max-min solver are counted in whole bytes as they end and as each bin of a minute closes, so that bins
add up exactly to what was carried. A flight that shares has a row in `held_back` for its own cap and one for each link
of its route: the seconds for which that held it back (`held_s`), and its rank among the first times that anything did
(0 while it has not): of two that held it back equally long the earlier one counts. What the solver adds is kept apart
(`seen_s`) and added when the flight has ended. In `w.held_s` and `w.alone_s`, (n_links + 1,), the last row is for caps.

Flights that share no link, or only their lane, leave rows of `segments`: a part of a flight in which its rate was one.
`sim.engines.usage` puts all of it together.
"""

from __future__ import annotations

from typing import Any, Final

from sim.network.fairshare.kernel import progress
from sim.network.fairshare.state import DETACHED
from sim.protocol.codes import OWN_CAP, UNBOUND

BIN_SECONDS: Final = 60.0
"""The width of a bin: a link's peak is its busiest minute."""
SPARE: Final = 16
"""Flights and lanes that a task may begin with while it goes on, at most."""


def advance_monitor(w: Any, now_s: float) -> None:
    """Close the bins that end by now, and count; to be called before anything changes in the solver."""
    g = w.g
    g.solver_calls += 1
    if g.sharing == 0 and now_s >= (g.bins_closed + 2) * BIN_SECONDS:
        # Nobody sends: what is open is closed, and the minutes until then, be they those of years, have nothing.
        close_bins(w)
        g.bins_closed = int(now_s / BIN_SECONDS) - 1
    while now_s >= (g.bins_closed + 1) * BIN_SECONDS:
        edge_s = (g.bins_closed + 1) * BIN_SECONDS
        if g.sharing:
            for flow in range(g.flows_used):
                row = w.flows[flow]
                if row.token >= 0:
                    _, left_bytes = progress(w, edge_s, flow)
                    _count_shared(w, row.token, int(row.asked - left_bytes))
        close_bins(w)
        g.bins_closed += 1
    g.monitored_s = now_s


def close_bins(w: Any) -> None:
    """A row for each link that carried something in the open bin; once more at the end of a run."""
    g = w.g
    link = g.first_open
    while link >= 0:
        use = w.link_uses[link]
        if use.open_bytes:
            row = w.bins[g.bins_used]
            row.number, row.link, row.carried_bytes = g.bins_closed, link, use.open_bytes
            g.bins_used += 1
        use.open_bytes = use.opened = 0
        link = use.next_open
    g.first_open = -1


def flow_rows_are_low(w: Any, now_s: float) -> bool:
    """Whether a table of flows may run full while the next `tasks_per_growth` tasks and events go on.

    Each may have all flights share, or stop doing so: a segment and a class for each. After a quiet time many bins
    close at once; `growth_due_s` says until when there are rows for these. Bins that close while no flight is in the
    solver have no rows. If rows are short the globals say how many each such table should have (`*_wanted`).
    """
    g, links = w.g, len(w.links)
    each = 2 * g.flights_used + SPARE
    more = g.tasks_per_growth * each
    last = int(now_s / BIN_SECONDS)
    closing = last + 1 - g.bins_closed if g.sharing else 1
    segments, bins = g.segments_used + more, g.bins_used + (closing + 1) * links
    # A lane has a class with its cap and one without, once and for all.
    new = max(0, min(more, 2 * (g.lane_numbers + g.tasks_per_growth * SPARE) - g.classes_used))
    if g.windows:  # each flight has one of its own
        new = g.tasks_per_growth * SPARE
    flows, classes, nodes = g.flights_used + g.tasks_per_growth * SPARE, g.classes_used + new, g.nodes_used + new
    hops = g.hops_used + new * (g.longest_lane + 1) + SPARE * SPARE
    if (
        segments <= len(w.segments)
        and bins <= len(w.bins)
        and flows <= len(w.flows)
        and classes <= len(w.classes)
        and nodes <= len(w.nodes)
        and hops <= len(w.hops)
    ):
        spare = (len(w.bins) - g.bins_used) // max(links, 1)
        if g.sharing:
            g.growth_due_s = BIN_SECONDS * float(g.bins_closed + spare)
        else:
            g.growth_due_s = BIN_SECONDS * float(last + spare)
        return False
    g.segments_wanted, g.bins_wanted, g.flows_wanted = segments, bins + 16 * links, flows
    g.classes_wanted, g.nodes_wanted, g.hops_wanted = classes, nodes, hops
    return True


def _count_shared(w: Any, f: int, bytes_by_now: int) -> None:
    """A flight in the solver has got so much through since it is there."""
    g, flight = w.g, w.flights[f]
    more = bytes_by_now - flight.counted_bytes
    flight.counted_bytes = bytes_by_now
    lane = w.lanes[flight.lane]
    for h in range(lane.first_link, lane.end_link):
        link = w.lane_links[h]
        use = w.link_uses[link]
        use.open_bytes += more
        if use.opened == 0:
            use.opened = 1
            use.next_open = g.first_open
            g.first_open = link


def begin_held_back(w: Any, f: int) -> None:
    """Nothing has held a flight back so far."""
    flight = w.flights[f]
    lane = w.lanes[flight.lane]
    for at in range(flight.first_held_back, flight.first_held_back + lane.end_link - lane.first_link + 1):
        row = w.held_back[at]
        row.held_s = row.seen_s = 0.0
        row.rank = row.seen_rank = 0
    flight.held_keys = flight.seen_keys = 0


def add_held_back(w: Any, f: int, limit: int, lasted_s: float) -> None:
    """A link, or its own cap, has held a flight back for so long."""
    flight = w.flights[f]
    at = flight.first_held_back
    if limit != OWN_CAP:
        h = w.lanes[flight.lane].first_link
        at += 1
        while w.lane_links[h] != limit:
            h += 1
            at += 1
    row = w.held_back[at]
    if row.rank == 0:
        flight.held_keys += 1
        row.rank = flight.held_keys
    row.held_s += lasted_s


def place_of_limit(w: Any, limit: int) -> int:
    """Where sums by link have what holds a flight back."""
    return limit if limit != OWN_CAP else len(w.links)


def record_segment(w: Any, lane: int, started_s: float, carried_bytes: int) -> None:
    """A row for a part of a flight that ends now."""
    g = w.g
    row = w.segments[g.segments_used]
    row.lane, row.started_s, row.ended_s, row.carried_bytes = lane, started_s, g.now_s, carried_bytes
    g.segments_used += 1


def end_lone_segment(w: Any, f: int, left_bytes: float, limit: int) -> None:
    """A flight that `limit` held back so far has to share from now on."""
    flight = w.flights[f]
    lasted_s = w.g.now_s - flight.started_s
    begin_held_back(w, f)
    add_held_back(w, f, limit, lasted_s)
    w.alone_s[place_of_limit(w, limit)] += lasted_s
    # The bins count whole bytes of what is left; the others have been carried.
    record_segment(w, flight.lane, flight.started_s, int(flight.size_bytes) - int(left_bytes))


def monitor_started(w: Any, f: int) -> None:
    """A flight has come to the solver."""
    flight = w.flights[f]
    flight.counted_bytes = 0
    _mark_held(w, f, w.flows[flight.flow].owner)


def monitor_moved(w: Any, f: int, old: int) -> None:
    """A flight goes on in another class than `old`."""
    _note_held(w, f, old)
    _mark_held(w, f, w.flows[w.flights[f].flow].owner)


def monitor_ended(w: Any, f: int, c: int, asked_bytes: float, left_bytes: float) -> None:
    """A flight has left the solver, where it was last in class `c`, with so much left of what it had to send there."""
    _count_shared(w, f, int(asked_bytes - left_bytes))
    _note_held(w, f, c)
    flight = w.flights[f]
    lane = w.lanes[flight.lane]
    end = flight.first_held_back + lane.end_link - lane.first_link + 1
    for rank in range(1, flight.seen_keys + 1):
        for at in range(flight.first_held_back, end):
            row = w.held_back[at]
            if row.seen_rank == rank:
                slot = at - flight.first_held_back
                limit = OWN_CAP if slot == 0 else w.lane_links[lane.first_link + slot - 1]
                w.held_s[place_of_limit(w, limit)] += row.seen_s
                add_held_back(w, f, limit, row.seen_s)
    find_bound(w, f)


def find_bound(w: Any, f: int) -> None:
    """A flight that shared has ended: what held it back the longest is known."""
    flight = w.flights[f]
    lane = w.lanes[flight.lane]
    longest = -1
    for at in range(flight.first_held_back, flight.first_held_back + lane.end_link - lane.first_link + 1):
        row = w.held_back[at]
        if row.rank == 0:
            continue
        if longest >= 0:
            best = w.held_back[longest]
            if row.held_s < best.held_s or (row.held_s == best.held_s and row.rank > best.rank):
                continue
        longest = at
    flight.bound_by = OWN_CAP
    flight.bound_s = 0.0
    if longest >= 0:
        flight.bound_s = w.held_back[longest].held_s
        slot = longest - flight.first_held_back
        if slot > 0:
            flight.bound_by = w.lane_links[lane.first_link + slot - 1]


def clear_bound(w: Any, f: int) -> None:
    """A flight that broke off was held back by nothing that counts."""
    w.flights[f].bound_by = UNBOUND
    w.flights[f].bound_s = 0.0


def _class_held_s(w: Any, c: int, slot: int) -> float:
    """How long a class has been held back so far: by its cap (0), or by a link of its route, from 1 on."""
    k = w.classes[c]
    if slot == 0:
        held_s = k.capped_s
        is_now = k.held < 0
    else:
        held_s = w.hops[k.first_hop + slot - 1].held_s
        is_now = k.held == k.first_hop + slot - 1
    if is_now and k.bottleneck != DETACHED:
        held_s += w.g.monitored_s - k.held_since
    return float(held_s)


def _mark_held(w: Any, f: int, c: int) -> None:
    """From here on what holds a class back holds a flight back."""
    flight = w.flights[f]
    lane = w.lanes[flight.lane]
    for slot in range(lane.end_link - lane.first_link + 1):
        w.held_back[flight.first_held_back + slot].mark_s = _class_held_s(w, c, slot)


def _note_held(w: Any, f: int, c: int) -> None:
    """Until here what held a class back held a flight back."""
    flight = w.flights[f]
    lane = w.lanes[flight.lane]
    for slot in range(lane.end_link - lane.first_link + 1):
        row = w.held_back[flight.first_held_back + slot]
        after_s = _class_held_s(w, c, slot)
        if after_s > row.mark_s:
            if row.seen_rank == 0:
                flight.seen_keys += 1
                row.seen_rank = flight.seen_keys
            row.seen_s = row.seen_s + after_s - row.mark_s
