"""What stands where: machines, the registries on some of them, and the ways between machines.

A `Way` is everything about a pair of machines that a request or a body of bytes needs to know, worked out once:
delays there and back, what opening a connection costs, and for each direction the class of its flows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from simpy import Event

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
    """A connection from one registry to another: from when on it can be used, and until when it stays open unused."""

    ready_s: float
    until_s: float = 0.0


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
