"""The assembler: from programs to the numbers that engines run, an op's number and two more for each step.

Labels become the places that they stand for, names of programs the places where those begin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.protocol.programs import PROGRAMS, Label, Op, Program, Step


@dataclass(frozen=True, slots=True)
class Assembled:
    """All programs: `cells` (3 x steps,), where each begins, and the ops by their numbers."""

    cells: NDArray[np.int64]
    entries: dict[str, int]
    ops: tuple[Op, ...]


def assemble(programs: dict[str, Program] = PROGRAMS) -> Assembled:
    """KeyError where a step names a label or a program that is not there."""
    entries: dict[str, int] = {}
    at = 0
    for name, program in programs.items():
        entries[name] = at
        at += sum(isinstance(part, Step) for part in program)
    ops: dict[Op, int] = {}
    cells: list[int] = []
    for name, program in programs.items():
        labels = _labels(program, entries[name])
        for part in program:
            if isinstance(part, Step):
                number = ops.setdefault(part.op, len(ops))
                cells += [number, *(_number(word, labels, entries) for word in (part.a, part.b))]
    return Assembled(np.array(cells, np.int64), entries, tuple(ops))


def _labels(program: Program, first: int) -> dict[str, int]:
    """The places that a program's labels stand for."""
    found: dict[str, int] = {}
    at = first
    for part in program:
        if isinstance(part, Label):
            found[part.name] = at
        elif isinstance(part, Step):
            at += 1
    return found


def _number(word: int | str, labels: dict[str, int], entries: dict[str, int]) -> int:
    """A number as it is; a label, or else a program, by its place."""
    if isinstance(word, int):
        return word
    return labels[word] if word in labels else entries[word]
