"""How far apart variants are: paired differences as shares of the baseline, or metrics along the key of a search.

A difference is drawn with its interval at 95 %: what does not touch zero is decided. Shares are of the baseline's mean;
a metric of which the baseline has none stands in the table alone, and what is beyond the drawing's limits ends in an
arrow.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sim.experiment.axes import number_of
from sim.experiment.comparison import HEADLINE, NOTEWORTHY
from sim.report.formatting import interval_text, per_cent
from sim.report.page import svg
from sim.report.page.parts import MOST_ROWS, Cell, Drawing, Grid, Key, Section, cell, legend, texts, variant_class
from sim.report.page.rowcharts import Mark, Row, ranges
from sim.report.page.sections.matters import sensitivities, tornado
from sim.report.page.sections.thresholds import judged
from sim.report.page.sections.verdict import interval_of
from sim.report.page.xycharts import Axis, Curve, chart, limits
from sim.report.stored import Stored
from sim.report.terminal.blocks import label
from sim.tables import metric_names

#: A forest shows shares up to this many per cent either way.
_MOST_PER_CENT: Final = 150.0
#: Of so many variants at most all are drawn, of more those that differ from the baseline.
_ALL_DRAWN: Final = 2
#: Curves that can be told apart in one drawing.
_MOST_CURVES: Final = 10
#: From how many times as much on, heights are by ratios.
_STEEP: Final = 20
_SWEPT: Final = ("deploy_latency_s.p50", "deploy_latency_s.p95")


def section(stored: Stored) -> Section | None:
    """What the kind of result has to show of differences; None for one run, a replay and a score."""
    if stored.kind == "compare" and stored.document["differences"]:
        return _of_comparison(stored)
    if stored.kind in ("capacity", "crossover"):
        return _of_search(stored)
    if stored.kind == "sweep":
        return _of_sweep(stored)
    return _of_best(stored) if stored.kind == "best" else None


def _of_comparison(stored: Stored) -> Section:
    found = stored.document
    baseline = found["baseline"]
    others = [name for name in stored.variants if name != baseline]
    rows, lines = [], []
    for metric in _headline(stored):
        marks = [mark for mark in _marks(stored, metric, others) if math.isfinite(mark.middle)]
        if len(others) > _ALL_DRAWN:
            marks = [mark for mark in marks if mark.low or mark.middle or mark.high]
        if marks:
            rows.append(Row(label(metric), marks))
        lines += [_line(stored, metric, name) for name in others]
    ends = [end for row in rows for mark in row.marks for end in (mark.low, mark.high, mark.middle)
            if math.isfinite(end)]  # fmt: skip
    low, high = max(min([*ends, 0.0]), -_MOST_PER_CENT), min(max([*ends, 0.0]), _MOST_PER_CENT)
    room = 0.05 * ((high - low) or 1.0)
    caption = f"Difference from {baseline}, as a share of its mean, with the interval at 95 %; left of zero is less"
    says = caption + ": " + "; ".join(f"{row.name} {row.marks[0].says}" for row in rows[:5])
    heads = ["metric", "variant", "difference", "share", "decided", baseline, "variant's own"]
    grid = Grid("Paired differences, run by run", heads, lines, 2)
    drawing = Drawing(
        caption, says, lambda width: ranges(width, says, rows, "%", (low - room, high + room)), grid,
        [key for key in legend(stored.variants) if key.text != baseline],
        ["A range that does not touch zero is decided. Less is better of all of these but what dedup saves.",
         *([f"What is as with {baseline} in every run is in the table alone."] if len(others) > _ALL_DRAWN else [])],
    )  # fmt: skip
    runs = found["runs"]
    paired = f"{runs} paired runs" if runs > 1 else "one run, which gives no interval"
    return Section("differences", f"Differences from {baseline}", [f"Measured in {paired}."], [
        drawing, *(each for name in others for each in tornado(stored, name))
    ])  # fmt: skip


def _headline(stored: Stored) -> list[str]:
    variants = stored.document["variants"]
    seen = [metric for metric in NOTEWORTHY if any((each.get(metric) or {}).get("mean") for each in variants.values())]
    return [metric for metric in (*HEADLINE, *seen) if any(metric in each for each in variants.values())]


def _marks(stored: Stored, metric: str, others: Sequence[str]) -> Iterator[Mark]:
    found = stored.document
    base = found["variants"][found["baseline"]].get(metric)
    for name in others:
        apart = found["differences"][name].get(metric)
        if apart is None or base is None or not base["mean"] or apart["mean"] is None:
            continue
        shares = [math.nan if apart[end] is None else 100 * apart[end] / abs(base["mean"]) for end in
                  ("low", "mean", "high")]  # fmt: skip
        at = stored.variants.index(name)
        yield Mark(variant_class(at), at, shares[0], shares[1], shares[2], _share_text(shares))


def _share_text(shares: Sequence[float]) -> str:
    low, mean, high = shares
    text = per_cent(mean / 100)
    return text if math.isnan(low) else f"{text} [{low:.0f}, {high:.0f}]"


def _line(stored: Stored, metric: str, name: str) -> list[Cell]:
    found, unit = stored.document, metric_names.unit_of(metric)
    base, own = (found["variants"][each].get(metric) for each in (found["baseline"], name))
    apart = found["differences"][name].get(metric)
    if apart is None or base is None or own is None:
        return texts(label(metric), name, "none", "", "", "", "")
    share = apart["mean"] / abs(base["mean"]) if base["mean"] and apart["mean"] is not None else math.nan
    same = apart["low"] == apart["high"] == 0
    decided = "same" if same else "yes" if apart["decided"] else "no"
    return [
        *texts(label(metric), name), Cell(interval_text(interval_of(apart), unit, signed=True), apart["mean"]),
        Cell("" if math.isnan(share) else per_cent(share), None if math.isnan(share) else share),
        Cell(decided, mark="open" if decided == "no" else ""),
        Cell(interval_text(interval_of(base), unit), base["mean"]),
        Cell(interval_text(interval_of(own), unit), own["mean"]),
    ]  # fmt: skip


def _of_best(stored: Stored) -> Section:
    found = stored.document
    unit = metric_names.unit_of(found["metric"])
    rows, lines = [], []
    for at, name in enumerate(stored.variants):
        own = interval_of(found["variants"][name])
        says = interval_text(own, unit)
        if math.isfinite(own.mean):
            rows.append(Row(name, [Mark(variant_class(at), at, own.low, own.mean, own.high, says)]))
        out = "ruled out" if name in found["ruled_out"] else "chosen" if name == found["chosen"] else ""
        lines.append([*texts(name), Cell(says, own.mean), Cell(str(found["variants"][name]["runs"])), Cell(out)])
    span = limits([end for row in rows for mark in row.marks for end in (mark.low, mark.middle, mark.high)])
    caption = f"{label(found['metric'])} of each variant, with the interval at 95 %"
    says = caption + ": " + "; ".join(f"{row.name} {row.marks[0].says}" for row in rows)
    grid = Grid("Each variant's own", ["variant", label(found["metric"]), "runs", ""], lines)
    drawing = Drawing(caption, says, lambda width: ranges(width, says, rows, unit, span), grid)
    return Section("differences", "The variants beside each other", drawings=[drawing])


def _of_search(stored: Stored) -> Section:
    """The metric of each threshold, or the difference, at each value that was tried."""
    found = stored.document
    points: Sequence[Mapping[str, Any]] = found["points"]
    series: dict[str, dict[str, list[tuple[float, Any]]]] = {}
    at_y: dict[str, float] = {}
    for point in points:
        evidence = point.get("thresholds")
        if evidence is None:  # of a crossover: the difference itself
            of = f"{found['variant']} - {found['baseline']}"
            evidence = [{**point, "of": of, "threshold": ""}]
        for each in evidence:
            metric = (each["threshold"].rpartition(":")[2].split() or [found.get("metric", "")])[0]
            series.setdefault(metric, {}).setdefault(each["of"], []).append((float(point["number"]), each))
            if each["threshold"]:
                at_y[each["threshold"]] = 0.0
    span = [(found["low"], found["high"], "the answer lies here")] if found.get("answer") == "found" else [
        (each["low"], each["high"], "the better changes here") for each in found.get("changes", ())
    ]  # fmt: skip
    # Of a crossover the curve is a difference: it has the colour of the variant that is held against the baseline.
    whose = {f"{found['variant']} - {found['baseline']}": found["variant"]} if stored.kind == "crossover" else None
    drawings = [
        _along(stored, metric, curves, str(found["key"]), str(found["unit"]), span, [*at_y], whose)
        for metric, curves in series.items()
    ]
    heads = [str(found["key"]), "outcome", "runs", *(f"{of}: {metric}" for metric, by in series.items() for of in by)]
    rows = [
        [*texts(point["value"]), *judged(point["outcome"]), Cell(f"{point['runs']:,}", point["runs"]),
         *(_at(by[of], float(point["number"]), metric) for metric, by in series.items() for of in by)]
        for point in points
    ]  # fmt: skip
    return Section("differences", f"Along {found['key']}", drawings=drawings, grids=[
        Grid("Every value that was tried", heads, rows[:MOST_ROWS], 2)
    ])  # fmt: skip


def _at(curve: Sequence[tuple[float, Any]], number: float, metric: str) -> Cell:
    each = next((each for at, each in curve if at == number), None)
    if each is None:
        return Cell("")
    return Cell(interval_text(interval_of(each), metric_names.unit_of(metric)), each["mean"])


def _along(
    stored: Stored, metric: str, curves: Mapping[str, Sequence[tuple[float, Any]]], key: str, unit: str,
    spans: Sequence[tuple[float, float, str]], thresholds: Sequence[str], whose: Mapping[str, str] | None = None,
) -> Drawing:  # fmt: skip
    """One metric along the key: means with their intervals, limits and the answer."""
    of_metric = metric_names.unit_of(metric)
    numbers = [at for curve in curves.values() for at, _ in curve]
    ratios = min(numbers) > 0 and max(numbers) / min(numbers) > 8
    drawn, keys = [], []
    for place, (name, curve) in enumerate([*curves.items()][:_MOST_CURVES]):
        variant = (whose or {}).get(name, name)
        at = stored.variants.index(variant) if variant in stored.variants else place
        # A variant's colour stays its own; what else differs has other dashes and markers.
        number_of_curve = place if whose else at
        found = [(number, interval_of(each)) for number, each in curve]
        drawn.append(
            Curve(variant_class(at), number_of_curve, [(number, each.mean) for number, each in found],
                  [(each.low, each.high) for _, each in found], marked=True)
        )  # fmt: skip
        keys.append(Key(variant_class(at), number_of_curve, name))
    at_y = [(limit, text) for text in thresholds for limit in _limit(text, metric)]
    heights = [number for curve in drawn for _, number in curve.points] + [limit for limit, _ in at_y]
    # Where latencies are of several sizes, evenly spaced ones would lie on the axis but for the longest.
    steep = min(heights, default=0.0) > 0 and _STEEP * min(heights) < max(filter(math.isfinite, heights), default=0.0)
    heights += [end for curve in drawn for ends in curve.spread for end in ends if math.isfinite(end)]
    across = Axis(f"{key}, {unit}" if unit else key, *limits(numbers, ratios), lambda number: f"{number:,.6g}", ratios)
    up = Axis(label(metric), *limits(heights, steep), lambda number: svg.tick_text(number, of_metric), steep, of_metric)
    of = f", {next(iter(curves))}," if len(curves) == 1 else ""
    caption = f"{label(metric)}{of} by {key}, with intervals" + ("; shaded: the answer" if spans else "")
    says = caption + ": " + "; ".join(
        f"{name} from {interval_text(interval_of(curve[0][1]), of_metric)} to "
        f"{interval_text(interval_of(curve[-1][1]), of_metric)}" for name, curve in curves.items()
    )  # fmt: skip
    lines = [
        [*texts(name), Cell(f"{number:g}", number), Cell(interval_text(interval_of(each), of_metric), each["mean"])]
        for name, curve in curves.items() for number, each in curve
    ]  # fmt: skip
    beyond = f"{len(lines) - MOST_ROWS} more in the document." if len(lines) > MOST_ROWS else ""
    grid = Grid(caption, ["of", f"{key} {unit}".rstrip(), label(metric)], lines[:MOST_ROWS], 1, beyond)
    return Drawing(
        caption, says, lambda width: chart(width, says, across, up, drawn, at_y=at_y, spans=spans), grid, keys
    )


def _limit(text: str, metric: str) -> Iterator[float]:
    parts = text.rpartition(":")[2].split(maxsplit=2)
    number = number_of(parts[2]) if len(parts) == 3 and parts[0] == metric else None
    if number is not None:
        yield number


def _of_sweep(stored: Stored) -> Section:
    found = stored.document
    points: Sequence[Mapping[str, Any]] = found["points"]
    keys: Sequence[str] = found["keys"]
    numbers = {key: _numbers([point["values"][key] for point in points]) for key in keys}
    along = next((key for key in keys if numbers[key] is not None), None)
    drawings = [*sensitivities(found)]
    if along is not None and found["design"] == "grid":
        drawings += _along_first(stored, along, *(numbers[along] or ([], "")))
    heads = [*keys, "variant", *map(label, _SWEPT), label("wan_bytes"), "failed"]
    rows = [_swept(point, keys, name) for point in points for name in stored.variants]
    beyond = f"{len(rows) - MOST_ROWS:,} more in sweep.json." if len(rows) > MOST_ROWS else ""
    grid = Grid("The points", heads, rows[:MOST_ROWS], len(keys) + 1, beyond, filtered=True)
    return Section("differences", f"Over {', '.join(keys)}", drawings=drawings, grids=[grid])


def _along_first(stored: Stored, along: str, numbers: Sequence[float], unit: str) -> Iterator[Drawing]:
    """Metrics along a key, a curve for each variant and value of the other keys."""
    found = stored.document
    for metric in _SWEPT:
        curves: dict[str, list[tuple[float, Any]]] = {}
        whose: dict[str, str] = {}
        for number, point in zip(numbers, found["points"], strict=True):
            others = [f"{key.rpartition('.')[2]} {value}" for key, value in point["values"].items() if key != along]
            for name in stored.variants:
                if metric in point["variants"].get(name, {}):
                    label_of = ", ".join([name, *others])
                    whose[label_of] = name
                    curves.setdefault(label_of, []).append((number, point["variants"][name][metric]))
        if curves:
            yield _along(stored, metric, curves, along, unit, (), (), whose)


def _numbers(values: Sequence[Any]) -> tuple[list[float], str] | None:
    """Values as numbers of the unit that all of them are written in, else in base units; None where one is a word."""
    written = [re.fullmatch(r"(-?[\d.]+(?:e-?\d+)?)\s*(\D*)", str(value)) for value in values]
    if all(written) and len(units := {each[2] for each in written if each}) == 1:
        return [float(each[1]) for each in written if each], units.pop().strip()
    numbers = [number_of(value) for value in values]
    return None if None in numbers else ([number for number in numbers if number is not None], "in base units")


def _swept(point: Mapping[str, Any], keys: Sequence[str], name: str) -> list[Cell]:
    own, failures = point["variants"].get(name, {}), point["failures"].get(name, {})
    return [
        *texts(*(point["values"][key] for key in keys), name),
        *(
            Cell(interval_text(interval_of(own[metric]), metric_names.unit_of(metric)), own[metric]["mean"])
            if metric in own else Cell("none")
            for metric in (*_SWEPT, "wan_bytes")
        ),
        cell(failures.get("failed"), "", "bad" if failures.get("failed") else ""),
    ]  # fmt: skip
