"""How a program runs: calls, jumps, failures, waits. Nothing here knows what a registry is."""

from __future__ import annotations

from typing import Any

from sim.protocol.codes import BLOCKED, ENDED, GO
from sim.protocol.tasks import call


def call_program(w: Any, p: int, entry: int, b: int) -> int:
    """Run another program on the same timeline; on when it has ended, and a failure if it failed."""
    call(w, p, entry)
    return BLOCKED


def jump(w: Any, p: int, to: int, b: int) -> int:
    """On there."""
    w.tasks[p].pc = to
    return GO


def on_failure(w: Any, p: int, at: int, b: int) -> int:
    """After a failure from here on, go on there."""
    w.tasks[p].handler = at
    return GO


def reraise(w: Any, p: int, a: int, b: int) -> int:
    """The failure that was handled, if there was one."""
    why = w.tasks[p].failure
    w.tasks[p].handler = -1
    w.tasks[p].failure = 0
    return int(why)


def ignore_failure(w: Any, p: int, a: int, b: int) -> int:
    """Whatever failed, it is nobody's concern."""
    w.tasks[p].failure = 0
    return GO


def end(w: Any, p: int, a: int, b: int) -> int:
    """The program ends here."""
    return ENDED
