"""What stands where: machines, the registries on some of them, and the ways between machines.

A `Way` is everything about a pair of machines that a request or a body of bytes needs to know, worked out once:
delays there and back, what opening a connection costs, and for each direction the class of its flows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from simpy import Event

from sim.network.transport import slow_start_s
from sim.registry.clients import Profile
from sim.registry.contents import Contents
from sim.registry.oci import Digest, Layer
from sim.registry.workers import Workers
from sim.world.flight import Lane
from sim.world.limits import Limits


@dataclass(slots=True, eq=False)
class Machine:
    """A host on the network; `number` counts hosts and orders nothing.

    `ways` leads to registries by their number. `trips` is how many round trips each of its requests takes: 1 on a
    connection kept open. `ramp` stretches the slow start of what it sends: 1 where windows double each round trip,
    0 where the wire has windows of its own.
    """

    name: str
    site: str
    number: int
    window_bytes: int
    trips: float = field(default=1.0, kw_only=True)
    ramp: float = field(default=1.0, kw_only=True)
    ways: dict[int, Way] = field(default_factory=dict, kw_only=True)


@dataclass(slots=True, eq=False)
class Kept:
    """A connection from one registry to another: from when on it can be used, and until when it stays open unused.

    While nobody knows when it can be used, `opening` is the event that tells, and `ready_s` is when it could be used if
    links and registries were idle and whole.
    """

    ready_s: float
    until_s: float = 0.0
    opening: Event | None = None


@dataclass(slots=True, eq=False)
class Registry(Machine):
    """A registry on its machine.

    `arriving` holds, for each (repository, digest) that is being fetched to here, the event of its arrival, made when
    the first coalesced pull waits for it. `merges` says that requests with nothing to decide between them may be
    booked as one stretch, for which service times have to be fixed. `skew_s` is how far its clock is ahead.
    `limits` is None where it keeps everything. Its tokens
    are good for `token_life_s`.
    `kept` holds its connections to other registries. `slowness` is the part of its service times that it owes to being
    slower than usual.
    """

    contents: Contents
    workers: Workers
    request_s: float
    first_byte_s: float
    list_lag_s: float
    draw_service: Callable[[], float] | None
    tls: bool
    merges: bool
    token_life_s: float = float("inf")
    skew_s: float = 0.0
    limits: Limits | None = None
    arriving: dict[tuple[str, Digest], Event | None] = field(default_factory=dict)
    kept: dict[int, Kept] = field(default_factory=dict)
    slowness: float = 0.0

    def service_s(self, requests: int) -> float:
        """The service time of so many requests together."""
        draw = self.draw_service
        return self.request_s * requests if draw is None else sum(self.request_s * draw() for _ in range(requests))


@dataclass(slots=True, eq=False)
class Client(Machine):
    """A machine that pushes to its account's repositories, for the nodes of a metro first."""

    profile: Profile
    account: str
    metro: str


@dataclass(frozen=True, slots=True)
class ImageKind:
    """A kind of image: its figures, and its kernel layer for each release (None for a ROM).

    Of the root filesystem `stable_bytes` are the same in every image of an application.
    """

    name: str
    kernels: tuple[Layer | None, ...]
    kernel_bytes: int
    rootfs_bytes: int
    config_bytes: int
    manifest_bytes: int
    index_bytes: int
    boot_s: float
    stable_bytes: int = 0


@dataclass(slots=True, eq=False)
class Body:
    """One direction of a way for a body of bytes: its lane on the wire, and what slow start on it depends on.

    The lane remembers, for each size that has travelled, how much longer slow start makes it than the lane's rate.
    """

    lane: Lane
    round_trip_s: float
    ramp: float

    def ramp_s(self, size_bytes: int) -> float:
        """How much longer slow start makes so many bytes take than their lane's rate does, which must not be 0."""
        lane = self.lane
        took_s = lane.ramps_s.get(size_bytes)
        if took_s is None:
            took_s = lane.ramps_s[size_bytes] = self.ramp * slow_start_s(size_bytes, lane.rate_Bps, self.round_trip_s)
        return took_s

    def whole_ramp_s(self, size_bytes: int) -> float:
        """The same were nothing broken."""
        if self.lane.is_whole:
            return self.ramp_s(size_bytes)
        return self.ramp * slow_start_s(size_bytes, self.lane.whole_rate_Bps, self.round_trip_s)

    def idle_s(self, size_bytes: float, blob: Layer, mates: Sequence[Layer]) -> float:
        """How long a flow of so much of a blob takes on idle, whole links beside its mates.

        Each has a slow start of its own. They hold each other back; only what others add to that is waiting.
        """
        if not mates:
            return self.lane.idle_s(size_bytes)
        own_s = self.whole_ramp_s(blob.size_bytes)
        beside = [(self.whole_ramp_s(other.size_bytes) - own_s, float(other.size_bytes)) for other in mates]
        return self.lane.idle_s(size_bytes, beside)


class Way:
    """From the machine that asks to the registry that answers; its bodies are worked out when they are first used."""

    __slots__ = ("_down", "_make_down", "_make_up", "_up", "back_s", "forth_s", "open_s", "round_trip_s")

    def __init__(
        self, forth_s: float, back_s: float, round_trip_s: float, open_s: float,
        up: Callable[[], Body], down: Callable[[], Body],
    ) -> None:  # fmt: skip
        self.forth_s = forth_s
        self.back_s = back_s
        self.round_trip_s = round_trip_s
        self.open_s = open_s
        self._make_up = up
        self._make_down = down
        self._up: Body | None = None
        self._down: Body | None = None

    @property
    def up(self) -> Body:
        """For bytes that the asking machine sends."""
        body = self._up
        if body is None:
            body = self._up = self._make_up()
        return body

    @property
    def down(self) -> Body:
        """For bytes that it fetches."""
        body = self._down
        if body is None:
            body = self._down = self._make_down()
        return body

    def follow(self, now: Way) -> list[Lane]:
        """Lead where another way does from now on; the lanes that its bodies leave for others."""
        self.forth_s, self.back_s = now.forth_s, now.back_s
        self.round_trip_s, self.open_s = now.round_trip_s, now.open_s
        self._make_up, self._make_down = now._make_up, now._make_down
        left = []
        for body, make in ((self._up, now._make_up), (self._down, now._make_down)):
            moved = None if body is None else make()
            if body is not None and moved is not None and moved.lane is not body.lane:
                left.append(body.lane)
                body.lane, body.round_trip_s = moved.lane, moved.round_trip_s
        return left
