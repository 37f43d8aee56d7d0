"""What faults did to the variants of a comparison: each fault's metrics, as intervals over runs.

How they are measured in one run is in `sim.accounting.fault_effects`.
"""

from __future__ import annotations

from typing import Any

from sim.experiment.sample import Measured
from sim.tables import metric_names


def faults(measured: Measured) -> tuple[str, ...]:
    """The faults of any variant, in the order in which the variants name them."""
    found = (metric_names.fault_of(metric) for name in measured.variants for metric in measured.metrics(name))
    return tuple(dict.fromkeys(fault for fault in found if fault is not None))


def faults_to_json(measured: Measured, variant: str) -> dict[str, Any]:
    """A variant's part of a document: by fault the metrics of `metric_names.FAULTS` with their intervals."""
    return {
        fault: {
            what: measured.interval(variant, name).to_json()
            for what in metric_names.FAULTS
            if (name := f"faults.{fault}.{what}") in measured.metrics(variant)
        }
        for fault in faults(measured)
    }
