"""A rig's scenario as the rows of a state: its hosts' links, its registries, one machine for each client process.

Links carry IP packets, so a link's capacity for blobs is its rate times 1448/1500: an MTU of 1500 bytes less 20 of IP,
20 of TCP and 12 of its timestamps (RFC 791, RFC 9293, RFC 7323). Registries keep everything, and their disks are no
links: on the rig neither they nor windows ever were what held a transfer back. Left out: disks and limits of
registries, which never held the rig back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.calibrate.rig.files import COPIES, Operation, RigScenario
from sim.calibrate.rig.parameters import Parameters
from sim.network.tcp.retransmission import SYN_TIMEOUT_S, given_up_s
from sim.network.tcp.transport import MSS_BYTES, MTU_BYTES
from sim.network.topology import shapes
from sim.network.topology.shapes import spans
from sim.network.topology.shapes.star import Parameters as Star
from sim.protocol.build import Tables, link_rows, machine_rows, profile_rows
from sim.protocol.codes import CONFIG, INF, KERNEL, ROOTFS
from sim.protocol.ops.holdings import tag_publish
from sim.protocol.ops.ways import find_way
from sim.protocol.routes import Host, Routes
from sim.protocol.state import LAYOUT
from sim.records.layout import ObjectState, table_of
from sim.registry import copiers
from sim.registry.clients import SKOPEO
from sim.registry.replication import MOVES, Event, State

#: What runs on the rig; what a process takes to start is in the parameters.
PROFILE: Final = replace(SKOPEO, start_s=0.0)
#: What asks: a push or a pull, a sync, and a copy of one tag, which does not ask what the target has. They share no
#: cache, so that they know of nothing that could be mounted.
PROFILES: Final = (
    PROFILE,
    replace(copiers.SKOPEO, mounts=False, login=PROFILE.login, manifests=PROFILE.manifests),
    replace(copiers.SKOPEO, mounts=False, login=PROFILE.login, manifests=PROFILE.manifests, tags=("GET /v2/",)),
)
SYNC: Final = 1
COPY: Final = 2
#: Every queue of the rig holds what its link sends in so long.
QUEUE_S: Final = 0.06
_CONFIG_BYTES, _MANIFEST_BYTES = 250, 560
#: Go's servers serve every connection at once; so many workers are as good as no bound.
_WORKERS = 1024
_WINDOW_BYTES = 1 << 40
#: How often Linux sends again over a connection in use, and to open one.
_RETRIES, _SYN_RETRIES = 15, 6
#: Rows that one task may add while it goes on, beside those for each client of a step.
_MARGIN = 24


@dataclass(frozen=True, slots=True)
class Client:
    """A client process: what it does, and the numbers of its machine, of the registry that it talks to, of the
    repository, of the image if it pushes one (-1: it pulls), and of the machines of copies that a proxy has for it.

    One that copies brings these `images` from the registry `source`.
    """

    operation: Operation
    machine: int
    registry: int
    repository: int
    image: int
    copies: Iterator[int]
    source: int = -1
    images: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RigState:
    """What a run of a rig begins with; the clients of each step, and registries' numbers by their hosts."""

    tables: Tables
    routes: Routes
    steps: tuple[tuple[Client, ...], ...]
    registries: dict[str, int]


def build(
    scenario: RigScenario, parameters: Parameters, ramp: float, faults: bool, given: Mapping[str, Any]
) -> RigState:
    """The state at time 0. Slow start is stretched by `ramp`; where there are `faults`, hosts outlast outages; globals
    that a wire needs are `given`."""
    registries = [host.name for host in scenario.hosts if host.registry is not None]
    # As machines they are where copies are made.
    hosts = [Host(name, "", _WINDOW_BYTES, parameters.push_trips, ramp) for name in registries]
    number = {name: at for at, name in enumerate(registries)}
    upstreams = {host.name for host in scenario.hosts if host.upstream is not None}
    images = _Images(operation for step in scenario.steps for operation in step)
    repositories: dict[str, int] = {}
    tags = _Tags()
    steps = []
    for step in scenario.steps:
        clients = []
        for operation in step:
            trips = parameters.push_trips if operation.op == "push" else parameters.pull_trips
            machine, copies = len(hosts), 0
            hosts.append(Host(operation.at, "", _WINDOW_BYTES, trips, ramp))
            if operation.peer in upstreams:
                copies = 1 + 2 * images.most_blobs
                hosts += [Host(operation.peer, "", _WINDOW_BYTES, ramp=ramp)] * copies
            repository = repositories.setdefault(operation.image, len(repositories))
            image = images.row(operation) if operation.op == "push" else -1
            own = iter(range(machine + 1, machine + 1 + copies))
            source = -1 if operation.source is None else number[operation.source]
            clients.append(
                Client(operation, machine, number[operation.peer], repository, image, own, source, tags.of(operation))
            )
        for client in clients:
            tags.add(client)
        steps.append(tuple(clients))
    routes = Routes(_spans(scenario), (), hosts, (), registries=len(registries))
    globals_: dict[str, Any] = {
        "nodes": len(registries) - 1, "tasks_per_growth": 1,
        "margin": _MARGIN + 8 * images.most_blobs, "node_margin": _MARGIN + 8 * max(map(len, steps)),
        **given,
    }  # fmt: skip
    tables: Tables = {
        **images.tables(), **_registries(len(registries), parameters.request_s), **profile_rows(PROFILES),
        **link_rows(routes, globals_), **routes.tables(), **_names(len(repositories)),
    }  # fmt: skip
    if faults:
        tables |= _faults(scenario, len(routes.capacity_Bps), globals_)
    tables["machines"] = machine_rows(routes, hosts, [0] * len(hosts))
    beside = max(images.most_blobs + 2, 4)
    tables["packets"] = LAYOUT.rows("packets", 1)
    tables |= {name: LAYOUT.rows(name, beside) for name in LAYOUT.tables if name.startswith("beside_")}
    tables["g"] = table_of(LAYOUT, "g", globals_, 1)
    places = {state: at for at, state in enumerate(State)}
    moves = [MOVES.get((state, event)) for state in State for event in Event]
    tables["replica_moves"] = np.array([-1 if to is None else places[to] for to in moves], np.int64)
    return RigState(tables, routes, tuple(steps), number)


def new_way(state: ObjectState, routes: Routes, machine: int, registry: int) -> int:
    """The way of a machine that has none yet."""
    routes.work_out(state, machine, registry, 0)
    return find_way(state, machine, registry, 0)


def latest(w: Any, registry: int, client: Client) -> int:
    """The image that a client's tag means at a registry. ValueError if there is none."""
    found = tag_publish(w, registry, client.repository)
    if found < 0:
        raise ValueError(f"{client.operation.image} was never pushed to where {client.operation.at} pulls it")
    return int(w.publishes[found].image)


def _spans(scenario: RigScenario) -> list[shapes.Span]:
    """Every host's access link, to the hub or to the host that it is behind."""
    payload = 1e6 / 8 * MSS_BYTES / MTU_BYTES
    hosts = [
        shapes.Host(host.name, "", host.up * payload, host.down * payload, host.delay / 1e3) for host in scenario.hosts
    ]
    behind = {host.name: host.via for host in scenario.hosts if host.via is not None}
    return [replace(span, b=behind.get(span.a, span.b)) for span in spans("star", hosts, (), Star())]


class _Tags:
    """Which image each tag means in the repositories of each host, step after step."""

    def __init__(self) -> None:
        self._images: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)

    def of(self, operation: Operation) -> tuple[int, ...]:
        """What an operation copies, in the order in which its source was given it."""
        if operation.op not in COPIES:
            return ()
        known = self._images[operation.source or "", operation.image]
        return (known[operation.tag],) if operation.op == "copy" else tuple(known.values())

    def add(self, client: Client) -> None:
        """A client has ended."""
        operation = client.operation
        known = self._images[operation.peer, operation.image]
        if operation.op == "push":
            known[operation.tag] = client.image
        elif operation.op == "copy":
            known[operation.tag] = client.images[0]
        elif operation.op == "sync":
            known.update(self._images[operation.source or "", operation.image])


class _Images:
    """What is pushed: each combination of layers is an image, each layer one blob wherever it is."""

    def __init__(self, operations: Iterator[Operation]) -> None:
        self._rows: dict[tuple[str, ...], int] = {}
        self._blobs: dict[str, int] = {}
        self._sizes: list[tuple[int, int]] = []
        self._of: list[list[int]] = []
        for operation in operations:
            if operation.op == "push":
                self._add(operation)
        self.most_blobs = max(map(len, self._of), default=0)

    def _add(self, operation: Operation) -> None:
        keys = _keys(operation)
        if keys in self._rows:
            return
        self._rows[keys] = len(self._rows)
        kernel_first = len(keys) > 1
        blobs = []
        for at, (key, size_bytes) in enumerate(operation.layers):
            if key not in self._blobs:
                self._blobs[key] = len(self._sizes)
                self._sizes.append((size_bytes, KERNEL if kernel_first and at == 0 else ROOTFS))
            blobs.append(self._blobs[key])
        self._of.append([*blobs, len(self._sizes)])
        self._sizes.append((_CONFIG_BYTES, CONFIG))

    def row(self, operation: Operation) -> int:
        """The image that is pushed."""
        return self._rows[_keys(operation)]

    def tables(self) -> Tables:
        """Images and blobs."""
        blobs = np.array([len(own) for own in self._of], np.int64)
        images = {
            "first_blob": np.cumsum(blobs) - blobs, "blobs": blobs, "rank": np.arange(len(blobs)),
            "manifest_bytes": np.full(len(blobs), _MANIFEST_BYTES),
        }  # fmt: skip
        sizes = {"size_bytes": [size for size, _ in self._sizes], "content": [content for _, content in self._sizes]}
        return {
            "images": table_of(LAYOUT, "images", images, len(blobs)),
            "image_blobs": np.array([blob for own in self._of for blob in own], np.int64),
            "blobs": table_of(LAYOUT, "blobs", sizes, len(self._sizes)),
        }


def _keys(operation: Operation) -> tuple[str, ...]:
    return tuple(key for key, _ in operation.layers)


def _registries(number: int, request_s: float) -> Tables:
    rows = LAYOUT.rows("registries", number)
    rows["workers"], rows["first_worker"] = _WORKERS, _WORKERS * np.arange(number)
    rows["request_s"] = request_s
    rows["token_life_s"], rows["disk"] = INF, -1
    return {"registries": rows, "free_s": np.zeros(_WORKERS * number)}


def _names(number: int) -> Tables:
    """A repository for each name of an image, with one tag; all are of one account."""
    nowhere: NDArray[np.int64] = np.full(number, -1)
    names = {"repository": np.arange(number), "newest": nowhere, "removed": nowhere}
    return {"names": table_of(LAYOUT, "names", names, number), "repository_account": np.zeros(number, np.int64)}


def _faults(scenario: RigScenario, links: int, globals_: dict[str, Any]) -> Tables:
    """Nothing is known of outages yet; there is room for all that are to come."""
    globals_ |= {
        "faults": 1, "tries_for_s": given_up_s(_RETRIES), "opens_for_s": given_up_s(_SYN_RETRIES, SYN_TIMEOUT_S),
        "bbr": scenario.congestion == "bbr",
    }  # fmt: skip
    cuts = len(scenario.cuts)
    return {
        "link_faults": LAYOUT.rows("link_faults", links), "effects": LAYOUT.rows("effects", 2 * cuts),
        "downtimes": LAYOUT.rows("downtimes", 2 * cuts), "changes_s": np.zeros(4 * cuts),
    }  # fmt: skip
