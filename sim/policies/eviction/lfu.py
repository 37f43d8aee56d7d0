"""The image that was started or fetched least often goes first; among equals, the one not used for longest."""

from sim.plugins import NoParameters as Parameters
from sim.policies.snapshot import Kept

__all__ = ["Parameters", "worth"]


def worth(view: Kept, parameters: Parameters) -> tuple[float, ...]:
    """How often it was used, then when last."""
    return (view.uses, view.used_s)
