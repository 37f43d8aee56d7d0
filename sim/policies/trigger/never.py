"""Nothing is copied."""

from sim.plugins import NoParameters as Parameters
from sim.policies.snapshot import Due, Owed

__all__ = ["Parameters", "due"]

#: Nobody who asks is answered, either: nodes can't pull from a central that never sends to nodes.
REFUSES = True


def due(view: Owed, parameters: Parameters) -> Due | None:
    """Not at all."""
    return None
