"""What was pushed to central wins over what was pushed to nodes at the same time; among nodes, the last writer.

A publish that knew of another follows it, wherever it was made; so a node's push of a tag that central had moved before
does take it.
"""

from sim.plugins import NoParameters as Parameters
from sim.policies.snapshot import Publish, Rivals

__all__ = ["Parameters", "wins"]


def wins(view: Rivals, parameters: Parameters) -> bool:
    """Whether the copy knew of more, or comes from central, or was stamped later."""
    return _place(view.publish) > _place(view.held)


def _place(publish: Publish) -> tuple[int, bool, float, str]:
    return publish.generation, publish.origin == 0, publish.published_s + publish.skew_s, publish.digest
