"""Pseudo-random numbers for kernel code: SplitMix64, whose whole state is one number of 64 bits.

What numba does with whole numbers beyond 63 bits is not what Python does, so each has its own (`compiled`).
Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
"""

from __future__ import annotations

from typing import Any, Final

GAMMA: Final = 0x9E3779B97F4A7C15
FIRST_MIX: Final = 0xBF58476D1CE4E5B9
SECOND_MIX: Final = 0x94D049BB133111EB
_BITS: Final = (1 << 64) - 1
TWO_53: Final = 2.0**53


def draw(w: Any) -> float:
    """Uniform in [0, 1)."""
    z = (w.g.random + GAMMA) & _BITS
    w.g.random = z - ((z >> 63) << 64)  # rows have signed numbers
    z = ((z ^ (z >> 30)) * FIRST_MIX) & _BITS
    z = ((z ^ (z >> 27)) * SECOND_MIX) & _BITS
    return float((z ^ (z >> 31)) >> 11) / TWO_53
