"""The later publish wins by the clocks of those that published, and of two at one instant the greater digest."""

from sim.policies.snapshot import Rivals


def wins(view: Rivals, parameters: object) -> bool:
    """Whether the copy was stamped later."""
    one, other = view.publish, view.held
    return (one.published_s + one.skew_s, one.digest) > (other.published_s + other.skew_s, other.digest)
