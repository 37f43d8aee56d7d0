"""The later publish wins, by the clocks of the registries that published; at one instant, the greater digest."""

from sim.plugins import NoParameters as Parameters
from sim.policies.snapshot import Rivals

__all__ = ["Parameters", "wins"]


def wins(view: Rivals, parameters: Parameters) -> bool:
    """Whether the copy was stamped later; a clock that is fast wins more often than it should."""
    publish, held = view
    stamp_s, held_s = publish.published_s + publish.skew_s, held.published_s + held.skew_s
    return stamp_s > held_s if stamp_s != held_s else publish.digest > held.digest
