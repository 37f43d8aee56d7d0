"""Outlines of land, read once from `land.txt` (`makeland` says where that comes from)."""

from __future__ import annotations

from functools import cache
from itertools import accumulate

from sim.report.map.makeland import LAND

#: Points of a ring, degrees (east, north).
Ring = tuple[tuple[float, float], ...]


@cache
def rings() -> tuple[Ring, ...]:
    """Every piece of land."""
    lines = LAND.read_text(encoding="utf-8").splitlines()
    return tuple(_ring(line) for line in lines if line and not line.startswith("#"))


def _ring(line: str) -> Ring:
    pairs = [tuple(map(int, pair.split(","))) for pair in line.split(" ")]
    easts, norths = (list(accumulate(values)) for values in zip(*pairs, strict=True))
    return tuple((east / 10, north / 10) for east, north in zip(easts, norths, strict=True))
