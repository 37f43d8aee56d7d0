"""Push to the node and to central at once over the client's one uplink; no sync is needed afterwards."""

from sim.plugins import NoParameters as Parameters
from sim.policies.snapshot import PushView, Route

__all__ = ["Parameters", "decide"]


def decide(view: PushView, parameters: Parameters) -> Route:
    """Always both."""
    return "both"
