"""What one run found: its tables, the metrics made from them, their digest, and what the run took.

Metrics are made from table columns alone, with numpy; pandas and pyarrow are loaded when a DataFrame or a file is
asked for. A deploy that failed counts as infinite in the distributions of what it did not get done, so that a variant
cannot look fast by failing; a push that was done before counts as it was. A distribution without values (the lags of a
run without syncs) has NaN metrics, null in JSON.
"""

from __future__ import annotations

import importlib
import resource
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim import rows
from sim.columns import Table
from sim.costs import COLUMNS as COSTS
from sim.costs import Cost, bill
from sim.failures import Failures
from sim.files import folder, plain, write_json
from sim.scenario import Scenario
from sim.scenario.names import CENTRAL
from sim.scenario.warnings import ScenarioWarning
from sim.stats.quantiles import summary
from sim.stats.warmup import mser5

if TYPE_CHECKING:
    import pandas as pd

#: What a scenario without variants is called where variants are listed.
ONLY: Final = "scenario"

# ru_maxrss counts kilobytes, but bytes on macOS.
_RSS_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024


def peak_rss_bytes() -> int:
    """The most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT_BYTES


class WarmUp(NamedTuple):
    """From when on latencies count, s, and whether the run was too short for MSER-5 to say."""

    ends_s: float
    too_short: bool


@dataclass(frozen=True, eq=False, kw_only=True)
class Result:
    """One run. `tables` are its rows as columns; `wall_s` runs from the loaded scenario to the finished rows."""

    scenario: Scenario
    variant: str | None
    seed: int
    run: int
    tables: Mapping[str, Table] = field(repr=False)
    events: int
    flows: int
    simulated_s: float
    wall_s: float
    peak_rss_bytes: int = field(default_factory=peak_rss_bytes)

    @cached_property
    def deploys(self) -> pd.DataFrame:
        """One row per deploy, in the order they ended."""
        return _frame(self.tables["deploys"])

    @cached_property
    def transfers(self) -> pd.DataFrame:
        """One row per body of bytes from one host to another, in the order they ended."""
        return _frame(self.tables["transfers"])

    @cached_property
    def links(self) -> pd.DataFrame:
        """One row per direction of a link: what it carried."""
        return _frame(self.tables["links"])

    @cached_property
    def utilisation(self) -> pd.DataFrame:
        """One row per link and minute in which it carried something: how full it was."""
        return _frame(self.tables["utilisation"])

    @cached_property
    def registries(self) -> pd.DataFrame:
        """One row per registry, central first: what it served and holds."""
        return _frame(self.tables["registries"])

    @cached_property
    def syncs(self) -> pd.DataFrame:
        """One row per image copied from registry to registry by the platform, in the order they ended."""
        return _frame(self.tables["syncs"])

    @cached_property
    def starts(self) -> pd.DataFrame:
        """One row per start of an instance: fresh, stale or missed, and how long it waited."""
        return _frame(self.tables["starts"])

    @cached_property
    def drops(self) -> pd.DataFrame:
        """One row per image that a registry dropped, and per collection of garbage."""
        return _frame(self.tables["drops"])

    @cached_property
    def lists(self) -> pd.DataFrame:
        """One row per tag that came to a registry or went, and from when on its list says so."""
        return _frame(self.tables["lists"])

    def listing(self, at_s: float) -> pd.DataFrame:
        """What a user who lists images sees at a time: the union of all registries' lists, each trailing by its lag.

        A row per repository and tag: `rom`, the `registries` that show it, whether central does, and whether it is
        `gone`, so that no registry that shows it has it any more, or what it meant was removed.
        """
        made: pd.DataFrame = importlib.import_module("sim.frames").listing(self.lists, at_s, CENTRAL)
        return made

    @cached_property
    def metrics(self) -> dict[str, float]:
        """Every metric of `sim.rows.METRICS`, and `link_utilisation.NAME.mean`, `.peak` of WAN links and central's."""
        totals = _totals(self.tables)
        totals["fleet_convergence_s"] = self._convergence_s()
        for name in ("cost_usd", "cost_usd_per_month"):
            totals[name] = sum(getattr(cost, name) for cost in self.bill)
        ordered = {metric.name: totals[metric.name] for metric in rows.TOTALS}
        return {**_distributions(self.tables, self.warm_up.ends_s), **ordered, **_utilisation(self.tables["links"])}

    @cached_property
    def failures(self) -> Failures:
        """How many deploys failed, and why."""
        return Failures.of(self.tables["deploys"])

    @cached_property
    def warm_up(self) -> WarmUp:
        """When latencies begin to count, and whether the run was long enough to tell (`sim.stats.warmup`)."""
        asked = self.scenario.run
        if not asked.steady_state:
            return WarmUp(asked.warm_up_s, too_short=False)
        deploys = self.tables["deploys"]
        asked_s, latency_s = deploys.column("asked_s"), deploys.column("latency_s")
        order = np.flatnonzero(np.isfinite(latency_s) & ~deploys.column("failed") & (asked_s >= asked.warm_up_s))
        order = order[np.argsort(asked_s[order], kind="stable")]
        found = mser5(latency_s[order])
        ends_s = float(asked_s[order[found.cut]]) if found.cut else asked.warm_up_s
        return WarmUp(ends_s, too_short=not found.long_enough)

    @cached_property
    def bill(self) -> tuple[Cost, ...]:
        """Every item that costs anything, for the run and for 30 days that go on like it."""
        return bill(self.scenario, self.tables)

    @cached_property
    def costs(self) -> pd.DataFrame:
        """The same as a frame, a row per item: `item`, `amount`, `cost_usd`, `cost_usd_per_month`."""
        table = Table(COSTS)
        for cost in self.bill:
            table.append(cost)
        return _frame(table)

    def _convergence_s(self) -> float:
        """From a kernel's release until the last application that it redeployed was ready; NaN where none is released.

        Infinite if one of them never got ready.
        """
        release, deploys = self.scenario.demand.kernel_release, self.tables["deploys"]
        carried = (deploys.column("kernel") == 1) & ~_where(deploys.column("route"), rows.START)
        if release is None or not carried.any():
            return float("nan")
        if deploys.column("failed")[carried].any():
            return float("inf")
        # Of a repository's deploys with the new kernel the first counts.
        first: dict[str, float] = {}
        repositories, ended_s = deploys.column("repository"), deploys.column("ended_s")
        for at in np.flatnonzero(carried & deploys.column("update")):
            first.setdefault(repositories[at], float(ended_s[at]))
        return max(first.values(), default=release.at_s) - release.at_s

    def dedup(self, bin_s: float = 3600.0) -> pd.DataFrame:
        """Over time, by when deploys ended: layer bytes saved, bytes moved, the share saved of both; (n_bins, 3)."""
        frames = importlib.import_module("sim.frames")
        deploys = self.deploys
        made: pd.DataFrame = frames.dedup(deploys, bin_s)
        return made

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all rows."""
        return rows.digest(self.tables)

    @property
    def warnings(self) -> tuple[ScenarioWarning, ...]:
        """What may be wrong with the question."""
        return self.scenario.warnings

    def to_json(self) -> dict[str, Any]:
        """The document `regsim.run/1`, ready for `json.dumps`; what is infinite or has no value is None."""
        document = {
            "schema": "regsim.run/1",
            "scenario": self.scenario.name,
            "warnings": [each.to_json() for each in self.warnings],
            "variant": self.variant,
            "seed": self.seed,
            "run": self.run,
            "deploys": len(self.tables["deploys"]),
            "failed": self.failures.failed,
            "failures": {self.variant or ONLY: self.failures.to_json()},
            "flows": self.flows,
            "events": self.events,
            "simulated_s": self.simulated_s,
            "wall_s": self.wall_s,
            "peak_rss_bytes": self.peak_rss_bytes,
            "warm_up_s": self.warm_up.ends_s,
            "too_short": self.warm_up.too_short,
            "digest": self.digest,
            "metrics": self.metrics,
            "costs": [cost._asdict() for cost in self.bill],
        }
        made: dict[str, Any] = plain(document)
        return made

    def write(self, directory: str | Path) -> None:
        """A Parquet file for each table, `run.json` and `manifest.json`; the manifest last, when all else is there."""
        target = folder(directory)
        self.write_tables(target)
        write_json(target / "run.json", self.to_json())
        about = {"run": self.run, "digest": self.digest}
        manifest = importlib.import_module("sim.manifest").manifest(self.scenario, self.seed, about)
        write_json(target / "manifest.json", manifest)

    def write_tables(self, directory: str | Path) -> None:
        """`deploys.parquet`, `transfers.parquet` and so on."""
        target = folder(directory)
        parquet = importlib.import_module("sim.parquet")
        for name, table in self.tables.items():
            parquet.write_table(target / f"{name}.parquet", table)


def _frame(table: Table) -> pd.DataFrame:
    made: pd.DataFrame = importlib.import_module("sim.frames").frame(table)
    return made


def _distributions(tables: Mapping[str, Table], from_s: float) -> dict[str, float]:
    """Of what was asked for, or published, from that time on."""
    found = {}
    for name, (table, column) in rows.DISTRIBUTIONS.items():
        values = tables[table].column(column)
        counts = tables[table].column(rows.BEGINS[table]) >= from_s
        if table == "deploys":
            counts &= ~np.isnan(values)  # a start and a replayed pull have no push, and a push no pull
        if name in rows.TO_CENTRAL:
            counts &= _where(tables[table].column("target"), CENTRAL) == rows.TO_CENTRAL[name]
        values = values[counts]
        for statistic, value in summary(values).items():
            found[f"{name}.{statistic}"] = value
    return found


def _totals(tables: Mapping[str, Table]) -> dict[str, float]:
    deploys, transfers, registries = tables["deploys"], tables["transfers"], tables["registries"]
    central = _where(registries.column("registry"), CENTRAL)
    purposes, sizes_bytes = transfers.column("purpose"), transfers.column("size_bytes")
    totals = {
        "wan_bytes": sizes_bytes[transfers.column("wan")].sum(),
        "central_egress_bytes": registries.column("sent_bytes")[central].sum(),
        "central_ingress_bytes": registries.column("received_bytes")[central].sum(),
        **{f"{purpose}_bytes": sizes_bytes[_where(purposes, purpose)].sum() for purpose in ("push", "pull", "sync")},
        "dedup_saved_bytes": deploys.column("saved_bytes").sum() + tables["syncs"].column("saved_bytes").sum(),
        "coalesced_bytes": deploys.column("coalesced_bytes").sum(),
        "stale_starts": tables["starts"].column("stale").sum(),
        "missed_starts": tables["starts"].column("missed").sum(),
        "failed_deploys": deploys.column("failed").sum(),
        "lost_images": tables["drops"].column("lost").sum(),
    }
    return {name: float(total) for name, total in totals.items()}


def _utilisation(links: Table) -> dict[str, float]:
    found = {}
    ends = zip(links.column("tail"), links.column("head"), strict=True)
    of_interest = links.column("wan") | np.array([CENTRAL in pair for pair in ends], dtype=bool)
    names, means, peaks = (links.column(name) for name in ("link", "mean_utilisation", "peak_utilisation"))
    for at in np.flatnonzero(of_interest):
        found[f"link_utilisation.{names[at]}.mean"] = float(means[at])
        found[f"link_utilisation.{names[at]}.peak"] = float(peaks[at])
    return found


def _where(texts: list[str], wanted: str) -> NDArray[np.bool_]:
    return np.fromiter(map(wanted.__eq__, texts), dtype=bool, count=len(texts))
