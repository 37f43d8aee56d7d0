"""Delay from distance: the great circle between two places, at the speed of light in fibre.

Two thirds of the speed of light, as in fibre of refractive index 1.5 (ITU-T G.652 fibre has 1.468). Cables run further
than the great circle; a caller who knows by how much gives it as a detour.
"""

from __future__ import annotations

import math

LIGHT_IN_FIBRE_MPS = 299_792_458 * 2 / 3
EARTH_RADIUS_M = 6_371_000


def great_circle_m(latitude_a: float, longitude_a: float, latitude_b: float, longitude_b: float) -> float:
    """Metres over the surface of a round Earth between two places given in degrees (haversine: Sinnott, 1984)."""
    a, b, turn = (math.radians(x) for x in (latitude_a, latitude_b, longitude_b - longitude_a))
    h = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(turn / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, h)))


def fibre_s(latitude_a: float, longitude_a: float, latitude_b: float, longitude_b: float, detour: float = 1.0) -> float:
    """One way between two places by fibre, s."""
    return great_circle_m(latitude_a, longitude_a, latitude_b, longitude_b) * detour / LIGHT_IN_FIBRE_MPS
