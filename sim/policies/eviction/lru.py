"""The image that was started or fetched longest ago goes first (least recently used)."""

from sim.plugins import NoParameters as Parameters
from sim.policies.snapshot import Kept

__all__ = ["Parameters", "worth"]


def worth(view: Kept, parameters: Parameters) -> tuple[float, ...]:
    """The time of its last use."""
    return (view.used_s,)
