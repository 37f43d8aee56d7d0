"""A scenario's `[demand.replay]` as operations, read from its log while the world runs, and the hosts that its clients
are.

A log may be larger than memory, so it is read as it is needed, twice where blobs' sizes stand behind their pushes.
Left out: clients of the log that are none of the scenario's hosts; each of these is one of them, always the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import cycle
from os.path import normpath
from pathlib import Path

from sim.errors import InputError
from sim.scenario import Scenario
from sim.scenario.model.replay import Replay
from sim.workload.logs.accesslog import Format, requests
from sim.workload.logs.handwritten import COLUMNS, is_operations, operations
from sim.workload.logs.operations import Logged, Operation
from sim.workload.logs.request import Reading
from sim.workload.logs.sessions import Sessions


@dataclass(slots=True)
class Source:
    """A log being replayed: what reading it met, and what it says was done within the window."""

    replay: Replay
    reading: Reading
    logged: Logged = field(default_factory=Logged)

    def operations(self, duration_s: float) -> Iterator[tuple[float, Operation]]:
        """(s from the start of the run, operation), sorted; negative where it came before the window.

        Time 0 is `since`, or the first operation. Ends with the window, or after `duration_s` of simulated time.
        """
        replay = self.replay
        since_s, until_s = replay.since_s, math.inf if replay.until_s is None else replay.until_s
        any_yet = False
        for operation in self._read():
            if since_s is None:
                since_s = operation.at_s
            at_s = (operation.at_s - since_s) / replay.speed
            if operation.at_s >= until_s or at_s > duration_s:
                break
            if at_s >= 0:
                any_yet = True
                self.logged.add(operation, replay.unknown_bytes)
            yield at_s, operation
        if not any_yet:
            problem = f"no push or pull among {self.reading.requests} requests falls into the window"
            raise InputError(self.reading.path, problem, "widen demand.replay.since and until, or run.duration")

    def _read(self) -> Iterator[Operation]:
        """The operations of the whole file; those written by hand count nothing as logged but themselves."""
        if self.replay.format in (None, "operations") and is_operations(self.reading.path):
            self.reading.format = "operations"
            return operations(self.reading.path)
        return self._sized(Sessions(self.logged).operations(requests(self.reading, self._format())))

    def _sized(self, operations: Iterator[Operation]) -> Iterator[Operation]:
        """Operations with the sizes of blobs that only a later line has.

        For those the log is read once more from its beginning, when the first is met.
        """
        sizes: Mapping[str, float] | None = None
        for operation in operations:
            if any(math.isnan(size) for _, size in operation.blobs):
                if sizes is None:
                    sizes = self._sizes()
                blobs = (
                    (digest, sizes.get(digest, size) if math.isnan(size) else size) for digest, size in operation.blobs
                )
                operation = operation._replace(blobs=tuple(blobs))
            yield operation

    def _sizes(self) -> Mapping[str, float]:
        """Blobs' bytes by digest, as the whole log has them."""
        sessions = Sessions(Logged())
        reading = Reading(self.reading.path, most_malformed=1.0, fields_given=self.reading.fields_given)
        for _ in sessions.operations(requests(reading, self._format())):
            pass
        return sessions.sizes

    def _format(self) -> Format | None:
        if self.replay.format == "operations":
            raise InputError(self.reading.path, "is no file of operations", f"begin it with {','.join(COLUMNS)}")
        return self.replay.format


def source(scenario: Scenario) -> Source:
    """The log of a scenario that replays one, not yet opened."""
    replay = scenario.demand.replay
    if replay is None:
        raise ValueError(f"{scenario.name} replays nothing")
    path = normpath(Path(scenario.name).parent / replay.log)
    return Source(replay, Reading(path, replay.malformed, replay.fields))


class Places:
    """Which host of the scenario each address of a log is: those of an origin in turn, as they first appear.

    Where addresses are no more than hosts, each has a host of its own.
    """

    def __init__(self, scenario: Scenario, replay: Replay) -> None:
        named = [(one.addresses, scenario.groups_meant(one.group)[0]) for one in replay.origins.values()]
        self._origins = sorted(
            ((addresses, cycle(scenario.host_names.of(*group))) for addresses, group in named),
            key=lambda origin: -len(origin[0]),
        )
        self._others = cycle([name for name, _ in scenario.client_hosts()])
        self._known: dict[str, str] = {}

    def host(self, address: str) -> str:
        """The host's name."""
        name = self._known.get(address)
        if name is None:
            hosts = next((hosts for start, hosts in self._origins if address.startswith(start)), self._others)
            name = self._known[address] = next(hosts)
        return name


def summary(source: Source) -> Mapping[str, object]:
    """What reading the log met, for people and for JSON."""
    reading = source.reading
    return {
        "log": reading.path,
        "format": reading.format,
        "lines": reading.lines,
        "requests": reading.requests,
        "other_lines": reading.others,
        "malformed": reading.malformed,
        "malformed_lines": [line for line, _ in reading.first],
    }
