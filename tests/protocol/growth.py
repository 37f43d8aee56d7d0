"""Rows for states that tests fill by hand."""

from __future__ import annotations

from sim.records.layout import ObjectState, State


def make_room(state: State, margin: int) -> None:
    """Double whatever has fewer than `margin` rows left."""
    for name, (counter, each) in state.layout.counted.items():
        used = getattr(state.g, counter) if isinstance(state, ObjectState) else int(state.g[counter])
        if (used + margin) * each > state.length(name):
            state.grow(name, max(state.length(name), margin * each))
