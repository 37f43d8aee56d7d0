"""A comparison as pandas DataFrames, a row for each number; loaded only when somebody asks for one.

Numbers are in base units and not rounded. What has no interval has NaN for its bounds.
"""

from __future__ import annotations

import pandas as pd

from sim.experiment.comparison import Comparison
from sim.tables import metric_names


def table(outcome: Comparison) -> pd.DataFrame:
    """A row for each variant and metric: variant, metric, unit, mean, low, high; NaN where there is no interval."""
    made = []
    for name in outcome.variants:
        for metric in outcome.values[name]:
            found = outcome.interval(name, metric)
            made.append((name, metric, metric_names.unit_of(metric), found.mean, found.low, found.high))
    return pd.DataFrame(made, columns=["variant", "metric", "unit", "mean", "low", "high"])


def by(outcome: Comparison, by: str) -> pd.DataFrame:
    """A row for each variant, group and metric, with the paired difference from the baseline."""
    made = []
    outcome.groups(by)  # which says so when it was not asked for
    for name in outcome.variants:
        shared = set(outcome.shared_metrics(name)) if name != outcome.baseline else set()
        for metric in outcome.values[name]:
            parts = metric_names.split(metric)
            if parts is None or parts.by != by:
                continue
            found = outcome.interval(name, metric)
            apart = outcome.difference(name, metric) if metric in shared else None
            difference = (None,) * 4 if apart is None else (apart.mean, apart.low, apart.high, apart.decided)
            made.append(
                (name, parts.group, parts.base, metric_names.unit_of(metric), found.mean, found.low, found.high,
                 *difference)
            )  # fmt: skip
    columns = ["variant", by, "metric", "unit", "mean", "low", "high", "difference", "difference_low",
               "difference_high", "decided"]  # fmt: skip
    return pd.DataFrame(made, columns=columns)


def differences(outcome: Comparison) -> pd.DataFrame:
    """A row for each variant but the baseline and each metric that both have; `relative` is a share of its mean."""
    made = []
    for name in outcome.others:
        for metric in outcome.shared_metrics(name):
            found, paired = outcome.difference(name, metric), outcome.pairing(name, metric)
            made.append(
                (name, metric, metric_names.unit_of(metric), outcome.baseline, found.mean, found.low, found.high,
                 found.decided, outcome.relative(name, metric), paired.correlation, paired.runs_saved)
            )  # fmt: skip
    columns = ["variant", "metric", "unit", "baseline", "mean", "low", "high", "decided", "relative",
               "correlation", "runs_saved"]  # fmt: skip
    return pd.DataFrame(made, columns=columns)
