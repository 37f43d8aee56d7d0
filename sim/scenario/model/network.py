"""The links that a scenario's shape generates, and which of its links a word in the file means.

These answer for any scenario, also one whose shape can't be made: then there are no generated links, and a check of
its own (`checks.links.shapes_can_be_made`) says why. Left out: rates and delays of these links, which the shape gives
them.
"""

from __future__ import annotations

from sim.network.topology.shapes import ShapeError, Span
from sim.scenario.model.root import Model


def generated(model: Model) -> tuple[Span, ...]:
    """What the shape generates, nothing where it can't: then `shapes_can_be_made` says so."""
    try:
        return model.generated()
    except ShapeError:
        return ()


def links_meant(model: Model, word: str, own: bool = True) -> tuple[str, ...]:
    """The links that a word may mean, of the scenario's `own` too or only those that the shape generates."""
    try:
        names = model.link_names
    except ShapeError:
        return ()
    return names.meant(word) if own else names.of_shape(word)
