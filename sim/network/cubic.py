"""CUBIC's windows over links with drop-tail queues, in small steps of time: who sends how fast, who loses, who grows.

A connection has a window under way in each round trip, which is propagation and the queues on its route. What a link
cannot pass on waits in its queue, and what that cannot hold is dropped, from everybody by the rate at which they
arrive. Whoever notices a drop falls back to a part of its window and grows along a cubic from there, slowly at first
after a long way up: so transfers that have met leave a link idle that they could fill, the longer the round trip the
more. Below its first drop a window doubles each round trip.

Source: RFC 9438 (CUBIC), RFC 5681 (slow start). Leaves out delayed acknowledgements, HyStart, time-outs, and the order
of packets: a drop costs its bytes again and, `heed` times as often as a packet is dropped, one reduction a round trip.
Text for both ways to run (see `jit`): `play` is all that others call.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.network.transport import CUBIC_BETA as BETA
from sim.network.transport import MSS_BYTES

STEEPNESS = 0.4
"""Segments/s^3 of the cubic (RFC 9438, 5)."""
ALPHA = 3 * (1 - BETA) / (1 + BETA)
"""Segments a round trip by which a window grows at least, so that it is no slower than Reno's (RFC 9438, 4.3)."""

LINK = np.dtype([("capacity", "f8"), ("depth", "f8"), ("queue", "f8")])
FLOW = np.dtype(
    [
        *((name, "f8") for name in ("window", "left", "round_trip", "rate", "trip", "dropped", "hazard")),
        # Since `epoch` the window follows the cubic that passes `most` segments `bend` seconds later; `floor` is where
        # it began. Until `calm` drops belong to the loss that was noticed last.
        *((name, "f8") for name in ("most", "bend", "epoch", "floor", "calm")),
        *((name, "i8") for name in ("slow", "draw", "hops")),
    ]
)


def play(
    links: Any,
    flows: Any,
    hops: Any,
    order: Any,
    draws: Any,
    n: int,
    now: float,
    until: float,
    step: float,
    heed: float,
) -> float:
    """Goes on until the first of the first `n` flows has nothing left, or until `until`; the time then.

    `links`, `flows` : records; `hops` : (n_flows, most hops) link numbers; `order` : links, each after those before it
    on any route; `draws` : (n_flows, k), exponential with mean 1.
    """
    ended = False
    while now < until and not ended:
        span = min(step, until - now)
        for f in range(n):
            flow = flows[f]
            trip = flow.round_trip
            for h in range(flow.hops):
                link = links[hops[f, h]]
                trip += link.queue / link.capacity
            flow.trip = trip
            flow.rate = flow.window / trip
            flow.dropped = 0.0
        for i in range(len(order)):
            _pass(links, flows, hops, order[i], n, span)
        now += span
        for f in range(n):
            flow = flows[f]
            got = flow.rate * span
            flow.left -= got
            if flow.left <= 0.0:
                ended = True
            elif flow.dropped > 0.0 and now >= flow.calm and _heeds(flow, draws[f], heed):
                _fall(flow, now)
            elif now >= flow.calm:
                _grow(flow, got, now, span)
    return now


def _pass(links: Any, flows: Any, hops: Any, e: int, n: int, span: float) -> None:
    """Link `e` passes on what it can, queues the rest and drops what the queue cannot hold."""
    link = links[e]
    total = 0.0
    for f in range(n):
        for h in range(flows[f].hops):
            if hops[f, h] == e:
                total += flows[f].rate
    passed = min(link.capacity, total + link.queue / span)
    queue = max(link.queue + (total - passed) * span, 0.0)
    dropped = max(queue - link.depth, 0.0)
    link.queue = queue - dropped
    if total > 0.0:
        for f in range(n):
            for h in range(flows[f].hops):
                if hops[f, h] == e:
                    flows[f].dropped += dropped * flows[f].rate / total
                    flows[f].rate *= passed / total


def _heeds(flow: Any, draws: Any, heed: float) -> bool:
    """Whether it notices what was dropped of it: as a Poisson process does, by the packets dropped."""
    flow.hazard += heed * flow.dropped / MSS_BYTES
    if flow.hazard < draws[flow.draw]:
        return False
    flow.hazard = 0.0
    flow.draw = (flow.draw + 1) % len(draws)
    return True


def _fall(flow: Any, now: float) -> None:
    """The window falls (RFC 9438, 4.6), and aims lower than before if it was still below where it last fell (4.7)."""
    segments = flow.window / MSS_BYTES
    flow.most = segments if segments >= flow.most else segments * (1 + BETA) / 2
    flow.window *= BETA
    flow.floor = flow.window
    flow.bend = (max(flow.most - segments * BETA, 0.0) / STEEPNESS) ** (1 / 3)
    flow.slow = 0
    flow.calm = now + flow.trip
    flow.epoch = flow.calm


def _grow(flow: Any, got: float, now: float, span: float) -> None:
    """Slow start doubles the window each round trip; CUBIC goes where its curve will be a round trip later, by half a
    segment for each acknowledged one at most (RFC 9438, 4.4 and 4.5)."""
    if flow.slow:
        flow.window += math.log(2.0) * got
        return
    since = now - flow.epoch
    target = (STEEPNESS * (since + flow.trip - flow.bend) ** 3 + flow.most) * MSS_BYTES
    if target > flow.window:
        flow.window += min((target - flow.window) / flow.trip * span, 0.5 * got)
    flow.window = max(flow.window, flow.floor + ALPHA * MSS_BYTES * since / flow.trip)
