"""Which variants of a scenario an experiment runs, by the name that each is listed under.

A scenario without variants, or one that already is a variant, is its own only one.
"""

from __future__ import annotations

from sim.errors import ArgumentError, near, shown
from sim.result import ONLY
from sim.scenario import Scenario


def variants(scenario: Scenario, chosen: str | None = None) -> dict[str, str | None]:
    """Every variant, or the chosen one; None stands for the scenario as it is. InputError for one there is not."""
    named: dict[str, str | None] = {scenario.variant_name or ONLY: None}
    if scenario.variant_name is None and scenario.variants:
        named = {name: name for name in scenario.variants}
    if chosen is None:
        return named
    if chosen not in named:
        problem = f"unknown variant, got {shown(chosen)}"
        raise ArgumentError("variant", "--variant", problem, near(chosen, named))
    return {chosen: named[chosen]}
