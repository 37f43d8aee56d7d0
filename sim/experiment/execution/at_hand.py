"""Runs that were made before, for a question to be asked again without making any.

A finding follows from its question and its runs alone. So it is kept as both, and read by asking the question again
while its runs are at hand (`at_hand`): what was searched is searched again, in the same order, and what is found is the
same. Left out: tables, of which one run of each variant has files of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

from sim.experiment.execution.worker import Outcome, Task

_AT_HAND: Final[ContextVar[Mapping[Task, Outcome] | None]] = ContextVar("at_hand", default=None)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: the verb, its arguments by name as JSON holds them, and every run that was made to answer it."""

    verb: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    runs: Mapping[Task, Outcome] = field(default_factory=dict, repr=False)


@contextmanager
def at_hand(runs: Mapping[Task, Outcome]) -> Iterator[None]:
    """Within, questions are answered by these runs, and whoever asks for another gets an InputError."""
    before = _AT_HAND.set(runs)
    try:
        yield
    finally:
        _AT_HAND.reset(before)


def recorded() -> Mapping[Task, Outcome] | None:
    """The runs that are at hand; None where runs are to be made."""
    return _AT_HAND.get()
