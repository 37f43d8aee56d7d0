"""How fast runs go, as a number that two machines share: against a loop of plain Python in the same process.

A machine that is busy, or another one, slows both. Of several tries the quickest counts, of the run as of the loop,
which are tried in turn. The first run, in which machine code is compiled or loaded, is told apart. Left out: memory,
and what workers add.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from sim.engines.run import Engine
from sim.runner import run
from sim.scenario import Scenario

TRIES: Final = 5
_STEPS: Final = 300_000


@dataclass(frozen=True, slots=True)
class Speed:
    """A run's seconds (the quickest), the loop's, and how much longer than that the first run took."""

    run_s: float
    loop_s: float
    compiled_s: float

    @property
    def ratio(self) -> float:
        """How many loops a run takes."""
        return self.run_s / self.loop_s

    def to_json(self) -> dict[str, float]:
        """Its part of a document."""
        return {**asdict(self), "ratio": self.ratio}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """What `to_json` gave. KeyError, TypeError or ValueError for what it did not."""
        found = cls(*(float(document[name]) for name in ("run_s", "loop_s", "compiled_s")))
        if not (0 < found.run_s < math.inf and 0 < found.loop_s < math.inf):
            raise ValueError("must be above 0")
        return found


def speed(scenario: Scenario, seed: int, engine: Engine | None = None, tries: int = TRIES) -> Speed:
    """How fast run 0 of a scenario, or of a variant of it, goes here and now."""
    first_s = _run_s(scenario, seed, engine)
    pairs = [(_run_s(scenario, seed, engine), _loop_s()) for _ in range(tries)]
    run_s, loop_s = (min(each) for each in zip(*pairs, strict=True))
    return Speed(run_s, loop_s, max(first_s - run_s, 0.0))


def _run_s(scenario: Scenario, seed: int, engine: Engine | None) -> float:
    began = time.perf_counter()
    run(scenario, seed, engine=engine)
    return time.perf_counter() - began


def _loop_s() -> float:
    """Sums and looks into a dictionary, as much of what the program does is."""
    began = time.perf_counter()
    known = dict.fromkeys(range(64), 1)
    total = 0
    for step in range(_STEPS):
        total += known[step & 63]
    if total != _STEPS:
        raise ArithmeticError("the loop has lost count")
    return time.perf_counter() - began
