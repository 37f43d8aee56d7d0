"""What went wrong: deploys that failed and why, and what faults did while they lasted.

Failures are of all runs, the course over time is that of the first: how many deploys were under way, the fault's times
shaded, and what each fault did to those that met it (`sim.accounting.fault_effects`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from sim.accounting.fault_effects import under_way
from sim.report.formatting import amount
from sim.report.page import svg
from sim.report.page.parts import MOST_ROWS, Cell, Drawing, Grid, Section, cell, legend, texts, variant_class
from sim.report.page.xycharts import Axis, Curve, chart, limits
from sim.report.stored import Stored
from sim.report.terminal.faults import describe
from sim.result import Result
from sim.tables import metric_names

#: Steps of a course: as many as can be told apart.
_STEPS: Final = 160
_SHADED: Final = 40
_LABELS: Final[Mapping[str, str]] = {
    "times": "came, times", "deploys": "deploys that met it", "failed": "of these failed",
    "latency_s.p95": "their latency p95", "rest_latency_s.p95": "p95 of the rest",
    "drained_s": "backlog drained after", "agreed_s": "registries agreed after",
}  # fmt: skip


def failures(stored: Stored) -> Section | None:
    """How many deploys failed of each variant, and why; None for a score."""
    found: Mapping[str, Any] = stored.document.get("failures") or {}
    if not found:
        return None
    rows = []
    for name in stored.variants:
        each = found.get(name, {})
        for why, count in (each.get("reasons") or {}).items():
            share = 100 * count / each["deploys"]
            rows.append([*texts(name, why), cell(count, ""), Cell(f"{share:.2g} %", share)])
    counted = "; ".join(
        f"{name}: {each['failed']:,} of {each['deploys']:,}" for name, each in found.items()
    )  # fmt: skip
    says = f"Deploys that failed, of all runs: {counted}." if rows else "No deploy failed in any run."
    grid = Grid("Why deploys failed", ["variant", "reason", "deploys", "share"], rows[:MOST_ROWS], 2)
    return Section("failures", "Failures and reasons", [says], grids=[grid] if rows else [])


def faults(stored: Stored) -> Section | None:
    """The course of the first run, and what each fault did; None where no fault held."""
    samples = {name: each for name, each in stored.samples.items() if each.episodes and len(each.tables["deploys"])}
    if not samples:
        return None
    scenario = next(iter(samples.values())).scenario
    says = [f"{name}: {describe(scenario, name)}." for name in scenario.faults]
    rows = [
        [*texts(fault, name), *(_effect(sample, fault, what) for what in _LABELS)]
        for name, sample in samples.items() for fault in sample.scenario.faults
    ]  # fmt: skip
    grid = Grid("What each fault did, in the first run", ["fault", "variant", *_LABELS.values()], rows, 2)
    return Section("faults", "Faults over time", says, [_course(stored, samples)], [grid])


def _effect(sample: Result, fault: str, what: str) -> Cell:
    value = sample.metrics[f"faults.{fault}.{what}"]
    if math.isinf(value):
        return Cell("never", mark="bad")
    return Cell("none") if math.isnan(value) else cell(value, metric_names.FAULTS[what][0])


def _course(stored: Stored, samples: Mapping[str, Result]) -> Drawing:
    ends_s = max(float(each.tables["deploys"].column("ended_s").max()) for each in samples.values())
    edges_s = np.linspace(0.0, ends_s, _STEPS + 1)
    curves, lines = [], []
    for name, sample in samples.items():
        deploys, at = sample.tables["deploys"], stored.variants.index(name)
        asked_s, ended_s = deploys.column("asked_s"), deploys.column("ended_s")
        times_s, number = under_way(asked_s, ended_s)
        place = np.searchsorted(times_s, edges_s, side="right")
        begins = np.where(place > 0, number[np.maximum(place - 1, 0)], 0)
        most = [
            max(int(begins[step]), int(number[place[step] : place[step + 1]].max(initial=0)))
            for step in range(_STEPS)
        ]  # fmt: skip
        curves.append(Curve(variant_class(at), at, [*zip(edges_s[:-1].tolist(), most, strict=True)], stepped=True))
        lines += _by_part(name, sample, ends_s, most)
    spans = [(each.from_s, each.until_s, each.fault) for each in next(iter(samples.values())).episodes[:_SHADED]]
    across = Axis("time since the run began", 0.0, ends_s, lambda number: svg.tick_text(number, "s"), unit="s")
    up = Axis(
        "deploys under way", *limits([number for curve in curves for _, number in curve.points]), "{:,.0f}".format
    )
    caption = "Deploys under way, the most in each stretch of time; shaded: a fault holds"
    says = caption + ": " + "; ".join(
        f"{name} at most {max(number for _, number in curve.points):,.0f}"
        for name, curve in zip(samples, curves, strict=True)
    )  # fmt: skip
    heads = ["variant", "time", "deploys asked for", "failed", "under way at most", "latency p95"]
    grid = Grid("The run in twelve parts", heads, lines, 2)
    return Drawing(caption, says, lambda width: chart(width, says, across, up, curves, spans=spans), grid,
                   legend(samples))  # fmt: skip


def _by_part(name: str, sample: Result, ends_s: float, most: list[int]) -> list[list[Cell]]:
    """A row for each twelfth of the run."""
    deploys, parts = sample.tables["deploys"], 12
    asked_s, failed, latency_s = (deploys.column(each) for each in ("asked_s", "failed", "latency_s"))
    rows = []
    for at in range(parts):
        low_s, high_s = ends_s * at / parts, ends_s * (at + 1) / parts
        here = (asked_s >= low_s) & (asked_s < high_s)
        ordered = np.sort(latency_s[here])
        p95_s = float(ordered[max(-(-95 * len(ordered) // 100), 1) - 1]) if len(ordered) else None
        peak = max(most[_STEPS * at // parts : _STEPS * (at + 1) // parts])
        rows.append([
            *texts(name, f"{amount(low_s, 's')} to {amount(high_s, 's')}"), cell(int(here.sum()), ""),
            cell(int(failed[here].sum()), ""), cell(peak, ""), cell(p95_s, "s"),
        ])  # fmt: skip
    return rows
