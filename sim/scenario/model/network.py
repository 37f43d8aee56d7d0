"""The links that a scenario's shape generates and the words that mean them, as far as the shape can be made."""

from __future__ import annotations

from sim.network.topology.shapes import ShapeError, Span
from sim.scenario.model.root import Tables

#: Shapes in which hosts need no site.
SITELESS = ("star",)


def generated(tables: Tables) -> tuple[Span, ...]:
    """What the shape generates, nothing where it can't: then `shapes_can_be_made` says so."""
    try:
        return tables.generated()
    except ShapeError:
        return ()


def links_meant(tables: Tables, word: str, own: bool = True) -> tuple[str, ...]:
    """The links that a word may mean, of the scenario's `own` too or only those that the shape generates."""
    try:
        names = tables.link_names
    except ShapeError:
        return ()
    return names.meant(word) if own else names.of_shape(word)
