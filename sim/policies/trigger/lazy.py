"""Nothing is copied until somebody asks for it: a node by pulling, central by being asked for what only a node has."""

from sim.plugins import NoParameters as Parameters
from sim.policies.snapshot import Due, Owed

__all__ = ["Parameters", "due"]

#: Whoever asks for the image sets the copy going.
ON_DEMAND = True


def due(view: Owed, parameters: Parameters) -> Due | None:
    """Not by itself."""
    return None
