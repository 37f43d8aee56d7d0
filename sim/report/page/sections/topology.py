"""The map: places, links and hosts, with how much of each link the first run used (`sim.report.map`).

Of a comparison there is a map of the baseline and one of the first other variant, since they load the same links
otherwise; of a search, which keeps no run, the map of what was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from markupsafe import Markup

from sim.report.formatting import amount
from sim.report.map import drawing
from sim.report.map.network import Line, Network, Use, network
from sim.report.page.parts import Cell, Drawing, Grid, Section, cell, texts
from sim.report.stored import Stored
from sim.result import Result
from sim.units import format_rate

_MAPS: Final = 2
_LINES: Final = 30


def section(stored: Stored) -> Section | None:
    """A map of each of two variants at most; None where it is not known what was simulated."""
    if stored.scenario is None or stored.kind == "score":
        return None
    found = {name: network(sample.scenario, sample) for name, sample in mapped(stored).items()}
    if not found:
        found = {"": network(stored.scenario)}
    drawings = [_drawing(name, each) for name, each in found.items()]
    says = "Where hosts are, what joins them, and how much of it the first run used." if stored.samples else (
        "Where hosts are and what joins them, as it is written."
    )  # fmt: skip
    return Section("map", "The map", [says], drawings)


def mapped(stored: Stored) -> dict[str, Result]:
    """The runs that have a map of their own, the baseline's first."""
    if stored.scenario is None or stored.kind == "score":
        return {}
    baseline = stored.document.get("baseline")
    order = sorted(stored.samples, key=lambda name: name != baseline)[:_MAPS]
    return {name: stored.samples[name] for name in order}


def _drawing(name: str, found: Network) -> Drawing:
    of = f" of {name}" if name else ""
    colour = ", colour the use in the busiest minute" if found.ran else ""
    caption = f"The network{of}: width is capacity{colour}"
    return Drawing(caption, drawing.describe(found), partial(_map, found), _table(found, caption), scrolls=True)


def _map(found: Network, width: int) -> Markup:
    """Always of one width: the page makes it fit, or has it moved under a narrow window."""
    return drawing.drawing(found)


def _table(found: Network, caption: str) -> Grid:
    """The links that held bodies back the longest, or the first ones; a group of hosts by its fullest line."""
    every: Mapping[str, tuple[Line, str]] = {line.name: (line, "between places") for line in found.lines} | {
        group.line.name: (group.line, f"one of {group.count:,}, {group.kind} {group.name}") for group in found.groups
    }
    order = sorted(every.values(), key=lambda pair: -pair[0].held_s)
    rows = [
        [
            *texts(line.name, f"{line.a} to {line.b}", what), Cell(format_rate(line.up_Bps), line.up_Bps),
            Cell(format_rate(line.down_Bps), line.down_Bps), Cell(amount(2 * line.delay_s, "s"), line.delay_s),
            _peak(line.up), _peak(line.down), cell(line.held_s, "s") if found.ran else Cell(""),
        ]
        for line, what in order[:_LINES]
    ]  # fmt: skip
    heads = ["link", "joins", "what it is", "up", "down", "round trip", "up, used at most", "down, used at most",
             "held bodies back"]  # fmt: skip
    beyond = f"{len(order) - _LINES:,} more in the scenario." if len(order) > _LINES else ""
    return Grid(caption, heads, rows, 3, beyond)


def _peak(use: Use | None) -> Cell:
    return Cell("") if use is None else Cell(f"{100 * use.peak:.2g} %", use.peak)
