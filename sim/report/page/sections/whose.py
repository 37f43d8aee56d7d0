"""For whom, and which were the slowest: latencies by site (or by group of clients), and the slowest deploys one by one.

All of it is of the first run of each variant. `regsim why` says where the time of any one deploy went.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from typing import Final

import numpy as np

from sim.report.formatting import amount
from sim.report.page.parts import Cell, Drawing, Grid, Section, cell, legend, texts, variant_class
from sim.report.page.rowcharts import Mark, Row, ranges
from sim.report.page.sections.latency import counted
from sim.report.page.xycharts import limits
from sim.report.stored import Stored
from sim.result import Result
from sim.tables import rows

_SLOWEST: Final = 12
_GROUPS: Final = 12
_SHOWN: Final = ("deploys", "deploy_latency_s.p50", "deploy_latency_s.p95", "deploy_latency_s.p99", "failed_deploys")


def by_site(stored: Stored) -> Section | None:
    """A line from p50 to p95 for each site and variant; by group of clients where all are at one site, else none."""
    samples = {name: each for name, each in stored.samples.items() if len(each.tables["deploys"])}
    for by in ("site", "client"):
        found = {name: each.metrics_by(by) for name, each in samples.items()}
        groups = [*dict.fromkeys(
            group for each in found.values() for group, metrics in each.items() if metrics["deploys"]
        )]  # fmt: skip
        if len(groups) > 1:
            return _split(stored, by, groups, found)
    return None


def _split(
    stored: Stored, by: str, groups: list[str], found: Mapping[str, Mapping[str, Mapping[str, float]]]
) -> Section:  # fmt: skip
    drawn, lines = [], []
    for group in groups:
        marks = []
        for name, each in found.items():
            own, at = each.get(group), stored.variants.index(name)
            if own is None or not own["deploys"]:
                continue
            p50_s, p95_s = own["deploy_latency_s.p50"], own["deploy_latency_s.p95"]
            if math.isfinite(p50_s):
                says = f"{amount(p50_s, 's')}, {amount(p95_s, 's')}"
                marks.append(Mark(variant_class(at), at, p50_s, p50_s, p95_s, says))
            values = [cell(own[metric], "s" if metric.startswith("deploy_l") else "") for metric in _SHOWN]
            lines.append([*texts(group, name), *values])
        if marks:
            drawn.append(Row(group, marks))
    shown = drawn[:_GROUPS]
    ends = [end for row in shown for mark in row.marks for end in (mark.middle, mark.high) if math.isfinite(end)]
    span = (0.0, limits(ends)[1])
    named = {"site": "site of the client", "client": "group of clients"}[by]
    caption = f"Deploy latency by {named}: the mark at p50, the line as far as p95"
    says = caption + ": " + "; ".join(f"{row.name} {row.marks[0].says}" for row in shown)
    grid = Grid(caption, [by, "variant", "deploys", "p50", "p95", "p99", "failed"], lines, 2, filtered=len(lines) > 12)
    drawing = Drawing(caption, says, lambda width: ranges(width, says, shown, "s", span), grid, legend(found))
    return Section("sites", f"By {named}", ["In the first run of each variant."], [drawing])


def slowest(stored: Stored) -> Section | None:
    """The deploys that took longest, and in which phase."""
    lines: list[list[Cell]] = []
    for name, sample in stored.samples.items():
        lines += _slowest(name, sample)
    if not lines:
        return None
    heads = ["variant", "deploy", "client", "repository", "route", "longest phase", "that took", "latency", "asked at"]
    command = f"regsim why {shlex.quote(str(stored.place))} --deploy {lines[0][1].text}"
    says = ["Deploys that failed are not among them. Where the seconds of one went, and what would have saved some:"]
    grid = Grid("The slowest deploys of the first run", heads, lines, 6, filtered=True)
    return Section("slowest", "The slowest deploys", says, grids=[grid], texts=[("On the command line", command)])


def _slowest(name: str, sample: Result) -> list[list[Cell]]:
    deploys = sample.tables["deploys"]
    latency_s = np.where(deploys.column("failed") | ~counted(sample), -math.inf, deploys.column("latency_s"))
    latency_s[~np.isfinite(latency_s)] = -math.inf
    order = np.argsort(-latency_s, kind="stable")[:_SLOWEST].tolist()
    text = {column: deploys.column(column) for column in ("client", "repository", "route")}
    phases_s = np.array([deploys.column(f"{phase}_s") for phase in rows.PHASES])
    found = []
    for at in order:
        if math.isinf(latency_s[at]):
            continue
        longest = int(np.argmax(phases_s[:, at]))
        number = int(deploys.column("deploy")[at])
        found.append([
            *texts(name), Cell(f"{number}", number), *(Cell(text[column][at]) for column in text),
            Cell(rows.PHASES[longest].replace("_", " ")), cell(float(phases_s[longest, at]), "s"),
            cell(float(latency_s[at]), "s"), cell(float(deploys.column("asked_s")[at]), "s"),
        ])  # fmt: skip
    return found
