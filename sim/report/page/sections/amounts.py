"""Bytes and what they cost: by purpose as bars, all totals and every item of the bill as tables.

Of a comparison the totals are means over runs with their intervals, the bill is that of the first run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sim.report.formatting import amount, interval_text
from sim.report.page.parts import Cell, Drawing, Grid, Section, cell, legend, texts, variant_class
from sim.report.page.rowcharts import Mark, Row, bars
from sim.report.page.sections.verdict import interval_of
from sim.report.stored import Stored
from sim.report.terminal.blocks import label
from sim.tables import metric_names

_DRAWN: Final = ("wan_bytes", "central_egress_bytes", "push_bytes", "pull_bytes", "sync_bytes")
_TOTALS: Final = (
    *_DRAWN, "central_ingress_bytes", "dedup_saved_bytes", "coalesced_bytes", "cost_usd", "cost_usd_per_month",
    "stale_starts", "missed_starts", "lost_images",
)  # fmt: skip


def section(stored: Stored) -> Section | None:
    """None where a result's document has no totals of its runs."""
    if stored.kind not in ("run", "replay", "compare"):
        return None
    of = {name: _totals(stored, name) for name in stored.variants}
    rows = [
        Row(label(metric), [
            Mark(variant_class(at), at, 0.0, float(each["mean"]), 0.0, amount(float(each["mean"]), "bytes"))
            for at, name in enumerate(stored.variants)
            if (each := of[name].get(metric)) is not None and each["mean"] is not None
        ])
        for metric in _DRAWN
    ]  # fmt: skip
    rows = [row for row in rows if row.marks]
    lines = [
        [*texts(label(metric)), *(_measured(of[name].get(metric), metric) for name in stored.variants)]
        for metric in _TOTALS if any((of[name].get(metric) or {}).get("mean") for name in stored.variants)
    ]  # fmt: skip
    if not rows:
        return None
    caption = "Bytes that are moved in a run"
    says = caption + ": " + "; ".join(
        f"{row.name} {', '.join(mark.says for mark in row.marks)}" for row in rows
    )  # fmt: skip
    grid = Grid("Totals of a run", ["a run's", *stored.variants], lines)
    drawing = Drawing(caption, says, lambda width: bars(width, says, rows, "bytes"), grid, legend(stored.variants))
    return Section("amounts", "Bytes and cost", [], [drawing], [*_bills(stored)])


def _totals(stored: Stored, name: str) -> Mapping[str, Any]:
    if stored.kind == "compare":
        found: Mapping[str, Any] = stored.document["variants"][name]
        return found
    return {metric: {"mean": value} for metric, value in stored.document["metrics"].items()}


def _measured(found: Mapping[str, Any] | None, metric: str) -> Cell:
    if found is None or found.get("mean") is None:
        return Cell("none")
    return Cell(interval_text(interval_of(found), metric_names.unit_of(metric)), found["mean"])


def _bills(stored: Stored) -> list[Grid]:
    lines = [
        [*texts(name, cost.item), cell(cost.cost_usd, "USD"), cell(cost.cost_usd_per_month, "USD")]
        for name, sample in stored.samples.items() for cost in sample.bill
    ]  # fmt: skip
    heads = ["variant", "what costs", "the run", "30 days like it"]
    return [Grid("The bill of the first run", heads, lines, 2)] if lines else []
