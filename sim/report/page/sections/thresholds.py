"""Targets: met, missed or undecided, of a comparison as its verb judged them, of one run as the run shows.

Of a search the thresholds are those that it looked for; how each value did stands with the metrics along the key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sim.experiment.thresholds import threshold
from sim.report.formatting import interval_text
from sim.report.page.parts import Cell, Grid, Section, cell, texts
from sim.report.page.sections.verdict import interval_of
from sim.report.stored import Stored
from sim.tables import metric_names

MARKS: Final[Mapping[str, str]] = {"met": "good", "missed": "bad", "undecided": "open"}
#: What each mark looks like besides its colour.
_SIGNS: Final[Mapping[str, str]] = {"met": "\u2713", "missed": "\u2717", "undecided": "?"}


def section(stored: Stored) -> Section | None:
    """A row for each threshold and variant."""
    rows = [*_rows(stored)]
    if not rows:
        return None
    heads = ["outcome", "threshold", "of", "measured", "runs that would decide"]
    outcomes = [each for row in rows for each in (row[0].text.split()[-1],)]
    counted = ", ".join(f"{outcomes.count(name)} {name}" for name in MARKS if name in outcomes)
    return Section("thresholds", "Thresholds", [f"{counted}."], grids=[Grid("Each threshold", heads, rows, 3)])


def _rows(stored: Stored) -> Iterator[list[Cell]]:
    if stored.kind == "run" and stored.scenario is not None:
        for text in stored.scenario.thresholds.values():
            wanted = threshold(text)
            value = stored.document["metrics"].get(wanted.metric)
            outcome = "missed" if value is None else "met" if wanted.holds(value) else "missed"
            measured = cell(value, metric_names.unit_of(wanted.metric))
            yield [*judged(outcome), *texts(text, stored.variants[0]), measured, Cell("one run has no interval")]
    for each in stored.document.get("thresholds", ()):
        condition = each["threshold"].rpartition(":")[2].strip()
        unit = metric_names.unit_of(threshold(each["threshold"]).metric)
        more = each.get("more_runs")
        measured = Cell(interval_text(interval_of(each), unit, " - " in each["of"]), each["mean"])
        yield [
            *judged(each["outcome"]), *texts(condition, each["of"]), measured,
            Cell("" if more is None else f"about {more:,} more", more),
        ]  # fmt: skip


def judged(outcome: str) -> list[Cell]:
    """A cell that says what came of it, by a sign and a colour, too."""
    return [Cell(f"{_SIGNS.get(outcome, '')} {outcome}".lstrip(), mark=MARKS.get(outcome, ""))]


def limits(stored: Stored, metric: str) -> list[tuple[float, str]]:
    """The thresholds on a metric, of all variants or of one: each limit and its text."""
    written: list[Any] = [each["threshold"] for each in stored.document.get("thresholds", ())]
    written += () if stored.scenario is None else stored.scenario.thresholds.values()
    found = {}
    for text in written:
        wanted = threshold(text)
        if wanted.metric == metric and wanted.baseline is None:
            found[wanted.limit] = text
    return [*found.items()]
