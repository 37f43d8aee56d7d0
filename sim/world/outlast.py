"""Connections that meet an outage: they outlast it, as TCP does, or are given up.

A link that is down carries nothing, and nobody tells those whose packets it loses. What is sent meanwhile is sent again
ever more seldom, and a connection goes on with the first try after the outage (RFC 6298, 5; `network/retransmission`
has the times, and how the window comes back). So it is for a body of bytes, a request, an answer and the opening of a
connection, wherever the outage meets them. What got through before stays, and nothing is sent twice. What is on its way
when a link goes down arrives. A connection ends when the sender's kernel gives up (after 924.6 s in use, 127 s while it
is being opened) or the client does (`registry/clients`), and when a registry at one of its ends goes down, which resets
it. Only then does the client try again, over a new connection.

A body that was cut is a row for each part that flowed; the wait for a try and for the window is waiting for others. The
window's growth is a delay before the flow, as slow start is in `talk`; what it has sent when an outage cuts it counts.
A connection that goes on by another route keeps its window.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from sim.network.retransmission import (
    Control,
    Ramp,
    body_tries_s,
    message_tries_s,
    opening_tries_s,
    opening_windows,
    ramp,
    regained_windows,
)
from sim.network.transport import INITIAL_WINDOW, MSS_BYTES
from sim.registry.clients import Retry
from sim.registry.oci import Layer
from sim.world.clock import Steps, Unreachable
from sim.world.faults import Faults
from sim.world.flight import CAP, Flight
from sim.world.log import Moved
from sim.world.path import Path
from sim.world.places import Body, Registry, Way

if TYPE_CHECKING:
    from sim.world.world import World

_NEVER = float("inf")


def cross(
    world: World, faults: Faults, path: Path, body: Body, limit_s: float = _NEVER, spared: Collection[int] = ()
) -> Steps:
    """Wait until a request or an answer that leaves now gets through, no longer than `limit_s`.

    Links that are `spared` don't matter.
    """
    limit_s = min(faults.tries_for_s, limit_s)
    return _cross(world, faults, path, body, message_tries_s(body.round_trip_s), limit_s, spared)


def opened(
    world: World, faults: Faults, path: Path, way: Way, registry: Registry, retry: Retry, platform: bool = False
) -> Steps:
    """Open a connection; Unreachable if the registry there is down, or it takes longer than kernel or client bear.

    The `platform` of a registry's machine is reached whatever becomes of the registry and of the machine's own link.
    """
    limit_s = min(faults.opens_for_s, retry.dial_s)
    spared = faults.own_links(registry) if platform else ()
    yield from _cross(world, faults, path, way.up, opening_tries_s(), limit_s, spared)
    sent_s, round_trip_s = path.now_s, way.up.round_trip_s
    if not platform:
        yield from arrive(faults, path, way, round_trip_s / 2)
    path.now_s = sent_s + (round_trip_s if registry.tls else way.open_s)
    if registry.tls:
        yield from cross(world, faults, path, way.up, retry.handshake_s, spared)
        path.now_s += way.open_s - round_trip_s


def arrive(faults: Faults, path: Path, way: Way, forth_s: float) -> Steps:
    """What got through is there `forth_s` later; Unreachable, once that is heard, if either end is down then."""
    path.now_s += forth_s
    yield path.now_s
    if faults.was_reset(way.up.lane, path.now_s, path.now_s):
        path.now_s += way.back_s
        raise Unreachable("registry down")


def _cross(
    world: World, faults: Faults, path: Path, body: Body, tries_s: Iterator[float], limit_s: float,
    spared: Collection[int] = (),
) -> Steps:  # fmt: skip
    if path.now_s < faults.next_change_s and not faults.is_cut(body.lane, world.clock.now, spared):
        return
    yield path.now_s
    sent_s = path.now_s
    if faults.is_cut(body.lane, sent_s, spared):
        yield from _try_again(world, faults, path, body, sent_s, tries_s, limit_s, spared)
        path.waited(path.now_s - sent_s)


def _try_again(
    world: World, faults: Faults, path: Path, body: Body, cut_s: float, tries_s: Iterator[float], limit_s: float,
    spared: Collection[int] = (),
) -> Steps:  # fmt: skip
    """Go on from the first try that gets through, which may be past; Unreachable if none does in time."""
    clock = world.clock
    for after_s in tries_s:
        path.now_s = cut_s + min(after_s, limit_s)
        if path.now_s > clock.now:
            yield path.now_s
        if after_s >= limit_s:
            break
        if not faults.is_cut(body.lane, path.now_s, spared):
            return
    path.now_s = max(path.now_s, clock.now)
    raise Unreachable("connection timed out")


def send(
    world: World, faults: Faults, path: Path, body: Body, blob: Layer, mates: Sequence[Layer], moved: Moved,
    size_bytes: int, lag_s: float, limit_s: float,
) -> Steps:  # fmt: skip
    """Send the last `size_bytes` of a blob, as long as the connection lives: through no outage longer than `limit_s`.

    `lag_s` is what slow start costs on idle links, `mates` set out beside it. What of the time was waiting is for
    others to say. Unreachable, with the bytes that got through, where the connection breaks.
    """
    limit_s = min(faults.tries_for_s, limit_s)
    clock, control, connection = world.clock, faults.hosts.congestion, _Connection(path.now_s, lag_s)
    left_bytes = size_bytes
    while left_bytes > 0:
        path.now_s = max(connection.from_s + connection.lag_s, clock.now)
        yield path.now_s
        lane, round_trip_s = body.lane, body.round_trip_s
        if faults.was_reset(lane, connection.since_s, path.now_s):
            raise Unreachable("connection lost", size_bytes - left_bytes)
        cut_s = faults.first_cut_s(lane, connection.from_s, path.now_s)
        if cut_s is None:
            flight = world.wire.send(lane, left_bytes)
            yield flight
            path.now_s = clock.now
            waited_s = path.now_s - flight.started_s - body.idle_s(flight.sent_bytes, blob, mates)
            left_bytes -= moved.land(flight, blob.kind, path.now_s, waited_s)
            if not flight.broken:
                return
            round_trip_s += 0.0 if lane.limit == CAP else faults.hosts.queue_s
            connection.has_flowed(flight, path.now_s, round_trip_s)
            cut_s = faults.first_cut_s(lane, path.now_s, path.now_s)
            if cut_s is None:  # it goes on by another route, or an end is down
                continue
        else:
            sent_bytes = min(connection.has_climbed(cut_s, left_bytes, round_trip_s), left_bytes)
            left_bytes -= sent_bytes
            if sent_bytes:
                moved.add(blob.kind, lane, connection.from_s, cut_s, sent_bytes)
        try:
            yield from _try_again(world, faults, path, body, cut_s, body_tries_s(round_trip_s, control), limit_s)
        except Unreachable as broken:
            broken.sent_bytes = size_bytes - left_bytes
            raise
        connection.regain(path.now_s, cut_s, left_bytes, body, control)


class _Connection:
    """A connection in use: from `from_s` on its window grows, and until it is as large as need be it loses `lag_s`.

    Whether it was reset is known until `since_s`.
    """

    __slots__ = ("_climbs", "_ramp", "_rate_Bps", "_window", "from_s", "lag_s", "since_s")

    def __init__(self, from_s: float, lag_s: float) -> None:
        self.from_s = self.since_s = from_s
        self.lag_s = lag_s
        self._ramp: Ramp | None = None
        #: What it got while it flowed, 0 if it never did; its window when it was cut, and whether it still grew then.
        self._rate_Bps = 0.0
        self._window = float(INITIAL_WINDOW)
        self._climbs = True

    def has_flowed(self, flight: Flight, now_s: float, round_trip_s: float) -> None:
        """A flow has broken off now: the window was what that needed."""
        lasted_s = now_s - flight.started_s
        if lasted_s > 0:
            self._rate_Bps = flight.sent_bytes / lasted_s
            self._window = max(self._rate_Bps * round_trip_s / MSS_BYTES, 1.0)
            self._climbs = False
        self.since_s = self.from_s = now_s
        self.lag_s = 0.0

    def has_climbed(self, cut_s: float, left_bytes: int, round_trip_s: float) -> int:
        """It was cut while its window grew: the bytes that it had sent by then."""
        if self._ramp is None:
            self._ramp = ramp(opening_windows(), left_bytes, _NEVER, round_trip_s)
        after_s = cut_s - self.from_s
        if self._ramp.windows:
            self._window = self._ramp.window(after_s)
            self._climbs = True
        return int(self._ramp.sent_bytes(after_s))

    def regain(self, now_s: float, cut_s: float, left_bytes: int, body: Body, control: Control) -> None:
        """Something gets through again, as of now."""
        rate_Bps = min(body.lane.rate_Bps, self._rate_Bps or _NEVER)
        windows = regained_windows(self._window, body.round_trip_s, control, self._climbs)
        self._ramp = ramp(windows, left_bytes, rate_Bps, body.round_trip_s)
        self.from_s, self.lag_s, self.since_s = now_s, self._ramp.lag_s, cut_s
