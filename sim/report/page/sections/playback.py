"""The first run over time on its map: how full every link was in each minute, and which faults held.

Without a script there is the busiest link of each variant over time, and the same as a table. A script, on demand,
draws the page's maps again side by side and plays the minutes back on them. Of what a map's colours tell apart one
digit a link and minute is kept; a run of many minutes has them put together, each such frame with its fullest minute.
Left out: variants beyond the two that have a map; minutes after the last one in which anything moved.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.report.formatting import amount
from sim.report.map.drawing import step_of
from sim.report.page import svg
from sim.report.page.parts import Cell, Drawing, Grid, Section, legend, texts, variant_class
from sim.report.page.sections.topology import mapped
from sim.report.page.xycharts import Axis, Curve, chart
from sim.report.stored import Stored
from sim.result import Result

#: The width of a row of the table of utilisation, s.
_MINUTE_S: Final = 60.0
_MOST_FRAMES: Final = 240
#: Digits on a page at most: longer frames where there are more links.
_MOST_DIGITS: Final = 60_000
_PARTS: Final = 12
#: Spells of faults that are named.
_SHADED: Final = 40

Floats = NDArray[np.float64]


class _Course(NamedTuple):
    """A variant's links, and how full each was in each frame, (n_links, n_frames): the fullest minute of a frame."""

    links: Sequence[str]
    share: Floats


def section(stored: Stored) -> Section | None:
    """A chart, its table, and what the script needs; None where no run is kept or none lasted two minutes."""
    samples = mapped(stored)
    minutes = max((_minutes(sample) for sample in samples.values()), default=0)
    if minutes < 2:
        return None
    links = max(len(sample.tables["links"]) for sample in samples.values())
    frames = min(_MOST_FRAMES, max(_MOST_DIGITS // (links * len(samples)), 2))
    together = math.ceil(minutes / frames)
    courses = {name: _course(sample, math.ceil(minutes / together), together) for name, sample in samples.items()}
    frame_s = together * _MINUTE_S
    shown = "in each minute" if together == 1 else f"in the fullest minute of each {amount(frame_s, 's')}"
    says = f"How full links were {shown} of the first run."
    return Section(
        "playback", "The map over time", [says], [_drawing(stored, samples, courses, frame_s)],
        playback=_played(samples, courses, frame_s),
    )  # fmt: skip


def _minutes(sample: Result) -> int:
    """Minutes until the last in which a link carried something."""
    from_s = sample.tables["utilisation"].column("from_s")
    return int(from_s.max() // _MINUTE_S) + 1 if len(from_s) else 0


def _course(sample: Result, frames: int, together: int) -> _Course:
    table = sample.tables["utilisation"]
    drawn = sample.tables["links"].column("link")
    at = {name: number for number, name in enumerate(drawn)}
    share = np.zeros((len(drawn), frames))
    # Disks and caps on copies, which no map has, are left out.
    rows = [
        (at[name], minute // together, full) for name, minute, full in zip(
            table.column("link"), (table.column("from_s") // _MINUTE_S).astype(int).tolist(),
            table.column("mean_utilisation").tolist(), strict=True,
        ) if name in at
    ]  # fmt: skip
    if rows:
        link, frame, full = zip(*rows, strict=True)
        np.maximum.at(share, (np.array(link), np.array(frame)), np.array(full))
    return _Course(drawn, share)


def _played(samples: Mapping[str, Result], courses: Mapping[str, _Course], frame_s: float) -> str:
    """What the script reads: variants, the links that carried anything with a digit a frame, and spells of faults."""
    episodes = next(iter(samples.values())).episodes[:_SHADED]
    played: dict[str, Any] = {
        "frame_s": frame_s,
        "variants": [
            {"name": name, "use": {
                link: "".join(f"{step_of(full)}" if full > 0 else "-" for full in shares)
                for link, shares in zip(course.links, course.share.tolist(), strict=True) if any(shares)
            }}
            for name, course in courses.items()
        ],
        "faults": [[one.fault, one.from_s, None if math.isinf(one.until_s) else one.until_s] for one in episodes],
    }  # fmt: skip
    return json.dumps(played, separators=(",", ":"))


def _drawing(
    stored: Stored, samples: Mapping[str, Result], courses: Mapping[str, _Course], frame_s: float
) -> Drawing:  # fmt: skip
    """The busiest link's share over time, a curve a variant, faults shaded; as a table in twelve parts."""
    frames = next(iter(courses.values())).share.shape[1]
    ends_s = frames * frame_s
    curves = []
    for name, course in courses.items():
        at = stored.variants.index(name)
        busiest = [*course.share.max(axis=0).tolist()]
        points = [(number * frame_s, full) for number, full in enumerate([*busiest, busiest[-1]])]
        curves.append(Curve(variant_class(at), at, points, stepped=True))
    spans = [(one.from_s, min(one.until_s, ends_s), one.fault) for one in next(iter(samples.values())).episodes]
    spans = [span for span in spans if span[0] < ends_s][:_SHADED]
    across = Axis("time since the run began", 0.0, ends_s, lambda number: svg.tick_text(number, "s"), unit="s")
    up = Axis("share of the busiest link that is used", 0.0, 1.0, lambda number: f"{100 * number:.0f} %")
    caption = "The busiest link over time" + ("; shaded: a fault holds" if spans else "")
    most = "; ".join(f"{name} {_busiest(course, 0, frames)[1].text}" for name, course in courses.items())
    says = f"{caption}: at most {most}"
    rows = [
        [*texts(name, f"{amount(low * frame_s, 's')} to {amount(high * frame_s, 's')}"),
         Cell(", ".join(_holding(spans, low * frame_s, high * frame_s)) or "none"), *_busiest(course, low, high)]
        for name, course in courses.items() for low, high in _parts(frames)
    ]  # fmt: skip
    heads = ["variant", "time", "faults that hold", "busiest link", "used at most"]
    grid = Grid(f"The run in {len(_parts(frames))} parts", heads, rows, 4)
    return Drawing(caption, says, lambda width: chart(width, says, across, up, curves, height=200, spans=spans), grid,
                   [key for key in legend(stored.variants) if key.text in courses])  # fmt: skip


def _parts(frames: int) -> list[tuple[int, int]]:
    """So many stretches of frames, as equal as may be."""
    parts = min(_PARTS, frames)
    edges = [frames * at // parts for at in range(parts + 1)]
    return [*pairwise(edges)]


def _busiest(course: _Course, low: int, high: int) -> tuple[Cell, Cell]:
    """The fullest link of these frames, and how full it was."""
    found = course.share[:, low:high].max(axis=1, initial=0.0)
    at = int(found.argmax()) if len(found) else 0
    if not len(found) or not found[at]:
        return Cell("none"), Cell("0 %", 0.0)
    return Cell(course.links[at]), Cell(f"{100 * found[at]:.2g} %", float(found[at]))


def _holding(spans: Sequence[tuple[float, float, str]], low_s: float, high_s: float) -> list[str]:
    return [*dict.fromkeys(name for from_s, until_s, name in spans if from_s < high_s and until_s > low_s)]
