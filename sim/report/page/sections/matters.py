"""What matters: how much each key of a sweep moves an answer, and what each assumption's range does to a difference.

Sensitivities are those that the sweep's design gives: Morris's mean of absolute effects, in the metric's own unit
(Campolongo, Cariboni and Saltelli, 2007), or Sobol's total indices, shares of the metric's variance. Assumptions are
drawn as a tornado, the one that moves the difference farthest on top. Left out of drawings, and in tables only: ends of
ranges at which deploys fail, so that no mean is finite.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sim.experiment.sample import resolution
from sim.report.formatting import interval_text, signed_amount
from sim.report.page.parts import Cell, Drawing, Grid, cell, texts, variant_class
from sim.report.page.rowcharts import Mark, Row, bars, ranges
from sim.report.page.sections.verdict import interval_of
from sim.report.page.xycharts import limits
from sim.report.stored import Stored
from sim.report.terminal.blocks import label
from sim.tables import metric_names

_METRIC: Final = "deploy_latency_s.p50"
#: Of an index, how it reads, and whether it is in the metric's unit.
_INDICES: Final[Mapping[str, tuple[str, bool]]] = {
    "mu_star": ("how far each key moves it over its range, on average (Morris's mu star)", True),
    "total": ("the share of its variance that each key has a part in (Sobol's total index)", False),
}
_HEADS: Final[Mapping[str, str]] = {
    "mu_star": "moves it by", "mu_star_half_width": "\u00b1", "sigma": "deviation of that",
    "total": "total index", "total_half_width": "\u00b1", "first": "by itself", "first_half_width": "by itself \u00b1",
}  # fmt: skip
#: An index below this is nothing.
_LEAST_SHARE: Final = 1e-3
#: The farthest range is drawn to so many times the second one's end.
_FARTHER: Final = 1.5
#: Rows of a tornado; its table has all.
_MOST_ROWS: Final = 12


def sensitivities(found: Mapping[str, Any]) -> Iterator[Drawing]:
    """How much each key matters, by the first metric and quantity that the design has indices of."""
    every = found.get("sensitivity") or ()
    about = [each for each in every if each["metric"] == _METRIC] or [*every]
    if not about:
        return
    about = [each for each in about if each["of"] == about[-1]["of"]]
    names = [name for name in about[0] if name not in ("key", "of", "metric")]
    metric, index = about[0]["metric"], names[0]
    means, in_unit = _INDICES.get(index, (index.replace("_", " "), False))
    unit = metric_names.unit_of(metric) if in_unit else ""
    least = resolution(metric) if in_unit else _LEAST_SHARE

    def number(value: float | None) -> Cell:
        if value is None or in_unit:
            return cell(0.0 if value is not None and abs(value) < least else value, unit)
        return Cell(f"{value:.2f}" if abs(value) >= least else "0", value)

    ranked = sorted((each for each in about if each[index] is not None), key=lambda each: -each[index])
    rows = [
        Row(each["key"], [Mark("v0", 0, 0.0, max(each[index], 0.0), 0.0, number(each[index]).text)]) for each in ranked
    ]
    caption = f"What matters to {label(metric)} of {about[0]['of']}: {means}"
    says = caption + ": " + ", ".join(f"{row.name} {row.marks[0].says}" for row in rows)
    lines = [[*texts(each["key"]), *(number(each[name]) for name in names)] for each in about]
    grid = Grid(caption, ["key", *(_HEADS.get(name, name.replace("_", " ")) for name in names)], lines)
    yield Drawing(caption, says, lambda width: bars(width, says, rows, unit), grid)


def tornado(stored: Stored, variant: str) -> Iterator[Drawing]:
    """What the ends of assumptions' ranges make of the difference at p50, if they were tried."""
    found = stored.document
    effects = [
        each for each in found.get("assumptions") or () if each["variant"] == variant and each["metric"] == _METRIC
    ]
    base = found["differences"][variant].get(_METRIC, {}).get("mean")
    if not effects or base is None:
        return
    by_key: dict[str, list[Mapping[str, Any]]] = {}
    for each in effects:
        by_key.setdefault(each["key"], []).append(each)
    at = stored.variants.index(variant)
    rows = [row for key, ends in by_key.items() for row in _bar(key, ends, base, at)]
    rows.sort(key=lambda row: -_reach(row, base))
    drawn = rows[:_MOST_ROWS]
    if not drawn:
        return
    span = _span(drawn, base)
    unit = metric_names.unit_of(_METRIC)
    caption = f"What assumptions make of {label(_METRIC)}, {variant} less {found['baseline']}: over each one's range"
    says = caption + ": " + ", ".join(f"{row.name} {row.marks[0].says}" for row in drawn)
    lines = [
        [*texts(each["key"], each["value"], each["end"], each["effect"]),
         Cell(interval_text(interval_of(each), unit, signed=True), each["mean"])]
        for each in effects
    ]  # fmt: skip
    heads = ["assumed figure", "is", "tried at", "effect", "difference there"]
    grid = Grid("Every end of a range that was tried", heads, lines, 4)
    notes = [f"Those that move it most, of {len(by_key)}; the mark is the difference as assumed. An arrow goes on."]
    yield Drawing(caption, says, lambda width: ranges(width, says, drawn, unit, span), grid, notes=notes)


def _reach(row: Row, base: float) -> float:
    """How far a range moves the difference."""
    return max(row.marks[0].high - base, base - row.marks[0].low)


def _span(rows: Sequence[Row], base: float) -> tuple[float, float]:
    """From the lowest end to the highest and to zero; one that goes far beyond all others does not make them dots."""
    reaches = [_reach(row, base) for row in rows]
    most = _FARTHER * reaches[1] if len(reaches) > 1 else math.inf
    ends = [end for row in rows for end in (row.marks[0].low, row.marks[0].high)]
    return limits([0.0, *(min(max(end, base - most), base + most) for end in ends)])


def _bar(key: str, ends: Sequence[Mapping[str, Any]], base: float, at: int) -> Iterator[Row]:
    """From the lowest to the highest difference over a range; nothing where it moves nothing, or deploys fail."""
    finite = [each for each in ends if each["mean"] is not None and math.isfinite(each["mean"])]
    if not finite:
        return
    farthest = max(finite, key=lambda each: abs(float(each["mean"]) - base))
    means = [base, *(float(each["mean"]) for each in finite)]
    if max(means) - min(means) <= resolution(_METRIC):
        return
    says = f"{signed_amount(float(farthest['mean']), 's')} at {farthest['end']}"
    yield Row(key, [Mark(variant_class(at), at, min(means), base, max(means), says)])
