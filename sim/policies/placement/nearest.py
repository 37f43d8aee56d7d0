"""A deploy starts on the nodes nearest to its client by round trip, wherever these are; equally near ones by a draw."""

from __future__ import annotations

from sim.policies.placement._order import Drawn as Parameters
from sim.policies.placement._order import named, rings, turned
from sim.policies.snapshot import PlacementView

__all__ = ["Parameters", "cell", "place"]


def place(view: PlacementView, parameters: Parameters) -> tuple[int, ...]:
    """The first of all nodes in the order of their round trips; among equals neighbours from the drawn one on."""
    draw = parameters.draw(view)
    return named(view, [position for ring in rings(view) for position in turned(ring, draw)][: view.wanted])


def cell(view: PlacementView, parameters: Parameters) -> float:
    """The draw that decides."""
    return parameters.draw(view)
