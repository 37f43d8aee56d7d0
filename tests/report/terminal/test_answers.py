"""Tables for people: figures with units, rows that fit, nothing cut short."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

import sim
from sim.experiment.comparison import Comparison
from sim.report.formatting import failed_why, mean_and_bounds
from sim.report.terminal.answers import print_comparison, print_run
from sim.report.terminal.blocks import label
from sim.report.terminal.layout import Page
from sim.tables import rows


def test_every_metric_has_a_label_of_its_own() -> None:
    """No two metrics read the same, and none shows the underscores of its name."""
    labels = [label(name) for name in rows.METRICS]
    assert len(set(labels)) == len(labels)
    assert not any("_" in label for label in labels)
    assert label("deploy_latency_s.p50") == "deploy latency p50"


def test_a_run_in_which_nothing_has_a_price_names_no_cost(small: str, capsys: pytest.CaptureFixture[str]) -> None:
    """No price is no cost of 0: totals of costs are printed where there is a bill."""
    for prices, named in (({}, False), ({"prices.node_month": "40 USD"}, True)):
        print_run(sim.run(sim.load(small, prices)))
        assert ("cost of the run" in capsys.readouterr().out) == named


def page(width: int, terminal: bool = False) -> tuple[Page, io.StringIO]:
    """A page of that many columns, and what is printed on it."""
    printed = io.StringIO()
    console = Console(file=printed, width=width, highlight=False, no_color=True, force_terminal=terminal or None)
    return Page(console), printed


def printed(outcome: Comparison, width: int) -> list[str]:
    """The lines of a comparison, in a pipe."""
    pipe, lines = page(width)
    print_comparison(outcome, page=pipe)
    return lines.getvalue().splitlines()


@pytest.mark.parametrize("width", [40, 80])
def test_on_a_terminal_the_verdict_wraps_between_words(small: str, width: int) -> None:
    """Every line is within the terminal, and joined they are the verdict, word for word; a pipe has it unwrapped."""
    outcome = sim.compare(sim.load(small), runs=2, executor="serial")
    terminal, written = page(width, terminal=True)
    print_comparison(outcome, page=terminal)
    lines = [re.sub("\x1b\\[[0-9;]*m", "", line) for line in written.getvalue().splitlines()]
    assert max(map(len, lines)) <= width
    assert " ".join(" ".join(lines).split()).endswith(" ".join(outcome.verdict.split()))
    assert printed(outcome, width)[-1] == outcome.verdict.split("\n")[-1]


def test_failures_stand_under_the_tables(failing: Comparison) -> None:
    """How many of each variant's deploys failed, of how many, and why; of a run the same under its totals."""
    deploys = failing.failures("late").deploys
    lines = printed(failing, 200)
    assert f"sound: 0 of {deploys} deploys failed" in lines
    assert f"late: {deploys} of {deploys} deploys failed: not at central within 60 s" in lines
    pipe, written = page(200)
    print_run(failing.samples["late"], page=pipe)
    assert f"{failed_why(failing.samples['late'].failures)}\n" in written.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
@pytest.mark.parametrize("variants", [2, 4])
def test_tables_fit_and_are_whole(small: str, width: int, variants: int) -> None:
    """Whatever the width, every row is within it, every variant and every mean is there, and nothing is cut."""
    text = Path(small).read_text()
    more = 'variants.both = { policies.route = "both" }\nvariants.slow = { central.workers = 1 }\n'
    Path(small).write_text(text + (more if variants == 4 else ""))
    outcome = sim.compare(sim.load(small), runs=2, executor="serial")
    lines = printed(outcome, width)
    rows_of_tables = [line for line in lines if line.startswith(tuple(label(m) for m in outcome.headline))]
    assert all(len(line) <= width for line in rows_of_tables)
    whole = "\n".join(lines)
    assert "…" not in whole
    for name in outcome.variants:
        assert name in whole
        for metric in outcome.headline:
            assert mean_and_bounds(outcome.interval(name, metric), rows.metric(metric).unit)[0] in whole


def test_a_wide_terminal_has_one_line_for_a_metric(small: str) -> None:
    """Two variants at 80 columns need one line for each metric; at 40 they need two."""
    outcome = sim.compare(sim.load(small), runs=2, executor="serial")
    for width, lines_each in ((80, 1), (44, 2)):
        lines = printed(outcome, width)
        first, second = (
            next(at for at, line in enumerate(lines) if line.startswith(label))
            for label in ("deploy latency p50", "deploy latency p95")
        )
        assert second - first == lines_each


@pytest.mark.parametrize("width", [80, 40])
def test_a_comparison_fits_a_narrow_terminal(outcome: Comparison, width: int) -> None:
    """No line is longer, and each variant's means and bounds are there; without colours where these are not wanted."""
    shown = io.StringIO()
    console = Console(file=shown, width=width, highlight=False, force_terminal=True, _environ={"NO_COLOR": "1"})
    print_comparison(outcome, page=Page(console))
    assert not re.search("\x1b\\[[34][0-9]m", shown.getvalue())
    text = re.sub("\x1b\\[[0-9;]*m", "", shown.getvalue())
    assert max(map(len, text.splitlines())) <= width
    for name in outcome.variants:
        for part in mean_and_bounds(outcome.interval(name, "deploy_latency_s.p50"), "s"):
            assert part in text
