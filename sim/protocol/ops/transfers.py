"""The transfer of one blob's bytes: slow start as a delay, then a flow; in runs with faults also through outages. Or
packet by packet, as one connection.

Without faults a transfer is one flow. With them it is as TCP has it: what got through before an outage stays, nothing
is sent twice, and each part that flowed is a row. While packets are lost they are retransmitted (`ops/retransmission`);
afterwards the window recovers from slow start or as CUBIC or BBR do (`sim.network.tcp.retransmission`), which is a
delay before the next flow. What slow start has sent by the time an outage cuts it counts. A connection that is rerouted
keeps its window. Where flows have windows (`ops/congestion`) slow start is in the flow, and no delay.
"""

from __future__ import annotations

from typing import Any, Final

from sim.network.tcp.retransmission import AS_BBR, AS_CUBIC, DOUBLING, body_try_s, ramp_after, ramp_from
from sim.network.tcp.transport import CUBIC_BETA, INITIAL_WINDOW, INITIAL_WINDOW_BYTES, MSS_BYTES
from sim.network.tcp.windows import NO_LOSS_YET, SLOW_START
from sim.protocol.codes import BLOCKED, CONNECTION_LOST, FAILED, GO, INF, NEVER, OWN_CAP, UNBOUND, WAIT
from sim.protocol.ops.blobs import bytes_in_slow_start, end_transfer, idle_s, lane_of, record_transfer, send_small
from sim.protocol.ops.congestion import send_by_window
from sim.protocol.ops.downtimes import first_downtime_s, was_reset
from sim.protocol.ops.flows import send
from sim.protocol.ops.lanes import UP, lane_is_unimpaired, nominal_ramp_s, ramp_s
from sim.protocol.ops.packets import send_by_packets
from sim.protocol.ops.retransmission import (
    NOTHING_SPARED,
    begin_retransmission,
    deliver,
    retransmit,
    round_trip_towards_s,
)
from sim.protocol.tasks import add_waiting, add_waiting_beyond

# How far a body is, by `task.stage`.
_SMALL: Final = 1
_STARTS: Final = 2
_RAMPS_UP: Final = 3  # its window does
_FLOWS: Final = 4
_RETRANSMITS: Final = 5


def transfer(w: Any, p: int, direction: int, b: int) -> int:
    """Send a blob's bytes, until the last has left."""
    task = w.tasks[p]
    if w.g.faults:
        return _transfer_through_outages(w, p, direction)
    timeline = w.timelines[task.timeline]
    if task.stage == 0:
        lane = lane_of(w, p, direction)
        if task.size_bytes <= INITIAL_WINDOW_BYTES:
            send_small(w, p, lane)
            return GO
        if w.g.windows == 0 and w.g.packets == 0:
            timeline.now_s += ramp_s(w, lane, task.way, direction, bytes_in_slow_start(w, p))
        task.stage, task.lane = 1, lane
        task.pc -= 1
        return WAIT
    if task.stage == 1:
        round_trip_s = round_trip_towards_s(w, task.way, direction)
        if w.g.packets:
            task.flight = send_by_packets(w, task.lane, float(task.size_bytes), p, round_trip_s)
        elif w.g.windows and round_trip_s > 0.0:
            task.flight = send_by_window(
                w, task.lane, float(task.size_bytes), p, round_trip_s, float(INITIAL_WINDOW), SLOW_START, 0.0
            )
        else:
            task.flight = send(w, task.lane, float(task.size_bytes), p)
        task.stage = 2
        task.pc -= 1
        return BLOCKED
    task.stage = 0
    flight = w.flights[task.flight]
    timeline.now_s = w.g.now_s
    waited_s = 0.0
    if flight.shared or w.g.packets or not lane_is_unimpaired(w, task.lane):
        waited_s = timeline.now_s - flight.started_s - idle_s(w, p, task.lane, direction, flight.size_bytes)
    if w.g.windows or w.g.packets:
        waited_s = max(waited_s - nominal_ramp_s(w, task.lane, task.way, direction, task.size_bytes), 0.0)
    if flight.shared or w.g.packets:
        add_waiting(w, task.timeline, waited_s)
    end_transfer(w, p, waited_s)
    return GO


def _transfer_through_outages(w: Any, p: int, direction: int) -> int:
    """The same where links and registries may be down; a client that resumes sends what is left of a blob."""
    task = w.tasks[p]
    # A receiver that gets no bytes gives up by itself, a sender when its kernel does.
    limit_s = INF if direction == UP else w.profiles[task.profile].quiet_s
    if task.stage == 0:
        task.opened = 1
        if task.size_bytes <= INITIAL_WINDOW_BYTES:
            task.stage = _SMALL
        else:
            _begin_body(w, p, direction)
    if task.stage == _SMALL:
        result = deliver(w, p, direction, limit_s, NOTHING_SPARED)
        if result == GO:
            lane = lane_of(w, p, direction)
            if w.lanes[lane].rate_Bps > 0.0:
                send_small(w, p, lane)
            else:
                result = CONNECTION_LOST
    else:
        result = _send_on(w, p, direction, min(w.g.tries_for_s, limit_s))
        if result == GO:
            # Outages held it back, too: all that it took beyond the blob on unimpaired links was waiting.
            lane = lane_of(w, p, direction)
            whole_s = nominal_ramp_s(w, lane, task.way, direction, task.size_bytes)
            whole_s += idle_s(w, p, lane, direction, float(task.size_bytes))
            add_waiting_beyond(w, task.timeline, task.began_s + whole_s)
        elif result >= FAILED:
            task.got_bytes = task.size_bytes - task.sent_bytes - task.left_bytes
    if result in (WAIT, BLOCKED):
        task.pc -= 1
    else:
        task.stage = 0
    return result


def _begin_body(w: Any, p: int, direction: int) -> None:
    """A connection begins with its initial window."""
    task = w.tasks[p]
    timeline, lane = w.timelines[task.timeline], lane_of(w, p, direction)
    task.left_bytes = task.size_bytes - task.sent_bytes
    task.began_s = timeline.now_s - timeline.waited_s
    task.from_s = task.since_s = timeline.now_s
    task.ramp_delay_s = 0.0
    if task.left_bytes > 0 and w.lanes[lane].rate_Bps > 0.0 and not _has_window(w, p, direction):
        task.ramp_delay_s = ramp_s(w, lane, task.way, direction, task.left_bytes)
    task.rate_Bps = 0.0
    task.window, task.slow_starting, task.threshold = float(INITIAL_WINDOW), 1, 0.0
    task.ramp_windows = -1
    task.stage = _STARTS


def _send_on(w: Any, p: int, direction: int, limit_s: float) -> int:
    """Send what is left, as long as the connection lives: through no outage longer than `limit_s`.

    From `from_s` on its window grows, which costs `ramp_delay_s`; up to `since_s` it is known not to have been reset.
    How much of the time was waiting is its caller's to say.
    """
    task = w.tasks[p]
    timeline = w.timelines[task.timeline]
    while True:
        if task.stage == _STARTS:
            if task.left_bytes <= 0:
                return GO
            timeline.now_s = max(task.from_s + task.ramp_delay_s, w.g.now_s)
            task.stage = _RAMPS_UP
            return WAIT
        if task.stage == _RAMPS_UP:
            lane = lane_of(w, p, direction)
            task.trip_s = round_trip_towards_s(w, task.way, direction)
            if was_reset(w, lane, task.since_s, timeline.now_s):
                return CONNECTION_LOST
            lost_since_s = first_downtime_s(w, lane, task.from_s, timeline.now_s)
            if lost_since_s >= NEVER:
                task.lane = lane
                if _has_window(w, p, direction):
                    growth = SLOW_START if task.slow_starting else NO_LOSS_YET
                    task.flight = send_by_window(
                        w, lane, float(task.left_bytes), p, task.trip_s, task.window, growth, task.threshold
                    )
                else:
                    task.flight = send(w, lane, float(task.left_bytes), p)
                task.stage = _FLOWS
                if w.flights[task.flight].ended == 0:
                    return BLOCKED
            else:
                if not _has_window(w, p, direction):  # whose slow start is in its flow
                    _cut_in_slow_start(w, p, lane, lost_since_s)
                _lose_packets(w, p, lost_since_s, limit_s)
        if task.stage == _FLOWS:
            if _flow_ended(w, p, direction):
                return GO
            lost_since_s = first_downtime_s(w, task.lane, timeline.now_s, timeline.now_s)
            if lost_since_s >= NEVER:  # it goes on by another route, or an end is down
                task.stage = _STARTS
                continue
            _lose_packets(w, p, lost_since_s, limit_s)
        if task.stage == _RETRANSMITS:
            result = retransmit(w, p, direction, NOTHING_SPARED)
            if result != GO:
                return result
            _recover_window(w, p, direction)


def _has_window(w: Any, p: int, direction: int) -> bool:
    """Whether a body's window is its flow's, round by round; without a round trip there is none."""
    return bool(w.g.windows and round_trip_towards_s(w, w.tasks[p].way, direction) > 0.0)


def _lose_packets(w: Any, p: int, lost_since_s: float, limit_s: float) -> None:
    """What is under way from `lost_since_s` on has to be sent again."""
    task = w.tasks[p]
    try_s, wait_s = body_try_s(task.trip_s, w.g.bbr)
    begin_retransmission(w, p, lost_since_s, try_s, wait_s, limit_s)
    task.stage = _RETRANSMITS


def _flow_ended(w: Any, p: int, direction: int) -> bool:
    """A flow has ended: whether it got through. If it broke off, the window was what its rate needed."""
    task = w.tasks[p]
    timeline, flight = w.timelines[task.timeline], w.flights[task.flight]
    now_s = w.g.now_s
    timeline.now_s = now_s
    started_s, sent_bytes, broken = flight.started_s, flight.sent_bytes, flight.broken
    lasted_s = now_s - started_s
    lane = lane_of(w, p, direction)
    waited_s = lasted_s - idle_s(w, p, lane, direction, sent_bytes)
    has_window = _has_window(w, p, direction)
    window, growth = flight.last_window, flight.growth
    if has_window:
        waited_s -= nominal_ramp_s(w, lane, task.way, direction, task.size_bytes)
    task.left_bytes -= end_transfer(w, p, waited_s)
    if broken == 0:
        return True
    if w.lanes[task.lane].limit != OWN_CAP:
        task.trip_s += w.g.queue_s
    if lasted_s > 0.0:
        task.rate_Bps = sent_bytes / lasted_s
        task.window = max(task.rate_Bps * task.trip_s / MSS_BYTES, 1.0)
        task.slow_starting = 0
    if has_window:
        task.window, task.slow_starting, task.threshold = window, int(growth == SLOW_START), 0.0
    task.since_s = task.from_s = now_s
    task.ramp_delay_s = 0.0
    return False


def _cut_in_slow_start(w: Any, p: int, lane: int, lost_since_s: float) -> None:
    """An outage cut it while its window grew: what it had sent by then is a row."""
    task = w.tasks[p]
    if task.ramp_windows < 0:
        task.curve, task.window_before, task.starting, task.ramp_trip_s = DOUBLING, 1.0, 0, task.trip_s
        task.ramp_windows, _ = ramp_from(DOUBLING, 1.0, task.trip_s, 0, float(task.left_bytes), INF)
    sent, window = ramp_after(
        task.curve, task.window_before, task.ramp_trip_s, task.starting, task.ramp_windows, lost_since_s - task.from_s
    )
    if task.ramp_windows > 0:
        task.window = window
        task.slow_starting = 1
    sent_bytes = min(int(sent), task.left_bytes)
    task.left_bytes -= sent_bytes
    if sent_bytes > 0:
        content = w.blobs[task.blob].content
        record_transfer(w, task.counter, content, lane, task.from_s, lost_since_s, sent_bytes, 0.0, 0, UNBOUND, 0.0)


def _recover_window(w: Any, p: int, direction: int) -> None:
    """Packets get through again, as of now."""
    task = w.tasks[p]
    if _has_window(w, p, direction):
        task.threshold, task.window, task.slow_starting = max(task.window * CUBIC_BETA, 2.0), 1.0, 1
        task.from_s, task.since_s = w.timelines[task.timeline].now_s, task.lost_since_s
        task.ramp_delay_s, task.stage = 0.0, _STARTS
        return
    rate_Bps = w.lanes[lane_of(w, p, direction)].rate_Bps
    if task.rate_Bps > 0.0:
        rate_Bps = min(rate_Bps, task.rate_Bps)
    task.curve = AS_BBR if w.g.bbr else AS_CUBIC
    task.window_before, task.starting = task.window, task.slow_starting
    task.ramp_trip_s = round_trip_towards_s(w, task.way, direction)
    task.ramp_windows, task.ramp_delay_s = ramp_from(
        task.curve, task.window_before, task.ramp_trip_s, task.starting, float(task.left_bytes), rate_Bps
    )
    task.from_s, task.since_s = w.timelines[task.timeline].now_s, task.lost_since_s
    task.stage = _STARTS
