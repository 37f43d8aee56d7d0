"""The later publish wins, by the clocks of the registries that published.

At one instant the one that knew of the other wins, and of two that knew nothing of each other the greater digest.
"""

from sim.plugins import NoParameters as Parameters
from sim.policies.snapshot import Publish, Rivals

__all__ = ["Parameters", "wins"]


def wins(view: Rivals, parameters: Parameters) -> bool:
    """Whether the copy was stamped later; a clock that is fast wins more often than it should."""
    return _place(view.publish) > _place(view.held)


def _place(publish: Publish) -> tuple[float, int, str]:
    return publish.published_s + publish.skew_s, publish.generation, publish.digest
