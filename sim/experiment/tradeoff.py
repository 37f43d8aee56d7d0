"""Cost against latency: which choices nobody would swap for another that is there.

A choice is in the Pareto set when none is both cheaper and faster; means over runs decide, so neighbours whose
intervals overlap may change places with other seeds. One that fails more than the one that fails least is not worth
having at any price, unless failures are allowed. Left out: any other pair of metrics.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.accounting.failures import Failures
from sim.experiment.execution.worker import Outcome
from sim.experiment.sample import Measured, fails_more, least_failing
from sim.stats.pareto import pareto

COST: Final = "cost_usd"
COST_A_MONTH: Final = "cost_usd_per_month"
LATENCY: Final = "deploy_latency_s.p99"


@dataclass(frozen=True, slots=True)
class Choice:
    """A variant, and where it was measured; `member` says whether it is in the Pareto set.

    One that `fails_more` than another choice never is, unless failures are allowed.
    """

    variant: str
    values: tuple[Any, ...]
    cost_usd: float
    cost_usd_per_month: float
    latency_s: float
    member: bool
    failures: Failures
    fails_more: bool

    def to_json(self) -> dict[str, Any]:
        """Its part of a document."""
        return {
            "variant": self.variant, "values": list(self.values), COST: self.cost_usd,
            COST_A_MONTH: self.cost_usd_per_month, LATENCY: self.latency_s, "pareto": self.member,
            "failures": self.failures.to_json(), "fails_more": self.fails_more,
        }  # fmt: skip


def tradeoff(places: Iterable[tuple[tuple[Any, ...], Measured]], allow_failures: bool = False) -> tuple[Choice, ...]:
    """Every variant at every place, from the cheapest on; none where nothing costs anything."""
    asked = [(name, values, measured) for values, measured in places for name in measured.outcomes]
    points = np.array(
        [[measured.interval(name, of).mean for of in (COST, COST_A_MONTH, LATENCY)] for name, _, measured in asked]
    )
    if not points[:, 0].any():
        return ()
    made = [measured.outcomes[name] for name, _, measured in asked]
    fail = _failing(made)
    members = pareto(np.where(fail[:, None] & ~allow_failures, np.nan, points[:, (0, 2)]))
    choices = [
        Choice(
            name, values, float(points[at, 0]), float(points[at, 1]), float(points[at, 2]), bool(members[at]),
            Failures.together(each.failures for each in made[at]), bool(fail[at]),
        )
        for at, (name, values, _) in enumerate(asked)
    ]  # fmt: skip
    return tuple(sorted(choices, key=lambda choice: (choice.cost_usd, choice.latency_s)))


def _failing(choices: Sequence[Sequence[Outcome]]) -> NDArray[np.bool_]:
    """Which of them fail more than the one that fails least, (n_choices,); all answers hold together."""
    named = {str(at): outcomes for at, outcomes in enumerate(choices)}
    least = named[least_failing(named)]
    together = max(len(choices) - 1, 1)
    return np.array([fails_more(outcomes, least, simultaneous=together) for outcomes in choices])
