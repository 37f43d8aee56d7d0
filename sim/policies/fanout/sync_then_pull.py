"""Push to the first node; the others pull from central once the sync has brought the image there."""

from sim.plugins import NoParameters as Parameters
from sim.policies.snapshot import Fanout

__all__ = ["Parameters", "plan"]


def plan(count: int, parameters: Parameters) -> Fanout:
    """One push, the rest from central."""
    return Fanout(1, "central")
