"""Letting a network run, for tests of whatever kind of network."""

import math
from operator import attrgetter

from sim.network import Climb


def drain(network, until_s=math.inf):
    """Lets happen what is due by `until_s` in a `Fluid`, a `Climb` or `Windows`; when each token ended."""
    due_s = attrgetter("next_s" if isinstance(network, Climb) else "next_finish_s")
    ended = {}
    while (now_s := due_s(network)) <= until_s and now_s < math.inf:
        ended.update(dict.fromkeys(network.finished(now_s), now_s))
    return ended
