"""Registries rank in the order in which the scenario has them, central first; no clock is asked.

Of publishes that did not know of each other the one from the higher registry wins. A publish that knew of another
follows it, wherever it was made. Publishes of equal rank and generation are ordered by time and digest: they come from
one registry, so its own clock decides.
"""

from sim.plugins import NoParameters as Parameters
from sim.policies.snapshot import Publish, Rivals

__all__ = ["Parameters", "wins"]


def wins(view: Rivals, parameters: Parameters) -> bool:
    """Whether the copy knew of more, or comes from the higher registry."""
    return _place(view.publish) > _place(view.held)


def _place(publish: Publish) -> tuple[int, int, float, str]:
    return publish.generation, -publish.origin, publish.published_s, publish.digest
