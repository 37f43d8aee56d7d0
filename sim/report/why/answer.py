"""What there is to say of one deploy, or of the slowest share, in one variant of a stored result.

The seconds are those of `sim.accounting.steps` and `held_back`, the counterfactuals those of `sim.experiment`. Left
out: deploys that failed, whose reasons say why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.accounting.held_back import HeldBack, to_json
from sim.accounting.steps import Step, steps
from sim.engines.run import Engine
from sim.errors import InputError, near
from sim.experiment.counterfactuals import Counterfactual, counterfactuals, held, only, slowest
from sim.experiment.execution.runs import Progress
from sim.report.stored import Stored
from sim.result import Result


@dataclass(frozen=True, eq=False)
class Why:
    """Of one variant: the run, the deploys in question, (n_deploys,), and what held them back.

    `number` and `steps` are of one deploy, `share` of the slowest ones.
    """

    variant: str
    result: Result
    chosen: NDArray[np.bool_] = field(repr=False)
    held: HeldBack
    number: int | None
    share: float
    steps: tuple[Step, ...]
    counterfactuals: tuple[Counterfactual, ...] | None

    @property
    def rows(self) -> list[int]:
        """The rows of these deploys, the slowest first."""
        latency_s = self.result.tables["deploys"].column("latency_s")
        found = np.flatnonzero(self.chosen)
        ordered: list[int] = found[np.argsort(-latency_s[found], kind="stable")].tolist()
        return ordered

    def of(self, row: int) -> dict[str, Any]:
        """A deploy's row by column."""
        return {name: values[row] for name, values in self._columns.items()}

    @property
    def _columns(self) -> Mapping[str, Any]:
        deploys = self.result.tables["deploys"]
        return {column.name: deploys.column(column.name) for column in deploys.columns}

    def to_json(self) -> dict[str, Any]:
        """Its part of the document `regsim.why/1`."""
        deploys = self.result.tables["deploys"]
        asked_s = [float(deploys.column("asked_s")[row]) for row in self.rows]
        return {
            "deploys": [int(deploys.column("deploy")[row]) for row in self.rows],
            "asked_s": asked_s,
            "latency_s": [float(deploys.column("latency_s")[row]) for row in self.rows],
            "held_back": to_json(self.held.parts) if self.held.parts else [],
            "steps": [{**step._asdict(), "lasts_s": step.lasts_s} for step in self.steps],
            "counterfactuals": None if self.counterfactuals is None else [
                each.to_json() for each in self.counterfactuals
            ],
        }  # fmt: skip


def sampled(stored: Stored, variant: str | None) -> Mapping[str, Result]:
    """The runs of a result that have rows, or the one of a variant. InputError where there is none."""
    samples = stored.samples
    if not samples:
        remedy = "name a directory that --out of run or compare wrote"
        raise InputError(str(stored.place), "has no rows of deploys", remedy)
    if variant is None:
        return samples
    if variant not in samples:
        raise InputError("--variant", f'has no rows in this result, got "{variant}"', near(variant, samples))
    return {variant: samples[variant]}


def whys(
    samples: Mapping[str, Result],
    number: int | None,
    share: float,
    gains: int,
    runs: int,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> Iterator[Why | str]:
    """What there is to say of each variant; of one in which the deploy failed, a sentence. InputError where all did."""
    problems = []
    for name, result in samples.items():
        choose: Callable[[Result], NDArray[np.bool_]] = (
            partial(slowest, share=share) if number is None else partial(only, number=number)
        )
        try:
            chosen = choose(result)
        except InputError as error:
            problems.append(error)
            if len(problems) == len(samples):
                raise
            yield f"{name}: deploy {error.problem}"
            continue
        if not chosen.any():
            raise InputError(name, "has no deploy that got ready", "regsim report says why deploys failed")
        found = counterfactuals(result, choose, number, gains, runs, engine, progress) if gains else None
        times = [(episode.from_s, episode.until_s) for episode in result.episodes]
        seconds = () if number is None else steps(result.scenario, result.tables, number, times)
        yield Why(name, result, chosen, held(result, chosen), number, share, seconds, found)
