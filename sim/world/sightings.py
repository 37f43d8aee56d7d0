"""What the wire saw: what held flows back, and the bytes that its engine carried, for `usage` to put together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sim.network import Seen, Watch
from sim.world.flight import CAP, Flight, Lane

#: The width of a bin, s: a link's peak is its busiest minute.
BIN_S = 60.0


class Parting(NamedTuple):
    """A part of a flight that shared in which its rate was one: alone, before it had to share, or with others of its
    lane. When, s, and what it carried meanwhile."""

    lane: int
    started_s: float
    ended_s: float
    carried_bytes: int


class Change(NamedTuple):
    """From `at_s` on the link carries `capacity_Bps`."""

    link: int
    at_s: float
    capacity_Bps: float


class Sightings:
    """Of one wire. `names` : (n_links,), for what holds flows back.

    `held_s` : (n_links + 1,) how long each link, and last their caps, held back flows that shared, summed over flows;
    `alone_s` : the same while they were still alone, when a link that holds one back is full.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.partings: list[Parting] = []
        self.changes: list[Change] = []
        self.held_s = [0.0] * (len(names) + 1)
        self.alone_s = [0.0] * (len(names) + 1)
        self.watch = Watch(BIN_S, self._ended)

    def part(self, flight: Flight, now_s: float, left_bytes: float, limit: int) -> None:
        """A flight that `limit` held back so far has to share from now on."""
        lasted_s = now_s - flight.started_s
        flight.held_s = {limit: lasted_s}
        self.alone_s[limit] += lasted_s
        # The watch counts whole bytes of what is left; the others have been carried.
        carried_bytes = int(flight.size_bytes) - int(left_bytes)
        self.partings.append(Parting(flight.lane.number, flight.started_s, now_s, carried_bytes))

    def fly_along(self, lane: Lane, carried: Sequence[tuple[Flight, int]], since_s: float, now_s: float) -> None:
        """Flights that share their lane with nobody else have carried so many bytes each, held back by what limits it.

        One link is full for all of them.
        """
        limit, lasted_s = lane.limit, now_s - since_s
        self.alone_s[limit] += lasted_s
        self.held_s[limit] += lasted_s * (len(carried) - 1)
        for flight, carried_bytes in carried:
            flight.held_s[limit] = flight.held_s.get(limit, 0.0) + lasted_s
            self.partings.append(Parting(lane.number, since_s, now_s, carried_bytes))

    def _ended(self, seen: Seen) -> None:
        """What held back a flight that shared in the engine."""
        flight: Flight = seen.token
        held_s, all_s = flight.held_s, self.held_s
        for link, lasted_s in seen.held_s.items():
            at = CAP if link is None else link
            all_s[at] += lasted_s
            held_s[at] = held_s.get(at, 0.0) + lasted_s
        self.land(flight)

    def land(self, flight: Flight) -> None:
        """A flight that shared has ended: what held it back the longest is known."""
        held_s = flight.held_s
        longest = max(held_s, key=held_s.__getitem__, default=CAP)
        flight.bound = ("cap" if longest == CAP else self.names[longest], held_s.get(longest, 0.0))
