"""Control flow of programs: calls, jumps, handlers of failures. Nothing here knows what a registry is."""

from __future__ import annotations

from typing import Any

from sim.protocol.codes import BLOCKED, ENDED, GO
from sim.protocol.tasks import call


def call_program(w: Any, p: int, entry: int, b: int) -> int:
    """Run another program on the same timeline; a failure if that failed."""
    call(w, p, entry)
    return BLOCKED


def jump(w: Any, p: int, to: int, b: int) -> int:
    """Go to a place."""
    w.tasks[p].pc = to
    return GO


def on_failure(w: Any, p: int, label: int, b: int) -> int:
    """After a failure from here on, go to `label`."""
    w.tasks[p].handler = label
    return GO


def reraise(w: Any, p: int, a: int, b: int) -> int:
    """Fail as before, if a failure was handled; otherwise go on."""
    why = w.tasks[p].failure
    w.tasks[p].handler = -1
    w.tasks[p].failure = 0
    return int(why)


def ignore_failure(w: Any, p: int, a: int, b: int) -> int:
    """Go on as if nothing had failed."""
    w.tasks[p].failure = 0
    return GO


def end(w: Any, p: int, a: int, b: int) -> int:
    """The program ends."""
    return ENDED
