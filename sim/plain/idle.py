"""What two bodies take that have their lane to themselves: the one fact that plain worlds and others share as text."""

from __future__ import annotations


def beside_one_s(size: float, other: float, later_s: float, cap_Bps: float, narrowest_Bps: float) -> float:
    """How long a body takes from its start, when another sets out `later_s` after it (before it, if below 0).

    They share the narrowest link evenly, each up to the cap, until one has ended.
    """
    alone_Bps, both_Bps = min(cap_Bps, narrowest_Bps), min(cap_Bps, narrowest_Bps / 2)
    if later_s < 0:
        other += later_s * alone_Bps
        if other <= 0:
            return size / alone_Bps
        later_s = 0.0
    left = size - later_s * alone_Bps
    if left <= 0:
        return size / alone_Bps
    if other >= left:
        return later_s + left / both_Bps
    return later_s + other / both_Bps + (left - other) / alone_Bps
