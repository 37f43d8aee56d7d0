"""Whole answers as a terminal shows them: of a run, a comparison, a search or a sweep, runs made again.

Metrics are lines and variants columns, so that two to four variants fit 80 columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sim.experiment.comparison import Comparison
from sim.experiment.doubling import Gain
from sim.experiment.gate import Gate
from sim.experiment.thresholds import Judgement
from sim.report import assumptions, gates, thresholds
from sim.report.formatting import amount, failed_why, failure_sentences
from sim.report.renderers import RENDERERS, Found
from sim.report.terminal import faults, groups, held_back
from sim.report.terminal.blocks import Cell, difference_cell, label, measured_cell
from sim.report.terminal.layout import Page
from sim.result import Result
from sim.stats.intervals import CONFIDENCE
from sim.tables import metric_names, rows

_PAIRED_AT: Final = ("p50", "p95")


def print_run(result: Result, by: Sequence[str] = (), gains: Sequence[Gain] = (), page: Page | None = None) -> None:
    """One run's metrics, by group where asked, what held deploys back, digest and speed."""
    page = page or Page()
    metrics = result.metrics
    variant = f", variant {result.variant}" if result.variant else ""
    distributions: dict[str, list[Cell]] = {
        statistic: [(amount(metrics[f"{name}.{statistic}"], "s"),) for name in rows.DISTRIBUTIONS]
        for statistic in rows.STATISTICS
    }
    title = f"{result.scenario.name}{variant}: one run, seed {result.seed}"
    page.table(title, [label(name) for name in rows.DISTRIBUTIONS], distributions)
    totals = [total.name for total in rows.TOTALS if result.bill or not total.name.startswith("cost_usd")]
    cells: list[Cell] = [(_amount(metrics[name], name),) for name in totals]
    page.table("", [label(name) for name in totals], {"total": cells})
    if result.bill:
        bill = [(c.item, amount(c.cost_usd, "USD"), amount(c.cost_usd_per_month, "USD")) for c in result.bill]
        page.text_table(("what costs", "the run", "30 days like it"), bill)
    page.blocks(faults.run_blocks(result))
    page.blocks(held_back.run_blocks(result, gains))
    page.blocks(groups.run_blocks(result, by))
    page.say(*_run_sentences(result))


def _run_sentences(result: Result) -> Iterator[str]:
    """How fast the run was made, what failed, whether it was long enough, and its digest."""
    deploys = len(result.tables["deploys"])
    speed = f"{deploys / result.wall_s:,.0f} deploys/s" if result.wall_s else "no time at all"
    yield f"{deploys:,} deploys and {result.events:,} events in {amount(result.wall_s, 's')}: {speed}"
    if result.packets:
        again = f"{result.packets_again:,} of them sent again"
        yield f"{result.flows:,} bodies went as {result.packets:,} packets, {again}; a flow is an event or a few"
    if result.failures.failed:
        yield failed_why(result.failures)
    if result.scenario.run.steady_state:
        warm_up = "is too short to tell a steady state" if result.warm_up.too_short else "has a warm-up"
        yield f"the run {warm_up}; latencies count from {amount(result.warm_up.ends_s, 's')} on"
    yield f"digest {result.digest}"


def print_comparison(
    outcome: Comparison, by: Sequence[str] = (), judgements: Sequence[Judgement] = (), page: Page | None = None
) -> None:
    """Variants, differences, what pairing was worth, by group where asked, the verdict, and thresholds judged."""
    page = page or Page()
    level = f"{100 * CONFIDENCE:g} % interval"
    metrics, labels = outcome.headline, [label(metric) for metric in outcome.headline]
    runs = f"mean of {outcome.runs} runs [{level}]" if outcome.runs > 1 else "one run each, so no intervals"
    measured = {name: [measured_cell(outcome, name, metric) for metric in metrics] for name in outcome.variants}
    page.table(f"Variants: {runs}", labels, measured)
    if outcome.others:
        together = ", all variants together" if len(outcome.others) > 1 else ""
        over = f"mean over {outcome.runs} paired runs [{level}{together}]" if outcome.runs > 1 else "one run"
        apart = {name: [difference_cell(outcome, name, metric) for metric in metrics] for name in outcome.others}
        page.table(f"Difference from {outcome.baseline}: {over}", labels, apart)
        if outcome.runs > 1:
            page.say(*(_paired(outcome, name) for name in outcome.others), "")
    page.blocks(faults.comparison_blocks(outcome))
    page.blocks(held_back.comparison_blocks(outcome))
    page.blocks(groups.comparison_blocks(outcome, by))
    if failed := failure_sentences({name: outcome.failures(name) for name in outcome.variants}):
        page.say(*failed, "")
    page.say(*outcome.verdict.split("\n"), *_beside(outcome))
    page.say(*map(thresholds.sentence, judgements))
    if outcome.examined is not None:
        page.say(*assumptions.sentences(outcome.examined))


def _paired(outcome: Comparison, name: str) -> str:
    """What sharing random numbers was worth: correlations over runs, and the runs that they saved."""
    parts = []
    for statistic in _PAIRED_AT:
        found = outcome.pairing(name, f"deploy_latency_s.{statistic}")
        if found.correlation == found.correlation:
            parts.append(f"at {statistic} correlation {found.correlation:.2f}, worth {_worth(found.runs_saved)}")
    worth = "; ".join(parts) or "deploy latency does not vary from run to run"
    return f"Random numbers shared by {name} and {outcome.baseline}: {worth}."


def _worth(runs_saved: float) -> str:
    if runs_saved == float("inf"):
        return "any number of runs"
    return f"{runs_saved:,.0f} more runs of each" if runs_saved >= 1 else "no runs"


def _beside(outcome: Comparison) -> Iterator[str]:
    """What is said after the verdict."""
    if outcome.tradeoff:
        worth = " and ".join(choice.variant for choice in outcome.tradeoff if choice.member)
        yield f"by cost against p99 worth having: {worth}"
    if outcome.too_short:
        yield f"{outcome.too_short} runs are too short to tell a steady state; raise run.duration"
    if outcome.precision is not None and not outcome.precision.reached:
        asked = f"{100 * outcome.precision.asked:g} %"
        yield f"the precision of {asked} is not reached after {outcome.runs} runs; allow more with --runs"


def print_search(found: Found, kind: str, page: Page | None = None) -> None:
    """What a search, a sweep or a selection found (`RENDERERS` has the kinds): a table, and its verdict."""
    page = page or Page()
    page.text_table(*RENDERERS[kind].text_table(found))
    page.say(*found.verdict.split("\n"))


def print_gate(found: Gate, page: Page | None = None) -> None:
    """What moved, what it was judged by, what is otherwise, how fast it went, and whether it passed."""
    page = page or Page()
    shown = [*found.moved, *found.undecided]
    if shown:
        page.text_table(["variant", "metric", "was", "moved by", "in %", ""], [gates.cells(each) for each in shown])
    page.say(*gates.sentences(found))


def _amount(value: float, metric: str) -> str:
    return amount(value, metric_names.unit_of(metric))
