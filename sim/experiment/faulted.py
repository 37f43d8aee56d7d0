"""What faults did to the variants of a comparison: each fault's metrics over runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.tables import metric_names

if TYPE_CHECKING:
    from sim.experiment.comparison import Comparison


def faults(outcome: Comparison) -> tuple[str, ...]:
    """The faults of any variant, in the order in which the variants name them."""
    found = (metric_names.fault_of(metric) for name in outcome.variants for metric in outcome.metrics(name))
    return tuple(dict.fromkeys(fault for fault in found if fault is not None))


def faults_to_json(outcome: Comparison, variant: str) -> dict[str, Any]:
    """A variant's part of a document: by fault the metrics of `metric_names.FAULTS` with their intervals."""
    return {
        fault: {
            what: outcome.interval(variant, name).to_json()
            for what in metric_names.FAULTS
            if (name := f"faults.{fault}.{what}") in outcome.metrics(variant)
        }
        for fault in faults(outcome)
    }
