"""A world that is worked out in the head: every pair of hosts 100 ms apart, every line 1 MB/s, every request 10 ms.

Hosts hang on one hub, 50 ms from it each. Registries speak plain TCP unless a test says otherwise, so that opening a
connection is one round trip of 200 ms; bodies side by side find theirs open, nodes need no token and get configs beside
layers, and clients create instances at once, by tag. Central's first byte takes 50 ms, a node's 20 ms, and as long they
take to keep a blob that has come. Slow start sends windows of
14.6, 29.2, 58.4 and 116.8 kB in four round trips, 0.8 s for the 219 kB that take 0.219 s at 1 MB/s: it costs every
body that is larger than those `RAMP_S` before it flows at the line's rate.

Kind 0 is an app (a kernel of 3 MB and a rootfs of 1 MB), kind 1 a ROM (1 MB). Either has 10 kB of metadata beside:
config 1, manifest 3, index 6. Booting takes 100 ms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
import pytest

from sim.engines import reference
from sim.engines.host import Host
from sim.engines.run import Engine, Ran
from sim.engines.run import run as run_engine
from sim.protocol.assembly import Assembled
from sim.protocol.ops import requests as lists
from sim.protocol.ops.holdings import has_blob, has_image, tag_publish
from sim.registry.clients import CONTAINERD, PROFILES, Profile
from sim.registry.copiers import COPIERS
from sim.registry.oci import numbered_digest
from sim.scenario import Scenario
from sim.streams import Streams
from sim.tables.columns import Table
from sim.tables.frames import frame, listing
from sim.workload.demand import Demand

RAMP_S = 0.8 - 0.219
MB = 1_000_000

_HOST = {"capacity": "1 MB/s", "delay": "50 ms", "window": "1 GB"}
_REGISTRY = {
    **_HOST, "workers": 100, "request_time": "10 ms", "disk": "1 GB/s", "tls": False, "anonymous": True,
}  # fmt: skip
_METADATA = {"config": "1 kB", "manifest": "3 kB", "index": "6 kB", "boot": "100 ms"}


class App(NamedTuple):
    """An application: who pushes it, of which kind it is, and the draw that names its node."""

    client: int = 0
    kind: int = 0
    draw: float = 0.0


class Deploy(NamedTuple):
    """One deploy: when, of which application, with which kernel, and the draw that decides in a mix of routes.

    `image` is the number of an earlier deploy whose image it pushes again. What follows is its own where it is given,
    as in the columns of `sim.workload.demand.Demand`.
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
        "central": {**_REGISTRY, "first_byte": "50 ms", "store": "50 ms"},
        "nodes": {"n": {**_REGISTRY, "first_byte": "20 ms", "store": "20 ms", "count": nodes}},
        "clients": {"dev": {**_HOST, "count": clients, "profile": "kraftkit"}},
        "tcp": {"parallel": "open"},
        "policies": {"create": "at-once", "configs": "beside"},
        "demand": {"reference": "tag"},
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


class Held(NamedTuple):
    """What a tag means at a registry."""

    digest: str
    published_s: float
    generation: int


class Seen:
    """A run on its way or over: the requests in the order in which they were decided on, and the rows by table."""

    def __init__(self, chosen: Scenario, trace: list[Sent]) -> None:
        self.trace = trace
        hosts = (*chosen.node_hosts(), *chosen.cache_hosts())
        self.registries = ["central", *(name for name, _ in hosts)]
        self.state: Any = None
        self.ran: Ran | None = None
        self.do: Callable[..., Any]  # call a function of ops on the state, by name: for `meanwhile`
        self.backward = 0  # events that were scheduled for a time that was past

    @property
    def tables(self) -> dict[str, Table]:
        """What is left of the run."""
        assert self.ran is not None
        return self.ran.tables

    def events(self) -> int:
        """How many things happened."""
        assert self.ran is not None
        return self.ran.events

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows of a table, each by column."""
        columns = self.tables[table].arrays()
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def deploys(self) -> list[dict[str, Any]]:
        """The deploys' rows in the order in which they were asked for."""
        return sorted(self.rows("deploys"), key=lambda row: row["deploy"])

    def bodies(self, purpose: str) -> list[tuple[str, str, str, float, float, int]]:
        """Bodies moved for a purpose: (content, source, target, started, ended, bytes), in the order of their ends."""
        names = ("content", "source", "target", "started_s", "ended_s", "size_bytes")
        return [tuple(row[name] for name in names) for row in self.rows("transfers") if row["purpose"] == purpose]

    def registry(self, name: str) -> Any:
        """A registry's row."""
        return self.state.registries[self.registries.index(name)]

    def has_image(self, registry: str, image: int, app: int = 0) -> bool:
        """Whether an application's repository at a registry has a manifest, by the image's number."""
        return has_image(self.state, self.registries.index(registry), app, image)

    def has_blobs(self, registry: str, image: int, app: int = 0) -> list[bool]:
        """Whether it has each of the image's blobs."""
        row, at = self.state.images[image], self.registries.index(registry)
        blobs = self.state.image_blobs[row.first_blob : row.first_blob + row.blobs]
        return [has_blob(self.state, at, app, blob) for blob in blobs]

    def tag(self, registry: str, app: int = 0) -> Held | None:
        """What an application's tag means at a registry."""
        publish = tag_publish(self.state, self.registries.index(registry), app)
        if publish < 0:
            return None
        row = self.state.publishes[publish]
        return Held(digest(row.image), row.published_s, row.generation)

    def arriving(self, registry: str) -> bool:
        """Whether blobs are still expected there."""
        return bool(self.registry(registry).first_fetch >= 0)

    def listed(self, registry: str, at_s: float) -> list[tuple[str, str]]:
        """(repository, tag) of what a registry's list shows at a time, which trails by what the scenario says."""
        lists_ = frame(self.tables["lists"])
        found = listing(lists_[lists_.registry == registry], at_s, registry)
        return sorted(zip(found.repository, found.tag, strict=True))


def digest(image: int) -> str:
    """An image's: those of deploys are numbered as these, those that are there at the start follow."""
    return numbered_digest(3, image)


def play(
    chosen: Scenario, asked: Demand, meanwhile: Mapping[float, Callable[[Seen], None]] | None = None,
    engine: Engine = "reference",
) -> Seen:  # fmt: skip
    """Run a scenario as `sim.run` does, on demand by hand.

    `meanwhile` has things to do to the state, by time. They, and the trace of requests, need the reference engine.
    """
    seen = Seen(chosen, [])

    class Watched(reference.Reference):
        """Writes requests down, and lets a test change the state."""

        def __init__(
            self, assembled: Assembled, tables: dict[str, Any], host: Host,
            instead: Mapping[str, Callable[..., Any]] | None = None,
        ) -> None:  # fmt: skip
            def push_event(w: Any, at_s: float, kind: int, what: int, generation: int) -> None:
                seen.backward += at_s < self._env.now
                reference._push_event(w, at_s, kind, what, generation)

            watching = {"observe_requests": partial(_note, seen, clients), "push_event": push_event}
            super().__init__(assembled, tables, host, {**(instead or {}), **watching})

        def run(self) -> None:
            seen.state, seen.do = self.state, lambda name, *values: self.function(name)(self.state, *values)
            for at_s, change in (meanwhile or {}).items():
                self.at(at_s, partial(change, seen))
            super().run()

    clients = _clients(chosen)
    with patch.object(reference, "Reference", Watched):
        seen.ran = run_engine(chosen, asked, Streams(1), engine)
    seen.state = seen.ran.state
    return seen


def _clients(chosen: Scenario) -> list[Profile]:
    """The clients by the numbers of their rows."""
    clients = dict.fromkeys(PROFILES[group.profile] for _, group in chosen.client_hosts())
    tool = chosen.policies.sync.client  # without one copies are asked for as containerd asks
    return [CONTAINERD, CONTAINERD if tool is None else COPIERS[tool], *clients]


def _note(seen: Seen, clients: Sequence[Profile], w: Any, p: int, which: int, count: int, beside: int) -> None:
    """The last so many of a list of requests, as one client calls them."""
    task = w.tasks[p]
    client = clients[task.profile]
    requests = lists.LISTS[which](client)
    at_s = round(w.timelines[task.timeline].now_s, 9)
    seen.trace.append(Sent(at_s, seen.registries[task.registry], ", ".join(requests[len(requests) - count :])))


def phases(row: Mapping[str, Any]) -> dict[str, float]:
    """A deploy's phases that took time, in the order of the table, rounded to nanoseconds."""
    names = ("login", "checks", "upload", "commit", "sync_wait", "pull", "boot")
    return {name: round(row[f"{name}_s"], 9) for name in names if row[f"{name}_s"]}


def exactly(value: Any) -> Any:
    """Equal to within what adding a few floats may lose."""
    return pytest.approx(value, rel=0, abs=1e-9)
