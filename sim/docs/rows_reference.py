"""The reference of what a run leaves: the columns of its tables, and the metrics made from them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sim.docs import markdown
from sim.report.frames import COLUMNS
from sim.tables import metric_names, rows
from sim.tables.lanes import BESIDE

_TABLES: Final = """\
A run leaves one row for everything that it observed, in the tables below. In Python they are DataFrames of the result
(`result.deploys`); `--out DIR` writes each as a Parquet file. The unit stands at the end of a column's name: `_s` are
seconds from the start of the run, or a duration, `_bytes` bytes, `_Bps` bytes per second, `_usd` US dollars.
Utilisations are fractions."""
_FINDINGS: Final = """\
# Frames of findings

What `.table`, `.differences` and `.by(...)` of a result in Python have: tidy, a row for each number, in base units and
not rounded. A sweep's table has a column for each of its keys before these. `frame.attrs["columns"]` says the same of
each column, of a run's tables, too."""
_METRICS: Final = """\
A metric is one number that a run is reduced to. `regsim compare` shows the most asked for; any of them may be named in
`--metric` and in thresholds (`--until "deploy_latency_s.p95 < 3 s"`), and `--json` has all of them. A quantile ranks a
deploy that failed as infinite, which JSON has as `null`. Between variants lower is better unless it says otherwise."""


def tables_page() -> str:
    """The tables' columns."""
    return markdown.page("Tables: what a run leaves", _TABLES, _tables())


def _tables() -> Iterator[str]:
    for name, columns in (*rows.TABLES.items(), *BESIDE.items()):
        yield f"## {name}"
        if name in rows.ENDS:
            yield f"Rows stand in the order of `{rows.ENDS[name]}`."
        yield markdown.entries(
            markdown.term(column.name, f"({column.kind})", markdown.sentence(column.meaning)) for column in columns
        )
        if name in BESIDE:
            yield "No digest of a run has it."
    yield _FINDINGS
    for name, columns in COLUMNS.items():
        yield f"## {name}"
        yield markdown.entries(
            markdown.term(column.name, f"({column.kind})", markdown.sentence(column.meaning)) for column in columns
        )


def metrics_page() -> str:
    """The metrics."""
    return markdown.page("Metrics: what is compared", _METRICS, _metrics())


def _metrics() -> Iterator[str]:
    statistics = ", ".join(f"`.{name}`" for name in rows.STATISTICS)
    yield f"## Durations\n\nEach with {statistics}, in seconds; as in `deploy_latency_s.p95`."
    yield markdown.entries(
        markdown.term(name, markdown.sentence(rows.metric(f"{name}.mean").meaning)) for name in rows.DISTRIBUTIONS
    )
    yield "## Totals\n\nOne number of a run."
    yield markdown.entries(
        markdown.term(each.name, f"({each.unit})" if each.unit else "", markdown.sentence(each.meaning), _better(each))
        for each in rows.TOTALS
    )
    yield "## Links"
    used = rows.metric("link_utilisation.NAME.mean")
    yield markdown.term(
        "link_utilisation.NAME.mean", f"{markdown.sentence(used.meaning)} Also `.peak`, of its busiest minute."
    )
    yield "## Faults\n\nOf each fault that a scenario has, as in `faults.NAME.drained_s`."
    yield markdown.entries(
        markdown.term(f"faults.NAME.{name}", f"({unit})" if unit else "", markdown.sentence(meaning))
        for name, (unit, meaning) in metric_names.FAULTS.items()
    )
    yield (
        "## By group\n\nMost metrics can be asked of a part of the deploys: `deploy_latency_s.p95[site=sin]`. What "
        "`--by` splits by, and thresholds name in brackets:"
    )
    yield markdown.entries(
        markdown.term(name, markdown.sentence(about)) for name, about in metric_names.DIMENSIONS.items()
    )


def _better(metric: rows.Metric) -> str:
    if metric.lower_is_better is None:
        return "Neither direction is better."
    return "" if metric.lower_is_better else "Higher is better."
