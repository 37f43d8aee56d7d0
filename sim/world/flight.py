"""What the wire carries: lanes from machine to machine, and flights on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sim.network.room import Room
from sim.plain.idle import beside_one_s

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
    rate is 0 while a link of it is down; were nothing broken, its narrowest link would carry `whole_Bps`. `ramps_s` is
    for whoever keeps what depends on the rate: it is emptied when that changes.

    The wire counts those who are `flying`. Where no cap holds them back they never take more than the narrowest link
    together, and whoever is `alone` on the lane or flies there in a `convoy` has met nobody of other lanes.
    """

    __slots__ = (
        "alone", "bound", "bound_by", "cap_Bps", "convoy", "flying", "limit", "narrowest_Bps", "number", "own_cap_Bps",
        "ramps_s", "rate_Bps", "route", "source", "target", "wan", "whole_Bps",
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

    def narrow(self, narrowest_Bps: float, link: int, name: str, whole_Bps: float) -> None:
        """Its narrowest link, and what that carries from now on; what the narrowest would, were nothing broken."""
        cap_Bps = self.own_cap_Bps
        self.whole_Bps = whole_Bps
        self.limit, self.bound_by = (CAP, "cap") if cap_Bps < narrowest_Bps else (link, name)
        self.narrowest_Bps = narrowest_Bps
        # A cap that no flow can reach is none, which leaves the engine with fewer classes.
        self.cap_Bps = _NEVER if cap_Bps >= narrowest_Bps else cap_Bps
        self.rate_Bps = min(cap_Bps, narrowest_Bps)
        # On a link that is down there is no room for anything.
        self.bound = Room.bound(self.rate_Bps) if self.rate_Bps else 1
        self.ramps_s.clear()

    @property
    def is_whole(self) -> bool:
        """Whether nothing on its way is broken that would hold it back."""
        return self.whole_Bps == self.narrowest_Bps

    @property
    def whole_rate_Bps(self) -> float:
        """Its rate when idle, were nothing broken."""
        return min(self.own_cap_Bps, self.whole_Bps)

    def idle_s(self, size_bytes: float, beside: Sequence[tuple[float, float]] = ()) -> float:
        """How long a body takes when its links are whole and nothing else crosses them but those beside it, s.

        Of these each sets out so many seconds after it (or before, if below 0), with so many bytes. All share the
        narrowest link evenly, each up to the cap, until they have ended.
        """
        if not beside:
            return size_bytes / self.whole_rate_Bps
        if len(beside) == 1:
            later_s, other_bytes = beside[0]
            return beside_one_s(size_bytes, other_bytes, later_s, self.own_cap_Bps, self.whole_Bps)
        return self._beside_many_s([(0.0, size_bytes), *beside])

    def _beside_many_s(self, bodies: list[tuple[float, float]]) -> float:
        """When the first of bodies (start, bytes) has ended, from its start at 0."""
        order = sorted(range(len(bodies)), key=bodies.__getitem__)
        left: dict[int, float] = {}
        now_s = bodies[order[0]][0]
        while True:
            starts_s = bodies[order[0]][0] if order else _NEVER
            rate_Bps = min(self.own_cap_Bps, self.whole_Bps / len(left)) if left else 0.0
            least = min(left.values(), default=_NEVER)
            ends_s = now_s + least / rate_Bps if left else _NEVER
            if order and starts_s <= ends_s:
                left = {body: to_go - rate_Bps * (starts_s - now_s) for body, to_go in left.items()}
                left[order[0]] = bodies[order[0]][1]
                now_s = starts_s
                del order[0]
                continue
            if left.get(0) == least:
                return ends_s
            left = {body: to_go - least for body, to_go in left.items() if to_go > least}
            now_s = ends_s


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
