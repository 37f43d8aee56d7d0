"""The reference engine: programs run in the interpreter on SimPy, with an event of SimPy's for each that is scheduled.

It is what a reader steps through, what rules run on that can't be compiled, and what tests trust. SimPy has no absolute
times (now + (at - now) is not at), so one subclass of its `Environment` with one method, `schedule_at`, is all that
touches its insides.

Kernel code is copied into a scope of its own, where `push_event`, `ask_host`, `dispatch` and `ensure_rows` are this
engine's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from heapq import heappush
from types import FunctionType
from typing import Any, Final

from simpy import Environment, Event
from simpy.events import NORMAL

from sim.engines.host import Host
from sim.engines.kernels import modules
from sim.protocol.assembly import Assembled
from sim.protocol.codes import GROW_ASKED, NEVER
from sim.protocol.programs import Op
from sim.protocol.state import LAYOUT
from sim.records import ObjectState
from sim.records.scope import scope_of

SPARE: Final = 8
"""Rows that there always are behind those that are counted: kernel code may fill one, and count it then."""
COUNTED: Final = {name: by for name, by in LAYOUT.counted.items() if name != "events"}
COUNTED["ready"] = ("tasks_used", 2)
"""What counts the rows of tables here. Events wait in SimPy's queue; a task may be ready, and yield, at once."""
_TASKS_AT_ONCE: Final = 4096
"""So many run before observed rows are taken out."""


class TimedEnvironment(Environment):
    """SimPy's, with events at absolute times."""

    def schedule_at(self, event: Event, at_s: float) -> None:
        """Have an event happen at a time that is not past."""
        event._ok, event._value = True, None
        heappush(self._queue, (at_s, NORMAL, next(self._eid), event))


class Reference:
    """One run; `state` has its rows.

    Ops may be of other modules than kernel code's, and functions in `instead` take the place of those of their names.
    """

    def __init__(
        self, assembled: Assembled, tables: dict[str, Any], host: Host,
        instead: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:  # fmt: skip
        state: Any = ObjectState(LAYOUT, tables)
        self.state = state
        self.state.grow_as_counted(COUNTED, SPARE)
        self._env = TimedEnvironment()
        self._host = host
        self._functions = _functions_of(assembled, instead or {})
        self._handle: Callable[[Any], None] = self._functions["handle_event"]
        # What the functions ask for that are this engine's own.
        self.state.engine, self.state.schedule_at = self, self._env.schedule_at
        self.state.callbacks = [self._happened]
        host.attach(self.state)

    def next_event_s(self) -> float:
        """When the next event is to happen; infinity if none is."""
        return float(self._env.peek())

    def ask_host(self, w: Any, what: int, a: int, b: int, c: int) -> None:
        """What rows alone can't do."""
        self._host.ask_from_interpreter(w, what, a, b, c)

    def at(self, at_s: float, callback: Callable[[], None]) -> None:
        """Have a callback at a time that is not past; tasks that it makes ready run then."""

        def happened(event: Any) -> None:
            self.state.g.now_s = self._env.now
            callback()
            self._functions["run_ready_tasks"](self.state)

        event = Event(self._env)
        event.callbacks.append(happened)
        self._env.schedule_at(event, at_s)

    def _happened(self, event: Any) -> None:
        """An event of SimPy's has come: it is the event that is popped."""
        g = self.state.g
        g.event_s, g.event_kind, g.event_what, g.event_generation = (
            self._env.now, event.kind, event.what, event.generation,
        )  # fmt: skip
        self._handle(self.state)

    def function(self, name: str) -> Callable[..., Any]:
        """A function of kernel code as this engine has it: what it schedules, or asks of its engine, it does here."""
        found: Callable[..., Any] = self._functions[name]
        return found

    def run(self) -> None:
        """Run until nothing is left to happen."""
        self._functions["begin"](self.state)
        self._env.run()
        self._functions["finish_run"](self.state)
        # They refer to this engine: without them its rows go at once when it is no longer needed.
        del self.state.engine, self.state.schedule_at, self.state.callbacks
        if not any(self._functions is kept for _, kept in _MADE.values()):
            self._functions.clear()


_MADE: dict[int, tuple[Assembled, dict[str, Any]]] = {}


def _functions_of(assembled: Assembled, instead: Mapping[str, Callable[..., Any]]) -> dict[str, Any]:
    """Kernel code in a scope of its own.

    Kept for the next run unless there are other functions in it: the interpreter is quicker in what it has run before.
    """
    if id(assembled) in _MADE and not instead:
        return _MADE[id(assembled)][1]
    made = _made(assembled, instead)
    if not instead and all(map(_is_kernel, assembled.ops)):
        _MADE[id(assembled)] = assembled, made
    return made


def _is_kernel(op: Op) -> bool:
    """Whether an op is one of kernel code."""
    return isinstance(op, FunctionType) and any(op.__module__ == module.__name__ for module in modules())


def _made(assembled: Assembled, instead: Mapping[str, Callable[..., Any]]) -> dict[str, Any]:
    """That scope."""
    scope = scope_of(modules())
    own = {name: value for name, value in scope.items() if isinstance(value, FunctionType)}
    for name, function in own.items():
        if function.__module__.startswith("sim."):
            scope[name] = FunctionType(function.__code__, scope, name)
    scope |= {
        "push_event": _push_event,
        "next_event_s": lambda w: w.engine.next_event_s(),
        "ask_host": lambda w, *asked: w.engine.ask_host(w, *asked),
        "rows_are_low": lambda w: False,
        "ensure_rows": _ensure_rows,
        **instead,
    }
    ops = [scope[op.__name__] if op is own.get(op.__name__) else op for op in assembled.ops]
    scope["dispatch"] = lambda w, p, op, a, b: ops[op](w, p, a, b)
    return scope


def _ensure_rows(w: Any, at_s: float) -> None:
    """Tables grow as their rows are counted, so there always are some; now and then observed rows are taken out."""
    w.g.tasks_until_growth, w.g.growth_due_s = _TASKS_AT_ONCE, NEVER
    w.engine.ask_host(w, GROW_ASKED, 0, 0, 0)


def _push_event(w: Any, at_s: float, kind: int, what: int, generation: int) -> None:
    """`queue.push_event`, by SimPy's queue."""
    w.g.order += 1
    w.schedule_at(_Due(w.callbacks, kind, what, generation), at_s)


class _Due(Event):
    """An event that was scheduled."""

    def __init__(self, callbacks: list[Callable[[Any], None]], kind: int, what: int, generation: int) -> None:
        self.callbacks, self.kind, self.what, self.generation = callbacks, kind, what, generation
