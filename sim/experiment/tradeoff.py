"""Cost against latency: which choices nobody would swap for another that is there.

A choice is in the Pareto set when none is both cheaper and faster; means over runs decide, so neighbours whose
intervals overlap may change places with other seeds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from sim.stats.intervals import Interval
from sim.stats.pareto import pareto

COST: Final = "cost_usd"
COST_A_MONTH: Final = "cost_usd_per_month"
LATENCY: Final = "deploy_latency_s.p99"


class Measured(Protocol):
    """What has intervals: a comparison, or a sample of a sweep."""

    @property
    def variants(self) -> tuple[str, ...]: ...
    def interval(self, variant: str, metric: str) -> Interval: ...


@dataclass(frozen=True, slots=True)
class Choice:
    """A variant, and where it was measured; `member` says whether it is in the Pareto set."""

    variant: str
    values: tuple[Any, ...]
    cost_usd: float
    cost_usd_per_month: float
    latency_s: float
    member: bool

    def to_json(self) -> dict[str, Any]:
        """Its part of a document."""
        return {
            "variant": self.variant, "values": list(self.values), COST: self.cost_usd,
            COST_A_MONTH: self.cost_usd_per_month, LATENCY: self.latency_s, "pareto": self.member,
        }  # fmt: skip


def tradeoff(places: Iterable[tuple[tuple[Any, ...], Measured]]) -> tuple[Choice, ...]:
    """Every variant at every place, from the cheapest on; none where nothing costs anything."""
    found = [
        (name, values, measured.interval(name, COST).mean, measured.interval(name, COST_A_MONTH).mean,
         measured.interval(name, LATENCY).mean)
        for values, measured in places for name in measured.variants
    ]  # fmt: skip
    points = np.array([[cost_usd, latency_s] for _, _, cost_usd, _, latency_s in found])
    if not points[:, 0].any():
        return ()
    members = pareto(points).tolist()
    choices = [
        Choice(variant, values, cost_usd, a_month_usd, latency_s, member)
        for (variant, values, cost_usd, a_month_usd, latency_s), member in zip(found, members, strict=True)
    ]
    return tuple(sorted(choices, key=lambda choice: (choice.cost_usd, choice.latency_s)))
