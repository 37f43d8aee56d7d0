"""Makes `land.txt` from `land-110m.json` of the npm package world-atlas: `python -m sim.report.map.makeland FILE`.

The file is TopoJSON: arcs of points as differences, in steps of a grid that its `transform` gives. Each ring of the
land becomes a line: its first point and the steps from point to point, in tenths of a degree east and north, steps of
nothing left out. A ring that crosses the date line goes on beyond 180 degrees: the east of Siberia lies at 190. Left
out: holes, which at this scale is the Caspian Sea alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Final

#: Half of the way round, in tenths of a degree: no step is longer.
_HALF: Final = 1800
LAND: Final = Path(__file__).parent / "land.txt"
_HEAD: Final = """\
# Outlines of land at 1:110m, from land-110m.json of world-atlas 2.0.2 (npm), which is made from Natural Earth's
# public-domain map. Rings, one a line: the first point, then steps, in tenths of a degree east and north.
# Written by `python -m sim.report.map.makeland land-110m.json`. The package's licence (ISC):
#
# Copyright 2013-2019 Michael Bostock
#
# Permission to use, copy, modify, and/or distribute this software for any purpose
# with or without fee is hereby granted, provided that the above copyright notice
# and this permission notice appear in all copies.
#
# THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH
# REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND
# FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT,
# INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS
# OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER
# TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF
# THIS SOFTWARE.
"""


def rings(topology: dict[str, Any]) -> Iterator[list[tuple[int, int]]]:
    """The outer ring of each piece of land, in tenths of a degree (east, north)."""
    arcs = [list(_points(arc, topology["transform"])) for arc in topology["arcs"]]
    for geometry in topology["objects"]["land"]["geometries"]:
        for polygon in geometry["arcs"]:
            ring: list[tuple[int, int]] = []
            for number in polygon[0]:
                # A negative number is the arc of its complement, backwards; arcs share their ends.
                points = arcs[number] if number >= 0 else arcs[~number][::-1]
                ring += points[1:] if ring else points
            yield [point for at, point in enumerate(ring) if at == 0 or point != ring[at - 1]]


def _points(arc: list[list[int]], transform: dict[str, Any]) -> Iterator[tuple[int, int]]:
    x = y = 0
    for dx, dy in arc:
        x, y = x + dx, y + dy
        east, north = (
            at * scale + start
            for at, scale, start in zip((x, y), transform["scale"], transform["translate"], strict=True)
        )
        yield round(10 * east), round(10 * north)


def text(topology: dict[str, Any]) -> str:
    """The file."""
    lines = []
    for ring in rings(topology):
        if len(ring) < 4:
            continue
        steps = [((b[0] - a[0] + _HALF) % (2 * _HALF) - _HALF, b[1] - a[1]) for a, b in pairwise(ring)]
        easts = [*accumulate((east for east, _ in steps), initial=ring[0][0])]
        turn = 2 * _HALF * (min(easts) + max(easts) < -2 * _HALF)
        lines.append(" ".join(f"{x},{y}" for x, y in ((ring[0][0] + turn, ring[0][1]), *steps)))
    return _HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    LAND.write_text(text(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))), encoding="utf-8")
