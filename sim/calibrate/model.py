"""A rig's scenario, simulated: its hosts as a world of their own, its operations by the world's own push and pull.

Links carry IP packets, so a link's capacity for blobs is its rate times 1448/1500: an MTU of 1500 bytes less 20 of IP,
20 of TCP and 12 of its timestamps (RFC 791, RFC 9293, RFC 7323). What a client process costs beyond that is in
`Parameters`; what their packets do to each other, in `packetwire`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sim.calibrate.packetwire import PacketWire, RigWire
from sim.calibrate.parameters import Parameters
from sim.calibrate.proxied import Asking, Proxy
from sim.calibrate.rig import Cut, Operation, RigScenario
from sim.network.transport import MSS_BYTES, MTU_BYTES, ack_bytes
from sim.registry.clients import SKOPEO
from sim.registry.contents import Contents
from sim.registry.oci import Image, Layer, digest_of
from sim.registry.plan import plan_push
from sim.registry.workers import Workers
from sim.streams import Streams
from sim.topologies import Host, spans
from sim.topologies.star import Parameters as Star
from sim.world.clock import Clock, Happening
from sim.world.fetch import fetch_blobs
from sim.world.jobs import Backlog
from sim.world.log import Log, Moved
from sim.world.network import Network
from sim.world.path import Path
from sim.world.places import Body, Machine, Registry, Way
from sim.world.placing import Placing
from sim.world.push import push
from sim.world.talk import tell
from sim.world.world import Rules, SyncRules, Trigger, World

_CONFIG_BYTES = 250
_MANIFEST_BYTES = 560
#: Go's servers serve every connection at once; so many workers are as good as no bound.
_WORKERS = 1024
#: Windows of the rig's hosts never were what held a transfer back.
_WINDOW_BYTES = 1 << 40
#: Clients of one step are started one after another. By when their first requests came to the registry the second is so
#: long after the first in the mean, and each that follows after the one before: 48 steps of 2 to 8 clients on the rig's
#: two cores, of which the first two have one each.
LAG_S, LAGS_S = 0.006, 0.0115
#: A step begins so long after the one before, as on the rig (`tests/rig/measure.py`).
SETTLE_S = 0.6
#: What a process takes to start is in the parameters.
_PROFILE = replace(SKOPEO, start_s=0.0)


@dataclass(slots=True)
class Outcome:
    """What one operation took, s, the IP bytes in the blobs' direction, and those that acknowledged them.

    The blobs of a push go from its host, those of a pull to it.
    """

    operation: Operation
    seconds: float
    wire_bytes: float
    back_bytes: float


def simulate(scenario: RigScenario, parameters: Parameters, seed: int = 0) -> list[list[Outcome]]:
    """The outcome of each operation of each step; `seed` says which connection of several is first, and the like."""
    return Rig(scenario, parameters, Streams(seed)).outcomes(scenario.steps)


class Rig:
    """The hosts of a scenario; what bodies go by, and what a cut does, is for others to replace."""

    #: How much longer slow start makes a flow than its rate: packets have a slow start of their own.
    _ramp = 0.0

    def __init__(self, scenario: RigScenario, parameters: Parameters, streams: Streams) -> None:
        self._parameters = parameters
        self._streams = streams
        self._name = scenario.name
        clock = Clock()
        payload = 1e6 / 8 * MSS_BYTES / MTU_BYTES
        hosts = [
            Host(host.name, "", host.up * payload, host.down * payload, host.delay / 1e3) for host in scenario.hosts
        ]
        behind = {host.name: host.via for host in scenario.hosts if host.via is not None}
        joined = (replace(span, b=behind.get(span.a, span.b)) for span in spans("star", hosts, (), Star()))
        network = Network(clock, tuple(joined), frozenset(), {})
        self._wire = self._made_wire(clock, network.capacity_Bps, scenario)
        network.wire = self._wire
        self._registries = {
            host.name: Registry(
                host.name, "", number, _WINDOW_BYTES, contents=Contents(), workers=Workers(_WORKERS),
                request_s=parameters.request_s, first_byte_s=0.0, list_lag_s=0.0, draw_service=None, tls=False,
                merges=False, ramp=self._ramp,
            )
            for number, host in enumerate(scenario.hosts)
            if host.registry is not None
        }  # fmt: skip
        first = next(iter(self._registries.values()))
        self._world = World(
            clock=clock, network=network, wire=network.wire, log=Log(), rules=_RULES, central=first,
            nodes=list(self._registries.values()), placing=Placing(network.graph, (), (), _never), clients=[], kinds=[],
            backlog=Backlog(clock, 1, None, "shared"), app_draw=[], app_client=[],
        )  # fmt: skip
        self._machines = len(scenario.hosts)
        self._cuts = scenario.cuts
        self._links = {
            host.name: [at for at, link in enumerate(network.graph.links) if host.name in (link.tail, link.head)]
            for host in scenario.hosts
        }
        self._proxies = {
            host.name: Proxy(self._registries[host.name], self._registries[host.upstream])
            for host in scenario.hosts
            if host.upstream is not None
        }

    def _made_wire(self, clock: Clock, capacity_Bps: Sequence[float], scenario: RigScenario) -> RigWire:
        return PacketWire(clock, capacity_Bps, scenario.congestion)

    def outcomes(self, steps: Sequence[tuple[Operation, ...]]) -> list[list[Outcome]]:
        """What each operation of each step comes to."""
        found = [[Outcome(operation, 0.0, 0.0, 0.0) for operation in step] for step in steps]
        self._world.clock.start(self._steps(found))
        self._world.clock.run_out()
        if not all(outcome.seconds for outcomes in found for outcome in outcomes):
            raise RuntimeError(f"{self._name}: an operation never ended")
        return found

    def _steps(self, steps: list[list[Outcome]]) -> Generator[Happening, Any, None]:
        """Each step when the clients of the one before have ended, and a while later."""
        clock = self._world.clock
        for number, outcomes in enumerate(steps):
            for cut in self._cuts:
                if cut.step == number:
                    clock.start(self._cut(cut, clock.now))
            yield from clock.together(self._step(number, outcomes))
            yield clock.now + SETTLE_S

    def _cut(self, cut: Cut, began_s: float) -> Generator[Happening, Any, None]:
        """A host's links lose what is sent on them for a while. Requests are not held up: the rig breaks bodies."""
        assert isinstance(self._wire, PacketWire)
        links = self._links[cut.host]
        for at_s, lost in ((cut.after_s, True), (cut.after_s + cut.for_s, False)):
            yield began_s + at_s
            self._wire.lose(links, lost)

    def _step(self, number: int, outcomes: list[Outcome]) -> Iterator[Generator[Happening, Any, None]]:
        """The clients of a step."""
        began_s = self._world.clock.now
        lag = self._streams.generator("lag", f"{self._name} {number}")
        for at, outcome in enumerate(outcomes):
            if at:
                began_s += float(lag.uniform(0.0, 2 * (LAG_S if at == 1 else LAGS_S)))
            yield self._process(outcome, began_s, self._streams.generator("luck", f"{self._name} {number} {at}"))

    def _process(self, outcome: Outcome, began_s: float, luck: np.random.Generator) -> Generator[Happening, Any, None]:
        """One client process."""
        operation, given = outcome.operation, self._parameters
        registry = self._registries[operation.peer]
        path = Path(began_s)
        moved = Moved(self._world.log, 0, operation.op)
        if operation.op == "push":
            image = self._image(operation)
            path.now_s += given.push_start_s
            held = registry.contents.blobs(operation.image)
            sent = plan_push(image.blobs, held).send
            own_bytes = _request_bytes(given, len(image.blobs), sent)
            machine = self._machine(operation.at, given.push_trips)
            way = self._world.network.way(machine, registry)
            path.now_s += way.open_s  # with the one that `push` opens: an attempt at TLS, which is answered in plain
            body = way.up
            self._wire.enter(way, given.push_trips, body, luck)
            yield from push(self._world, path, _PROFILE, machine, registry, operation.image, "latest", image, moved)
            resent_bytes = self._wire.again_bytes[body.lane]
            path.now_s += way.back_s
            byte_s = given.push_byte_s
        else:
            path.now_s += given.pull_start_s
            machine = self._machine(operation.at, given.pull_trips)
            way = self._world.network.way(machine, registry)
            body = way.down
            self._wire.enter(way, given.pull_trips, body, luck)
            # What is lost on the way never reaches the host whose bytes are counted.
            resent_bytes = 0.0
            if operation.peer in self._proxies:
                image = yield from self._pull_through(path, way, self._proxies[operation.peer], operation, moved, luck)
            else:
                image = yield from self._pull(path, machine, registry, operation.image, moved)
            byte_s, own_bytes = given.pull_byte_s, (2 + len(image.blobs)) * given.pull_request_bytes
        path.now_s += byte_s * moved.size_bytes
        yield path.now_s
        self._wire.leave(body)
        outcome.seconds = path.now_s - began_s
        sent_bytes = moved.size_bytes + resent_bytes
        outcome.wire_bytes = sent_bytes * MTU_BYTES / MSS_BYTES + own_bytes
        outcome.back_bytes = ack_bytes(moved.size_bytes)

    def _pull(
        self, path: Path, machine: Machine, registry: Registry, repository: str, moved: Moved
    ) -> Generator[Happening, Any, Image]:
        world = self._world
        way = world.network.way(machine, registry)
        path.now_s += 2 * way.open_s  # an attempt at TLS, which is answered in plain
        yield from tell(world, path, way, registry, _PROFILE.login + _PROFILE.manifests)
        path.now_s += way.back_s
        yield path.now_s
        image = _latest(registry, repository)
        moved.add_metadata(way.down.lane, path.now_s, image.manifest_bytes)
        yield from fetch_blobs(world, path, way, _PROFILE, registry, image.blobs, moved, _ignore)
        return image

    def _pull_through(
        self, path: Path, way: Way, proxy: Proxy, operation: Operation, moved: Moved, luck: np.random.Generator
    ) -> Generator[Happening, Any, Image]:
        """A pull from a registry that fetches what it lacks, each copy on a connection of its own."""
        own: dict[Way, Body] = {}

        def enter() -> Way:
            machine = self._machine(operation.peer, 1.0)
            through = self._world.network.way(machine, proxy.upstream)
            own[through] = through.down
            self._wire.enter(through, 1.0, through.down, luck)
            return through

        asking = Asking(self._world, proxy, way, enter, lambda through: self._wire.leave(own.pop(through)), luck)
        path.now_s += 2 * way.open_s
        yield from tell(self._world, path, way, proxy.registry, _PROFILE.login)
        path.now_s += way.back_s
        image = _latest(proxy.upstream, operation.image)
        yield from asking.manifest(path, image, moved)
        yield from asking.blobs(path, image, moved)
        return image

    def _machine(self, host: str, trips: float) -> Machine:
        """A client process: a machine of its own on its host."""
        self._machines += 1
        return Machine(host, "", self._machines, _WINDOW_BYTES, trips=trips, ramp=self._ramp)

    def _image(self, operation: Operation) -> Image:
        keys = [key for key, _ in operation.layers]
        kernel_first = len(operation.layers) > 1
        layers = tuple(
            Layer(digest_of(key), size_bytes, "kernel" if kernel_first and number == 0 else "rootfs")
            for number, (key, size_bytes) in enumerate(operation.layers)
        )
        config = Layer(digest_of("config", *keys), _CONFIG_BYTES, "config")
        return Image(digest_of("manifest", *keys), layers, config, _MANIFEST_BYTES, 0)


def _latest(registry: Registry, repository: str) -> Image:
    """What `latest` means there."""
    publish = registry.contents.resolve(repository, "latest")
    image = None if publish is None else registry.contents.image(repository, publish.digest)
    if image is None:
        raise ValueError(f"{repository} was never pushed to {registry.name}")
    return image


def _request_bytes(given: Parameters, blobs: int, sent: Sequence[Layer]) -> float:
    """Handshakes and headers of a push of so many blobs, of which some are sent."""
    around = sum(len(_PROFILE.opening(blob.kind)) + len(_PROFILE.blob_close) for blob in sent)
    requests = len(_PROFILE.login) + blobs * len(_PROFILE.blob_check) + around + len(_PROFILE.publish)
    return requests * given.push_request_bytes + len(sent) * given.push_upload_bytes


def _ignore(blob: Layer, path: Path) -> None:
    """The rig pulls into an empty folder."""


def _never(*_: object) -> Any:
    raise AssertionError("the rig names its hosts itself")


_NOTHING = Trigger(due=lambda owed: None)
_RULES = Rules(
    route=_never, fanout=_never, wins=_never, parents=None, nodes_per_deploy=1, by_digest=False,
    check_upstream=False, coalesce=False, keep_unsynced=False, runs_for_s=None, sleeps_for_s=0.0, wakes=0,
    removed_after_s=0.0, polls=False, patience_s=60.0,
    sync=SyncRules(
        to_central=_NOTHING, to_nodes=_NOTHING, targets="all", delay_s=0.0, profile=SKOPEO, retries=0, backoff_s=0.0,
        deletions=False,
    ),
)  # fmt: skip
