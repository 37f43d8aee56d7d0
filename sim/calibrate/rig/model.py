"""A rig's scenario, simulated: its clients push and pull by the protocol's own programs, on the reference engine.

What stands around these, and what a client process costs beyond its requests (`Parameters`), are programs and ops
here. What its packets do to each other is `packetwire`'s, what it does at a registry that pulls through another
`proxies`', and what it copies from registry to registry `copies`'. Left out: what the rig's processes do to each other
on its cores, but for how late they start.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sim.calibrate.rig.copies import Copies
from sim.calibrate.rig.files import COPIES, Cut, RigScenario
from sim.calibrate.rig.packetwire import RigPackets, RigWire
from sim.calibrate.rig.parameters import Parameters
from sim.calibrate.rig.processes import Outcome, Process, push_bytes
from sim.calibrate.rig.proxies import Proxies
from sim.calibrate.rig.state import PROFILE, QUEUE_S, Client, build, latest, new_way
from sim.engines.host import Host
from sim.engines.reference import Reference
from sim.network.tcp.transport import MSS_BYTES, MTU_BYTES, ack_bytes
from sim.protocol.assembly import assemble
from sim.protocol.codes import FOR_PULL, FOR_PUSH, FOR_SYNC, GO, WAIT
from sim.protocol.ops.blobs import DOWN, begin_groups, each_blob, next_group, record_manifests
from sim.protocol.ops.control import end, jump
from sim.protocol.ops.lanes import UP
from sim.protocol.ops.marks import take_marks
from sim.protocol.ops.requests import LOGIN_AND_MANIFESTS, ONCE, at_clock, last_byte_arrives, request
from sim.protocol.programs import PROGRAMS, Label, Program, call, step
from sim.protocol.tasks import branch, make_ready, new_task, new_timeline, start_branches
from sim.streams import Streams

#: Clients of one step are started one after another. By when their first requests came to the registry the second is so
#: long after the first in the mean, and each that follows after the one before: 48 steps of 2 to 8 clients on the rig's
#: two cores, of which the first two have one each.
LAG_S, LAGS_S = 0.006, 0.0115
#: A step begins so long after the one before, as on the rig (`tests/rig/measure.py`).
SETTLE_S = 0.6


def simulate(
    scenario: RigScenario, parameters: Parameters, seed: int = 0, queue_s: float = QUEUE_S
) -> list[list[Outcome]]:
    """The outcome of each operation of each step; `seed` says which connection of several is first, and the like. Each
    queue holds what its link sends in `queue_s`."""
    return Rig(scenario, parameters, Streams(seed), queue_s).outcomes()


class Rig:
    """The hosts of a scenario; what bodies go by, and what a cut does, is for others to replace."""

    #: How much longer slow start makes a flow than its rate: packets have a slow start of their own.
    _ramp = 0.0

    @property
    def _faults(self) -> bool:
        """Whether hosts outlast outages; packets that are lost have their own way to go on."""
        return False

    def __init__(
        self, scenario: RigScenario, parameters: Parameters, streams: Streams, queue_s: float = QUEUE_S
    ) -> None:
        self._parameters = parameters
        self._queue_s = queue_s
        self._streams = streams
        self._scenario = scenario
        built = build(scenario, parameters, self._ramp, self._faults, {"queue_s": queue_s} | self._globals())
        self._routes = built.routes
        self._steps = built.steps
        self._begun = 0
        self._found = [[Outcome(client.operation) for client in clients] for clients in built.steps]
        self._processes: list[Process] = []
        self._wire = self._made_wire(built.routes.capacity_Bps)
        self._proxies = Proxies(scenario, built, self._processes, self._wire)
        self._copies = Copies(parameters, built, self._processes, self._wire)
        assembled = assemble(PROGRAMS | self._programs())
        self._entries = assembled.entries
        built.tables["program"] = assembled.cells
        self._engine = Reference(assembled, built.tables, Host(dict(self._wire.answers)))
        self._w: Any = self._engine.state
        self._wire.attach(self._engine)

    def _made_wire(self, capacity_Bps: Sequence[float]) -> RigWire:
        return RigPackets(capacity_Bps, self._scenario.congestion, self._queue_s)

    def _globals(self) -> dict[str, Any]:
        """What the wire needs to have set."""
        return {"packets": 1}

    def outcomes(self) -> list[list[Outcome]]:
        """What each operation of each step comes to."""
        self._engine.at(0.0, self._start)
        self._engine.run()
        if not all(outcome.seconds for outcomes in self._found for outcome in outcomes):
            raise RuntimeError(f"{self._scenario.name}: an operation never ended")
        return self._found

    def _programs(self) -> dict[str, Program]:
        """What the rig does beside the protocol."""
        return {
            # Each step when the clients of the one before have ended, and a while later.
            "RIG_STEPS": (
                Label("next step"),
                step(self._begin_step, "over"),
                step(self._settle),
                step(jump, "next step"),
                Label("over"),
                step(end),
            ),
            "RIG_PUSH": (
                step(self._begin_push),
                call("PUSH_IMAGE"),
                step(last_byte_arrives),
                step(self._end_push),
                step(at_clock),
                step(self._leave),
                step(end),
            ),
            "RIG_PULL": (
                step(self._begin_pull),
                step(request, LOGIN_AND_MANIFESTS, ONCE),
                step(last_byte_arrives),
                step(at_clock),
                step(self._see_image),
                step(record_manifests, DOWN),
                step(begin_groups),
                Label("next group"),
                step(next_group, "fetched", 1),
                step(each_blob, "GET_LOGGED_BLOB", DOWN),
                step(jump, "next group"),
                Label("fetched"),
                step(self._end_pull),
                step(at_clock),
                step(self._leave),
                step(end),
            ),
            "RIG_PULL_THROUGH": (
                step(self._begin_pull),
                *self._proxies.pull(),
                step(self._end_pull),
                step(at_clock),
                step(self._leave),
                step(end),
            ),
            "RIG_COPY_TO": (
                *self._copies.beside_source(),
                step(self._end_push),
                step(at_clock),
                step(self._leave),
                step(end),
            ),
            "RIG_COPY_FROM": (
                *self._copies.beside_target(),
                step(self._end_copy_from),
                step(at_clock),
                step(self._leave),
                step(end),
            ),
            **self._proxies.programs(),
        }

    def _start(self) -> None:
        """The first step is about to begin."""
        w = self._w
        make_ready(w, new_task(w, self._entries["RIG_STEPS"], new_timeline(w, 0.0, 0.0)))

    def _begin_step(self, w: Any, p: int, over: int, b: int) -> int:
        """The clients of the next step begin, and what breaks in it is to break; on at `over` if there is none."""
        number, now_s = self._begun, w.g.now_s
        if number == len(self._steps):
            w.tasks[p].pc = over
            return GO
        self._begun += 1
        for cut in self._scenario.cuts:
            if cut.step == number:
                self._cut(cut, now_s)
        clients, name = self._steps[number], self._scenario.name
        lag, began_s = self._streams.generator("lag", f"{name} {number}"), now_s
        for at, client in enumerate(clients):
            if at:
                began_s += float(lag.uniform(0.0, 2 * (LAG_S if at == 1 else LAGS_S)))
            rng = self._streams.generator("luck", f"{name} {number} {at}")
            self._begin(p, Process(client, self._found[number][at], rng, began_s), len(clients) == 1)
        return start_branches(w, p)

    def _begin(self, p: int, process: Process, alone: bool) -> None:
        """A branch of the task of all steps for a client."""
        w, client = self._w, process.client
        child = branch(w, p, self._entries[self._program_of(client)], alone)
        task = w.tasks[child]
        w.timelines[task.timeline].now_s = process.began_s
        task.deploy, task.counter = len(self._processes), child
        task.purpose = {"push": FOR_PUSH, "pull": FOR_PULL}.get(client.operation.op, FOR_SYNC)
        task.machine, task.registry, task.name, task.image = (
            client.machine, client.registry, client.repository, client.image,
        )  # fmt: skip
        task.profile, task.digest, task.group, task.saved_blobs = 0, -1, 0, 0
        self._processes.append(process)

    def _program_of(self, client: Client) -> str:
        """What a client does."""
        operation = client.operation
        if operation.op in COPIES:
            return "RIG_COPY_TO" if operation.at == operation.source else "RIG_COPY_FROM"
        if operation.op == "push":
            return "RIG_PUSH"
        return "RIG_PULL_THROUGH" if client.registry in self._proxies.of else "RIG_PULL"

    def _cut(self, cut: Cut, began_s: float) -> None:
        """A host's links lose what is sent on them for a while. Requests are not held up: the rig breaks bodies."""
        wire = self._wire
        assert isinstance(wire, RigPackets)
        graph = self._routes.graph.links
        links = [at for at, link in enumerate(graph) if cut.host in (link.tail, link.head)]

        def break_off() -> None:
            wire.lose(links, True)
            self._engine.at(began_s + (cut.after_s + cut.for_s), lambda: wire.lose(links, False))

        self._engine.at(began_s + cut.after_s, break_off)

    def _settle(self, w: Any, p: int, a: int, b: int) -> int:
        """Wait a while from now."""
        w.timelines[w.tasks[p].timeline].now_s = w.g.now_s + SETTLE_S
        return WAIT

    def _begin_push(self, w: Any, p: int, a: int, b: int) -> int:
        """A process starts, and is answered in plain by a registry that it has asked for TLS."""
        task, given = w.tasks[p], self._parameters
        process, line = self._processes[task.deploy], w.timelines[task.timeline]
        line.now_s += given.push_start_s
        process.own_bytes = push_bytes(self._w, p, given, PROFILE)
        task.way = new_way(w, self._routes, task.machine, task.registry)
        line.now_s += w.ways[task.way].open_s
        process.lane = self._wire.enter(task.way, given.push_trips, UP, process.rng)
        return GO

    def _end_push(self, w: Any, p: int, a: int, b: int) -> int:
        """Its bytes have cost the process time."""
        process = self._processes[w.tasks[p].deploy]
        again_bytes = self._wire.again_bytes[process.lane] - process.again_before_bytes
        self._end(p, process, self._parameters.push_byte_s, again_bytes)
        return GO

    def _begin_pull(self, w: Any, p: int, a: int, b: int) -> int:
        """The same as a push begins; a pull opens its connection, too."""
        task, given = w.tasks[p], self._parameters
        process, line = self._processes[task.deploy], w.timelines[task.timeline]
        line.now_s += given.pull_start_s
        task.way = new_way(w, self._routes, task.machine, task.registry)
        process.lane = self._wire.enter(task.way, given.pull_trips, DOWN, process.rng)
        line.now_s += 2 * w.ways[task.way].open_s
        return GO

    def _see_image(self, w: Any, p: int, a: int, b: int) -> int:
        """What the tag means: all of it is fetched, into an empty folder."""
        task = w.tasks[p]
        task.image = latest(w, task.registry, self._processes[task.deploy].client)
        image = w.images[task.image]
        first = take_marks(w, p, image.blobs)
        w.marks[first : first + image.blobs] = [1] * image.blobs
        return GO

    def _end_pull(self, w: Any, p: int, a: int, b: int) -> int:
        """Its bytes have cost the process time; what is lost on the way never reaches the host whose bytes count."""
        task, given = w.tasks[p], self._parameters
        process = self._processes[task.deploy]
        process.own_bytes = (2 + w.images[task.image].blobs) * given.pull_request_bytes
        self._end(p, process, given.pull_byte_s, 0.0)
        return GO

    def _end_copy_from(self, w: Any, p: int, a: int, b: int) -> int:
        """The same of a copy that was fetched."""
        self._end(p, self._processes[w.tasks[p].deploy], self._parameters.pull_byte_s, 0.0)
        return GO

    def _end(self, p: int, process: Process, byte_s: float, resent_bytes: float) -> None:
        task, outcome = self._w.tasks[p], process.outcome
        line = self._w.timelines[task.timeline]
        line.now_s += byte_s * task.moved_bytes
        sent_bytes = task.moved_bytes + resent_bytes
        outcome.wire_bytes = sent_bytes * MTU_BYTES / MSS_BYTES + process.own_bytes
        outcome.back_bytes = ack_bytes(task.moved_bytes)

    def _leave(self, w: Any, p: int, a: int, b: int) -> int:
        """A process has ended."""
        task = w.tasks[p]
        process = self._processes[task.deploy]
        self._wire.leave(process.lane)
        process.outcome.seconds = w.timelines[task.timeline].now_s - process.began_s
        return GO
