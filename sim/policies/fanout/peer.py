"""Push to the first node; the others pull from it."""

from sim.plugins import NoParameters as Parameters
from sim.policies.snapshot import Fanout

__all__ = ["Parameters", "plan"]


def plan(count: int, parameters: Parameters) -> Fanout:
    """One push, the rest from that node."""
    return Fanout(1, "peer")
