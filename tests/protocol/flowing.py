"""Flows on their own: links, lanes and bodies by hand or at random, driven by `flow_driver` in the interpreter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from sim.protocol.codes import INF
from sim.protocol.growth import grow_flow_tables
from sim.protocol.ops.lanes import narrow_lane, residual_units
from sim.protocol.state import ALONG, TABLES, Globals
from sim.records.layout import ArrayState, Layout, ObjectState, table_of, used
from tests.protocol.growth import make_room

from .flow_driver import Body, Shift, begin_bodies, drive_bodies

OURS = (
    *("events", "ready", "lanes", "lane_links", "flights", "links", "classes", "hops", "nodes", "ranks", "flows"),
    *("solver", "nominal_Bps", "residual", "alone_s", "held_s", "link_uses", "held_back", "picked", "bins", "segments"),
    *("capacity_changes", "machines", "ways", "beside_later_s", "beside_bytes", "beside_left_bytes", "beside_state"),
)


class Counting(Globals):
    """And how many bodies have ended."""

    bodies_ended: int


LAYOUT = Layout(
    Counting,
    {name: TABLES[name] for name in OURS} | {"bodies": Body, "shifts": Shift, "link_loads": float},
    {name: along for name, along in ALONG.items() if name in OURS},
)


class Way(NamedTuple):
    route: tuple[int, ...]
    cap_Bps: float


class Sent(NamedTuple):
    """Bodies over ways, each as the one before has ended; the first at `at_s`."""

    at_s: float
    bodies: tuple[tuple[int, float], ...]


class Changed(NamedTuple):
    at_s: float
    kind: int
    what: int
    capacity_Bps: float


class Case(NamedTuple):
    capacity_Bps: list[float]
    ways: list[Way]
    sent: list[Sent]
    changed: list[Changed]


class Seen(NamedTuple):
    """All that can be seen of a case."""

    bodies: list[tuple[float, ...]]
    segments: list[tuple[float, ...]]
    bins: list[tuple[int, ...]]
    changes: list[tuple[float, ...]]
    alone_s: list[float]
    held_s: list[float]
    full_s: list[float]
    residual: list[int]
    loads: list[list[float]]
    now_s: float


def link_tables(capacity_Bps: Sequence[float]) -> dict[str, Any]:
    """Idle links; up to seven bodies travel side by side."""
    n_links = len(capacity_Bps)
    return {name: LAYOUT.rows(name, 8) for name in LAYOUT.tables if name.startswith("beside_")} | {
        "links": table_of(LAYOUT, "links", {"capacity": capacity_Bps}),
        "link_uses": LAYOUT.rows("link_uses", n_links),
        "nodes": LAYOUT.rows("nodes", n_links),
        "ranks": LAYOUT.rows("ranks", n_links),
        "solver": table_of(LAYOUT, "solver", {"observed": [1]}),
        "nominal_Bps": np.array(capacity_Bps, np.float64),
        "residual": np.array([residual_units(capacity) for capacity in capacity_Bps], np.int64),
        "alone_s": LAYOUT.rows("alone_s", n_links + 1),
        "held_s": LAYOUT.rows("held_s", n_links + 1),
    }


def state_of(case: Case, kind: type[Any]) -> Any:
    tables = link_tables(case.capacity_Bps)
    bodies = [(*body, sent.at_s if at == 0 else -1.0, at + 1 < len(sent.bodies)) for sent in case.sent
              for at, body in enumerate(sent.bodies)]  # fmt: skip
    if bodies:
        lane, size, at_s, more = (list(column) for column in zip(*bodies, strict=True))
        following = [at + 1 if goes_on else -1 for at, goes_on in enumerate(more)]
        columns = {"lane": lane, "size_bytes": size, "at_s": at_s, "next": following}
        tables["bodies"] = table_of(LAYOUT, "bodies", columns)
    if case.changed:
        columns = dict(zip(Changed._fields, zip(*case.changed, strict=True), strict=True))
        tables["shifts"] = table_of(LAYOUT, "shifts", columns)
    tables["link_loads"] = LAYOUT.rows("link_loads", len(case.changed) * len(case.capacity_Bps))
    ends = np.cumsum([len(way.route) for way in case.ways])
    tables["lane_links"] = np.array([link for way in case.ways for link in way.route], np.int64)
    routes = [way.route for way in case.ways]
    tables["lanes"] = table_of(
        LAYOUT,
        "lanes",
        {
            "first_link": ends - [len(route) for route in routes],
            "end_link": ends,
            "own_cap_Bps": [way.cap_Bps for way in case.ways],
            "along": [routes.index(route) for route in routes],
            "like": [case.ways.index(way) for way in case.ways],
        },
    )
    g = LAYOUT.rows("g", 1)
    g["nodes_used"], g["lanes_used"] = len(case.capacity_Bps), len(case.ways)
    g["lane_links_used"] = len(tables["lane_links"])
    state = kind(LAYOUT, tables | {"g": g})
    make_room(state, 300 + 6 * len(bodies) + len(case.changed))
    reading = state if kind is ObjectState else Readable(state)
    for lane in range(len(case.ways)):
        narrow_lane(reading, lane)
    return state


class Readable:
    """Arrays for the interpreter."""

    def __init__(self, state: ArrayState) -> None:
        for name in LAYOUT.tables:
            table = state[name]
            setattr(self, name, table if LAYOUT.is_column(name) else table.view(np.recarray))
        self.g = state["g"].view(np.recarray)[0]


def seen_in(case: Case, state: Any) -> Seen:
    bodies = state["bodies"]
    reading = state if isinstance(state, ObjectState) else Readable(state)
    n_links = len(case.capacity_Bps)
    loads = state["link_loads"].reshape(-1, n_links)
    ats = [at for at, change in enumerate(case.changed) if change.kind == 3]
    looks = [[float(state["shifts"]["under_way"][at]), *loads[at].tolist()] for at in ats]
    names = ["place", "ended_s", "shared", "broken", "sent_bytes", "bound_by", "bound_s"]
    return Seen(
        bodies[names].tolist(),
        sorted(used(state, "segments").tolist()),
        sorted(used(state, "bins").tolist()),
        used(state, "capacity_changes").tolist(),
        state["alone_s"].tolist(),
        state["held_s"].tolist(),
        [link_full_s(reading, link) for link in range(n_links)],
        state["residual"].tolist(),
        looks,
        float(reading.g.now_s),
    )


def link_full_s(w: Any, link: int) -> float:
    """How long flows that shared have held a link full, up to the engine's last event."""
    row = w.links[link]
    return float(row.full_s + (w.g.monitored_s - row.full_since if row.holds else 0.0))


def driven(case: Case) -> Seen:
    """In the interpreter."""
    state = state_of(case, ObjectState)
    begin_bodies(state)
    while drive_bodies(state):
        grow_flow_tables(state)
    return seen_in(case, state)


class Flow(NamedTuple):
    """A flow to send: when, how much, over which links, how fast at most."""

    start_s: float
    size_bytes: float
    route: tuple[int, ...] = (0,)
    cap_Bps: float = INF


class Ended(NamedTuple):
    """What a flow came to: when, how much had got through, whether it broke off, and whether it shared."""

    at_s: float
    sent_bytes: float
    broken: bool = False
    shared: bool = False


def case_of(
    capacity_Bps: Sequence[float], flows: Sequence[Flow], changed: Sequence[Changed] = (), together: bool = False
) -> Case:
    """Each flow has a lane of its own, or flies `together` with all others of its route and cap."""
    ways: list[Way] = []
    sent = []
    for flow in flows:
        way = Way(flow.route, flow.cap_Bps)
        if not together or way not in ways:
            ways.append(way)
        lane = ways.index(way) if together else len(ways) - 1
        sent.append(Sent(float(flow.start_s), ((lane, float(flow.size_bytes)),)))
    return Case([float(capacity) for capacity in capacity_Bps], ways, sent, [*changed])


def ends(seen: Seen) -> list[Ended]:
    """By the flows' own order."""
    return [Ended(body[1], body[4], bool(body[3]), bool(body[2])) for body in seen.bodies]


def play(
    capacity_Bps: Sequence[float], flows: Sequence[Flow], changed: Sequence[Changed] = (), together: bool = False
) -> tuple[list[Ended], Seen]:
    """What flows came to, in their own order, and all else that is seen."""
    seen = driven(case_of(capacity_Bps, flows, changed, together))
    return ends(seen), seen


def capacity(at_s: float, link: int, capacity_Bps: float) -> Changed:
    """A link carries so much from then on."""
    return Changed(float(at_s), 0, link, float(capacity_Bps))


@st.composite
def cases(draw: st.DrawFn, changing: bool) -> Case:
    """Up to five links, lanes on them that some tasks send over at the same instants, some for several minutes."""
    n_links = draw(st.integers(1, 5))
    rates = st.one_of(st.integers(1, 20).map(lambda n: 1000.0 * n), st.floats(500.0, 30_000.0))
    capacity_Bps = [draw(rates) for _ in range(n_links)]
    routes = st.lists(st.integers(0, n_links - 1), min_size=1, max_size=4, unique=True).map(tuple)
    caps = st.one_of(st.just(INF), st.sampled_from([2000.0, 5000.0]), rates)
    ways = draw(st.lists(st.builds(Way, routes, caps), min_size=1, max_size=6, unique=True))
    sizes = st.one_of(st.sampled_from([20_000.0, 60_000.0, 500_000.0]), st.integers(15_000, 900_000).map(float))
    bodies = st.lists(st.tuples(st.integers(0, len(ways) - 1), sizes), min_size=1, max_size=4).map(tuple)
    times = st.one_of(st.integers(0, 30).map(float), st.floats(0.0, 100.0))
    sent = draw(st.lists(st.builds(Sent, times, bodies), max_size=9))
    changed = []
    if changing:
        for _ in range(draw(st.integers(0, 5))):
            kind = draw(st.integers(0, 3))
            what = draw(st.integers(0, (len(ways) if kind == 2 else n_links) - 1))
            # Some fall on the instants at which flights end.
            at_s = draw(st.one_of(times, st.sampled_from([2.0, 4.0, 12.0, 20.0, 30.0, 60.0])))
            now_Bps = draw(st.one_of(st.just(0.0), rates)) if kind == 0 else draw(rates)
            changed.append(Changed(at_s, kind, what, now_Bps))
    return Case(capacity_Bps, ways, sent, changed)
