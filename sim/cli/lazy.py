"""The modules that verbs need and help does not, each imported when it is first named.

Together they take a second to load, against a tenth of one for reading the command line.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sim import engines as engines
    from sim import manifest as manifest
    from sim.calibrate import beside as beside
    from sim.calibrate import calibration as calibration
    from sim.calibrate import published as published
    from sim.calibrate import replayed as replayed
    from sim.calibrate import residuals as residuals
    from sim.calibrate.imports import sources as sources
    from sim.calibrate.rig import fitted as fitted
    from sim.calibrate.rig import score as score
    from sim.calibrate.selftest import selftest as selftest
    from sim.cli import pages as pages
    from sim.cli import progress as progress
    from sim.experiment import axes as axes
    from sim.experiment import compare as compare
    from sim.experiment import counterfactuals as counterfactuals
    from sim.experiment import doubling as doubling
    from sim.experiment import doubts as doubts
    from sim.experiment import gate as gate
    from sim.experiment import judging as judging
    from sim.experiment import kept as kept
    from sim.experiment import measures as measures
    from sim.experiment import recorded as recorded
    from sim.experiment import rerun as rerun
    from sim.experiment import speed as speed
    from sim.experiment import thresholds as thresholds
    from sim.experiment import variants as variants
    from sim.experiment.assumptions import examination as examination
    from sim.experiment.execution import store as store
    from sim.experiment.searches import best as best
    from sim.experiment.searches import bisection as bisection
    from sim.experiment.searches import capacity as capacity
    from sim.experiment.searches import crossover as crossover
    from sim.experiment.sweeps import sweep as sweep
    from sim.explore import answering as answering
    from sim.explore import question as question
    from sim.explore import server as server
    from sim.explore import twin as twin
    from sim.policies import conformance as conformance
    from sim.policies import outside as outside
    from sim.protocol import rules as rules
    from sim.protocol import rules_native as rules_native
    from sim.report import gates as gates
    from sim.report import kwok as kwok
    from sim.report import plots as plots
    from sim.report import reruns as reruns
    from sim.report import saving as saving
    from sim.report import stored as stored
    from sim.report.map import drawing as drawing
    from sim.report.map import network as network
    from sim.report.page import page as page
    from sim.report.terminal import answers as answers
    from sim.report.terminal import layout as layout
    from sim.report.terminal import live as live
    from sim.report.terminal import protocol as protocol
    from sim.report.why import answer as answer
    from sim.report.why import har as har
    from sim.report.why import sentences as sentences
    from sim.report.why import spans as spans
    from sim.report.why import traceevents as traceevents
    from sim.report.why import trackevent as trackevent
    from sim.scenario import document as document
    from sim.scenario import keypath as keypath
    from sim.scenario import reading as reading
    from sim.scenario import shipped as shipped
    from sim.scenario.describe import explain as explain
    from sim.scenario.describe import keys as keys
    from sim.scenario.describe import schema as schema
    from sim.scenario.describe import show as show
    from sim.scenario.describe import template as template
    from sim.tables import metric_names as metric_names
    from sim.tables import parquet as parquet

#: Where each is, in the same order.
_HOMES: Final[Mapping[str, str]] = {
    "engines": "sim",
    "manifest": "sim",
    "beside": "sim.calibrate",
    "calibration": "sim.calibrate",
    "published": "sim.calibrate",
    "replayed": "sim.calibrate",
    "residuals": "sim.calibrate",
    "sources": "sim.calibrate.imports",
    "fitted": "sim.calibrate.rig",
    "score": "sim.calibrate.rig",
    "selftest": "sim.calibrate.selftest",
    "pages": "sim.cli",
    "progress": "sim.cli",
    "axes": "sim.experiment",
    "compare": "sim.experiment",
    "counterfactuals": "sim.experiment",
    "doubling": "sim.experiment",
    "doubts": "sim.experiment",
    "gate": "sim.experiment",
    "judging": "sim.experiment",
    "kept": "sim.experiment",
    "measures": "sim.experiment",
    "recorded": "sim.experiment",
    "rerun": "sim.experiment",
    "speed": "sim.experiment",
    "thresholds": "sim.experiment",
    "variants": "sim.experiment",
    "examination": "sim.experiment.assumptions",
    "store": "sim.experiment.execution",
    "best": "sim.experiment.searches",
    "bisection": "sim.experiment.searches",
    "capacity": "sim.experiment.searches",
    "crossover": "sim.experiment.searches",
    "sweep": "sim.experiment.sweeps",
    "answering": "sim.explore",
    "question": "sim.explore",
    "server": "sim.explore",
    "twin": "sim.explore",
    "conformance": "sim.policies",
    "outside": "sim.policies",
    "rules": "sim.protocol",
    "rules_native": "sim.protocol",
    "gates": "sim.report",
    "kwok": "sim.report",
    "plots": "sim.report",
    "reruns": "sim.report",
    "saving": "sim.report",
    "stored": "sim.report",
    "drawing": "sim.report.map",
    "network": "sim.report.map",
    "page": "sim.report.page",
    "answers": "sim.report.terminal",
    "layout": "sim.report.terminal",
    "live": "sim.report.terminal",
    "protocol": "sim.report.terminal",
    "answer": "sim.report.why",
    "har": "sim.report.why",
    "sentences": "sim.report.why",
    "spans": "sim.report.why",
    "traceevents": "sim.report.why",
    "trackevent": "sim.report.why",
    "document": "sim.scenario",
    "keypath": "sim.scenario",
    "reading": "sim.scenario",
    "shipped": "sim.scenario",
    "explain": "sim.scenario.describe",
    "keys": "sim.scenario.describe",
    "schema": "sim.scenario.describe",
    "show": "sim.scenario.describe",
    "template": "sim.scenario.describe",
    "metric_names": "sim.tables",
    "parquet": "sim.tables",
}


if not TYPE_CHECKING:  # a checker knows all names, so that it finds a mistyped one

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return importlib.import_module(f"{_HOMES[name]}.{name}")
