"""What the wire carries: lanes from machine to machine, and flights on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sim.network.room import Room

if TYPE_CHECKING:
    from sim.world.convoy import Convoy
    from sim.world.places import Machine

_NEVER = float("inf")
CAP: Final = -1
"""Where a link's number is asked for: the flow's own cap."""
NOBODY: Final[list[Callable[[Any], None]]] = []
"""Who waits for a flight that is not under way in the engine."""


class Lane:
    """From one machine to another for bodies of bytes: the links between, the flows' cap, and the rate when idle.

    What holds a flow back that has the lane to itself is the link `limit`, called `bound_by`, or its cap. The
    rate is 0 while a link of it is down. `ramps_s` is for whoever keeps what depends on the rate: it is emptied when
    that changes.

    The wire counts those who are `flying`. Where no cap holds them back they never take more than the narrowest link
    together, and whoever is `alone` on the lane or flies there in a `convoy` has met nobody of other lanes.
    """

    __slots__ = (
        "alone", "bound", "bound_by", "cap_Bps", "convoy", "flying", "limit", "narrowest_Bps", "number", "own_cap_Bps",
        "ramps_s", "rate_Bps", "route", "source", "target", "wan",
    )  # fmt: skip

    def __init__(
        self,
        number: int,
        source: Machine,
        target: Machine,
        route: tuple[int, ...],
        cap_Bps: float,
    ) -> None:
        self.number = number
        self.source = source.name
        self.target = target.name
        self.wan = source.site != target.site
        self.route = route
        self.own_cap_Bps = cap_Bps
        self.ramps_s: dict[int, float] = {}
        self.flying = 0
        self.alone: Flight | None = None
        self.convoy: Convoy | None = None

    @property
    def claims(self) -> int:
        """How many times its bound those who fly there take of each of its links."""
        return min(self.flying, 1) if self.cap_Bps == _NEVER else self.flying

    def narrow(self, narrowest_Bps: float, link: int, name: str) -> None:
        """Its narrowest link, and what that carries from now on."""
        cap_Bps = self.own_cap_Bps
        self.limit, self.bound_by = (CAP, "cap") if cap_Bps < narrowest_Bps else (link, name)
        self.narrowest_Bps = narrowest_Bps
        # A cap that no flow can reach is none, which leaves the engine with fewer classes.
        self.cap_Bps = _NEVER if cap_Bps >= narrowest_Bps else cap_Bps
        self.rate_Bps = min(cap_Bps, narrowest_Bps)
        # On a link that is down there is no room for anything.
        self.bound = Room.bound(self.rate_Bps) if self.rate_Bps else 1
        self.ramps_s.clear()

    def idle_s(self, size_bytes: float, beside_bytes: Sequence[float] = ()) -> float:
        """How long a body takes when nothing else crosses its links but those that set out beside it, s.

        They share the narrowest link evenly, each up to the cap, until the smaller ones have ended.
        """
        smaller = sorted(size for size in beside_bytes if size < size_bytes)
        left, sent_bytes, took_s = len(beside_bytes) + 1, 0.0, 0.0
        for size in (*smaller, size_bytes):
            took_s += (size - sent_bytes) / min(self.cap_Bps, self.narrowest_Bps / left)
            left, sent_bytes = left - 1, size
        return took_s


class Break(NamedTuple):
    """What the event of a flight's end brings when the flight was broken off: the bytes that got through."""

    sent_bytes: int


class Flight:
    """Flow `number` under way, and the event of its end: what SimPy asks of an event, and no more.

    While it has its links to itself it stands in the clock's queue. Once it is `shared` its place there is void and
    whoever waits for it is kept in `waiting`: it flies in its lane's convoy, or is flow `flow` of the engine until it
    ends. What held it back is then in `held_s`, s by link, and at its end in `bound`:
    what did so the longest, and how long.
    """

    __slots__ = (
        "_ok", "_value", "bound", "callbacks", "flow", "held_s", "lane", "number", "shared", "size_bytes", "started_s",
        "waiting",
    )  # fmt: skip

    flow: int
    bound: tuple[str, float]
    held_s: dict[int, float]

    def __init__(
        self, number: int, lane: Lane, size_bytes: float, started_s: float, ended: Callable[[Any], None]
    ) -> None:
        self.number = number
        self.lane = lane
        self.size_bytes = size_bytes
        self.started_s = started_s
        self.shared = False
        self._ok = True
        self._value: Break | None = None
        self.callbacks: list[Callable[[Any], None]] | None = [ended]
        self.waiting: list[Callable[[Any], None]] = NOBODY

    @property
    def broken(self) -> bool:
        """Whether it ended before all of it had got through."""
        return self._value is not None

    @property
    def sent_bytes(self) -> float:
        """What got through, once it has ended."""
        return self.size_bytes if self._value is None else self._value.sent_bytes

    def break_off(self, sent_bytes: int) -> None:
        """It ends here, and so much has got through; telling those who wait is up to the wire."""
        self.callbacks, self.waiting = None, NOBODY
        self._value = Break(sent_bytes)
