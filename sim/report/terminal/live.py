"""A comparison while its runs are made, as a terminal shows it: intervals, differences, and what they say so far.

It is drawn anew each time that one more run of every variant has ended, so that the reader sees intervals narrow and
the verdict settle. A picture that is moved in place can't be longer than the terminal: of the forms below the first is
taken that fits, and of the verdict as many sentences as have room. Left out: what the answer has beside them (what held
deploys back, gains, groups), and who draws it (`sim.cli.progress`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.text import Text

from sim.errors import one_line
from sim.experiment.comparison import Comparison
from sim.report.formatting import amount
from sim.report.terminal.blocks import difference_cell, label, measured_cell
from sim.report.terminal.layout import Page
from sim.report.verdict import answer
from sim.result import Result
from sim.stats.intervals import CONFIDENCE
from sim.tables import metric_names

#: What stays where not all metrics have room, and where fewer still have.
_FEWER: Final = ("deploy_latency_s.p50", "deploy_latency_s.p95", "wan_bytes", "central_egress_bytes", "failed_deploys")
_FEWEST: Final = _FEWER[:2]
#: Lines that are kept for the verdict, and for the bar below it.
_KEPT: Final = 4


def picture(outcome: Comparison, console: Console) -> Group:
    """What the terminal has room for, a line left for a bar of progress."""
    width, room = console.width, console.height - 1
    parts: list[RenderableType] = []
    for form in _forms(outcome, console):
        high = sum(_lines(part, console) for part in form)
        if high + _KEPT <= room:
            parts, room = form, room - high
            break
    for sentence in answer(outcome):
        said = Text(sentence)
        room -= len(said.wrap(console, width))
        if room < 0:
            break
        parts.append(said)
    return Group(*parts)


def numbers(outcome: Comparison) -> dict[str, str]:
    """What matters most, differences first, by what it is of: `deploy latency p50, node-direct less central`."""
    found = {
        f"{label(metric)}, {name} less {outcome.baseline}": difference_cell(outcome, name, metric)
        for metric in _FEWEST for name in outcome.others
    } | {
        f"{label(metric)}, {name}": measured_cell(outcome, name, metric)
        for metric in _FEWER for name in outcome.variants
    }  # fmt: skip
    return {what: " ".join(cell).rstrip() for what, cell in found.items()}


def run_numbers(result: Result) -> dict[str, str]:
    """What matters most of one run, by what it is: `deploy latency p50`."""
    return {label(metric): amount(result.metrics[metric], metric_names.unit_of(metric)) for metric in _FEWER}


def _forms(outcome: Comparison, console: Console) -> Iterator[list[RenderableType]]:
    """Tables of ever fewer metrics, then differences alone."""
    for metrics in (outcome.headline, _FEWER, _FEWEST):
        yield [*_measured(outcome, metrics, console), *_apart(outcome, metrics, console)]
    yield _apart(outcome, _FEWEST, console)


def _measured(outcome: Comparison, metrics: Sequence[str], console: Console) -> list[RenderableType]:
    columns = {name: [measured_cell(outcome, name, metric) for metric in metrics] for name in outcome.variants}
    title = f"Variants so far: mean of {_runs(outcome)}"
    return [Text(one_line(title), style="bold"), *Page(console).fitted([*map(label, metrics)], columns), Text("")]


def _apart(outcome: Comparison, metrics: Sequence[str], console: Console) -> list[RenderableType]:
    if not outcome.others:
        return []
    columns = {name: [difference_cell(outcome, name, metric) for metric in metrics] for name in outcome.others}
    title = f"Difference from {outcome.baseline} so far: mean of {_runs(outcome)}"
    return [Text(one_line(title), style="bold"), *Page(console).fitted([*map(label, metrics)], columns), Text("")]


def _runs(outcome: Comparison) -> str:
    paired = " paired" if outcome.others else ""
    return "one run" if outcome.runs == 1 else f"{outcome.runs}{paired} runs [{100 * CONFIDENCE:g} % interval]"


def _lines(part: RenderableType, console: Console) -> int:
    return len(console.render_lines(part))
