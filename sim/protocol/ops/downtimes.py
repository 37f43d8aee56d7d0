"""Downtimes of lanes: when their links carried nothing, and when a registry at one of their ends was down.

A link that is down, or of whose capacity nothing is left, carries nothing; so does a registry's disk while the registry
is down, which resets its connections. Senders look back: what happened on a lane while they waited.
"""

from __future__ import annotations

from typing import Any

from sim.protocol.codes import NEVER


def lane_is_down(w: Any, lane: int, at_s: float, spared: int) -> bool:
    """Whether a lane's links carried nothing at that time, past or present.

    The access links of machine `spared` (-1: none) are passed over.
    """
    return _first_downtime(w, lane, at_s, at_s, 0, spared) < NEVER


def first_downtime_s(w: Any, lane: int, from_s: float, until_s: float) -> float:
    """When a lane's links first carried nothing in that time, its ends included; NEVER if they always did."""
    return _first_downtime(w, lane, from_s, until_s, 0, -1)


def was_reset(w: Any, lane: int, from_s: float, until_s: float) -> bool:
    """Whether a registry at one of a lane's ends was down in that time, which resets its connections."""
    return _first_downtime(w, lane, from_s, until_s, 1, -1) < NEVER


def _first_downtime(w: Any, lane: int, from_s: float, until_s: float, disks: int, spared: int) -> float:
    """When a lane's links, or the disks at its ends, first carried nothing in that time; NEVER if they always did."""
    row = w.lanes[lane]
    found_s = NEVER
    for h in range(row.first_link, row.end_link):
        link = w.lane_links[h]
        fault = w.link_faults[link]
        downtime = fault.last_downtime
        if downtime < 0 or fault.is_disk != disks:
            continue
        if spared >= 0 and (link == w.machines[spared].access_up or link == w.machines[spared].access_down):
            continue
        while downtime >= 0:
            past = w.downtimes[downtime]
            if past.until_s <= from_s:
                break
            if past.from_s <= until_s:
                found_s = min(found_s, max(past.from_s, from_s))
            downtime = past.before
    return found_s
