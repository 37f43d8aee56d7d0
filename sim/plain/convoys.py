"""Flights that share their lane with each other alone, as `world/convoy` has them.

Text to be compiled (see `records`).
"""

from __future__ import annotations

from typing import Any

from sim.plain.lanes import hand_over, leave, note
from sim.plain.records import CONVOY_DUE, Tables
from sim.swarm.events import schedule


def found(t: Tables, lane: int) -> None:
    """A lane has a convoy from now on, the last of all."""
    board, at = t.board[0], t.lanes[lane]
    at.served_f, at.since_s, at.earlier, at.later = 0.0, board.now_s, board.last_convoy, -1
    if board.last_convoy >= 0:
        t.lanes[board.last_convoy].later = lane
    else:
        board.first_convoy = lane
    board.last_convoy = lane


def _dissolve(t: Tables, lane: int) -> None:
    board, at = t.board[0], t.lanes[lane]
    if at.earlier >= 0:
        t.lanes[at.earlier].later = at.later
    else:
        board.first_convoy = at.later
    if at.later >= 0:
        t.lanes[at.later].earlier = at.earlier
    else:
        board.last_convoy = at.earlier
    at.members = -1
    at.life += 1


def disband(t: Tables, lane: int) -> None:
    """The flows of a convoy go on in the engine."""
    _advance(t, lane)
    at = t.lanes[lane]
    f = at.members
    while f >= 0:
        following = t.flows[f].next
        hand_over(t, f, _to_go(t, f, at.served_f))
        f = following
    _dissolve(t, lane)


def join(t: Tables, lane: int, f: int, left_bytes: float) -> None:
    """One more flies along from now on; members are a list in the order in which they end."""
    _advance(t, lane)
    at, flow = t.lanes[lane], t.flows[f]
    flow.left_f, flow.mark_f, flow.booked = left_bytes, at.served_f + left_bytes, 0
    before, other = -1, at.members
    while other >= 0 and _is_first(t.flows[other], flow):
        before, other = other, t.flows[other].next
    flow.next = other
    if before >= 0:
        t.flows[before].next = f
    else:
        at.members = f
    _arm(t, lane)


def _is_first(flow: Any, other: Any) -> bool:
    """Whether of two in a convoy it ends first, or was sent first if they end together."""
    if flow.mark_f != other.mark_f:
        return bool(flow.mark_f < other.mark_f)
    return bool(flow.number < other.number)


def _to_go(t: Tables, f: int, served_bytes: float) -> float:
    flow = t.flows[f]
    return float(min(max(flow.mark_f - served_bytes, 0.0), flow.left_f))


def _count(t: Tables, lane: int) -> int:
    count, f = 0, t.lanes[lane].members
    while f >= 0:
        count += 1
        f = t.flows[f].next
    return count


def _advance(t: Tables, lane: int) -> None:
    """Let time go by until now, in which nobody has ended."""
    at, now = t.lanes[lane], t.board[0].now_s
    lasted_s, count = now - at.since_s, _count(t, lane)
    if count and lasted_s > 0:
        _book(t, lane, at.served_f + at.rate_Bps / count * lasted_s)
    at.since_s = now


def _book(t: Tables, lane: int, served_bytes: float) -> None:
    """Everybody's part of what the lane has carried since it was last booked."""
    at, now = t.lanes[lane], t.board[0].now_s
    lasted_s, count = now - at.since_s, 0
    f = at.members
    while f >= 0:
        flow = t.flows[f]
        by_now = int(flow.left_f) - int(_to_go(t, f, served_bytes))
        note(t, lane, at.since_s, by_now - flow.booked)
        flow.booked = by_now
        flow.held_s += lasted_s
        count += 1
        f = flow.next
    t.held_s[0, at.limit] += lasted_s
    t.held_s[1, at.limit] += lasted_s * (count - 1)
    at.served_f, at.since_s = served_bytes, now


def _arm(t: Tables, lane: int) -> None:
    """Wake when the first of a convoy ends; what was settled for another time is void."""
    at = t.lanes[lane]
    at.life += 1
    left_bytes = t.flows[at.members].mark_f - at.served_f
    schedule(t, at.since_s + left_bytes * _count(t, lane) / at.rate_Bps, CONVOY_DUE, lane, at.life)


def convoy_due(t: Tables, lane: int) -> int:
    """The first of a convoy have ended, all with the least mark: how many, listed in `meeting`."""
    at = t.lanes[lane]
    least = t.flows[at.members].mark_f
    _book(t, lane, least)
    ended = 0
    while at.members >= 0 and t.flows[at.members].mark_f == least:
        t.meeting[ended].flow = at.members
        at.members = t.flows[at.members].next
        ended += 1
    if at.members >= 0:
        _arm(t, lane)
    for _ in range(ended):
        leave(t, lane)
    if at.members < 0:
        _dissolve(t, lane)
    return ended
