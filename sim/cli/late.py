"""The modules that verbs need and help does not, each loaded when it is first named.

Together they take a second to load, against a tenth of one for reading the command line.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sim import engines as engines
    from sim.calibrate import calibration as calibration
    from sim.calibrate import published as published
    from sim.calibrate import replayed as replayed
    from sim.calibrate import residuals as residuals
    from sim.calibrate.rig import score as score
    from sim.calibrate.selftest import selftest as selftest
    from sim.cli import faulting as faulting
    from sim.cli import grouped as grouped
    from sim.cli import holding as holding
    from sim.cli import progress as progress
    from sim.cli import protocol as protocol
    from sim.cli import tables as tables
    from sim.experiment import assumptions as assumptions
    from sim.experiment import axes as axes
    from sim.experiment import best as best
    from sim.experiment import capacity as capacity
    from sim.experiment import compare as compare
    from sim.experiment import crossover as crossover
    from sim.experiment import doubling as doubling
    from sim.experiment import doubts as doubts
    from sim.experiment import gate as gate
    from sim.experiment import measures as measures
    from sim.experiment import rerun as rerun
    from sim.experiment import results as results
    from sim.experiment import search as search
    from sim.experiment import sweep as sweep
    from sim.experiment import thresholds as thresholds
    from sim.experiment import variants as variants
    from sim.experiment.execution import store as store
    from sim.report import plots as plots
    from sim.scenario import document as document
    from sim.scenario import keypath as keypath
    from sim.scenario import reading as reading
    from sim.scenario import shipped as shipped
    from sim.scenario.describe import explain as explain
    from sim.scenario.describe import keys as keys
    from sim.scenario.describe import schema as schema
    from sim.scenario.describe import show as show
    from sim.tables import metric_names as metric_names

_HOMES: Final[Mapping[str, str]] = {
    "calibration": "sim.calibrate.calibration",
    "assumptions": "sim.experiment.assumptions",
    "axes": "sim.experiment.axes",
    "best": "sim.experiment.best",
    "capacity": "sim.experiment.capacity",
    "crossover": "sim.experiment.crossover",
    "faulting": "sim.cli.faulting",
    "grouped": "sim.cli.grouped",
    "holding": "sim.cli.holding",
    "doubling": "sim.experiment.doubling",
    "engines": "sim.engines",
    "doubts": "sim.experiment.doubts",
    "gate": "sim.experiment.gate",
    "rerun": "sim.experiment.rerun",
    "results": "sim.experiment.results",
    "search": "sim.experiment.search",
    "compare": "sim.experiment.compare",
    "document": "sim.scenario.document",
    "reading": "sim.scenario.reading",
    "explain": "sim.scenario.describe.explain",
    "keypath": "sim.scenario.keypath",
    "keys": "sim.scenario.describe.keys",
    "new": "sim.scenario.describe.template",
    "plots": "sim.report.plots",
    "progress": "sim.cli.progress",
    "protocol": "sim.cli.protocol",
    "measures": "sim.experiment.measures",
    "published": "sim.calibrate.published",
    "replayed": "sim.calibrate.replayed",
    "residuals": "sim.calibrate.residuals",
    "rigfit": "sim.calibrate.rig.fitted",
    "metric_names": "sim.tables.metric_names",
    "schema": "sim.scenario.describe.schema",
    "score": "sim.calibrate.rig.score",
    "selftest": "sim.calibrate.selftest.selftest",
    "shipped": "sim.scenario.shipped",
    "show": "sim.scenario.describe.show",
    "store": "sim.experiment.execution.store",
    "sweep": "sim.experiment.sweep",
    "tables": "sim.cli.tables",
    "thresholds": "sim.experiment.thresholds",
    "variants": "sim.experiment.variants",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(_HOMES[name])
