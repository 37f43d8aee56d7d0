"""A world that is worked out in the head: every pair of hosts 100 ms apart, every line 1 MB/s, every request 10 ms.

Hosts hang on one hub, 50 ms from it each. Registries speak plain TCP unless told otherwise, so that opening a
connection is one round trip of 200 ms. Central's first byte takes 50 ms, a node's 20 ms. Slow start sends windows of
14.6, 29.2, 58.4 and 116.8 kB in four round trips, 0.8 s for the 219 kB that take 0.219 s at 1 MB/s: it costs every
body that is larger than those `RAMP_S` before it flows at the line's rate.

Kind 0 is an app (a kernel of 3 MB and a rootfs of 1 MB), kind 1 a ROM (1 MB). Either has 10 kB of metadata beside:
config 1, manifest 3, index 6. Booting takes 100 ms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest

from sim.registry.clients import Requests
from sim.scenario import Scenario
from sim.streams import Streams
from sim.workload.demand import Demand
from sim.world.build import build
from sim.world.clock import Steps
from sim.world.deploy import deploy
from sim.world.path import Path
from sim.world.places import Registry
from sim.world.tally import tally
from sim.world.world import World

RAMP_S = 0.8 - 0.219
MB = 1_000_000

_HOST = {"capacity": "1 MB/s", "delay": "50 ms", "window": "1 GB"}
_REGISTRY = {**_HOST, "workers": 100, "request_time": "10 ms", "disk": "1 GB/s", "tls": False}
_METADATA = {"config": "1 kB", "manifest": "3 kB", "index": "6 kB", "boot": "100 ms"}


class App(NamedTuple):
    """An application: who pushes it, of which kind it is, and the draw that names its node."""

    client: int = 0
    kind: int = 0
    draw: float = 0.0


class Deploy(NamedTuple):
    """One deploy: when, of which application, with which kernel, and the draw that decides in a mix of routes.

    `image` is the number of an earlier deploy whose image it pushes again. What follows is its own where it is given,
    as in `sim.workload.demand.Ask`.
    """

    at_s: float
    app: int = 0
    kernel: int = 0
    draw: float = 0.0
    image: int | None = None
    client: int | None = None
    kind: int | None = None
    rootfs_bytes: int | None = None
    nodes: int | None = None
    pushes: bool = True
    beside: int = 0
    by_digest: bool = False


class Sent(NamedTuple):
    """Requests that leave one after another, each when the one before is answered: when and where to."""

    at_s: float
    registry: str
    requests: str


def scenario(nodes: int = 1, clients: int = 1, **changes: Any) -> Scenario:
    """The small scenario; `changes` are overrides by dotted key with `__` for the dots."""
    document = {
        "topology": {"shape": "star"},
        "central": {**_REGISTRY, "first_byte": "50 ms"},
        "nodes": {"n": {**_REGISTRY, "first_byte": "20 ms", "count": nodes}},
        "clients": {"dev": {**_HOST, "count": clients, "profile": "kraftkit"}},
        "images": {
            "app": {**_METADATA, "kernel": "3 MB", "rootfs": "1 MB"},
            "rom": {**_METADATA, "rootfs": "1 MB", "rom": True},
        },
    }
    return Scenario.from_document(document, overrides={key.replace("__", "."): to for key, to in changes.items()})


def demand(
    deploys: Sequence[Deploy], apps: Sequence[App] = (App(),), known_apps: int = 0,
    known_bytes: Sequence[int] = (), known_nodes: Sequence[int] = (),
) -> Demand:  # fmt: skip
    """Deploys by hand, in the order of their times; one is an update if its app is known or was deployed before.

    `known_bytes` are the applications' root filesystems at the start, where they are not those of their kinds, and
    `known_nodes` how many nodes they are on, where that is not the scenario's number.
    """
    order = [ask.app for ask in deploys]

    def own(name: str, otherwise: Sequence[Any]) -> Any:
        """A column, or None where no deploy has anything of its own in it."""
        given = [getattr(ask, name) for ask in deploys]
        if given == [Deploy._field_defaults[name]] * len(given):
            return None
        return np.array([other if one is None else one for one, other in zip(given, otherwise, strict=True)])

    return Demand(
        client=own("client", [apps[app].client for app in order]),
        kind=own("kind", [apps[app].kind for app in order]),
        rootfs_bytes=own("rootfs_bytes", [MB] * len(order)),
        app_rootfs_bytes=np.array(known_bytes, dtype=np.int64) if known_bytes else None,
        nodes=own("nodes", [1] * len(order)),
        app_nodes=np.array(known_nodes, dtype=np.int64) if known_nodes else None,
        pushes=own("pushes", order),
        beside=own("beside", order),
        by_digest=own("by_digest", order),
        at_s=np.array([ask.at_s for ask in deploys], dtype=np.float64),
        app=np.array(order, dtype=np.int64),
        kernel=np.array([ask.kernel for ask in deploys], dtype=np.int64),
        update=np.array([app < known_apps or app in order[:at] for at, app in enumerate(order)], dtype=np.bool_),
        route_draw=np.array([ask.draw for ask in deploys], dtype=np.float64),
        place_draw=np.zeros(len(deploys)),
        app_client=np.array([app.client for app in apps], dtype=np.int64),
        app_kind=np.array([app.kind for app in apps], dtype=np.int64),
        app_draw=np.array([app.draw for app in apps], dtype=np.float64),
        known_apps=known_apps,
        image=np.array([at if ask.image is None else ask.image for at, ask in enumerate(deploys)], dtype=np.int64),
    )


class Seen:
    """A run that has ended: the requests in the order in which they were decided on, and the rows by table."""

    def __init__(self, world: World, trace: list[Sent]) -> None:
        self.world = world
        self.trace = trace

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows of a table, each by column."""
        columns = self.world.log.tables[table].arrays()
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def deploys(self) -> list[dict[str, Any]]:
        """The deploys' rows in the order in which they were asked for."""
        return sorted(self.rows("deploys"), key=lambda row: row["deploy"])

    def bodies(self, purpose: str) -> list[tuple[str, str, str, float, float, int]]:
        """Bodies moved for a purpose: (content, source, target, started, ended, bytes), in the order of their ends."""
        names = ("content", "source", "target", "started_s", "ended_s", "size_bytes")
        return [tuple(row[name] for name in names) for row in self.rows("transfers") if row["purpose"] == purpose]


def play(chosen: Scenario, asked: Demand, meanwhile: Mapping[float, Callable[[World], None]] | None = None) -> Seen:
    """Run a scenario as `sim.run` does, on demand by hand; `meanwhile` has things to do to the world, by time."""
    world = build(chosen, asked, Streams(1))
    trace: list[Sent] = []

    def watch(path: Path, registry: Registry, requests: Requests) -> None:
        trace.append(Sent(round(path.now_s, 9), registry.name, ", ".join(requests)))

    def arrivals() -> Steps:
        for ask in asked:
            yield ask.at_s
            world.clock.start(deploy(world, ask))

    def interfere(at_s: float, change: Callable[[World], None]) -> Steps:
        yield at_s
        change(world)

    world.watch = watch
    world.clock.start(arrivals())
    for at_s, change in (meanwhile or {}).items():
        world.clock.start(interfere(at_s, change))
    world.clock.run_out()
    tally(world)
    return Seen(world, trace)


def phases(row: Mapping[str, Any]) -> dict[str, float]:
    """A deploy's phases that took time, in the order of the table, rounded to nanoseconds."""
    names = ("login", "checks", "upload", "commit", "sync_wait", "pull", "boot")
    return {name: round(row[f"{name}_s"], 9) for name in names if row[f"{name}_s"]}


def exactly(value: Any) -> Any:
    """Equal to within what adding a few floats may lose."""
    return pytest.approx(value, rel=0, abs=1e-9)
