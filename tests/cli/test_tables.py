"""Tables for people: figures with units, rows that fit, nothing cut short."""

from __future__ import annotations

import io
import math
import re
import tomllib
from pathlib import Path

import pytest
from rich.console import Console

import sim
from sim.cli import tables
from sim.experiment.comparison import Comparison
from sim.experiment.words import amount, mean_and_bounds
from sim.stats.intervals import Interval
from sim.tables import rows

NAN = math.nan


@pytest.fixture
def failing(small: str) -> Comparison:
    """Node-direct on two nodes as it is, and with copies that come a minute after the second node has given up."""
    document = tomllib.loads(Path(small).read_text()) | {"policies": {"route": "node-direct"}}
    document["demand"]["nodes"] = 2
    document["variants"] = {"sound": {}, "late": {"policies.sync.delay": "120 s"}}
    return sim.compare(sim.load(document), executor="serial")


@pytest.mark.parametrize(
    ("interval", "unit", "told"),
    [
        (Interval(1.1604, 1.1, 1.2208, 10), "s", ("1.16 s", "[1.10, 1.22]")),
        (Interval(0.5, 0.25, 0.75, 10), "s", ("500 ms", "[250, 750]")),
        (Interval(0.9996, 0.9, 1.1, 10), "s", ("1.00 s", "[0.90, 1.10]")),
        (Interval(7200, 7000, 7400, 10), "s", ("120 min", "[117, 123]")),
        (Interval(25.8e9, 19.7e9, 31.9e9, 10), "bytes", ("25.8 GB", "[19.7, 31.9]")),
        (Interval(-2.5e6, -3e6, -2e6, 10), "bytes", ("-2.50 MB", "[-3.00, -2.00]")),
        (Interval(0.0, 0.0, 0.0, 10), "bytes", ("0 B", "[0, 0]")),
        (Interval(0.0, -2.5e6, 2.5e6, 10), "bytes", ("0.00 MB", "[-2.50, 2.50]")),
        (Interval(12, 12, 12, 10), "", ("12", "[12, 12]")),
        (Interval(1234567, NAN, NAN, 1), "", ("1,234,567", "")),
        (Interval(2.5, 1.5, 3.5, 10), "", ("2.50", "[1.50, 3.50]")),
        (Interval(0.25, 0.125, 0.375, 10), "USD", ("0.250 USD", "[0.125, 0.375]")),
        (Interval(math.inf, NAN, NAN, 10), "s", ("infinite", "")),
        (Interval(NAN, NAN, NAN, 10), "s", ("none", "")),
    ],
)
def test_a_mean_and_its_bounds_share_a_unit(interval: Interval, unit: str, told: tuple[str, str]) -> None:
    """Three digits of the mean decide the unit and the decimals of its bounds."""
    assert mean_and_bounds(interval, unit) == told


def test_a_difference_says_which_way_it_goes() -> None:
    """A rise has a plus sign; what rounds to zero has no minus sign."""
    assert mean_and_bounds(Interval(1.5, -0.001, 3.001, 5), "s", signed=True) == ("+1.50 s", "[0.00, 3.00]")


@pytest.mark.parametrize("unit", ["s", "bytes", "USD", ""])
def test_single_amounts(unit: str) -> None:
    """One value is told as a mean without bounds."""
    assert amount(2.0, unit) == mean_and_bounds(Interval(2.0, NAN, NAN, 1), unit)[0]


def test_every_metric_has_a_label_of_its_own() -> None:
    """No two metrics read the same, and none shows the underscores of its name."""
    labels = [tables.label(name) for name in rows.METRICS]
    assert len(set(labels)) == len(labels)
    assert not any("_" in label for label in labels)
    assert tables.label("deploy_latency_s.p50") == "deploy latency p50"


def test_a_run_in_which_nothing_has_a_price_tells_no_cost(small: str, capsys: pytest.CaptureFixture[str]) -> None:
    """No price is no cost of 0: totals of costs are printed where there is a bill."""
    for prices, told in (({}, False), ({"prices.node_month": "40 USD"}, True)):
        tables.print_run(sim.run(sim.load(small, prices)))
        assert ("cost of the run" in capsys.readouterr().out) == told


def printed(outcome: object, width: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    told = io.StringIO()
    monkeypatch.setattr(tables, "_console", lambda: Console(file=told, width=width, highlight=False))
    tables.print_comparison(outcome)  # type: ignore[arg-type]
    return told.getvalue().splitlines()


@pytest.mark.parametrize("width", [40, 80])
def test_on_a_terminal_the_verdict_wraps_between_words(small: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every line is within the terminal, and joined they are the verdict, word for word; a pipe has it unwrapped."""
    outcome = sim.compare(sim.load(small), runs=2, executor="serial")
    told = io.StringIO()
    monkeypatch.setattr(
        tables, "_console", lambda: Console(file=told, width=width, highlight=False, force_terminal=True)
    )
    tables.print_comparison(outcome)
    lines = [re.sub("\x1b\\[[0-9;]*m", "", line) for line in told.getvalue().splitlines()]
    assert max(map(len, lines)) <= width
    assert " ".join(" ".join(lines).split()).endswith(" ".join(outcome.verdict.split()))
    assert printed(outcome, width, monkeypatch)[-1] == outcome.verdict.split("\n")[-1]


def test_failures_stand_under_the_tables(failing: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many of each variant's deploys failed, of how many, and why; of a run the same under its totals."""
    deploys = failing.failures("late").deploys
    lines = printed(failing, 200, monkeypatch)
    assert f"sound: 0 of {deploys} deploys failed" in lines
    assert f"late: {deploys} of {deploys} deploys failed: not at central within 60 s" in lines
    told = io.StringIO()
    monkeypatch.setattr(tables, "_console", lambda: Console(file=told, width=200, highlight=False))
    tables.print_run(failing.samples["late"])
    assert f"{failing.samples['late'].failures.line()}\n" in told.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
@pytest.mark.parametrize("variants", [2, 4])
def test_tables_fit_and_are_whole(small: str, width: int, variants: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the width, every row is within it, every variant and every mean is there, and nothing is cut."""
    text = Path(small).read_text()
    more = 'variants.both = { policies.route = "both" }\nvariants.slow = { central.workers = 1 }\n'
    Path(small).write_text(text + (more if variants == 4 else ""))
    outcome = sim.compare(sim.load(small), runs=2, executor="serial")
    lines = printed(outcome, width, monkeypatch)
    rows_of_tables = [line for line in lines if line.startswith(tuple(tables.label(m) for m in outcome.headline))]
    assert all(len(line) <= width for line in rows_of_tables)
    whole = "\n".join(lines)
    assert "…" not in whole
    for name in outcome.variants:
        assert name in whole
        for metric in outcome.headline:
            assert mean_and_bounds(outcome.interval(name, metric), rows.metric(metric).unit)[0] in whole


def test_a_wide_terminal_has_one_line_for_a_metric(small: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two variants at 80 columns need one line for each metric; at 40 they need two."""
    outcome = sim.compare(sim.load(small), runs=2, executor="serial")
    for width, lines_each in ((80, 1), (44, 2)):
        lines = printed(outcome, width, monkeypatch)
        first, second = (
            next(at for at, line in enumerate(lines) if line.startswith(label))
            for label in ("deploy latency p50", "deploy latency p95")
        )
        assert second - first == lines_each


@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_table_of_texts_cuts_no_word_at_a_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too wide goes on below, beside the columns that name a line; intervals have lines of their own."""
    heads = ["links.*.capacity", "variant", "deploy_latency_s.p99", "cost_usd", "deploy_latency_s.p99[site=lon]"]
    lines = [["100Mbit/s", "node-direct", "43.1 s [1.1, 1,730.7]", "26.9 USD [26.5, 27.4]", "42.1 s [0.1, 17,066.7]"]]
    told = io.StringIO()
    monkeypatch.setattr(tables, "_console", lambda: Console(file=told, width=width, force_terminal=True, no_color=True))
    tables.print_rows(heads, lines)
    text = re.sub(r"\x1b\[[0-9;]*m", "", told.getvalue())
    assert all(len(line) <= width for line in text.splitlines())
    parts = [part for cell in lines[0][2:] for part in re.split(r" (?=\[)", cell)]
    assert [
        part for part in ("links.*.capacity", "deploy_latency_s.p99", "[site=lon]", *parts) if part not in text
    ] == []
    assert text.count("node-direct") == text.count("100Mbit/s") == {60: 3, 80: 2, 200: 1}[width]
