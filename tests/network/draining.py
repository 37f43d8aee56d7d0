"""Letting a network run, for tests of whatever kind of network."""

import math


def drain(network, until_s=math.inf):
    """Lets happen what is due by `until_s` in a `Fluid` or `Windows`; when each token ended."""
    ended = {}
    while (now_s := network.next_finish_s) <= until_s and now_s < math.inf:
        ended.update(dict.fromkeys(network.finished(now_s), now_s))
    return ended
