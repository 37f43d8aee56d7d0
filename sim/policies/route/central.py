"""Push to central; each node pulls what it lacks when an instance starts."""

from sim.plugins import NoParameters as Parameters
from sim.policies.snapshot import PushView, Route

__all__ = ["Parameters", "decide"]


def decide(view: PushView, parameters: Parameters) -> Route:
    """Always central."""
    return "central"
