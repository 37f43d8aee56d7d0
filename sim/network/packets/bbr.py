"""BBR, version 1: how fast a connection sends, from the rate at which it was heard and its shortest round trip.

A sender takes the highest rate at which packets arrived over ten round trips for what its path carries, paces what it
sends by that, and keeps twice what the path then holds under way at most. It starts at 2.89 times the rate it has seen,
until three round trips bring less than a quarter more; sends off what it piled up; and from then on tries a quarter
more for one of eight round trips, a quarter less for the next. It does not slow down for a loss, so what meets on a
link whose queue is short goes on losing. After ten seconds without a shorter round trip it all but stops for 0.2 s.

Source: Cardwell, Cheng, Gunn, Yeganeh, Jacobson, "BBR: congestion-based congestion control", ACM Queue 14(5), 2016, and
draft-cardwell-iccrg-bbr-congestion-control-00; figures and what these leave open by Linux 6.18 (net/ipv4/tcp_bbr.c,
tcp_rate.c, tcp_output.c). Rates are segments/s. Part of the text that `packets` begins.
"""

from __future__ import annotations

import math
from typing import Any

from sim.network.packets.policing import POLICING_FIELDS, see_policing
from sim.network.tcp.transport import INITIAL_WINDOW

HIGH_GAIN = 2.885
"""2 / ln 2: the least that doubles what is sent each round trip."""
WINDOW_GAIN = 2.0
PROBE_GAIN, DRAIN_GAIN, CYCLE = 1.25, 0.75, 8
"""Rates of the first two of so many phases; the others go at the rate itself."""
RANDOM_PHASES = 7
"""Where in the cycle it begins is drawn from so many; never with the one that drains."""
MARGIN = 0.99
"""Packets are paced so much slower than the rate, so that a queue runs dry."""
ROUNDS = 10
"""Round trips for which a rate counts."""
FULL, FULL_ROUNDS = 1.25, 3
"""Start-up ends when the rate has not grown by so much for so many rounds."""
LEAST_WINDOW = 4
FLOOR_S, DIP_S = 10.0, 0.2
"""How long the shortest round trip counts, and how long it then waits with `LEAST_WINDOW` under way."""
BURST_S, LEAST_BURST, MOST_BURST = 1 / 1024, 2, 44
"""What leaves at once: what a millisecond sends, at least two packets, at most 64 KiB."""
AHEAD_ROUNDS, AHEAD_S = 5, 0.1
"""How long it counts that acknowledgements came ahead of the rate, and by how much of the rate at most."""

START, DRAIN, PROBE_BW, PROBE_RTT = 0, 1, 2, 3
"""What a connection is doing."""

#: Of a flow's record, beside what `packets` has there.
BBR_FIELDS = (
    *((name, "f8") for name in ("first", "since", "departs", "pace", "gain", "rate", "full_rate")),
    *((name, "f8") for name in ("phase_began", "floor", "floor_at", "dip_until", "ahead_since")),
    ("best", "f8", (ROUNDS + 1,)),
    *(
        (name, "i8")
        for name in ("delivered", "losses", "idle_until", "mode", "phase", "rounds", "best_round", "next_round")
    ),
    *((name, "i8") for name in ("full", "full_rounds", "conserves", "recovering", "kept", "dipped", "dice")),
    *((name, "i8") for name in ("ahead", "ahead_new", "ahead_old", "ahead_rounds")),
    *POLICING_FIELDS,
)


def bbr_begin(flow: Any, trip: float, now: float) -> None:
    """A connection that took a round trip of `trip` to open."""
    flow.least = flow.floor = flow.trip = trip
    flow.floor_at = flow.since = flow.phase_began = flow.ahead_since = now
    flow.gain = HIGH_GAIN
    flow.pace = HIGH_GAIN * MARGIN * flow.cwnd / trip if trip > 0 else math.inf


def bbr_burst(flow: Any) -> int:
    """How many packets leave at once."""
    return int(min(max(flow.pace * BURST_S, LEAST_BURST), MOST_BURST))


def bbr_leaves(flow: Any, packets: int, now: float) -> None:
    """So many have left now: when the next may. What left late is made up for by half the time between two."""
    late = max(now - flow.departs, 0.0)
    apart = packets / flow.pace
    flow.departs = max(flow.departs, now) + apart - min(apart / 2, late)


def bbr_hears(flow: Any, one: Any, arrived: int, missing: int, flew: int, now: float) -> None:
    """So many packets have arrived, the last of them by the transmission `one`, and so many were lost; before that
    `flew` were under way."""
    if flow.recovery and flow.una >= flow.high:
        flow.recovery = 0
    if missing and not flow.recovery:
        flow.recovery, flow.high = 1, flow.new
        _keep(flow)
    flow.least = min(flow.least, flow.trip)
    flow.delivered += arrived
    flow.losses += missing
    took = max(one.at - one.first, now - one.since)
    flow.first, flow.since = one.at, now
    if 0 < flow.idle_until < flow.delivered:
        flow.idle_until = 0
    heard = took > 0 and took >= flow.least
    begins = heard and one.delivered >= flow.next_round
    if begins:
        flow.next_round = flow.delivered
        flow.rounds += 1
        flow.conserves = 0
    if heard:
        if see_policing(flow, one.idle, missing, begins and flow.mode == PROBE_BW, begins, now):
            _probe_bw(flow, now)
        rate = (flow.delivered - one.delivered) / took
        if not one.idle or rate >= flow.rate:
            _remember(flow, rate)
        _see_ahead(flow, arrived, begins, now)
    if flow.mode == PROBE_BW and _phase_ends(flow, missing, flew, now):
        _next_phase(flow, now)
    if begins and not one.idle and not flow.full:
        _see_full(flow)
    if flow.mode == START and flow.full:
        flow.mode = DRAIN
    if flow.mode == DRAIN and _in_net(flow, flow.in_flight, now) <= _holds(flow, flow.rate, 1.0):
        _probe_bw(flow, now)
    _see_floor(flow, begins, now)
    _set_gain(flow)
    pace = _rate(flow) * flow.gain * MARGIN
    if flow.full or pace > flow.pace:
        flow.pace = pace
    _set_window(flow, arrived, missing)


def bbr_times_out(flow: Any) -> None:
    """All under way was lost: whether start-up has found all is to be seen anew."""
    _keep(flow)
    flow.recovering = 2
    flow.conserves = 0
    flow.full_rate = 0.0


def _remember(flow: Any, rate: float) -> None:
    """The highest rate of the last rounds; it is not looked at anew until another is heard."""
    for late in range(min(flow.rounds - flow.best_round, ROUNDS + 1)):
        flow.best[(flow.rounds - late) % (ROUNDS + 1)] = 0.0
    flow.best_round = flow.rounds
    at = flow.rounds % (ROUNDS + 1)
    flow.best[at] = max(flow.best[at], rate)
    flow.rate = 0.0
    for at in range(ROUNDS + 1):
        flow.rate = max(flow.rate, flow.best[at])


def _rate(flow: Any) -> float:
    """What the path is taken to carry."""
    return float(flow.policed_rate if flow.policed else flow.rate)


def _path(flow: Any, rate: float, gain: float) -> int:
    """What the path holds at that rate, times the gain."""
    holds: int = math.ceil(rate * flow.floor * gain)
    return holds


def _rounded(flow: Any, packets: int) -> int:
    """With what is at either end, in whole pairs."""
    more = packets + 3 * bbr_burst(flow)
    return more + more % 2 + (2 if flow.mode == PROBE_BW and flow.phase == 0 else 0)


def _holds(flow: Any, rate: float, gain: float) -> int:
    return _rounded(flow, _path(flow, rate, gain))


def _in_net(flow: Any, under_way: int, now: float) -> float:
    """How much will be under way when the next may leave."""
    if flow.gain > 1.0:
        under_way += bbr_burst(flow)
    return float(max(under_way - _rate(flow) * max(flow.departs - now, 0.0), 0.0))


def _keep(flow: Any) -> None:
    """The window to come back to."""
    if not flow.recovering and flow.mode != PROBE_RTT:
        flow.kept = int(flow.cwnd)
    else:
        flow.kept = max(flow.kept, int(flow.cwnd))


def _see_ahead(flow: Any, arrived: int, begins: bool, now: float) -> None:
    """By how much acknowledgements came ahead of the rate, at most, in the last five to ten rounds."""
    if begins:
        flow.ahead_rounds += 1
        if flow.ahead_rounds >= AHEAD_ROUNDS:
            flow.ahead_rounds = 0
            flow.ahead_old = flow.ahead_new
            flow.ahead_new = 0
    expected = _rate(flow) * (now - flow.ahead_since)
    if flow.ahead <= expected:
        flow.ahead = 0
        flow.ahead_since = now
        expected = 0.0
    flow.ahead += arrived
    flow.ahead_new = max(flow.ahead_new, int(min(flow.ahead - expected, flow.cwnd)))


def _phase_ends(flow: Any, missing: int, flew: int, now: float) -> bool:
    long = now - flow.phase_began > flow.floor
    if flow.gain == 1.0:
        return bool(long)
    under_way = _in_net(flow, flew, now)
    if flow.gain > 1.0:
        return bool(long and (missing > 0 or under_way >= _holds(flow, flow.rate, flow.gain)))
    return bool(long or under_way <= _holds(flow, flow.rate, 1.0))


def _next_phase(flow: Any, now: float) -> None:
    flow.phase = (flow.phase + 1) % CYCLE
    flow.phase_began = now


def _probe_bw(flow: Any, now: float) -> None:
    """The cycle begins somewhere: draws go on from the one that its connection was given."""
    flow.mode = PROBE_BW
    flow.dice = (flow.dice * 1103515245 + 12345) % 2147483648
    flow.phase = CYCLE - 1 - (flow.dice >> 16) % RANDOM_PHASES
    _next_phase(flow, now)


def _see_full(flow: Any) -> None:
    """A round begins: whether start-up has found all that there is."""
    if flow.rate >= flow.full_rate * FULL:
        flow.full_rate = flow.rate
        flow.full_rounds = 0
        return
    flow.full_rounds += 1
    flow.full = int(flow.full_rounds >= FULL_ROUNDS)


def _see_floor(flow: Any, begins: bool, now: float) -> None:
    """The shortest round trip, and the dip that looks for it anew."""
    old = now > flow.floor_at + FLOOR_S
    if flow.trip <= flow.floor or old:
        flow.floor = flow.trip
        flow.floor_at = now
    if old and flow.mode != PROBE_RTT:
        flow.mode = PROBE_RTT
        _keep(flow)
        flow.dip_until = 0.0
    if flow.mode != PROBE_RTT:
        return
    flow.idle_until = max(flow.delivered + flow.in_flight, 1)
    if flow.dip_until == 0.0:
        if flow.in_flight <= LEAST_WINDOW:
            flow.dip_until = now + DIP_S
            flow.dipped = 0
            flow.next_round = flow.delivered
        return
    if begins:
        flow.dipped = 1
    if flow.dipped and now > flow.dip_until:
        flow.floor_at = now
        flow.cwnd = max(flow.cwnd, flow.kept)
        if flow.full:
            _probe_bw(flow, now)
        else:
            flow.mode = START


def _set_gain(flow: Any) -> None:
    if flow.mode == START:
        flow.gain = HIGH_GAIN
    elif flow.mode == DRAIN:
        flow.gain = 1 / HIGH_GAIN
    elif flow.mode == PROBE_RTT or flow.policed or flow.phase > 1:
        flow.gain = 1.0
    else:
        flow.gain = PROBE_GAIN if flow.phase == 0 else DRAIN_GAIN


def _set_window(flow: Any, arrived: int, missing: int) -> None:
    if arrived:
        cwnd = int(flow.cwnd)
        if missing:
            cwnd = max(cwnd - missing, 1)
        if flow.recovery == 1 and flow.recovering != 1:
            # For the first round one may leave for each that has arrived.
            flow.conserves = 1
            flow.next_round = flow.delivered
            cwnd = flow.in_flight + arrived
        elif flow.recovering and not flow.recovery:
            cwnd = max(cwnd, flow.kept)
            flow.conserves = 0
        flow.recovering = flow.recovery
        if flow.conserves:
            cwnd = max(cwnd, flow.in_flight + arrived)
        else:
            rate = _rate(flow)
            gain = HIGH_GAIN if flow.mode <= DRAIN else 1.0 if flow.mode == PROBE_RTT else WINDOW_GAIN
            ahead = int(min(max(flow.ahead_new, flow.ahead_old), rate * AHEAD_S)) if flow.full else 0
            target = _rounded(flow, _path(flow, rate, gain) + ahead)
            if flow.full:
                cwnd = min(cwnd + arrived, target)
            elif cwnd < target or flow.delivered < INITIAL_WINDOW:
                cwnd += arrived
            cwnd = max(cwnd, LEAST_WINDOW)
        flow.cwnd = cwnd
    if flow.mode == PROBE_RTT:
        flow.cwnd = min(flow.cwnd, LEAST_WINDOW)
