"""Shapes of the network: one file per shape, found by the file's name, from hosts and given links to spans.

A shape is `spans(hosts, sites, parameters) -> Iterable[Span]`: the links that it generates, which a scenario's
`[links.NAME]` then override by name; links with `between` are added to them. Where it can't, it raises `ShapeError`.
Its `Parameters` extend `Routing`; where they don't, routes never change.
A shape that brings places of its own says which, `places(parameters) -> Iterable[str]`, so that no host is called so;
one that has to assume what its file does not say tells that, `doubts(parameters) -> Iterable[tuple[key, words]]`.
Shapes take plain values and know no scenario; what their parameters take from files is found from the `folder` of the
validation's context.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import ModuleType

from pydantic import BaseModel, StrictBool

from sim import plugins
from sim.figures import Duration, Table, figure
from sim.network import Graph, Schedule, duplex


class ShapeError(ValueError):
    """Why a shape can't be made: the key of its parameters (empty: of all of it), the problem, and the remedy."""

    def __init__(self, key: str, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}; {remedy}")
        self.key = key
        self.problem = problem
        self.remedy = remedy


class Routing(Table):
    """Where routes go once a link is down: keys of every shape, whose `Parameters` extend these.

    They are those of least delay over links that are up, `convergence` after a link went down or came back. Until then
    they are what they were, and what crosses a link that is down waits (`network/retransmission`).
    """

    reroute: StrictBool = figure(
        "reroute", True, source="RFC 2328 (OSPF): routers go round links that are down",
        about="Whether routes go round links that are down, where the network has another way.",
    )  # fmt: skip
    convergence_s: Duration = figure(
        "convergence", "40 s", source="RFC 2328, C.3: RouterDeadInterval of 40 s", range=("1 s", "180 s"),
        about="How long after a link went down or came back routes change.",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Site:
    """A place where hosts are, and where on Earth it lies, in degrees, if that is known."""

    name: str
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class Host:
    """A machine on the network: its site, and the link that joins it (`up` is from the host)."""

    name: str
    site: str
    up_Bps: float
    down_Bps: float
    delay_s: float


@dataclass(frozen=True, slots=True)
class Span:
    """A full-duplex link `name` between `a` and `b`: `NAME-up` runs from a to b, `NAME-down` back.

    With hours it carries at each time of day what they say, and its rates are those at the start. It is `wan` if it
    joins places, and no host to one.
    """

    name: str
    a: str
    b: str
    up_Bps: float
    down_Bps: float
    delay_s: float
    price_usd_per_byte: float = 0.0
    hours: tuple[Schedule, ...] = ()
    wan: bool = False


def names() -> tuple[str, ...]:
    """The shapes, as a scenario names them."""
    return plugins.names(__name__)


def shape(name: str) -> ModuleType:
    """The module of one shape."""
    return plugins.module(__name__, name)


def parameters(name: str) -> type[BaseModel]:
    """The model of the parameters that a scenario may give one shape."""
    return plugins.parameters(__name__, name)


def spans(name: str, hosts: Sequence[Host], sites: Sequence[Site], chosen: BaseModel) -> tuple[Span, ...]:
    """The spans that the shape of that name generates. ShapeError where it can't."""
    generated: Iterable[Span] = shape(name).spans(hosts, sites, chosen)
    return tuple(generated)


def places(name: str, chosen: BaseModel) -> tuple[str, ...]:
    """The places that the shape brings beside sites and hosts. ShapeError where it can't tell."""
    brings = getattr(shape(name), "places", None)
    return () if brings is None else tuple(brings(chosen))


def doubts(name: str, chosen: BaseModel) -> tuple[tuple[str, str], ...]:
    """(key of its parameters, words) of what the shape has to assume. ShapeError where it can't tell."""
    raises = getattr(shape(name), "doubts", None)
    return () if raises is None else tuple(raises(chosen))


def graph(joined: Iterable[Span]) -> Graph:
    """The directed graph of spans."""
    return Graph(link for s in joined for link in duplex(s.name, s.a, s.b, s.up_Bps, s.down_Bps, s.delay_s))
