"""Push straight to the registry of the node that will run the instance; the platform syncs it to central."""

from sim.plugins import NoParameters as Parameters
from sim.policies.snapshot import PushView, Route

__all__ = ["Parameters", "decide"]


def decide(view: PushView, parameters: Parameters) -> Route:
    """Always the node."""
    return "node-direct"
