"""What one run found: its tables, the metrics made from them, their digest, and what the run took.

Metrics are made from table columns alone (`sim.accounting`); pandas and pyarrow are loaded when a DataFrame or a file
is asked for. What has no value is NaN, null in JSON. Left out: how any of it is said or drawn (`sim.report`).
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from sim.accounting.costs import COLUMNS as COSTS
from sim.accounting.costs import Cost, bill
from sim.accounting.failures import Failures
from sim.accounting.fault_effects import fault_metrics
from sim.accounting.groups import Groups, groups
from sim.accounting.held_back import HeldBack, held_back, to_json
from sim.accounting.metrics import metrics, metrics_of_groups
from sim.errors import InputError, near, shown
from sim.files import folder, jsonable
from sim.rendering import Finding
from sim.scenario import Scenario
from sim.scenario.model.naming import CENTRAL
from sim.scenario.warnings.warning import ScenarioWarning
from sim.stats.warmup import mser5
from sim.streams import Streams
from sim.tables import metric_names, rows
from sim.tables.columns import Table
from sim.workload.outages import Episode, episodes

try:
    import resource
except ImportError:  # not on Windows
    resource = None  # type: ignore[assignment]

if TYPE_CHECKING:
    import pandas as pd

#: What a scenario without variants is called where variants are listed.
ONLY: Final = "scenario"

# ru_maxrss counts kilobytes, but bytes on macOS.
_RSS_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024


def peak_rss_bytes() -> int:
    """The most memory that this process has held so far, 0 where the system does not say."""
    if resource is None:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT_BYTES


class WarmUp(NamedTuple):
    """From when on latencies count, s, and whether the run was too short for MSER-5 to say."""

    ends_s: float
    too_short: bool


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Result(Finding):
    """One run. `tables` are its rows as columns; `wall_s` runs from the loaded scenario to the finished rows.

    Frames have a row for each thing that was observed; units stand at the end of columns' names, and what a column
    means is in `frame.attrs["columns"]`. Bytes on a link lead back to deploys by way of lanes:

    >>> import sim
    >>> result = sim.run(sim.load("metros", {"demand.rate": "50/day"}), seed=1)
    >>> crossed = result.transfers.merge(result.lanes, on="lane").query("link == 'was-fra-up'")
    >>> link = result.links.set_index("link").loc["was-fra-up"]
    >>> bool(crossed["size_bytes"].sum() == link[["push_bytes", "pull_bytes", "sync_bytes"]].sum())
    True
    """

    scenario: Scenario
    variant: str | None
    seed: int
    run: int
    tables: Mapping[str, Table]
    events: int
    flows: int
    simulated_s: float
    wall_s: float
    peak_rss_bytes: int = field(default_factory=peak_rss_bytes)
    solver_calls: int = 0
    packets: int = 0
    packets_again: int = 0

    @cached_property
    def deploys(self) -> pd.DataFrame:
        """One row per deploy, in the order they ended."""
        return _frame(self.tables["deploys"])

    @cached_property
    def transfers(self) -> pd.DataFrame:
        """One row per body of bytes from one host to another, in the order they ended."""
        return _frame(self.tables["transfers"])

    @cached_property
    def lanes(self) -> pd.DataFrame:
        """One row per link of each lane: joined with transfers it leads from a link's bytes back to deploys."""
        return _frame(self.tables["lanes"])

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
    def unpacks(self) -> pd.DataFrame:
        """One row per layer that a node unpacked, in the order they ended."""
        return _frame(self.tables["unpacks"])

    @cached_property
    def loads(self) -> pd.DataFrame:
        """One row per start on a part of its layers: what became of the rest, and for how long it stood still."""
        return _frame(self.tables["loads"])

    @cached_property
    def limits(self) -> pd.DataFrame:
        """The buckets of registries' limits: how many requests passed, and how many were refused."""
        return _frame(self.tables["limits"])

    @cached_property
    def turns(self) -> pd.DataFrame:
        """One row per pull of a node that bounds its pulls: when it was asked for, and when it had its turn."""
        return _frame(self.tables["turns"])

    @cached_property
    def lists(self) -> pd.DataFrame:
        """One row per tag that came to a registry or went, and from when on its list says so."""
        return _frame(self.tables["lists"])

    def listing(self, at_s: float) -> pd.DataFrame:
        """What a user who lists images sees at a time: the union of all registries' lists, each trailing by its lag.

        A row per repository and tag: `rom`, the `registries` that show it, whether central does, and whether it is
        `gone`, so that no registry that shows it has it any more, or what it meant was removed.
        """
        made: pd.DataFrame = importlib.import_module("sim.tables.frames").listing(self.lists, at_s, CENTRAL)
        return made

    @cached_property
    def metrics(self) -> dict[str, float]:
        """Every metric of `sim.tables.rows.METRICS`, `link_utilisation.NAME.mean`, `.peak` of WAN links and central's.

        And of each fault those of `sim.tables.metric_names.FAULTS`, by `faults.NAME.METRIC`.
        """
        usd = {name: sum(getattr(cost, name) for cost in self.bill) for name in ("cost_usd", "cost_usd_per_month")}
        from_s = self.warm_up.ends_s
        found = metrics(self.scenario, self.tables, from_s, usd)
        return {**found, **fault_metrics(self.scenario.faults, self.episodes, self.tables, from_s)}

    @cached_property
    def episodes(self) -> tuple[Episode, ...]:
        """The times at which faults held, in the order in which they began."""
        return episodes(self.scenario, Streams(self.seed, self.run)) if self.scenario.faults else ()

    def metrics_by(self, by: str) -> dict[str, dict[str, float]]:
        """By group of a dimension in `metric_names.DIMENSIONS` every metric that can be split.

        A group without deploys has NaN in distributions and 0 in counts. InputError when nothing is split by that.
        """
        if by not in metric_names.DIMENSIONS:
            raise InputError("by", f"nothing is split by that, got {shown(by)}", near(by, metric_names.DIMENSIONS))
        return metrics_of_groups(self.scenario, self.tables, self.warm_up.ends_s, self.groups(by))

    def groups(self, by: str) -> Groups:
        """Which rows belong to which group of a dimension in `metric_names.DIMENSIONS`."""
        return groups(self.scenario, self.tables, by)

    @cached_property
    def held_back(self) -> HeldBack:
        """What held back deploys that got ready: the seconds of their critical paths, by links, registries, waits."""
        times = [(episode.from_s, episode.until_s) for episode in self.episodes]
        return held_back(self.scenario, self.tables, self.warm_up.ends_s, times)

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

    def dedup(self, bin_s: float = 3600.0) -> pd.DataFrame:
        """Over time, by when deploys ended: layer bytes saved, bytes moved, the share saved of both; (n_bins, 3)."""
        made: pd.DataFrame = importlib.import_module("sim.tables.frames").dedup(self.deploys, bin_s)
        return made

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all rows."""
        return rows.digest(self.tables)

    @property
    def warnings(self) -> tuple[ScenarioWarning, ...]:
        """What may be wrong with the question."""
        return self.scenario.warnings

    def to_json(self, by: Sequence[str] = ()) -> dict[str, Any]:
        """The document `regsim.run/1`, ready for `json.dumps`; what is infinite or has no value is None.

        Metrics `by` group are among the others: `deploy_latency_s.p95[site=sin]`.
        """
        split = {
            metric_names.split_name(metric, dimension, group): value
            for dimension in by
            for group, found in self.metrics_by(dimension).items()
            for metric, value in found.items()
        }
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
            "solver_calls": self.solver_calls,
            "packets": self.packets,
            "packets_again": self.packets_again,
            "simulated_s": self.simulated_s,
            "wall_s": self.wall_s,
            "peak_rss_bytes": self.peak_rss_bytes,
            "warm_up_s": self.warm_up.ends_s,
            "too_short": self.warm_up.too_short,
            "digest": self.digest,
            "metrics": {**self.metrics, **split},
            "faults": self._faults(),
            "held_back": to_json(self.held_back.parts),
            "held_deploys": self.held_back.deploys,
            "costs": [cost._asdict() for cost in self.bill],
        }
        made: dict[str, Any] = jsonable(document)
        return made

    def _faults(self) -> list[dict[str, Any]]:
        """Each fault, when it held, and what it did (`sim.tables.metric_names.FAULTS`)."""
        return [
            {
                "name": name, "kind": fault.kind, "targets": list(fault.targets),
                "held": [[each.from_s, each.until_s] for each in self.episodes if each.fault == name],
                **{what: self.metrics[f"faults.{name}.{what}"] for what in metric_names.FAULTS},
            }
            for name, fault in self.scenario.faults.items()
        ]  # fmt: skip

    def write_tables(self, directory: str | Path) -> None:
        """`deploys.parquet`, `transfers.parquet` and so on."""
        target = folder(directory)
        parquet = importlib.import_module("sim.tables.parquet")
        for name, table in self.tables.items():
            parquet.write_table(target / f"{name}.parquet", table)


def _frame(table: Table) -> pd.DataFrame:
    made: pd.DataFrame = importlib.import_module("sim.tables.frames").frame(table)
    return made
