"""What a caller in Python asks with: a scenario that is one, and a seed that is a number, or a line that says so.

The command line reads its options itself; here is what a notebook gets wrong, where a checker of types is not asked.
Left out: arguments of single experiments, which each checks where it uses them.
"""

from __future__ import annotations

import operator
from typing import Final

from sim.errors import InputError, shown
from sim.scenario.scenario import Scenario

#: As many seeds there are: a manifest has them as whole numbers of 64 bits.
_SEEDS: Final = 2**63


def seed_of(scenario: Scenario, seed: int | None) -> int:
    """The seed, the scenario's unless one is given. InputError for what is no scenario, and for what is no seed."""
    if not isinstance(scenario, Scenario):
        raise InputError("scenario", f"must be a Scenario, got {shown(scenario)}", "write sim.load(...) round it")
    if seed is None:
        return scenario.run.seed
    try:
        number = operator.index(seed)
    except TypeError:
        raise InputError("seed", f"must be a whole number, got {shown(seed)}", "write for example seed=1") from None
    if not 0 <= number < _SEEDS:
        raise InputError("seed", f"must be at least 0 and below 2^63, got {shown(number)}", "write for example seed=1")
    return number
