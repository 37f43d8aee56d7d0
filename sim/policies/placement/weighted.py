"""A deploy starts on nodes drawn by their weights (`nodes.NAME.weight`), wherever these are.

The nearest of them is pushed to.
"""

from __future__ import annotations

from sim.policies.placement._order import Drawn as Parameters
from sim.policies.placement._order import by_weight, named, nearest_first
from sim.policies.snapshot import PlacementView

__all__ = ["Parameters", "cell", "place"]


def place(view: PlacementView, parameters: Parameters) -> tuple[int, ...]:
    """Without putting back, in proportion to the weights; then in the order of the client's round trips."""
    return named(view, nearest_first(view, by_weight(view, parameters.draw(view))))


def cell(view: PlacementView, parameters: Parameters) -> float:
    """The draw that decides."""
    return parameters.draw(view)
