"""What faults did, as tables: the deploys that each met and how they fared, and how long its traces lasted.

How each number is measured is in `sim.accounting.fault_effects`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np

from sim.experiment.comparison import Comparison
from sim.experiment.fault_effects import faults
from sim.report.formatting import amount
from sim.report.terminal.blocks import Block, Cell, measured_cell
from sim.result import Result
from sim.scenario import Scenario
from sim.tables import metric_names
from sim.units import format_seconds

_LABELS: Final = {
    "times": "came, times a run",
    "deploys": "deploys that met it",
    "failed": "of these failed",
    "latency_s.p50": "their deploy latency p50",
    "rest_latency_s.p50": "deploy latency p50 of the rest",
    "latency_s.p95": "their deploy latency p95",
    "rest_latency_s.p95": "deploy latency p95 of the rest",
    "drained_s": "backlog drained after",
    "agreed_s": "registries agreed after",
    "copies_given_up": "copies given up",
}
_ABOUT: Final = (
    "A deploy met a fault if it was under way at some time of it; the rest met none. From a fault's end: the backlog "
    "has drained when as few deploys are under way as in 95 % of the time before the first; registries agree when all "
    "copies owed by then are made. Of several times the longest."
)


def run_blocks(result: Result) -> Iterator[Block]:
    """Of one run: a column for each fault."""
    named = result.scenario.faults
    if not named:
        return
    columns = {
        name: [_cell(result.metrics[f"faults.{name}.{what}"], metric_names.FAULTS[what][0]) for what in _LABELS]
        for name in named
    }
    notes = [f"{name}: {describe(result.scenario, name)}" for name in named]
    yield Block("What faults did", [*_LABELS.values()], columns, (*notes, _ABOUT))


def comparison_blocks(outcome: Comparison) -> Iterator[Block]:
    """Of all runs: a table for each fault, a column for each variant."""
    found = faults(outcome)
    for fault in found:
        given = outcome.scenario.faults.get(fault)
        shown = [what for what in _LABELS if what != "times" or given is None or given.at_s is None]
        columns = {
            name: [_over_runs(outcome, name, f"faults.{fault}.{what}") for what in shown] for name in outcome.variants
        }
        about = "of some variants" if given is None else describe(outcome.scenario, fault)
        notes = (_ABOUT,) if fault == found[-1] else ()
        yield Block(f"What fault {fault} did: {about}", [_LABELS[what] for what in shown], columns, notes)


def describe(scenario: Scenario, name: str) -> str:
    """`link-down of was-fra, at 30 min for 10 min`."""
    fault = scenario.faults[name]
    lasts = format_seconds(fault.lasts_s)
    if fault.at_s is not None:
        when = f"at {format_seconds(fault.at_s)} for {lasts}"
    else:
        assert fault.between_s is not None
        when = f"drawn, {format_seconds(fault.between_s)} apart and {lasts} long on average"
    return f"{fault.kind} of {', '.join(fault.targets)}, {when}"


def _cell(value: float, unit: str) -> Cell:
    return ("never" if math.isinf(value) else amount(value, unit),)


def _over_runs(outcome: Comparison, name: str, metric: str) -> Cell:
    """Mean and interval; where it is infinite in some runs, in how many."""
    values = outcome.values[name].get(metric, np.zeros(0))
    never = int(np.isinf(values).sum())
    if never == 0:
        return measured_cell(outcome, name, metric)
    return ("never",) if never == len(values) else ("never", f"in {never} of {len(values)} runs")
