"""TCP through outages: packets that a link loses while it is down are sent again, until they get through or time is up.

A sender is not told that a link is down. It retransmits after ever longer time-outs, and goes on with the first try
after the outage (RFC 6298, section 5; `sim.network.tcp.retransmission` has the times, and how the window recovers).
This holds for a body of bytes (`ops/transfers`), a request, an answer, and the opening of a connection. What has left
before a link goes down arrives.

A connection ends when the sender's kernel gives up (after 924.6 s in use, 127 s while it is being opened), when the
client does (`sim.registry.clients.Retry`), or when a registry at one of its ends goes down, which resets it. Only then
does the client open another one (`ops/request_retries`, `ops/retries`).

A function that returned WAIT is called again until it returns something else; how far it is stands in its task
(`delivery`, `opening`), and to set `pc` back is its caller's business.
"""

from __future__ import annotations

from typing import Any, Final

from sim.network.tcp.retransmission import SYN_TIMEOUT_S, next_timeout_s, timeout_s
from sim.protocol.codes import CONNECTION_TIMED_OUT, GO, REGISTRY_DOWN, WAIT
from sim.protocol.ops.blobs import DOWN
from sim.protocol.ops.downtimes import lane_is_down, was_reset
from sim.protocol.ops.lanes import UP
from sim.protocol.ops.queueing import wait_in_queues
from sim.protocol.ops.ways import down_lane, up_lane
from sim.protocol.tasks import add_waiting

NOTHING_SPARED: Final = -1

# How far a delivery is, by `task.delivery`; 0: it has not begun.
_DEPARTS: Final = 1  # waits for the clock
_RETRIES: Final = 2  # waits for its next try
# The same of an opening.
_SYN_ARRIVES: Final = 1
_SHAKES_HANDS: Final = 2


def lane_towards(w: Any, way: int, direction: int) -> int:
    """The lane of a way, up or down."""
    return up_lane(w, way) if direction == UP else down_lane(w, way)


def round_trip_towards_s(w: Any, way: int, direction: int) -> float:
    """The round trip that a sender sees, up or down a way."""
    return float(w.ways[way].up_round_trip_s if direction == UP else w.ways[way].down_round_trip_s)


def deliver(w: Any, p: int, direction: int, limit_s: float, spared: int) -> int:
    """Wait until a request or an answer that leaves now gets through, no longer than `limit_s`.

    The access links of machine `spared` are passed over.
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
    """Open a connection over a task's way; a failure if the registry is down, or it takes longer than kernel or client
    allow.

    The platform of a node is reached though its registry, or the node's own link, is down.
    """
    task = w.tasks[p]
    timeline, way = w.timelines[task.timeline], w.ways[task.way]
    profile, registry = w.profiles[task.profile], w.registries[task.registry]
    spared = task.registry if to_platform else NOTHING_SPARED
    if task.opening == 0:
        result = _deliver_syn(w, p, min(w.g.opens_for_s, profile.dial_s), spared)
        if result != GO:
            return result
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
    result = deliver(w, p, UP, profile.handshake_s, spared)
    if result == WAIT:
        return WAIT
    task.opening = 0
    if result == GO:
        timeline.now_s += way.open_s - task.trip_s
    return result


def hears_reset(w: Any, p: int) -> bool:
    """Whether either end is down as a packet arrives; then its sender hears of that."""
    task = w.tasks[p]
    timeline = w.timelines[task.timeline]
    if was_reset(w, up_lane(w, task.way), timeline.now_s, timeline.now_s):
        timeline.now_s += w.ways[task.way].back_s
        return True
    return False


def answer_with_retransmission(w: Any, p: int) -> int:
    """The answer to the last request comes back."""
    task = w.tasks[p]
    result = answer_gets_through(w, p)
    if result == WAIT:
        task.pc -= 1
    return result


def answer_gets_through(w: Any, p: int) -> int:
    """The same as a part of an op that has more to do."""
    task = w.tasks[p]
    result = deliver(w, p, DOWN, w.profiles[task.profile].quiet_s, NOTHING_SPARED)
    if result == GO:
        w.timelines[task.timeline].now_s += w.ways[task.way].back_s
        if w.g.queues:
            wait_in_queues(w, p, 0, 1)
    return result


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
    """Whether what leaves now is sure to get through, though the clock may have yet to come so far."""
    task, g = w.tasks[p], w.g
    return w.timelines[task.timeline].now_s < g.next_change_s and not lane_is_down(w, lane, g.now_s, spared)


def _begin_delivery(w: Any, p: int, try_s: float, wait_s: float, limit_s: float) -> None:
    """Whether what leaves gets through is yet to be seen; when it is sent again if not."""
    task = w.tasks[p]
    task.try_s, task.timeout_s, task.limit_s = try_s, wait_s, limit_s
    task.delivery = _DEPARTS


def _deliver_on(w: Any, p: int, direction: int, spared: int) -> int:
    """The clock has come to where it leaves, or to its next try."""
    task = w.tasks[p]
    timeline = w.timelines[task.timeline]
    if task.delivery == _DEPARTS:
        if not lane_is_down(w, lane_towards(w, task.way, direction), timeline.now_s, spared):
            task.delivery = 0
            return GO
        begin_retransmission(w, p, timeline.now_s, task.try_s, task.timeout_s, task.limit_s)
    result = retransmit(w, p, direction, spared)
    if result == GO:
        add_waiting(w, task.timeline, timeline.now_s - task.lost_since_s)
    return result


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
