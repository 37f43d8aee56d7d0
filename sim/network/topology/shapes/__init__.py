"""Shapes of the network: what joins hosts and sites, one file a shape, found by the file's name.

To add one, write one file here; then `make docs` puts it into the reference of keys, and no other code changes.
`line.py`, say, is what a scenario means by `[topology] shape = "line"`; the schema, `regsim show`, `regsim check` and
the tests that every shape has to pass find it there:

    # line.py begins with a docstring: Sites in a row, each joined to the next in the file's order.

    class Parameters(Routing):
        # and so have its model and its function
        capacity_Bps: Rate = figure("capacity", "10 Gbit/s", assumption=True, about="What each link carries each way.")
        rtt_s: Duration = setting("rtt", about="The round trip over each link.")

    def spans(hosts: Sequence[Host], sites: Sequence[Site], parameters: Parameters) -> Iterator[Span]:
        for host in hosts:
            yield Span(host.name, host.name, host.site, host.up_Bps, host.down_Bps, host.delay_s)
        for a, b in pairwise(sites):
            rate_Bps = parameters.capacity_Bps
            yield Span(f"{a.name}-{b.name}", a.name, b.name, rate_Bps, rate_Bps, parameters.rtt_s / 2)

The docstring's first sentence is what the schema says of the shape. `Parameters` are the keys beside `shape`
(`sim.figures` says how they are written); a shape without any has `Routing`'s alone, under that name. Shapes that join
sites share `_backbone`, which also takes delays from distance: see `mesh`.

`spans` gives the same for the same hosts and sites, whatever the order of hosts. Each host is the `a` of one span, with
its own rates and delay; no two spans share a name, and none joins a place to itself. Where there can be none it raises
`ShapeError`. A scenario's `[links.NAME]` then override what was generated, by name; those with `between` are added.

A file says three things more, only where they apply:

- `places(parameters)`: the names of places that it brings beside sites, so that no host is called so.
- `SITELESS = True`: hosts hang on places of its own; so they need no site, and sites need no links.
- `doubts(parameters)`: pairs of a key and a sentence, where it assumes what a reader may take for given.

Shapes take plain values and know no scenario; a file that a parameter names is found from the `folder` in the
validation's context: see `graphml`. `tests/network/topology/shapes/test_conformance.py` holds all of them to this.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import ModuleType

from pydantic import BaseModel, StrictBool

from sim import plugins
from sim.figures import Duration, Table, figure
from sim.network.topology.graph import Graph, duplex
from sim.network.topology.schedule import Schedule


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
    they are what they were, and what crosses a link that is down waits (`sim.network.tcp.retransmission`). The routes
    of a shape whose `Parameters` do not extend these never change.
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


def needs_sites(name: str) -> bool:
    """Whether hosts hang on sites, so that each has one and links lead to all."""
    return not getattr(shape(name), "SITELESS", False)


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
