"""Flows of a plain world, as `world/sharing` has them, to the last bit.

Flows that meet flows of other lanes go to the fair-share engine: the text stops for that, and lists them. Text to be
compiled (see `records`).
"""

from __future__ import annotations

from sim.plain.convoys import disband, found, join
from sim.plain.lanes import NEVER, delist, enlist, hand_over, leave, set_out, take
from sim.plain.records import LANDED, Tables
from sim.swarm.events import schedule


def send(t: Tables, body: int, lane: int, size: int) -> bool:
    """A flow begins; whether it meets flows of other lanes, so that the engine has to say when it ends."""
    board, at = t.board[0], t.lanes[lane]
    now = board.now_s
    f = board.free_flow
    flow = t.flows[f]
    board.free_flow = flow.next
    flow.number, flow.lane, flow.body, flow.size_f, flow.started_s = board.flows, lane, body, float(size), now
    flow.shared, flow.held_s, flow.next, flow.before = 0, 0.0, -1, -1
    board.flows += 1
    at.flying += 1
    if at.flying > 1 and at.cap_Bps > NEVER:
        return _meet_on_lane(t, f, lane)
    if not take(t, lane):
        return _meet(t, f, lane)
    enlist(t, f)
    at.alone = f
    schedule(t, now + flow.size_f / at.rate_Bps, LANDED, f, flow.life)
    return False


def land_alone(t: Tables, f: int) -> None:
    """The end of a flow that had its links to itself."""
    lane = t.flows[f].lane
    t.lanes[lane].alone = -1
    leave(t, lane)
    delist(t, f)


def _meet(t: Tables, f: int, lane: int) -> bool:
    """Those on links that are overfilled now, in the order in which they come to share, and `f` last."""
    t.board[0].meeting = 0
    _gather(t, lane)
    t.flows[f].shared = 1
    hand_over(t, f, t.flows[f].size_f)
    return True


def _crosses_overfilled(t: Tables, lane: int, other: int) -> bool:
    """Whether lane `other` crosses a link of `lane` on which flows have to share."""
    for h in range(t.lanes[lane].first, t.lanes[lane].end):
        if t.links[t.hops[h]].left < 0:
            for i in range(t.lanes[other].first, t.lanes[other].end):
                if t.hops[i] == t.hops[h]:
                    return True
    return False


def _gather(t: Tables, lane: int) -> None:
    """Those that fly alone, or in a convoy, over overfilled links of a lane share them from now on."""
    board = t.board[0]
    f = board.first_alone
    while f >= 0:
        following = t.flows[f].next
        if _crosses_overfilled(t, lane, t.flows[f].lane):
            set_out(t, f)
            hand_over(t, f, t.flows[f].left_f)
        f = following
    convoy = board.first_convoy
    while convoy >= 0:
        following = t.lanes[convoy].later
        if _crosses_overfilled(t, lane, convoy):
            disband(t, convoy)
        convoy = following


def _meet_on_lane(t: Tables, f: int, lane: int) -> bool:
    """Share a lane with those that fly there: in a convoy, unless they share with others already."""
    at = t.lanes[lane]
    if at.alone < 0 and at.members < 0:
        return _meet(t, f, lane)
    if at.members < 0:
        found(t, lane)
    first = at.alone
    if first >= 0:
        set_out(t, first)
        join(t, lane, first, t.flows[first].left_f)
    t.flows[f].shared = 1
    join(t, lane, f, t.flows[f].size_f)
    return False
