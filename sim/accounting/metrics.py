"""The metrics of a run, made from table columns alone with numpy.

A deploy that failed counts as infinite in the distributions of what it did not get done, so that a variant cannot look
fast by failing; a push that was done before counts as it was. A distribution without values (the lags of a run without
syncs) has NaN metrics. Left out: costs (`costs`) and what faults did (`fault_effects`), which a `Result` adds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from sim.accounting.groups import Groups, Mask
from sim.scenario import Scenario
from sim.scenario.model.naming import CENTRAL
from sim.stats.quantiles import summary
from sim.tables import metric_names, rows
from sim.tables.columns import Table

Tables = Mapping[str, Table]
_PURPOSES: Final = ("push", "pull", "sync")


def metrics(scenario: Scenario, tables: Tables, from_s: float, usd: Mapping[str, float]) -> dict[str, float]:
    """Every metric of `rows.METRICS`, and `link_utilisation.NAME.mean`, `.peak` of WAN links and central's.

    Distributions are of what was asked for, or published, from `from_s` on; `usd` are the metrics of what it costs.
    """
    totals = {**_Columns(tables).totals({}), **usd}
    totals["fleet_convergence_s"] = _convergence_s(scenario, tables["deploys"], None)
    totals["lost_images"] = float(tables["drops"].column("lost").sum())
    totals["refused_requests"] = float(tables["limits"].column("refused").sum())
    ordered = {metric.name: totals[metric.name] for metric in rows.TOTALS}
    return {**_distributions(tables, from_s, {}), **ordered, **_utilisation(tables["links"])}


def metrics_of_groups(scenario: Scenario, tables: Tables, from_s: float, groups: Groups) -> dict[str, dict[str, float]]:
    """By group every metric that can be split; NaN in distributions of a group without deploys."""
    columns, found = _Columns(tables), {}
    for name in groups.names:
        of = groups.rows(name)
        totals = columns.totals(of)
        totals["fleet_convergence_s"] = _convergence_s(scenario, tables["deploys"], of["deploys"])
        totals["lost_images"] = float(tables["drops"].column("lost")[of["drops"]].sum())
        ordered = {metric.name: totals[metric.name] for metric in rows.TOTALS if metric.name in totals}
        both = {**_distributions(tables, from_s, of), **ordered}
        found[name] = {metric: value for metric, value in both.items() if metric_names.whole(metric, groups.by) is None}
    return found


def _distributions(tables: Tables, from_s: float, of: Mapping[str, Mask]) -> dict[str, float]:
    """Of what was asked for, or published, from that time on; `of` says by table which rows count."""
    found = {}
    for name, (table, column) in rows.DISTRIBUTIONS.items():
        values = tables[table].column(column)
        counts = tables[table].column(rows.BEGINS[table]) >= from_s
        if table in of:
            counts &= of[table]
        # A start and a replayed pull have no push, and a push no pull; what is copied twice has come once.
        counts &= ~np.isnan(values)
        if name in rows.TO_CENTRAL:
            counts &= tables[table].where("target", CENTRAL) == rows.TO_CENTRAL[name]
        for statistic, value in summary(values[counts]).items():
            found[f"{name}.{statistic}"] = value
    return found


class _Columns:
    """The columns that totals are sums of, looked up once for all groups."""

    def __init__(self, tables: Tables) -> None:
        transfers, self._tables = tables["transfers"], tables
        self._size_bytes = transfers.column("size_bytes")
        self._kinds = {
            "wan_bytes": transfers.column("wan"),
            "central_egress_bytes": transfers.where("source", CENTRAL),
            "central_ingress_bytes": transfers.where("target", CENTRAL),
            **{f"{purpose}_bytes": transfers.where("purpose", purpose) for purpose in _PURPOSES},
        }

    def totals(self, of: Mapping[str, Mask]) -> dict[str, float]:
        """What rows add up to; `of` says by table which count, all where it says nothing."""
        tables = self._tables
        ours = {
            table: of.get(table, np.ones(len(tables[table]), bool))
            for table in ("deploys", "transfers", "syncs", "starts")
        }

        def total(table: str, column: str) -> float:
            return float(tables[table].column(column)[ours[table]].sum())

        return {
            "deploys": float(ours["deploys"].sum()),
            **{name: float(self._size_bytes[kind & ours["transfers"]].sum()) for name, kind in self._kinds.items()},
            "dedup_saved_bytes": total("deploys", "saved_bytes") + total("syncs", "saved_bytes"),
            "coalesced_bytes": total("deploys", "coalesced_bytes"),
            "stale_starts": total("starts", "stale"),
            "missed_starts": total("starts", "missed"),
            "failed_deploys": total("deploys", "failed"),
        }


def _convergence_s(scenario: Scenario, deploys: Table, of: Mask | None) -> float:
    """From a kernel's release until the last application that it redeployed was ready, or, where nodes have the kernel
    installed, the last node; NaN where none is released.

    Infinite if one of them never got ready.
    """
    release = scenario.demand.kernel_release
    carried = (deploys.column("kernel") == 1) & ~deploys.where("route", rows.START)
    if of is not None:
        carried = carried & of
    if release is None or not carried.any():
        return float("nan")
    if deploys.column("failed")[carried].any():
        return float("inf")
    if scenario.policies.kernels == "node":
        return float(deploys.column("ended_s")[carried].max()) - release.at_s
    # Of a repository's deploys with the new kernel the first counts.
    updates = np.flatnonzero(carried & deploys.column("update"))
    repositories, _ = deploys.codes("repository")
    _, first = np.unique(repositories[updates], return_index=True)
    ended_s = deploys.column("ended_s")[updates[first]]
    return float(ended_s.max()) - release.at_s if len(first) else 0.0


def _utilisation(links: Table) -> dict[str, float]:
    found = {}
    ends = zip(links.column("tail"), links.column("head"), strict=True)
    of_interest = links.column("wan") | np.array([CENTRAL in pair for pair in ends], dtype=bool)
    names, means, peaks = (links.column(name) for name in ("link", "mean_utilisation", "peak_utilisation"))
    for at in np.flatnonzero(of_interest):
        found[f"link_utilisation.{names[at]}.mean"] = float(means[at])
        found[f"link_utilisation.{names[at]}.peak"] = float(peaks[at])
    return found
