"""A run made again and looked at: the reference engine, with functions of kernel code that say what they do.

It is the same run, bit for bit, since what is looked at is not changed; and no run pays for it that nobody asks this
of. Watched are the functions by which requests are sent, served, refused, answered and given up, and the ops that open
connections and carry bodies. Left out: logs that are replayed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sim.engines.host import Host
from sim.engines.reference import Reference
from sim.engines.requests_seen import Key, Seen, Service
from sim.protocol.assembly import Assembled
from sim.protocol.codes import FAILED, GO
from sim.protocol.ops.lanes import UP
from sim.protocol.ops.requests import LISTS, OVER_NEW_CONNECTION

#: Ops that open a connection for what follows: how long that takes is what they take.
_CONNECTS: Final = ("connect", "reopen_connection")
#: Ops that are looked at.
_OPS: Final = (*_CONNECTS, "request", "answer", "transfer", "last_byte_arrives", "plan_push")


class Watching(Reference):
    """The reference engine, with what `seen` is to see."""

    def __init__(
        self, assembled: Assembled, tables: dict[str, Any], host: Host,
        instead: Mapping[str, Callable[..., Any]] | None, seen: Seen,
    ) -> None:  # fmt: skip
        self._seen = seen
        self._beside: dict[Key, int] = {}  # the list that those beside a task's requests are of
        self._began_s: dict[Key, float] = {}  # when an op of a task that takes several calls was first called
        self._opening_s: dict[Key, float] = {}  # the same of a connection that requests open
        self._served: list[Service] = []  # for the request that arrives
        super().__init__(assembled, tables, host, {**(instead or {}), "observe_requests": self._leaves})
        scope = self._functions
        for name in ("serve", "serve_ahead", "serve_request", "passes_limits", "answer_gets_through",
                     "open_connection", "retry_after_wait"):  # fmt: skip
            scope[name] = getattr(self, f"_{name}")(scope[name])
        scope["dispatch"] = self._dispatch(scope["dispatch"], [op.__name__ for op in assembled.ops])

    def _wants(self, w: Any, p: int) -> bool:
        return w.tasks[p].deploy in self._seen.deploys

    def _leaves(self, w: Any, p: int, which: int, count: int, beside: int) -> None:
        """In the place of `observe_requests`."""
        if self._wants(w, p):
            key = _key(w, p)
            names = LISTS[self._beside.get(key, which)](self._seen.clients[w.tasks[p].profile])
            self._seen.leaves(w, p, key, which, count, [names[at % len(names)] for at in range(beside)])

    # Functions in the place of those of their names: they do the same, and say so.

    def _serve(self, original: Callable[..., float]) -> Callable[..., float]:
        def serve(w: Any, r: int, arrived_s: float, service_s: float) -> float:
            began_s = max(float(w.free_s[w.registries[r].first_worker]), arrived_s)
            done_s = original(w, r, arrived_s, service_s)
            self._served.append(Service(self._seen.machine(r), arrived_s, began_s, done_s))
            self._seen.serves(self._served[-1])
            return done_s

        return serve

    def _serve_ahead(self, original: Callable[..., bool]) -> Callable[..., bool]:
        def serve_ahead(w: Any, r: int, busy_s: float, requests: int) -> bool:
            served = original(w, r, busy_s, requests)
            if served:
                self._seen.serves(Service(self._seen.machine(r), w.g.now_s, w.g.now_s, w.g.now_s + busy_s))
            return served

        return serve_ahead

    def _serve_request(self, original: Callable[..., None]) -> Callable[..., None]:
        def serve_request(w: Any, p: int, beside: int) -> None:
            self._served.clear()
            original(w, p, beside)
            if self._wants(w, p):
                self._seen.arrives(w, p, _key(w, p), self._served)

        return serve_request

    def _passes_limits(self, original: Callable[..., bool]) -> Callable[..., bool]:
        def passes_limits(w: Any, p: int, which: int, beside: int) -> bool:
            passes = original(w, p, which, beside)
            if not passes and self._wants(w, p):
                self._seen.is_refused(w, p, _key(w, p))
            return passes

        return passes_limits

    def _answer_gets_through(self, original: Callable[..., int]) -> Callable[..., int]:
        def answer_gets_through(w: Any, p: int) -> int:
            result = original(w, p)
            if result == GO and self._wants(w, p):
                self._seen.is_answered(w, p, _key(w, p))
            return result

        return answer_gets_through

    def _open_connection(self, original: Callable[..., int]) -> Callable[..., int]:
        def open_connection(w: Any, p: int, to_platform: int) -> int:
            key = _key(w, p)
            if (
                to_platform or not self._wants(w, p) or key in self._began_s
            ):  # then it is a part of an op of `_CONNECTS`
                return original(w, p, to_platform)
            if w.tasks[p].opening == 0 and w.tasks[p].delivery == 0:
                self._opening_s[key] = _now_s(w, p)
            result = original(w, p, to_platform)
            if result == GO:
                self._seen.opens(key, _now_s(w, p) - self._opening_s.pop(key))
            return result

        return open_connection

    def _retry_after_wait(self, original: Callable[..., bool]) -> Callable[..., bool]:
        def retry_after_wait(w: Any, p: int, done_idle_s: float) -> bool:
            if self._wants(w, p):
                self._seen.gives_up(w, p, _key(w, p))
            return original(w, p, done_idle_s)

        return retry_after_wait

    def _dispatch(self, original: Callable[..., int], ops: Sequence[str]) -> Callable[..., int]:
        looked_at = {at: name for at, name in enumerate(ops) if name in _OPS}

        def dispatch(w: Any, p: int, op: int, a: int, b: int) -> int:
            name = looked_at.get(op)
            if name is None or not self._wants(w, p):
                return original(w, p, op, a, b)
            key = _key(w, p)
            self._before(w, p, key, name, a, b)
            result = original(w, p, op, a, b)
            if result == GO or result >= FAILED:
                self._after(w, p, key, name, a, result == GO)
            return result

        return dispatch

    def _before(self, w: Any, p: int, key: Key, name: str, a: int, b: int) -> None:
        """A task is about to do an op, or to go on with it."""
        if name == "request":
            self._beside[key] = a
            if w.tasks[p].stage == 0 and b & OVER_NEW_CONNECTION and w.g.faults == 0:
                self._seen.opens(key, float(w.ways[w.tasks[p].way].open_s))
        elif name == "transfer" or name in _CONNECTS:
            self._began_s.setdefault(key, _now_s(w, p))

    def _after(self, w: Any, p: int, key: Key, name: str, a: int, done: bool) -> None:
        """A task has done an op, or failed in it."""
        seen, began_s = self._seen, self._began_s.pop(key, 0.0)
        if name in _CONNECTS and done:
            seen.opens(key, _now_s(w, p) - began_s)
        elif name == "request" and not done:
            seen.gives_up(w, p, key)
        elif name == "transfer" and a == UP and done:
            seen.has_sent(w, p, key, began_s)
        elif name == "transfer" and a != UP:
            task = w.tasks[p]
            seen.has_received(w, p, key, began_s, int(task.size_bytes - task.sent_bytes if done else task.got_bytes))
        elif name == "transfer":
            seen.breaks(w, p, began_s, a)
        elif done and name == "answer":
            seen.is_answered(w, p, key)
        elif done and name == "last_byte_arrives":
            seen.has_all(w, p, key)
        elif done and name == "plan_push":
            seen.has_looked(w, p, key)


def _key(w: Any, p: int) -> Key:
    """A task, whose row another may have after it."""
    return p, w.tasks[p].generation


def _now_s(w: Any, p: int) -> float:
    return float(w.timelines[w.tasks[p].timeline].now_s)
