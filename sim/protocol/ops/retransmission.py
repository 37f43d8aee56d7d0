"""Connections that meet an outage: they outlast it, as TCP does, or are given up.

A link that is down carries nothing, and nobody tells those whose packets it loses. What is sent meanwhile is sent again
ever more seldom, and a connection goes on with the first try after the outage (RFC 6298, 5; `network/retransmission`
has the times, and how the window comes back). So it is for a body of bytes (`ops/transfers`), a request, an answer and
the opening of a connection, wherever the outage meets them. What is on its way when a link goes down arrives. A
connection ends when the sender's kernel gives up (after 924.6 s in use, 127 s while it is being opened) or the client
does (`registry/clients`), and when a registry at one of its ends goes down, which resets it. Only then does the client
try again, over a new connection (`ops/request_retries`, `ops/retries`).

Each function here is called again after it has said WAIT, until it says GO or why it failed; how far it is stands in
its task (`delivery`, `opening`). It is up to the op to go back to its own cell.
"""

from __future__ import annotations

from typing import Any, Final

from sim.network.tcp.retransmission import SYN_TIMEOUT_S, next_timeout_s, timeout_s
from sim.protocol.codes import CONNECTION_TIMED_OUT, GO, REGISTRY_DOWN, WAIT
from sim.protocol.ops.blobs import DOWN
from sim.protocol.ops.downtimes import lane_is_down, was_reset
from sim.protocol.ops.lanes import UP
from sim.protocol.ops.ways import down_lane, up_lane
from sim.protocol.tasks import add_waiting

NOTHING_SPARED: Final = -1

# How far a crossing is, by `task.delivery`; 0: it has not begun.
_DEPARTS: Final = 1  # waits for the world
_RETRIES: Final = 2  # waits for its next try
# The same of an opening.
_SYN_ARRIVES: Final = 1
_SHAKES_HANDS: Final = 2


def lane_towards(w: Any, way: int, direction: int) -> int:
    """The lane of a way for what goes up, or down."""
    return up_lane(w, way) if direction == UP else down_lane(w, way)


def round_trip_towards_s(w: Any, way: int, direction: int) -> float:
    """The round trip that a sender up, or down, a way sees."""
    return float(w.ways[way].up_round_trip_s if direction == UP else w.ways[way].down_round_trip_s)


def deliver(w: Any, p: int, direction: int, limit_s: float, spared: int) -> int:
    """Wait until a request or an answer that leaves now gets through, no longer than `limit_s`.

    The links that join machine `spared` to its place don't matter.
    """
    task = w.tasks[p]
    if task.delivery == 0:
        lane = lane_towards(w, task.way, direction)
        if _gets_through(w, p, lane, spared):
            return GO
        wait_s = timeout_s(round_trip_towards_s(w, task.way, direction))
        _begin_delivery(w, p, wait_s, wait_s, min(w.g.tries_for_s, limit_s))
        return WAIT
    return _deliver_on(w, p, direction, spared)


def open_connection(w: Any, p: int, to_platform: int) -> int:
    """Open a connection over a task's way.

    A failure if the registry there is down, or it takes longer than kernel or client bear.
    The platform of a registry's machine is reached whatever becomes of the registry and of the machine's own link.
    """
    task = w.tasks[p]
    timeline, way = w.timelines[task.timeline], w.ways[task.way]
    profile, registry = w.profiles[task.profile], w.registries[task.registry]
    spared = task.registry if to_platform else NOTHING_SPARED
    if task.opening == 0:
        said = _deliver_syn(w, p, min(w.g.opens_for_s, profile.dial_s), spared)
        if said != GO:
            return said
        task.syn_sent_s, task.trip_s = timeline.now_s, way.up_round_trip_s
        if to_platform == 0:
            timeline.now_s += task.trip_s / 2
            task.opening = _SYN_ARRIVES
            return WAIT
    if task.opening == _SYN_ARRIVES and hears_reset(w, p):
        task.opening = 0
        return REGISTRY_DOWN
    if task.opening != _SHAKES_HANDS:
        task.opening = 0
        timeline.now_s = task.syn_sent_s + (task.trip_s if registry.tls else way.open_s)
        if registry.tls == 0:
            return GO
        task.opening = _SHAKES_HANDS
    said = deliver(w, p, UP, profile.handshake_s, spared)
    if said == WAIT:
        return WAIT
    task.opening = 0
    if said == GO:
        timeline.now_s += way.open_s - task.trip_s
    return said


def hears_reset(w: Any, p: int) -> bool:
    """Whether either end is down as what got through arrives; then that is heard."""
    task = w.tasks[p]
    timeline = w.timelines[task.timeline]
    if was_reset(w, up_lane(w, task.way), timeline.now_s, timeline.now_s):
        timeline.now_s += w.ways[task.way].back_s
        return True
    return False


def answer_with_retransmission(w: Any, p: int) -> int:
    """The answer to the last request comes back."""
    task = w.tasks[p]
    said = answer_gets_through(w, p)
    if said == WAIT:
        task.pc -= 1
    return said


def answer_gets_through(w: Any, p: int) -> int:
    """The same, of an op that has more to do."""
    task = w.tasks[p]
    said = deliver(w, p, DOWN, w.profiles[task.profile].quiet_s, NOTHING_SPARED)
    if said == GO:
        w.timelines[task.timeline].now_s += w.ways[task.way].back_s
    return said


def _deliver_syn(w: Any, p: int, limit_s: float, spared: int) -> int:
    """The first packet of a connection gets through."""
    task = w.tasks[p]
    if task.delivery == 0:
        if _gets_through(w, p, up_lane(w, task.way), spared):
            return GO
        _begin_delivery(w, p, SYN_TIMEOUT_S, 2 * SYN_TIMEOUT_S, limit_s)
        return WAIT
    return _deliver_on(w, p, UP, spared)


def _gets_through(w: Any, p: int, lane: int, spared: int) -> bool:
    """Whether what leaves now surely does, though the world may have yet to come so far."""
    task, g = w.tasks[p], w.g
    return w.timelines[task.timeline].now_s < g.next_change_s and not lane_is_down(w, lane, g.now_s, spared)


def _begin_delivery(w: Any, p: int, try_s: float, wait_s: float, limit_s: float) -> None:
    """It is yet to be seen whether what leaves gets through; when it is sent again if not."""
    task = w.tasks[p]
    task.try_s, task.timeout_s, task.limit_s = try_s, wait_s, limit_s
    task.delivery = _DEPARTS


def _deliver_on(w: Any, p: int, direction: int, spared: int) -> int:
    """The world has come to where it leaves, or to its next try."""
    task = w.tasks[p]
    timeline = w.timelines[task.timeline]
    if task.delivery == _DEPARTS:
        if not lane_is_down(w, lane_towards(w, task.way, direction), timeline.now_s, spared):
            task.delivery = 0
            return GO
        begin_retransmission(w, p, timeline.now_s, task.try_s, task.timeout_s, task.limit_s)
    said = retransmit(w, p, direction, spared)
    if said == GO:
        add_waiting(w, task.timeline, timeline.now_s - task.lost_since_s)
    return said


def begin_retransmission(w: Any, p: int, lost_since_s: float, try_s: float, wait_s: float, limit_s: float) -> None:
    """What is lost from `lost_since_s` on is sent again `try_s` later, then after doubling time-outs, for `limit_s`."""
    task = w.tasks[p]
    task.lost_since_s, task.try_s, task.timeout_s, task.limit_s = lost_since_s, try_s, wait_s, limit_s
    task.delivery = _DEPARTS


def retransmit(w: Any, p: int, direction: int, spared: int) -> int:
    """Go on from the first try that gets through, which may be past; a failure if none does in time."""
    task = w.tasks[p]
    timeline, now_s = w.timelines[task.timeline], w.g.now_s
    while True:
        if task.delivery == _DEPARTS:
            timeline.now_s = task.lost_since_s + min(task.try_s, task.limit_s)
            task.delivery = _RETRIES
            if timeline.now_s > now_s:
                return WAIT
        if task.try_s >= task.limit_s:
            task.delivery = 0
            timeline.now_s = max(timeline.now_s, now_s)
            return CONNECTION_TIMED_OUT
        if not lane_is_down(w, lane_towards(w, task.way, direction), timeline.now_s, spared):
            task.delivery = 0
            return GO
        task.try_s += task.timeout_s
        task.timeout_s = next_timeout_s(task.timeout_s)
        task.delivery = _DEPARTS
