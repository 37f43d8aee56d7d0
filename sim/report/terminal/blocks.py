"""What a terminal's tables are made of: lines with a label, columns of cells, and notes under them.

How wide they may be is not known here (`layout`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sim.experiment.comparison import Comparison
from sim.report.formatting import mean_and_bounds, per_cent
from sim.tables import metric_names

#: Metrics whose name does not already say what a reader calls them.
_LABELS: Final = {
    "wan_bytes": "WAN bytes",
    "central_egress_bytes": "central egress",
    "central_ingress_bytes": "central ingress",
    "push_bytes": "bytes pushed",
    "pull_bytes": "bytes pulled",
    "sync_bytes": "bytes synced",
    "dedup_saved_bytes": "saved by dedup",
    "coalesced_bytes": "saved by coalescing",
    "cost_usd": "cost of the run",
    "cost_usd_per_month": "cost a month, like the run",
}

#: The parts of a cell: an amount, and beside or under it its interval.
Cell = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A table: `columns` by their heads, a cell for each of `labels`; `notes` are sentences under it."""

    title: str
    labels: Sequence[str]
    columns: Mapping[str, Sequence[Cell]]
    notes: Sequence[str] = field(default=())


def label(metric: str) -> str:
    """What a reader calls a metric: `deploy latency p50`; of one group, `deploy latency p50, sin`."""
    parts = metric_names.split(metric)
    if parts is not None:
        return f"{label(parts.base)}, {parts.group}"
    name, _, statistic = metric.partition(".")
    called = _LABELS.get(name) or name.removesuffix("_s").removesuffix("_bytes").replace("_", " ")
    return f"{called} {statistic}".rstrip()


def measured_cell(outcome: Comparison, name: str, metric: str) -> Cell:
    """A variant's mean and its interval; `none` for a metric that it does not have."""
    if metric not in outcome.values[name]:
        return ("none",)
    return mean_and_bounds(outcome.interval(name, metric), metric_names.unit_of(metric))


def difference_cell(outcome: Comparison, name: str, metric: str) -> Cell:
    """The paired difference from the baseline, as a share, too, and its interval."""
    if metric not in outcome.values[name] or metric not in outcome.values[outcome.baseline]:
        return ("none",)
    found = outcome.difference(name, metric)
    mean, bounds = mean_and_bounds(found, metric_names.unit_of(metric), signed=True)
    share = outcome.relative(name, metric)
    amount = mean if share != share or not share else f"{mean}, {per_cent(share)}"
    undecided = found.known and not found.decided and found.low != found.high
    return (amount, f"{bounds} undecided" if undecided else bounds)
