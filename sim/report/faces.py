"""What a finding or a scenario shows of itself in a Python prompt, one line, and in a notebook, a few lines of HTML.

The HTML is a heading, the answer in words, and one small table; it has neither scripts nor styles, so that it takes a
notebook's own, light or dark. Names are other people's text: escaped, control characters made visible. Left out: all
that a report has (`regsim report`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import PurePath
from typing import Any, Final

from sim.errors import one_line
from sim.experiment.comparison import Comparison
from sim.report.formatting import amount, failed_of, interval_text
from sim.report.renderers import RENDERERS
from sim.report.saving import KINDS
from sim.report.searches import TextTable
from sim.result import Result
from sim.scenario import Scenario
from sim.scenario.describe import show
from sim.tables import metric_names

#: Letters of a line, and lines of a table, at most.
_LETTERS: Final = 160
_LINES: Final = 20
_SHOWN_OF_A_RUN: Final = (
    "deploy_latency_s.p50", "deploy_latency_s.p95", "deploy_latency_s.p99", "client_latency_s.p50", "wan_bytes",
    "central_egress_bytes", "dedup_saved_bytes", "stale_starts", "failed_deploys",
)  # fmt: skip


def line(found: Any) -> str:
    """`<Capacity of metros: links.wan.capacity between 1.2 Gbit/s and 1.3 Gbit/s>`, in one line of some letters."""
    if isinstance(found, Result):
        failed = f", {failed_of(found.failures)} failed" if found.failures.failed else ""
        deploys = f"{len(found.tables['deploys']):,} deploys"
        return _line(found, f"one run of seed {found.seed}, {deploys}{failed}")
    if isinstance(found, Comparison):
        runs = f"{found.runs} run{'s' if found.runs > 1 else ''} each of {', '.join(found.variants)}"
        return _line(found, f"{runs}, seed {found.seed}")
    return _line(found, found.verdict.split("\n")[0].rstrip("."))


def _line(found: Any, about: str) -> str:
    variant = found.scenario.variant_name
    name = PurePath(found.scenario.name).name + (f", variant {variant}" if variant else "")
    return f"<{type(found).__name__} of {shortened(f'{name}: {about}')}>"


def shortened(text: str, letters: int = _LETTERS) -> str:
    """A text without line breaks, cut where it is long."""
    whole = one_line(text)
    return whole if len(whole) <= letters else f"{whole[: letters - 3]}..."


def html(found: Any) -> str:
    """What a notebook shows."""
    if isinstance(found, Scenario):
        return _scenario(found)
    heading, cells = f"{type(found).__name__} of {PurePath(found.scenario.name).name}", _cells(found)
    said = [] if isinstance(found, Result) else found.verdict.split("\n")
    return "".join([f"<h4>{_text(heading)}</h4>", *(f"<p>{_text(each)}</p>" for each in said), *_table(*cells)])


def _text(text: object) -> str:
    return escape(one_line(str(text)))


def _table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table whose first column names its rows."""
    yield "<table><thead><tr>"
    yield from (f'<th scope="col">{_text(head)}</th>' for head in heads)
    yield "</tr></thead><tbody>"
    for first, *rest in lines[:_LINES]:
        yield f'<tr><th scope="row">{_text(first)}</th>{"".join(f"<td>{_text(each)}</td>" for each in rest)}</tr>'
    yield "</tbody></table>"
    if len(lines) > _LINES:
        yield f"<p>and {len(lines) - _LINES:,} more lines: <code>.table</code> has all.</p>"


def _cells(found: Any) -> TextTable:
    if isinstance(found, Result):
        of = {name: found.metrics[name] for name in _SHOWN_OF_A_RUN}
        lines = [[name, amount(value, metric_names.unit_of(name))] for name, value in of.items()]
        return ["metric", found.variant or "value"], [*lines, ["deploys", f"{len(found.tables['deploys']):,}"]]
    if isinstance(found, Comparison):
        return _compared(found)
    return RENDERERS[KINDS[type(found)]].text_table(found)


def _compared(found: Comparison) -> TextTable:
    """A line for each metric that people are shown: what each variant has, and the differences from the baseline."""
    heads = ["metric", *found.variants, *(f"{name} - {found.baseline}" for name in found.others)]
    lines = []
    for metric in found.headline:
        unit = metric_names.unit_of(metric)
        measured = [interval_text(found.interval(name, metric), unit) for name in found.variants]
        apart = [interval_text(found.difference(name, metric), unit, signed=True) for name in found.others]
        lines.append([metric, *measured, *apart])
    return heads, lines


def _scenario(asked: Scenario) -> str:
    """What is asked, by its tables; all values are behind a fold."""
    title = asked.run.title or asked.name
    named = {"sites": asked.sites, "nodes": asked.nodes, "caches": asked.caches, "clients": asked.clients}
    named |= {"links": asked.links}
    lines = [[name, f"{len(each)}: {shortened(', '.join(each), 80)}"] for name, each in named.items() if each]
    variants = ", ".join(asked.variants) or asked.variant_name or "none"
    lines += [["variants", variants], ["runs, seed", f"{asked.run.runs}, {asked.run.seed}"]]
    warned = "".join(f"<p>Warning: {_text(each)}</p>" for each in asked.warnings)
    whole = escape("\n".join(map(one_line, show.text(asked).split("\n"))))
    fold = f"<details><summary>all values, resolved</summary><pre>{whole}</pre></details>"
    return f"<h4>{_text(title)}</h4>{''.join(_table(['table', 'what is in it'], lines))}{warned}{fold}"
