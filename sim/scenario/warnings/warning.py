"""A warning about a scenario, and what goes into one: a question and a doubt about it.

A warning is no fault: the scenario runs as it is written. A *question* is what one run would answer: the scenario
itself, or one variant of it. A *doubt* is what one rule finds in one question; `collected` makes warnings of doubts.
Left out: degrees; a warning counts or it is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sim.errors import one_line
from sim.scenario.document import Document
from sim.scenario.keypath import KeyPath
from sim.scenario.model.root import Model


class ScenarioWarning(NamedTuple):
    """One doubt about what is asked: its kind, where a reader finds it, and what it is, in words."""

    code: str
    where: str
    text: str

    def __str__(self) -> str:
        return one_line(f"{self.where}: {self.text}")

    def to_json(self) -> dict[str, str]:
        """`code`, `where` and `text`."""
        return self._asdict()


class Doubt(NamedTuple):
    """What a check of one question finds: about which key, in words, and whether every variant must raise it."""

    path: KeyPath
    text: str
    of_all: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """One question: its tables, the values as they were written, and the paths that its variant writes itself.

    `set` are the paths that the variant or an override changes.
    """

    model: Model
    values: Document
    variant: str | None = None
    own: tuple[KeyPath, ...] = ()
    set: frozenset[KeyPath] = frozenset()

    def writes(self, path: KeyPath) -> bool:
        """Whether the variant itself, and not the file, has put there what stands at a path."""
        at = tuple(map(str, path))
        return any(at[: len(mine)] == mine or mine[: len(at)] == at for mine in self.own)
