"""Who flies on which lane of a plain world, and what room that leaves on links, as `world/sharing` has it.

Text to be compiled (see `records`).
"""

from __future__ import annotations

from sim.plain.records import Tables

NEVER = 1e300
"""A cap above it is none."""


def free(t: Tables, f: int) -> None:
    """The row of a flow that has ended may be used again."""
    flow = t.flows[f]
    flow.life += 1
    flow.next = t.board[0].free_flow
    t.board[0].free_flow = f


def leave(t: Tables, lane: int) -> None:
    """One less flies on a lane."""
    at = t.lanes[lane]
    at.flying -= 1
    if at.flying == 0 or at.cap_Bps <= NEVER:
        for h in range(at.first, at.end):
            t.links[t.hops[h]].left += at.bound


def take(t: Tables, lane: int) -> bool:
    at = t.lanes[lane]
    fits = True
    for h in range(at.first, at.end):
        link = t.links[t.hops[h]]
        link.left -= at.bound
        if link.left < 0:
            fits = False
    return fits


def enlist(t: Tables, f: int) -> None:
    """Of those that fly alone it is the last."""
    board, flow = t.board[0], t.flows[f]
    flow.before, flow.next = board.last_alone, -1
    if board.last_alone >= 0:
        t.flows[board.last_alone].next = f
    else:
        board.first_alone = f
    board.last_alone = f


def delist(t: Tables, f: int) -> None:
    board, flow = t.board[0], t.flows[f]
    if flow.before >= 0:
        t.flows[flow.before].next = flow.next
    else:
        board.first_alone = flow.next
    if flow.next >= 0:
        t.flows[flow.next].before = flow.before
    else:
        board.last_alone = flow.before


def _left_bytes(t: Tables, f: int) -> float:
    """What a flow that flies alone still has to send."""
    flow = t.flows[f]
    left_bytes: float = max(flow.size_f - t.lanes[flow.lane].rate_Bps * (t.board[0].now_s - flow.started_s), 0.0)
    return left_bytes


def set_out(t: Tables, f: int) -> None:
    """A flow that has flown alone does so no longer: what it carried until now is a part of its own."""
    board, flow = t.board[0], t.flows[f]
    at = t.lanes[flow.lane]
    left_bytes = _left_bytes(t, f)
    delist(t, f)
    at.alone = -1
    flow.life += 1  # its place among the events is void
    lasted_s = board.now_s - flow.started_s
    flow.shared, flow.held_s, flow.left_f = 1, lasted_s, left_bytes
    t.held_s[0, at.limit] += lasted_s
    note(t, flow.lane, flow.started_s, int(flow.size_f) - int(left_bytes))


def note(t: Tables, lane: int, started_s: float, carried: int) -> None:
    board = t.board[0]
    part = t.partings[board.partings]
    part.lane, part.started_s, part.ended_s, part.carried = lane, started_s, board.now_s, carried
    board.partings += 1


def hand_over(t: Tables, f: int, left_bytes: float) -> None:
    """List a flow for the engine."""
    board, flow = t.board[0], t.flows[f]
    flow.left_f = left_bytes
    t.meeting[board.meeting].flow = f
    board.meeting += 1
