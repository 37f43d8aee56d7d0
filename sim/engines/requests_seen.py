"""Requests of some deploys, and workers' time, as seen while a run goes on: who sent what, when, and what waited.

Rows of a run have bodies of bytes and no requests, of which there are some twenty a deploy. `Seen` puts them together
from what ops do, as `sim.engines.watched` passes it on. A body of an upload belongs to the request whose body it is
(`sim.registry.clients`), that of a blob to its GET.

Left out: calls to the platform, which are of no registry; reads on demand of layers that are loaded lazily; and
requests beside a refused one. Answers have the codes of success, but that a blob that a registry lacks is not found, a
request before a token is not authorized, and one beyond a limit is one too many. What a push publishes is answered
after the way back, whatever may hold the answer up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sim.engines.rows import PURPOSES
from sim.engines.rows_of_nodes import CONTENTS
from sim.protocol.codes import FOR_PULL, FOR_PUSH
from sim.protocol.names import Names
from sim.protocol.ops.lanes import UP
from sim.protocol.ops.requests import CLOSE, GET, LISTS, OPENING, OPENING_CONFIG, RECHECK
from sim.registry.clients import TOKEN, Profile

NO_ANSWER: Final = 0
"""The status of a request whose answer never came, or whose body did not get through."""
UNAUTHORIZED, NOT_FOUND, TOO_MANY = 401, 404, 429
_SUCCESS: Final[Mapping[str, int]] = {"PUT": 201, "POST": 202, "PATCH": 202}
#: Lists of requests that are about one blob.
_OF_BLOB: Final = (OPENING, OPENING_CONFIG, CLOSE, GET, RECHECK)
#: A task: its row, and how often that was taken.
Key = tuple[int, int]


@dataclass(slots=True)
class Request:
    """A request and its answer; times in s of the run.

    It leaves from `sent_s` on, with the last byte of its body at `left_s`, and has arrived at `arrived_s`. It is served
    from `began_s` until `served_s`; of its answer the first byte is back at `answered_s` and the last at `ended_s`.
    Before that it took `connect_s` to open its connection, 0 where there was one.
    """

    deploy: int
    purpose: str
    client: str
    registry: str
    repository: str
    name: str
    status: int
    sent_s: float
    left_s: float
    arrived_s: float
    began_s: float
    served_s: float
    answered_s: float
    ended_s: float
    connect_s: float = 0.0
    sent_bytes: int = 0
    received_bytes: int = 0
    blob: str = ""  # what it is, and its number
    reference: str = ""  # the tag or digest that a manifest is asked for by

    @property
    def method(self) -> str:
        """GET, HEAD, POST, PATCH or PUT."""
        return self.name.partition(" ")[0]

    @property
    def served(self) -> bool:
        """Whether a worker of the registry took it."""
        return self.served_s > self.began_s


@dataclass(frozen=True, slots=True)
class Service:
    """A worker's time of a registry for a request, or for several that were served as one."""

    registry: str
    arrived_s: float
    began_s: float
    served_s: float


@dataclass(slots=True)
class _Sending:
    """The requests of a task's list that are left, and those beside the first of them.

    `sent_s` is when the next leaves, NaN where that is known as it arrives; `body` when a body of `size_bytes` began to
    leave, and had left.
    """

    names: Sequence[str]
    beside: Sequence[str]
    of_blob: bool
    sent_s: float
    connect_s: float
    body: tuple[float, float, int] | None
    at: int = 0
    open: list[Request] = field(default_factory=list)  # those that are not answered
    checks: list[Request] = field(default_factory=list)  # those that ask for blobs


class Seen:
    """What is seen of one run: requests of some deploys, and services within some time."""

    def __init__(self, deploys: frozenset[int], from_s: float, until_s: float) -> None:
        self.deploys, self.from_s, self.until_s = deploys, from_s, until_s
        self.requests: list[Request] = []
        self.services: list[Service] = []
        self.began_s: dict[tuple[int, str], float] = {}  # by deploy and machine: when its first request began
        self.clients: Sequence[Profile] = ()
        self.names: Names | None = None
        self._sending: dict[Key, _Sending] = {}
        self._opened: dict[Key, float] = {}
        self._bodies: dict[Key, tuple[float, float, int]] = {}

    def machine(self, number: int) -> str:
        """A machine's name by its number."""
        assert self.names is not None
        return self.names.machines[number]

    def serves(self, service: Service) -> None:
        """A worker's time is taken."""
        if service.served_s >= self.from_s and service.arrived_s <= self.until_s:
            self.services.append(service)

    def opens(self, key: Key, took_s: float) -> None:
        """A task has opened a connection for what it sends next."""
        self._opened[key] = took_s

    def has_sent(self, w: Any, p: int, key: Key, began_s: float) -> None:
        """The body of the next request has left."""
        self._bodies[key] = began_s, _now_s(w, p), int(w.tasks[p].size_bytes - w.tasks[p].sent_bytes)

    def leaves(self, w: Any, p: int, key: Key, which: int, count: int, beside: Sequence[str]) -> None:
        """The last `count` requests of a list are sent one after another, and others beside the first."""
        task = w.tasks[p]
        names = LISTS[which](self.clients[task.profile])
        connect_s = self._opened.pop(key, 0.0)
        if key not in self._sending and connect_s == 0.0:
            connect_s = float(task.late_s)  # blobs side by side each open one
        asking, now_s = (int(task.deploy), self.machine(task.machine)), _now_s(w, p)
        self.began_s[asking] = min(self.began_s.get(asking, math.inf), now_s - connect_s)
        self._sending[key] = _Sending(
            names[len(names) - count :], beside, which in _OF_BLOB, now_s, connect_s, self._bodies.pop(key, None)
        )

    def arrives(self, w: Any, p: int, key: Key, services: Sequence[Service]) -> None:
        """The next request has arrived and is served, with those beside it."""
        sending = self._sending.get(key)
        if sending is None or sending.at == len(sending.names):
            return
        first = self._next(w, p, sending, services[0])
        sending.at += 1
        sending.open.append(first)
        for name, service in zip(sending.beside if sending.at == 1 else (), services[1:], strict=False):
            other = self._made(w, p, name, first.left_s, first.left_s, service)
            sending.open.append(other)
        sending.checks += [one for one in sending.open if one.name == "HEAD blob"]

    def is_refused(self, w: Any, p: int, key: Key) -> None:
        """The next request has arrived and is one too many."""
        sending = self._sending.get(key)
        if sending is not None and sending.at < len(sending.names):
            body = sending.body
            refused = self._next(w, p, sending, self._nobody(w, p))
            refused.status, refused.received_bytes, sending.body = TOO_MANY, 0, body

    def _next(self, w: Any, p: int, sending: _Sending, service: Service) -> Request:
        """The next of a list: unless that is known it has left when the one before was answered."""
        sent_s = sending.sent_s
        if math.isnan(sent_s):
            sent_s = service.arrived_s - float(w.ways[w.tasks[p].way].forth_s)
            self._close(sending, sent_s)
        sending.open.clear()
        left_s, name = sent_s, sending.names[sending.at]
        if sending.body is not None:
            sent_s, left_s, _ = sending.body
        found = self._made(w, p, name, sent_s, left_s, service)
        found.connect_s, sending.connect_s, sending.sent_s = sending.connect_s, 0.0, math.nan
        found.blob = self._blob(w, w.tasks[p].blob) if sending.of_blob else ""
        if sending.body is not None:
            found.sent_bytes, sending.body = sending.body[2], None
        if name != TOKEN and TOKEN in sending.names[sending.at + 1 : sending.at + 2]:
            found.status = UNAUTHORIZED
        return found

    def _made(self, w: Any, p: int, name: str, sent_s: float, left_s: float, service: Service) -> Request:
        assert self.names is not None
        task = w.tasks[p]
        back_s = service.served_s + float(w.ways[task.way].back_s)
        image = w.images[task.image]
        method, _, what = name.partition(" ")
        status = 200 if name == TOKEN else _SUCCESS.get(method, 200)
        size_bytes = int({"manifest": image.manifest_bytes, "index": image.index_bytes}.get(what, 0))
        # A node's task is its deploy's until it has found what to fetch.
        purpose = FOR_PULL if task.purpose == FOR_PUSH and task.machine <= w.g.nodes else task.purpose
        found = Request(
            int(task.deploy), PURPOSES[purpose], self.machine(task.machine), service.registry,
            self.names.repositories[w.names[task.name].repository], name, status,
            sent_s, left_s, service.arrived_s, service.began_s, service.served_s, back_s, back_s,
            sent_bytes=size_bytes if method == "PUT" else 0, received_bytes=size_bytes if method == "GET" else 0,
            reference=self.names.tags[task.name] if what.endswith("by tag") else self.names.digests[task.image],
        )  # fmt: skip
        self.requests.append(found)
        return found

    def _nobody(self, w: Any, p: int) -> Service:
        """In the place of a service where no worker took the request."""
        now_s = _now_s(w, p)
        return Service(self.machine(w.tasks[p].registry), now_s, now_s, now_s)

    @staticmethod
    def _blob(w: Any, number: int) -> str:
        return f"{CONTENTS[w.blobs[number].content]}-{number}"

    def has_looked(self, w: Any, p: int, key: Key) -> None:
        """The registry knows which blobs of a group it has: those that it lacks are not found."""
        task, sending = w.tasks[p], self._sending.get(key)
        group = range(task.group, task.group_end)
        for one, at in zip([] if sending is None else sending.checks, group, strict=False):
            one.blob = self._blob(w, int(w.image_blobs[w.images[task.image].first_blob + at]))
            one.status = NOT_FOUND if w.marks[task.marks + at] else 200

    def is_answered(self, w: Any, p: int, key: Key) -> None:
        """The answer to what a task sent last is there, and its next request may leave."""
        sending = self._sending.get(key)
        if sending is not None:
            self._close(sending, _now_s(w, p))
            sending.sent_s = _now_s(w, p) if w.g.faults else math.nan

    @staticmethod
    def _close(sending: _Sending, now_s: float) -> None:
        for one in sending.open:
            one.answered_s = one.ended_s = max(now_s, one.served_s)
        sending.open.clear()

    def has_received(self, w: Any, p: int, key: Key, began_s: float, size_bytes: int) -> None:
        """So much of a blob has left the registry."""
        sending = self._sending.get(key)
        if sending is not None and sending.open:
            first = sending.open[0]
            first.answered_s = began_s + float(w.ways[w.tasks[p].way].back_s)
            first.received_bytes, first.ended_s = size_bytes, max(first.answered_s, _now_s(w, p))

    def has_all(self, w: Any, p: int, key: Key) -> None:
        """The last byte of a blob has arrived."""
        sending = self._sending.get(key)
        if sending is not None and sending.open:
            sending.open[0].ended_s = _now_s(w, p)
            sending.open.clear()

    def breaks(self, w: Any, p: int, began_s: float, direction: int) -> None:
        """An upload's body did not get through: there is no answer to its request."""
        if direction == UP:
            task = w.tasks[p]
            name = LISTS[CLOSE](self.clients[task.profile])[0]
            lost = self._made(w, p, name, began_s, _now_s(w, p), self._nobody(w, p))
            lost.sent_bytes, lost.blob = int(task.got_bytes), self._blob(w, task.blob)
            self._lose(lost, _now_s(w, p))

    def gives_up(self, w: Any, p: int, key: Key) -> None:
        """A try has failed: what was sent and not answered has no answer."""
        sending = self._sending.pop(key, None)
        if sending is None:
            return
        now_s, waiting = _now_s(w, p), [*sending.open]
        if not waiting and sending.at < len(sending.names) and not math.isnan(sending.sent_s):
            waiting.append(self._next(w, p, sending, self._nobody(w, p)))
        for one in waiting:
            self._lose(one, now_s)

    @staticmethod
    def _lose(one: Request, now_s: float) -> None:
        one.status, one.received_bytes, one.answered_s, one.ended_s = NO_ANSWER, 0, now_s, now_s


def _now_s(w: Any, p: int) -> float:
    return float(w.timelines[w.tasks[p].timeline].now_s)
