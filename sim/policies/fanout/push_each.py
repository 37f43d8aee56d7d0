"""The client pushes to every node, all at once over its one uplink."""

from sim.plugins import NoParameters as Parameters
from sim.policies.snapshot import Fanout

__all__ = ["Parameters", "plan"]


def plan(count: int, parameters: Parameters) -> Fanout:
    """`count` pushes, nothing left to pull."""
    return Fanout(count, "central")
