"""A comparison as DataFrames; loaded only when somebody asks for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sim import rows

if TYPE_CHECKING:
    from sim.experiment.comparison import Comparison


def table(outcome: Comparison) -> pd.DataFrame:
    """A row for each variant and metric: variant, metric, unit, mean, low, high; NaN where there is no interval."""
    made = []
    for name in outcome.variants:
        for metric in outcome.values[name]:
            found = outcome.interval(name, metric)
            made.append((name, metric, rows.metric(metric).unit, found.mean, found.low, found.high))
    return pd.DataFrame(made, columns=["variant", "metric", "unit", "mean", "low", "high"])


def differences(outcome: Comparison) -> pd.DataFrame:
    """A row for each variant but the baseline and each metric that both have; `relative` is a share of its mean."""
    made = []
    for name in outcome.others:
        for metric in outcome.shared_metrics(name):
            found, paired = outcome.difference(name, metric), outcome.pairing(name, metric)
            made.append(
                (name, metric, rows.metric(metric).unit, outcome.baseline, found.mean, found.low, found.high,
                 found.decided, outcome.relative(name, metric), paired.correlation, paired.runs_saved)
            )  # fmt: skip
    columns = ["variant", "metric", "unit", "baseline", "mean", "low", "high", "decided", "relative",
               "correlation", "runs_saved"]  # fmt: skip
    return pd.DataFrame(made, columns=columns)
