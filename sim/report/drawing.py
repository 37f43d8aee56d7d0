"""Which picture a finding is drawn as."""

from __future__ import annotations

from typing import Any

from sim.experiment.comparison import Comparison
from sim.report import curves, plots
from sim.report.renderers import RENDERERS
from sim.report.saving import KINDS
from sim.result import Result


def plot(found: Any, kind: str, axes: Any) -> Any:
    if isinstance(found, Comparison):
        return plots.comparison(found)
    if isinstance(found, Result):
        return plots.run(found)
    return curves.draw(RENDERERS[KINDS[type(found)]].plot_data(found))
