"""The image that frees most bytes for each of its uses goes first; among equals, the one not used for longest.

Uses per byte are the value that GreedyDual-Size-Frequency gives an object (Cherkasova, "Improving WWW proxies
performance with Greedy-Dual-Size-Frequency caching policy", HP Laboratories 1998), here without its ageing. What counts
is what would really be freed: layers that other images share stay.
"""

from sim.plugins import NoParameters as Parameters
from sim.policies.snapshot import Kept

__all__ = ["Parameters", "worth"]


def worth(view: Kept, parameters: Parameters) -> tuple[float, ...]:
    """Uses per byte that its going would free, then when it was last used."""
    return (view.uses / max(view.freed_bytes, 1), view.used_s)
