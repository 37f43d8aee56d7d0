"""Metrics by group as tables: one run's, and a comparison's with its paired differences.

Left out: groups without deploys, and metrics that are nobody's in particular; a note names both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from sim.experiment.comparison import Comparison
from sim.report.formatting import amount
from sim.report.terminal.blocks import Block, difference_cell, label, measured_cell
from sim.result import Result
from sim.tables import metric_names, rows

#: What tables by group show; all else is in the documents.
SHOWN: Final = (
    "deploys",
    "deploy_latency_s.p50",
    "deploy_latency_s.p95",
    "deploy_latency_s.p99",
    "wan_bytes",
    "central_egress_bytes",
    "failed_deploys",
)
#: A group of which all of these are zero is only named.
_SEEN: Final = ("deploys", "wan_bytes", "push_bytes", "pull_bytes", "sync_bytes")
_NOTHING: Final = np.zeros(0)


def run_blocks(result: Result, by: Iterable[str]) -> Iterator[Block]:
    """A table for each dimension, a column for each group."""
    for dimension in by:
        groups = result.metrics_by(dimension)
        there = {group: found for group, found in groups.items() if any(found[metric] for metric in _SEEN)}
        columns = {
            group: [(amount(found[metric], metric_names.unit_of(metric)),) for metric in SHOWN]
            for group, found in there.items()
        }
        labels = [label(metric) for metric in SHOWN] if there else []
        yield Block(_title(dimension), labels, columns, _notes(dimension, groups, there))


def comparison_blocks(outcome: Comparison, by: Iterable[str]) -> Iterator[Block]:
    """For each dimension a table of variants and one of differences, a row for each metric and group."""
    for dimension in by:
        groups = outcome.groups(dimension)
        there = [group for group in groups if _there(outcome, dimension, group)]
        metrics = [metric_names.split_name(metric, dimension, group) for metric in SHOWN for group in there]
        yield Block(
            _title(dimension), [label(metric) for metric in metrics],
            {name: [measured_cell(outcome, name, metric) for metric in metrics] for name in outcome.variants},
            () if outcome.others else _notes(dimension, groups, there),
        )  # fmt: skip
        if outcome.others:
            differing = metrics[len(there) :]  # all variants meet the same demand
            yield Block(
                f"Difference from {outcome.baseline}, by {dimension}", [label(metric) for metric in differing],
                {name: [difference_cell(outcome, name, metric) for metric in differing] for name in outcome.others},
                _notes(dimension, groups, there),
            )  # fmt: skip


def _there(outcome: Comparison, by: str, group: str) -> bool:
    names = [metric_names.split_name(metric, by, group) for metric in _SEEN]
    return any(np.nan_to_num(values.get(name, _NOTHING)).any() for values in outcome.values.values() for name in names)


def _title(by: str) -> str:
    return f"By {by}: {metric_names.DIMENSIONS[by]}"


def _notes(by: str, groups: Iterable[str], there: Iterable[str]) -> list[str]:
    """Which groups had no deploys, and which metrics are not split, and why."""
    without = [group for group in groups if group not in there]
    notes = [f"no deploys of {by} {', '.join(without)}"] if without else []
    reasons: dict[str, list[str]] = {}
    for name in (*(total.name for total in rows.TOTALS), "link_utilisation"):
        reason = metric_names.whole(name, by)
        if reason is not None:
            reasons.setdefault(reason, []).append(name)
    whole = "; ".join(f"{' and '.join(names)} ({reason})" for reason, names in reasons.items())
    return [*notes, f"not split by {by}: {whole}"]
