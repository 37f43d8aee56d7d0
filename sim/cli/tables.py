"""What people read: tables of metrics over variants, their paired differences, one run's summary.

Metrics are rows and variants columns, so that two to four variants fit 80 columns. A cell stands on one line where the
terminal is wide enough, else on two; what still does not fit goes on as a further table below. Nothing is cut short.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sim.cli.blocks import Block, Cell, difference_cell, label, measured_cell
from sim.experiment.comparison import Comparison
from sim.experiment.gate import Gate
from sim.experiment.words import amount, failure_lines, mean_and_bounds
from sim.result import Result
from sim.stats.intervals import CONFIDENCE
from sim.tables import metric_names, rows

_UNLIMITED: Final = 100_000
_PAIRED_AT: Final = ("p50", "p95")
#: Heads of columns that say what a line is about, as those left of them do.
_NAMING: Final = ("variant", "metric")

Columns = Mapping[str, Sequence[Cell]]


def print_comparison(outcome: Comparison, further: Iterable[Block] = ()) -> None:
    """Variants, differences, what pairing was worth, `further` tables and the verdict, on standard output."""
    console = _console()
    level = f"{100 * CONFIDENCE:g} % interval"
    runs = f"mean of {outcome.runs} runs [{level}]" if outcome.runs > 1 else "one run each, so no intervals"
    metrics = outcome.headline
    by_variant = {
        name: [measured_cell(outcome, name, metric) for metric in metrics] for name in outcome.variants
    }  # fmt: skip
    _print(console, f"Variants: {runs}", metrics, by_variant)
    if outcome.others:
        together = ", all variants together" if len(outcome.others) > 1 else ""
        over = f"mean over {outcome.runs} paired runs [{level}{together}]" if outcome.runs > 1 else "one run"
        differences = {
            name: [difference_cell(outcome, name, metric) for metric in metrics] for name in outcome.others
        }  # fmt: skip
        _print(console, f"Difference from {outcome.baseline}: {over}", metrics, differences)
        if outcome.runs > 1:
            for name in outcome.others:
                _say(console, _paired(outcome, name))
            console.print()
    _print_blocks(console, further)
    if failed := failure_lines({name: outcome.failures(name) for name in outcome.variants}):
        say(*failed, "")
    say(*outcome.verdict.split("\n"))


def say(*sentences: str) -> None:
    """Each on standard output in a line of its own, that a terminal wraps between words."""
    console = _console()
    for sentence in sentences:
        _say(console, sentence)


def print_run(result: Result, further: Iterable[Block] = ()) -> None:
    """One run's metrics, `further` tables, digest and speed, on standard output."""
    console = _console()
    metrics = result.metrics
    variant = f", variant {result.variant}" if result.variant else ""
    distributions = {
        statistic: [(amount(metrics[f"{name}.{statistic}"], "s"),) for name in rows.DISTRIBUTIONS]
        for statistic in rows.STATISTICS
    }
    title = f"{result.scenario.name}{variant}: one run, seed {result.seed}"
    _print(console, title, tuple(rows.DISTRIBUTIONS), distributions)
    totals = [total.name for total in rows.TOTALS if result.bill or not total.name.startswith("cost_usd")]
    _print(console, "", totals, {"total": [(amount(metrics[name], _unit(name)),) for name in totals]})
    if result.bill:
        lines = [(c.item, amount(c.cost_usd, "USD"), amount(c.cost_usd_per_month, "USD")) for c in result.bill]
        print_rows(("what costs", "the run", "30 days like it"), lines)
    _print_blocks(console, further)
    deploys = len(result.tables["deploys"])
    speed = f"{deploys / result.wall_s:,.0f} deploys/s" if result.wall_s else "no time at all"
    _say(console, f"{deploys:,} deploys and {result.events:,} events in {amount(result.wall_s, 's')}: {speed}")
    if result.failures.failed:
        _say(console, result.failures.line())
    if result.scenario.run.steady_state:
        told = "is too short to tell a steady state" if result.warm_up.too_short else "has a warm-up"
        _say(console, f"the run {told}; latencies count from {amount(result.warm_up.ends_s, 's')} on")
    _say(console, f"digest {result.digest}")


def print_rows(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """A table of texts on standard output; if too wide for a terminal, several, each with the columns that name a line.

    These are the first one and all up to `variant` and `metric`.
    """
    console = _console()
    named = max((heads.index(word) + 1 for word in _NAMING if word in heads), default=1)

    def make(some: list[str], broken: bool) -> Table:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 2, 0, 0))
        chosen = [at for at, head in enumerate(heads) if at < named or head in some]
        for at in chosen:
            head = heads[at].replace(": ", ":\n").replace("[", "\n[") if broken else heads[at]
            table.add_column(Text(head), justify="right" if at else "left", overflow="fold")
        for line in lines:
            table.add_row(*(Text(line[at].replace(" [", "\n[") if broken else line[at]) for at in chosen))
        return table

    if not console.is_terminal:  # a pipe has no width, and its lines are searched
        console.width = max(console.width, _width(console, make([*heads[named:]], False)))
    for table in _fitting(console, make, [*heads[named:]]):
        console.print(table)
        console.print()


def print_gate(found: Gate) -> None:
    """What moved, how fast it went, and whether it passed."""
    if found.moved:
        lines = [
            [each.variant, each.metric, amount(each.was, _unit(each.metric)),
             " ".join(mean_and_bounds(each.apart, _unit(each.metric), signed=True))]
            for each in found.moved
        ]  # fmt: skip
        print_rows(["variant", "metric", "was", "moved by"], lines)
    console = _console()
    speed = f"{found.deploys:,} deploys in {amount(found.wall_s, 's')}, {amount(found.wall_before_s, 's')} then"
    for words in (speed, *found.again.lines(), f"{len(found.moved)} of {found.metrics} metrics moved"):
        _say(console, words)


def _paired(outcome: Comparison, name: str) -> str:
    """What sharing random numbers was worth: correlations over runs, and the runs that they saved."""
    parts = []
    for statistic in _PAIRED_AT:
        found = outcome.pairing(name, f"deploy_latency_s.{statistic}")
        if found.correlation == found.correlation:
            parts.append(f"at {statistic} correlation {found.correlation:.2f}, worth {_worth(found.runs_saved)}")
    told = "; ".join(parts) or "deploy latency does not vary from run to run"
    return f"Random numbers shared by {name} and {outcome.baseline}: {told}."


def _worth(runs_saved: float) -> str:
    if runs_saved == float("inf"):
        return "any number of runs"
    return f"{runs_saved:,.0f} more runs of each" if runs_saved >= 1 else "no runs"


def _print_blocks(console: Console, blocks: Iterable[Block]) -> None:
    for block in blocks:
        _print_labelled(console, block.title, block.labels, block.columns)
        for note in block.notes:
            _say(console, note)
        if block.notes:
            console.print()


def _print(console: Console, title: str, metrics: Sequence[str], columns: Columns) -> None:
    _print_labelled(console, title, [label(metric) for metric in metrics], columns)


def _print_labelled(console: Console, title: str, labels: Sequence[str], columns: Columns) -> None:
    if not labels:  # the notes say why
        _say(console, title, style="bold")
        return
    for table in _fitting(console, lambda names, lines: _table(labels, columns, names, lines), list(columns)):
        if title:
            _say(console, title, style="bold")
            title = ""
        console.print(table)
        console.print()


def _fitting(console: Console, make: Callable[[list[str], bool], Table], names: list[str]) -> Iterator[Table]:
    """The columns as tables that each fit the console, with one-line cells where all of them do."""
    for lines in (False, True):
        if _width(console, make(names, lines)) <= console.width:
            yield make(names, lines)
            return
    while names:
        count = len(names)
        while count > 1 and _width(console, make(names[:count], True)) > console.width:
            count -= 1
        yield make(names[:count], True)
        names = names[count:]


def _table(labels: Sequence[str], columns: Columns, names: list[str], lines: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 2, 0, 0))
    table.add_column("")
    for name in names:
        table.add_column(Text(name), justify="right", overflow="fold", no_wrap=False)
    between = "\n" if lines else " "
    for at, words in enumerate(labels):
        cells = [Text(between.join(part for part in columns[name][at] if part)) for name in names]
        table.add_row(Text(words), *cells)
    return table


def _width(console: Console, table: Table) -> int:
    return console.measure(table, options=console.options.update(max_width=_UNLIMITED)).maximum


def _say(console: Console, words: str, style: str = "") -> None:
    """A sentence, wrapped on a terminal and whole in a pipe, where lines are searched."""
    console.print(Text(words, style=style), soft_wrap=not console.is_terminal)


def _unit(metric: str) -> str:
    return metric_names.unit_of(metric)


def _console() -> Console:
    return Console(file=sys.stdout, highlight=False)
